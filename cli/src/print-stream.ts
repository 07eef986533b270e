import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { CliError } from './cli-error';
import { EXIT } from './exit-codes';
import type { Session } from './program';

/**
 * Prints a streamed answer as it comes, no faster than standard output takes it.
 * @throws CliError when it breaks off
 */
export async function printStream({ io }: Session, answer: IncomingMessage): Promise<void> {
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      if (!io.stdout.write(piece)) await once(io.stdout, 'drain');
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ECONNRESET') throw cause;
    const requestId = String(answer.headers['x-easyfaas-request-id']);
    throw new CliError('The answer broke off before it was complete.', {
      exitCode: EXIT.unavailable,
      remedy: `\`easyfaas invocations show ${requestId}\` shows what is known of it.`,
      cause,
    });
  }
}
