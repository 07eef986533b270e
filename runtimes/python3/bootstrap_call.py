"""One call: its event, its context and its result as bytes."""
import json
import resource
import time

from bootstrap_handler import Failure
from bootstrap_logs import Meter

RESULT_BYTES_MAX = 6 * 1024 * 1024
decode_json = json.JSONDecoder().decode
encode_json = json.JSONEncoder(separators=(',', ':'), allow_nan=False, ensure_ascii=False).encode
encode_ascii = json.JSONEncoder(separators=(',', ':'), allow_nan=False).encode
getrusage, RUSAGE_SELF = resource.getrusage, resource.RUSAGE_SELF


class Call(Meter):
    def __init__(self, stream, header, generation, is_shared):
        Meter.__init__(self, stream, header['requestId'])
        self.header, self.generation = header, generation
        self.deadline = time.monotonic() + header['remainingMs'] / 1000
        self.is_cancelled, self.task = False, None
        self.answer = self.head = None  # of an answer in pieces: how far it is; its content type and what makes it an HTTP answer
        # Used so far, where other calls may share the process; else what the process had used before.
        self.is_shared, self.cpu_s = is_shared, 0.0
        self.thread_s = None  # of the thread that is its own, before it began
        if not is_shared:
            usage = getrusage(RUSAGE_SELF)
            self.cpu_s = usage.ru_utime + usage.ru_stime

    def cancel(self):
        self.is_cancelled = True
        if self.task is not None:
            self.task.cancel()
        if self.answer is not None:
            self.answer.cancel()

    def answer_header(self, before='', after=''):
        """Header of RESULT or ERROR, as JSON; the two texts are put around the members that both have."""
        usage = getrusage(RUSAGE_SELF)
        if self.thread_s is not None:
            self.cpu_s = time.thread_time() - self.thread_s
        cpu_ms = (self.cpu_s if self.is_shared else usage.ru_utime + usage.ru_stime - self.cpu_s) * 1000
        return '{%s"nonce":"%s","cpuMs":%.3f,"maxRssKb":%d%s}' % (before, self.header['nonce'], cpu_ms, usage.ru_maxrss, after)


class Context:
    """What a handler gets as its second argument; the names are AWS Lambda's, besides `request_id`, `traceparent`, `tracestate`, `is_cancelled`."""

    identity = None

    def __init__(self, call, config):
        header = call.header
        self._call = call
        self.aws_request_id = self.request_id = call.request_id
        self.function_name, self.function_version = config['functionName'], config['functionVersion']
        self.invoked_function_arn = header.get('functionArn') or config['functionArn']
        self.memory_limit_in_mb = str(config['memoryMb'])
        self.client_context = ClientContext(header['clientContext']) if 'clientContext' in header else None
        self.traceparent = header.get('traceparent')
        self.tracestate = header.get('tracestate')

    def get_remaining_time_in_millis(self):
        return max(0, int((self._call.deadline - time.monotonic()) * 1000))

    @property
    def is_cancelled(self):
        """Whether the controller has cancelled this call."""
        return self._call.is_cancelled


    def start_response(self, status_code=None, headers=None, content_type=None, cookies=None):
        """What the answer of a generator is; before its first yield. Status, headers and cookies are used by HTTP triggers."""
        if self._call.answer is not None and self._call.answer.has_begun:
            raise RuntimeError('the answer has begun: call start_response before the first yield')
        members = {'statusCode': status_code, 'headers': headers, 'cookies': cookies}
        named = [value for name, value in (headers or {}).items() if name.lower() == 'content-type']
        self._call.head = (content_type or (named[0] if named else None), {name: value for name, value in members.items() if value is not None})


class ClientContext:
    """What the caller sent beside the event: `custom`, `env` and `client`."""

    def __init__(self, text):
        try:
            members = decode_json(text)
            self.custom, self.env, self.client = members.get('custom'), members.get('env'), members.get('client')
        except (ValueError, AttributeError) as error:
            raise Failure('Runtime.UnmarshalError', f'the client context is not a JSON object: {error}') from error


def read_event(header, body):
    """JSON unless the content type says something else; nothing at all is None."""
    kind = header.get('contentType')
    if kind is not None and '/json' not in kind.lower() and '+json' not in kind.lower():
        return body
    try:
        return decode_json(str(body, 'utf-8')) if body else None
    except ValueError as error:
        raise Failure('Runtime.UnmarshalError', f'the event is not JSON: {error}') from error


def marshal(result):
    """@returns the result's bytes, and what its header says more than an error's"""
    if isinstance(result, (bytes, bytearray, memoryview)):
        body, more = bytes(result), ',"contentType":"application/octet-stream"'
    else:
        try:
            body, more = to_json(result), ''
        except Exception as error:
            raise Failure('Runtime.MarshalError', f'Unable to marshal response: {error}') from error
    if len(body) > RESULT_BYTES_MAX:
        raise Failure('Function.ResponseSizeTooLarge', f'Response payload size exceeded maximum allowed payload size ({RESULT_BYTES_MAX} bytes).')
    return body, more


def to_json(result):
    try:
        return encode_json(result).encode()
    except UnicodeEncodeError:
        return encode_ascii(result).encode()  # a lone surrogate has no UTF-8
