/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/claims/claims_figure.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOOTSTRAP_SEED 1
#define SHIFT_SEED 2
#define AT_LIMIT 1e-9 /* an accuracy that is as near to the limit is there */

/* A column of numbers of a sample; NAN if it failed. */
static double column(const struct table *t, size_t row, const char *name)
{
    const struct cell *cells = &t->cells[row * t->n_columns];
    const struct cell *status = &cells[table_column(t, "status")], *cell;
    cell = &cells[table_column(t, name)];
    return status->kind == CELL_TEXT && strcmp(status->text, "done") == 0 &&
                   cell->kind == CELL_NUMBER
               ? cell->number
               : NAN;
}

double claim_output(const struct claim *claim, const struct table *t, const struct claim_point *p,
                    size_t replica)
{
    const size_t row = p->first + replica;
    const double output = column(t, row, claim->text.output);
    return *claim->text.less ? output - column(t, row, claim->text.less) : output;
}

static bool at_limit(const struct claim *claim, const struct table *t, const struct claim_point *p,
                     size_t replica)
{
    const size_t row = p->first + replica;
    return column(t, row, claim->text.output) >= column(t, row, claim->text.limit) - AT_LIMIT;
}

/* Of one replica: its figure, and the outputs behind it. */
struct value {
    double figure, at, against;
    bool limited;
};

static struct value value_of(const struct claims *c, const struct claim *claim,
                             const struct claim_pair *pair, const struct table *t, size_t replica)
{
    const struct claim_point *at = &c->points[pair->at], *against = &c->points[pair->against];
    const bool two = claim->text.as != CLAIM_MEAN, limit = *claim->text.limit;
    struct value v = {.at = claim_output(claim, t, at, replica),
                      .against = two ? claim_output(claim, t, against, replica) : 0};
    v.figure = claim->text.as == CLAIM_RATIO ? v.at / v.against : v.at - v.against;
    v.limited =
        limit && at_limit(claim, t, at, replica) && (!two || at_limit(claim, t, against, replica));
    return v;
}

/* Two-sided, from the means of the resamples; never less than their number can tell. */
static double p_value(const struct region_count *r)
{
    const double inside = (double)r->inside, outside = AGGREGATE_RESAMPLES - inside;
    return fmin(1, 2 * (1 + fmin(inside, outside)) / (1 + AGGREGATE_RESAMPLES));
}

struct figure claim_figure(const struct claims *c, const struct claim *claim, size_t k,
                           const struct table *t, uint32_t draw)
{
    const struct claim_pair *pair = &claim->pairs[k];
    const bool variation = k > 0 && k <= claim->n_variations;
    const size_t n = variation ? (size_t)c->variation_replicas
                               : (size_t)c->points[pair->at].testbench->common.replicas;
    struct figure f = {.replicas = n, .at_limit = NAN};
    double *values = NEW(n, double), *shifts = NEW(n, double);
    size_t good = 0, limited = 0;
    for (size_t r = 0; r < n; r++) {
        const struct value v = value_of(c, claim, pair, t, r);
        if (!isfinite(v.figure)) {
            f.failures++;
            continue;
        }
        f.at += v.at;
        f.against += v.against;
        limited += v.limited;
        shifts[good] = variation ? v.figure - value_of(c, claim, claim->pairs, t, r).figure : NAN;
        values[good++] = v.figure;
    }
    f.at /= (double)good;
    f.against /= (double)good;
    if (*claim->text.limit)
        f.at_limit = (double)limited / (double)good;
    struct region_count region = {claim->text.low, claim->text.high, 0};
    f.interval = aggregate_mean_in(values, good, BOOTSTRAP_SEED, draw, &region);
    f.p = p_value(&region);
    size_t paired = 0;
    for (size_t r = 0; r < good; r++)
        if (isfinite(shifts[r]))
            shifts[paired++] = shifts[r];
    f.shift = aggregate_mean(shifts, paired, SHIFT_SEED, draw);
    free(values);
    free(shifts);
    return f;
}

void claim_holm(size_t n, double *p)
{
    double most = 0; /* adjusted ones do not fall */
    bool *done = NEW(n, bool);
    for (size_t k = 0; k < n; k++) {
        size_t least = n;
        for (size_t i = 0; i < n; i++)
            if (!done[i] && (least == n || p[i] < p[least]))
                least = i;
        done[least] = true;
        most = fmax(most, fmin(1, (double)(n - k) * p[least]));
        p[least] = most;
    }
    free(done);
}

bool claim_holds(const struct claim *claim, double figure)
{
    return figure >= claim->text.low && figure <= claim->text.high;
}

/* "depends on X, Y": the settings that take the figure out of its region; NULL: none does. */
static char *depends(const struct claim *claim, const struct figure *figures)
{
    char *text = NULL;
    for (size_t k = 1; k <= claim->n_variations; k++) {
        if (figures[k].interval.n == 0 || claim_holds(claim, figures[k].interval.mean))
            continue;
        char *longer = text ? memory_format("%s, %s", text, claim->pairs[k].variation)
                            : memory_format("depends on %s", claim->pairs[k].variation);
        free(text);
        text = longer;
    }
    return text;
}

char *claim_verdict(const struct claim *claim, const struct figure *figures, double p)
{
    const struct interval95 *i = &figures[0].interval;
    if (claim->text.compare_only || i->n == 0)
        return memory_string("not testable");
    if (figures[0].at_limit > CLAIM_SATURATED)
        return memory_string("saturated");
    const bool sure = p <= CLAIM_LEVEL;
    if (sure && (i->high < claim->text.low || i->low > claim->text.high))
        return memory_string("contradicted");
    if (!sure || !claim_holds(claim, i->low) || !claim_holds(claim, i->high))
        return memory_string("not testable");
    char *text = depends(claim, figures);
    return text ? text : memory_string("consistent");
}

size_t claim_spread(const struct claim *claim, const struct figure *figures)
{
    for (size_t k = claim->n_variations + 1; k < claim->n_pairs; k++)
        if (figures[k].at_limit <= CLAIM_SATURATED)
            return k;
    return 0;
}
