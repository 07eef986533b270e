import { deploy, invoke, poolContainers, removeDeployments } from '../support/stack';
import type { Figure } from './report';
import { bareServer } from './servers';
import { alternate, invocationTarget } from './throughput';

const CONTAINERS = 4;

/**
 * P15: one call at a time per container, sixteen callers for four containers: what handing the next waiting call over costs.
 * Wants a stack whose pool ends at four, or the engine makes one for each caller.
 */
export async function oneAtATime(rounds: number): Promise<Figure[]> {
  const name = await deploy({ source: `exports.handler = async () => 'hello';`, concurrency: 1 });
  const answers = await Promise.all(Array.from({ length: CONTAINERS }, () => invoke(name)));
  if (answers.some(({ status }) => status !== 200)) throw new Error('hello failed');
  const bare = await bareServer();
  const subject = invocationTarget(name, '{}');
  try {
    const targets = [{ ...subject, subject: 'bare node:http', url: bare.url }, subject];
    const figures = await alternate(targets, 16, { id: 'P15 one at a time', target: '>= 0.30', rounds });
    const containers = (await poolContainers()).filter(({ assignment }) => assignment?.functionName === name).length;
    return figures.map((figure) => (figure.subject === 'easyfaas' ? { ...figure, subject: `easyfaas, ${containers} containers` } : figure));
  } finally {
    await bare.stop();
    await removeDeployments();
  }
}
