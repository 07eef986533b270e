import { accessKeyOf } from '../src/auth/access-key';
import { type ApiUnderTest, startApi } from './api-under-test';
import { eventually } from './eventually';
import { clientOf, jsonBody } from './http-client';
import { describeWithRedis, startRedis, type TestRedis } from './redis-server';
import { compareAnswer, readOracle } from './support/lambda-oracle';
import { ANSWERED_ELSEWHERE, DIFFERENCES, DIFFERENT_CASES, DIFFERENT_STEPS } from './support/lambda-oracle-differences';
import type { Ask } from './support/lambda-oracle-requests';
import { SCENARIOS } from './support/lambda-oracle-scenarios';
import { type RecordingClient, recordingClient } from './support/wire-recorder';

const ACCOUNT_ID = '111111111111';
const oracle = readOracle('control-plane.json');
if (oracle === undefined) process.stderr.write('SKIPPED: the recorded answers of AWS Lambda are not here (../shared/oracle/aws-lambda)\n');
const describeWithOracle = oracle === undefined ? describe.skip : describeWithRedis;
const recorded = oracle ?? new Map<string, Record<string, unknown>>();

describeWithOracle('the Lambda dialect beside the recorded answers of AWS', () => {
  let redis: TestRedis;
  let api: ApiUnderTest;
  let recorder: RecordingClient;

  beforeAll(async () => {
    redis = await startRedis();
    api = await startApi({ redisUrl: redis.url, prefix: redis.prefix, region: 'us-east-1' });
    const made = await clientOf(api.url, await api.adminKey())('/v1/keys', { method: 'POST', ...jsonBody({ AccountId: ACCOUNT_ID }) });
    const credentials = accessKeyOf(made.json<{ Key: string }>().Key);
    if (credentials === undefined) throw new Error('no key');
    recorder = recordingClient({ endpoint: api.url, region: 'us-east-1', credentials });
  });

  afterAll(async () => {
    recorder.client.destroy();
    await api.stop();
    await redis.stop();
  });

  const run = [...recorded].filter(([name]) =>
    SCENARIOS.some(({ matches }) => matches === name || (matches instanceof RegExp && matches.test(name))),
  );

  /** Who recorded waited for each function to be ready before the next step. */
  const ask: Ask = async (send) => {
    const answer = await recorder.answerTo(send);
    const { FunctionName } = answer.body as { FunctionName?: string };
    if (FunctionName === undefined) return answer;
    await eventually(async () => {
      const { State, LastUpdateStatus } = (await api.functionStore.get(ACCOUNT_ID, FunctionName))?.configuration ?? {};
      expect([State, LastUpdateStatus]).not.toContainEqual(expect.stringMatching(/Pending|InProgress/));
    }, 20_000);
    return answer;
  };

  it.each(run)('%s', async (name, steps) => {
    const scenario = SCENARIOS.find(({ matches }) => matches === name || (matches instanceof RegExp && matches.test(name)));
    const answers = await scenario?.run(ask, name, steps);
    const compared = Object.entries(steps).filter(([step]) => DIFFERENT_STEPS[`${name} ${step}`] === undefined);
    const problems = compared.flatMap(([step, answer]) => {
      const ours = answers?.[step];
      if (ours === undefined) return [`${step} was not tried`];
      return compareAnswer(answer, ours, DIFFERENCES).map((problem) => `${step}: ${problem}`);
    });
    expect(problems).toEqual([]);
  });

  it('is told of every case: run, different on purpose, or part of calls', () => {
    const isRun = new Set(run.map(([name]) => name));
    const isDifferent = (name: string): boolean => DIFFERENT_CASES.some(({ cases }) => cases.test(name));
    const groups = { run: 0, 'different on purpose': 0, 'with the calls': 0 };
    const untold: string[] = [];
    for (const name of recorded.keys()) {
      if (isRun.has(name)) groups.run += 1;
      else if (isDifferent(name)) groups['different on purpose'] += 1;
      else if (ANSWERED_ELSEWHERE.test(name)) groups['with the calls'] += 1;
      else untold.push(name);
    }
    process.stderr.write(
      `oracle, control plane: ${recorded.size} cases, ${JSON.stringify(groups)}, steps left out ${Object.keys(DIFFERENT_STEPS).length}\n`,
    );
    expect(untold).toEqual([]);
  });
});
