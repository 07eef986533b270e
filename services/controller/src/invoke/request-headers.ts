/** The headers that an invocation looks at. */
export interface InvokeHeaders {
  credential: string | undefined;
  contentType: string | undefined;
  /** As sent; -1 when absent. */
  contentLength: number;
  isChunked: boolean;
  contentEncoding: string | undefined;
  requestId: string | undefined;
  invokeType: string | undefined;
  logType: string | undefined;
  responseMode: string | undefined;
  clientContext: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
  idempotencyKey: string | undefined;
  /** Signed by the platform: how many invocations led to this one. */
  depth: string | undefined;
}

/**
 * One pass over the raw headers (name, value, name, value...). Building Node's `request.headers` object costs more than the
 * rest of the request's parsing. Names are compared by length first, since almost none of them matter.
 */
export function readInvokeHeaders(raw: readonly string[]): InvokeHeaders {
  const headers: InvokeHeaders = {
    credential: undefined,
    contentType: undefined,
    contentLength: -1,
    isChunked: false,
    contentEncoding: undefined,
    requestId: undefined,
    invokeType: undefined,
    logType: undefined,
    responseMode: undefined,
    clientContext: undefined,
    traceparent: undefined,
    tracestate: undefined,
    idempotencyKey: undefined,
    depth: undefined,
  };
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    if (RELEVANT_LENGTHS[name.length] === 1) take(headers, name.toLowerCase(), raw[index + 1] as string);
  }
  return headers;
}

const NAMES = [
  'authorization',
  'x-easyfaas-key',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'x-easyfaas-request-id',
  'x-easyfaas-invoke-type',
  'x-amz-invocation-type',
  'log-type',
  'x-easyfaas-log-type',
  'x-amz-log-type',
  'x-easyfaas-response-mode',
  'x-amz-client-context',
  'x-easyfaas-client-context',
  'traceparent',
  'tracestate',
  'idempotency-key',
  'x-easyfaas-depth',
];
const RELEVANT_LENGTHS = new Uint8Array(16 * 1024);
for (const { length } of NAMES) RELEVANT_LENGTHS[length] = 1;

function take(headers: InvokeHeaders, name: string, value: string): void {
  switch (name) {
    case 'authorization':
      headers.credential = bearer(value) ?? headers.credential;
      break;
    case 'x-easyfaas-key':
      headers.credential ??= value;
      break;
    case 'content-type':
      // What curl says of every `-d`, whatever the data is. Nobody sends a form to an invocation path; events are JSON there.
      if (value !== 'application/x-www-form-urlencoded') headers.contentType = value;
      break;
    case 'content-length':
      headers.contentLength = Number(value);
      break;
    case 'content-encoding':
      headers.contentEncoding = value;
      break;
    case 'transfer-encoding':
      headers.isChunked = true;
      break;
    case 'x-easyfaas-request-id':
      headers.requestId = value;
      break;
    case 'x-easyfaas-invoke-type':
    case 'x-amz-invocation-type':
      headers.invokeType = value;
      break;
    case 'log-type':
    case 'x-easyfaas-log-type':
    case 'x-amz-log-type':
      headers.logType = value;
      break;
    case 'x-easyfaas-response-mode':
      headers.responseMode = value;
      break;
    case 'x-amz-client-context':
    case 'x-easyfaas-client-context':
      headers.clientContext = value;
      break;
    case 'traceparent':
      headers.traceparent = value;
      break;
    case 'tracestate':
      // One list may come in several headers (3.3.1).
      headers.tracestate = headers.tracestate === undefined ? value : `${headers.tracestate},${value}`;
      break;
    case 'idempotency-key':
      headers.idempotencyKey = value;
      break;
    case 'x-easyfaas-depth':
      headers.depth = value;
      break;
  }
}

/** The token of `Bearer <token>`; undefined for any other scheme. The scheme's case does not matter (RFC 9110). */
function bearer(value: string): string | undefined {
  if (value.startsWith('Bearer ')) return value.slice(7).trim();
  return /^bearer +/i.test(value) ? value.slice(7).trim() : undefined;
}
