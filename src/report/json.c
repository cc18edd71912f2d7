/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/json.h"

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text_file.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory in jansson gives NULL values, which the setters refuse: end as the allocator does.
 */
static json_t *made(json_t *value)
{
    if (!value)
        memory_new(SIZE_MAX, 1);
    return value;
}

/* A text, with '?' for what is not UTF-8. */
static json_t *text(const char *value)
{
    json_t *string = json_string(value);
    if (string)
        return string;
    char *plain = memory_string(value);
    for (char *p = plain; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    string = made(json_string(plain));
    free(plain);
    return string;
}

static json_t *number(double value, bool count)
{
    if (!isfinite(value))
        return made(json_null());
    return made(count ? json_integer((json_int_t)value) : json_real(value));
}

static bool dump(json_t *value, FILE *out)
{
    bool ok = json_dumpf(value, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) == 0;
    json_decref(value);
    return fputc('\n', out) != EOF && ok;
}

/* Key and value of a table's rows as one object. */
static json_t *settings_object(const struct table *t)
{
    json_t *object = made(json_object());
    for (size_t i = 0; t && i < t->n_rows; i++) {
        const struct cell *row = &t->cells[i * t->n_columns];
        json_object_set_new(object, row[0].text,
                            row[1].kind == CELL_NUMBER
                                ? number(row[1].number, row[1].number == floor(row[1].number))
                                : text(row[1].text));
    }
    return object;
}

static json_t *field_value(const struct summary *s, const struct summary_field *f)
{
    if (f->kind == SUMMARY_TEXT)
        return text(summary_text(s, f));
    if (f->kind == SUMMARY_NUMBER || f->kind == SUMMARY_COUNT)
        return number(summary_number(s, f, 0), f->kind == SUMMARY_COUNT);
    if (f->kind == SUMMARY_SETTINGS)
        return settings_object(s->settings);
    json_t *group = made(json_object());
    for (size_t i = 0; i < summary_entries(f); i++)
        json_object_set_new(group, summary_entry(f, i), number(summary_number(s, f, i), false));
    return group;
}

bool json_write_summary(const struct summary *s, FILE *out)
{
    json_t *object = made(json_object());
    for (size_t i = 0; i < summary_n_fields; i++)
        json_object_set_new(object, summary_fields[i].name, field_value(s, &summary_fields[i]));
    return dump(object, out);
}

static bool read_settings(struct summary *s, const json_t *object)
{
    static const char *const names[] = {"key", "value"};
    const char *name;
    json_t *entry;
    if (!json_is_object(object))
        return false;
    s->settings = table_new(2, names, NULL);
    json_object_foreach((json_t *)object, name, entry)
    {
        if (!json_is_number(entry) && !json_is_string(entry))
            return false;
        table_row(s->settings);
        table_text(s->settings, 0, name);
        if (json_is_number(entry))
            table_number(s->settings, 1, json_number_value(entry));
        else
            table_text(s->settings, 1, json_string_value(entry));
    }
    return true;
}

/* As a summary of an older version has it. */
static void leave_out(struct summary *s, const struct summary_field *f)
{
    const double unknown = NAN;
    if (f->kind == SUMMARY_NUMBER || f->kind == SUMMARY_COUNT)
        memcpy((char *)s + f->offset, &unknown, sizeof unknown);
}

static bool read_field(struct summary *s, const struct summary_field *f, const json_t *value)
{
    char *target = (char *)s + f->offset;
    if (f->kind == SUMMARY_TEXT) {
        if (!json_is_string(value) || json_string_length(value) >= SUMMARY_TEXT_MAX)
            return false;
        memcpy(target, json_string_value(value), json_string_length(value) + 1);
        return true;
    }
    if (f->kind == SUMMARY_SETTINGS)
        return read_settings(s, value);
    for (size_t i = 0; i < summary_entries(f); i++) {
        const char *name = summary_entry(f, i);
        const json_t *entry = name ? json_object_get(value, name) : value;
        double v = json_number_value(entry);
        if (json_is_null(entry))
            v = NAN;
        else if (!json_is_number(entry))
            return false;
        memcpy(target + i * sizeof v, &v, sizeof v);
    }
    return true;
}

/* An array of words, as a command. */
static char *words(const json_t *array)
{
    char *text = NULL;
    size_t size, i;
    json_t *entry;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        memory_new(SIZE_MAX, 1);
    json_array_foreach((json_t *)array, i, entry)
        fprintf(out, "%s%s", i ? " " : "", json_is_string(entry) ? json_string_value(entry) : "?");
    fclose(out);
    return text;
}

static void add_flat(struct table *t, const char *key, const json_t *value)
{
    const char *name;
    json_t *entry;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, name, entry)
        {
            char *longer = *key ? memory_format("%s.%s", key, name) : memory_string(name);
            add_flat(t, longer, entry);
            free(longer);
        }
        return;
    }
    char *text = json_is_string(value) ? memory_string(json_string_value(value)) : NULL;
    if (json_is_array(value)) {
        text = words(value);
    } else if (!text) {
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
    }
    table_row(t);
    table_text(t, 0, key);
    table_text(t, 1, text ? text : "");
    free(text);
}

