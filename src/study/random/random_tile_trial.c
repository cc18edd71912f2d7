/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_tile_trial.h"

#include "base/memory.h"
#include "base/random.h"
#include "compare/case_tile.h"
#include "engine/lines/lines_forms.h"
#include "engine/lines/lines_power.h"
#include "infer/read_noise.h"
#include "learn/conductance_error.h"
#include "study/random/random_tile_layer.h"
#include "study/random/random_tile_nodes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRADIENTS_PART 1e-13 /* of each current, asked of conjugate gradients */
#define CELLS_NOISE 64       /* tiles up to this: two solutions a device */
#define CELLS_OWN 1024       /* up to this in the engines but ngspice, and in that */
#define CELLS_NGSPICE 256
#define NOISE_STEP 1e-4 /* of a conductance */
#define TOTAL_PART                                                                                 \
    1e-3 /* classes of less than this of all power are compared with this part of it */

/* What is at hand while a tile is tried. */
struct tried {
    const struct random_tile *tile;
    struct trial *t;
    struct dopant *dopant;
    struct lines_array array;
    double *g, *x0, *volts; /* rows x columns; RANDOM_TILE_VECTORS x rows [V] */
    struct lines_forms *forms;
    double *current, *scale; /* RANDOM_TILE_VECTORS x columns: W v, W |v| */
    double *volt;            /* 2 x rows x columns: voltages of nodes */
};

static void differs(const struct tried *a, const char *who, const char *what, double by,
                    double most)
{
    if (!(by <= most))
        trial_differs(a->t, who, what, by, most);
}

/* Powers of classes, from the voltages of nodes, against the forms'. */
static void compare_powers(const struct tried *a, const char *who, const double *v)
{
    const size_t n = a->array.rows * a->array.columns, m = a->array.rows;
    double *device = NEW(n, double);
    struct lines_power p;
    for (size_t k = 0; k < n; k++)
        device[k] = a->g[k] * (a->volt[k] - a->volt[n + k]);
    lines_power(&a->array, v, a->volt, a->volt + n, device, &p);
    const double found[LINES_CLASSES] = {[LINES_DEVICES] = p.devices,
                                         [LINES_ROW_SEGMENTS] = p.row_lines,
                                         [LINES_DRIVERS] = p.drivers,
                                         [LINES_COLUMN_SEGMENTS] = p.column_lines,
                                         [LINES_SENSES] = p.senses},
                 total = lines_forms_at(m, a->forms->y, v);
    for (size_t class = 0; class < LINES_CLASSES && total > 0; class ++) {
        const double e = lines_forms_at(m, a->forms->power[class], v);
        differs(a, who, "powers of a class", fabs(e - found[class]) / fmax(e, TOTAL_PART * total),
                RANDOM_TILE_EXACT);
    }
    free(device);
}

static void compare_currents(const struct tried *a, const char *who, size_t vector,
                             const double *current, const double *bound)
{
    const size_t n = a->array.columns;
    for (size_t j = 0; j < n; j++) {
        const double scale = a->scale[vector * n + j],
                     open = bound ? bound[j] : 0; /* what rounding leaves is told */
        if (scale > 0)
            differs(a, who, "currents",
                    fmax(0, fabs(current[j] - a->current[vector * n + j]) - open) / scale,
                    RANDOM_TILE_EXACT);
    }
}

static void find_currents(struct tried *a)
{
    const size_t m = a->array.rows, n = a->array.columns;
    for (size_t k = 0; k < RANDOM_TILE_VECTORS * n; k++)
        for (size_t i = 0; i < m; i++) {
            const double part = a->forms->w[k % n * m + i] * a->volts[k / n * m + i];
            a->current[k] += part;
            a->scale[k] += fabs(part);
        }
}

static void try_gradients(const struct tried *a)
{
    const size_t m = a->array.rows, n = a->array.columns;
    struct lines_reader *reader = NULL;
    struct error error;
    double *current = NEW(2 * n, double);
    struct lines_answer answer = {.current = current,
                                  .bound = current + n,
                                  .row_volt = a->volt,
                                  .column_volt = a->volt + m * n};
    enum status status =
        lines_reader_new(&a->array, LINES_GRADIENTS, RANDOM_TILE_VECTORS, true, &reader, &error);
    for (size_t v = 0; v < RANDOM_TILE_VECTORS && status == STATUS_OK; v++) {
        const double *volts = a->volts + v * m;
        status = lines_solve_many(reader, 1, volts, GRADIENTS_PART, &answer, &error);
        if (status != STATUS_OK)
            break;
        compare_currents(a, "elimination and gradients", v, current, current + n);
        compare_powers(a, "elimination and gradients", volts);
    }
    if (status != STATUS_OK && a->t->verdict == SAME) {
        a->t->verdict = FAILED;
        fail(&a->t->error, status, "gradients: %s", error.text);
    }
    lines_reader_free(reader);
    free(current);
}

