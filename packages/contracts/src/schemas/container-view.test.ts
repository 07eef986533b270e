import { containerViewSchema, parse, parseContainerView, parseWatchEvent, SchemaError } from '.';

const VIEW = {
  containerId: 'abcdefabcdef',
  revision: 5,
  state: 'warming',
  reason: 'first call',
  runtime: 'nodejs20',
  network: 'none',
  memoryMb: 128,
  classMb: 128,
  assignment: { accountId: 'default', functionName: 'f', version: '$LATEST', commitId: 'c' },
  socketDirectory: '/data/containers/abcdefabcdef/sock',
  token: 't',
  dockerId: 'f'.repeat(64),
  createdAtMs: 1,
  stateSinceMs: 2,
  exit: { exitCode: null, oomKilled: false },
  history: [{ from: null, to: 'creating', reason: 'pool', atMs: 1 }],
};

const WRONG: [string, unknown][] = [
  ['containerId', 'ABC'],
  ['state', 'tired'],
  ['network', 'host'],
  ['token', 5],
  ['memoryMb', '128'],
  ['dockerId', 7],
  ['assignment', { accountId: 'default' }],
  ['exit', { exitCode: 'x', oomKilled: false }],
  ['history', [{ from: null, to: 'nowhere', reason: 'pool', atMs: 1 }]],
];

describe('a container as the funclet says it', () => {
  it('is what the schema takes, too', () => {
    const { exit, dockerId, assignment, ...least } = VIEW;
    for (const view of [VIEW, least]) {
      expect(parseContainerView(view)).toEqual(parse(containerViewSchema, view));
      expect(parseWatchEvent({ type: 'change', revision: 5, container: view })).toEqual({ type: 'change', revision: 5, container: view });
    }
    expect([exit, dockerId, assignment]).not.toContain(undefined);
  });

  it.each(WRONG)('is refused with a wrong %s, which is named', (name, value) => {
    const view = { ...VIEW, [name]: value };
    expect(() => parse(containerViewSchema, view)).toThrow(SchemaError);
    expect(() => parseContainerView(view)).toThrow(expect.objectContaining({ path: expect.stringContaining(name) as string }) as Error);
    expect(() => parseWatchEvent({ type: 'change', revision: 5, container: view })).toThrow(SchemaError);
  });

  it('comes in events of known types only', () => {
    expect(parseWatchEvent({ type: 'heartbeat', revision: 1 })).toEqual({ type: 'heartbeat', revision: 1 });
    expect(parseWatchEvent({ type: 'snapshot', revision: 1, containers: [VIEW] })).toMatchObject({ containers: [VIEW] });
    for (const event of [null, 5, {}, { type: 'other', revision: 1 }, { type: 'heartbeat' }, { type: 'snapshot', revision: 1 }])
      expect(() => parseWatchEvent(event)).toThrow(SchemaError);
  });
});
