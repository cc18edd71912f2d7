/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/number_grid.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_MAX 65536 /* bytes of a .npy header */

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

void number_grid_free(struct number_grid *g)
{
    if (!g)
        return;
    free(g->a);
    free(g);
}

/* ------------------------------------------------------------------------------------- text */

/* Append the numbers of a line; returns how many, or -1 with *bad at what is none. */
static long numbers_of(char *line, struct number_grid *g, size_t *capacity, const char **bad)
{
    static const char blanks[] = " \t\r\n";
    size_t n = g->rows * g->columns, before = n;
    char *p = line;
    for (;;) {
        p += strspn(p, blanks);
        char *end = p + strcspn(p, ", \t\r\n"), *next = end + strspn(end, blanks);
        const bool comma = *next == ',';
        next += comma;
        const char kept = *end;
        double value;
        *end = 0;
        if (!plain_number(p, &value)) {
            *bad = p;
            return -1;
        }
        *end = kept;
        if (n == NUMBER_GRID_MAX)
            return -1;
        g->a = memory_grow(g->a, capacity, n + 1, sizeof *g->a);
        g->a[n++] = value;
        p = next;
        if (!comma && !*next)
            return (long)(n - before);
    }
}

static enum status read_text(const char *path, FILE *in, struct number_grid *g, struct error *error)
{
    char *line = NULL;
    size_t room = 0, capacity = 0;
    ssize_t length;
    enum status status = STATUS_OK;
    for (int number = 1; status == STATUS_OK && (length = getline(&line, &room, in)) >= 0;
         number++) {
        const char *bad = NULL;
        const size_t blank = strspn(line, " \t\r\n");
        if (memchr(line, 0, (size_t)length)) {
            status = fail_at(error, path, number, "a NUL byte, expected numbers or a .npy file");
            break;
        }
        if (!line[blank] || line[blank] == '#')
            continue;
        const long n = numbers_of(line, g, &capacity, &bad);
        if (n < 0 && bad)
            status = fail_at(error, path, number, "'%.40s', expected a finite number", bad);
        else if (n < 0)
            status = fail_at(error, path, number, "more than %u numbers", NUMBER_GRID_MAX);
        else if (g->rows > 0 && (size_t)n != g->columns)
            status = fail_at(error, path, number,
                             "%ld numbers, expected %zu as in the lines before", n, g->columns);
        g->columns = n > 0 ? (size_t)n : g->columns;
        g->rows++;
    }
    if (status == STATUS_OK && ferror(in))
        status = fail(error, STATUS_INPUT, "%s: read error: %s", path, strerror(errno));
    if (status == STATUS_OK && g->rows == 0)
        status = fail_at(error, path, 1, "no numbers, expected lines of numbers or a .npy file");
    g->n_dims = 2;
    g->dims[0] = g->rows;
    g->dims[1] = g->columns;
    free(line);
    return status;
}

/* ------------------------------------------------------------------------------------- .npy */

/* What a header says. */
struct npy {
    char kind; /* f, i, u, b */
    bool swap, fortran;
    size_t size; /* bytes of a number */
    size_t n_dims, dims[NUMBER_GRID_DIMS];
    size_t rows, columns;
};

static bool big_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 0;
}

static const char *skip(const char *p)
{
    return p + strspn(p, " \t\n");
}

/* The value of 'key' in the header's dictionary, or NULL. */
static const char *entry(const char *header, const char *key)
{
    const size_t n = strlen(key);
    for (const char *p = header; (p = strstr(p, key)); p += n)
        if (p > header && (p[-1] == '\'' || p[-1] == '"') && p[n] == p[-1]) {
            p = skip(p + n + 1);
            return *p == ':' ? skip(p + 1) : NULL;
        }
    return NULL;
}

