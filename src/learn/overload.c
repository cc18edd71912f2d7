/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/overload.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double steepest(const struct transfer_table *t)
{
    double most = 0;
    for (size_t i = 1; i < t->n; i++)
        most = fmax(most, fabs((t->y[i] - t->y[i - 1]) / (t->x[i] - t->x[i - 1])));
    return most;
}

void overload_new(struct overload *o, const struct circuit *c, double supply)
{
    *o = (struct overload){.circuit = c,
                           .supply = supply,
                           .tables = NEW(c->n_elements, struct overload_table),
                           .worst = -1};
    int ground = -1;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (strcmp(c->node_names[i], "vmid") == 0)
            ground = (int)i;
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        if (e->kind == ELEMENT_TRANSFER && e->node[3] == ground)
            o->tables[o->n++] = (struct overload_table){(int)k, steepest(&e->table)};
    }
}

void overload_free(struct overload *o)
{
    free(o->tables);
    o->tables = NULL;
    o->n = 0;
}

static void take(void *data, const struct interval *i)
{
    struct overload *o = data;
    for (size_t k = 0; k < o->n; k++) {
        const struct element *e = &o->circuit->elements[o->tables[k].element];
        const struct transfer_table *t = &e->table;
        const double v = i->values[e->node[2]] - i->values[e->node[3]],
                     over = fmax(t->x[0] - v, v - t->x[t->n - 1]);
        if (!(over > 0))
            continue;
        o->missed[i->phase->section] += (i->t1 - i->t0) * o->supply * o->tables[k].steepest * over;
        if (over > o->most) {
            o->most = over;
            o->worst = o->tables[k].element;
        }
    }
}

struct recorder overload_recorder(struct overload *o)
{
    return (struct recorder){take, o};
}