/* Of a regular file: jansson would wait for ever for the writer of a pipe. */
static enum status read_json(const char *path, size_t flags, json_t **object, struct error *error)
{
    struct text_file *file;
    json_error_t where;
    *object = NULL;
    if (text_file_read(path, &file, error) != STATUS_OK)
        return STATUS_INPUT;
    *object = json_loadb(file->text, file->size, flags, &where);
    text_file_free(file);
    return *object ? STATUS_OK : fail_at(error, path, where.line, "%s", where.text);
}

enum status json_read_flat(const char *path, struct table **table, struct error *error)
{
    static const char *const names[] = {"key", "value"};
    json_t *object;
    *table = NULL;
    if (read_json(path, 0, &object, error) != STATUS_OK)
        return STATUS_INPUT;
    *table = table_new(2, names, NULL);
    add_flat(*table, "", object);
    json_decref(object);
    return STATUS_OK;
}

enum status json_read_summary(const char *path, struct summary *s, struct error *error)
{
    json_t *object;
    *s = (struct summary){0};
    enum status status = read_json(path, JSON_REJECT_DUPLICATES, &object, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < summary_n_fields && status == STATUS_OK; i++) {
        const struct summary_field *f = &summary_fields[i];
        const json_t *value = json_object_get(object, f->name);
        if (!value && f->later)
            leave_out(s, f);
        else if (!value)
            status = fail(error, STATUS_INPUT, "%s: no key \"%s\", expected a training summary",
                          path, f->name);
        else if (!read_field(s, f, value))
            status = fail(error, STATUS_INPUT, "%s: key \"%s\" has the wrong type", path, f->name);
    }
    json_decref(object);
    return status;
}

static json_t *table_rows(const struct table *t)
{
    json_t *array = made(json_array());
    for (size_t i = 0; i < t->n_rows; i++) {
        json_t *row = made(json_object());
        for (size_t j = 0; j < t->n_columns; j++) {
            const struct cell *c = &t->cells[i * t->n_columns + j];
            json_object_set_new(row, t->names[j],
                                c->kind == CELL_TEXT     ? text(c->text)
                                : c->kind == CELL_NUMBER ? number(c->number, false)
                                                         : made(json_null()));
        }
        json_array_append_new(array, row);
    }
    return array;
}

bool json_write_table(const struct table *t, FILE *out)
{
    return dump(table_rows(t), out);
}

bool json_write_tables(size_t n, const char *const *names, struct table *const *tables, FILE *out)
{
    json_t *object = made(json_object());
    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, names[i], table_rows(tables[i]));
    return dump(object, out);
}

static enum status hash_inputs(const struct manifest *m, json_t *inputs, struct error *error)
{
    for (size_t i = 0; i < m->n_inputs; i++) {
        char digest[2 * SHA256_BYTES + 1];
        if (!sha256_file(m->inputs[i], digest))
            return fail(error, STATUS_INPUT, "%s: cannot be read: %s", m->inputs[i],
                        strerror(errno));
        const char *slash = strrchr(m->inputs[i], '/');
        json_object_set_new(inputs, slash ? slash + 1 : m->inputs[i], made(json_string(digest)));
    }
    return STATUS_OK;
}

enum status json_write_manifest(const struct manifest *m, FILE *out, struct error *error)
{
    json_t *object = made(json_object()), *command = made(json_array()),
           *inputs = made(json_object());
    json_array_append_new(command, made(json_string("silverbar")));
    const char *name = strchr(m->argv[0], ' '); /* "silverbar train" */
    if (name)
        json_array_append_new(command, made(json_string(name + 1)));
    for (int i = 1; i < m->argc; i++) {
        json_array_append_new(command, text(m->argv[i]));
    }
    json_object_set_new(object, "command", command);
    json_object_set_new(object, "version", made(json_string(PACKAGE_VERSION)));
    if (m->summary) {
        json_object_set_new(object, "seed", number(m->summary->seed, true));
        json_object_set_new(object, "reltol", number(m->summary->reltol, false));
        json_object_set_new(object, "abstol_A", number(m->summary->abstol_A, false));
        json_object_set_new(object, "tolerance", number(m->summary->tolerance, false));
        json_object_set_new(object, "rule", text(m->summary->rule));
        json_object_set_new(object, "policy", text(m->summary->policy));
        json_object_set_new(object, "settings", settings_object(m->summary->settings));
    }
    if (m->operating && m->operating->method) {
        json_t *o = made(json_object());
        json_object_set_new(o, "method", made(json_string(m->operating->method)));
        json_object_set_new(o, "steps", number((double)m->operating->steps, true));
        json_object_set_new(o, "iterations", number((double)m->operating->iterations, true));
        json_object_set_new(object, "operating_point", o);
    }
    enum status status = hash_inputs(m, inputs, error);
    json_object_set_new(object, "inputs_sha256", inputs);
    if (!dump(object, out) && status == STATUS_OK)
        status = fail(error, STATUS_INPUT, "manifest: write error: %s", strerror(errno));
    return status;
}

