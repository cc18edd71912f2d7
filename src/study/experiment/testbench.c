/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/testbench.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "study/yaml_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 10000

enum { CROSSED, ZIPPED };
static const char *const orders[] = {"crossed", "zipped", NULL};
static const char *const scales[] = {"linear", "log", NULL};

#define AT(field) offsetof(struct testbench_common, field)
static const struct key common_keys[] = {
    TEXT_KEY("title", AT(title), "what the testbench shows"),
    TEXT_KEY("experiment", AT(experiment), "what is done: see the experiments"),
    COUNT_KEY("seed", AT(seed), 0, 9007199254740992.0, "seed of all that is random"),
    COUNT_KEY("replicas", AT(replicas), 1, TESTBENCH_REPLICAS_MAX, "samples of every point"),
    NUMBER_KEY("time_limit", AT(time_limit), "s", 0, 1e7,
               "wall time of a sample, which fails beyond; 0: none"),
    CHOICE_KEY(
        "sweep_order", AT(order), orders,
        "all combinations of the swept values, or the values of the same place in all lists"),
};
#undef AT
#define N_COMMON (sizeof common_keys / sizeof common_keys[0])

static const struct testbench_common common_defaults = {
    .title = (char *)"", .experiment = (char *)"", .seed = 1, .replicas = 1};

static bool is_common(const struct key *key)
{
    return key >= common_keys && key < common_keys + N_COMMON;
}

const struct key *testbench_key(const struct experiment *e, const char *name)
{
    const struct key *key = key_find(common_keys, N_COMMON, name);
    return key ? key : key_find(e->keys, e->n_keys, name);
}

char *testbench_key_default(const struct experiment *e, const struct key *key)
{
    if (is_common(key))
        return key_text(key, &common_defaults);
    void *options = experiment_options_new(e);
    char *text = key_text(key, options);
    experiment_options_free(e, options);
    return text;
}

struct reader {
    struct testbench *t;
    const struct yaml_file *file;
    void *scratch; /* options into which swept values are put to check them */
    struct error *error;
};

static struct key_value value_of(const struct reader *r, const struct yaml_entry *e)
{
    return (struct key_value){r->file->path, e->line,      e->n, (const char *const *)e->items,
                              e->list,       r->file->path};
}

static const struct yaml_entry *find(const struct yaml_file *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->entries[i].name, name) == 0)
            return &f->entries[i];
    return NULL;
}

/* The scalar sweep.N.NAME; NULL with STATUS_OK: it is not there. */
static enum status axis_scalar(const struct reader *r, size_t axis, const char *name,
                               const struct yaml_entry **entry)
{
    char *full = memory_format("sweep.%zu.%s", axis, name);
    *entry = find(r->file, full);
    enum status status = *entry && (*entry)->list
                             ? fail_at(r->error, r->file->path, (*entry)->line,
                                       "%s is a list, expected one value", full)
                             : STATUS_OK;
    free(full);
    return status;
}

static enum status axis_number(const struct reader *r, size_t axis, const char *name, int line,
                               double *value)
{
    const struct yaml_entry *e;
    enum status status = axis_scalar(r, axis, name, &e);
    if (status != STATUS_OK)
        return status;
    if (!e)
        return fail_at(r->error, r->file->path, line,
                       "sweep of %s has no '%s', expected 'values' or 'from', 'to' and 'steps'",
                       r->t->axes[axis].key->name, name);
    if (!plain_number(e->items[0], value))
        return fail_at(r->error, r->file->path, e->line, "sweep: %s is '%.60s', expected a number",
                       name, e->items[0]);
    return STATUS_OK;
}

