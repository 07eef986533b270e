import { SHOWN_BYTES, bodyText, valueText } from './body-text';

const of = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the body of an answer', () => {
  it('is shown as text, JSON in lines', () => {
    expect(bodyText(of('{"a":[1]}'), 'application/json')).toEqual({ text: '{\n  "a": [\n    1\n  ]\n}' });
    expect(bodyText(of('{"a":1}'), 'text/plain')).toEqual({ text: '{"a":1}' });
    expect(bodyText(of('{broken'), 'application/json')).toEqual({ text: '{broken' });
    expect(bodyText(of(''), 'application/json')).toEqual({ text: '', note: 'Empty.' });
  });

  it('is cut when it is long, not within a character, and says so', () => {
    const { text, note } = bodyText(of('ü'.repeat(3 * 1024 * 1024)), 'application/json');
    expect(text).toBe('ü'.repeat(SHOWN_BYTES / 2));
    expect(note).toBe('The first 64.0 KiB of 6.0 MiB.');
    expect(bodyText(of(`a${'ü'.repeat(SHOWN_BYTES)}`)).text).toHaveLength(SHOWN_BYTES / 2);
  });

  it('is shown in hex when it is no text', () => {
    expect(bodyText(Uint8Array.of(0xff, 0x00, 0x41), 'text/plain')).toEqual({
      text: `0000  ff 00 41${' '.repeat(39)}  ..A`,
      note: '3 B that are no text.',
    });
    expect(bodyText(new Uint8Array(5000)).note).toBe('4.9 KiB that are no text; the first 256 B of them.');
  });

  it('is a value in records', () => {
    expect([valueText('text'), valueText({ a: 1 }), valueText(null), valueText(undefined)]).toEqual(['text', '{\n  "a": 1\n}', 'null', '']);
  });
});
