/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rule, and what it does with weights that move exactly as asked. */
#include "base/memory.h"
#include "spike/csdp.h"
#include "spike/lif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BINARY_TRACE 0.5 /* above it a binary trace is 1 */

double csdp_modulation(const struct csdp_options *o, double goodness, bool positive)
{
    const double over = goodness - o->theta * (double)o->hidden;
    if (o->modulator == CSDP_COMPARATOR)
        return (over > 0) != positive;
    return fabs(1 / (1 + exp(-over)) - positive);
}

unsigned csdp_width(const struct csdp_options *o, double trace, double modulation)
{
    const double z = o->trace == CSDP_BINARY ? trace > BINARY_TRACE : fmin(fmax(trace, 0), 1);
    return (unsigned)floor(z * modulation * (double)((1u << o->bits) - 1) + 0.5);
}

void csdp_test_rate(const struct truth_table *table, double n, struct csdp_test *test)
{
    test->n_patterns = table->n_patterns;
    test->right = 0;
    test->margin = INFINITY;
    for (size_t p = 0; p < table->n_patterns; p++) {
        double *g = test->goodness[p];
        g[0] /= n;
        g[1] /= n;
        const double margin = g[table->value[p]] - g[!table->value[p]];
        test->right += margin > 0;
        test->margin = fmin(test->margin, margin);
    }
}

struct ideal {
    const struct csdp_options *options;
    size_t lines;
    double *weight; /* lines x hidden, shares of the largest */
    double *v, *z;  /* hidden: membranes, shares of the threshold; traces */
    double keep_v, keep_z, gain;
};

static void update(struct ideal *m, const bool *spikes, double goodness, bool positive)
{
    const struct csdp_options *o = m->options;
    const double modulation = csdp_modulation(o, goodness, positive),
                 levels = (double)((1u << o->bits) - 1),
                 step = (o->policy == CSDP_SET || o->policy == CSDP_RESET ? 1 : 2) * o->step;
    for (size_t j = 0; j < o->hidden; j++) {
        const double change =
            (positive ? step : -step) * csdp_width(o, m->z[j], modulation) / levels;
        for (size_t i = 0; i < m->lines; i++)
            if (spikes[i]) {
                double *w = &m->weight[i * o->hidden + j];
                *w = fmin(fmax(*w + change, -1), 1);
            }
    }
}

/* One presentation; returns the mean goodness of its steps. */
static double present(struct ideal *m, struct presentations *p, bool learn)
{
    const struct csdp_options *o = m->options;
    double sum = 0;
    memset(m->v, 0, o->hidden * sizeof *m->v);
    memset(m->z, 0, o->hidden * sizeof *m->z);
    presentations_next(p);
    for (size_t t = 0; t < o->steps; t++) {
        bool spikes[SPIKE_LINES_MAX];
        double goodness = 0;
        presentations_spikes(p, spikes);
        for (size_t j = 0; j < o->hidden; j++) {
            double current = 0;
            for (size_t i = 0; i < m->lines; i++)
                current += spikes[i] ? m->weight[i * o->hidden + j] : 0;
            m->v[j] = m->v[j] * m->keep_v + m->gain * current;
            m->z[j] *= m->keep_z;
            if (m->v[j] > 1) {
                m->v[j] = 0;
                m->z[j] = 1;
            }
            goodness += m->z[j] * m->z[j];
        }
        sum += goodness;
        if (learn && t % o->every == o->every - 1)
            update(m, spikes, goodness, p->now.positive);
    }
    return sum / (double)o->steps;
}

void csdp_ideal(const struct csdp_options *o, const double *g, struct csdp_test *test)
{
    const size_t lines = spike_lines(&o->table), n = o->hidden;
    struct ideal m = {.options = o,
                      .lines = lines,
                      .weight = NEW(lines * n, double),
                      .v = NEW(n, double),
                      .z = NEW(n, double),
                      .keep_v = exp(-o->step_time / LIF_MEMBRANE_TAU),
                      .keep_z = exp(-o->step_time / LIF_TRACE_TAU),
                      .gain = LIF_TRANSCONDUCTANCE * LIF_FULL_SWING * o->integrate_time /
                              (LIF_MEMBRANE_FARAD * LIF_THRESHOLD)};
    for (size_t i = 0; i < lines; i++)
        for (size_t j = 0; j < n; j++)
            m.weight[i * n + j] =
                (g[2 * i * n + j] - g[(2 * i + 1) * n + j]) / (o->dopant->g_max - o->dopant->g_min);
    *test = (struct csdp_test){0};
    struct presentations p = presentations_training(&o->table, o->probability, o->sample);
    for (size_t k = 0; k < csdp_presentations(o); k++)
        present(&m, &p, true);
    presentations_end(&p);
    p = presentations_test(&o->table, o->probability, o->sample);
    for (size_t k = 0; k < csdp_test_presentations(o); k++) {
        const double goodness = present(&m, &p, false);
        test->goodness[p.now.pattern][p.now.label] += goodness;
    }
    presentations_end(&p);
    csdp_test_rate(&o->table, (double)o->repeats, test);
    free(m.weight);
    free(m.v);
    free(m.z);
}

void csdp_initial(const struct csdp_options *o, double *g)
{
    const struct dopant *d = o->dopant;
    gsl_rng *rng = random_stream(o->sample.seed, o->sample.replica, RANDOM_WEIGHTS);
    for (size_t k = 0; k < 2 * spike_lines(&o->table) * o->hidden; k++)
        g[k] = d->g_min + (0.25 + 0.5 * gsl_rng_uniform(rng)) * (d->g_max - d->g_min);
    gsl_rng_free(rng);
}
