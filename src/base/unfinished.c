/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/unfinished.h"

#include "base/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LETTERS "XXXXXX" /* of mkstemp(3) */
#define N_LETTERS (sizeof LETTERS - 1)
/* Who makes or removes one locks the folder above it for some microseconds: a file that is made and not yet
 * locked must not be taken for one that was left. */
#define TRIES 100
#define TRY_NS 2000000

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The folder above, locked; -1: it cannot be, and nothing is removed. */
static int lock_above(const char *prefix)
{
    const char *name = last_part(prefix);
    char *above =
        name > prefix ? memory_string_n(prefix, (size_t)(name - prefix)) : memory_string(".");
    const int folder = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(above);
    for (int i = 0; i < TRIES && folder >= 0; i++) {
        if (flock(folder, LOCK_EX | LOCK_NB) == 0)
            return folder;
        nanosleep(&(struct timespec){0, TRY_NS}, NULL);
    }
    if (folder >= 0)
        close(folder);
    return -1;
}

static bool is_of(const char *entry, const char *name, const char *ending)
{
    const size_t n = strlen(name);
    if (strncmp(entry, name, n) != 0 || strlen(entry) != n + N_LETTERS + strlen(ending))
        return false;
    for (size_t i = 0; i < N_LETTERS; i++)
        if (!isalnum((unsigned char)entry[n + i]))
            return false;
    return strcmp(entry + n + N_LETTERS, ending) == 0;
}

/* Files of a folder; what cannot be removed stays. */
static void empty(int folder)
{
    const int copy = dup(folder);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(folder, entry->d_name, 0);
    if (dir)
        closedir(dir);
    else if (copy >= 0)
        close(copy);
}

static void remove_if_left(int above, const char *name)
{
    struct stat info;
    const int file = openat(above, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file >= 0 && fstat(file, &info) == 0 && info.st_uid == geteuid() &&
        (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode)) && flock(file, LOCK_EX | LOCK_NB) == 0) {
        if (S_ISDIR(info.st_mode))
            empty(file);
        unlinkat(above, name, S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0);
    }
    if (file >= 0)
        close(file);
}

static void remove_left(int above, const char *prefix, const char *ending)
{
    const int copy = dup(above);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_of(entry->d_name, last_part(prefix), ending))
            remove_if_left(above, entry->d_name);
    if (dir)
        closedir(dir);
    else if (copy >= 0)
        close(copy);
}

void unfinished_remove(const char *prefix, const char *ending)
{
    const int above = lock_above(prefix);
    if (above < 0)
        return;
    remove_left(above, prefix, ending);
    close(above);
}

int unfinished_lock(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0)
        flock(file, LOCK_SH | LOCK_NB); /* file systems without locks have none to miss */
    return file;
}

static int make(const char *prefix, bool folder, bool clean, char **path)
{
    const int above = lock_above(prefix);
    if (above >= 0 && clean)
        remove_left(above, prefix, "");
    *path = memory_format("%s" LETTERS, prefix);
    int file = folder ? (mkdtemp(*path) ? open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1)
                      : mkostemp(*path, O_CLOEXEC);
    const int e = errno;
    if (file >= 0)
        flock(file, LOCK_SH | LOCK_NB);
    if (above >= 0)
        close(above);
    if (file < 0) {
        free(*path);
        *path = NULL;
        errno = e;
    }
    return file;
}

int unfinished_file(const char *prefix, char **path)
{
    return make(prefix, false, true, path);
}

int unfinished_folder(const char *prefix, char **path)
{
    return make(prefix, true, true, path);
}

int unfinished_scratch(char **path)
{
    static bool cleaned; /* once: there may be many files in TMPDIR */
    const char *base = getenv("TMPDIR");
    char *prefix = memory_format("%s/silverbar-work-", base && *base ? base : "/tmp");
    const int file = make(prefix, true, !cleaned, path);
    cleaned = true;
    free(prefix);
    return file;
}
