/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spike/presentation.h"

struct presentations presentations_training(const struct truth_table *table, double probability,
                                            struct random_sample sample)
{
    return (struct presentations){
        .table = table,
        .probability = probability,
        .draws = random_stream(sample.seed, sample.replica, RANDOM_PRESENTATION),
        .spikes = random_stream(sample.seed, sample.replica, RANDOM_SPIKE)};
}

struct presentations presentations_test(const struct truth_table *table, double probability,
                                        struct random_sample sample)
{
    return (struct presentations){
        .table = table,
        .probability = probability,
        .spikes = random_stream(sample.seed, sample.replica, RANDOM_TEST_SPIKE)};
}

void presentations_end(struct presentations *p)
{
    if (p->draws)
        gsl_rng_free(p->draws);
    if (p->spikes)
        gsl_rng_free(p->spikes);
    *p = (struct presentations){0};
}

void presentations_next(struct presentations *p)
{
    const struct truth_table *t = p->table;
    const bool second = p->n % 2;
    if (!p->draws) {
        p->now.pattern = p->n / 2 % t->n_patterns;
        p->now.label = second;
        p->now.positive = p->now.label == t->value[p->now.pattern];
    } else {
        if (second) {
            p->now.positive = !p->now.positive;
        } else {
            p->now.pattern = gsl_rng_uniform_int(p->draws, t->n_patterns);
            p->now.positive = gsl_rng_uniform_int(p->draws, 2);
        }
        p->now.label = t->value[p->now.pattern] == p->now.positive;
    }
    p->n++;
}

void presentations_spikes(struct presentations *p, bool spikes[SPIKE_LINES_MAX])
{
    const size_t n = p->table->n_inputs;
    for (size_t k = 0; k < 2 * n + 3; k++) {
        const bool active = k < 2 * n ? truth_input(p->table, p->now.pattern, k / 2) == (k % 2 == 0)
                            : k < 2 * n + 2 ? p->now.label == (k == 2 * n + 1)
                                            : true;
        spikes[k] = active && gsl_rng_uniform(p->spikes) < p->probability;
    }
}
