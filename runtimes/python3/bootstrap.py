"""The runtime process of python3: dials out to the controller, loads the user's handler, runs calls (docs/protocol.md)."""
import contextvars
import faulthandler
import gc
import os
import sys
import time

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, OWN_FOLDER)
import bootstrap_loop
from bootstrap_call import Call, Context, encode_ascii, marshal, read_event
from bootstrap_handler import Failure, describe, is_coroutine_function, load_handler
from bootstrap_logs import Logs, Meter
from bootstrap_memory import has_new_kills
from bootstrap_process import adopt_function, complete_interpreter, end_process
from bootstrap_stream import Answer, is_streamed
from bootstrap_threads import Threads
from bootstrap_wire import Wire

HELLO, INIT, INIT_DONE, INIT_ERROR, INVOKE, RESULT, ERROR, CANCEL, PING, PONG, UPDATE, WINDOW = 1, 2, 3, 4, 5, 6, 7, 11, 14, 15, 18, 19
TOKEN = os.environ.pop('EASYFAAS_TOKEN', '')


class State:
    config = handler = None
    is_async = False
    generation = 0  # of the connection: answers of calls from an older one are dropped
    unsettled = 0
    only = None  # the call in flight where only one may be


state = State()
calls = {}  # stream -> call of this connection that is not answered
current = contextvars.ContextVar('call', default=None)  # the call in flight where several may be
unbound = Meter(0, '-')


def meter_now():
    call = state.only or current.get()
    return call if call is not None and calls.get(call.stream) is call else unbound


# ---- INIT ----
def init(header):
    if state.config is not None:
        return send_init_error(Failure('Runtime.ProtocolViolation', 'a second INIT'))
    started = time.monotonic()
    state.config = header
    try:
        adopt_function(header)
        state.handler = load_handler(header['handler'], header['taskRoot'])
        state.is_async = is_coroutine_function(state.handler)
        if state.is_async and header['concurrency'] != 1:
            bootstrap_loop.meter_tasks(current)
    except SystemExit as error:
        exit_now(error)
    except BaseException as error:
        return send_init_error(error)
    logs.finish(unbound)
    wire.send(INIT_DONE, 0, '{"initMs":%.3f}' % ((time.monotonic() - started) * 1000))


def send_init_error(error):
    logs.finish(unbound)
    error = describe(error)
    wire.send(INIT_ERROR, 0, encode_ascii({'errorType': error['errorType']}), encode_ascii(error).encode())


# ---- INVOKE ----
def settle(call, kind, header, body):
    """Sends the answer of a call, if anybody still waits for it."""
    with wire.lock:
        state.unsettled -= 1
        if call.generation == state.generation:
            if has_new_kills(kind == ERROR):
                logs.say(call, f"the kernel ended a child process: the container ran out of memory ({state.config['memoryMb']} MB)")
            logs.finish(call)
            del calls[call.stream]
            wire.send(kind, call.stream, header, body)


def succeed(call, result):
    body, more = marshal(result)
    settle(call, RESULT, call.answer_header(after=more), body)


def fail(call, error):
    if isinstance(error, SystemExit):
        exit_now(error)
    error = describe(error, call.request_id)
    settle(call, ERROR, call.answer_header('"errorType":%s,' % encode_ascii(error['errorType'])), encode_ascii(error).encode())


def begin_answer(call, reads):
    """@param reads: while this handler runs nobody else reads frames"""
    call.answer = Answer(call, wire, lambda call: call.generation == state.generation, reads)
    if call.is_cancelled:
        call.answer.cancel()
    return call.answer


def run(call, body):
    """Runs a call of a plain handler to its end, in this thread."""
    try:
        result = state.handler(read_event(call.header, body), Context(call, state.config))
        if hasattr(result, '__await__'):  # a decorated coroutine function
            result = bootstrap_loop.run_to_end(result)
        if not is_streamed(result):
            return succeed(call, result)
        answer = begin_answer(call, reads=not call.is_shared)
        answer.send_all(bootstrap_loop.iterate(result) if hasattr(result, '__aiter__') else result)
        answer.complete(settle)
    except BaseException as error:
        fail(call, error)


