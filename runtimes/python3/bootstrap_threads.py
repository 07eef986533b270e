"""Threads for plain handlers where several calls may be in flight: as many as were ever needed at once, never ended."""
import queue
import threading


class Threads:
    def __init__(self, target):
        self._target, self._work = target, queue.SimpleQueue()
        self._lock, self._count = threading.Lock(), 0
        self._idle = 0  # threads that wait and are not meant to take what is queued already
        self._unserved = 0  # queued without a thread, since the container's limit of processes is reached

    def run(self, *args):
        """Calls `target(*args)`, which must not raise, in a thread that is idle, in a new one, or in the first that comes free."""
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
                return self._work.put(args)
            try:
                threading.Thread(target=self._work_forever, args=args, daemon=True).start()
                self._count += 1
                return None
            except RuntimeError:
                if self._count > 0:
                    self._unserved += 1
                    return self._work.put(args)
        return self._target(*args)  # not one thread can be had

    def _work_forever(self, *args):
        while True:
            self._target(*args)
            with self._lock:
                if self._unserved > 0:
                    self._unserved -= 1
                else:
                    self._idle += 1
            args = self._work.get()
