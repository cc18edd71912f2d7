/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data behind a raw file's header.  Orders of the numbers (n points, m variables):
 *   point by point:  x0 y0_1 .. y0_m-1  x1 y1_1 ...
 *   fastaccess:      x0 .. xn-1  y0_1 .. yn-1_1  ...
 * A number is a double; of LTspice's real files all but the first variable are floats unless
 * flagged "double".  Complex files hold pairs (real, imaginary) of doubles. */
#include "wave/raw_read.h"

#include "base/memory.h"
#include "wave/raw_header.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES (1u << 20)
#define NO_VARIABLE SIZE_MAX /* the number of the point */

static const char *const part_names[RAW_PARTS] = {"re", "im", "mag", "db", "ph"};

static void add_signal(struct raw_file *f, const struct raw_header *h, size_t v, enum raw_part part)
{
    struct raw_signal *s = &f->signals[f->n_signals++];
    s->variable = v;
    s->part = part;
    s->type = memory_string(h->variables[v].type);
    s->name = f->complex && v > 0 ? memory_format("%s(%s)", part_names[part], h->variables[v].name)
                                  : memory_string(h->variables[v].name);
}

static bool has_part(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

static void make_signals(struct raw_file *f, const struct raw_header *h)
{
    f->signals = NEW(h->n_variables * (f->complex ? RAW_PARTS : 1) + 1, struct raw_signal);
    if (h->n_points == 1 && !f->complex && has_part(h->plot_name, "operating point")) {
        f->signals[f->n_signals++] = (struct raw_signal){
            .name = memory_string("point"), .type = memory_string(""), .variable = NO_VARIABLE};
        f->marked = false;
    }
    for (size_t v = 0; v < h->n_variables; v++)
        for (int part = 0; part < (f->complex && v > 0 ? RAW_PARTS : 1); part++)
            add_signal(f, h, v, (enum raw_part)part);
}

static size_t number_size(const struct raw_file *f, size_t variable)
{
    return (variable == 0 ? f->first_size : f->size) * (f->complex ? 2 : 1);
}

static size_t row_size(const struct raw_file *f)
{
    return number_size(f, 0) + (f->n_variables - 1) * number_size(f, 1);
}

/* One number of an ASCII file's values: "1.5e-3", in complex files "1.5e-3,0"; LTspice and Xyce write
 * blanks behind the comma.  `token' is at hand and is used up. */
static bool ascii_number(struct raw_header_reader *r, char token[2 * RAW_TOKEN_MAX], bool complex,
                         double out[2])
{
    char *end;
    out[0] = strtod(token, &end);
    out[1] = 0;
    if (end == token)
        return false;
    if (complex && !*end && raw_header_comma(r))
        strcpy(end, ",");
    if (complex && *end == ',') {
        if (!end[1] && !raw_header_token(r, end + 1))
            return false;
        const char *second = end + 1;
        out[1] = strtod(second, &end);
        if (end == second)
            return false;
    }
    return *end == 0;
}

/* The values of an ASCII plot as doubles into a file without a name. */
static enum status copy_ascii(struct raw_header_reader *r, const struct raw_header *h, FILE *out,
                              struct error *error)
{
    char token[2 * RAW_TOKEN_MAX]; /* two with a comma */
    for (size_t p = 0; p < h->n_points; p++)
        for (size_t v = 0; v <= h->n_variables; v++) { /* the point's number goes before */
            double value[2];
            if (!raw_header_token(r, token))
                return fail(error, STATUS_INPUT,
                            "%s: ends in point %zu of plot \"%s\", expected %zu points of %zu "
                            "variables",
                            r->path, p, h->plot_name, h->n_points, h->n_variables);
            if (!ascii_number(r, token, h->complex && v > 0, value))
                return fail_at(error, r->path, r->line,
                               "'%.60s' in the values of point %zu, expected %s", token, p,
                               h->complex ? "two numbers with a comma" : "a number");
            if (v == 0 && value[0] != (double)p)
                return fail_at(error, r->path, r->line, "number of a point '%.60s', expected %zu",
                               token, p);
            if (out && v > 0 && fwrite(value, sizeof *value, h->complex ? 2 : 1, out) == 0)
                return fail(error, STATUS_INPUT, "%s: a copy cannot be written: %s", r->path,
                            strerror(errno));
        }
    return STATUS_OK;
}

static FILE *nameless_file(void)
{
    const char *folder = getenv("TMPDIR");
    char *path = memory_format("%s/silverbar-XXXXXX", folder && *folder ? folder : "/tmp");
    const int descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor >= 0)
        unlink(path);
    free(path);
    return descriptor < 0 ? NULL : fdopen(descriptor, "w+b");
}

