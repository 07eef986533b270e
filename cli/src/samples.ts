export interface Sample {
  name: string;
  /** As written: `status="failed"`. */
  labels: string;
  value: number;
}

/** Samples of a text in the Prometheus exposition format, in its order; comments are left out. */
export function readSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    return match?.[1] === undefined ? [] : [{ name: match[1], labels: match[2] ?? '', value: Number(match[3]) }];
  });
}
