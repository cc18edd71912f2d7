/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Behavioural amplifiers that are driven beyond the range that was measured.
 *
 * A behavioural amplifier holds its column at any current, and its supply current is a table of its output,
 * constant outside the measured range.  The real amplifier gives way when devices are stuck ON.  The energy
 * that the table then misses is estimated along its steepest slope. */
#ifndef SILVERBAR_LEARN_OVERLOAD_H
#define SILVERBAR_LEARN_OVERLOAD_H

#include "engine/engine.h"

struct overload {
    const struct circuit *circuit;
    double supply; /* [V] */
    size_t n;
    struct overload_table {
        int element;
        double steepest;               /* [A/V] */
    } * tables;                        /* n: of amplifiers' outputs against signal ground */
    double missed[PHASE_SECTIONS_MAX]; /* energy that the tables may have missed [J] */
    double most;                       /* output farthest outside, by so much [V] */
    int worst;                         /* its table's element, or -1 */
};

void overload_new(struct overload *o, const struct circuit *circuit, double supply);
void overload_free(struct overload *o);
struct recorder overload_recorder(struct overload *o);

#endif
