import { plainText } from './plain-text';

describe('bytes as text', () => {
  it('are text where that is the same', () => {
    for (const text of ['', '{"a":1}', 'grüße 😀', '\uFEFFmark', 'zero \0 byte']) expect(plainText(Buffer.from(text))).toBe(text);
  });

  it('stay bytes where they are not text, or much', () => {
    for (const bytes of [Buffer.from([0xff]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('😀').subarray(1), Buffer.alloc(5000, 'a')]) {
      expect(plainText(bytes)).toBe(bytes);
    }
  });
});
