import { filesUnder, readRepositoryFile } from '../support/repository';

const DOCUMENT = readRepositoryFile('docs/operations.md');
const COMPOSE = readRepositoryFile('docker-compose.yml');
const ENV = filesUnder('services')
  .filter((file) => /\/src\/(.*\/)?env\.ts$/.test(file))
  .map(readRepositoryFile)
  .join('\n');
const SOURCES = [...filesUnder('services'), ...filesUnder('packages'), ...filesUnder('scripts')]
  .filter((file) => /\.(ts|mjs)$/.test(file) && !/\.test\.ts$|\/test\/|\/testing\//.test(file))
  .map(readRepositoryFile)
  .join('\n');

const names = (text: string, pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();
const VARIABLE = /\b(EASYFAAS_[A-Z_]*[A-Z])\b/g;
const sectionOf = (title: string): string => DOCUMENT.split(/^#+ /m).find((section) => section.startsWith(`${title}\n`)) ?? '';
const rowsOf = (title: string): string[][] =>
  sectionOf(title)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| variable') && !line.startsWith('|---'))
    .map((line) => line.split('|').map((cell) => cell.trim()));

/** What the services read, and what the compose file takes from the shell. */
const read = names(ENV, VARIABLE);
const composed = names(COMPOSE, /\$\{(EASYFAAS_[A-Z_]+)/g);

describe('the settings in docs/operations.md', () => {
  it('are found', () => {
    expect(read.length).toBeGreaterThan(30);
    expect(composed.length).toBeGreaterThan(20);
  });

  it('are all that the services read and all that the compose file takes', () => {
    const documented = names(DOCUMENT, VARIABLE);
    expect([...read, ...composed].filter((name) => !documented.includes(name))).toEqual([]);
  });

  it('are no others', () => {
    const clients = ['EASYFAAS_URL', 'EASYFAAS_KEY'];
    expect(names(DOCUMENT, VARIABLE).filter((name) => ![...read, ...composed, ...clients].includes(name))).toEqual([]);
  });

  it.each(['Controller', 'Funclet'])('of the table "%s" say rightly whether the compose file takes them', (title) => {
    const rows = rowsOf(title);
    expect(rows.length).toBeGreaterThan(10);
    const wrong = rows.flatMap(([, cell = '', , answer]) =>
      names(cell, VARIABLE).filter((name) => composed.includes(name) !== (answer === 'yes')),
    );
    expect(wrong).toEqual([]);
  });

  it.each(['Controller', 'Funclet'])('of the table "%s" have the defaults of the code, where these are plain values', (title) => {
    const wrong = rowsOf(title).flatMap(([, cell = '', shown = '']) =>
      names(cell, VARIABLE).filter((name) => {
        const literal = new RegExp(`'${name}', (?:'([^']*)'|([\\d_]+),)`).exec(ENV);
        const value = literal?.[1] ?? literal?.[2]?.replaceAll('_', '');
        const written = shown.replaceAll(/[` ]/g, '');
        return value !== undefined && /^`/.test(shown) && written !== value;
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('have a default in the compose file that is the documented one', () => {
    const wrong = rowsOf('Compose file only').flatMap(([, cell = '', shown = '']) => {
      const defaults = shown.split(', ').map((each) => each.replaceAll('`', ''));
      return names(cell, VARIABLE)
        .sort((a, b) => cell.indexOf(a) - cell.indexOf(b))
        .filter((name, index) => !COMPOSE.includes(`\${${name}:-${defaults[index]}}`));
    });
    expect(wrong).toEqual([]);
  });
});

describe('the rest of docs/operations.md', () => {
  it('names every metric, and no other', () => {
    const inCode = names(SOURCES, /name: '(easyfaas_[a-z_]+)'/g);
    expect(inCode.length).toBeGreaterThan(5);
    expect(names(sectionOf('Metrics'), /`(easyfaas_[a-z_]+)`/g)).toEqual(inCode);
  });

  it('names every check of readiness', () => {
    const controller = names(readRepositoryFile('services/controller/src/readiness-checks.ts'), /name: '([a-z ]+)',\s+check:/g);
    expect(controller.length).toBeGreaterThan(2);
    expect(controller.filter((name) => !sectionOf('Is it well?').includes(`\`${name}\``))).toEqual([]);
  });

  it('quotes only texts that the code has', () => {
    // Words in a row's first cell that are neither a command, a variable, a metric nor a path.
    const quoted = rowsOf('When something is wrong')
      .flatMap(([, symptom = '']) => [...symptom.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''))
      .filter((text) => !/^(npm |easyfaas_|Reason: )/.test(text));
    expect(quoted.length).toBeGreaterThan(20);
    // A backtick or an apostrophe may be written in more than one way in a string.
    expect(quoted.filter((text) => !SOURCES.includes(text) && !SOURCES.includes(text.replaceAll("'", "\\'")))).toEqual([]);
  });

  it('names only reasons of refusal that the code has', () => {
    const reasons = names(sectionOf('When something is wrong'), /`Reason: ([A-Za-z]+)`/g);
    const type = /type ThrottleReason =([^;]+);/.exec(SOURCES)?.[1] ?? '';
    expect(reasons).toEqual(names(type, /'([A-Za-z]+)'/g));
  });

  it('names only test files that are there', () => {
    const files = names(sectionOf('Restarts and upgrades'), /`([a-z-]+\.test\.ts)`/g);
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((file) => !filesUnder('test/faults').includes(`test/faults/${file}`))).toEqual([]);
  });
});
