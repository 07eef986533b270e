import { LIMITS } from '@easyfaas/contracts/wire';
import { invalidField } from '../invalid-field';

export type Tags = Readonly<Record<string, string>>;

/** As Lambda takes them: letters and digits of all scripts, blanks and a few signs. */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const RESERVED = /^(aws|easyfaas):/i;

/** @throws ServiceError VALIDATION_FAILED naming the key and the limit */
export function checkTags(tags: Tags): void {
  const keys = Object.keys(tags);
  if (keys.length > LIMITS.tagsPerFunction) {
    throw invalidField('Tags', `The function would have ${keys.length} tags; ${LIMITS.tagsPerFunction} are possible: remove some first.`);
  }
  for (const key of keys) checkTag(key, tags[key] ?? '');
}

function checkTag(key: string, value: string): void {
  const shown = JSON.stringify(key.slice(0, 40));
  const fits = key.length >= 1 && key.length <= LIMITS.tagKeyLength && value.length <= LIMITS.tagValueLength;
  if (!fits) {
    const limits = `a key has 1 to ${LIMITS.tagKeyLength} characters, a value at most ${LIMITS.tagValueLength}`;
    throw invalidField('Tags', `The tag ${shown} is too long, or has no key: ${limits}.`);
  }
  if (!ALLOWED.test(key) || !ALLOWED.test(value)) {
    throw invalidField(
      'Tags',
      `The tag ${shown} has characters that are not allowed; there may be letters, digits, blanks and _ . : / = + - @`,
    );
  }
  if (RESERVED.test(key)) throw invalidField('Tags', `Keys that begin with aws: or easyfaas: are reserved; ${shown} is one.`);
}

/** What a list is narrowed to: functions with that tag, whatever its value where none is named. */
export interface TagFilter {
  key: string;
  value?: string;
}

/** @param text `key` or `key=value`; a key may have no `=` then */
export function parseTagFilter(text: string): TagFilter {
  const at = text.indexOf('=');
  const filter = at === -1 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) };
  checkTag(filter.key, filter.value ?? '');
  return filter;
}

export function hasTag(tags: Tags, { key, value }: TagFilter): boolean {
  return Object.hasOwn(tags, key) && (value === undefined || tags[key] === value);
}
