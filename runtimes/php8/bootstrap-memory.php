<?php

declare(strict_types=1);

// Notices that the kernel ended a process which a handler had started, for want of memory: the handler sees no more than a dead child.

namespace EasyFaaS;

/** Of control groups version 2 and 1. */
const KILL_FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'];

/** Whether there were any since this was asked last. Looks only where there may have been: a call failed, or has had children. */
function hasNewKills(bool $isFailure): bool
{
    static $known = 0; // none in a container that has just been started
    if (!$isFailure && cpuMs(1) === 0.0) {
        return false;
    }
    $before = $known;
    $known = countKills();
    return $known > $before;
}

/** Processes of this container that were ended so far; 0 where nobody counts them. */
function countKills(): int
{
    foreach (KILL_FILES as $file) {
        if (preg_match('/^oom_kill (\d+)$/m', (string) @file_get_contents($file), $match)) {
            return (int) $match[1];
        }
    }
    return 0;
}
