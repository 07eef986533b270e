import { SecretBox } from './secret-box';

const KEY = Buffer.alloc(32, 7);
const PLACE = 'trigger/default/0123/HmacSecret';

describe('the secret box', () => {
  const box = new SecretBox(KEY);

  it('opens what it sealed, and never shows it', () => {
    const sealed = box.seal('pässword', PLACE);
    expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/);
    expect(sealed).not.toContain('pässword');
    expect(box.open(sealed, PLACE)).toBe('pässword');
  });

  it('seals the same text differently each time', () => {
    expect(box.seal('a', PLACE)).not.toBe(box.seal('a', PLACE));
  });

  it('does not open a text that was moved to another place', () => {
    expect(() => box.open(box.seal('a', PLACE), 'trigger/other/0123/HmacSecret')).toThrow('belongs elsewhere');
  });

  it('says so when another key is needed', () => {
    const sealed = new SecretBox(Buffer.alloc(32, 8)).seal('a', PLACE);
    expect(() => box.open(sealed, PLACE)).toThrow('all pods need the same secrets.key');
  });

  it.each(['', 'plain', 'v1.x', 'v2.00000000.AAAA'])('refuses %j', (text) => {
    expect(() => box.open(text, PLACE)).toThrow('cannot be read');
  });

  it('refuses a changed, a cut and an empty body', () => {
    const sealed = box.seal('a longer text', PLACE);
    const head = sealed.slice(0, sealed.lastIndexOf('.') + 1);
    const bytes = Buffer.from(sealed.slice(head.length), 'base64url');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    for (const body of [bytes.toString('base64url'), sealed.slice(head.length, -4), '']) {
      expect(() => box.open(head + body, PLACE)).toThrow('cannot be read');
    }
  });
});
