/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One read of a tile of programmed devices.  They are ohmic, and no voltage leaves their dead zone, so that
 * the circuit is linear: what engines solve is known beside them from the tile's W and power forms
 * (engine/lines/lines_forms.h), and from conjugate gradients on its nodes (engine/lines/lines_read.h). */
#ifndef SILVERBAR_COMPARE_CASE_TILE_H
#define SILVERBAR_COMPARE_CASE_TILE_H

#include "compare/case_result.h"
#include "engine/lines/lines_read.h"

/* An engine's rounding and what it leaves of Newton's iterations are far below this; and of conjugate
 * gradients against elimination, which differ by rounding alone. */
#define CASE_TILE_TOLERANCE 1e-6
#define CASE_TILE_EXACT 1e-11

/* Rows are from 0 V to this, inside the dead zone [V]: all voltages lie between the senses' 0 V and the largest
 * of the drivers, so do all differences. */
#define CASE_TILE_VOLT 0.04

/* Allocated arrays, and itself; all is the case's in the end. */
struct case_tile {
    struct lines_array array; /* its g is the next */
    double *g, *x0;           /* rows x columns: conductances and the states that have them */
    double *volts;            /* rows [V] */
};

/* The case of that tile, whose k->name is set; *k is to be freed in any case. */
enum status case_tile_make(struct case_tile *tile, const struct dopant *dopant,
                           struct study_case *k, struct error *error);

/* Makes the circuit and the drive of a case tile-N: cases.h calls it as the case's `build'.  STATUS_INPUT: a
 * dopant whose devices are not ohmic, or whose states move at the read's voltages. */
enum status case_tile_build(const struct case_kind *kind, const struct case_inputs *inputs,
                            struct case_recording *recording, struct study_case *k,
                            struct error *error);

enum case_tile_method { CASE_TILE_FORMS, CASE_TILE_GRADIENTS };

/* What an engine would give, without one.  *o is to be freed in any case. */
enum status case_tile_run(const struct study_case *k, enum case_tile_method method,
                          struct case_result *o, struct error *error);

#endif
