import { textParts } from './text-parts';

describe('an answer that comes in pieces', () => {
  it('is text, also where a piece ends within a character', async () => {
    const bytes = new TextEncoder().encode('grüße 🙂');
    const parts: string[] = [];
    for await (const part of textParts(new Response(new Blob([...bytes].map((byte) => Uint8Array.of(byte)))))) parts.push(part);
    expect(parts.join('')).toBe('grüße 🙂');
  });

  it('may be empty', async () => {
    for await (const part of textParts(new Response(null))) throw new Error(part);
  });

  it('that breaks off is told as a controller that does not answer', async () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.error(new TypeError('network error')),
    });
    const read = async (): Promise<void> => {
      for await (const part of textParts({ body })) throw new Error(part);
    };
    await expect(read()).rejects.toMatchObject({ name: 'ApiError', status: 0 });
  });
});
