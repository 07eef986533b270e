import { eventually } from '../support/eventually';
import { expectNoOrphans, instanceId } from '../support/orphans';
import { controllerStartSeconds } from '../support/services';
import { type Language, deploy, invoke, poolContainers, removeDeployments } from '../support/stack';
import { afterlifeAttacks } from './hostile/afterlife';
import { escapeAttacks } from './hostile/escape';
import { ATTACK, type HostileFunction } from './hostile/hostile-function';
import { resourceAttacks } from './hostile/resources';
import { resultAttacks } from './hostile/results';
import { timeAttacks } from './hostile/time';

const attacks: HostileFunction[] = [...timeAttacks, ...resourceAttacks, ...resultAttacks, ...escapeAttacks, ...afterlifeAttacks];

let instance: string;
let controllerStart: number;

beforeAll(async () => {
  instance = await instanceId();
  controllerStart = await controllerStartSeconds();
});

describe.each<Language>(['nodejs20', 'python3'])('D. A hostile function of %s harms only itself:', (language) => {
  let bystander: string;

  beforeAll(async () => {
    bystander = await deploy({ source: `exports.handler = async (event) => ({ echo: event });` });
  });

  afterAll(async () => {
    await removeDeployments();
    await expectNoOrphans(instance, 30_000);
  });

  it.each(attacks.filter(({ source }) => source[language] !== undefined))(
    'D$row $title',
    async (attack) => {
      const name = await deploy({
        runtime: language,
        source: attack.source[language] ?? '',
        timeoutSeconds: attack.timeoutSeconds ?? 10,
        memoryMb: attack.memoryMb ?? 128,
      });
      const sentAt = performance.now();
      const answer = await invoke(name, ATTACK, { headers: { 'Log-Type': 'Tail' } });
      const tookMs = performance.now() - sentAt;

      attack.answers(answer);
      // No hang: the limit, and room for a cold start on a busy machine.
      expect(tookMs).toBeLessThan((attack.timeoutSeconds ?? 10) * 1000 + 15_000);
      await expectAftermath(name, attack, answer.headers.get('x-easyfaas-container'));
      await expectUnharmed(bystander);
    },
    120_000,
  );
});

/** Its container is gone where it has to be, and the next call of the same function is served. */
async function expectAftermath(name: string, attack: HostileFunction, containerId: string | null): Promise<void> {
  if (attack.endsContainer === true && containerId !== null) {
    await eventually(async () => {
      const view = (await poolContainers()).find((each) => each.containerId === containerId);
      expect(view?.state ?? 'gone').toBe('gone');
    }, 15_000);
  }
  const next = await invoke(name, 'again');
  if (attack.isLostForGood === true) {
    attack.answers(next);
    return;
  }
  expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: '"fine"' });
  if (attack.endsContainer === true) expect(next.headers.get('x-easyfaas-container')).not.toBe(containerId);
}

async function expectUnharmed(bystander: string): Promise<void> {
  const answer = await invoke(bystander, { all: 'well' });
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{"echo":{"all":"well"}}' });
  expect(await controllerStartSeconds()).toBe(controllerStart);
}