/* Into the senses, from the voltages that random_tile_solve() has found. */
static void nodes_currents(const struct lines_array *array, const double *volt, double *current)
{
    const size_t n = array->columns, cells = array->rows * n;
    memset(current, 0, n * sizeof *current);
    for (size_t k = 0; k < cells; k++)
        current[k % n] += array->g[k] * (volt[k] - volt[cells + k]);
}

static bool solve_nodes(const struct tried *a, const struct lines_array *array, const double *volts,
                        const double *sense, double *current)
{
    const struct random_tile_nodes nodes = {volts, sense, a->volt,
                                            a->volt + array->rows * array->columns};
    const bool done = random_tile_solve(array, &nodes);
    if (!done)
        trial_differs(a->t, "sparse LU", "singular: pivots", 1, 0);
    nodes_currents(array, a->volt, current);
    return done;
}

static void try_nodes(const struct tried *a)
{
    double *current = NEW(a->array.columns, double);
    for (size_t v = 0; v < RANDOM_TILE_VECTORS; v++) {
        const double *volts = a->volts + v * a->array.rows;
        if (!solve_nodes(a, &a->array, volts, NULL, current))
            break;
        compare_currents(a, "elimination and sparse LU", v, current, NULL);
        compare_powers(a, "elimination and sparse LU", volts);
    }
    free(current);
}

/* --------------------------------------------------------------------------------------- noise */

/* variance[columns] [A^2] of the first vector, by differences of each conductance. */
static void difference_noise(const struct tried *a, double *variance)
{
    const size_t n = a->array.columns, cells = a->array.rows * n;
    double *g = NEW(cells, double), *up = NEW(2 * n, double), *down = up + n;
    struct lines_array other = a->array;
    other.g = g;
    memcpy(g, a->g, cells * sizeof *g);
    for (size_t k = 0; k < cells; k++) {
        g[k] = (1 + NOISE_STEP) * a->g[k];
        solve_nodes(a, &other, a->volts, NULL, up);
        g[k] = (1 - NOISE_STEP) * a->g[k];
        solve_nodes(a, &other, a->volts, NULL, down);
        g[k] = a->g[k];
        for (size_t j = 0; j < n; j++) {
            const double moved = a->tile->noise * (up[j] - down[j]) / (2 * NOISE_STEP);
            variance[j] += moved * moved;
        }
    }
    free(g);
    free(up);
}

/* Admittance at each sense, which thermal noise is made of. */
static void compare_admittances(const struct tried *a, const struct read_noise *noise)
{
    const size_t n = a->array.columns;
    double *sense = NEW(2 * n, double), *current = sense + n, *none = NEW(a->array.rows, double);
    for (size_t j = 0; j < n; j++) {
        sense[j] = 1;
        solve_nodes(a, &a->array, none, sense, current);
        differs(a, "noise and sparse LU", "admittances at a sense",
                fabs(noise->thermal[j] + current[j]) / noise->thermal[j], RANDOM_TILE_EXACT);
        sense[j] = 0;
    }
    free(sense);
    free(none);
}

static void compare_noise(const struct tried *a, const struct read_noise *noise)
{
    const size_t m = a->array.rows, n = a->array.columns;
    double *variance = NEW(n, double), most = 0;
    difference_noise(a, variance);
    for (size_t j = 0; j < n; j++)
        most = fmax(most, variance[j]);
    for (size_t j = 0; j < n && most > 0; j++) {
        double own = 0;
        for (size_t i = 0; i < m && noise->square; i++)
            own += noise->form[j * m + i] * a->volts[i] * a->volts[i];
        if (!noise->square)
            own = lines_forms_at(m, noise->form + j * m * m, a->volts);
        differs(a, "noise and differences of sparse LU", "variances of a current",
                fabs(own - variance[j]) / fmax(variance[j], RANDOM_TILE_NOISE * most),
                RANDOM_TILE_NOISE);
    }
    free(variance);
}

static void try_noise(const struct tried *a)
{
    const struct lines_array *l = &a->array;
    const bool square =
        !(l->row_ohm > 0 || l->column_ohm > 0 || l->driver_ohm > 0 || l->sense_ohm > 0);
    struct error error;
    if (l->rows * l->columns > CELLS_NOISE)
        return;
    struct read_noise *noise = read_noise_new(l->rows, l->columns, square, true);
    const struct read_noise_tile tile = {l, 0, l->columns, 1, a->tile->noise, 1};
    if (read_noise_add(noise, &tile, &error) == STATUS_OK) {
        compare_admittances(a, noise);
        compare_noise(a, noise);
    } else {
        a->t->verdict = FAILED;
        a->t->error = error;
    }
    read_noise_free(noise);
}

/* ------------------------------------------------------------------------------------- engines */

