import { InvalidArgumentError } from 'commander';

/** `5=10` or `5=10%`: a tenth of the calls to version 5. @throws InvalidArgumentError */
export function parseCanary(text: string): Record<string, number> {
  const match = /^(\d{1,9})=(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(text);
  const percent = Number(match?.[2]);
  if (match?.[1] === undefined || !(percent > 0 && percent <= 100))
    throw new InvalidArgumentError('It must be <version>=<percent>, such as 5=10.');
  return { [match[1]]: percent / 100 };
}

/** The highest published version below the current one; undefined when there is none. */
export function versionBefore(current: string, published: readonly string[]): string | undefined {
  const limit = current === '$LATEST' ? Infinity : Number(current);
  const below = published.map(Number).filter((version) => version < limit);
  return below.length === 0 ? undefined : String(Math.max(...below));
}
