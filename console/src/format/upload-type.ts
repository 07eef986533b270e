const BY_ENDING: Readonly<Record<string, string>> = {
  zip: 'application/zip',
  js: 'text/javascript',
  mjs: 'text/javascript',
  cjs: 'text/javascript',
  ts: 'text/typescript',
  mts: 'text/typescript',
  py: 'text/x-python',
  php: 'text/x-php',
  rb: 'text/x-ruby',
  sh: 'text/x-shellscript',
};

/**
 * The media type that a file is uploaded as, by its ending.
 * @param taken types of single files that the runtime takes
 * @returns undefined for a file that this runtime cannot be given
 */
export function uploadType(fileName: string, taken: readonly string[]): string | undefined {
  const ending = /\.([A-Za-z0-9]+)$/.exec(fileName)?.[1]?.toLowerCase();
  if (ending === undefined) return taken.find((type) => type === 'text/x-shellscript');
  const type = BY_ENDING[ending];
  return type === 'application/zip' || (type !== undefined && taken.includes(type)) ? type : undefined;
}
