"""Takes over what a handler prints and sends it with the call that printed it, in order with the call's answer."""
import io
import os
import sys

LOG = 10
BYTES_PER_CALL = 1024 * 1024
FRAME_BYTES = 60 * 1024  # the cap of a LOG frame is 64 KiB
PARTIAL_LINE_CHARS = 8192


class Meter:
    """What is logged to: a call, or with stream 0 what belongs to none."""

    def __init__(self, stream, request_id):
        self.stream, self.request_id = stream, request_id
        self.refill()
        self.cut_bytes, self.partial = 0, {}

    def refill(self):
        self.log_left = BYTES_PER_CALL


class Logs:
    def __init__(self, wire, meter_now):
        self._wire, self._meter_now = wire, meter_now

    def write(self, fd, text):
        """Sends complete lines; the rest of a line waits for its end, a flush, or the end of its call."""
        meter = self._meter_now()
        text = meter.partial.pop(fd, '') + text
        end = len(text) if len(text) > PARTIAL_LINE_CHARS else text.rfind('\n') + 1
        if end < len(text):
            meter.partial[fd] = text[end:]
        if end:
            self._send(meter, fd, text[:end])

    def flush(self, fd, meter=None):
        meter = meter or self._meter_now()
        text = meter.partial.pop(fd, '')
        if text:
            self._send(meter, fd, text)

    def finish(self, meter):
        """Before the answer of a call: what is left of its lines, and how much was cut."""
        if meter.partial:
            self.flush(1, meter)
            self.flush(2, meter)
        if meter.cut_bytes:
            line = f'[easyfaas] log cut: {meter.cut_bytes} bytes over the limit of {BYTES_PER_CALL} per call\n'
            self._wire.send(LOG, meter.stream, '{"fd":2,"truncatedBytes":%d}' % meter.cut_bytes, line.encode())
            meter.cut_bytes = 0

    def say(self, meter, words):
        """A line of the platform's own, after all that the call has printed."""
        self.finish(meter)
        self._send(meter, 2, f'[easyfaas] {words}\n')

    def _send(self, meter, fd, text):
        data = text.encode('utf-8', 'replace')
        kept = min(len(data), meter.log_left)
        meter.log_left -= kept
        meter.cut_bytes += len(data) - kept
        at = 0
        while at < kept:
            end = min(at + FRAME_BYTES, kept)
            while end < kept and data[end] & 0xC0 == 0x80:
                end -= 1  # not inside a character
            self._wire.send(LOG, meter.stream, '{"fd":%d}' % fd, data[at:end])
            at = end

    def take_over_output(self):
        sys.stdout, sys.stderr = TextOutput(self, 1), TextOutput(self, 2)
        os.register_at_fork(after_in_child=give_back_output)


def give_back_output():
    """A forked child has no connection: what it prints goes to the real descriptors and from there to the runner."""
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


class BinaryOutput(io.RawIOBase):
    """`sys.stdout.buffer`."""

    def __init__(self, logs, fd):
        self._logs, self._fd = logs, fd

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self._logs.write(self._fd, data.decode('utf-8', 'replace'))
        return len(data)

    def flush(self):
        self._logs.flush(self._fd)


class TextOutput(io.TextIOBase):
    """`sys.stdout` and `sys.stderr`; `fileno` is the real one, for child processes, whose output has no call."""

    encoding, errors, name = 'utf-8', 'replace', '<easyfaas>'

    def __init__(self, logs, fd):
        self._logs, self._fd = logs, fd
        self.buffer = BinaryOutput(logs, fd)

    def writable(self):
        return True

    def fileno(self):
        return self._fd

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f'write() argument must be str, not {type(text).__name__}')
        self._logs.write(self._fd, text)
        return len(text)

    def flush(self):
        self._logs.flush(self._fd)
