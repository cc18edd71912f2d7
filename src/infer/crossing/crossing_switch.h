/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A select switch: the transistors of a netlist's .subckt tgate between terminals a and b, all in
 * parallel, whose gates follow the controller's line `on` or its complement vdd - on.  Currents of the
 * channels are those of mos1.h; its bulk diodes leak picoamperes, which are booked and carry nothing. */
#ifndef SILVERBAR_INFER_CROSSING_CROSSING_SWITCH_H
#define SILVERBAR_INFER_CROSSING_CROSSING_SWITCH_H

#include "circuit/subcircuit.h"
#include "device/mos1.h"

#define CROSSING_TRANSISTORS_MAX 4

struct crossing_transistor {
    struct mos1_device device;
    bool complement; /* its gate is at supply - on */
    double bulk;     /* [V] */
};

struct crossing_switch {
    double supply, ground; /* [V]; lines at rest are at ground, half of the supply */
    size_t n;
    struct crossing_transistor transistors[CROSSING_TRANSISTORS_MAX];
};

/* `width` [m] of its transistors.  STATUS_INPUT: the file has no tgate, or one of other elements. */
enum status crossing_switch_make(const struct subcircuit_file *switches, double width,
                                 double supply, double kelvin, struct crossing_switch *made,
                                 struct error *error);

/* Current from a to b [A] and its derivatives [S] by the voltages of a, b and of `on`. */
struct crossing_switch_current {
    double i, by_a, by_b, by_on;
};
struct crossing_switch_current crossing_switch_current(const struct crossing_switch *s, double a,
                                                       double b, double on);

/* Power of the bulk diodes at one of the two terminals [W]. */
double crossing_switch_leak(const struct crossing_switch *s, double volt);

#endif
