"""The runtime's end of the controller's connection: frames in, frames out, dialling anew (docs/protocol.md)."""
import contextlib
import json
import os
import socket
import struct
import threading
import time

PREFIX = struct.Struct('>IBIH')  # bytes that follow the length, type, stream, header bytes
READ_BYTES = 256 * 1024
RETRY_S_MIN, RETRY_S_MAX, STABLE_S = 0.01, 1, 1
UPGRADE = b'GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n'
scan_json = json.JSONDecoder().scan_once


class Wire:
    """Calls `on_attached(generation)` for each new connection and `on_frame(type, stream, header, body)` for each frame."""

    def __init__(self, path, on_attached, on_frame):
        self._path, self._on_attached, self._on_frame = path, on_attached, on_frame
        self._socket = None
        self._data, self._at = b'', 0  # what was received, and how much of it was handled
        self._parts, self._part_bytes, self._wanted = [], 0, PREFIX.size
        self._delay, self._attached_at = RETRY_S_MIN, float('inf')
        self.lock = threading.RLock()
        self.is_forked = False
        os.register_at_fork(after_in_child=self._after_fork)

    def send(self, kind, stream, header, body=b''):
        """Sends one frame; without a connection it is dropped, as the calls of a lost connection have no one who waits."""
        header = header.encode()
        frame = PREFIX.pack(7 + len(header) + len(body), kind, stream, len(header)) + header + body
        with self.lock:
            if self._socket is not None:
                try:
                    self._socket.sendall(frame)
                except OSError:
                    self._hang_up()

    def attach(self):
        """Dials until a controller answers, then says hello."""
        while True:
            if time.monotonic() - self._attached_at > STABLE_S:
                self._delay = RETRY_S_MIN
            self._attached_at = float('inf')
            dialled = socket.socket(socket.AF_UNIX)
            try:
                dialled.connect(self._path)
                dialled.sendall(UPGRADE)
                head = b''
                while not head.endswith(b'\r\n\r\n'):  # exactly: frames may follow at once
                    seen = dialled.recv(4096, socket.MSG_PEEK)
                    if not seen:
                        raise ConnectionError('closed before the upgrade was answered')
                    end = (head + seen).find(b'\r\n\r\n')
                    head += dialled.recv(len(seen) if end < 0 else end + 4 - len(head))
                if not head.startswith(b'HTTP/1.1 101 '):
                    raise ConnectionError('the upgrade was refused')
                break
            except OSError:
                dialled.close()
                time.sleep(self._delay)
                self._delay = min(RETRY_S_MAX, self._delay * 2)
        self._attached_at = time.monotonic()
        with self.lock:
            self._socket = dialled
            self._parts, self._part_bytes, self._wanted = [], 0, PREFIX.size
            self._data, self._at = b'', 0
            self._on_attached()

    def fileno(self):
        return self._socket.fileno()

    def close(self):
        dialled, self._socket = self._socket, None
        if dialled is not None:
            dialled.close()

    def _hang_up(self):
        """Makes the reader see the end: only it may close and dial again."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _after_fork(self):
        """A forked child must neither answer for its parent nor steal its frames."""
        self.is_forked, self.lock = True, threading.RLock()
        self.close()

    def is_behind(self):
        return self._at < len(self._data)

    def read(self):
        """Waits for bytes and handles the frames they complete. A frame's handler may call it, too. @returns whether there is still a connection"""
        if self.is_behind():
            self._decode()
            return True
        try:
            data = self._socket.recv(READ_BYTES) if self._socket is not None else b''
        except OSError:
            data = b''
        if data:
            self._receive(data)
        else:
            self.close()
        return bool(data)

    def _receive(self, data):
        if self._parts:
            self._parts.append(data)
            self._part_bytes += len(data)
            if self._part_bytes < self._wanted:
                return
            data = b''.join(self._parts)
            self._parts = []
        self._data, self._at = data, 0
        self._decode()

    def _decode(self):
        """Handles the complete frames of what was received. Whoever handles one may go on reading: then nothing is left here."""
        self._wanted = PREFIX.size
        while True:
            data, at = self._data, self._at
            have = len(data)
            if have - at < PREFIX.size:
                break
            length, kind, stream, header_bytes = PREFIX.unpack_from(data, at)
            end = at + 4 + length
            if end > have:
                self._wanted = 4 + length
                break
            body_start = at + PREFIX.size + header_bytes
            header = scan_json(str(data[at + PREFIX.size:body_start], 'utf-8'), 0)[0]
            self._at = end
            self._on_frame(kind, stream, header, data[body_start:end])
        if at < have:
            self._parts, self._part_bytes = [data[at:]], have - at
        self._data, self._at = b'', 0
