"""The runtime process of python3: dials out to the controller, loads the user's handler, runs calls (docs/protocol.md)."""
import contextvars
import faulthandler
import importlib
import io
import json
import os
import queue
import resource
import socket
import struct
import sys
import threading
import time

HELLO, INIT, INIT_DONE, INIT_ERROR, INVOKE, RESULT, ERROR, LOG, CANCEL = 1, 2, 3, 4, 5, 6, 7, 10, 11
PREFIX = struct.Struct('>IBIH')  # length of what follows it, type, stream, header length
RESULT_BYTES_MAX = 6 * 1024 * 1024
LOG_BYTES_PER_CALL = 1024 * 1024
LOG_FRAME_BYTES = 60 * 1024
PARTIAL_LINE_CHARS = 8192

SOCKET_PATH = os.environ.pop('EASYFAAS_SOCKET', '/run/easyfaas/controller.sock')
TOKEN = os.environ.pop('EASYFAAS_TOKEN', '')
decode_json = json.JSONDecoder().decode
encode_json = json.JSONEncoder(separators=(',', ':'), allow_nan=False, ensure_ascii=False).encode
encode_ascii_json = json.JSONEncoder(separators=(',', ':'), allow_nan=False).encode


class Failure(Exception):
    """An error that the platform and not the user's code names."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type, self.trace = error_type, list(trace)


class Call:
    """One invocation, or with stream 0 what belongs to none."""

    def __init__(self, stream, generation, header):
        self.stream, self.generation, self.header = stream, generation, header
        self.request_id = header.get('requestId', '-')
        self.deadline = time.monotonic() + header.get('remainingMs', 0) / 1000
        self.log_left, self.cut, self.partial = LOG_BYTES_PER_CALL, 0, {1: '', 2: ''}
        self.is_cancelled, self.task = False, None
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self.cpu = usage.ru_utime + usage.ru_stime


class Context:
    """What a handler gets as its second argument; the names are AWS Lambda's."""

    def __init__(self, call):
        self._call = call
        self.aws_request_id = self.request_id = call.request_id
        self.function_name, self.function_version = config['functionName'], config['functionVersion']
        self.invoked_function_arn = call.header.get('functionArn') or config['functionArn']
        self.memory_limit_in_mb = str(config['memoryMb'])
        self.client_context = decode_json(call.header['clientContext']) if call.header.get('clientContext') else None
        self.traceparent = call.header.get('traceparent')
        self.identity = None

    def get_remaining_time_in_millis(self):
        return max(0, int((self._call.deadline - time.monotonic()) * 1000))

    @property
    def is_cancelled(self):
        """Whether the controller has cancelled this call."""
        return self._call.is_cancelled


config = handler = connection = None
is_async = False
generation = 0  # of the connection: answers of calls from an older one are dropped
calls = {}  # stream -> call of this connection that is not answered
unsettled = 0
only = None  # the call in flight where only one may be
current = contextvars.ContextVar('call', default=None)  # the call in flight where several may be
unbound = Call(0, 0, {})
lock = threading.RLock()


# ---- Frames out ----
def send(kind, stream, header, body=b''):
    header = header.encode()
    frame = PREFIX.pack(7 + len(header) + len(body), kind, stream, len(header)) + header + body
    with lock:
        try:
            if connection is not None:
                connection.sendall(frame)
        except OSError:
            pass  # the controller is gone: the reader sees it too and dials again


# ---- Logs ----
def log(fd, text, call=None):
    call = call or only or current.get() or unbound
    if call.stream and (calls.get(call.stream) is not call):
        call = unbound  # its call has been answered
    text = call.partial[fd] + text
    end = len(text) if len(text) > PARTIAL_LINE_CHARS else text.rfind('\n') + 1
    call.partial[fd] = text[end:]
    if end:
        emit(call, fd, text[:end])


def emit(call, fd, text):
    data = text.encode('utf-8', 'replace')
    kept = min(len(data), call.log_left)
    call.log_left -= kept
    call.cut += len(data) - kept
    at = 0
    while at < kept:
        end = min(at + LOG_FRAME_BYTES, kept)
        while end < kept and data[end] & 0xC0 == 0x80:
            end -= 1  # not inside a character
        send(LOG, call.stream, '{"fd":%d}' % fd, data[at:end])
        at = end


def finish_log(call):
    for fd in (1, 2):
        if call.partial[fd]:
            emit(call, fd, call.partial[fd])
            call.partial[fd] = ''
    if call.cut:
        line = f'[easyfaas] log cut: {call.cut} bytes over the limit of {LOG_BYTES_PER_CALL} per call\n'
        send(LOG, call.stream, '{"fd":2,"truncatedBytes":%d}' % call.cut, line.encode())
        call.cut = 0


