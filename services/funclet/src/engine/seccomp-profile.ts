/**
 * System calls that a function container may make. Everything else answers EPERM, so that a probe can tell a refusal
 * from a kernel without the feature; `clone3` answers ENOSYS, else glibc >= 2.34 does not fall back to `clone`.
 *
 * Against Docker's own profile this leaves out: ptrace and process_vm_*, userfaultfd, io_uring_*, memfd_secret,
 * socketcall, vmsplice, remap_file_pages, fanotify, name_to_handle_at, adjtimex, mknod of devices' companions, all that
 * Docker allows by capability, every address family but the four below, and 32-bit programs.
 */

/** Families that libc and the runtimes need. Netlink: getaddrinfo asks for the interfaces. */
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;

/** CLONE_NEW* flags together: a process or thread may be made, a namespace not. */
const CLONE_NAMESPACES = 0x7e020000;
const ENOSYS = 38;
/** personality(0xffffffff) only asks. */
const PERSONALITY_QUERY = 0xffffffff;

const FILES = `
  access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
  fallocate fchdir fchmod fchmodat fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat
  fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init inotify_init1
  inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat
  mknod mknodat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
  readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink
  symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes write writev`;

const WAITING = `
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
  futex futex_waitv io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit pause poll ppoll pselect6 select
  signalfd signalfd4`;

const MEMORY = `
  brk madvise membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap
  pkey_alloc pkey_free pkey_mprotect`;

const PROCESSES = `
  arch_prctl capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getegid geteuid
  getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid
  ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self modify_ldt pidfd_open
  pidfd_send_signal prctl prlimit64 process_mrelease restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask
  rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max
  sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
  sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp set_robust_list set_thread_area
  set_tid_address setfsgid setfsuid setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid setrlimit
  setsid setuid sigaltstack sysinfo tgkill tkill uname vfork wait4 waitid`;

const TIME = `
  alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create
  timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times`;

const COMMUNICATION = `
  accept accept4 bind connect getpeername getrandom getsockname getsockopt listen mq_getsetattr mq_notify mq_open
  mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg recvmsg semctl semget semop
  semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown socketpair`;

const names = (...groups: string[]): string[] => groups.flatMap((group) => group.trim().split(/\s+/));

const allowed = (name: string, value: number, op = 'SCMP_CMP_EQ') => ({
  names: [name],
  action: 'SCMP_ACT_ALLOW',
  args: [{ index: 0, value, op }],
});

/** In the form of Docker's `--security-opt seccomp=`. It replaces Docker's default profile completely. */
export const SECCOMP_PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  // No sub-architectures: a 32-bit program would see other call numbers.
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
  ],
  syscalls: [
    { names: names(FILES, WAITING, MEMORY, PROCESSES, TIME, COMMUNICATION), action: 'SCMP_ACT_ALLOW', args: [] },
    allowed('socket', AF_UNIX),
    allowed('socket', AF_INET),
    allowed('socket', AF_INET6),
    allowed('socket', AF_NETLINK),
    allowed('personality', 0),
    allowed('personality', PERSONALITY_QUERY),
    allowed('clone', CLONE_NAMESPACES, 'SCMP_CMP_MASKED_EQ'),
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, args: [] },
  ],
} as const;
