/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fit/trace.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "base/text_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* that spreadsheets write before UTF-8 */

static const struct {
    const char *name;
    enum trace_quantity quantity;
    double scale; /* to SI */
} names[] = {
    {"t_s", TRACE_T, 1},
    {"t_ms", TRACE_T, 1e-3},
    {"t_us", TRACE_T, 1e-6},
    {"t_ns", TRACE_T, 1e-9},
    {"t_µs", TRACE_T, 1e-6},
    {"t_min", TRACE_T, 60},
    {"t_h", TRACE_T, 3600},
    {"source_V", TRACE_SOURCE, 1},
    {"source_mV", TRACE_SOURCE, 1e-3},
    {"source_uV", TRACE_SOURCE, 1e-6},
    {"device_V", TRACE_DEVICE, 1},
    {"device_mV", TRACE_DEVICE, 1e-3},
    {"device_uV", TRACE_DEVICE, 1e-6},
    {"current_A", TRACE_CURRENT, 1},
    {"current_mA", TRACE_CURRENT, 1e-3},
    {"current_uA", TRACE_CURRENT, 1e-6},
    {"current_µA", TRACE_CURRENT, 1e-6},
    {"current_nA", TRACE_CURRENT, 1e-9},
    {"current_pA", TRACE_CURRENT, 1e-12},
    {"resistance_ohm", TRACE_RESISTANCE, 1},
    {"resistance_kohm", TRACE_RESISTANCE, 1e3},
    {"resistance_Mohm", TRACE_RESISTANCE, 1e6},
};
#define N_NAMES (sizeof names / sizeof names[0])

struct layout {
    size_t n, capacity;
    size_t *name; /* n: which of names[]; N_NAMES: none */
};

/* A field of the header that is none of names[]. */
static void pass_over(struct trace *t, const char *name)
{
    char *longer = memory_format("%s%s'%s'", t->passed_over ? t->passed_over : "",
                                 t->passed_over ? ", " : "", name);
    free(t->passed_over);
    t->passed_over = longer;
}

/* Cut the next field off *rest and take spaces and quotes from it; NULL at the end. */
static char *field(char **rest)
{
    char *text = strsep(rest, ",");
    if (!text)
        return NULL;
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = 0;
    if (end - text >= 2 && *text == '"' && end[-1] == '"') {
        end[-1] = 0;
        text++;
    }
    return text;
}

/* The names that stand for the quantities of a set, SI units only. */
static char *expected(unsigned set)
{
    char *list = memory_string("");
    for (size_t k = 0; k < N_NAMES; k++) {
        if (names[k].scale != 1 || !(set >> names[k].quantity & 1))
            continue;
        char *longer = memory_format("%s%s%s", list, *list ? ", " : "", names[k].name);
        free(list);
        list = longer;
    }
    return list;
}

/* Where the line of names stands, and which sets of quantities it may and must have. */
struct header {
    const char *path;
    int line;
    unsigned allowed, required;
};

/* "source_kV": one of the quantities in a unit that is not known? */
static bool has_other_unit(const char *name, unsigned allowed)
{
    for (size_t k = 0; k < N_NAMES; k++) {
        const size_t n = strcspn(names[k].name, "_") + 1;
        if ((allowed >> names[k].quantity & 1) && strncmp(names[k].name, name, n) == 0)
            return strcmp(names[k].name, name) != 0;
    }
    return false;
}

