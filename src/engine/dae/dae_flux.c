/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/dae_flux.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static void list(struct dae *d)
{
    const struct circuit *c = d->circuit;
    size_t capacity = 0;
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element_type *type = element_type(&c->elements[k]);
        struct element_flux flux[ELEMENT_FLUXES];
        const size_t n = type->fluxes ? type->fluxes((int)k, c->elements, flux) : 0;
        for (size_t i = 0; i < n; i++) {
            d->fluxes = memory_grow(d->fluxes, &capacity, d->n_fluxes + 1, sizeof *d->fluxes);
            d->fluxes[d->n_fluxes++] = (struct dae_flux){
                .row = flux[i].of, .column = flux[i].by, .coefficient = -flux[i].henry};
        }
    }
}

/* The branch that stands for all that are coupled with this one. */
static int leader(int *group, int k)
{
    while (group[k] != k)
        k = group[k] = group[group[k]];
    return k;
}

/* Cholesky's factors of the inductances m x m; the row where they end, or -1: positive definite. */
static int indefinite(size_t m, double *l)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = l[i * m + j];
            for (size_t k = 0; k < j; k++)
                sum -= l[i * m + k] * l[j * m + k];
            if (i == j && !(sum > 1e-12 * l[i * m + i]))
                return (int)i;
            l[i * m + j] = i == j ? sqrt(sum) : sum / l[j * m + j];
        }
    return -1;
}

/* The branches behind `first` of its group, and their inductances by their places. */
static enum status check_group(const struct dae *d, const int *group, int first, int *place,
                               struct error *error)
{
    const struct element *elements = d->circuit->elements;
    const size_t n = d->circuit->n_elements;
    int members[DAE_COUPLED_MAX];
    size_t m = 0;
    for (size_t k = 0; k < n; k++) {
        if (group[k] != first)
            continue;
        if (m == DAE_COUPLED_MAX)
            return fail(error, STATUS_INPUT, "more than %d inductors are coupled with %s",
                        DAE_COUPLED_MAX, elements[first].name);
        place[k] = (int)m;
        members[m++] = (int)k;
    }
    if (m < 2)
        return STATUS_OK;
    double *l = NEW(m * m, double);
    for (size_t k = 0; k < d->n_fluxes; k++)
        if (group[d->fluxes[k].row] == first)
            l[(size_t)place[d->fluxes[k].row] * m + (size_t)place[d->fluxes[k].column]] -=
                d->fluxes[k].coefficient;
    const int row = indefinite(m, l);
    free(l);
    return row < 0
               ? STATUS_OK
               : fail(error, STATUS_INPUT,
                      "%s is coupled too strongly: the inductances of the %zu coupled inductors "
                      "are not positive definite, so that their currents could give energy "
                      "without end",
                      elements[members[row]].name, m);
}

enum status dae_list_fluxes(struct dae *d, struct error *error)
{
    const size_t n = d->circuit->n_elements;
    enum status status = STATUS_OK;
    int *group = NEW(n, int), *place = NEW(n, int);
    list(d);
    for (size_t k = 0; k < n; k++)
        group[k] = (int)k;
    bool coupled = false;
    for (size_t k = 0; k < d->n_fluxes; k++) {
        coupled |= d->fluxes[k].row != d->fluxes[k].column;
        group[leader(group, d->fluxes[k].row)] = leader(group, d->fluxes[k].column);
    }
    for (size_t k = 0; k < n; k++)
        group[k] = leader(group, (int)k);
    for (size_t k = 0; k < d->n_fluxes && coupled && status == STATUS_OK; k++)
        if (group[d->fluxes[k].row] == d->fluxes[k].row && d->fluxes[k].row == d->fluxes[k].column)
            status = check_group(d, group, d->fluxes[k].row, place, error);
    free(group);
    free(place);
    return status;
}
