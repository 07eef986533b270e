/** Whether a header's name, as sent, is this one. Most clients send one of two spellings; lower-casing each name costs more than comparing it. */
export function isNamed(name: string, lowerCase: string): boolean {
  return name === lowerCase || name.toLowerCase() === lowerCase;
}
