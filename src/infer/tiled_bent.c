/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles of devices whose current is not proportional to their voltage: each read is solved (engine/lines/
 * lines_bent.h), and its powers are booked as it is read.  A device of conductance g at the voltage V of
 * reading has the state x and the factor with
 *
 *     i(u) = factor i_law(u, x),   i(V) = g V
 *
 * factor 1 within the law's window; a stuck device is a resistor.  Read noise is drawn for each device and read. */
#include "base/memory.h"
#include "engine/lines/lines_bent.h"
#include "infer/tiled_internal.h"
#include "learn/conductance_error.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INNER_STEPS 50
#define INNER_TOLERANCE 1e-15
#define VECTORS 32      /* of a batch */
#define TOLERANCE 1e-12 /* of the voltages */
#define NOISE_SIGMAS 6  /* noise is cut off there, or at */
#define NOISE_MOST 0.9  /* ... which leaves a conductance positive */

struct tile_bent {
    struct lines_bent *lines;
    const struct dopant *dopant;
    size_t devices;
    double *x, *factor; /* devices; x NAN: a resistor of `factor` [S] */
    double *noise;      /* devices x VECTORS, relative; or NULL: none */
    double select_ohm;
};

void tile_bent_free(struct tile_bent *b)
{
    if (!b)
        return;
    lines_bent_free(b->lines);
    free(b->x);
    free(b->factor);
    free(b->noise);
    free(b);
}

/* Of a device alone, its factor apart. */
static struct model_value current_of(const struct tile_bent *b, size_t device, double u)
{
    const struct dopant *d = b->dopant;
    const double x = b->x[device];
    return isnan(x) ? (struct model_value){u, 1, 0} : d->model->current(d->constants, u, x);
}

/* u of a device with u + ohm factor i(u) = v, by Newton's method; laws rise. */
static double behind_switch(const struct tile_bent *b, size_t device, double factor, double v)
{
    double u = v / (1 + b->select_ohm * factor * current_of(b, device, 0).df_dv);
    for (size_t k = 0; k < INNER_STEPS; k++) {
        const struct model_value i = current_of(b, device, u);
        const double f = u + b->select_ohm * factor * i.f - v,
                     step = f / (1 + b->select_ohm * factor * i.df_dv);
        u -= step;
        if (fabs(step) <= INNER_TOLERANCE * fabs(v))
            break;
    }
    return u;
}

static void law(void *data, const struct lines_bent_at *at, const double *v, double *current,
                double *slope)
{
    const struct tile_bent *b = data;
    const size_t device = at->device;
    for (size_t r = 0; r < at->n; r++) {
        double factor = b->factor[device];
        if (b->noise && at->first != BENT_NO_VECTOR)
            factor *= 1 + b->noise[device * VECTORS + at->first + r];
        const double u = b->select_ohm > 0 ? behind_switch(b, device, factor, v[r]) : v[r];
        const struct model_value i = current_of(b, device, u);
        current[r] = factor * i.f;
        slope[r] = factor * i.df_dv / (1 + b->select_ohm * factor * i.df_dv);
    }
}

static double spread_of(const struct tile_options *o)
{
    return fmin(NOISE_SIGMAS * o->read_noise, NOISE_MOST);
}

bool tile_options_bend(const struct tile_options *o)
{
    const struct dopant *d = o->dopant;
    return d && !model_is_ohmic(d->model, d->parameters);
}

enum status tiled_bent_build(struct tiled_matrix *t, struct tile_pair *p, size_t side,
                             const struct lines_array *array, struct error *error)
{
    const struct tile_options *o = t->options;
    const struct dopant *d = o->dopant;
    struct tile_bent *b = NEW(1, struct tile_bent);
    tile_bent_free(p->bent[side]);
    p->bent[side] = b;
    b->dopant = d;
    b->devices = p->cells.n;
    b->select_ohm = o->select_ohm;
    b->x = NEW(b->devices, double);
    b->factor = NEW(b->devices, double);
    for (size_t k = 0; k < b->devices; k++) {
        bool beyond;
        const double g = array->g[k] / (array->part ? array->part[k] : 1);
        b->x[k] = p->cells.stuck[side][k] ? NAN : state_of_conductance(d, o->volt, g, &beyond);
        b->factor[k] =
            isnan(b->x[k]) ? g : g * o->volt / d->model->current(d->constants, o->volt, b->x[k]).f;
    }
    const struct lines_bent_devices devices = {
        law, b, o->sign == SIGNED_BIPOLAR ? -o->volt : 0, o->volt, o->select_ohm, spread_of(o)};
    const enum status status = lines_bent_new(array, &devices, &b->lines, error);
    if (status == STATUS_OK)
        t->bend_factor = fmax(t->bend_factor, lines_bent_factor(b->lines));
    return status;
}

