import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { sendAnswer } from './web-request';

/** What goes out of an answer. @param policy set before, where the console is served */
function sent(headers: string[], policy?: string): Record<string, unknown> {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  if (policy !== undefined) response.setHeader('Content-Security-Policy', policy);
  sendAnswer({ request, response, requestId: 'r' }, { status: 200, headers, body: Buffer.from('x') });
  return response.getHeaders();
}

describe('headers of an answer of a function', () => {
  const own = ['Clear-Site-Data', '"*"', 'NEL', '{}', 'Content-Security-Policy', "default-src 'none'", 'X-Own', '1'];

  it('are its own', () => {
    expect(sent(own)).toMatchObject({ 'clear-site-data': '"*"', nel: '{}', 'content-security-policy': "default-src 'none'", 'x-own': '1' });
  });

  it('say nothing of the origin that it shares with the console, and add to the policy there', () => {
    const headers = sent(own, 'sandbox');
    expect(headers).toMatchObject({ 'content-security-policy': ['sandbox', "default-src 'none'"], 'x-own': '1' });
    expect(Object.keys(headers).filter((name) => name === 'nel' || name === 'clear-site-data')).toEqual([]);
  });
});
