/** A copy without some of its members. */
export function without<T extends object, K extends keyof T>(value: T, ...names: K[]): Omit<T, K> {
  const rest = Object.entries(value).filter(([name]) => !names.includes(name as K));
  return Object.fromEntries(rest) as Omit<T, K>;
}
