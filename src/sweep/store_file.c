/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/store_file.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A byte far from those that SQLite locks: who holds it writes the sweep. */
#define WRITER_BYTE 0x7fffff00

enum status store_file_lock(int descriptor, const char *path, double wait, struct error *error)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = WRITER_BYTE, .l_len = 1};
    const double until = clock_now() + wait;
    while (fcntl(descriptor, F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            break; /* a file system without locks has none to miss */
        if (clock_now() >= until)
            return fail(error, STATUS_INPUT, "%s: another sweep is writing it", path);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return STATUS_OK;
}

void store_file_remove(const char *path)
{
    static const char *const parts[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *name = memory_format("%s%s", path, parts[i]);
        unlink(name);
        free(name);
    }
}
