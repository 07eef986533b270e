/** JSON as a value, other text as text, bytes in base64. */
export function shownBytes(name: string, bytes: Buffer, contentType = 'application/json'): Record<string, unknown> {
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').compare(bytes) !== 0) return { [`${name}Base64`]: bytes.toString('base64') };
  if (!contentType.startsWith('application/json')) return { [name]: text };
  try {
    return { [name]: text === '' ? null : (JSON.parse(text) as unknown) };
  } catch (error) {
    if (error instanceof SyntaxError) return { [name]: text };
    throw error;
  }
}
