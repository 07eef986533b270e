<?php

declare(strict_types=1);

namespace EasyFaaS;

/** An error that the platform and not the user's code names. */
final class Failure extends \Exception
{
    public function __construct(public readonly string $errorType, string $message, public readonly array $trace = [])
    {
        parent::__construct($message);
    }
}

const MESSAGE_BYTES = 16 * 1024;
const TRACE_LINES = 40;
const TRACE_LINE_BYTES = 1000;

/** Finds and loads the user's handler. @param string $spec such as `index.handler` or `src/app.App\handler` */
function loadHandler(string $spec, string $root): callable
{
    if (!preg_match('#^((?:[^/]+/)*[^/.]+)\.([^/.]+)$#', $spec, $match) || str_contains($spec, '..')) {
        throw new Failure('Runtime.MalformedHandlerName', "Bad handler '$spec': write file.function");
    }
    $path = "$root/$match[1].php";
    if (!is_file($path)) {
        throw new Failure('Runtime.ImportModuleError', "There is no file $match[1].php in the package.");
    }
    try {
        $returned = (static fn () => require $path)();
    } catch (\ParseError $error) {
        throw new Failure('Runtime.UserCodeSyntaxError', $error->getMessage(), ["{$error->getFile()}:{$error->getLine()}"]);
    } catch (\Error $error) {
        if (!str_starts_with($error->getMessage(), 'Failed opening required')) {
            throw $error;
        }
        throw new Failure('Runtime.ImportModuleError', $error->getMessage(), userTrace($error));
    }
    // A function of the file, or a member of the array that it returns.
    $handler = is_array($returned) ? $returned[$match[2]] ?? null : $match[2];
    if (!is_callable($handler)) {
        throw new Failure('Runtime.HandlerNotFound', "$match[1].php has no function $match[2], nor returns an array with a callable of that name.");
    }
    return $handler;
}

/** Whatever was thrown, as a small array. */
function describe(\Throwable $error): array
{
    $isOwn = $error instanceof Failure;
    $type = $isOwn ? $error->errorType : $error::class;
    $trace = $isOwn ? $error->trace : userTrace($error);
    return ['errorType' => substr($type, 0, 200), 'errorMessage' => substr($error->getMessage(), 0, MESSAGE_BYTES), 'stackTrace' => $trace];
}

/** @return list<string> */
function userTrace(\Throwable $error): array
{
    $frames = [['file' => $error->getFile(), 'line' => $error->getLine()], ...$error->getTrace()];
    $lines = [];
    foreach ($frames as $index => $frame) {
        $file = $frame['file'] ?? '';
        if ($file !== '' && !str_starts_with($file, __DIR__ . '/bootstrap')) {
            $callee = $frames[$index + 1]['function'] ?? '';
            $lines[] = substr("$file:{$frame['line']}" . (str_contains($callee, '{closure}') || $callee === '' ? '' : " in $callee"), 0, TRACE_LINE_BYTES);
        }
    }
    return array_slice($lines, 0, TRACE_LINES);
}

/** JSON of what is sent of an error; text that is no UTF-8 does not stop it. */
function errorJson(array $described): string
{
    return json_encode($described, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
}
