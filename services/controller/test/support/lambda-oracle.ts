import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An answer as it was on the wire. */
export interface WireAnswer {
  status: number;
  errorType: string | undefined;
  body: unknown;
}

/** What AWS answered in one case, by step. */
export type RecordedCase = Readonly<Record<string, unknown>>;

/** Where we answer otherwise on purpose: which members, and why. */
export interface Difference {
  /** The path of the member, such as `Configuration.Role`. */
  path: RegExp;
  reason: string;
}

const FOLDERS = ['../shared/oracle/aws-lambda', '../../shared/oracle/aws-lambda'].map((folder) => join(__dirname, '../../../..', folder));

/** @returns undefined where the recordings are not kept; they are no part of this repository */
export function readOracle(file: string): ReadonlyMap<string, RecordedCase> | undefined {
  const folder = FOLDERS.find((each) => existsSync(join(each, file)));
  if (folder === undefined) return undefined;
  const cases = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, { 'recorded-content': RecordedCase }>;
  return new Map(Object.entries(cases).map(([name, { 'recorded-content': content }]) => [name, content]));
}

/** @returns in what an answer differs from the recorded one, one line for each member; empty when it is the same */
export function compareAnswer(recorded: unknown, answer: WireAnswer, differences: readonly Difference[]): string[] {
  const { ResponseMetadata, Error: failure, Code, Count, Errors, Message, ...members } = asObject(unwrapped(recorded));
  const problems: string[] = [];
  const status = asObject(ResponseMetadata)['HTTPStatusCode'];
  if (status !== undefined && status !== answer.status) problems.push(`status is ${answer.status}, on AWS ${shown(status)}`);
  const body = asObject(answer.body);
  const words = body['message'] ?? body['Message'];
  if (failure !== undefined) {
    const { Code: name, Message: text } = asObject(failure);
    problems.push(...same('error', name, answer.errorType), ...same('text', text, words));
    if (Message !== undefined) problems.push(...same('Message', Message, body['Message']));
    return kept(
      [
        ...problems,
        ...compareMembers(members, { ...without(body, 'Message', ...(members['message'] === undefined ? ['message'] : [])) }, ''),
      ],
      differences,
    );
  }
  if (typeof Code === 'string') {
    problems.push(...same('error', Code, answer.errorType));
    if (Message !== undefined) problems.push(...same('text', Message, words));
    if (Array.isArray(Errors)) {
      const lead = Count === 1 ? '1 validation error detected: ' : `${String(Count)} validation errors detected: `;
      problems.push(...same('text', lead + Errors.join('; '), words));
    }
    return kept(problems, differences);
  }
  const all = { ...members, ...(Code === undefined ? {} : { Code }), ...(Message === undefined ? {} : { Message }) };
  return kept([...problems, ...compareMembers(all, body, '')], differences);
}

/** Some cases were recorded with a wrapping of the recorder's. */
function unwrapped(recorded: unknown): unknown {
  const { CreateFunctionResponse } = asObject(recorded);
  return CreateFunctionResponse ?? recorded;
}

function kept(problems: readonly string[], differences: readonly Difference[]): string[] {
  return problems.filter((problem) => !differences.some(({ path }) => path.test(problem)));
}

function compareMembers(recorded: Readonly<Record<string, unknown>>, answered: Readonly<Record<string, unknown>>, at: string): string[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(answered)])];
  return names.flatMap((name) => compareValue(recorded[name], answered[name], at === '' ? name : `${at}.${name}`));
}

function compareValue(recorded: unknown, answered: unknown, at: string): string[] {
  if (Array.isArray(recorded) && Array.isArray(answered)) {
    if (recorded.length !== answered.length) return [`${at} has ${answered.length} entries, on AWS ${recorded.length}`];
    return recorded.flatMap((each, index) => compareValue(each, answered[index], `${at}.${index}`));
  }
  if (isObject(recorded) && isObject(answered)) return compareMembers(recorded, answered, at);
  return same(at, recorded, answered);
}

function same(at: string, recorded: unknown, answered: unknown): string[] {
  if (isMatch(recorded, answered)) return [];
  return [`${at} is ${shown(answered)}, on AWS ${shown(recorded)}`];
}

function isMatch(recorded: unknown, answered: unknown): boolean {
  if (typeof recorded !== 'string') return recorded === answered;
  if (answered === undefined) return false;
  if (recorded === 'date') return !Number.isNaN(Date.parse(textOf(answered).replace(/\+0000$/, 'Z')));
  // `<a:len(65)>` is so many of that letter; every other mask stands for what differs from run to run.
  const pattern = recorded
    .split(/(<[\w-]+(?::(?:len\(\d+\)|\d+))?>)/)
    .map((part, index) => (index % 2 === 0 ? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : maskPattern(part)))
    .join('');
  return new RegExp(`^${pattern}$`, 's').test(textOf(answered));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function maskPattern(mask: string): string {
  const [, letter, count] = /^<(\w):len\((\d+)\)>$/.exec(mask) ?? [];
  return letter === undefined ? '.+?' : `${letter}{${count ?? ''}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function without(value: Record<string, unknown>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'absent').slice(0, 300);
}
