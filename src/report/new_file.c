/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/new_file.h"

#include "base/memory.h"
#include "base/unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status new_file_begin(const char *path, struct new_file *o, struct error *error)
{
    *o = (struct new_file){.file = stdout, .lock = -1};
    if (!path)
        return STATUS_OK;
    o->path = memory_string(path);
    char *prefix = memory_format("%s.unfinished-", path);
    const int descriptor = unfinished_file(prefix, &o->temporary);
    free(prefix);
    const mode_t mask = umask(0); /* can only be read by setting it */
    umask(mask);
    o->file = NULL;
    if (descriptor >= 0 && fchmod(descriptor, 0666 & ~mask) == 0)
        o->file = fdopen(descriptor, "wb");
    if (o->file) {
        o->lock = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
        return STATUS_OK;
    }
    fail(error, STATUS_INPUT, "%s: cannot be written: %s", path, strerror(errno));
    if (descriptor >= 0) {
        close(descriptor);
        unlink(o->temporary);
    }
    free(o->path);
    free(o->temporary);
    return STATUS_INPUT;
}

enum status new_file_end(struct new_file *o, enum status status, struct error *error)
{
    if (!o->path)
        return status;
    const bool failed = fflush(o->file) != 0 || ferror(o->file);
    if ((fclose(o->file) != 0 || failed) && status == STATUS_OK)
        status = fail(error, STATUS_INPUT, "%s: write error: %s", o->path, strerror(errno));
    if (status == STATUS_OK && rename(o->temporary, o->path) != 0)
        status = fail(error, STATUS_INPUT, "%s: cannot be written: %s", o->path, strerror(errno));
    if (status != STATUS_OK)
        unlink(o->temporary);
    if (o->lock >= 0)
        close(o->lock);
    free(o->path);
    free(o->temporary);
    *o = (struct new_file){.lock = -1};
    return status;
}
