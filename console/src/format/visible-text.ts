/** Shown in its place: U+2400 and following have a picture for each control character. */
const PICTURES = 0x2400;
const DELETE_PICTURE = '\u2421';
/** Line feeds and tabs stay. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
/** These turn the direction of what follows, or are not seen at all: a text could look like another one. */
const UNSEEN = /[\u0080-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** A text as it is, with a sign for each character that could not be seen or would change what is seen around it. */
export function visibleText(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(CONTROLS, (each) => (each === '\u007f' ? DELETE_PICTURE : String.fromCharCode(PICTURES + each.charCodeAt(0))))
    .replace(UNSEEN, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @returns at most so many characters, whole ones, and how many were left out */
export function cutText(text: string, limit: number): { text: string; leftOut: number } {
  if (text.length <= limit) return { text, leftOut: 0 };
  const isPair = /[\ud800-\udbff]/.test(text.charAt(limit - 1));
  const end = isPair ? limit - 1 : limit;
  return { text: text.slice(0, end), leftOut: text.length - end };
}