/* from, to, steps, scale */
static enum status axis_range(const struct reader *r, size_t axis)
{
    struct testbench_axis *a = &r->t->axes[axis];
    double from, to, steps;
    const struct yaml_entry *scale;
    enum status status = axis_number(r, axis, "from", a->line, &from);
    if (status == STATUS_OK)
        status = axis_number(r, axis, "to", a->line, &to);
    if (status == STATUS_OK)
        status = axis_number(r, axis, "steps", a->line, &steps);
    if (status == STATUS_OK)
        status = axis_scalar(r, axis, "scale", &scale);
    if (status != STATUS_OK)
        return status;
    const bool logarithmic = scale && strcmp(scale->items[0], scales[1]) == 0;
    if (scale && !logarithmic && strcmp(scale->items[0], scales[0]) != 0)
        return fail_at(r->error, r->file->path, scale->line,
                       "sweep: scale is '%.60s', expected linear or log", scale->items[0]);
    if (!(steps >= 2 && steps <= STEPS_MAX && steps == floor(steps)))
        return fail_at(r->error, r->file->path, a->line,
                       "sweep: steps is %g, expected a whole number from 2 to %d", steps,
                       STEPS_MAX);
    if (logarithmic && !(from > 0 && to > 0))
        return fail_at(r->error, r->file->path, a->line,
                       "sweep: from %g to %g on a log scale, expected positive numbers", from, to);
    a->n = (size_t)steps;
    a->values = NEW(a->n, char *);
    for (size_t i = 0; i < a->n; i++) {
        const double u = (double)i / (steps - 1);
        const double value = i == a->n - 1 ? to
                             : logarithmic ? from * pow(to / from, u)
                                           : from + (to - from) * u;
        char buffer[32];
        a->values[i] = memory_string(number_text(value, buffer));
    }
    return STATUS_OK;
}

/* Every value must be one that the key takes. */
static enum status check_axis(const struct reader *r, const struct testbench_axis *a, int line)
{
    enum status status = STATUS_OK;
    if (a->n == 0)
        return fail_at(r->error, r->file->path, line, "sweep of %s has no values", a->key->name);
    for (size_t i = 0; i < a->n && status == STATUS_OK; i++) {
        const struct key_value value = {
            r->file->path, line, 1, (const char *const *)&a->values[i], false, r->file->path};
        status = key_set(a->key, &value, r->scratch, r->error);
    }
    return status;
}

static enum status read_axis(struct reader *r, size_t axis, const struct yaml_entry *name)
{
    struct testbench *t = r->t;
    struct testbench_axis *a = &t->axes[axis];
    a->line = name->line;
    a->key = key_find(t->experiment->keys, t->experiment->n_keys, name->items[0]);
    if (!a->key || a->key->kind == KEY_SIZES)
        return fail_at(r->error, r->file->path, name->line,
                       "sweep of '%.60s', expected a key of experiment %s with one value",
                       name->items[0], t->experiment->name);
    for (size_t i = 0; i < axis; i++)
        if (t->axes[i].key == a->key)
            return fail_at(r->error, r->file->path, name->line,
                           "%s is swept again, expected once (line %d)", a->key->name,
                           t->axes[i].line);
    char *full = memory_format("sweep.%zu.values", axis);
    const struct yaml_entry *values = find(r->file, full);
    free(full);
    if (!values) {
        enum status status = axis_range(r, axis);
        return status == STATUS_OK ? check_axis(r, a, a->line) : status;
    }
    if (!values->list)
        return fail_at(r->error, r->file->path, values->line,
                       "sweep: values is '%.60s', expected a list", values->items[0]);
    a->n = values->n;
    a->values = NEW(a->n, char *);
    for (size_t i = 0; i < a->n; i++)
        a->values[i] = memory_string(values->items[i]);
    return check_axis(r, a, values->line);
}

/* What may stand under sweep.N; else the name is unknown. */
static bool axis_entry(const char *name, size_t *axis, const char **part)
{
    static const char *const parts[] = {"key", "values", "from", "to", "steps", "scale"};
    char *end;
    if (strncmp(name, "sweep.", 6) != 0 || name[6] < '0' || name[6] > '9')
        return false;
    *axis = strtoul(name + 6, &end, 10);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (*end == '.' && strcmp(end + 1, parts[i]) == 0) {
            *part = parts[i];
            return true;
        }
    return false;
}

static enum status read_axes(struct reader *r)
{
    struct testbench *t = r->t;
    size_t n = 0, axis;
    const char *part;
    for (size_t i = 0; i < r->file->n; i++)
        if (axis_entry(r->file->entries[i].name, &axis, &part) && axis + 1 > n)
            n = axis + 1;
    t->axes = NEW(n, struct testbench_axis);
    t->n_axes = n;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        const struct yaml_entry *name;
        status = axis_scalar(r, i, "key", &name);
        if (status == STATUS_OK && !name)
            status = fail(r->error, STATUS_INPUT, "%s: item %zu of sweep has no 'key'",
                          r->file->path, i + 1);
        if (status == STATUS_OK)
            status = read_axis(r, i, name);
    }
    return status;
}

