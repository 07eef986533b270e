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
});
