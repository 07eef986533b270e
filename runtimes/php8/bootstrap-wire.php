<?php

declare(strict_types=1);

namespace EasyFaaS;

/** The runtime's end of the controller's connection: frames in, frames out, dialling anew (docs/protocol.md). */
final class Wire
{
    private const PREFIX_BYTES = 11; // u32 length | u8 type | u32 stream | u16 header length
    private const READ_BYTES = 256 * 1024;
    private const RETRY_S_MIN = 0.01;
    private const RETRY_S_MAX = 1.0;
    private const STABLE_S = 1.0; // a connection that lived this long was a good one: the back-off starts anew
    private const UPGRADE = "GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n";

    private ?\Socket $socket = null;
    private float $delay = self::RETRY_S_MIN;
    private float $attachedAt = INF;
    private string $buffer = '';
    private int $wanted = self::PREFIX_BYTES;
    private readonly int $pid;

    /** @param \Closure(int, int, \stdClass, string): void $onFrame gets type, stream, header and body */
    public function __construct(private readonly string $path, private readonly \Closure $onAttached, private readonly \Closure $onFrame)
    {
        $this->pid = posix_getpid();
    }

    /** A forked child must neither answer for its parent nor steal its frames. */
    public function isForked(): bool
    {
        return posix_getpid() !== $this->pid;
    }

    /** Sends one frame; without a connection it is dropped, as the calls of a lost connection have no one who waits. */
    public function send(int $type, int $stream, array|\stdClass $header, string $body = ''): void
    {
        if ($this->socket === null || $this->isForked()) {
            return;
        }
        $head = json_encode($header, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES);
        $frame = pack('NCNn', 7 + strlen($head) + strlen($body), $type, $stream, strlen($head)) . $head . $body;
        for ($at = 0; $at < strlen($frame); $at += $sent) {
            $sent = @socket_send($this->socket, $at === 0 ? $frame : substr($frame, $at), strlen($frame) - $at, MSG_NOSIGNAL);
            if ($sent === false) {
                if (socket_last_error($this->socket) !== SOCKET_EINTR) {
                    $this->socket = null; // serve() dials again
                    return;
                }
                $sent = 0;
            }
        }
    }

    /** Handles frames for ever; dials until a controller answers, and again when it has gone. */
    public function serve(): never
    {
        while (true) {
            $this->dial();
            while ($this->socket !== null && ($data = $this->receive()) !== '') {
                $this->decode($data);
            }
            $this->socket = null;
            if (microtime(true) - $this->attachedAt > self::STABLE_S) {
                $this->delay = self::RETRY_S_MIN;
            }
        }
    }

    private function dial(): void
    {
        while (true) {
            $socket = socket_create(AF_UNIX, SOCK_STREAM, 0);
            if (@socket_connect($socket, $this->path) && socket_send($socket, self::UPGRADE, strlen(self::UPGRADE), MSG_NOSIGNAL)) {
                for ($head = ''; !str_ends_with($head, "\r\n\r\n") && @socket_recv($socket, $byte, 1, 0) === 1;) {
                    $head .= $byte; // exactly: frames may follow at once
                }
                if (str_starts_with($head, 'HTTP/1.1 101 ') && str_ends_with($head, "\r\n\r\n")) {
                    break;
                }
            }
            usleep((int) ($this->delay * 1e6));
            $this->delay = min(self::RETRY_S_MAX, $this->delay * 2);
        }
        $this->socket = $socket;
        $this->attachedAt = microtime(true);
        $this->buffer = '';
        $this->wanted = self::PREFIX_BYTES;
        ($this->onAttached)();
    }

    /** Waits for bytes. @return string empty at the end of the connection */
    private function receive(): string
    {
        do {
            $count = @socket_recv($this->socket, $data, self::READ_BYTES, 0);
        } while ($count === false && socket_last_error($this->socket) === SOCKET_EINTR); // a signal: its handler has run
        return $count > 0 ? $data : '';
    }

    private function decode(string $data): void
    {
        $this->buffer .= $data;
        while (strlen($this->buffer) >= $this->wanted) {
            $prefix = unpack('Nlength/Ctype/Nstream/nheader', $this->buffer);
            $this->wanted = 4 + $prefix['length'];
            if (strlen($this->buffer) < $this->wanted) {
                return;
            }
            $bodyStart = self::PREFIX_BYTES + $prefix['header'];
            $header = json_decode(substr($this->buffer, self::PREFIX_BYTES, $prefix['header']));
            $body = substr($this->buffer, $bodyStart, $this->wanted - $bodyStart);
            $this->buffer = substr($this->buffer, $this->wanted);
            $this->wanted = self::PREFIX_BYTES;
            ($this->onFrame)($prefix['type'], $prefix['stream'], $header, $body);
            if ($this->socket === null) {
                return;
            }
        }
    }
}
