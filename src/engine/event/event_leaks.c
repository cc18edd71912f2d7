/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_leaks.h"

#include "base/memory.h"
#include "base/wide.h"

#include <stdlib.h>
#include <string.h>

static void diodes_new(struct event_diodes *d, size_t n)
{
    *d = (struct event_diodes){NEW(n, int), NEW(n, double), NEW(n, double), NEW(n, double)};
}

static void diodes_free(struct event_diodes *d)
{
    free(d->node);
    free(d->rest);
    free(d->slope);
    free(d->last);
}

void event_leaks_new(struct event_leaks *l, const struct network *n)
{
    const size_t most = n->n_branches;
    *l = (struct event_leaks){.element = NEW(most, int),
                              .bulk = NEW(most, int),
                              .sign = NEW(most, double),
                              .joule = NEW(most, double)};
    for (int end = 0; end < 2; end++)
        diodes_new(&l->diodes[end], most);
    for (size_t k = 0; k < n->n_branches; k++) {
        const struct network_branch *b = &n->branches[k];
        if (b->kind != ELEMENT_MOSFET)
            continue;
        l->element[l->n] = b->number;
        l->bulk[l->n] = b->d;
        l->sign[l->n] = b->element->mos->type;
        l->diodes[0].node[l->n] = b->a;
        l->diodes[1].node[l->n] = b->b;
        for (int end = 0; end < 2; end++)
            l->diodes[end].slope[l->n] = -b->element->geometry.m * b->element->mos->is;
        l->n++;
    }
}

void event_leaks_free(struct event_leaks *l)
{
    free(l->element);
    free(l->bulk);
    free(l->sign);
    free(l->joule);
    for (int end = 0; end < 2; end++)
        diodes_free(&l->diodes[end]);
}

void event_leaks_rest(struct event_leaks *l, const struct network *n)
{
    const double *v = n->values;
    for (int end = 0; end < 2; end++) {
        struct event_diodes *d = &l->diodes[end];
        for (size_t k = 0; k < l->n; k++) {
            d->rest[k] = l->sign[k] * (v[l->bulk[k]] - v[d->node[k]]);
            d->slope[k] += 2 * CIRCUIT_GMIN * d->rest[k];
        }
    }
}

/* joule[] grows by what the diodes at one end have taken. */
WIDE static void take_end(const struct event_leaks *l, const struct event_diodes *d,
                          const double *restrict v, double h)
{
    const int *restrict bulk = l->bulk, *restrict node = d->node;
    const double *restrict sign = l->sign, *restrict rest = d->rest, *restrict slope = d->slope;
    double *restrict last = d->last, *restrict joule = l->joule;
    for (size_t k = 0; k < l->n; k++) {
        const double d0 = last[k], d1 = sign[k] * (v[bulk[k]] - v[node[k]]) - rest[k];
        const double both = d0 + d1;
        joule[k] += h * (slope[k] * both / 2 + CIRCUIT_GMIN * (both * both - d0 * d1) / 3);
        last[k] = d1;
    }
}

void event_leaks_take(struct event_leaks *l, const double *values, double h)
{
    for (int end = 0; end < 2; end++)
        take_end(l, &l->diodes[end], values, h);
}

WIDE void event_leaks_stay(struct event_leaks *l, double h)
{
    const struct event_diodes *drain = &l->diodes[0], *source = &l->diodes[1];
    const double *restrict a = drain->last, *restrict b = source->last,
                           *restrict slope_a = drain->slope, *restrict slope_b = source->slope;
    double *restrict joule = l->joule;
    for (size_t k = 0; k < l->n; k++)
        joule[k] += h * (a[k] * (slope_a[k] + CIRCUIT_GMIN * a[k]) +
                         b[k] * (slope_b[k] + CIRCUIT_GMIN * b[k]));
}

void event_leaks_hand_out(struct event_leaks *l, double *energy)
{
    for (size_t k = 0; k < l->n; k++)
        energy[l->element[k]] += l->joule[k];
    memset(l->joule, 0, l->n * sizeof *l->joule);
}