/* All names but those of the sweep. */
static enum status read_values(struct reader *r)
{
    struct testbench *t = r->t;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < r->file->n && status == STATUS_OK; i++) {
        const struct yaml_entry *e = &r->file->entries[i];
        const struct key_value value = value_of(r, e);
        size_t axis;
        const char *part;
        const struct key *key = testbench_key(t->experiment, e->name);
        if (!key && axis_entry(e->name, &axis, &part))
            continue;
        if (key && !is_common(key))
            t->lines[key - t->experiment->keys] = e->line;
        status =
            key ? key_set(key, &value, is_common(key) ? (void *)&t->common : t->options, r->error)
                : fail_at(r->error, r->file->path, e->line,
                          "unknown key '%s', expected one that `silverbar run --keys` prints "
                          "for experiment %s",
                          e->name, t->experiment->name);
    }
    return status;
}

static enum status choose_experiment(struct reader *r, const struct experiment *wanted)
{
    const struct yaml_entry *e = find(r->file, "experiment");
    if (!e && r->file->n > 0 && find(r->file, "claims.0.claim"))
        return fail_at(r->error, r->file->path, 1,
                       "claims, expected a testbench; `silverbar claims` runs them");
    if (!e || e->list)
        return fail_at(r->error, r->file->path, e ? e->line : 1, "%s, expected 'experiment: NAME'",
                       e ? "a list" : "no experiment");
    r->t->experiment = experiment_find(e->items[0]);
    if (r->t->experiment && wanted && r->t->experiment != wanted)
        return fail_at(r->error, r->file->path, e->line,
                       "experiment is '%s', expected %s; `silverbar run` takes every experiment",
                       r->t->experiment->name, wanted->name);
    if (r->t->experiment)
        return STATUS_OK;
    char *names = memory_string("");
    for (size_t i = 0; experiment_table[i]; i++) {
        char *longer = memory_format("%s%s%s", names, i ? ", " : "", experiment_table[i]->name);
        free(names);
        names = longer;
    }
    enum status status = fail_at(r->error, r->file->path, e->line,
                                 "experiment is '%.60s', expected one of: %s", e->items[0], names);
    free(names);
    return status;
}

/* The swept key has a fixed value after all. */
static void remove_axis(struct testbench *t, const struct key *key)
{
    for (size_t i = 0; i < t->n_axes; i++)
        if (t->axes[i].key == key) {
            for (size_t k = 0; k < t->axes[i].n; k++)
                free(t->axes[i].values[k]);
            free(t->axes[i].values);
            memmove(&t->axes[i], &t->axes[i + 1], (--t->n_axes - i) * sizeof *t->axes);
            return;
        }
}

/* "key=value", or "key=a,b,c" for a key that takes a list. */
static enum status apply_setting(struct reader *r, const char *text, const char *from)
{
    struct testbench *t = r->t;
    const char *equals = strchr(text, '=');
    if (!equals)
        return fail(r->error, STATUS_INPUT, "--set '%.60s', expected key=value", text);
    char *name = memory_string_n(text, (size_t)(equals - text)), *copy = memory_string(equals + 1);
    char *rest = copy, *place = memory_format("--set %.60s", text);
    const struct key *key = testbench_key(t->experiment, name);
    const bool sizes = key && key->kind == KEY_SIZES;
    const char *items[KEY_SIZES_MAX + 1] = {rest};
    size_t n = 1;
    if (sizes) {
        rest += strspn(rest, "[ ");
        items[0] = rest;
        for (char *c = rest; *c && n <= KEY_SIZES_MAX; c++)
            if (*c == ',' || *c == ']') {
                const bool more = *c == ',';
                *c = 0;
                if (more)
                    items[n++] = c + 1 + strspn(c + 1, " ");
            }
    }
    const struct key_value value = {place, 0, n, items, sizes, from};
    enum status status = STATUS_OK;
    if (!key || strcmp(key->name, "experiment") == 0)
        status = fail(r->error, STATUS_INPUT,
                      "--set %s: unknown key, expected one that `silverbar run --keys` prints for "
                      "experiment %s",
                      name, t->experiment->name);
    else
        status = key_set(key, &value, is_common(key) ? (void *)&t->common : t->options, r->error);
    if (status == STATUS_OK && !is_common(key)) {
        remove_axis(t, key);
        t->lines[key - t->experiment->keys] = 0;
    }
    free(name);
    free(copy);
    free(place);
    return status;
}

