/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/spice/confine.h"

#include <linux/landlock.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool confine_kernel_can(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

static void (*tell)(const char *text);
static atomic_flag *told; /* of this process and all that come from it */

void confine_on_absence(void (*handler)(const char *text))
{
    void *page =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    told = page == MAP_FAILED ? NULL : page; /* zeroes: the flag is clear */
    tell = handler;
}

bool confine_tell(void)
{
    const bool can = confine_kernel_can();
    if (!can && tell && (!told || !atomic_flag_test_and_set(told)))
        tell(
            "this kernel has no Landlock: ngspice's workers are held by the screen of netlists and "
            "by filters of system calls only, and code models are refused");
    return can;
}

/* Landlock (Linux 5.13, landlock(7)): a ruleset that handles all rights of its first version and
 * grants none. */
bool confine_files(void)
{
    const struct landlock_ruleset_attr rules = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM};
    const long set = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (set < 0)
        return false;
    const bool done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                      syscall(SYS_landlock_restrict_self, (int)set, 0) == 0;
    close((int)set);
    return done;
}

/* Lower the limit to at most this; one that is lower already stays. */
static void limit(int resource, rlim_t most)
{
    struct rlimit now;
    if (getrlimit(resource, &now) == 0 && (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > most))
        setrlimit(resource, &(struct rlimit){most, most});
}

void confine_sizes(void)
{
    limit(RLIMIT_FSIZE, 0);
    const long page = sysconf(_SC_PAGESIZE), pages = sysconf(_SC_PHYS_PAGES);
    unsigned long mapped = 0; /* pages; proc(5) */
    FILE *in = fopen("/proc/self/statm", "re");
    if (in && fscanf(in, "%lu", &mapped) == 1 && page > 0 && pages > 0 && !SANITIZED)
        limit(RLIMIT_AS, (rlim_t)page * ((rlim_t)mapped + (rlim_t)pages / 4 * 3));
    if (in)
        fclose(in);
}

/* Close the descriptors from `from` to `to` - 1. */
static void close_between(int from, unsigned to)
{
    from = from > STDERR_FILENO ? from : STDERR_FILENO + 1;
    if ((unsigned)from < to)
        close_range((unsigned)from, to - 1, 0);
}

bool confine_descriptors(int keep, int keep_too)
{
    const int low = keep < keep_too ? keep : keep_too, high = keep < keep_too ? keep_too : keep;
    /* a program that was started without standard input may have a pipe in its place */
    if ((low > STDIN_FILENO && !freopen("/dev/null", "r", stdin)) ||
        !freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        return false;
    close_between(0, (unsigned)low);
    close_between(low + 1, (unsigned)high);
    close_between(high + 1, ~0u);
    return true;
}
