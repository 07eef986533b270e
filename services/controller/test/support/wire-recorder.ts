import { type LambdaClientConfig, LambdaClient } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { AccessKey } from '../../src/auth/access-key';
import type { WireAnswer } from './lambda-oracle';

/** The stock client of AWS, and what the server said in answer to its last request, before the client read it. */
export interface RecordingClient {
  client: LambdaClient;
  credentials: AccessKey;
  /** Sends and tells the answer, be it an error. */
  answerTo: (send: (client: LambdaClient) => Promise<unknown>) => Promise<WireAnswer>;
}

export function recordingClient(config: LambdaClientConfig & { endpoint: string; credentials: AccessKey }): RecordingClient {
  const inner = new NodeHttpHandler();
  let last: WireAnswer | undefined;
  const handle: NodeHttpHandler['handle'] = async (request, options) => {
    const { response } = await inner.handle(request, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response.body as AsyncIterable<Buffer>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const text = bytes.toString('utf8');
    last = {
      status: response.statusCode,
      errorType: response.headers['x-amzn-errortype'],
      body: text === '' ? {} : (JSON.parse(text) as unknown),
    };
    return { response: Object.assign(response, { body: bytes }) };
  };
  const client = new LambdaClient({ ...config, maxAttempts: 1, requestHandler: { handle, destroy: () => inner.destroy() } });
  return {
    client,
    credentials: config.credentials,
    answerTo: async (send) => {
      last = undefined;
      const failure = await send(client).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (last === undefined) throw new Error('no answer came', { cause: failure });
      return last;
    },
  };
}