class Bytes(io.RawIOBase):
    """`sys.stdout.buffer`."""

    def __init__(self, fd):
        self._fd = fd

    def writable(self):
        return True

    def write(self, data):
        log(self._fd, bytes(data).decode('utf-8', 'replace'))
        return len(data)


class Output(io.TextIOBase):
    """`sys.stdout` and `sys.stderr`: lines go to the call that writes them."""

    encoding, errors = 'utf-8', 'replace'

    def __init__(self, fd):
        self._fd, self.buffer = fd, Bytes(fd)

    def writable(self):
        return True

    def fileno(self):
        return self._fd

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f'write() argument must be str, not {type(text).__name__}')
        log(self._fd, text)
        return len(text)

    def flush(self):
        call = only or current.get() or unbound
        if call.partial[self._fd]:
            emit(call, self._fd, call.partial[self._fd])
            call.partial[self._fd] = ''


# ---- Errors ----
def describe(error, request_id):
    import traceback
    try:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__, 64) if frame.filename != __file__ and '<frozen' not in frame.filename]
        trace = error.trace if isinstance(error, Failure) else [line[:1000] for line in traceback.format_list(frames)][:40]
        kind, message = getattr(error, 'error_type', type(error).__name__), str(error)
    except Exception:
        kind, message, trace = 'Runtime.UnknownReason', 'The raised exception cannot be described: reading it raises.', []
    return {'errorMessage': message[:16384], 'errorType': str(kind)[:200], 'requestId': request_id, 'stackTrace': trace}


def exit_now(error):
    """SystemExit, wherever it was raised: ends the process as `sys.exit` would end a program."""
    for call in [*calls.values(), unbound]:
        finish_log(call)
    code = error.code
    if code is not None and not isinstance(code, int):
        os.write(2, f'{code}\n'.encode())
    os._exit(0 if code is None else code & 0xFF if isinstance(code, int) else 1)


# ---- INIT ----
def load_handler(spec, root):
    name, _, function = spec.rpartition('.')
    if not name or '..' in spec:
        raise Failure('Runtime.MalformedHandlerName', f"Bad handler '{spec}': write file.function")
    name = name.replace('/', '.')
    path = os.path.join(root, *name.split('.')) + '.py'
    try:
        if name.split('.')[0] in sys.modules and os.path.exists(path):  # a user's file may be called like a module that is loaded already
            module_spec = importlib.util.spec_from_file_location(name, path)
            module = importlib.util.module_from_spec(module_spec)
            sys.modules[name] = module
            module_spec.loader.exec_module(module)
        else:
            module = importlib.import_module(name)
    except ImportError as error:
        raise Failure('Runtime.ImportModuleError', f"Unable to import module '{name}': {error}", describe(error, '')['stackTrace']) from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}", line {error.lineno}\n    {error.text}']
        raise Failure('Runtime.UserCodeSyntaxError', f"Syntax error in module '{name}': {error}", trace) from error
    found = getattr(module, function, None)
    if not callable(found):
        raise Failure('Runtime.HandlerNotFound', f"Handler '{function}' missing on module '{name}'")
    return found


def is_coroutine_function(function):
    code = getattr(getattr(function, 'func', function), '__code__', None) or getattr(getattr(type(function), '__call__', None), '__code__', None)
    return bool(code and code.co_flags & 0x80)  # CO_COROUTINE


def init(header):
    global config, handler, is_async
    started = time.monotonic()
    config = header
    os.environ.update(header['env'])
    time.tzset()
    try:
        os.chdir(header['taskRoot'])
        sys.path.insert(0, header['taskRoot'])
        handler = load_handler(header['handler'], header['taskRoot'])
        is_async = is_coroutine_function(handler)
    except SystemExit as error:
        exit_now(error)
    except BaseException as error:
        finish_log(unbound)
        error = describe(error, '')
        send(INIT_ERROR, 0, encode_json({'errorType': error['errorType']}), encode_ascii_json(error).encode())
        return
    finish_log(unbound)
    send(INIT_DONE, 0, '{"initMs":%.3f}' % ((time.monotonic() - started) * 1000))


# ---- INVOKE ----
def read_event(header, body):
    kind = header.get('contentType')
    if kind is not None and '/json' not in kind.lower() and '+json' not in kind.lower():
        return body
    try:
        return decode_json(str(body, 'utf-8')) if body else None
    except ValueError as error:
        raise Failure('Runtime.UnmarshalError', f'Unable to unmarshal input: {error}') from error


def answer(call, result):
    if isinstance(result, (bytes, bytearray, memoryview)):
        body, content_type = bytes(result), ',"contentType":"application/octet-stream"'
    else:
        try:
            text, content_type = encode_json(result), ''
            try:
                body = text.encode()
            except UnicodeEncodeError:  # a lone surrogate has no UTF-8
                body = encode_ascii_json(result).encode()
        except Exception as error:
            raise Failure('Runtime.MarshalError', f'Unable to marshal response: {error}') from error
    if len(body) > RESULT_BYTES_MAX:
        raise Failure('Function.ResponseSizeTooLarge', f'Response payload size exceeded maximum allowed payload size ({RESULT_BYTES_MAX} bytes).')
    settle(call, RESULT, '', content_type, body)


