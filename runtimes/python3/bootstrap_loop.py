"""The event loop of `async def` handlers. asyncio costs 5 MB and tens of milliseconds: only for those who need it."""
import functools
import time
import types


@functools.cache
def event_loop():
    import asyncio
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


@types.coroutine
def metered(coroutine, call):
    """Awaits a coroutine, and adds the processor time of each of its steps to the call."""
    value = error = None
    while True:
        started_s = time.thread_time()
        try:
            future = coroutine.send(value) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            return stop.value
        finally:
            call.cpu_s += time.thread_time() - started_s
        value = error = None
        try:
            value = yield future
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as thrown:
            error = thrown


def meter_tasks(current):
    """Tasks that a handler starts, by `asyncio.gather` or itself, count for the call that started them."""
    import asyncio

    async def step(coroutine, call):
        return await metered(coroutine, call)

    def create(loop, coroutine, **options):
        call = current.get()
        is_metered = call is not None and asyncio.iscoroutine(coroutine)
        return asyncio.Task(step(coroutine, call) if is_metered else coroutine, loop=loop, **options)

    event_loop().set_task_factory(create)


def serve(wire):
    """Runs the loop, and reads frames in it, for as long as there is a connection; handlers that run do not notice its end."""
    loop = event_loop()
    fileno = wire.fileno()
    loop.add_reader(fileno, lambda: wire.read() or loop.stop())
    loop.run_forever()
    loop.remove_reader(fileno)


def attach(wire):
    """Dials in a thread, so that handlers go on meanwhile."""
    loop = event_loop()
    loop.run_until_complete(loop.run_in_executor(None, wire.attach))


def run_to_end(awaitable):
    """For a plain handler that returned an awaitable, as decorators make them."""
    import asyncio

    async def await_it():
        return await awaitable
    return asyncio.run(await_it())


def iterate(pieces):
    """An async generator as a plain one, for a plain handler that returned it."""
    import asyncio
    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                yield loop.run_until_complete(pieces.__anext__())
            except StopAsyncIteration:
                return
    finally:
        loop.run_until_complete(pieces.aclose())
        loop.close()
