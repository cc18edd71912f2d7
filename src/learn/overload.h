/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Amplifiers that stand for measured ones and are driven to where nothing was measured.
 *
 * A behavioural amplifier holds its column whatever flows, and its supply's current is a table of its
 * output, level outside of what was measured.  Behind devices that are stuck ON the real one gives way.
 * What the table misses is estimated along its steepest slope. */
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
