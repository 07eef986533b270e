import { describeLocally } from '../support/describe-locally';
import { concludeRun } from '../support/conclude-run';
import { eventually } from '../support/eventually';
import { LEDGER_HANDLER } from '../support/ledger';
import { LocalStack } from '../support/local-stack';
import { seededRandom } from '../support/seeded-random';

const SEED = Number(process.env['EASYFAAS_TEST_SEED'] ?? 20_260_101);
const CLIENTS = 6;
const STEPS = Number(process.env['EASYFAAS_MODEL_STEPS'] ?? 240);
const NAMES_PER_CLIENT = 3;

/** What must be true of a function: absent, or its version. Each name belongs to one client, which knows the answer. */
type Model = Map<string, number>;

let stack: LocalStack;

const source = (version: number): string => `${LEDGER_HANDLER}\nmodule.exports.version = ${version}; // v${version}`;

describeLocally('F23: functions made, changed, deleted and called at random', () => {
  beforeAll(async () => {
    stack = await LocalStack.start({ env: { EASYFAAS_POOL_MIN: 'nodejs20=3,python3=0', EASYFAAS_WAIT_S: '30' } });
    await stack.untilFilled();
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  it(`are at every step what the model says (seed ${SEED})`, async () => {
    const run = await stack.newRun();
    const model: Model = new Map();
    const surprises: string[] = [];
    const expectStatus = (what: string, status: number, wanted: number, text: string): void => {
      if (status !== wanted) surprises.push(`${what} answered ${status} instead of ${wanted}: ${text.slice(0, 200)}`);
    };

    const step = async (name: string, dice: number, version: number): Promise<void> => {
      const { client } = stack;
      const isThere = model.has(name);
      const type = { 'Content-Type': 'text/javascript' };
      if (dice < 0.15) {
        const path = `/v1/functions/${name}?Runtime=nodejs20&Handler=index.handler&Timeout=20`;
        const { status, text } = await client.call(path, { method: 'POST', headers: type, body: source(version) });
        expectStatus(`create ${name}`, status, isThere ? 409 : 201, text);
        if (!isThere) model.set(name, version);
      } else if (dice < 0.3) {
        const { status, text } = await client.call(`/v1/functions/${name}/code`, { method: 'PUT', headers: type, body: source(version) });
        expectStatus(`update ${name}`, status, isThere ? 200 : 404, text);
        if (isThere) model.set(name, version);
      } else if (dice < 0.38) {
        const { status, text } = await client.call(`/v1/functions/${name}`, { method: 'DELETE' });
        expectStatus(`delete ${name}`, status, isThere ? 204 : 404, text);
        model.delete(name);
      } else {
        const { kind } = await run.call(name, { hangMs: 60_000 });
        const wanted = isThere ? 'ok' : 'FUNCTION_NOT_FOUND';
        if (kind !== wanted) surprises.push(`call of ${name} ended with ${kind} instead of ${wanted}`);
      }
    };
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        const random = seededRandom(SEED + client);
        for (let index = 0; index < STEPS / CLIENTS; index++) {
          await step(`m${client}-${Math.floor(random() * NAMES_PER_CLIENT)}`, random(), client * 10_000 + index);
        }
      }),
    );
    expect(surprises).toEqual([]);

    const { Functions } = (await stack.client.call('/v1/functions')).json<{ Functions: { FunctionName: string }[] }>();
    expect(Functions.map(({ FunctionName }) => FunctionName).sort()).toEqual([...model.keys()].sort());
    await eventually(async () => {
      const serving = (await stack.client.pool()).flatMap(({ assignment }) => assignment?.functionName ?? []);
      expect(serving.filter((name) => !model.has(name))).toEqual([]);
    }, 30_000);
    await concludeRun(stack, run, { fault: 'F23', injected: `${STEPS} random operations, ${CLIENTS} clients`, measured: { seed: SEED } });
  }, 240_000);
});
