/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wave/decimate.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum status decimate_window(const struct raw_file *f, double from, double to,
                            struct decimate_window *w, struct error *error)
{
    const size_t scale = 0, block = raw_read_block_size(f, 1);
    double *x = NEW(block, double), last = -INFINITY;
    size_t begin = f->n_points, end = 0;
    enum status status = STATUS_OK;
    bool monotone = true;
    for (size_t p = 0; p < f->n_points && status == STATUS_OK; p += block) {
        const size_t m = f->n_points - p < block ? f->n_points - p : block;
        status = raw_read_block(f, &(struct raw_block){p, m, 1, &scale}, x, error);
        for (size_t i = 0; i < m && status == STATUS_OK; i++) {
            monotone &= x[i] >= last;
            last = x[i];
            if (!(x[i] >= from && x[i] <= to))
                continue;
            begin = p + i < begin ? p + i : begin;
            end = p + i + 1;
        }
    }
    free(x);
    if (status == STATUS_OK && begin >= end)
        status = fail(error, STATUS_INPUT, "%s: no point from %g to %g", f->path, from, to);
    *w = monotone ? (struct decimate_window){begin, end - begin, true}
                  : (struct decimate_window){0, f->n_points, false};
    return status;
}

/* Take the values of one signal, points [p, p + m) of the window, into its bins.  at[0], at[1]:
 * where in the window the extremes of the present bin are. */
static void take(struct decimated *d, size_t signal, size_t p, size_t m, const double *values,
                 size_t at[2])
{
    for (size_t i = 0; i < m; i++) {
        double *pair = d->value + 2 * (signal * d->n_bins + (p + i) / d->per_bin);
        const double v = values[i];
        if ((p + i) % d->per_bin == 0 || isnan(pair[0])) { /* no number so far */
            pair[0] = pair[1] = v;
            at[0] = at[1] = p + i;
        } else if (v < pair[0]) {
            pair[0] = v;
            at[0] = p + i;
        } else if (v > pair[1]) {
            pair[1] = v;
            at[1] = p + i;
        }
        if (((p + i + 1) % d->per_bin == 0 || p + i + 1 == d->n_points) && at[0] > at[1]) {
            const double low = pair[0];
            pair[0] = pair[1];
            pair[1] = low;
        }
    }
}

static void take_scale(struct decimated *d, size_t p, size_t m, const double *x)
{
    for (size_t i = 0; i < m; i++) {
        if ((p + i) % d->per_bin == 0)
            d->begin[(p + i) / d->per_bin] = x[i];
        d->end = x[i];
    }
}

enum status decimate(const struct raw_file *f, const struct raw_block *b, size_t bins,
                     struct decimated *d, struct error *error)
{
    const size_t n = b->n, n_signals = b->n_signals;
    const size_t per_bin = bins == 0 || n <= bins ? 1 : (n + bins - 1) / bins;
    *d = (struct decimated){.n_signals = n_signals, .n_points = n, .per_bin = per_bin};
    d->n_bins = (n + per_bin - 1) / per_bin;
    d->begin = NEW(d->n_bins, double);
    d->value = NEW(2 * n_signals * d->n_bins, double);
    const size_t block = raw_read_block_size(f, n_signals + 1);
    size_t *all = NEW(n_signals + 1, size_t), *at = NEW(2 * n_signals, size_t);
    double *values = NEW(block * (n_signals + 1), double);
    for (size_t k = 0; k < n_signals; k++)
        all[k + 1] = b->signals[k];
    enum status status = STATUS_OK;
    for (size_t p = 0; p < n && status == STATUS_OK; p += block) {
        const size_t m = n - p < block ? n - p : block;
        const struct raw_block part = {b->first + p, m, n_signals + 1, all};
        status = raw_read_block(f, &part, values, error);
        if (status != STATUS_OK)
            break;
        take_scale(d, p, m, values);
        for (size_t k = 0; k < n_signals; k++)
            take(d, k, p, m, values + (k + 1) * m, at + 2 * k);
    }
    for (size_t i = 0; i < d->n_bins; i++)
        d->widest = fmax(d->widest, (i + 1 < d->n_bins ? d->begin[i + 1] : d->end) - d->begin[i]);
    free(all);
    free(at);
    free(values);
    if (status != STATUS_OK)
        decimated_free(d);
    return status;
}

void decimated_free(struct decimated *d)
{
    free(d->begin);
    free(d->value);
    *d = (struct decimated){0};
}

double decimated_bound(const struct decimated *d, size_t signal)
{
    double bound = 0;
    for (size_t b = 0; b < d->n_bins; b++) {
        const double *pair = d->value + 2 * (signal * d->n_bins + b);
        bound = fmax(bound, 0.5 * fabs(pair[1] - pair[0]));
    }
    return bound;
}
