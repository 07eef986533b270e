<?php

declare(strict_types=1);

namespace EasyFaaS;

const RESULT_BYTES_MAX = 6 * 1024 * 1024;
const JSON_DEPTH = 512;

/** Bytes that are no JSON: an event with another content type, or a result that is sent as it is. */
final class Bytes
{
    public function __construct(public readonly string $data, public readonly string $contentType = 'application/octet-stream')
    {
    }

    public function __toString(): string
    {
        return $this->data;
    }
}

/** What a handler gets as its second argument; the names are AWS Lambda's, besides `requestId`, `traceparent` and `tracestate`. */
final class Context
{
    public readonly string $awsRequestId;
    public readonly string $requestId;
    public readonly string $functionName;
    public readonly string $functionVersion;
    public readonly string $invokedFunctionArn;
    public readonly string $memoryLimitInMB;
    public readonly ?string $traceparent;
    public readonly ?string $tracestate;
    public readonly mixed $clientContext;
    private readonly float $deadlineMs;

    public function __construct(\stdClass $header, \stdClass $config)
    {
        $this->deadlineMs = hrtime(true) / 1e6 + $header->remainingMs;
        $this->awsRequestId = $this->requestId = $header->requestId;
        $this->functionName = $config->functionName;
        $this->functionVersion = $config->functionVersion;
        $this->invokedFunctionArn = $header->functionArn ?? $config->functionArn;
        $this->memoryLimitInMB = (string) $config->memoryMb;
        $this->traceparent = $header->traceparent ?? null;
        $this->tracestate = $header->tracestate ?? null;
        $this->clientContext = isset($header->clientContext) ? parse($header->clientContext, 'the client context') : null;
    }

    public function getRemainingTimeInMillis(): int
    {
        return max(0, (int) ($this->deadlineMs - hrtime(true) / 1e6));
    }
}

function parse(string $text, string $what): mixed
{
    try {
        return json_decode($text, false, JSON_DEPTH, JSON_THROW_ON_ERROR);
    } catch (\JsonException $error) {
        throw new Failure('Runtime.UnmarshalError', "$what is not JSON: {$error->getMessage()}");
    }
}

/** JSON unless the content type says something else; nothing at all is null. */
function readEvent(?string $contentType, string $body): mixed
{
    if ($contentType !== null && !preg_match('#[/+]json\b#i', $contentType)) {
        return new Bytes($body, $contentType);
    }
    return $body === '' ? null : parse($body, 'the event');
}

/** @return array{string, array} the result's bytes, and what its header says more than an error's */
function marshal(mixed $result): array
{
    try {
        $isBytes = $result instanceof Bytes;
        $body = $isBytes ? $result->data : json_encode($result, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    } catch (\Throwable $error) {
        throw new Failure('Runtime.MarshalError', "Unable to marshal response: {$error->getMessage()}");
    }
    if (strlen($body) > RESULT_BYTES_MAX) {
        throw new Failure('Function.ResponseSizeTooLarge', 'Response payload size exceeded maximum allowed payload size (' . RESULT_BYTES_MAX . ' bytes).');
    }
    return [$body, $isBytes ? ['contentType' => $result->contentType] : []];
}

/** Processor time of this process, ms. */
function cpuMs(int $whose = 0): float
{
    $usage = getrusage($whose);
    $seconds = $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'];
    return $seconds * 1000 + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1000;
}
