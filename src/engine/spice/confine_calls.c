/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters of system calls (seccomp(2)), written as programs of the kernel's small machine: an
 * instruction loads a field of struct seccomp_data, compares it, and jumps over the next ones. */
#include "engine/spice/confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers of calls differ between architectures: of another one than this the filter knows none. */
#if defined __x86_64__ && !defined __ILP32__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__ && defined __AARCH64EL__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE(number) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)(number))
/* If the loaded number is this one, go on with the next instruction, else jump over `over`. */
#define IF(number, over) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, over)
#define MAY(number) IF(number, 1), ALLOW

static bool install(const struct sock_fprog *program)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) == 0;
}

/* The filter makes the call fail with error `id`, which the kernel returns as -id.  getpid(2) has no errors,
 * so the C library passes -id on as the process number. */
bool confine_process_id(int id)
{
    struct sock_filter filter[] = {LOAD(nr), IF(SYS_getpid, 1), REFUSE(id), ALLOW};
    return install(&(struct sock_fprog){sizeof filter / sizeof *filter, filter}) && getpid() == -id;
}

/* What may be called is listed, with what is called most at the beginning: nothing that opens, makes or
 * names a file, starts a program, reaches another process or a network.  A call that is not listed
 * does not exist (ENOSYS), so that the C library takes an older one where it can: clone(2) for
 * clone3(2), whose flags a filter cannot see. */
bool confine_calls(void)
{
#ifdef ARCHITECTURE
    /* clang-format off */
    struct sock_filter filter[] = {
        LOAD(arch), IF(ARCHITECTURE, 1), BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), REFUSE(ENOSYS),
        LOAD(nr),
        /* the account of time and the pipes */
        MAY(SYS_clock_gettime), MAY(SYS_read), MAY(SYS_write), MAY(SYS_readv), MAY(SYS_writev),
        MAY(SYS_close), MAY(SYS_lseek), MAY(SYS_fstat), MAY(SYS_newfstatat), MAY(SYS_fcntl),
        MAY(SYS_ppoll),
        /* memory */
        MAY(SYS_brk), MAY(SYS_mmap), MAY(SYS_munmap), MAY(SYS_mremap), MAY(SYS_mprotect),
        MAY(SYS_madvise),
        /* threads of OpenMP, no processes */
        MAY(SYS_futex), MAY(SYS_set_robust_list), MAY(SYS_sched_yield),
        MAY(SYS_sched_getaffinity), MAY(SYS_gettid), MAY(SYS_exit), MAY(SYS_exit_group),
#ifdef SYS_rseq
        MAY(SYS_rseq),
#endif
        /* signals to itself: abort(3) */
        MAY(SYS_rt_sigaction), MAY(SYS_rt_sigprocmask), MAY(SYS_rt_sigreturn), MAY(SYS_sigaltstack),
        MAY(SYS_tgkill), MAY(SYS_restart_syscall),
        /* clocks and figures of the machine */
        MAY(SYS_clock_getres), MAY(SYS_gettimeofday), MAY(SYS_clock_nanosleep), MAY(SYS_nanosleep),
        MAY(SYS_getrusage), MAY(SYS_times), MAY(SYS_sysinfo), MAY(SYS_uname), MAY(SYS_getrandom),
        MAY(SYS_getpid), MAY(SYS_getppid), MAY(SYS_getuid), MAY(SYS_geteuid), MAY(SYS_getgid),
        MAY(SYS_getegid), MAY(SYS_getrlimit),
#ifdef SYS_time
        MAY(SYS_time),
#endif
#ifdef SYS_poll
        MAY(SYS_poll),
#endif
        IF(SYS_clone, 4), LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1), ALLOW, REFUSE(EPERM),
        /* its own limits, which cannot rise */
        IF(SYS_prlimit64, 4), LOAD(args[0]), MAY(0), REFUSE(EPERM),
        REFUSE(ENOSYS)};
    /* clang-format on */
    return install(&(struct sock_fprog){sizeof filter / sizeof *filter, filter});
#else
    return false;
#endif
}
