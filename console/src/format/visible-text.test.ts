import { cutText, visibleText } from './visible-text';

describe('a text from a function', () => {
  it('stays as it is when all of it can be seen', () => {
    expect(visibleText('<script>alert("x")</script>\n\tgrüße 世界 🙂')).toBe('<script>alert("x")</script>\n\tgrüße 世界 🙂');
  });

  it('shows control characters by their codes', () => {
    expect(visibleText('a\u0000b\u001b[31mred\u0007\u007f\r\nend\r')).toBe('a\\x00b\\x1b[31mred\\x07\\x7f\nend\\x0d');
  });

  it('shows what would turn the direction of the text, or hide', () => {
    expect(visibleText('user\u202egpj.exe\u200b')).toBe('user\\u202egpj.exe\\u200b');
  });

  it('is cut between characters, and says how much is missing', () => {
    expect(cutText('abc', 3)).toEqual({ text: 'abc', leftOut: 0 });
    expect(cutText('abcdef', 4)).toEqual({ text: 'abcd', leftOut: 2 });
    expect(cutText('ab🙂', 3)).toEqual({ text: 'ab', leftOut: 2 });
  });
});
