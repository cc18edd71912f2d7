/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/stored.h"

#include "base/memory.h"

#include <stdlib.h>

void stored_new(struct stored *s, const struct circuit *c)
{
    *s = (struct stored){.circuit = c, .elements = NEW(c->n_elements, int)};
    for (size_t k = 0; k < c->n_elements; k++)
        if (element_stores(&c->elements[k]))
            s->elements[s->n++] = (int)k;
    s->last = NEW(s->n * ELEMENT_SHARES, double);
}

void stored_free(struct stored *s)
{
    free(s->elements);
    free(s->last);
}

void stored_book(struct stored *s, const double *values, double *energy, double *error)
{
    const struct element_point at = circuit_point(s->circuit, values);
    for (size_t k = 0; k < s->n; k++) {
        energy[s->elements[k]] = 0;
        if (error)
            error[s->elements[k]] = 0;
    }
    for (size_t k = 0; k < s->n; k++) {
        const int number = s->elements[k];
        struct element_share share[ELEMENT_SHARES];
        const size_t n = element_type(&at.elements[number])->stored(number, &at, share);
        double *last = s->last + ELEMENT_SHARES * k;
        for (size_t i = 0; i < n; i++) {
            energy[share[i].element] += share[i].joule - last[i];
            last[i] = share[i].joule;
        }
    }
}
