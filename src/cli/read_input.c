/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/read_input.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/spice_number.h"
#include "cli/input/data_path.h"
#include "engine/lines/lines_read.h"
#include "learn/conductance_error.h"
#include "report/csv_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINES_MAX 65536 /* rows or columns of a results folder */

void read_devices_free(struct read_devices *d)
{
    free(d->g);
    free(d->x);
    dopant_free(d->dopant);
    *d = (struct read_devices){0};
}

/* A whole number from 1 to LINES_MAX in that column, or 0. */
static size_t index_of(const struct table *t, size_t row, const char *column)
{
    const double v = csv_number(t, row, column);
    return v >= 1 && v <= LINES_MAX && v == floor(v) ? (size_t)v : 0;
}

/* Size of the layer in a table of devices. */
static enum status measure(const char *path, const struct table *t, size_t layer,
                           struct read_devices *d, struct error *error)
{
    static const char *const wanted[] = {"layer", "row", "column", "device_S"};
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++)
        if (table_column(t, wanted[k]) == t->n_columns)
            return fail(error, STATUS_INPUT, "%s: no column %s, expected that of a results folder",
                        path, wanted[k]);
    size_t layers = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        const size_t l = index_of(t, i, "layer"), row = index_of(t, i, "row"),
                     column = index_of(t, i, "column");
        if (!l || !row || !column)
            return fail_at(error, path, (int)i + 2,
                           "expected layer, row and column, whole numbers from 1 to %d", LINES_MAX);
        layers = l > layers ? l : layers;
        if (l != layer)
            continue;
        d->rows = row > d->rows ? row : d->rows;
        d->columns = column > d->columns ? column : d->columns;
    }
    if (d->rows == 0)
        return fail(error, STATUS_INPUT, "%s: no layer %zu, expected 1 to %zu", path, layer,
                    layers);
    if (d->columns > NUMBER_GRID_MAX / d->rows)
        return fail(error, STATUS_INPUT, "%s: %zu rows and %zu columns, expected up to %u devices",
                    path, d->rows, d->columns, NUMBER_GRID_MAX);
    return STATUS_OK;
}

/* Conductances of a layer from devices.csv of a results folder. */
static enum status from_folder(const char *path, size_t layer, struct read_devices *d,
                               struct error *error)
{
    struct table *t;
    enum status status = csv_read(path, &t, error);
    if (status == STATUS_OK)
        status = measure(path, t, layer, d, error);
    if (status != STATUS_OK) {
        table_free(t);
        return status;
    }
    d->g = NEW(d->rows * d->columns, double);
    for (size_t k = 0; k < d->rows * d->columns; k++)
        d->g[k] = NAN;
    for (size_t i = 0; i < t->n_rows && status == STATUS_OK; i++) {
        if (index_of(t, i, "layer") != layer)
            continue;
        double *g = d->g + (index_of(t, i, "row") - 1) * d->columns + index_of(t, i, "column") - 1;
        if (!isnan(*g))
            status = fail_at(error, path, (int)i + 2, "a device for the second time");
        *g = csv_number(t, i, "device_S");
    }
    for (size_t k = 0; k < d->rows * d->columns && status == STATUS_OK; k++)
        if (isnan(d->g[k]))
            status = fail(error, STATUS_INPUT,
                          "%s: layer %zu has no device in row %zu, column %zu, expected all of "
                          "%zu x %zu",
                          path, layer, k / d->columns + 1, k % d->columns + 1, d->rows, d->columns);
    table_free(t);
    return status;
}

static enum status refuse(const char *path, const struct read_devices *d, size_t k, double value,
                          const char *expected, struct error *error)
{
    return fail(error, STATUS_INPUT, "%s: row %zu, column %zu: %g, expected %s", path,
                k / d->columns + 1, k % d->columns + 1, value, expected);
}

/* Numbers of the file as they are. */
static enum status from_file(const char *path, struct read_devices *d, struct error *error)
{
    struct number_grid *grid;
    const enum status status = number_grid_read(path, &grid, error);
    if (status != STATUS_OK)
        return status;
    d->rows = grid->rows;
    d->columns = grid->columns;
    d->g = grid->a;
    grid->a = NULL;
    number_grid_free(grid);
    return STATUS_OK;
}

static enum status to_siemens(const struct read_source *s, struct read_devices *d,
                              struct error *error)
{
    for (size_t k = 0; k < d->rows * d->columns; k++) {
        const double a = d->g[k];
        if (s->ohm && !(a > 0 && 1 / a <= LINES_SIEMENS_MAX))
            return refuse(s->path, d, k, a, "a positive resistance [ohm]", error);
        if (!s->ohm && !(a >= 0 && a <= LINES_SIEMENS_MAX))
            return refuse(s->path, d, k, a, "a conductance [S], 0 or more", error);
        d->g[k] = s->ohm ? 1 / a : a;
    }
    return STATUS_OK;
}

