import { setTimeout as delay } from 'node:timers/promises';

/** Waits until a condition holds. @throws Error when it does not within the deadline, ms */
export async function eventually(condition: () => boolean | Promise<boolean>, deadlineMs = 5_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${condition.toString()}`);
    await delay(5);
  }
}
