<?php

declare(strict_types=1);

// The runtime process of php8: dials out to the controller, loads the user's handler, runs calls (docs/protocol.md).

namespace EasyFaaS;

require __DIR__ . '/bootstrap-wire.php';
require __DIR__ . '/bootstrap-logs.php';
require __DIR__ . '/bootstrap-handler.php';
require __DIR__ . '/bootstrap-call.php';
require __DIR__ . '/bootstrap-memory.php';

final class Bootstrap
{
    private const HELLO = 1, INIT = 2, INIT_DONE = 3, INIT_ERROR = 4, INVOKE = 5, RESULT = 6, ERROR = 7, PING = 14, PONG = 15, UPDATE = 18;
    private const FATAL = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;
    private const LAYER_FOLDER = '/opt/php';

    private readonly Wire $wire;
    private readonly Logs $logs;
    private readonly string $token;
    private ?\stdClass $config = null; // header of INIT
    private mixed $handler = null;
    /** The call in flight: stream, nonce, processor time before it; null while there is none. */
    private ?array $call = null;
    private bool $isLoading = false;
    /** In force while user code runs, which may set another. */
    private mixed $errorHandler;

    public function __construct()
    {
        $this->token = (string) getenv('EASYFAAS_TOKEN');
        $socket = getenv('EASYFAAS_SOCKET') ?: '/run/easyfaas/controller.sock';
        foreach (['EASYFAAS_TOKEN', 'EASYFAAS_SOCKET'] as $name) {
            putenv($name);
            unset($_ENV[$name], $_SERVER[$name]);
        }
        $this->wire = new Wire($socket, $this->onAttached(...), $this->onFrame(...));
        $this->logs = new Logs($this->wire);
    }

    public function serve(): never
    {
        $this->logs->takeOverOutput();
        $this->errorHandler = $this->logs->onPhpError(...);
        register_shutdown_function($this->onShutdown(...));
        $this->wire->serve();
    }

    private function onAttached(): void
    {
        $this->call = null; // only a call that runs could be left, and it runs where frames are read
        $hello = ['protocol' => 1, 'role' => 'runtime', 'pid' => getmypid(), 'runtime' => 'php8', 'runtimeVersion' => PHP_VERSION];
        $hello += ['token' => $this->token, 'initialized' => $this->handler !== null, 'inFlight' => 0];
        $this->wire->send(self::HELLO, 0, $hello);
    }

    private function onFrame(int $type, int $stream, \stdClass $header, string $body): void
    {
        match ($type) {
            self::INVOKE => $this->invoke($stream, $header, $body),
            self::INIT => $this->init($header),
            self::PING => $this->wire->send(self::PONG, $stream, new \stdClass()),
            self::UPDATE => $this->config === null ? null : $this->update($header),
            default => null, // CANCEL too: nothing can be told to a handler that runs
        };
    }

    // ---- INIT ----
    private function init(\stdClass $header): void
    {
        if ($this->config !== null) {
            $this->sendInitError(describe(new Failure('Runtime.ProtocolViolation', 'a second INIT')));
            return;
        }
        $startedNs = hrtime(true);
        $this->config = $header;
        $this->isLoading = true;
        try {
            $this->adopt($header);
            $this->handler = $this->inUserCode(fn () => loadHandler($header->handler, $header->taskRoot));
            $this->wire->send(self::INIT_DONE, 0, ['initMs' => round((hrtime(true) - $startedNs) / 1e6, 3)]);
        } catch (\Throwable $error) {
            $this->sendInitError(describe($error));
        }
        $this->isLoading = false;
    }

    private function adopt(\stdClass $header): void
    {
        $this->setVariables($header->env);
        @date_default_timezone_set(ltrim((string) getenv('TZ'), ':') ?: 'UTC');
        chdir($header->taskRoot);
        set_include_path($header->taskRoot . (isset($header->layersRoot) ? PATH_SEPARATOR . self::LAYER_FOLDER : ''));
    }

    private function setVariables(\stdClass $variables): void
    {
        foreach (get_object_vars($variables) as $name => $value) {
            putenv("$name=$value");
            $_ENV[$name] = $_SERVER[$name] = $value;
        }
    }

    private function update(\stdClass $header): void
    {
        $this->config->memoryMb = $header->memoryMb;
        $this->setVariables($header->env);
    }

    private function sendInitError(array $described): void
    {
        $this->wire->send(self::INIT_ERROR, 0, ['errorType' => $described['errorType']], errorJson($described));
    }

    // ---- INVOKE ----
    private function invoke(int $stream, \stdClass $header, string $body): void
    {
        if ($this->handler === null) {
            return; // INIT_ERROR has answered it
        }
        $this->logs->begin($stream);
        $this->call = [$stream, $header->nonce, cpuMs()];
        try {
            $event = readEvent($header->contentType ?? null, $body);
            $context = new Context($header, $this->config);
            [$result, $more] = $this->inUserCode(fn () => marshal(($this->handler)($event, $context)));
            $this->settle(self::RESULT, $more, $result);
        } catch (\Throwable $error) {
            $this->fail(describe($error));
        }
        if ($this->wire->isForked()) {
            exit(0); // a child that the handler forked and let return
        }
    }

    /** What user code does with PHP's errors does not reach the bootstrap's own. */
    private function inUserCode(\Closure $work): mixed
    {
        set_error_handler($this->errorHandler);
        try {
            return $work();
        } finally {
            $this->errorHandler = set_error_handler(null);
        }
    }

    private function fail(array $described): void
    {
        $this->settle(self::ERROR, ['errorType' => $described['errorType']], errorJson($described));
    }

    private function settle(int $type, array $header, string $body): void
    {
        [$stream, $nonce, $cpuBeforeMs] = $this->call;
        while (ob_get_level() > 1) {
            ob_end_flush(); // buffers that the handler left
        }
        if (hasNewKills($type === self::ERROR)) {
            $this->logs->say("the kernel ended a child process: the container ran out of memory ({$this->config->memoryMb} MB)");
        }
        $figures = ['nonce' => $nonce, 'cpuMs' => round(cpuMs() - $cpuBeforeMs, 3), 'maxRssKb' => getrusage()['ru_maxrss']];
        $this->logs->begin(0);
        $this->wire->send($type, $stream, $header + $figures, $body);
        $this->call = null;
    }

    /** The process ends: by `exit` in user code, of which the runner tells, or by an error that nothing can catch. */
    private function onShutdown(): void
    {
        if ($this->wire->isForked()) {
            return;
        }
        $error = error_get_last();
        if ($error !== null && ($error['type'] & self::FATAL)) {
            $trace = ["{$error['file']}:{$error['line']}"];
            $type = str_contains($error['message'], 'Failed opening required') ? 'Runtime.ImportModuleError' : 'FatalError';
            $described = ['errorType' => $type, 'errorMessage' => substr($error['message'], 0, MESSAGE_BYTES), 'stackTrace' => $trace];
            if ($this->call !== null) {
                $this->fail($described);
            } elseif ($this->isLoading) {
                $this->sendInitError($described);
            }
        }
        $this->logs->finish();
    }
}

(new Bootstrap())->serve();
