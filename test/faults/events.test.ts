import { eventually } from '../support/eventually';
import { type ServiceName, restartCount, signalService, untilReady } from '../support/services';
import { call, deploy, invoke, removeDeployments } from '../support/stack';

/** Runs for a while and says what it was given, so that every result can be told from every other one. */
const SOURCE = `exports.handler = async (event) => {
  await new Promise((resolve) => setTimeout(resolve, event.ms));
  return event.n;
};`;
const EVENTS = 200;
/** Two seconds are promised for an answer; the rest is room for a busy machine. */
const HANG_MS = 8_000;

beforeAll(() => untilReady());
afterEach(() => untilReady(60_000));
afterAll(removeDeployments);

/** What one client saw: 202 with an id, a refusal, or no answer at all because its connection broke. */
interface Submission {
  n: number;
  requestId?: string;
  refusal?: string;
}

async function submit(name: string, n: number): Promise<Submission> {
  try {
    const answer = await invoke(
      name,
      { n, ms: 50 + ((n * 97) % 300) },
      { headers: { 'X-Easyfaas-Invoke-Type': 'event', 'Idempotency-Key': `n-${n}` }, timeoutMs: HANG_MS },
    );
    if (answer.status === 202) return { n, requestId: answer.json<{ requestId: string }>().requestId };
    return { n, refusal: answer.json<{ error: { code: string } }>().error.code };
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw new Error(`event ${n} had no answer`, { cause: error });
    return { n, refusal: 'no connection' };
  }
}

/** Hands in events, a few at a time, while something is done to the stack. */
async function submitDuring(name: string, work: () => Promise<void>): Promise<Submission[]> {
  const submissions: Submission[] = [];
  let next = 0;
  let isDone = false;
  const client = async (): Promise<void> => {
    while (next < EVENTS || !isDone) {
      submissions.push(await submit(name, next++));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const clients = [1, 2, 3, 4].map(client);
  await eventually(() => expect(submissions.length).toBeGreaterThan(30), 60_000);
  await work();
  isDone = true;
  await Promise.all(clients);
  return submissions;
}

const KILLABLE = ['QUEUE_UNAVAILABLE', 'QUEUE_FULL', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN', 'no connection'];

/** Nothing that was acknowledged is lost, every event has its own result, and the queue's books balance. */
async function check(submissions: readonly Submission[]): Promise<void> {
  await untilReady(60_000);
  expect(
    [...new Set(submissions.map(({ refusal }) => refusal))].filter((refusal) => refusal !== undefined && !KILLABLE.includes(refusal)),
  ).toEqual([]);
  const accepted = submissions.filter(({ requestId }) => requestId !== undefined);
  expect(accepted.length).toBeGreaterThan(30);
  for (const { n, requestId } of accepted) {
    await eventually(async () => {
      const answer = await call(`/v1/invocations/${requestId}`);
      expect(answer.json()).toMatchObject({ status: 'succeeded', result: n });
    }, 60_000);
  }
  // A key that was answered for is still the same event.
  const [first] = accepted;
  expect((await submitAgain(first)).requestId).toBe(first?.requestId);
  await eventually(async () => {
    const { text } = await call('/metrics');
    expect(/^easyfaas_queue_conservation_drift\{[^}]*\} (\S+)$/m.exec(text)?.[1]).toBe('0');
  }, 40_000);
}

async function restarted(service: ServiceName, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const before = await restartCount(service);
    await signalService(service, 'KILL');
    await eventually(async () => expect(await restartCount(service)).toBeGreaterThan(before), 60_000);
    await untilReady(60_000);
  }
}

let deployedName = '';
const submitAgain = (submission: Submission | undefined): Promise<Submission> => submit(deployedName, submission?.n ?? 0);

describe('events that were answered for', () => {
  it.each([
    ['F1 the controller is killed', (): Promise<void> => restarted('controller', 2)],
    [
      'F26 everything is killed at once',
      async (): Promise<void> => {
        const services: ServiceName[] = ['controller', 'funclet', 'redis'];
        const before = await Promise.all(services.map(restartCount));
        await Promise.all(services.map((service) => signalService(service, 'KILL')));
        await eventually(async () => {
          for (const [index, service] of services.entries()) expect(await restartCount(service)).toBeGreaterThan(before[index] ?? 0);
        }, 60_000);
        await untilReady(60_000);
      },
    ],
  ])(
    'are not lost when %s',
    async (_what, work) => {
      deployedName = await deploy({ source: SOURCE, concurrency: 10 });
      await check(await submitDuring(deployedName, work));
    },
    240_000,
  );
});
