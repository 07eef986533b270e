import { ApiError } from './api-error';

/** The text of an answer as it comes; characters that are cut in two by the network are put together. @throws ApiError when it breaks off */
export async function* textParts({ body }: Pick<Response, 'body'>): AsyncGenerator<string> {
  if (body === null) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  const next = (): Promise<ReadableStreamReadResult<Uint8Array>> =>
    reader.read().catch((cause: unknown) => {
      throw new ApiError('The answer has broken off.', { status: 0 }, { cause });
    });
  for (let part = await next(); !part.done; part = await next()) yield decoder.decode(part.value, { stream: true });
}