def run_in_thread(call, body):
    current.set(call)
    call.thread_s = time.thread_time()
    run(call, body)


async def run_async(call, body):
    current.set(call)
    try:
        result = state.handler(read_event(call.header, body), Context(call, state.config))
        if not is_streamed(result):
            result = await (bootstrap_loop.metered(result, call) if call.is_shared else result)
        if not is_streamed(result):
            return succeed(call, result)
        answer = begin_answer(call, reads=False)
        sending = answer.send_all_async(result)
        await (bootstrap_loop.metered(sending, call) if call.is_shared else sending)
        answer.complete(settle)
    except BaseException as error:
        fail(call, error)


def invoke(stream, header, body):
    if state.handler is None:
        return  # INIT_ERROR has answered it
    call = calls[stream] = Call(stream, header, state.generation, state.config['concurrency'] != 1)
    state.unsettled += 1
    logs.finish(unbound)
    unbound.refill()
    if state.is_async:
        call.task = bootstrap_loop.event_loop().create_task(run_async(call, body))
    elif state.config['concurrency'] == 1:
        state.only = call
        run(call, body)  # in the main thread: signals work there, and no other call can come meanwhile
        state.only = None
    else:
        threads.run(call, body)


# ---- The connection ----
def on_attached():
    state.generation += 1
    for call in calls.values():
        if call.answer is not None:
            call.answer.cancel()  # one that waits for WINDOW would wait for ever
    calls.clear()
    hello = {'protocol': 1, 'role': 'runtime', 'pid': os.getpid(), 'runtime': 'python3', 'runtimeVersion': sys.version.split()[0]}
    wire.send(HELLO, 0, encode_ascii({**hello, 'token': TOKEN, 'initialized': state.handler is not None, 'inFlight': state.unsettled}))


def on_frame(kind, stream, header, body):
    if kind == INVOKE:
        invoke(stream, header, body)
    elif kind == INIT:
        init(header)
    elif kind == PING:
        wire.send(PONG, stream, '{}')
    elif kind == CANCEL and stream in calls:
        calls[stream].cancel()
    elif kind == WINDOW and stream in calls and calls[stream].answer is not None:
        calls[stream].answer.allow(header['bytes'])
    elif kind == UPDATE and state.config is not None:
        state.config.update(header)
        os.environ.update(header['env'])


def serve():
    while True:
        if state.is_async:
            bootstrap_loop.serve(wire)  # until the connection ends
        elif wire.read():
            continue
        if wire.is_forked:
            os._exit(0)  # a child that the handler forked and let return
        bootstrap_loop.attach(wire) if state.is_async else wire.attach()


# ---- The process ----
def exit_now(error):
    """SystemExit, wherever it was raised: ends the process as `sys.exit` ends a program."""
    for meter in [*calls.values(), unbound]:
        logs.finish(meter)
    end_process(error)


def rehearse():
    """Loads and runs a made-up handler before there is a connection: the first real call then finds everything imported."""
    names = {'functionName': '', 'functionVersion': '', 'functionArn': ''}
    init({**names, 'handler': 'rehearsal.handler', 'taskRoot': OWN_FOLDER, 'env': {}, 'concurrency': 1, 'memoryMb': 0})
    invoke(0, {'requestId': '-', 'nonce': '', 'remainingMs': 1000}, b'{"rehearsal":true}')
    state.config = state.handler = None
    del sys.modules['rehearsal']


faulthandler.enable()
wire = Wire(os.environ.pop('EASYFAAS_SOCKET', '/run/easyfaas/controller.sock'), on_attached, on_frame)
logs = Logs(wire, meter_now)
logs.take_over_output()
threads = Threads(run_in_thread)
rehearse()
wire.attach()
import bootstrap_logging  # takes long to import; now nobody waits
complete_interpreter(OWN_FOLDER)
bootstrap_logging.take_over(logs, meter_now)
gc.freeze()
try:
    serve()
except SystemExit as error:
    exit_now(error)
