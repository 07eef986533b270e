"""Threads for plain handlers where several calls may be in flight: as many as were ever needed at once, never ended."""
import queue
import threading


class Threads:
    def __init__(self, target):
        self._target, self._work, self._idle = target, queue.SimpleQueue(), threading.Semaphore(0)

    def run(self, *args):
        """Calls `target(*args)`, which must not raise, in a thread that is idle or a new one."""
        self._work.put(args)
        if not self._idle.acquire(blocking=False):
            threading.Thread(target=self._work_forever, daemon=True).start()

    def _work_forever(self):
        while True:
            self._target(*self._work.get())
            self._idle.release()