static enum status read_header(const struct header *h, char *text, struct layout *layout,
                               struct trace *trace, struct error *error)
{
    unsigned seen = 0;
    enum status status = STATUS_OK;
    char *wanted = expected(h->allowed);
    for (char *rest = text, *name; status == STATUS_OK && (name = field(&rest));) {
        size_t k = 0;
        while (k < N_NAMES &&
               (strcmp(names[k].name, name) != 0 || !(h->allowed >> names[k].quantity & 1)))
            k++;
        if (k == N_NAMES && has_other_unit(name, h->allowed))
            status = fail_at(error, h->path, h->line,
                             "found column '%.60s', expected some of %s (or _m, _u, _n, _p, _k)",
                             name, wanted);
        else if (k == N_NAMES)
            pass_over(trace, name);
        else if (seen >> names[k].quantity & 1)
            status = fail_at(error, h->path, h->line,
                             "found column '%s' where that quantity stood before", name);
        if (status != STATUS_OK)
            break;
        if (k < N_NAMES)
            seen |= 1U << names[k].quantity;
        layout->name =
            memory_grow(layout->name, &layout->capacity, layout->n + 1, sizeof *layout->name);
        layout->name[layout->n++] = k;
    }
    if (status == STATUS_OK && (seen & h->required) != h->required) {
        char *missing = expected(h->required & ~seen);
        status = fail_at(error, h->path, h->line,
                         "found no column %s%s%s, expected some of %s (or _m, _u, _n, _p, _k)",
                         missing, trace->passed_over ? " beside " : "",
                         trace->passed_over ? trace->passed_over : "", wanted);
        free(missing);
    }
    free(wanted);
    return status;
}

static enum status read_row(struct trace *t, int line, char *text, const struct layout *layout,
                            struct error *error)
{
    char *rest = text, *value;
    size_t j = 0;
    for (; (value = field(&rest)); j++) {
        double number;
        if (j == layout->n && !*value && !rest) /* a comma at the end */
            break;
        if (j == layout->n)
            return fail_at(error, t->path, line, "found more than %zu fields", layout->n);
        const size_t name = layout->name[j];
        if (name == N_NAMES)
            continue;
        if (!plain_number(value, &number))
            return fail_at(error, t->path, line, "found '%.40s' as %s, expected a finite number",
                           value, names[name].name);
        t->column[names[name].quantity][t->n] = number * names[name].scale;
    }
    if (j != layout->n)
        return fail_at(error, t->path, line, "found %zu fields, expected %zu", j, layout->n);
    const double *time = t->column[TRACE_T];
    if (t->n > 0 && !(time[t->n] > time[t->n - 1]))
        return fail_at(error, t->path, line, "found time %g s after %g s, expected rising times",
                       time[t->n], time[t->n - 1]);
    t->n++;
    return STATUS_OK;
}

enum status trace_read(const char *path, unsigned allowed, unsigned required, struct trace *trace,
                       struct error *error)
{
    struct text_file *file;
    struct layout layout = {0};
    *trace = (struct trace){0};
    enum status status = text_file_read(path, &file, error);
    if (status != STATUS_OK)
        return status;
    trace->path = memory_string(path);
    for (size_t i = 0; i < file->n_lines && status == STATUS_OK; i++) {
        char *line = file->lines[i];
        if (i == 0 && strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
            line += strlen(BYTE_ORDER_MARK);
        if (line[strspn(line, " \t")] == 0 || *line == '#')
            continue;
        if (layout.n > 0) {
            status = read_row(trace, (int)i + 1, line, &layout, error);
            continue;
        }
        const struct header header = {path, (int)i + 1, allowed, required};
        status = read_header(&header, line, &layout, trace, error);
        for (size_t k = 0; k < layout.n && status == STATUS_OK; k++)
            if (layout.name[k] < N_NAMES)
                trace->column[names[layout.name[k]].quantity] = NEW(file->n_lines, double);
    }
    if (status == STATUS_OK && trace->n < TRACE_SAMPLES_MIN)
        status = fail_at(error, path, (int)file->n_lines, "found %zu samples, expected at least %d",
                         trace->n, TRACE_SAMPLES_MIN);
    text_file_free(file);
    free(layout.name);
    if (status != STATUS_OK)
        trace_free(trace);
    return status;
}

void trace_free(struct trace *t)
{
    free(t->path);
    free(t->passed_over);
    for (int k = 0; k < TRACE_QUANTITIES; k++)
        free(t->column[k]);
    *t = (struct trace){0};
}