static enum status count_samples(struct reader *r)
{
    struct testbench *t = r->t;
    double points = 1;
    for (size_t i = 0; i < t->n_axes; i++) {
        if (t->common.order == ZIPPED && t->axes[i].n != t->axes[0].n)
            return fail_at(r->error, r->file->path, t->axes[i].line,
                           "sweep of %s has %zu values, expected %zu as in the first, since the "
                           "order is zipped",
                           t->axes[i].key->name, t->axes[i].n, t->axes[0].n);
        points = t->common.order == ZIPPED ? (double)t->axes[i].n : points * (double)t->axes[i].n;
    }
    if (points * (double)t->common.replicas > TESTBENCH_SAMPLES_MAX)
        return fail(r->error, STATUS_INPUT,
                    "%s: %g points of %llu replicas are %g samples, expected at most %g",
                    r->file->path, points, (unsigned long long)t->common.replicas,
                    points * (double)t->common.replicas, TESTBENCH_SAMPLES_MAX);
    t->n_points = (size_t)points;
    t->n_samples = t->n_points * (size_t)t->common.replicas;
    return STATUS_OK;
}

static enum status interpret(const struct yaml_file *file, const struct testbench_given *given,
                             struct testbench **testbench, struct error *error)
{
    struct testbench *t = NEW(1, struct testbench);
    struct reader r = {.t = t, .file = file, .error = error};
    t->path = memory_string(file->path);
    keys_copy(common_keys, N_COMMON, &common_defaults, &t->common, sizeof t->common);
    enum status status = choose_experiment(&r, given ? given->experiment : NULL);
    if (status == STATUS_OK) {
        t->options = experiment_options_new(t->experiment);
        t->lines = NEW(t->experiment->n_keys, int);
        r.scratch = experiment_options_new(t->experiment);
        status = read_values(&r);
    }
    if (status == STATUS_OK)
        status = read_axes(&r);
    for (size_t i = 0; given && i < given->n && status == STATUS_OK; i++)
        status = apply_setting(&r, given->settings[i], given->from);
    if (status == STATUS_OK)
        status = count_samples(&r);
    if (r.scratch)
        experiment_options_free(t->experiment, r.scratch);
    if (status == STATUS_OK)
        *testbench = t;
    else
        testbench_free(t);
    return status;
}

enum status testbench_read_text(const char *path, const char *text,
                                const struct testbench_given *given, struct testbench **testbench,
                                struct error *error)
{
    struct yaml_file *file;
    *testbench = NULL;
    enum status status = yaml_file_read_text(path, text, strlen(text), &file, error);
    if (status == STATUS_OK)
        status = interpret(file, given, testbench, error);
    yaml_file_free(file);
    return status;
}

enum status testbench_read(const char *path, const struct testbench_given *given,
                           struct testbench **testbench, struct error *error)
{
    struct yaml_file *file;
    *testbench = NULL;
    enum status status = yaml_file_read(path, &file, error);
    if (status == STATUS_OK)
        status = interpret(file, given, testbench, error);
    yaml_file_free(file);
    return status;
}

void testbench_free(struct testbench *t)
{
    if (!t)
        return;
    while (t->n_axes > 0)
        remove_axis(t, t->axes[0].key);
    free(t->axes);
    keys_free(common_keys, N_COMMON, &t->common);
    if (t->options)
        experiment_options_free(t->experiment, t->options);
    free(t->path);
    free(t->lines);
    free(t);
}

