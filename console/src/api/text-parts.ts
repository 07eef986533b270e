/** The text of an answer as it comes; characters that are cut in two by the network are put together. */
export async function* textParts({ body }: Pick<Response, 'body'>): AsyncGenerator<string> {
  if (body === null) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield decoder.decode(part.value, { stream: true });
}
