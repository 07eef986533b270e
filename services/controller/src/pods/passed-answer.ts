import type { IncomingMessage } from 'node:http';
import { LIMITS } from '@easyfaas/contracts/wire';
import type { AnswerHead, AnswerStream } from '../invoke/answer-stream';

const NOTHING = Buffer.alloc(0);

/**
 * Hands an answer in pieces on as another pod sends it, as fast as its client makes room: what is not read here is not sent there, and
 * the function waits.
 * @param signal the answer is not wanted any more
 * @throws what the connection breaks off with; the signal's reason
 */
export async function passAnswer(response: IncomingMessage, answer: AnswerStream, head: AnswerHead, signal: AbortSignal): Promise<void> {
  let roomBytes: number = LIMITS.streamWindowBytes;
  let wake = (): void => undefined;
  answer.connect((bytes) => {
    roomBytes += bytes;
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  answer.take(head, NOTHING);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    for (let rest = chunk; rest.length > 0;) {
      if (roomBytes === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      signal.throwIfAborted();
      const piece = rest.subarray(0, roomBytes);
      roomBytes -= piece.length;
      rest = rest.subarray(piece.length);
      answer.take(head, piece);
    }
  }
  signal.throwIfAborted();
}
