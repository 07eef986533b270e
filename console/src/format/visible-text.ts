/** Control characters but newline and tab; what turns the direction of what follows; what is not seen and makes one text look like another. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** A text as it is, with an escape in the place of each character that could not be seen or would change what is seen around it. */
export function visibleText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** @returns at most so many characters, whole ones, and how many were left out */
export function cutText(text: string, limit: number): { text: string; leftOut: number } {
  if (text.length <= limit) return { text, leftOut: 0 };
  const isPair = /[\ud800-\udbff]/.test(text.charAt(limit - 1));
  const end = isPair ? limit - 1 : limit;
  return { text: text.slice(0, end), leftOut: text.length - end };
}
