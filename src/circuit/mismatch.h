/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mismatch of transistors by gate area (M. J. M. Pelgrom, A. C. J. Duinmaijer, A. P. G. Welbers,
 * IEEE J. Solid-State Circuits 24(5):1433, 1989):
 *
 *     sigma(difference of VTO) = A_VT / sqrt(m W L)     sigma(difference of beta)/beta = A_beta / ...
 *
 * of two alike; each transistor alone deviates by that over sqrt(2), independently of all others.
 * VTO moves by its deviation, KP is multiplied by 1 plus its own. */
#ifndef SILVERBAR_CIRCUIT_MISMATCH_H
#define SILVERBAR_CIRCUIT_MISMATCH_H

#include "device/mos1.h"

#include <stdint.h>

struct mismatch {
    double a_vt;   /* A_VT [V m] */
    double a_beta; /* A_beta [m] */
    uint64_t seed;
    uint32_t sample;
    unsigned instance; /* stream of (seed, sample, RANDOM_MISMATCH + instance) */
};

struct mismatch_draw;

/* Draws for one instance, transistor after transistor in the order of the netlist. */
struct mismatch_draw *mismatch_begin(const struct mismatch *mismatch);
/* The next one's model; false: its KP came out at 0 or below. */
bool mismatch_next(struct mismatch_draw *draw, const struct mos1_geometry *geometry,
                   struct mos1_model *model);
void mismatch_end(struct mismatch_draw *draw);

#endif
