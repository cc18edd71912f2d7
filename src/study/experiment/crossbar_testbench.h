/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An m x n crossbar whose devices are programmed one after another by write and verify, and then read
 * back.  How the device (i, j) alone is meant to see a pulse of V:
 *
 *     scheme    row i   column j   other rows   other columns   others see
 *     half      +V/2    -V/2       0            0               V/2 in its row and column, else 0
 *     third     +V/2    -V/2       -V/6         +V/6            V/3, -V/3 where both differ
 *     float     +V/2    -V/2       open         open            what the network leaves them
 *     select    +V       0         0            0               nothing: their switches are off
 *
 * A reading puts the read voltage on row i and 0 V on everything else: with ideal lines no current
 * but the device's own reaches column j.  `select` has a transmission gate in series with each device
 * (crossbar.h), all of it at half of the switches' supply; the others are passive. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_CROSSBAR_TESTBENCH_H
#define SILVERBAR_STUDY_EXPERIMENT_CROSSBAR_TESTBENCH_H

#include "circuit/subcircuit.h"
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "learn/program.h"
#include "study/variation.h"

enum crossbar_scheme { SCHEME_HALF, SCHEME_THIRD, SCHEME_FLOAT, SCHEME_SELECT };

struct crossbar_testbench_options {
    size_t rows, columns;
    double row_ohm, column_ohm; /* a segment; 0: ideal lines */
    double driver_ohm;
    double column_farad;
    double select_width; /* of a transmission gate [m] */
    double supply;       /* of the switches [V] */
    enum crossbar_scheme scheme;
    const struct dopant *dopant; /* its window holds the targets */
    const struct subcircuit_file *switches;
    double kelvin, x0_max;
    size_t devices; /* so many are programmed, the others stay as they are; 0: all */
    struct program_options program;
    double read_volt, read_time, edge;
    const struct engine *engine;
    struct engine_options solver;
    struct variation *variation;
    struct drive_log *drive; /* is made, and records the run; or NULL */
    uint64_t seed;
    uint32_t replica;
};

struct crossbar_device {
    double target, initial, verified, read_back; /* conductances as read [S] */
    double programmed, end; /* of the device alone, when it was done and before the reading back */
    size_t pulses;
    bool settled, stuck;
};

struct crossbar_testbench {
    struct crossbar_testbench_options options;
    struct circuit *circuit;
    const int *row_ports, *column_ports, *column_probes, *devices;
    const int *selects; /* or NULL */
    double ground;      /* [V] */
    size_t n, n_programmed;
    size_t pulses[2];             /* by direction */
    struct crossbar_device *done; /* n; of the first n_programmed */
    struct ledger *ledger;
    double time; /* of the programming, readings included [s] */
    struct engine_report report;
};

enum status crossbar_testbench_run(const struct crossbar_testbench_options *options,
                                   struct crossbar_testbench *testbench, struct error *error);
void crossbar_testbench_free(struct crossbar_testbench *testbench);

#endif