static enum status take_ascii(struct raw_file *f, struct raw_header_reader *r,
                              const struct raw_header *h, struct error *error)
{
    FILE *copy = nameless_file();
    if (!copy)
        return fail(error, STATUS_INPUT, "%s: no room for a copy: %s", r->path, strerror(errno));
    enum status status = copy_ascii(r, h, copy, error);
    if (status == STATUS_OK && (fflush(copy) != 0 || (f->descriptor = dup(fileno(copy))) < 0))
        status =
            fail(error, STATUS_INPUT, "%s: a copy cannot be written: %s", r->path, strerror(errno));
    fclose(copy);
    f->first_size = f->size = sizeof(double);
    f->data = 0;
    return status;
}

/* Sizes of the numbers, from the flags and from the bytes that there are. */
static enum status take_binary(struct raw_file *f, const struct raw_header_reader *r,
                               struct raw_header *h, struct error *error)
{
    f->data = ftello(r->file);
    const uintmax_t there = (uintmax_t)(r->bytes - f->data);
    f->first_size = f->size = sizeof(double);
    if (h->ltspice && !h->complex && !h->is_double)
        f->size = sizeof(float);
    const size_t row = row_size(f);
    if (h->n_points == 0) /* ngspice writes the number when it ends */
        f->n_points = f->n_rows = h->n_points = there / row;
    if (h->n_points == 0)
        return fail(error, STATUS_INPUT, "%s: no points in plot \"%s\"", r->path, h->plot_name);
    if (there / row < h->n_points)
        return fail(error, STATUS_INPUT,
                    "%s: %ju bytes of data in plot \"%s\", expected %zu points of %zu bytes",
                    r->path, there, h->plot_name, h->n_points, row);
    if ((f->descriptor = dup(fileno(r->file))) < 0)
        return fail(error, STATUS_INPUT, "%s: cannot be read: %s", r->path, strerror(errno));
    return STATUS_OK;
}

static enum status take_plot(struct raw_header_reader *r, struct raw_header *h,
                             struct raw_file **file, struct error *error)
{
    struct raw_file *f = *file = NEW(1, struct raw_file);
    f->path = memory_string(r->path);
    f->title = memory_string(h->title);
    f->plot_name = memory_string(h->plot_name);
    f->complex = h->complex;
    f->fast_access = h->fast_access;
    f->stepped = h->stepped;
    f->n_points = f->n_rows = h->n_points;
    f->marked = h->ltspice && !h->complex && strcasecmp(h->variables[0].type, "time") == 0;
    f->n_variables = h->n_variables;
    f->descriptor = -1;
    make_signals(f, h);
    return h->binary ? take_binary(f, r, h, error) : take_ascii(f, r, h, error);
}

/* Over the data of a plot that is not wanted. */
static enum status skip_plot(struct raw_header_reader *r, struct raw_header *h, struct error *error)
{
    if (!h->binary)
        return copy_ascii(r, h, NULL, error);
    struct raw_file f = {.n_variables = h->n_variables, .complex = h->complex};
    enum status status = take_binary(&f, r, h, error);
    if (status == STATUS_OK) {
        close(f.descriptor);
        fseeko(r->file, f.data + (off_t)(h->n_points * row_size(&f)), SEEK_SET);
    }
    return status;
}

static void free_plots(size_t n, struct raw_plot_name *plots)
{
    for (size_t i = 0; i < n; i++)
        free(plots[i].name);
    free(plots);
}

/* Is there another plot behind the data?  More data than the header says are refused. */
static bool more_plots(struct raw_header_reader *r, size_t n_points, enum status *status,
                       struct error *error)
{
    if (!raw_header_more(r))
        return false;
    if (raw_header_begins(r))
        return true;
    *status =
        fail(error, STATUS_INPUT,
             "%s: %jd bytes behind the last of %zu points, expected the header of another plot or "
             "the end of the file; is 'No. Points:' right?",
             r->path, (intmax_t)(r->bytes - ftello(r->file)), n_points);
    return false;
}

