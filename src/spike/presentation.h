/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a spiking circuit is shown, and the spikes on its lines: from the sample's streams alone, so
 * that every engine and the ideal rule see the same.
 *
 * Lines: each input and its complement, label 0, label 1, bias; so always the same number is active.
 * A draw is a pattern, shown with its right label (positive) and with the wrong one (negative), in
 * random order.  An active line spikes in a time step with the same probability, independently. */
#ifndef SILVERBAR_SPIKE_PRESENTATION_H
#define SILVERBAR_SPIKE_PRESENTATION_H

#include "base/random.h"
#include "spike/truth_table.h"

#define SPIKE_LINES_MAX (2 * TRUTH_INPUTS_MAX + 3)

static inline size_t spike_lines(const struct truth_table *table)
{
    return 2 * table->n_inputs + 3;
}

struct presentation {
    size_t pattern;
    bool label, positive; /* positive: the label is the right one */
};

struct presentations {
    const struct truth_table *table;
    double probability;
    gsl_rng *draws, *spikes; /* draws: NULL in a test */
    size_t n;                /* presentations so far */
    struct presentation now;
};

/* Of a training: two a draw. */
struct presentations presentations_training(const struct truth_table *table, double probability,
                                            struct random_sample sample);
/* Of a test: every pattern with label 0 and with label 1, again and again. */
struct presentations presentations_test(const struct truth_table *table, double probability,
                                        struct random_sample sample);
void presentations_end(struct presentations *p);

/* Go on to the next presentation; spikes of its next time step. */
void presentations_next(struct presentations *p);
void presentations_spikes(struct presentations *p, bool spikes[SPIKE_LINES_MAX]);

#endif
