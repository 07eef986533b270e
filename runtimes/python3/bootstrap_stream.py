"""Answers in pieces: what the generator that a handler returned yields (docs/protocol.md, CHUNK)."""
import select
import threading
import types

from bootstrap_call import RESULT_BYTES_MAX, encode_ascii
from bootstrap_handler import Failure

RESULT, CHUNK, END = 6, 8, 9
PIECE_BYTES = 64 * 1024  # between two pieces, frames of other calls can go out
HEAD_BYTES_MAX = 32 * 1024


def is_streamed(result):
    return isinstance(result, (types.GeneratorType, types.AsyncGeneratorType))


class Answer:
    """How far a call's answer is. One of these three waits for WINDOW: this thread reads frames itself, or another one does, or the event loop."""

    def __init__(self, call, wire, is_current, reads):
        self._call, self._wire, self._is_current = call, wire, is_current
        self._window = call.header.get('windowBytes')  # None: the caller wants it whole
        self._whole, self._whole_bytes = [], 0
        self.has_begun, self._is_text = False, False
        self._is_cancelled, self._future = False, None
        self._changed = threading.Condition()
        self._poll = None
        if reads:  # nobody else does while the handler runs
            self._poll = select.poll()
            self._poll.register(wire.fileno(), select.POLLIN)

    def allow(self, count):
        """The controller takes so many bytes more."""
        with self._changed:
            if self._window is not None:
                self._window += count
            self._wake()

    def cancel(self):
        """Nobody waits for the answer any more."""
        with self._changed:
            self._is_cancelled = True
            self._wake()

    def _wake(self):
        self._changed.notify_all()
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def send_all(self, pieces):
        """Sends what a generator yields, in this thread."""
        try:
            for piece in pieces:
                for data in self._split(piece):
                    while data:
                        self._look()
                        data = self._send_some(data)
                        if data:
                            self._wait()
                self._look()
        finally:
            pieces.close()

    async def send_all_async(self, pieces):
        """The same in the event loop, of either kind of generator."""
        import asyncio
        if isinstance(pieces, types.GeneratorType):
            pieces = as_async(pieces)
        try:
            async for piece in pieces:
                for data in self._split(piece):
                    while data:
                        data = self._send_some(data)
                        if data:
                            self._future = asyncio.get_running_loop().create_future()
                            await self._future
                await asyncio.sleep(0)  # other calls have their turn, and CANCEL can be read
        finally:
            await pieces.aclose()

    def complete(self, settle):
        """All was yielded. @param settle ends a call: of its call, kind of frame, header, body"""
        if self._window is None:
            settle(self._call, RESULT, self._call.answer_header(after=self._head()), b''.join(self._whole))
            return
        if not self.has_begun:
            self._send(b'')
        settle(self._call, END, self._call.answer_header(), b'')

    def _split(self, piece):
        """The pieces that go out of one that was yielded; none when it is kept."""
        data = to_bytes(piece)
        if not self.has_begun:
            self._is_text = isinstance(piece, str)
        if self._window is None:
            self._keep(data)
        elif not data and not self.has_begun:
            self._send(b'')  # tells the client that there is something to wait for
        else:
            for at in range(0, len(data), PIECE_BYTES):
                yield data[at:at + PIECE_BYTES]

    def _keep(self, data):
        self._whole_bytes += len(data)
        if self._whole_bytes > RESULT_BYTES_MAX:
            text = f'Response payload size exceeded maximum allowed payload size ({RESULT_BYTES_MAX} bytes); a streamed answer may be larger.'
            raise Failure('Function.ResponseSizeTooLarge', text)
        self._whole.append(data)
        self.has_begun = True

    def _send_some(self, data):
        """@returns what is left: the controller does not take it yet"""
        with self._changed:
            count = min(len(data), self._window)
            self._window -= count
        if count:
            self._send(data[:count])
        return data[count:]

    def _send(self, data):
        header = '{"nonce":"%s"%s}' % (self._call.header['nonce'], '' if self.has_begun else self._head())
        self.has_begun = True
        with self._wire.lock:
            if self._is_current(self._call):
                self._wire.send(CHUNK, self._call.stream, header, data)

    def _head(self):
        """Members of the header of an answer's first frame, as JSON."""
        content_type, http = self._call.head or (None, None)
        content_type = content_type or ('text/plain; charset=utf-8' if self._is_text else 'application/octet-stream')
        more = ',"http":' + encode_ascii(http) if http else ''
        if len(more) > HEAD_BYTES_MAX:
            raise Failure('Runtime.MarshalError', f'What start_response was given is over {HEAD_BYTES_MAX} bytes.')
        return ',"contentType":%s%s' % (encode_ascii(content_type), more)

    def _look(self):
        """Reads what has come, where nobody else does; raises when the call was cancelled."""
        while self._poll is not None and not self._is_cancelled and (self._wire.is_behind() or self._poll.poll(0)):
            self._read()
        if self._is_cancelled:
            raise Failure('CancelledError', 'The call was cancelled: nobody waits for its answer any more.')

    def _wait(self):
        if self._poll is not None:
            return self._read()
        with self._changed:
            while self._window == 0 and not self._is_cancelled:
                self._changed.wait()

    def _read(self):
        if not self._wire.read():
            self._is_cancelled = True  # no connection: nobody who waits


async def as_async(pieces):
    try:
        for piece in pieces:
            yield piece
    finally:
        pieces.close()


def to_bytes(piece):
    if isinstance(piece, str):
        return piece.encode('utf-8', 'surrogatepass')
    if isinstance(piece, (bytes, bytearray, memoryview)):
        return bytes(piece)
    raise Failure('Runtime.MarshalError', f'A streamed answer is made of str and bytes, not of {type(piece).__name__}: yield json.dumps(…) for JSON.')