enum status raw_read_open(const char *path, size_t plot, struct raw_file **file,
                          struct error *error)
{
    struct raw_header_reader r;
    *file = NULL;
    enum status status = raw_header_begin(path, &r, error);
    size_t n = 0, capacity = 0;
    struct raw_plot_name *plots = NULL;
    while (status == STATUS_OK &&
           (n == 0 || more_plots(&r, plots[n - 1].n_points, &status, error))) {
        struct raw_header h;
        status = raw_header_read(&r, &h, error);
        if (status == STATUS_OK) {
            plots = memory_grow(plots, &capacity, n + 1, sizeof *plots);
            plots[n++].name = memory_string(h.plot_name);
        }
        if (status == STATUS_OK && n == plot) {
            const off_t data = ftello(r.file);
            status = take_plot(&r, &h, file, error);
            if (status == STATUS_OK && h.binary && fseeko(r.file, data, SEEK_SET) == 0)
                status = skip_plot(&r, &h, error);
        } else if (status == STATUS_OK) {
            status = skip_plot(&r, &h, error);
        }
        if (n > 0)
            plots[n - 1].n_points = h.n_points;
        raw_header_free(&h);
    }
    if (status == STATUS_OK && !*file)
        status = fail(error, STATUS_INPUT, "%s: %zu plots, expected plot %zu", path, n, plot);
    raw_header_end(&r);
    if (status != STATUS_OK) {
        free_plots(n, plots);
        raw_read_close(*file);
        *file = NULL;
    } else {
        (*file)->n_plots = n;
        (*file)->plots = plots;
    }
    return status;
}

enum status raw_read_plot(const char *path, const char *text, size_t *plot, struct error *error)
{
    struct raw_file *f;
    char *end;
    *plot = (size_t)strtoull(text, &end, 10);
    if (isdigit((unsigned char)*text) && !*end)
        return STATUS_OK;
    enum status status = raw_read_open(path, 1, &f, error);
    if (status != STATUS_OK)
        return status;
    size_t found = 0;
    for (int level = 0; level < 3 && found == 0;
         level++) /* the name, its beginning, a part of it */
        for (size_t i = f->n_plots; i-- > 0;) {
            const char *name = f->plots[i].name;
            if (level == 0   ? strcasecmp(name, text) == 0
                : level == 1 ? strncasecmp(name, text, strlen(text)) == 0
                             : has_part(name, text)) {
                found++;
                *plot = i + 1;
            }
        }
    if (found != 1)
        status = fail(error, STATUS_INPUT,
                      "%s: %zu plots are named '%s', expected one, or a number from 1 to %zu", path,
                      found, text, f->n_plots);
    raw_read_close(f);
    return status;
}

enum status raw_read_steps(const struct raw_file *f, size_t *n, size_t **first, struct error *error)
{
    double *x = raw_read_column(f, 0, error);
    size_t capacity = 0;
    double way = 0; /* of the step: > 0 up, < 0 down */
    *n = 0;
    *first = NULL;
    if (!x)
        return STATUS_INPUT;
    for (size_t p = 0; p <= f->n_points; p++) {
        const double d = p > 0 && p < f->n_points ? x[p] - x[p - 1] : 0;
        const bool begins = p == 0 || p == f->n_points || d * way < 0;
        if (begins) {
            *first = memory_grow(*first, &capacity, *n + 1, sizeof **first);
            (*first)[(*n)++] = p;
            way = 0;
        } else if (!(way < 0) && !(way > 0)) {
            way = d;
        }
    }
    *n -= 1;
    free(x);
    return STATUS_OK;
}

void raw_read_narrow(struct raw_file *f, size_t first, size_t n)
{
    f->first_point += first;
    f->n_points = n;
}

void raw_read_close(struct raw_file *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_signals; i++) {
        free(f->signals[i].name);
        free(f->signals[i].type);
    }
    free(f->signals);
    if (f->descriptor >= 0)
        close(f->descriptor);
    free_plots(f->n_plots, f->plots);
    free(f->path);
    free(f->title);
    free(f->plot_name);
    free(f);
}

static enum status read_bytes(const struct raw_file *f, off_t at, size_t n, char *bytes,
                              struct error *error)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(f->descriptor, bytes + done, n - done, at + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(error, STATUS_INPUT, "%s: read error: %s", f->path, strerror(errno));
        if (got == 0)
            return fail(error, STATUS_INPUT, "%s: has become shorter while it was read", f->path);
        done += (size_t)got;
    }
    return STATUS_OK;
}

static double one_number(const char *bytes, size_t size)
{
    double d;
    float s;
    if (size == sizeof d) {
        memcpy(&d, bytes, sizeof d);
        return d;
    }
    memcpy(&s, bytes, sizeof s);
    return (double)s;
}

static double signal_value(const struct raw_file *f, const struct raw_signal *s, const char *bytes)
{
    const size_t size = s->variable == 0 ? f->first_size : f->size;
    const double re = one_number(bytes, size);
    if (s->variable == 0)
        return f->marked ? fabs(re) : re;
    if (!f->complex || s->part == RAW_REAL)
        return re;
    const double im = one_number(bytes + size, size);
    switch (s->part) {
    case RAW_IMAGINARY:
        return im;
    case RAW_MAGNITUDE:
        return hypot(re, im);
    case RAW_DECIBEL:
        return 20 * log10(hypot(re, im));
    default:
        return atan2(im, re) * (180 / M_PI);
    }
}

