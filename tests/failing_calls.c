/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program of whose system calls one fails.
 * Usage: failing_calls KIND N COUNTS PROGRAM ARGUMENT...
 * Of the calls of that kind (a line of kinds[]) the one of number N fails; 0: none does.  The file COUNTS
 * gets how many there were of each kind.  Exit status: that of the program, 128 and the signal that has
 * ended it, or 99. */
#include "asked_calls.h"

#include <errno.h>
#include <fcntl.h>

/* What a call must be about to count. */
enum object {
    ANYTHING,
    DATA,   /* a file, not one of the system's, nor standard error */
    PIPE,   /* a pipe or a socket */
    MAKING, /* a file that is made if it is not there */
};

static const struct kind {
    const char *name;
    enum object object;
    int error;
    int calls[6]; /* up to 0, which is read(2) in places but the first */
} kinds[] = {
    {"read", DATA, EIO, {SYS_read, SYS_pread64, SYS_readv, SYS_preadv}},
    {"write", DATA, ENOSPC, {SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_ftruncate}},
    {"receive", PIPE, EIO, {SYS_read, SYS_readv}},
    {"send", PIPE, EIO, {SYS_write, SYS_writev}},
    {"sync", ANYTHING, EIO, {SYS_fsync, SYS_fdatasync}},
    {"rename",
     ANYTHING,
     EIO,
     {SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat,
#ifdef SYS_rename
      SYS_rename, SYS_link
#endif
     }},
    {"make",
     MAKING,
     ENOSPC,
     {SYS_openat, SYS_mkdirat, SYS_memfd_create,
#ifdef SYS_mkdir
      SYS_mkdir, SYS_open
#endif
     }},
    {"start",
     ANYTHING,
     EAGAIN,
     {SYS_pipe2, SYS_clone,
#ifdef SYS_fork
      SYS_fork, SYS_vfork
#endif
     }},
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])
#define N_CALLS (sizeof kinds->calls / sizeof kinds->calls[0])

static void descriptor_path(unsigned process, int descriptor, char path[4096])
{
    char name[32];
    snprintf(name, sizeof name, "fd/%d", descriptor);
    asked_link(process, name, path);
}

static bool is_about(const struct seccomp_data *call, unsigned process, enum object object)
{
    static const char *const systems[] = {"/usr/", "/lib", "/etc/", "/proc/", "/sys/", "/dev/"};
    char path[4096];
    switch (object) {
    case ANYTHING:
        return true;
    case MAKING:
#ifdef SYS_open
        if (call->nr == SYS_open)
            return call->args[1] & O_CREAT;
#endif
        return call->nr != SYS_openat || call->args[2] & O_CREAT;
    case PIPE:
        descriptor_path(process, (int)call->args[0], path);
        return asked_begins(path, "pipe:") || asked_begins(path, "socket:");
    case DATA:
        descriptor_path(process, (int)call->args[0], path);
        for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
            if (asked_begins(path, systems[i]))
                return asked_begins(path, "/dev/shm/");
        return path[0] == '/' && call->args[0] != STDERR_FILENO;
    }
    return false;
}

static bool is_kind(const struct kind *kind, const struct seccomp_data *call, unsigned process)
{
    for (size_t i = 0; i < N_CALLS && (i == 0 || kind->calls[i] != 0); i++)
        if (kind->calls[i] == call->nr)
            return is_about(call, process, kind->object);
    return false;
}

struct counting {
    const char *kind; /* of the call that fails */
    long n;           /* its number */
    long counts[N_KINDS];
};

static int answer(void *data, unsigned process, const struct seccomp_data *call)
{
    struct counting *c = data;
    int error = 0;
    for (size_t k = 0; k < N_KINDS; k++)
        if (is_kind(&kinds[k], call, process) && ++c->counts[k] == c->n &&
            strcmp(kinds[k].name, c->kind) == 0)
            error = kinds[k].error;
    return error;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 99;
    struct counting c = {argv[1], strtol(argv[2], NULL, 10), {0}};
    struct asked a = {.answer = answer, .data = &c};
    for (size_t k = 0; k < N_KINDS; k++)
        for (size_t i = 0; i < N_CALLS && (i == 0 || kinds[k].calls[i] != 0); i++)
            a.calls[a.n++] = kinds[k].calls[i];
    const int status = asked_run(&a, argv + 4);
    FILE *out = fopen(argv[3], "w");
    if (!out)
        asked_die(argv[3]);
    for (size_t k = 0; k < N_KINDS; k++)
        fprintf(out, "%s %ld\n", kinds[k].name, c.counts[k]);
    if (fclose(out) != 0)
        asked_die(argv[3]);
    return status;
}
