/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What moves and what conducts in a phase. */
#include "engine/event/network/network_internal.h"

#include <math.h>

/* Can the channel conduct while its gate is between v0 and v1 and its ends within all sources? */
static bool can_conduct(const struct network *n, const struct network_branch *b, double v0,
                        double v1)
{
    const struct mos1_model *m = b->element->mos;
    return m->type > 0 ? fmax(v0, v1) - n->low > m->vto : n->high - fmin(v0, v1) > -m->vto;
}

/* Find the known nodes that move in this phase, their voltages at its end, and the range of all
 * sources so far. */
static void find_moving(struct network *n, bool first)
{
    for (size_t k = 0; k < n->n_moving; k++)
        n->moves[n->ties[n->moving[k]].child] = false;
    n->n_moving = 0;
    for (size_t k = 0; k < n->n_known_ties; k++) {
        const struct network_tie *t = &n->ties[k];
        const double from = n->from[t->element], to = n->to[t->element];
        if (!(from < to || from > to || n->moves[t->parent] || first || n->led[t->child] ||
              (t->controlled && (n->moves[t->c] || n->moves[t->d]))))
            continue;
        n->moves[t->child] = true;
        n->moving[n->n_moving++] = (int)k;
    }
    network_sources(n, n->t0 + n->edge);
    for (size_t k = 0; k < n->n_moving; k++) {
        const int node = n->ties[n->moving[k]].child;
        n->end[node] = n->values[node];
        n->low = fmin(n->low, n->values[node]);
        n->high = fmax(n->high, n->values[node]);
    }
    network_sources(n, n->t0);
}

static bool set_conducting(struct network *n, int branch)
{
    const struct network_branch *b = &n->branches[branch];
    const double v = n->values[b->c];
    const bool conducts = b->kind != ELEMENT_MOSFET || n->led[b->c] ||
                          can_conduct(n, b, v, n->moves[b->c] ? n->end[b->c] : v);
    const bool changed = conducts != n->conducts[branch];
    n->conducts[branch] = conducts;
    return changed;
}

/* Transistors whose gate moves, or has moved in the phase before; the first time, everything. */
static bool find_conducting(struct network *n, bool first)
{
    bool changed = false;
    for (size_t k = 0; first && k < n->n_branches; k++)
        changed |= set_conducting(n, (int)k);
    for (size_t k = 0; k < n->n_switched; k++)
        changed |= set_conducting(n, n->switched[k]);
    n->n_switched = 0;
    for (size_t k = 0; k < n->n_moving; k++) {
        const int node = n->ties[n->moving[k]].child;
        for (int i = n->first_dependent[node]; i < n->first_dependent[node + 1]; i++) {
            const int item = n->dependent[i];
            if (item < 0 || n->branches[item].kind != ELEMENT_MOSFET)
                continue;
            changed |= set_conducting(n, item);
            n->switched[n->n_switched++] = item;
        }
    }
    return changed;
}

/* The moving node acts on the component, `turns`: on the control of a switch or transistor. */
static void mark(struct network *n, int component, int node, bool turns)
{
    struct network_component *p = &n->components[component];
    p->moving = true;
    p->turns |= turns;
    p->memory |= n->led[node];
    p->memory_turns |= turns && n->led[node];
}

/* Components on which a moving node acts. */
static void mark_moving(struct network *n, int node)
{
    for (int k = n->first_incident[node]; k < n->first_incident[node + 1]; k++)
        if (n->owner[n->incident[k]] >= 0)
            mark(n, n->owner[n->incident[k]], node, false);
    for (int k = n->first_dependent[node]; k < n->first_dependent[node + 1]; k++) {
        const int item = n->dependent[k];
        const int component = item >= 0 ? n->owner[item] : n->component[n->controls[-1 - item].out];
        if (component >= 0)
            mark(n, component, node, item >= 0 && n->branches[item].kind != ELEMENT_VCCS);
    }
}

bool network_phase(struct network *n)
{
    const bool first = n->n_components == 0 && n->n_follow == 0;
    find_moving(n, first);
    const bool changed = find_conducting(n, first) || first;
    if (changed)
        network_pattern_make(n);
    for (size_t i = 0; i < n->n_components; i++) {
        n->components[i].moving = changed;
        n->components[i].turns = n->components[i].memory = n->components[i].memory_turns = false;
    }
    for (size_t k = 0; k < n->n_moving; k++)
        mark_moving(n, n->ties[n->moving[k]].child);
    return changed;
}
