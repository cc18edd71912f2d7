/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_trouble.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *name_of(const struct event_steps *s, const struct event_device *d)
{
    return s->network->branches[d->branch].element->name;
}

/* A law of the component that could not be solved is not finite at the present voltage, or at 1 V,
 * where ohmic devices are measured. */
static bool broken_current(const struct network *n, const struct network_component *p,
                           char text[EVENT_TROUBLE_SIZE])
{
    for (size_t k = 0; k < p->n_cells; k++) {
        const struct network_cell *c = &n->cells[p->first_cell + k];
        if (c->kind != ELEMENT_MEMRISTOR)
            continue;
        const struct dopant *d = c->element->dopant;
        const double volts[] = {n->values[c->a] - n->values[c->b], 1}, x = n->values[c->state];
        for (int i = 0; i < (c->linear ? 2 : 1); i++) {
            const double current = d->model->current(d->constants, volts[i], x).f;
            if (isfinite(current) || !isfinite(volts[i]) || !isfinite(x))
                continue;
            snprintf(text, EVENT_TROUBLE_SIZE, "the law of %s gives %g at %g V, state %g",
                     c->element->name, current, volts[i], x);
            return true;
        }
    }
    return false;
}

const char *event_no_solution(const struct event_steps *s, char text[EVENT_TROUBLE_SIZE])
{
    struct network *n = s->network;
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_device *d = s->active[k]->device;
        if (isfinite(d->rate.f))
            continue;
        snprintf(text, EVENT_TROUBLE_SIZE, "the law of %s gives %g at %g V, state %g",
                 name_of(s, d), d->rate.f, d->v, d->x);
        return text;
    }
    if (n->failed < n->n_components && broken_current(n, &n->components[n->failed], text))
        return text;
    const int node = network_worst(n);
    if (node < 0)
        return event_fastest(s, "a step's error is not finite", text);
    snprintf(text, EVENT_TROUBLE_SIZE, "the node voltages have no solution around node %s, %g V",
             n->circuit->node_names[node], n->values[node]);
    return text;
}

bool event_state_outside(const struct event_steps *s, double slack, char text[EVENT_TROUBLE_SIZE])
{
    for (size_t k = 0; k < s->n_active; k++) {
        const struct event_active *a = s->active[k];
        if (a->x >= -slack && a->x <= 1 + slack)
            continue;
        snprintf(text, EVENT_TROUBLE_SIZE, "state of %s is %g at %g V", name_of(s, a->device), a->x,
                 a->v);
        return true;
    }
    return false;
}

const char *event_fastest(const struct event_steps *s, const char *what,
                          char text[EVENT_TROUBLE_SIZE])
{
    const struct event_active *fastest = NULL;
    for (size_t k = 0; k < s->n_active; k++)
        if (!fastest || fabs(s->active[k]->f) > fabs(fastest->f))
            fastest = s->active[k];
    if (fastest)
        snprintf(text, EVENT_TROUBLE_SIZE, "%s; %s moves by %.3g/s at %g V, state %g", what,
                 name_of(s, fastest->device), fastest->f, fastest->v, fastest->x);
    else
        snprintf(text, EVENT_TROUBLE_SIZE, "%s", what);
    return text;
}

enum status event_floating(const struct network *n, struct error *error)
{
    const struct circuit *c = n->circuit;
    bool *reached = NEW(c->n_nodes, bool);
    int *queue = NEW(c->n_nodes, int);
    size_t tail = 0;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (n->known[i])
            reached[queue[tail++] = (int)i] = true;
    for (size_t k = 0; k < n->n_controls; k++)
        if (!reached[n->controls[k].out])
            reached[queue[tail++] = n->controls[k].out] = true;
    for (size_t head = 0; head < tail; head++)
        for (int i = n->first_incident[queue[head]]; i < n->first_incident[queue[head] + 1]; i++) {
            const struct network_branch *b = &n->branches[n->incident[i]];
            const int other = b->a == queue[head] ? b->b : b->a;
            if (b->kind != ELEMENT_CURRENT && !reached[other])
                reached[queue[tail++] = other] = true;
        }
    int floating = -1;
    for (size_t k = 0; k < c->n_elements && floating < 0; k++) {
        const struct element *e = &c->elements[k];
        const struct element_type *type = element_type(e);
        const int ends[2] = {e->node[0], e->node[type->through[1]]};
        for (int i = 0; i < 2 && floating < 0; i++)
            if (!reached[n->root[ends[i]]])
                floating = ends[i];
    }
    free(reached);
    free(queue);
    return floating < 0 ? STATUS_OK
                        : fail(error, STATUS_NUMERICAL,
                               "event: node %s floats: no direct current can leave it, whatever is "
                               "switched on",
                               c->node_names[floating]);
}
