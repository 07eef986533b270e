import { escapeControls } from './escape-controls';

describe('text of strangers on a terminal', () => {
  it('keeps lines, tabs and letters of all languages', () => {
    expect(escapeControls('a\tb\nnäher ✓ 函数')).toBe('a\tb\nnäher ✓ 函数');
  });

  it('shows escape sequences instead of obeying them', () => {
    expect(escapeControls('\u001b[2Jgone\r\u0007')).toBe('\\x1b[2Jgone\\x0d\\x07');
    expect(escapeControls('\u009b31m')).toBe('\\x9b31m');
  });

  it('shows characters that turn the direction of writing', () => {
    expect(escapeControls('exe\u202etxt')).toBe('exe\\u202etxt');
  });
});
