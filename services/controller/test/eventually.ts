/**
 * Repeats an assertion until it holds. For what happens at its own time; the deadline has room for a slow machine.
 * @throws the assertion's last error at the deadline
 */
export async function eventually<T>(assertion: () => T | Promise<T>, deadlineMs: number): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= endsAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
