/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What training images tell of a layer's tiles: the largest inputs, ranges of converters, lines that take
 * results to what was wanted, how often rows are driven. */
#include "base/memory.h"
#include "infer/tiled_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void tiled_matrix_see(struct tiled_matrix *t, const struct products *p)
{
    const double *x = products_vectors(p);
    for (size_t k = 0; k < p->n * t->matrix->rows; k++) {
        t->x_max = x[k] > t->x_max ? x[k] : t->x_max;
        t->x_min = x[k] < t->x_min ? x[k] : t->x_min;
    }
}

enum status tiled_matrix_end_inputs(struct tiled_matrix *t, struct error *error)
{
    const struct tile_options *o = t->options;
    if (t->x_min < 0 && o->sign == SIGNED_REFUSE)
        return fail(error, STATUS_INPUT,
                    "layer '%.80s' (%.40s): inputs down to %g, expected 0 or more: drivers are "
                    "unsigned; two phases take both signs",
                    t->layer->name, t->layer->op_type, t->x_min);
    t->phases = t->x_min < 0 && o->sign == SIGNED_TWO_PHASES ? 2 : 1;
    t->x_max = o->input_most > 0 ? o->input_most : fmax(t->x_max, -t->x_min);
    if (!(t->x_max > 0)) /* no input ever */
        t->x_max = t->bias_input > 0 ? t->bias_input : 1;
    const double bias_rows = (double)o->form.bias_rows;
    if (t->bias_input > t->x_max)
        return fail(
            error, STATUS_INPUT,
            "layer '%.80s' (%.40s): a bias is %.3g times the largest weight and inputs are up to "
            "%.3g, expected at least %.0f rows of biases (tile.bias_rows)",
            t->layer->name, t->layer->op_type, t->bias_input * bias_rows, t->x_max,
            ceil(t->bias_input * bias_rows / t->x_max));
    return STATUS_OK;
}

void tiled_matrix_begin_ranges(struct tiled_matrix *t, size_t reads)
{
    const struct adc_options *a = &t->options->adc;
    const size_t n = t->sides * tiled_places(t);
    if (t->options->disturb) {
        free(t->use);
        t->use = NEW(t->matrix->groups * t->rows, struct row_use);
    }
    t->top = NEW(n, struct top_values);
    for (size_t k = 0; k < n; k++)
        top_values_init(&t->top[k], a->range == RANGE_QUANTILE ? a->quantile : 1,
                        reads * tiled_passes(t), a->every);
}

/* Do columns a and b share a range? */
static bool together(const struct tiled_matrix *t, size_t a, size_t b)
{
    const size_t columns = t->matrix->columns, width = t->options->form.columns;
    switch (t->options->adc.per) {
    case SHARE_LAYER:
        return true;
    case SHARE_COLUMN:
        return a == b;
    case SHARE_TILE:
        break;
    }
    return a / columns == b / columns && a % columns / width == b % columns / width;
}

/* The tops' quantiles, `own`, to ranges; one that no current has reached is that of one device. */
static void set_ranges(struct tiled_matrix *t, const double *own, double all)
{
    const size_t n = t->sides * tiled_places(t), columns = t->matrix->columns;
    const struct tile_options *o = t->options;
    for (size_t k = 0; k < n; k++) {
        const size_t first = k / columns * columns; /* a tile's columns lie side by side */
        t->range[k] = o->adc.per == SHARE_LAYER ? all : own[k];
        for (size_t i = first; o->adc.per == SHARE_TILE && i < first + columns; i++)
            if (together(t, k, i))
                t->range[k] = fmax(t->range[k], own[i]);
        if (o->adc.range == RANGE_VALUE)
            t->range[k] = o->adc.value;
        if (!(t->range[k] > 0))
            t->range[k] = o->volt * (o->mapping.g_max - o->mapping.g_min);
    }
}

void tiled_matrix_end_ranges(struct tiled_matrix *t, double images)
{
    const size_t n = t->sides * tiled_places(t);
    double *own = NEW(n, double), all = 0;
    for (size_t k = 0; k < n; k++) {
        own[k] = top_values_quantile(&t->top[k]);
        all = fmax(all, own[k]);
        top_values_free(&t->top[k]);
    }
    free(t->top);
    t->top = NULL;
    set_ranges(t, own, all);
    free(own);
    for (size_t k = 0; t->use && k < t->matrix->groups * t->rows; k++)
        for (size_t i = 0; i < 2 * ROW_USE_PARTS + 1; i++)
            t->use[k].reads[i] /= images;
    t->calibrated = true;
}

void tiled_matrix_forget(struct tiled_matrix *t)
{
    t->x_max = t->x_min = 0;
    t->calibrated = false;
    tiled_matrix_begin_lines(t);
}

void tiled_matrix_begin_lines(struct tiled_matrix *t)
{
    if (t->retune)
        retune_begin(t->retune);
}

void tiled_matrix_end_lines(struct tiled_matrix *t)
{
    if (t->retune)
        retune_fit(t->retune);
}

void tiled_matrix_compare(struct tiled_matrix *t, const struct products *p, const double *wanted)
{
    const struct matrix_layer *m = t->matrix;
    for (size_t c = 0; t->retune && c < m->columns; c++) {
        const size_t from = p->by_vector ? c : c * p->n, step = p->by_vector ? m->columns : 1;
        retune_see(t->retune, p->group * m->columns + c, p->n, step, p->y + from, wanted + from);
    }
}
