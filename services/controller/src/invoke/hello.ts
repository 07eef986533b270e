import { timingSafeEqual } from 'node:crypto';
import { type AttachRole, type Frame, type HelloHeader, PROTOCOL_VERSION, ProtocolError, parseHeader } from '@easyfaas/contracts/wire';

/**
 * Reads the first frame of a connection from a container.
 * @throws ProtocolError saying what is wrong with it
 */
export function readHello(frame: Frame, role: AttachRole, token: string): HelloHeader {
  const header = parseHeader(frame);
  const { protocol, pid, runtime, runtimeVersion, initialized, inFlight } = header;
  if (protocol !== PROTOCOL_VERSION)
    throw new ProtocolError(`HELLO speaks protocol ${JSON.stringify(protocol)}, we speak ${PROTOCOL_VERSION}`);
  if (header['role'] !== role) throw new ProtocolError(`HELLO of another role than its attach request, which is ${role}`);
  if (typeof header['token'] !== 'string' || !isSame(header['token'], token))
    throw new ProtocolError('HELLO without the token of this container');
  return {
    protocol,
    role,
    token,
    pid: typeof pid === 'number' ? pid : 0,
    runtime: typeof runtime === 'string' ? runtime : '',
    runtimeVersion: typeof runtimeVersion === 'string' ? runtimeVersion : '',
    initialized: initialized === true,
    inFlight: typeof inFlight === 'number' ? inFlight : 0,
  };
}

function isSame(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}