static void draw_noise(struct tiled_matrix *t, struct tile_bent *b, size_t n)
{
    const double sigma = t->calibrated ? t->options->read_noise : 0, most = spread_of(t->options);
    if (!(t->options->read_noise > 0))
        return;
    if (!b->noise)
        b->noise = NEW(b->devices * VECTORS, double);
    for (size_t k = 0; k < b->devices; k++)
        for (size_t r = 0; r < n; r++) {
            const double noise = sigma > 0 ? gsl_ran_gaussian_ziggurat(t->rng, sigma) : 0;
            b->noise[k * VECTORS + r] = fmin(fmax(noise, -most), most);
        }
}

/* Reads `first` on, n of them, of one tile. */
struct reads {
    const struct products *products;
    size_t row, first, n; /* row: the first of the tile in the matrix */
    double sign;          /* of the tile's currents among those of the pair */
};

/* Voltages of the rows (n x rows of the array); spare rows have none. */
static void drive_rows(const struct tiled_matrix *t, const struct reads *r, size_t rows,
                       size_t array_rows, double *volts)
{
    const struct products *p = r->products;
    for (size_t k = 0; k < r->n; k++)
        for (size_t i = 0; i < rows; i++)
            volts[k * array_rows + i] =
                t->options->volt * (p->by_vector
                                        ? t->work[VOLTS][(r->first + k) * t->rows + r->row + i]
                                        : t->work[VOLTS][(r->row + i) * p->n + r->first + k]);
}

static void add_currents(const struct tiled_matrix *t, const struct tile_pair *pair,
                         const struct reads *r, size_t columns, const double *found,
                         double *current)
{
    const struct products *p = r->products;
    for (size_t k = 0; k < r->n; k++)
        for (size_t j = 0; j < pair->columns; j++)
            current[p->by_vector ? (r->first + k) * t->matrix->columns + pair->column + j
                                 : (pair->column + j) * p->n + r->first + k] +=
                r->sign * found[k * columns + j];
}

static void book(struct tiled_matrix *t, struct tile_energy *spent, const struct reads *r,
                 const struct lines_bent_answer *answer, double *energy)
{
    const double time = t->options->read_time;
    const struct products *p = r->products;
    for (size_t k = 0; k < LINES_CLASSES; k++)
        spent->by_class[k] += time * answer->power[k];
    for (size_t k = 0; k < r->n; k++) {
        spent->delivered += time * answer->delivered[k];
        energy[p->image + (p->by_vector ? (r->first + k) / t->matrix->reads : 0)] +=
            time * answer->delivered[k];
    }
}

static void read_tile(struct tiled_matrix *t, struct tile_pair *pair, size_t side,
                      const struct reads *r, double *current, double *energy)
{
    struct tile_bent *b = pair->bent[side];
    const size_t rows = pair->forms[side]->rows, columns = pair->forms[side]->columns;
    double *volts = NEW(r->n * rows, double), *found = NEW(r->n * columns, double),
           delivered[VECTORS];
    struct lines_bent_answer answer = {.current = found, .delivered = delivered};
    struct error error = {{0}};
    drive_rows(t, r, pair->rows, rows, volts);
    draw_noise(t, b, r->n);
    const enum status status = lines_bent_read(b->lines, r->n, volts, TOLERANCE, &answer, &error);
    if (status == STATUS_OK) {
        add_currents(t, pair, r, columns, found, current);
        t->bend_steps = answer.steps > t->bend_steps ? answer.steps : t->bend_steps;
        if (t->calibrated)
            book(t, &t->spent[pair - t->pairs], r, &answer, energy);
    } else if (t->failure == STATUS_OK) {
        t->failure = status;
        t->failure_text = error;
    }
    free(volts);
    free(found);
}

void tiled_bent_read(struct tiled_matrix *t, const struct products *p, size_t row_tile, size_t side,
                     double *current, double *energy)
{
    const struct tile_form *f = &t->options->form;
    const size_t column_tiles = (t->matrix->columns + f->columns - 1) / f->columns,
                 line = tiled_line(t, p->group, row_tile);
    memset(current, 0, p->n * t->matrix->columns * sizeof *current);
    for (size_t k = 0; k < column_tiles; k++)
        for (size_t s = 0; s < 2; s++)
            for (size_t first = 0; first < p->n && (t->sides == 1 || s == side); first += VECTORS) {
                const size_t left = p->n - first;
                const struct reads r = {p, row_tile * f->rows, first,
                                        left < VECTORS ? left : VECTORS,
                                        t->sides == 1 && s == 1 ? -1 : 1};
                read_tile(t, &t->pairs[line * column_tiles + k], s, &r, current, energy);
            }
}
