/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_FILE_LIMIT (16u << 20)

void text_file_free(struct text_file *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->n_lines; i++)
        free(file->lines[i]);
    free(file->lines);
    free(file->text);
    free(file->path);
    free(file);
}

static int line_ends(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void split(struct text_file *f)
{
    size_t capacity = 0;
    for (char *start = f->text; *start;) {
        size_t n = strcspn(start, "\n");
        size_t used = n > 0 && start[n - 1] == '\r' ? n - 1 : n;
        f->lines = memory_grow(f->lines, &capacity, f->n_lines + 1, sizeof *f->lines);
        f->lines[f->n_lines++] = memory_string_n(start, used);
        start += n + (start[n] == '\n');
    }
}

enum status text_file_read(const char *path, struct text_file **file, struct error *error)
{
    *file = NULL;
    struct stat info;
    /* not blocking: a pipe without a writer must not stop the program before it is refused */
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *in = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!in)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    enum status status = STATUS_OK;
    struct text_file *f = NEW(1, struct text_file);
    f->path = memory_string(path);
    if (fstat(fileno(in), &info) != 0 || !S_ISREG(info.st_mode)) {
        status = fail(error, STATUS_INPUT, "%s: not a regular file", path);
    } else if ((uintmax_t)info.st_size > TEXT_FILE_LIMIT) {
        status = fail(error, STATUS_INPUT, "%s: %jd bytes, expected at most %u", path,
                      (intmax_t)info.st_size, TEXT_FILE_LIMIT);
    } else {
        f->text = memory_new((size_t)info.st_size + 1, 1);
        f->size = fread(f->text, 1, (size_t)info.st_size, in);
        if (ferror(in))
            status = fail(error, STATUS_INPUT, "%s: read error: %s", path, strerror(errno));
        else if (memchr(f->text, 0, f->size))
            status = fail_at(error, path, 1 + line_ends(f->text),
                             "has a NUL byte 0x00, expected a text file");
    }
    fclose(in);
    if (status != STATUS_OK) {
        text_file_free(f);
        return status;
    }
    split(f);
    *file = f;
    return STATUS_OK;
}
