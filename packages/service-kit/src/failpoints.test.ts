import { EnvReader } from './env-reader';
import { Failpoints, readFailpoints } from './failpoints';

const NAMES = ['after-write', 'before-reply'] as const;
type Name = (typeof NAMES)[number];

function read(text: string | undefined, isUnsafe = true): { armed: Map<Name, number>; problems: string } {
  const reader = new EnvReader(text === undefined ? {} : { EASYFAAS_FAILPOINTS: text });
  const armed = readFailpoints(reader, 'EASYFAAS_FAILPOINTS', { names: NAMES, isUnsafe });
  try {
    reader.assertValid();
    return { armed, problems: '' };
  } catch (error) {
    return { armed, problems: (error as Error).message };
  }
}

describe('failpoints', () => {
  it('are off unless named', () => {
    expect(read(undefined, false)).toEqual({ armed: new Map(), problems: '' });
    const failpoints = new Failpoints<Name>(new Map(), () => {
      throw new Error('ended');
    });
    expect(() => failpoints.reach('after-write')).not.toThrow();
  });

  it('end the process at the count-th time, at their own place only', () => {
    const ends: Name[] = [];
    const failpoints = new Failpoints(read('after-write@3').armed, (name) => ends.push(name));
    failpoints.reach('before-reply');
    failpoints.reach('after-write');
    failpoints.reach('after-write');
    expect(ends).toEqual([]);
    failpoints.reach('after-write');
    expect(ends).toEqual(['after-write']);
  });

  it('are refused where nobody asked for an unsafe service', () => {
    expect(read('after-write', false).problems).toMatch(/EASYFAAS_UNSAFE=1/);
  });

  it.each(['after-writ', 'after-write@0', 'after-write=kill', '__proto__'])('named wrongly (%s) are a problem', (text) => {
    expect(read(text).problems).toContain(`"${text}"`);
  });
});
