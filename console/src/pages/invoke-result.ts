import { type Stage, parseServerTiming } from '../format/stages';

/** What came back from a call. */
export interface InvokeResult {
  status: number;
  requestId: string;
  /** Absent where the function did not fail. */
  functionError?: string;
  version?: string;
  start?: string;
  containerId?: string;
  execMs?: string;
  stages: Stage[];
  contentType: string;
  body: Uint8Array;
  /** The end of what it printed. */
  log: string;
}

/** Reads the head of an answer. @param body all of it */
export function invokeResult(status: number, headers: Headers, body: Uint8Array): InvokeResult {
  const given = (name: string, header: string): Record<string, string> => {
    const value = headers.get(header);
    return value === null ? {} : { [name]: value };
  };
  return {
    status,
    requestId: headers.get('X-Easyfaas-Request-Id') ?? '',
    ...given('functionError', 'X-Easyfaas-Function-Error'),
    ...given('version', 'X-Easyfaas-Executed-Version'),
    ...given('start', 'X-Easyfaas-Start'),
    ...given('containerId', 'X-Easyfaas-Container'),
    ...given('execMs', 'X-Easyfaas-Function-Exectime'),
    stages: parseServerTiming(headers.get('Server-Timing')),
    contentType: headers.get('Content-Type') ?? '',
    body,
    log: decodeLog(headers.get('X-Easyfaas-Log-Result') ?? ''),
  };
}

/** Base64 of bytes of which the first may be the middle of a character. */
export function decodeLog(base64: string): string {
  if (base64 === '') return '';
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
}
