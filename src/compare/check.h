/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All engines, and `ida` by each of its methods, on the same drive, against ngspice at tight
 * tolerances. */
#ifndef SILVERBAR_COMPARE_CHECK_H
#define SILVERBAR_COMPARE_CHECK_H

#include "base/table.h"
#include "compare/case_result.h"

/* What a result may differ by.  A programmed conductance is right to 5 % and a reading to about
 * 1 %: with a tenth of a percent no conclusion hangs on the engine, and it is ten times what stock
 * ngspice itself leaves at reltol 1e-4 (results/tolerance.csv). */
#define CHECK_STATE 1e-3
#define CHECK_WAVEFORM 1e-3 /* of the swing */
#define CHECK_READING 1e-3  /* of the swing */
#define CHECK_ENERGY 1e-3   /* of a class */
#define CHECK_ACCURACY 1e-3 /* with noise: an image at the threshold may go either way */

/* Readings of the netlist's neurons against behavioural ones, of the swing: a curve measured at one
 * common current and an amplifier of constant gain, which leave 0.1 mV at a column. */
#define CHECK_READING_MODEL 1e-2

/* Of the engines, so that it is their equations that are compared: at the default tolerances ngspice
 * itself leaves 1.5e-2 in a state of the crossbar.  It bounds the error of each step alone: at 1e-6 it
 * leaves 2e-4 in a state of a training, of which a neuron makes 1.2e-3 of a reading, so that it is run
 * at the reference's reltol if that is tighter. */
#define CHECK_RELTOL 1e-6

/* Of the reference: at reltol 1e-8 no state of the default cases moves by more than 2e-4, at six
 * times the cost.  On other drives it may: on a 2 x 2 crossbar a state was seen to be 1.2e-3 wrong,
 * at 1e-7 2e-4.
 * Where nothing stores charge ngspice crosses an edge in one step, and knows nothing of what lies
 * between. */
#define CHECK_REFERENCE_RELTOL 1e-6
#define CHECK_REFERENCE_GIVEN                                                                      \
    1e-7 /* of a case that is given; at 1e-8 tungsten is too much for it */
#define CHECK_EDGE_PARTS 32
extern const struct engine_options check_reference_options;

struct check_options {
    struct case_inputs inputs;
    struct engine_options solver; /* of the engines under test */
    bool reltol_given;            /* else `solver' has CHECK_RELTOL */
    double reference;             /* reltol of ngspice as reference; 0: as above */
    size_t n_cases;
    const struct case_kind *const *cases;           /* n_cases */
    const struct study_case *given;                 /* one that is built, in their place; or NULL */
    void (*progress)(void *data, const char *text); /* or NULL */
    void *progress_data;
};

/* A row for each case and engine, after one with the tolerances.  STATUS_UNTRUSTED: the table is
 * complete, *error says how many rows fail.  *table is to be freed in any case. */
enum status check_run(const struct check_options *options, struct table **table,
                      struct error *error);

#endif
