import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Request, Response } from 'express';
import { PayloadBudget } from '../invoke/payload-budget';
import { readSignedBody } from './read-signed-body';

const arriving = (body: string, headers: Record<string, string>): Request => {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, headers);
  request.push(body);
  request.push(null);
  return request as Request;
};
const answer = (): Response => new EventEmitter() as unknown as Response;

describe('a body that is read to check its signature', () => {
  it('counts among the payloads until the answer is out', async () => {
    const payloads = new PayloadBudget(10);
    const response = answer();
    expect((await readSignedBody(arriving('12345678', { 'content-length': '8' }), response, 100, payloads)).toString()).toBe('12345678');
    expect(payloads.heldBytes).toBe(8);
    await expect(readSignedBody(arriving('abc', { 'content-length': '3' }), answer(), 100, payloads)).rejects.toMatchObject({
      code: 'THROTTLED',
    });
    response.emit('close');
    expect(payloads.heldBytes).toBe(0);
  });

  it('counts as much as may come when it does not say its length, and nothing when there is none', async () => {
    const payloads = new PayloadBudget(100);
    await readSignedBody(arriving('abc', { 'transfer-encoding': 'chunked' }), answer(), 60, payloads);
    await readSignedBody(arriving('', {}), answer(), 60, payloads);
    expect(payloads.heldBytes).toBe(60);
  });

  it('takes nothing when the client has gone meanwhile', async () => {
    const payloads = new PayloadBudget(100);
    const response = Object.assign(answer(), { destroyed: true });
    await expect(readSignedBody(arriving('abc', { 'content-length': '3' }), response, 60, payloads)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    expect(payloads.heldBytes).toBe(0);
  });

  it('takes nothing when it is too long', async () => {
    const payloads = new PayloadBudget(100);
    const request = arriving('abc', { 'content-length': '61' });
    await expect(readSignedBody(request, answer(), 60, payloads)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(payloads.heldBytes).toBe(0);
  });
});
