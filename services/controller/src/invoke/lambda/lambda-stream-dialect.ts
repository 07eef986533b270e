import type { InvokeDialect } from '../invoke-dialect';
import type { LambdaCallerDeps } from './lambda-caller';
import { lambdaDialect } from './lambda-dialect';
import { checkLambdaHeaders, STREAMED_TYPES } from './lambda-headers';
import type { LambdaRefusalDeps } from './lambda-refusal';
import { LambdaStream, type StreamMessages } from './lambda-stream';

/** `/2021-11-15/functions/{name or ARN}/response-streaming-invocations`: asked for and refused like an `Invoke`, answered in messages. */
export function lambdaStreamDialect(deps: LambdaCallerDeps & LambdaRefusalDeps): InvokeDialect {
  const dialect = lambdaDialect(deps);
  let messages: StreamMessages | undefined;
  return {
    ...dialect,
    authenticate: async (invocation) => {
      // Its library is memory that a controller without such callers does without.
      messages ??= await import('./stream-messages');
      return dialect.authenticate(invocation);
    },
    checkHeaders: (headers) => checkLambdaHeaders(headers, STREAMED_TYPES),
    openSink: ({ node }, settings) => (messages === undefined ? undefined : new LambdaStream(node.response, settings, messages)),
  };
}