static const char *fit_name(const struct fit_options *o, const struct fit_variable *v)
{
    return v->parameter == FIT_STATE ? "x0" : o->model->parameters[v->parameter].name;
}

static json_t *fit_variable(const struct fit_options *o, const struct fit_variable *v)
{
    json_t *object = made(json_object());
    json_object_set_new(object, "parameter", text(fit_name(o, v)));
    if (v->trace >= 0)
        json_object_set_new(object, "file", text(o->traces[v->trace].path));
    json_object_set_new(object, "value", number(v->value, false));
    json_object_set_new(object, "low", number(v->low, false));
    json_object_set_new(object, "high", number(v->high, false));
    json_object_set_new(
        object, "unit",
        text(v->parameter == FIT_STATE ? "1" : o->model->parameters[v->parameter].unit));
    json_object_set_new(object, "identified", made(json_boolean(v->identified)));
    json_object_set_new(object, "on_bound", made(json_boolean(v->on_bound)));
    return object;
}

bool json_write_fit(const struct fit_options *o, const struct fit_result *r,
                    const struct fit_engine *engines, size_t n_engines, FILE *out)
{
    json_t *object = made(json_object()), *traces = made(json_array()),
           *variables = made(json_array()), *correlation = made(json_array()),
           *starts = made(json_array()), *warnings = made(json_array()),
           *agreement = made(json_object()), *held = made(json_object());
    for (size_t t = 0; t < o->n_traces; t++) {
        json_t *trace = made(json_object());
        json_object_set_new(trace, "file", text(o->traces[t].path));
        json_object_set_new(trace, "series_ohm", number(o->series[t], false));
        json_object_set_new(trace, "samples", number((double)o->traces[t].n, true));
        json_object_set_new(trace, "nrmse", number(r->trace_nrmse[t], false));
        json_array_append_new(traces, trace);
    }
    for (size_t k = 0; k < r->n; k++) {
        json_t *row = made(json_array());
        json_array_append_new(variables, fit_variable(o, &r->variables[k]));
        for (size_t j = 0; j < r->n; j++)
            json_array_append_new(row, number(r->correlation[k * r->n + j], false));
        json_array_append_new(correlation, row);
    }
    double best = INFINITY;
    size_t reached = 0;
    for (size_t k = 0; k < r->n_starts; k++) {
        json_array_append_new(starts, number(r->start_nrmse[k], false));
        best = fmin(best, r->start_nrmse[k]);
    }
    for (size_t k = 0; k < r->n_starts; k++)
        reached += r->start_nrmse[k] <= FIT_REACHED * best;
    for (size_t k = 0; k < r->n_warnings; k++)
        json_array_append_new(warnings, text(r->warnings[k]));
    for (size_t k = 0; k < n_engines; k++)
        json_object_set_new(agreement, engines[k].name, number(engines[k].difference, false));
    for (size_t k = 0; k < o->model->n_parameters; k++)
        if (!o->free[k])
            json_object_set_new(held, o->model->parameters[k].name, number(o->start[k], false));
    json_object_set_new(object, "model", text(o->model->name));
    json_object_set_new(object, "nrmse", number(r->nrmse, false));
    json_object_set_new(object, "start", text(o->start_name ? o->start_name : ""));
    json_object_set_new(object, "traces", traces);
    json_object_set_new(object, "parameters", variables);
    json_object_set_new(object, "held", held);
    json_object_set_new(object, "correlation", correlation);
    json_object_set_new(object, "start_nrmse", starts);
    json_object_set_new(object, "starts", number((double)r->n_starts, true));
    json_object_set_new(object, "starts_reached", number((double)reached, true));
    json_object_set_new(object, "warnings", warnings);
    json_object_set_new(object, "engine_difference", agreement);
    return dump(object, out);
}