def fail(call, error):
    if isinstance(error, SystemExit):
        exit_now(error)
    error = describe(error, call.request_id)
    settle(call, ERROR, '"errorType":%s,' % encode_ascii_json(error['errorType']), '', encode_ascii_json(error).encode())


def settle(call, kind, before, after, body):
    """Sends the answer of a call, if anybody still waits for it."""
    global unsettled
    with lock:
        unsettled -= 1
        if call.generation != generation:
            return
        finish_log(call)
        del calls[call.stream]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cpu_ms = (usage.ru_utime + usage.ru_stime - call.cpu) * 1000
        header = '{%s"nonce":"%s","cpuMs":%.3f,"maxRssKb":%d%s}' % (before, call.header['nonce'], cpu_ms, usage.ru_maxrss, after)
        send(kind, call.stream, header, body)


def run(call, body):
    """Runs a call of a plain handler to its end, in this thread."""
    try:
        result = handler(read_event(call.header, body), Context(call))
        if hasattr(result, '__await__'):
            import asyncio
            result = asyncio.run(awaited(result))
        answer(call, result)
    except BaseException as error:
        fail(call, error)


async def awaited(it):
    return await it


async def run_async(call, body):
    current.set(call)
    try:
        answer(call, await handler(read_event(call.header, body), Context(call)))
    except BaseException as error:
        fail(call, error)


work = queue.SimpleQueue()
idle_threads = threading.Semaphore(0)


def work_forever():
    while True:
        call, body = work.get()
        current.set(call)
        run(call, body)
        idle_threads.release()


def invoke(stream, header, body):
    global only, unsettled
    call = calls[stream] = Call(stream, generation, header)
    unsettled += 1
    unbound.log_left = LOG_BYTES_PER_CALL
    if is_async:
        call.task = event_loop.create_task(run_async(call, body))
    elif config['concurrency'] == 1:
        only = call
        run(call, body)  # in the main thread, so that signals and the like work; nothing else can arrive meanwhile
        only = None
    else:
        work.put((call, body))
        if not idle_threads.acquire(blocking=False):
            threading.Thread(target=work_forever, daemon=True).start()


def cancel(stream):
    call = calls.get(stream)
    if call:
        call.is_cancelled = True
        if call.task:
            call.task.cancel()


# ---- Frames in ----
rest = b''


def receive(data):
    global rest
    data = rest + data if rest else data
    at, have = 0, len(data)
    while have - at >= PREFIX.size:
        length, kind, stream, header_bytes = PREFIX.unpack_from(data, at)
        end = at + 4 + length
        if end > have:
            break
        body_start = at + PREFIX.size + header_bytes
        header = decode_json(str(data[at + PREFIX.size:body_start], 'utf-8'))
        body = data[body_start:end]
        at = end
        if kind == INVOKE:
            if handler is not None:
                invoke(stream, header, body)
        elif kind == INIT:
            init(header)
        elif kind == CANCEL:
            cancel(stream)
    rest = data[at:]


# ---- Connection ----
event_loop = None


def attach():
    """Dials until a controller answers. @returns the socket, after HELLO"""
    global connection, generation, rest
    delay = 0.01
    while True:
        dialled = socket.socket(socket.AF_UNIX)
        try:
            dialled.connect(SOCKET_PATH)
            dialled.sendall(b'GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n')
            head = b''
            while b'\r\n\r\n' not in head:
                data = dialled.recv(4096)
                if not data:
                    raise OSError('closed before the upgrade was answered')
                head += data
            if not head.startswith(b'HTTP/1.1 101 '):
                raise OSError('upgrade refused')
            break
        except OSError:
            dialled.close()
            time.sleep(delay)
            delay = min(1, delay * 2)
    with lock:
        connection = dialled
        generation += 1
        calls.clear()
    rest = b''
    hello = {'protocol': 1, 'role': 'runtime', 'pid': os.getpid(), 'runtime': 'python3', 'runtimeVersion': sys.version.split()[0],
             'token': TOKEN, 'initialized': handler is not None, 'inFlight': unsettled}
    send(HELLO, 0, encode_json(hello))
    receive(head.partition(b'\r\n\r\n')[2])
    return dialled


def read_until_closed(dialled):
    global event_loop
    while not is_async:
        try:
            data = dialled.recv(262144)
        except OSError:
            data = b''
        if not data:
            return
        receive(data)


def main():
    global connection
    faulthandler.enable()
    sys.stdout, sys.stderr = Output(1), Output(2)
    while True:
        dialled = attach()
        read_until_closed(dialled)
        with lock:
            connection = None
        dialled.close()


main()