/* Where the file gives a key, or sweeps it; 0: it does not. */
static int line_of(const struct testbench *t, const struct key *key)
{
    for (size_t i = 0; i < t->n_axes; i++)
        if (t->axes[i].key == key)
            return t->axes[i].line;
    return is_common(key) ? 0 : t->lines[key - t->experiment->keys];
}

void testbench_locate(const struct testbench *t, struct error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789.";
    int line = 0;
    for (const char *p = error->text; *p && line == 0; p += strcspn(p, letters)) {
        size_t n = strspn(p, letters);
        char *name = memory_string_n(p, n);
        p += n;
        while (n > 0 && name[n - 1] == '.') /* of a sentence */
            name[--n] = 0;
        const struct key *key = testbench_key(t->experiment, name);
        line = key ? line_of(t, key) : 0;
        free(name);
    }
    if (line > 0) {
        const struct error bare = *error;
        fail_at(error, t->path, line, "%s", bare.text);
    }
}

void *testbench_options(const struct testbench *t, size_t point)
{
    void *options = experiment_options_copy(t->experiment, t->options);
    for (size_t i = t->n_axes; i-- > 0;) {
        const struct testbench_axis *a = &t->axes[i];
        const struct key_value value = {
            t->path, a->line, 1, (const char *const *)&a->values[testbench_place(t, point, i)],
            false,   NULL};
        key_set(a->key, &value, options, NULL);
    }
    return options;
}

size_t testbench_place(const struct testbench *t, size_t point, size_t axis)
{
    if (t->common.order == ZIPPED)
        return point;
    for (size_t i = t->n_axes - 1; i > axis; i--)
        point /= t->axes[i].n;
    return point % t->axes[axis].n;
}

struct table *testbench_settings(const struct testbench *t, size_t sample)
{
    static const char *const names[] = {"key", "value"};
    struct table *table = table_new(2, names, NULL);
    const struct key *seed = key_find(common_keys, N_COMMON, "seed");
    void *options = testbench_options(t, sample / t->common.replicas),
         *defaults = experiment_options_new(t->experiment);
    keys_differing(seed, 1, &t->common, &common_defaults, table);
    keys_differing(t->experiment->keys, t->experiment->n_keys, options, defaults, table);
    experiment_options_free(t->experiment, options);
    experiment_options_free(t->experiment, defaults);
    return table;
}

/* A text in double quotes, as YAML has it. */
static void write_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c < ' ' || *c == 127)
            fprintf(out, "\\x%02x", *c);
        else
            fputc(*c, out);
    fputc('"', out);
}

static void write_keys(const struct key *table, size_t n, const void *base, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        char *value = key_text(&table[i], base);
        fprintf(out, "%s: ", table[i].name);
        if (table[i].kind == KEY_TEXT)
            write_quoted(value, out);
        else
            fputs(value, out);
        fputc('\n', out);
        free(value);
    }
}

char *testbench_identity(const struct testbench *t)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "# silverbar %s\n", PACKAGE_VERSION);
    write_keys(common_keys, N_COMMON, &t->common, out);
    write_keys(t->experiment->keys, t->experiment->n_keys, t->options, out);
    if (t->n_axes > 0)
        fputs("sweep:\n", out);
    for (size_t i = 0; i < t->n_axes; i++) {
        fprintf(out, "- key: %s\n  values: [", t->axes[i].key->name);
        for (size_t k = 0; k < t->axes[i].n; k++) {
            fputs(k ? ", " : "", out);
            write_quoted(t->axes[i].values[k], out);
        }
        fputs("]\n", out);
    }
    fclose(out);
    return text;
}

void testbench_print_keys(FILE *out)
{
    fputs("Every testbench:\n", out);
    keys_print(common_keys, N_COMMON, &common_defaults, out);
    fputs("  sweep                        list of what is swept, each {key: NAME, values: [...]} "
          "or\n                               {key: NAME, from: A, to: B, steps: N, scale: linear "
          "or log}\n",
          out);
    for (size_t i = 0; experiment_table[i]; i++) {
        const struct experiment *e = experiment_table[i];
        fprintf(out, "\nexperiment: %s (%s)\n", e->name, e->title);
        void *options = experiment_options_new(e);
        keys_print(e->keys, e->n_keys, options, out);
        experiment_options_free(e, options);
    }
}
