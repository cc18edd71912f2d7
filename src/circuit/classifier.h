/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A classifier of fully connected layers, one memristor a synapse, that learns on chip.
 *
 * A layer is a crossbar of rows x columns devices, a reference column of resistors G_ref (one a row,
 * each behind a switch), one neuron a column and one reference amplifier.  Names, counted from 1:
 *
 *     port r<l>_<i>      driver of row i of layer l (in layers above 1: may be opened)
 *     port c<l>_<j>      driver of column j at signal ground for programming and reading
 *     port s<l>_<i>_<j>  gate of the select switch of a device
 *     port infer         gate of all switches that connect neurons, references and hidden rows
 *     node h<l>_<j>      output of neuron j of layer l, at the neuron's terminal
 *
 * While a device is programmed or read, infer = 0: neurons are off the columns, and the column's own
 * driver carries the current, which is what the controller reads (probe i_c<l>_<j>). */
#ifndef SILVERBAR_CIRCUIT_CLASSIFIER_H
#define SILVERBAR_CIRCUIT_CLASSIFIER_H

#include "circuit/crossbar.h"
#include "circuit/neuron.h"

#define CLASSIFIER_LAYERS_MAX 4
#define CLASSIFIER_INPUT_VOLT 0.1 /* of a lit pixel above signal ground; also the read voltage */

struct classifier_options {
    size_t n_layers;                         /* of devices: 2 for 9-3-1 */
    size_t sizes[CLASSIFIER_LAYERS_MAX + 1]; /* n_layers + 1: 9, 3, 1 */
    const struct dopant *dopant;             /* its window is that of the weights */
    const struct dopant *const *dopants;     /* of each device, ordered as x0; NULL: `dopant` */
    const double *stuck_ohm; /* of each device, as x0: > 0: a resistor in its place; NULL: none */
    const double *x0;        /* initial states of all devices, layer after layer, row-major */
    struct neuron_kind neuron;
    const struct neuron_curve *curves; /* n_layers: behavioural neurons in place of `neuron` */
    bool own_curves;                   /* curves: one a neuron, layer after layer, instead */
    const double *offsets;             /* of amplifiers [V], see classifier_amplifier(); NULL: 0 */
    const struct mismatch *mismatch;   /* of transistors, numbered alike; NULL: none */
    const struct subcircuit_file *switches;
    double row_ohm;         /* driver of a row */
    double column_ohm;      /* driver of a column */
    double select_width;    /* [m] transmission gates: of a device and of a reference branch */
    double row_width;       /*     between a hidden neuron and its row */
    double column_width;    /*     between a column and its neuron */
    double column_farad;    /* of every column to ground */
    double line_row_ohm;    /* between neighbouring crossings of a row */
    double line_column_ohm; /* of a column, and of the reference column */
    double supply;          /* [V]; signal ground is half of it */
    double temperature;     /* of the transistors [K]; devices bring theirs in their parameters */
};

/* The sizes of the reference experiment: 9-3-1, select 131 ohm, drivers 50 and 10 ohm. */
extern const struct classifier_options classifier_defaults;

struct classifier_layer {
    struct crossbar crossbar;
    int *row_ports;      /* rows */
    int *column_ports;   /* columns */
    int *column_probes;  /* columns: current into the column driver [A] */
    int *output_probes;  /* columns: output of the neuron [V] */
    size_t first_device; /* number of its device (0, 0) */
};

struct classifier {
    struct circuit *circuit;
    size_t n_layers, n_devices;
    struct classifier_layer layers[CLASSIFIER_LAYERS_MAX];
    int infer_port;
    double g_min, g_max;   /* window of branch conductances that weights use [S] */
    double g_ref, g_span;  /* G_ref and Delta G [S] */
    double series_ohm;     /* of a branch besides its device and lines, at the read voltage */
    double supply, ground; /* [V] */
};

/* Build it.  On failure the circuit is freed. */
enum status classifier_build(const struct classifier_options *options,
                             struct classifier *classifier, struct error *error);
void classifier_free(struct classifier *classifier);

/* Layer, row and column (counted from 0) of device k, in the order of programming. */
struct classifier_address {
    size_t layer, row, column;
};
struct classifier_address classifier_address(const struct classifier *classifier, size_t device);
/* Element number of its memristor. */
int classifier_device(const struct classifier *classifier, size_t device);

/* Number of the amplifier of neuron j of layer l, or of the layer's reference amplifier where
 * j is the number of its columns; and how many there are. */
size_t classifier_amplifier(const struct classifier_options *options, size_t layer, size_t j);
size_t classifier_amplifiers(const struct classifier_options *options);

/* Neuron j of layer l as the options have it. */
struct neuron_kind classifier_neuron(const struct classifier_options *options, size_t layer,
                                     size_t j);

/* Feedback resistance of the neurons of layer l (from 0). */
double classifier_feedback(const struct dopant *dopant, size_t layer);

#endif
