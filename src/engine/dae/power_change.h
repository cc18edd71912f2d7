/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much the powers of the energies' classes move when the unknowns of dae.h's system do, to first
 * order and as a sum of magnitudes: whether another evaluation would be worth its time. */
#ifndef SILVERBAR_ENGINE_DAE_POWER_CHANGE_H
#define SILVERBAR_ENGINE_DAE_POWER_CHANGE_H

#include "engine/dae/dae.h"
#include "engine/engine.h"

/* Elements that are booked by their power, with the nodes of the voltage across each, and their unknowns; n
 * of the system: known. */
struct power_change_elements {
    int *number, *node[2], *unknown[2];
    double *least;              /* [V] added to that voltage */
    size_t end[ENERGY_CLASSES]; /* where those of a class end */
};

struct power_change {
    const struct dae *dae;
    struct power_change_elements all, gates; /* transistors also by gate and source */
    double *moves;                           /* n + 1: scratch [V] */
    double *watt, *moved;                    /* n_elements: scratch [W] */
    double sum;                              /* magnitudes of all powers in the last call [W] */
};

void power_change_new(struct power_change *p, const struct dae *dae);
void power_change_free(struct power_change *p);

/* At the voltages of the last evaluation, with powers there, n_elements [W], and a change of the
 * unknowns, n: magnitudes of the classes' powers and of their changes, ENERGY_CLASSES each [W]. */
void power_change_classes(struct power_change *p, const double *power, const double *change,
                          double *of_classes, double *moved);

#endif
