/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Did the simulator follow the deck's own pulses?  ngspice steps over pulses whose edges are short beside
 * its longest step (below some 1e-10 of it), and merges corners that are near to each other; nothing in
 * its waveforms tells.  So the area below each voltage source's PULSE or PWL is taken from the points and
 * from the card, between each two corners. */
#ifndef SILVERBAR_SIMULATE_PULSE_AREA_H
#define SILVERBAR_SIMULATE_PULSE_AREA_H

#include "circuit/user_deck.h"

struct pulse_areas;

/* Of the sources of a transient's plot whose vectors have these names; those whose cards have no plain
 * numbers for all that counts are left out. */
struct pulse_areas *pulse_areas_new(const struct user_deck *deck, size_t n, char *const *names);
void pulse_areas_free(struct pulse_areas *areas);

/* values[n] at an accepted point; values[0] is the time. */
void pulse_areas_point(struct pulse_areas *areas, const double *values);

/* The largest part of a source's area that points and card do not share, and of which element; 0 and
 * n_elements: of none. */
double pulse_areas_missed(const struct pulse_areas *areas, size_t *element);

#endif
