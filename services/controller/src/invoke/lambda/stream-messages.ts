import { EventStreamCodec } from '@smithy/core/event-streams';
import type { HttpHead } from '@easyfaas/contracts/wire';

/** How a call ended; each is left out where there is nothing to say. */
export interface InvokeComplete {
  ErrorCode?: string;
  ErrorDetails?: string;
  /** Base64. */
  LogResult?: string;
}

/** Between the metadata of an HTTP answer and its body, as AWS Lambda has it. */
const NULS = Buffer.alloc(8);

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);

/** A piece of the answer as a message of `application/vnd.amazon.eventstream`. */
export function payloadChunk(bytes: Uint8Array): Buffer {
  return message('PayloadChunk', 'application/octet-stream', bytes);
}

/** What a function says of its answer over HTTP is the first part of that answer, behind it eight NULs. */
export function metadataChunk(http: HttpHead): Buffer {
  return payloadChunk(Buffer.concat([Buffer.from(JSON.stringify(http)), NULS]));
}

/** The last message. */
export function invokeComplete(how: InvokeComplete): Buffer {
  return message('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(how)));
}

function message(event: string, contentType: string, body: Uint8Array): Buffer {
  const headers = {
    ':event-type': { type: 'string', value: event },
    ':content-type': { type: 'string', value: contentType },
    ':message-type': { type: 'string', value: 'event' },
  } as const;
  const { buffer, byteOffset, byteLength } = codec.encode({ headers, body });
  return Buffer.from(buffer, byteOffset, byteLength);
}
