/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/dae_trouble.h"

#include <math.h>
#include <stdio.h>

/* Voltage across a memristor at the last evaluation. */
static double across(const struct dae *d, const struct element *e)
{
    return d->values[e->node[0]] - d->values[e->node[1]];
}

const char *dae_unknown(const struct dae *d, const double *y, size_t k, char text[DAE_TROUBLE_SIZE])
{
    const struct circuit *c = d->circuit;
    const size_t first_state = d->n - d->n_states;
    if (k >= first_state) {
        const size_t s = k - first_state;
        const bool hidden = s >= c->n_states;
        const struct element *e =
            &c->elements[hidden ? c->hidden_elements[s - c->n_states] : c->state_elements[s]];
        snprintf(text, DAE_TROUBLE_SIZE, "%sstate %s%s, %g, at %g V", hidden ? "hidden " : "",
                 hidden ? "" : "of ", hidden ? c->hidden_names[s - c->n_states] : e->name, y[k],
                 across(d, e));
    } else if (k < d->n_roots) {
        snprintf(text, DAE_TROUBLE_SIZE, "node %s at %g V", c->node_names[d->roots[k]], y[k]);
    } else {
        const char *name = "a branch";
        for (size_t i = 0; i < d->n_controlled; i++)
            if (d->controlled[i].unknown == (int)k)
                name = d->controlled[i].element->name;
        snprintf(text, DAE_TROUBLE_SIZE, "current of %s, %g A", name, y[k]);
    }
    return text;
}

size_t dae_largest(const struct dae *d, const double *x, const double *weight)
{
    size_t largest = d->n_roots > 0 ? 0 : dae_first_kept(d);
    for (size_t k = 0; k < d->n; k++) {
        const bool current = k >= d->n_roots && k < dae_first_kept(d);
        if (!current && fabs(x[k]) * weight[k] > fabs(x[largest]) * weight[largest])
            largest = k;
    }
    return largest;
}

bool dae_broken_law(const struct dae *d, char text[DAE_TROUBLE_SIZE])
{
    for (size_t k = 0; k < d->n_memristors; k++) {
        const struct element *e = d->memristors[k].element;
        const struct model *m = e->dopant->model;
        const double v = across(d, e), x = d->values[circuit_state_value(d->circuit, e->state)];
        const double i = m->current(e->dopant->constants, v, x).f;
        double f = m->n_hidden > 0 ? 0 : m->rate(e->dopant->constants, v, x).f;
        if (m->n_hidden > 0) {
            const double *hidden = d->values + circuit_hidden_value(d->circuit, e->hidden);
            const struct model_rates r = m->rates(e->dopant->constants, v, x, hidden);
            for (size_t j = 0; j <= m->n_hidden; j++)
                f += r.f[j];
        }
        if (!isfinite(v) || !isfinite(x) || (isfinite(i) && isfinite(f)))
            continue;
        snprintf(text, DAE_TROUBLE_SIZE, "the law of %s gives %g at %g V, state %g", e->name,
                 isfinite(i) ? f : i, v, x);
        return true;
    }
    return false;
}

bool dae_no_solution(const struct dae *d, const double *y, double slack,
                     char text[DAE_TROUBLE_SIZE])
{
    for (size_t k = 0; k < d->n; k++) {
        const size_t first_state = d->n - d->n_states;
        const bool state = k >= first_state && k < first_state + d->circuit->n_states;
        if (isfinite(y[k]) && (!state || (y[k] >= -slack && y[k] <= 1 + slack)))
            continue;
        dae_unknown(d, y, k, text);
        return true;
    }
    return false;
}