/* A dimension at *p, and its comma; false: none, or too large. */
static bool dimension(const char **p, size_t *value)
{
    const char *s = skip(*p);
    size_t n = 0;
    if (*s < '0' || *s > '9')
        return false;
    for (; *s >= '0' && *s <= '9'; s++) {
        n = 10 * n + (size_t)(*s - '0');
        if (n > NUMBER_GRID_MAX)
            return false;
    }
    s += *s == 'L';
    s = skip(s);
    *value = n;
    *p = skip(s + (*s == ','));
    return true;
}

static bool read_shape(const char *p, size_t most, struct npy *h)
{
    size_t n = 1;
    if (!p || *p++ != '(')
        return false;
    while (*p != ')' || h->n_dims == 0) {
        size_t *d = &h->dims[h->n_dims];
        if (h->n_dims == most || !dimension(&p, d) || *d == 0 || *d > NUMBER_GRID_MAX / n)
            return false;
        n *= *d;
        h->n_dims++;
    }
    h->rows = h->n_dims > 1 ? h->dims[0] : 1;
    h->columns = n / h->rows;
    return true;
}

static bool read_type(const char *p, struct npy *h)
{
    if (!p || (*p != '\'' && *p != '"') || !strchr("<>|=", p[1]) || !p[1] || !p[2] || !p[3] ||
        p[4] != *p)
        return false;
    h->kind = p[2];
    h->size = (size_t)(p[3] - '0');
    h->swap = (p[1] == '<' && big_endian()) || (p[1] == '>' && !big_endian());
    const bool whole = h->size == 1 || h->size == 2 || h->size == 4 || h->size == 8;
    return (h->kind == 'f' && (h->size == 4 || h->size == 8)) || (h->kind == 'b' && h->size == 1) ||
           ((h->kind == 'i' || h->kind == 'u') && whole);
}

static enum status parse_header(const char *path, const char *text, size_t most, struct npy *h,
                                struct error *error)
{
    const char *order = entry(text, "fortran_order"), *type = entry(text, "descr");
    if (!read_type(type, h))
        return fail(error, STATUS_INPUT,
                    "%s: .npy of type %.12s, expected floats of 4 or 8 bytes or integers", path,
                    type ? type : "unknown");
    if (!order || (strncmp(order, "True", 4) != 0 && strncmp(order, "False", 5) != 0))
        return fail(error, STATUS_INPUT, "%s: .npy without fortran_order True or False", path);
    h->fortran = *order == 'T';
    const char *shape = entry(text, "shape");
    if (!read_shape(shape, most, h))
        return fail(error, STATUS_INPUT,
                    "%s: .npy of shape %.24s, expected one or %s dimensions and 1 to %u numbers",
                    path, shape ? shape : "unknown", most > 2 ? "more" : "two", NUMBER_GRID_MAX);
    return STATUS_OK;
}

static double number_at(const unsigned char *from, const struct npy *h)
{
    unsigned char b[8] = {0};
    for (size_t k = 0; k < h->size; k++)
        b[k] = from[h->swap ? h->size - 1 - k : k];
    union {
        float f4;
        double f8;
        int8_t i1;
        int16_t i2;
        int32_t i4;
        int64_t i8;
        uint8_t u1;
        uint16_t u2;
        uint32_t u4;
        uint64_t u8;
    } v;
    memcpy(&v, b, sizeof v);
    if (h->kind == 'f')
        return h->size == 4 ? (double)v.f4 : v.f8;
    if (h->kind == 'i')
        return h->size == 1   ? v.i1
               : h->size == 2 ? v.i2
               : h->size == 4 ? (double)v.i4
                              : (double)v.i8;
    return h->size == 1 ? v.u1 : h->size == 2 ? v.u2 : h->size == 4 ? (double)v.u4 : (double)v.u8;
}

/* Where the k-th number in C order stands in Fortran order, the first dimension running fastest. */
static size_t fortran_index(const struct npy *h, size_t k)
{
    size_t from = 0;
    for (size_t d = h->n_dims; d-- > 0;) {
        size_t before = 1;
        for (size_t i = 0; i < d; i++)
            before *= h->dims[i];
        from += k % h->dims[d] * before;
        k /= h->dims[d];
    }
    return from;
}

