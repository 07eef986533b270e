import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Response } from 'express';
import type { RecordReader } from '../records/record-reader';
import { LogStream } from './log-stream';

describe('the stream of logs', () => {
  let server: Server;
  let isStopping = false;

  beforeEach(async () => {
    isStopping = false;
    const records = {
      after: async () => ({ position: '0', records: [] }),
      list: async () => ({ records: [] }),
    } as unknown as RecordReader;
    const logs = new LogStream(records, () => isStopping);
    const wanted = { accountId: 'default', functionName: 'f', limit: 1, isFollowed: true, linesOf: () => [] };
    server = createServer((_request, response) => void logs.send(response as Response, wanted)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('ends when the service stops, so that nobody who follows keeps it from ending', async () => {
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.status).toBe(200);
    isStopping = true;
    await expect(answer.text()).resolves.toBe('');
  });
});
