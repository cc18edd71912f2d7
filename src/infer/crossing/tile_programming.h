/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All devices of a pair of tiles programmed, one after another, row by row, each through its own select
 * switch (crossing_write.h).
 *
 * Pair compensation: where one of the two devices of a weight does not settle - it is stuck, or its own
 * window ends before - the other one is asked for what makes the difference right, by what the programmer
 * has read of the first, as far as the window reaches:
 *
 *     1. all of G+     2. all of G-, anew where G+ has not settled     3. G+ anew where only G- has not
 *
 * Leaks: the bulk diodes of all switches of the tile that is being programmed are under the supply; their
 * energy is added to the class `select`.  It is P_rest of all for the time, and for the row that is driven
 * at V more by V^2.
 *
 * Left out, beside what crossing_circuit.h says: neighbours, which are at rest behind switches that are
 * off.  In the whole array in the engine `event` devices move by up to 8e-7 (Cr) to 1.7e-6 (C) between their
 * last reading and the end of the run; all but 7e-8 of that is their own edge of deselection, which is here,
 * too (16 x 16, tolerances of 1e-8). */
#ifndef SILVERBAR_INFER_CROSSING_TILE_PROGRAMMING_H
#define SILVERBAR_INFER_CROSSING_TILE_PROGRAMMING_H

#include "base/random.h"
#include "engine/lines/lines_forms.h"
#include "infer/crossing/crossing_write.h"

struct tile_writing {
    struct crossing_writing device; /* `device` numbers in its hook: of the tile, row-major */
    struct crossing_switch select;
    double select_width, supply;    /* of it [m], [V] */
    struct crossing_device nominal; /* what a tile's devices are */
    double x0_max;                  /* states before: uniform from 0 to it */
    double g_min, g_max;            /* window [S] */
    double volt;                    /* at which conductances are wanted [V] */
    double reltol;
    bool compensate;
    volatile const int *stop; /* becomes nonzero when the user wants to stop; may be NULL */
};

/* As the experiment `crossbar` has them; without switch, device, window and `volt`. */
struct tile_writing tile_writing_defaults(void);

/* Fill in switch, device and full scale by the netlist, the dopant, the temperature and the window. */
enum status tile_writing_open(struct tile_writing *writing, const struct subcircuit_file *switches,
                              const struct dopant *dopant, double kelvin, struct error *error);

/* What programming has left of a device. */
struct tile_device {
    double x;                /* its state */
    double g;                /* of device and switch in series at `volt` [S] */
    double target, verified; /* of the path: asked for and read at last [S] */
    double volt_seconds;     /* [V s] */
    size_t pulses;           /* of both directions */
    bool settled, truly;     /* by readings; by the path itself */
    bool compensates;        /* its target makes up for the other device of the pair */
};

struct tile_programming {
    size_t n;
    struct tile_device *devices;   /* n: rows x columns */
    double energy[ENERGY_CLASSES]; /* dissipated [J] */
    double delivered;              /* [J] */
    double time;                   /* by one writer [s] */
};
void tile_programming_free(struct tile_programming *programming);

struct tile_task {
    struct lines_array array;                 /* rows, columns, resistances */
    struct random_sample sample;              /* random streams are those of the sample and of */
    size_t number;                            /* the pair, among those of the network */
    const double *wanted[2];                  /* rows x columns [S]: G+, G- */
    const struct crossing_device *devices[2]; /* rows x columns, or NULL: all are nominal */
};

/* done[2]: new ones, to be freed after a failure, too. */
enum status tile_pair_program(const struct tile_writing *writing, const struct tile_task *task,
                              struct tile_programming *done[2], struct error *error);

/* Sums over tiles. */
struct programming_total {
    double tiles, devices, not_settled, not_truly, compensating;
    double pulses, pulses_most, volt_seconds, volt_seconds_most;
    double energy[ENERGY_CLASSES], delivered;
    double time,
        time_longest; /* of one writer for all; of the longest tile, by a writer a tile [s] */
};
void programming_total_add(struct programming_total *total, const struct tile_programming *tile);

#endif
