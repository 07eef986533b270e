import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { FakeClock, ServiceError } from '@easyfaas/service-kit';
import type { PodClaims, StoredFunction } from '@easyfaas/contracts/wire';
import type { Call, CallRequest } from '../invoke/call';
import { PodCallReceiver } from './pod-call-receiver';

const BODY = Buffer.from('{"a":1}');
const CLAIMS: PodClaims = {
  from: 'alpha',
  to: 'beta',
  toBoot: 'boot',
  atMs: 0,
  nonce: '0'.repeat(32),
  bodySha256: createHash('sha256').update(BODY).digest('hex'),
  bodyBytes: BODY.length,
  call: { requestId: 'request-1', principal: { accountId: 'acme' }, functionName: 'hello', version: '7', isAdmitted: true },
};

function stage({ found = {} as StoredFunction | Error, memory = 1000, isDraining = false, isGone = false, body = BODY } = {}) {
  const submitted: CallRequest[] = [];
  const asked: string[] = [];
  const budget = { heldBytes: 0 };
  const receiver = new PodCallReceiver({
    clock: new FakeClock(),
    directory: {
      find: async (...names) => {
        asked.push(names.join('/'));
        if (isGone) response.destroy();
        if (found instanceof Error) throw found;
        return found;
      },
    },
    dispatcher: {
      submit: (request) => {
        submitted.push(request);
        return {} as Call;
      },
      abandon: () => {
        throw new Error('not planned');
      },
    },
    payloads: {
      take: (bytes) => {
        if (bytes > memory) return false;
        budget.heldBytes += bytes;
        return true;
      },
      give: (bytes) => {
        budget.heldBytes -= bytes;
      },
    },
    isDraining: () => isDraining,
  });
  const request = Object.assign(new PassThrough(), { headers: { 'content-length': String(body.length) } });
  request.end(body);
  const response = Object.assign(new PassThrough(), { headersSent: false });
  const receive = (claims = CLAIMS): Promise<void> =>
    receiver.receive(request as unknown as IncomingMessage, response as unknown as ServerResponse, claims);
  return { receive, response, submitted, asked, budget };
}

describe('a call of another pod', () => {
  it('is submitted for the account that was signed, and not counted twice', async () => {
    const { receive, submitted, asked, budget } = stage();
    await receive();
    expect(asked).toEqual(['acme/hello/7']);
    expect(submitted[0]).toMatchObject({ requestId: 'request-1', forwarded: { podId: 'alpha', isAdmitted: true } });
    expect(Buffer.concat(submitted[0]?.payload.chunks ?? [])).toEqual(BODY);
    expect(budget.heldBytes).toBe(BODY.length);
  });

  it.each([
    ['is refused while the pod is stopping', { isDraining: true }, 'SHUTTING_DOWN'],
    ['is refused when there is no memory for its payload', { memory: 1 }, 'THROTTLED'],
    ['is refused when its body is another one than was signed', { body: Buffer.from('{"a":2}') }, 'UNAUTHORIZED'],
    ['is refused when its body is longer than was signed', { body: Buffer.from('{"a":1} ') }, 'UNAUTHORIZED'],
    ['is refused when its function is not known', { found: new ServiceError('FUNCTION_NOT_FOUND', 'no') }, 'FUNCTION_NOT_FOUND'],
  ])('%s, and holds no memory then', async (_what, facts, code) => {
    const { receive, submitted, budget } = stage(facts);
    await expect(receive()).rejects.toMatchObject({ code });
    expect({ submitted, heldBytes: budget.heldBytes }).toEqual({ submitted: [], heldBytes: 0 });
  });

  it('is dropped when its pod has gone meanwhile', async () => {
    const { receive, submitted, budget } = stage({ isGone: true });
    await receive();
    expect({ submitted, heldBytes: budget.heldBytes }).toEqual({ submitted: [], heldBytes: 0 });
  });

  it('has to be described', async () => {
    const { call, ...rest } = CLAIMS;
    void call;
    await expect(stage().receive(rest)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});