static double conductance(const struct dopant *d, double volt, double x)
{
    return d->model->current(d->constants, volt, x).f / volt;
}

/* States in which the devices have the conductances d->g at the voltage; conductance rises with x. */
static enum status to_states(const struct read_source *s, struct read_devices *d,
                             struct error *error)
{
    const double off = conductance(d->dopant, s->read_volt, 0),
                 on = conductance(d->dopant, s->read_volt, 1);
    char range[96];
    snprintf(range, sizeof range, "%.6g to %.6g S, as %s has at %g V", off, on, d->dopant->name,
             s->read_volt);
    for (size_t k = 0; k < d->rows * d->columns; k++) {
        bool beyond;
        d->x[k] = state_of_conductance(d->dopant, s->read_volt, d->g[k], &beyond);
        if (beyond)
            return refuse(s->path, d, k, d->g[k], range, error);
    }
    return STATUS_OK;
}

static enum status given_states(const struct read_source *s, struct read_devices *d,
                                struct error *error)
{
    for (size_t k = 0; k < d->rows * d->columns; k++) {
        if (!(d->g[k] >= 0 && d->g[k] <= 1))
            return refuse(s->path, d, k, d->g[k], "a state, 0 to 1", error);
        d->x[k] = d->g[k];
        d->g[k] = conductance(d->dopant, s->read_volt, d->x[k]);
    }
    return STATUS_OK;
}

enum status read_devices(const struct read_source *s, struct read_devices *d, struct error *error)
{
    struct stat info;
    *d = (struct read_devices){0};
    enum status status = STATUS_OK;
    if (s->dopant) {
        char *devices = data_path("devices");
        status = dopant_read(s->dopant, devices, &d->dopant, error);
        free(devices);
    }
    if (status == STATUS_OK && stat(s->path, &info) == 0 && S_ISDIR(info.st_mode)) {
        char *path;
        status = directory_file(s->path, "devices.csv", &path, error);
        if (s->states || s->ohm)
            status = fail(error, STATUS_INPUT, "%s: a folder, expected a file of numbers with %s",
                          s->path, s->states ? "--states" : "--ohm");
        if (status == STATUS_OK)
            status = from_folder(path, s->layer, d, error);
        free(path);
    } else if (status == STATUS_OK) {
        status = from_file(s->path, d, error);
    }
    if (status == STATUS_OK && !s->states)
        status = to_siemens(s, d, error);
    if (status == STATUS_OK && s->dopant) {
        d->x = NEW(d->rows * d->columns, double);
        status = s->states ? given_states(s, d, error) : to_states(s, d, error);
    }
    if (status == STATUS_OK && s->dopant &&
        model_is_ohmic(d->dopant->model, d->dopant->parameters)) {
        free(d->x);
        d->x = NULL;
    }
    return status;
}

static enum status from_list(const char *list, size_t rows, struct number_grid *g,
                             struct error *error)
{
    size_t n = 0;
    char *copy = memory_string(list), *rest = copy;
    enum status status = STATUS_OK;
    g->rows = 1;
    g->columns = rows;
    g->a = NEW(rows, double);
    for (char *item; status == STATUS_OK && (item = strsep(&rest, ",")); n++) {
        double value;
        if (!plain_number(item, &value) || fabs(value) > LINES_VOLT_MAX)
            status = fail(error, STATUS_INPUT, "--volt '%s', expected numbers up to %g", item,
                          LINES_VOLT_MAX);
        else if (n < rows)
            g->a[n] = value;
    }
    free(copy);
    if (status == STATUS_OK && n != 1 && n != rows)
        status = fail(error, STATUS_INPUT,
                      "--volt with %zu numbers, expected one, or %zu for as many rows", n, rows);
    for (size_t i = n; i < rows; i++)
        g->a[i] = g->a[0];
    return status;
}

enum status read_vectors(const char *path, const char *list, size_t rows, struct number_grid **grid,
                         struct error *error)
{
    enum status status;
    if (!path) {
        *grid = NEW(1, struct number_grid);
        status = from_list(list, rows, *grid, error);
    } else {
        status = number_grid_read(path, grid, error);
        struct number_grid *g = *grid;
        if (status == STATUS_OK && g->columns != rows)
            status = fail(error, STATUS_INPUT,
                          "%s: %zu numbers in each vector, expected %zu for as many rows", path,
                          g->columns, rows);
        for (size_t k = 0; status == STATUS_OK && k < g->rows * g->columns; k++)
            if (!(fabs(g->a[k]) <= LINES_VOLT_MAX))
                status = fail(error, STATUS_INPUT,
                              "%s: vector %zu, row %zu: %g V, expected a voltage up to %g V", path,
                              k / rows + 1, k % rows + 1, g->a[k], LINES_VOLT_MAX);
    }
    if (status != STATUS_OK) {
        number_grid_free(*grid);
        *grid = NULL;
    }
    return status;
}
