import { type HostileFunction, failsWith, node, python, returns } from './hostile-function';

const timesOut = failsWith(['Sandbox.Timedout'], /^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/);

/** Attacks on deadlines and clocks. */
export const timeAttacks: HostileFunction[] = [
  {
    row: 76,
    title: 'an infinite loop is ended at its limit',
    source: { nodejs20: node('for (;;);'), python3: python('while True: pass') },
    timeoutSeconds: 1,
    answers: timesOut,
    endsContainer: true,
  },
  {
    row: 77,
    title: 'a call that never settles is ended at its limit',
    source: { nodejs20: node('await new Promise(() => {});'), python3: python('import threading\nthreading.Event().wait()') },
    timeoutSeconds: 1,
    answers: timesOut,
    endsContainer: true,
  },
  {
    row: 89,
    title: 'a loop that ignores SIGTERM is killed',
    source: {
      nodejs20: node(`for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => {});
  for (;;);`),
      python3: python(`
import signal
for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(each, lambda *_: None)
while True: pass`),
    },
    timeoutSeconds: 1,
    answers: timesOut,
    endsContainer: true,
  },
  {
    row: 89,
    title: 'a handler of SIGTERM that sleeps for ever is killed',
    source: {
      nodejs20: node(`process.on('SIGTERM', () => { for (;;); });
  await new Promise(() => {});`),
      python3: python(`
import signal
def dawdle(*_):
    while True: time.sleep(1)
signal.signal(signal.SIGTERM, dawdle)
while True: time.sleep(1)`),
    },
    timeoutSeconds: 1,
    answers: timesOut,
    endsContainer: true,
  },
  {
    row: 106,
    title: 'a result that comes after the limit is dropped',
    source: {
      nodejs20: node(`return new Promise((resolve) => setTimeout(resolve, 1300, 'late'));`),
      python3: python(`time.sleep(1.3)\nreturn 'late'`),
    },
    timeoutSeconds: 1,
    answers: timesOut,
    endsContainer: true,
  },
  {
    row: 107,
    title: 'signs of life without a result do not move the deadline',
    source: {
      nodejs20: node(`setInterval(() => console.log('still alive'), 20);
  await new Promise(() => {});`),
      python3: python(`
while True:
    print('still alive', flush=True)
    time.sleep(0.02)`),
    },
    timeoutSeconds: 1,
    answers: timesOut,
    endsContainer: true,
  },
  {
    row: 110,
    title: 'a function that turns its clocks back does not change what the platform measures',
    source: {
      nodejs20: node(`const later = setTimeout;
  Date.now = () => 0;
  performance.now = () => 0;
  process.hrtime = Object.assign(() => [0, 0], { bigint: () => 0n });
  process.env.TZ = 'Mars/Phobos';
  globalThis.setTimeout = () => 0;
  await new Promise((resolve) => later(resolve, 300));
  return 'done';`),
      python3: python(`
sleep = time.sleep
time.time = time.monotonic = time.perf_counter = lambda: 0
os.environ['TZ'] = 'Mars/Phobos'
time.tzset()
sleep(0.3)
return 'done'`),
    },
    answers: returns((result, answer) => {
      expect(result).toBe('done');
      const exectimeMs = Number(answer.headers.get('x-easyfaas-function-exectime'));
      expect(exectimeMs).toBeGreaterThan(290);
      expect(exectimeMs).toBeLessThan(10_000);
    }),
  },
];
