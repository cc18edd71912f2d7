/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies from an engine's points, for the reference: voltages and currents are taken as linear
 * between points, so that over a step h a terminal with v0, i0 and v1, i1 takes
 *
 *     h (2 v0 i0 + 2 v1 i1 + v0 i1 + v1 i0) / 6.
 *
 * On the ramp of a resistive network that is exact, however few points ngspice takes there; the
 * trapezoidal rule of the power, which its own account uses, is half as much again at one step. */
#ifndef SILVERBAR_COMPARE_FINE_ENERGY_H
#define SILVERBAR_COMPARE_FINE_ENERGY_H

#include "engine/engine.h"

struct fine_energy {
    const struct circuit *circuit;
    double *elements;                /* PHASE_SECTIONS_MAX x n_elements [J] */
    double *gmin;                    /* the same: of it, in GMIN across bulk diodes [J] */
    double *power, *volts, *amperes; /* n_elements; 4 n_elements each: at the last point */
    bool begun;
};

struct fine_energy *fine_energy_new(const struct circuit *circuit);
void fine_energy_free(struct fine_energy *f);
struct recorder fine_energy_recorder(struct fine_energy *f);

#endif
