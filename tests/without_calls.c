/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program as on a kernel without Landlock, or without filters of system calls beside.
 * Usage: without_calls landlock|both PROGRAM ARGUMENT... */
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define REFUSE(number) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number))
#define IF(number, over) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, over)

int main(int argc, char **argv)
{
    struct sock_filter filter[] = {
        LOAD(nr),       IF(SYS_landlock_create_ruleset, 1),
        REFUSE(ENOSYS), IF(SYS_prctl, 3),
        LOAD(args[0]),  IF(PR_SET_SECCOMP, 1),
        REFUSE(EINVAL), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    if (argc < 3)
        return 99;
    if (strcmp(argv[1], "landlock") == 0)
        filter[3].jf = filter[3].jt = 3; /* prctl(2) as all others */
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("without_calls: seccomp filters");
        return 99;
    }
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 99;
}
