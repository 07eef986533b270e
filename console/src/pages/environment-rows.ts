/** A variable as it is edited: rows keep their place while names change. */
export interface EnvironmentRow {
  name: string;
  value: string;
}

export function rowsOf(variables: Readonly<Record<string, string>>): EnvironmentRow[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

/**
 * Rows without a name are left out.
 * @returns a text when a name comes twice
 */
export function variablesOf(rows: readonly EnvironmentRow[]): Record<string, string> | string {
  const variables = new Map<string, string>();
  for (const { name, value } of rows) {
    if (name === '') continue;
    if (variables.has(name)) return `The variable ${name} is there twice.`;
    variables.set(name, value);
  }
  return Object.fromEntries(variables);
}
