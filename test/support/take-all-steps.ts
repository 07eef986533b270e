/**
 * Takes every step, one after the other, whatever becomes of the ones before: what is left undone at the end of a test is in the way of the next one.
 * @param what for the message
 * @throws AggregateError with the errors of all steps that failed
 */
export async function takeAllSteps(what: string, steps: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `could not ${what}: ${errors.map(String).join('; ')}`);
}