static size_t variable_offset(const struct raw_file *f, size_t variable)
{
    return variable == 0 ? 0 : number_size(f, 0) + (variable - 1) * number_size(f, 1);
}

static enum status block_by_column(const struct raw_file *f, size_t first, size_t n,
                                   const struct raw_signal *s, double *values, struct error *error)
{
    const size_t size = number_size(f, s->variable);
    char *bytes = memory_new(n, size);
    enum status status =
        read_bytes(f, f->data + (off_t)(variable_offset(f, s->variable) * f->n_rows + first * size),
                   n * size, bytes, error);
    for (size_t p = 0; p < n && status == STATUS_OK; p++)
        values[p] = signal_value(f, s, bytes + p * size);
    free(bytes);
    return status;
}

enum status raw_read_block(const struct raw_file *f, const struct raw_block *block, double *values,
                           struct error *error)
{
    const size_t first = f->first_point + block->first, n = block->n, n_signals = block->n_signals;
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n_signals; k++)
        for (size_t p = 0; p < n && f->signals[block->signals[k]].variable == NO_VARIABLE; p++)
            values[k * n + p] = (double)(first + p);
    if (f->fast_access) {
        for (size_t k = 0; k < n_signals && status == STATUS_OK; k++)
            if (f->signals[block->signals[k]].variable != NO_VARIABLE)
                status = block_by_column(f, first, n, &f->signals[block->signals[k]],
                                         values + k * n, error);
        return status;
    }
    const size_t row = row_size(f);
    char *bytes = memory_new(n, row);
    status = read_bytes(f, f->data + (off_t)(first * row), n * row, bytes, error);
    for (size_t k = 0; k < n_signals && status == STATUS_OK; k++) {
        const struct raw_signal *s = &f->signals[block->signals[k]];
        if (s->variable == NO_VARIABLE)
            continue;
        const char *from = bytes + variable_offset(f, s->variable);
        for (size_t p = 0; p < n; p++)
            values[k * n + p] = signal_value(f, s, from + p * row);
    }
    free(bytes);
    return status;
}

size_t raw_read_block_size(const struct raw_file *f, size_t n_signals)
{
    const size_t bytes = (f->fast_access ? 0 : row_size(f)) + 8 * n_signals;
    return bytes >= BLOCK_BYTES ? 1 : BLOCK_BYTES / bytes;
}

double *raw_read_column(const struct raw_file *f, size_t signal, struct error *error)
{
    double *column = NEW(f->n_points, double);
    const size_t block = raw_read_block_size(f, 1);
    for (size_t p = 0; p < f->n_points; p += block) {
        const size_t n = f->n_points - p < block ? f->n_points - p : block;
        const struct raw_block part = {p, n, 1, &signal};
        if (raw_read_block(f, &part, column + p, error) != STATUS_OK) {
            free(column);
            return NULL;
        }
    }
    return column;
}

static size_t find_exactly(const struct raw_file *f, const char *name)
{
    size_t i = 0;
    while (i < f->n_signals && strcasecmp(f->signals[i].name, name) != 0)
        i++;
    return i;
}

size_t raw_read_find(const struct raw_file *f, const char *name)
{
    static const struct {
        const char *letters, *part;
    } parts[] = {{"", "re"}, {"r", "re"}, {"i", "im"}, {"m", "mag"}, {"db", "db"}, {"p", "ph"}};
    size_t found = find_exactly(f, name);
    const char *bracket = strchr(name, '(');
    for (size_t k = 0; f->complex && k < sizeof parts / sizeof parts[0]; k++) {
        const size_t n = strlen(parts[k].letters);
        if (found < f->n_signals || (n > 0 && (!bracket || (size_t)(bracket - name) != n + 1)))
            continue;
        if (strncasecmp(name + (n > 0), parts[k].letters, n) != 0)
            continue;
        char *full = n == 0 ? memory_format("re(%s)", name)
                            : memory_format("%s(%c%s)", parts[k].part, name[0], bracket);
        found = find_exactly(f, full);
        free(full);
    }
    return found;
}

const char *raw_read_unit(const struct raw_signal *s)
{
    static const struct {
        const char *type, *unit;
    } units[] = {{"time", "s"},           {"voltage", "V"}, {"current", "A"}, {"frequency", "Hz"},
                 {"device_current", "A"}, {"power", "W"},   {"charge", "C"},  {"temp-sweep", "°C"}};
    if (s->part == RAW_DECIBEL)
        return "dB";
    if (s->part == RAW_PHASE)
        return "°";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcasecmp(s->type, units[i].type) == 0)
            return units[i].unit;
    return "";
}
