/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The neuron's own transfer curve h(s): measured on the circuit, monotone between the points
 * (M. Steffen, Astron. Astrophys. 239:443, 1990, as in GSL). */
#ifndef SILVERBAR_LEARN_TRANSFER_H
#define SILVERBAR_LEARN_TRANSFER_H

#include "circuit/classifier.h"
#include "engine/engine.h"

struct transfer {
    struct neuron_curve curve; /* of it, transfer is always there */
    double (*cubic)[4];        /* of h between its points, in the distance from the left one */
    double per_s;              /* points per unit of s */
};

/* The neuron to be measured, and the engine. */
struct transfer_testbench {
    const struct classifier_options *options; /* of the classifier that the neuron is of */
    size_t layer, neuron; /* neuron: of the layer, where the options have a mismatch */
    double lit_rows;      /* rows at the layer's voltage, for the common current */
    const struct engine *engine;
    const struct engine_options *solver; /* its recorders are not called */
};

/* Measure neuron and reference amplifier of the testbench's layer, all of whose neurons are alike: the
 * column carries G_ref x (lit rows) plus Delta G s, the reference G_ref x (lit rows), each at the
 * layer's row voltage.  |s| <= TRANSFER_RANGE. */
#define TRANSFER_RANGE 2.0
/* Lit rows at which the first layer is measured: half of 9, rounded up. */
#define TRANSFER_COMMON_ROWS 5
enum status transfer_measure(const struct transfer_testbench *testbench, struct transfer *transfer,
                             struct error *error);

/* The rest of the curve: what the supply gives, for columns that carry up to all rows at G_max. */
enum status transfer_measure_supply(const struct transfer_testbench *testbench,
                                    struct transfer *transfer, struct error *error);

/* All of it for the testbench's neuron with the options' mismatch: its own transistors, and those of the
 * layer's reference amplifier. */
enum status transfer_measure_neuron(const struct transfer_testbench *testbench,
                                    struct transfer *transfer, struct error *error);
void transfer_free(struct transfer *transfer);

/* The monotone cubic through curve.transfer, whose points are evenly spaced. */
void transfer_interpolate(struct transfer *transfer);

/* h(s) and its derivative at n values of s; constant outside of what was measured. */
void transfer_values(const struct transfer *transfer, size_t n, const double *s, double *h,
                     double *slope);

/* Slope of the transfer at the s where it equals h; for h outside its range, the slope at the nearer end. */
double transfer_slope_at(const struct transfer *transfer, double h);
/* The largest slope at any of its points. */
double transfer_steepest(const struct transfer *transfer);

#endif
