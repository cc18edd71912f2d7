/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/learning.h"

#include <math.h>

const char *const learning_rules[] = {"target", "manhattan", "manhattan-image", "delta", NULL};

static const double flips[] = {0.05, 0.1, 0.15, 0.2, 0.25, 0.3};
#define N_FLIPS (sizeof flips / sizeof flips[0])

enum {
    RIGHT,
    DRAWN,
    AT_FLIPS,
    EPOCHS = AT_FLIPS + N_FLIPS,
    AFTER_ERROR,
    RIGHT_AFTER_ERROR,
    LIMITED,
    RETRAINED,
    RIGHT_RETRAINED,
    RETRAINING_TIME,
    RETRAINING_ENERGY,
    RETRAINING_PULSES,
    RETRAINING_SETTLED,
    RETRAINING_EPOCHS,
    N_CELLS
};
_Static_assert(N_CELLS == LEARNING_N_COLUMNS, "a cell for each column");

void learning_cells(const struct training *t, struct cell *cells)
{
    const struct training_stage *trained = &t->stages[STAGE_TRAINED],
                                *error = &t->stages[STAGE_ERROR],
                                *again = &t->stages[STAGE_RETRAINED];
    double v[N_CELLS];
    for (int i = 0; i < N_CELLS; i++)
        v[i] = NAN;
    if (trained->inferred) {
        v[RIGHT] = (double)trained->right;
        v[DRAWN] = (double)trained->total;
        for (size_t i = 0; i < N_FLIPS; i++)
            v[AT_FLIPS + i] = training_accuracy_at(t, STAGE_TRAINED, flips[i]);
    }
    v[EPOCHS] = (double)t->n_epochs;
    if (t->options.stages.conductance_error > 0)
        v[LIMITED] = (double)error->limited;
    if (error->inferred) {
        v[AFTER_ERROR] = error->accuracy_noisy;
        v[RIGHT_AFTER_ERROR] = (double)error->right;
    }
    if (again->made) {
        v[RETRAINED] = again->accuracy_noisy;
        v[RIGHT_RETRAINED] = (double)again->right;
        v[DRAWN] = (double)again->total;
        v[RETRAINING_TIME] = again->train_time;
        v[RETRAINING_ENERGY] = again->train_energy;
        v[RETRAINING_PULSES] = (double)again->pulses;
        v[RETRAINING_SETTLED] = (double)again->settled;
        v[RETRAINING_EPOCHS] = (double)again->epochs;
    }
    for (int i = 0; i < N_CELLS; i++)
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
