/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/learning.h"

#include <math.h>

const char *const learning_rules[] = {"target", "manhattan", "manhattan-image", "delta", NULL};

static const double flips[] = {0.05, 0.1, 0.15, 0.2, 0.25, 0.3};
#define N_FLIPS (sizeof flips / sizeof flips[0])

_Static_assert(LEARNING_P05 + N_FLIPS == LEARNING_EPOCHS, "a column for each probability");

void learning_cells(const struct training *t, struct cell *cells)
{
    const struct training_stage *trained = &t->stages[STAGE_TRAINED],
                                *error = &t->stages[STAGE_ERROR],
                                *again = &t->stages[STAGE_RETRAINED];
    double v[LEARNING_N_COLUMNS];
    for (int i = 0; i < LEARNING_N_COLUMNS; i++)
        v[i] = NAN;
    if (trained->inferred) {
        v[LEARNING_RIGHT] = (double)trained->right;
        v[LEARNING_DRAWN] = (double)trained->total;
        for (size_t i = 0; i < N_FLIPS; i++)
            v[LEARNING_P05 + i] = training_accuracy_at(t, STAGE_TRAINED, flips[i]);
    }
    v[LEARNING_EPOCHS] = (double)t->n_epochs;
    if (t->options.stages.conductance_error > 0)
        v[LEARNING_LIMITED] = (double)error->limited;
    if (error->inferred) {
        v[LEARNING_AFTER_ERROR] = error->accuracy_noisy;
        v[LEARNING_RIGHT_AFTER_ERROR] = (double)error->right;
    }
    if (again->made) {
        v[LEARNING_RETRAINED] = again->accuracy_noisy;
        v[LEARNING_RIGHT_RETRAINED] = (double)again->right;
        v[LEARNING_DRAWN] = (double)again->total;
        v[LEARNING_RETRAINING_TIME] = again->train_time;
        v[LEARNING_RETRAINING_ENERGY] = again->train_energy;
        v[LEARNING_RETRAINING_PULSES] = (double)again->pulses;
        v[LEARNING_RETRAINING_SETTLED] = (double)again->settled;
        v[LEARNING_RETRAINING_EPOCHS] = (double)again->epochs;
    }
    for (int i = 0; i < LEARNING_N_COLUMNS; i++)
        if (!isnan(v[i]))
            cells[i] = (struct cell){.kind = CELL_NUMBER, .number = v[i]};
}

struct table *learning_epochs(const struct training *t)
{
    static const char *const names[] = {"epoch",          "images", "loss",     "accuracy",
                                        "accuracy_noisy", "time_s", "energy_J", "pulses"};
    const size_t n = sizeof names / sizeof names[0];
    struct table *table = table_new(n, names, NULL);
    for (size_t k = 0; k < t->n_epochs; k++) {
        const struct training_epoch *e = &t->epochs[k];
        const double v[] = {(double)e->epoch,  (double)e->images, e->loss,   e->accuracy,
                            e->accuracy_noisy, e->time,           e->energy, (double)e->pulses};
        table_row(table);
        for (size_t i = 0; i < n; i++)
            if (!isnan(v[i]))
                table_number(table, i, v[i]);
    }
    return table;
}
