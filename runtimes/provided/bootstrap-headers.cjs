'use strict';
// Headers of the Runtime API, from and to those of frames.

const isJson = (contentType) => contentType === undefined || /[/+]json\b/i.test(contentType);

/** A header holds bytes: text as UTF-8, and of JSON no line breaks, which can only be between its tokens. */
const inHeader = (text) => Buffer.from(text.replace(/[\t\r\n]/g, ' ')).toString('latin1');

/**
 * AWS X-Ray's header from a W3C traceparent, as AWS maps them; runtime clients expect one, so that without a traceparent it is made up.
 * @param {() => string} randomHex 24 digits
 */
function traceHeader(traceparent, nowMs, randomHex) {
  const [, trace, parent, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(traceparent ?? '') ?? [];
  if (trace === undefined)
    return `Root=1-${Math.floor(nowMs / 1000)
      .toString(16)
      .padStart(8, '0')}-${randomHex()};Sampled=0`;
  return `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Parent=${parent};Sampled=${parseInt(flags, 16) & 1}`;
}

/** @returns headers and body of the answer to a poll */
function invocationHeaders({ id, header, body, deadlineMs }, { functionArn }, randomHex) {
  const { contentType, clientContext, traceparent, tracestate } = header;
  const event = body.length === 0 && isJson(contentType) ? Buffer.from('null') : body;
  const headers = {
    'Content-Type': contentType ?? 'application/json',
    'Content-Length': event.length,
    'Lambda-Runtime-Aws-Request-Id': id,
    'Lambda-Runtime-Deadline-Ms': String(Math.floor(deadlineMs)),
    'Lambda-Runtime-Invoked-Function-Arn': header.functionArn ?? functionArn,
    'Lambda-Runtime-Trace-Id': traceHeader(traceparent, Date.now(), randomHex),
    ...(traceparent === undefined ? {} : { Traceparent: traceparent }),
    ...(tracestate === undefined ? {} : { Tracestate: tracestate }),
    ...(clientContext === undefined ? {} : { 'Lambda-Runtime-Client-Context': inHeader(clientContext) }),
  };
  return { headers, body: event };
}

/** Members of RESULT's header. What `curl -d` says of any body says nothing. */
function responseContentType(contentType) {
  if (isJson(contentType) || /^application\/x-www-form-urlencoded/i.test(contentType)) return {};
  return { contentType };
}

module.exports = { invocationHeaders, responseContentType, traceHeader };
