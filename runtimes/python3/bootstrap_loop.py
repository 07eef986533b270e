"""The event loop of `async def` handlers. asyncio costs 5 MB and tens of milliseconds: only for those who need it."""
import functools


@functools.cache
def event_loop():
    import asyncio
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


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
