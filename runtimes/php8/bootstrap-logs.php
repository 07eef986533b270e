<?php

declare(strict_types=1);

namespace EasyFaaS {
    /** Takes over what a handler prints and sends it with the call that printed it, in order with the call's answer. */
    final class Logs
    {
        public const BYTES_PER_CALL = 1024 * 1024;
        private const LOG = 10;
        private const FRAME_BYTES = 60 * 1024; // the cap of a LOG frame is 64 KiB
        public static self $own;

        /** Of the call that runs; 0: of none. */
        private int $stream = 0;
        private int $left = self::BYTES_PER_CALL;
        private int $cutBytes = 0;

        public function __construct(private readonly Wire $wire)
        {
            self::$own = $this;
        }

        /** From now on output belongs to this call. */
        public function begin(int $stream): void
        {
            $this->finish();
            $this->stream = $stream;
            $this->left = self::BYTES_PER_CALL;
        }

        public function write(int $fd, string $text): void
        {
            $kept = min(strlen($text), $this->left);
            $this->left -= $kept;
            $this->cutBytes += strlen($text) - $kept;
            for ($at = 0; $at < $kept; $at = $end) {
                $end = min($at + self::FRAME_BYTES, $kept);
                while ($end < $kept && (ord($text[$end]) & 0xc0) === 0x80) {
                    $end--; // not inside a character
                }
                $this->wire->send(self::LOG, $this->stream, ['fd' => $fd], substr($text, $at, $end - $at));
            }
        }

        /** A line of the platform's own. */
        public function say(string $words): void
        {
            $this->finish();
            $this->wire->send(self::LOG, $this->stream, ['fd' => 2], "[easyfaas] $words\n");
        }

        /** Before the answer of a call: says how much was cut, as its last line. Later output belongs to no call. */
        public function finish(): void
        {
            if ($this->cutBytes > 0) {
                $line = "[easyfaas] log cut: $this->cutBytes bytes over the limit of " . self::BYTES_PER_CALL . " per call\n";
                $this->wire->send(self::LOG, $this->stream, ['fd' => 2, 'truncatedBytes' => $this->cutBytes], $line);
                $this->cutBytes = 0;
            }
        }

        public function takeOverOutput(): void
        {
            $isForked = $this->wire->isForked(...);
            // Each output is passed on at once; user code cannot end this buffer (no flags).
            ob_start(fn (string $data): string => $isForked() ? $data : $this->writeAll($data), 1, 0);
            stream_filter_register('easyfaas', Output::class);
            stream_filter_append(STDOUT, 'easyfaas', STREAM_FILTER_WRITE, [1, $isForked]);
            stream_filter_append(STDERR, 'easyfaas', STREAM_FILTER_WRITE, [2, $isForked]);
        }

        /** What PHP says of warnings and notices, as its command line would. */
        public function onPhpError(int $level, string $message, string $file, int $line): bool
        {
            if (error_reporting() & $level) {
                $this->write(2, 'PHP ' . (self::LEVELS[$level] ?? 'Error') . ":  $message in $file on line $line\n");
            }
            return false;
        }

        private const LEVELS = [
            E_WARNING => 'Warning', E_USER_WARNING => 'Warning', E_NOTICE => 'Notice', E_USER_NOTICE => 'Notice',
            E_DEPRECATED => 'Deprecated', E_USER_DEPRECATED => 'Deprecated',
        ];

        private function writeAll(string $data): string
        {
            $this->write(1, $data);
            return '';
        }
    }

    /** What is written to STDOUT and STDERR. */
    final class Output extends \php_user_filter
    {
        public function filter($in, $out, &$consumed, bool $closing): int
        {
            [$fd, $isForked] = $this->params;
            while ($bucket = stream_bucket_make_writeable($in)) {
                $consumed += $bucket->datalen;
                if ($isForked()) {
                    stream_bucket_append($out, $bucket);
                } else {
                    Logs::$own->write($fd, $bucket->data);
                }
            }
            return $isForked() ? PSFS_PASS_ON : PSFS_FEED_ME;
        }
    }
}

namespace {
    /** In place of PHP's own, which writes past everything to descriptor 2. */
    function error_log(string $message, int $message_type = 0, ?string $destination = null, ?string $additional_headers = null): bool
    {
        if ($message_type === 3) {
            return file_put_contents((string) $destination, $message, FILE_APPEND) !== false;
        }
        fwrite(STDERR, "$message\n");
        return true;
    }
}
