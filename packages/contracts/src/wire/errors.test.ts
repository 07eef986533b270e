import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, type ErrorDefinition } from './errors';

const DOCUMENT = readFileSync(join(__dirname, '../../../../docs/errors.md'), 'utf8');

/** The rows of the document's table: code, status, retryable, fault, meaning. */
const rows = [...DOCUMENT.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| (yes|no) \| (caller|platform|function) \| (.+) \|$/gm)].map(
  ([, code = '', status, retryable, fault, meaning]) => ({ code, status: Number(status), retryable: retryable === 'yes', fault, meaning }),
);

describe('docs/errors.md', () => {
  it('has exactly the codes of the catalogue, in its order', () => {
    expect(rows.map(({ code }) => code)).toEqual(Object.keys(ERRORS));
  });

  it.each(Object.entries<ErrorDefinition>(ERRORS))('tells the truth about %s', (code, { status, retryable, fault, meaning }) => {
    expect(rows.find((row) => row.code === code)).toEqual({ code, status, retryable, fault, meaning });
  });
});

describe('the catalogue', () => {
  it.each(Object.entries<ErrorDefinition>(ERRORS))('is consistent about %s', (_code, { status, fault }) => {
    expect(status < 500 ? ['caller'] : ['platform', 'function']).toContain(fault);
  });
});
