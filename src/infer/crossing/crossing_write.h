/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One device programmed by write and verify through its select switch: the programmer of learn/program.h,
 * readings and amplitudes of learn/instrument.h, and the phases of the experiment `crossbar` (scheme
 * `select`), which are
 *
 *     read     V at the read voltage     mean current of its last tenth over the read voltage
 *     pulse    V at +-amplitude          of the programmer's width
 *
 * one after another without a return to 0 V.  The control line rises with the first reading's edge and falls
 * with an edge of its own behind the last, which takes no time: it is the edge of the next device's reading.
 *
 * What is read is the path's conductance: device, switch, lines and both ends in series. */
#ifndef SILVERBAR_INFER_CROSSING_CROSSING_WRITE_H
#define SILVERBAR_INFER_CROSSING_CROSSING_WRITE_H

#include "infer/crossing/crossing.h"
#include "learn/instrument.h"
#include "learn/program.h"

struct crossing_writing {
    struct program_options program;
    struct instrument instrument;
    double full_scale;                 /* of a reading [S] */
    double read_volt, read_time, edge; /* [V], [s], [s] */
    /* Called before each pulse on the device of that number, to change its constants; NULL: nobody. */
    void (*before_pulse)(void *data, size_t device);
    void *data;
};

/* One device's turn.  Where the device before it, or behind it, is in the same row, that row stays at the
 * read voltage. */
struct crossing_turn {
    size_t device; /* number, for before_pulse */
    double target; /* [S] */
    bool after_row_mate, before_row_mate;
};

struct crossing_written {
    double initial, verified; /* first and last reading [S] */
    double path;              /* the last without the instrument's error [S] */
    double time;              /* readings and pulses [s] */
    size_t pulses[2];         /* by direction */
    bool settled;             /* by that reading */
    bool truly;               /* by `path` */
};

enum status crossing_write(struct crossing *crossing, const struct crossing_writing *writing,
                           const struct crossing_turn *turn, gsl_rng *noise,
                           struct crossing_written *written, struct error *error);

#endif
