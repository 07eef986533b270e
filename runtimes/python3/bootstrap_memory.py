"""Notices that the kernel ended a process which a handler had started, for want of memory: the handler sees no more than a dead child."""
import resource

FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']  # of control groups version 2 and 1
getrusage, RUSAGE_CHILDREN = resource.getrusage, resource.RUSAGE_CHILDREN


def count_kills():
    """Processes of this container that were ended so far; 0 where nobody counts them."""
    for path in FILES:
        try:
            with open(path, 'rb') as file:
                for line in file:
                    if line.startswith(b'oom_kill '):
                        return int(line[9:])
        except OSError:
            continue  # the other version, or none
    return 0


known = count_kills()


def has_new_kills(is_failure):
    """Whether there were any since this was asked last. Looks only where there may have been: a call failed, or has had children."""
    global known
    if not is_failure and not getrusage(RUSAGE_CHILDREN).ru_maxrss:
        return False
    before, known = known, count_kills()
    return known > before
