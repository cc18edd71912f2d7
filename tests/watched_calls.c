/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program and tells which programs it runs, which files it opens, makes or removes, and which
 * sockets it connects, with all processes that it starts.
 * Usage: watched_calls LOG PROGRAM ARGUMENT...
 * The file LOG gets a line for each such call that no filter of the program itself refuses: `run', `read',
 * `write' or `connect' and the path, without symbolic links and without the kernel's answer. */
#include "asked_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>

/* Which arguments say what: -1 none. */
static const struct call {
    int number;
    signed char folder, path, flags;
    const char *does;
} table[] = {
    {SYS_execve, -1, 0, -1, "run"},
    {SYS_execveat, 0, 1, -1, "run"},
    {SYS_openat, 0, 1, 2, "read"},
    {SYS_openat2, 0, 1, -1, "write"}, /* its flags are in memory, and nobody needs it */
    {SYS_mkdirat, 0, 1, -1, "write"},
    {SYS_mknodat, 0, 1, -1, "write"},
    {SYS_unlinkat, 0, 1, -1, "write"},
    {SYS_linkat, 2, 3, -1, "write"},
    {SYS_symlinkat, 1, 2, -1, "write"},
    {SYS_renameat2, 2, 3, -1, "write"},
    {SYS_truncate, -1, 0, -1, "write"},
    {SYS_connect, -1, -1, -1, "connect"},
    {SYS_bind, -1, -1, -1, "connect"},
    {SYS_sendto, -1, -1, -1, "connect"},
#ifdef SYS_open
    {SYS_open, -1, 0, 1, "read"},
    {SYS_creat, -1, 0, -1, "write"},
    {SYS_mkdir, -1, 0, -1, "write"},
    {SYS_mknod, -1, 0, -1, "write"},
    {SYS_unlink, -1, 0, -1, "write"},
    {SYS_rmdir, -1, 0, -1, "write"},
    {SYS_link, -1, 1, -1, "write"},
    {SYS_symlink, -1, 1, -1, "write"},
    {SYS_rename, -1, 1, -1, "write"},
    {SYS_renameat, 2, 3, -1, "write"},
#endif
};
#define N_CALLS (sizeof table / sizeof table[0])

/* A text of another process. */
static void get_text(unsigned process, uint64_t address, char text[PATH_MAX])
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%u/mem", process);
    const int memory = open(name, O_RDONLY | O_CLOEXEC);
    const ssize_t n = memory < 0 ? 0 : pread(memory, text, PATH_MAX - 1, (off_t)address);
    text[n < 0 ? 0 : n] = 0;
    if (memory >= 0)
        close(memory);
}

/* Without symbolic links, as far as it is there. */
static void resolve(char path[2 * PATH_MAX])
{
    char *real = realpath(path, NULL), *slash = strrchr(path, '/');
    if (!real && slash && slash > path) {
        *slash = 0;
        char *folder = realpath(path, NULL), all[2 * PATH_MAX];
        *slash = '/';
        snprintf(all, sizeof all, "%s%s", folder ? folder : "", folder ? slash : path);
        strcpy(path, all);
        free(folder);
    }
    if (real)
        strcpy(path, real);
    free(real);
}

static int answer(void *data, unsigned process, const struct seccomp_data *call)
{
    FILE *log = data;
    const struct call *c = table;
    while (c->number != call->nr)
        c++;
    char text[PATH_MAX] = "", folder[PATH_MAX] = "", path[2 * PATH_MAX], name[32] = "cwd";
    if (c->path >= 0)
        get_text(process, call->args[c->path], text);
    if (c->folder >= 0 && (int)call->args[c->folder] != AT_FDCWD)
        snprintf(name, sizeof name, "fd/%d", (int)call->args[c->folder]);
    if (text[0] != '/')
        asked_link(process, name, folder);
    snprintf(path, sizeof path, "%s%s%s", folder, text[0] == '/' || !text[0] ? "" : "/", text);
    resolve(path);
    const bool writes = c->flags >= 0 && call->args[c->flags] & (O_WRONLY | O_RDWR | O_CREAT);
    fprintf(log, "%s %s\n", writes ? "write" : c->does, path);
    return 0;
}

int main(int argc, char **argv)
{
    FILE *log = argc < 3 ? NULL : fopen(argv[1], "we");
    if (!log)
        return 99;
    struct asked a = {.answer = answer, .data = log};
    for (size_t i = 0; i < N_CALLS; i++)
        a.calls[a.n++] = table[i].number;
    const int status = asked_run(&a, argv + 2);
    return fclose(log) == 0 ? status : 99;
}