static enum status read_numbers(const char *path, FILE *in, const struct npy *h,
                                struct number_grid *g, struct error *error)
{
    const size_t n = h->rows * h->columns;
    /* not more than the file has, whatever its header says */
    struct stat info;
    const long at = ftell(in);
    if (at < 0 || fstat(fileno(in), &info) != 0 || info.st_size - at != (off_t)(n * h->size))
        return fail(error, STATUS_INPUT,
                    "%s: .npy of %zu x %zu numbers with %lld bytes of data, expected %zu", path,
                    h->rows, h->columns, (long long)(at < 0 ? 0 : info.st_size - at), n * h->size);
    unsigned char *bytes = NEW(n * h->size, unsigned char);
    g->rows = h->rows;
    g->columns = h->columns;
    g->n_dims = h->n_dims;
    memcpy(g->dims, h->dims, sizeof g->dims);
    g->bytes = h->kind == 'u' && h->size == 1;
    g->a = NEW(n, double);
    const bool whole = fread(bytes, h->size, n, in) == n;
    for (size_t k = 0; k < n && whole; k++) {
        const size_t from = h->fortran ? fortran_index(h, k) : k;
        g->a[k] = number_at(bytes + from * h->size, h);
    }
    free(bytes);
    return whole ? STATUS_OK : fail(error, STATUS_INPUT, "%s: .npy ends early", path);
}

static enum status read_npy(const char *path, FILE *in, size_t most, struct number_grid *g,
                            struct error *error)
{
    unsigned char begin[12] = {0};
    size_t length;
    struct npy h = {0};
    if (fread(begin, 1, 8, in) != 8 || begin[6] < 1 || begin[6] > 3)
        return fail(error, STATUS_INPUT, "%s: .npy of version %d, expected 1, 2 or 3", path,
                    begin[6]);
    const size_t wide = begin[6] == 1 ? 2 : 4;
    if (fread(begin + 8, 1, wide, in) != wide)
        return fail(error, STATUS_INPUT, "%s: .npy ends in its header", path);
    length = begin[8] | (size_t)begin[9] << 8;
    if (wide == 4)
        length |= (size_t)begin[10] << 16 | (size_t)begin[11] << 24;
    if (length > HEADER_MAX)
        return fail(error, STATUS_INPUT, "%s: .npy with a header of %zu bytes, expected up to %d",
                    path, length, HEADER_MAX);
    char *text = NEW(length + 1, char);
    enum status status = STATUS_OK;
    if (fread(text, 1, length, in) != length || memchr(text, 0, length))
        status = fail(error, STATUS_INPUT, "%s: .npy ends in its header", path);
    if (status == STATUS_OK)
        status = parse_header(path, text, most, &h, error);
    free(text);
    return status == STATUS_OK ? read_numbers(path, in, &h, g, error) : status;
}

enum status number_grid_read(const char *path, struct number_grid **grid, struct error *error)
{
    return number_grid_read_dims(path, 2, grid, error);
}

enum status number_grid_read_dims(const char *path, size_t most, struct number_grid **grid,
                                  struct error *error)
{
    struct stat info;
    unsigned char begin[sizeof magic];
    *grid = NULL;
    /* not blocking: a pipe without a writer must not stop the program before it is refused */
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *in = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!in)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    struct number_grid *g = NEW(1, struct number_grid);
    enum status status = STATUS_OK;
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
        status = fail(error, STATUS_INPUT, "%s: not a regular file", path);
    else {
        const bool npy = fread(begin, 1, sizeof begin, in) == sizeof begin &&
                         memcmp(begin, magic, sizeof magic) == 0;
        rewind(in);
        status = npy ? read_npy(path, in, most, g, error) : read_text(path, in, g, error);
    }
    fclose(in);
    if (status == STATUS_OK)
        *grid = g;
    else
        number_grid_free(g);
    return status;
}