static double *copy(size_t n, const double *a)
{
    double *other = NEW(n, double);
    memcpy(other, a, n * sizeof *a);
    return other;
}

static void compare_engine(const struct tried *a, struct opinion *o, const struct case_result *own)
{
    struct case_result bare = o->result;
    bare.vntol = bare.abstol = 0;
    const struct difference d = case_compare(&bare, own);
    a->t->state = fmax(a->t->state, d.reading);
    a->t->energy = fmax(a->t->energy, d.energy);
    differs(a, o->name, "currents from the linear tile's", d.reading, RANDOM_TILE_ENGINE);
    differs(a, o->name, "energies from the linear tile's", d.energy, RANDOM_TILE_ENGINE);
}

/* The first vector. */
static void try_engines(const struct tried *a, const struct random_options *o)
{
    const size_t m = a->array.rows, cells = m * a->array.columns;
    struct study_case k = {.name = "tile", .output_probe = -1};
    struct case_result own = {0};
    struct error error;
    if (cells > CELLS_OWN || !(lines_forms_at(m, a->forms->y, a->volts) > 0))
        return;
    struct case_tile *tile = NEW(1, struct case_tile);
    *tile = (struct case_tile){a->array, copy(cells, a->g), copy(cells, a->x0), copy(m, a->volts)};
    tile->array.g = tile->g;
    enum status status = case_tile_make(tile, a->dopant, &k, &error);
    if (status == STATUS_OK)
        status = case_tile_run(&k, CASE_TILE_FORMS, &own, &error);
    if (status == STATUS_OK) {
        struct random_options tight = *o;
        tight.solver = case_tolerances(RANDOM_TILE_RELTOL * o->solver.reltol);
        trial_ask_all(a->t, &k, a->tile->ngspice && cells <= CELLS_NGSPICE ? ASK_ALL : ASK_OWN,
                      &tight);
        for (size_t i = 0; i < a->t->n && a->t->verdict != INTERRUPTED; i++)
            if (a->t->opinions[i].status == STATUS_OK)
                compare_engine(a, &a->t->opinions[i], &own);
    } else if (a->t->verdict == SAME) {
        a->t->verdict = FAILED;
        a->t->error = error;
    }
    case_result_free(&own);
    case_free(&k);
}

/* ----------------------------------------------------------------------------------------- all */

static void begin(struct tried *a)
{
    const struct random_tile *t = a->tile;
    const struct dopant *d = a->dopant;
    const size_t cells = t->rows * t->columns;
    struct random_tile_numbers numbers = random_tile_numbers(t);
    a->g = NEW(cells, double);
    a->x0 = NEW(cells, double);
    a->volt = NEW(2 * cells, double);
    a->current = NEW(RANDOM_TILE_VECTORS * t->columns, double);
    a->scale = NEW(RANDOM_TILE_VECTORS * t->columns, double);
    a->volts = NEW(RANDOM_TILE_VECTORS * t->rows, double);
    for (size_t k = 0; k < cells; k++) {
        bool beyond;
        a->x0[k] = state_of_conductance(
            d, CASE_TILE_VOLT, d->g_min + (d->g_max - d->g_min) * numbers.share[k], &beyond);
        a->g[k] = d->model->current(d->constants, 1, a->x0[k]).f;
    }
    for (size_t k = 0; k < RANDOM_TILE_VECTORS * t->rows; k++)
        a->volts[k] = CASE_TILE_VOLT * numbers.volts[k];
    random_tile_numbers_free(&numbers);
    a->array = (struct lines_array){.rows = t->rows,
                                    .columns = t->columns,
                                    .g = a->g,
                                    .row_ohm = t->row_ohm,
                                    .column_ohm = t->column_ohm,
                                    .driver_ohm = t->driver_ohm,
                                    .sense_ohm = t->sense_ohm};
}

static void end(struct tried *a)
{
    lines_forms_free(a->forms);
    dopant_free(a->dopant);
    double *const arrays[] = {a->g, a->x0, a->volts, a->current, a->scale, a->volt};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
}

void trial_tile(const struct random_tile *tile, const struct random_options *o, struct trial *t,
                char **text)
{
    struct tried a = {.tile = tile, .t = t};
    struct error error;
    *t = (struct trial){.verdict = SAME, .devices = tile->rows * tile->columns};
    enum status status = dopant_read(tile->dopant, o->context->devices, &a.dopant, &error);
    if (status == STATUS_OK) {
        begin(&a);
        status = lines_forms_new(&a.array, true, &a.forms, &error);
    }
    if (status == STATUS_OK) {
        find_currents(&a);
        try_gradients(&a);
        try_nodes(&a);
        try_noise(&a);
        random_tile_try_layer(tile, a.dopant, t);
        try_engines(&a, o);
        *text = random_tile_text(tile, a.g, a.volts);
    } else {
        t->verdict = FAILED;
        t->error = error;
        *text = memory_string("");
    }
    end(&a);
}
