/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One device behind one resistor and a voltage source, driven by a sine or by pulses in any engine.
 *
 *     source --- R --- device --- 0        R = 0: the source is at the device
 */
#ifndef SILVERBAR_FIT_DEVICE_BENCH_H
#define SILVERBAR_FIT_DEVICE_BENCH_H

#include "engine/engine.h"

#define BENCH_READ_VOLT 0.1 /* conductances are i(v, x)/v here */

struct bench {
    const struct dopant *dopant;
    double series; /* [ohm] */
    double x0;     /* initial state */
    const struct engine *engine;
    struct engine_options solver; /* its recorders and step_max are set here */
};

struct bench_point {
    double t, source, device, current, x; /* [s], [V], [V], [A], 1 */
};

struct bench_loop {
    double v_set;       /* largest device voltage [V] */
    double v_reset;     /* device voltage at the largest negative current [V] */
    double r_on, r_off; /* smallest and largest v/i where |v| > 1 mV [ohm] */
    double i_max;       /* largest current [A] */
    double area;        /* of both lobes in the plane of device voltage and current [V A] */
    double energy;      /* into the device [J] */
    size_t n;
    struct bench_point *points; /* n: the last period; all figures are of it */
};

/* `cycles` periods of a sine, each of BENCH_SEGMENTS straight pieces: within 2e-5 of the amplitude. */
#define BENCH_SEGMENTS 500
#define BENCH_FREQUENCY_MAX 1e5 /* [Hz]: pieces of 20 ns */
enum status bench_loop_run(const struct bench *bench, double amplitude, double frequency,
                           size_t cycles, struct bench_loop *loop, struct error *error);
void bench_loop_free(struct bench_loop *loop);

struct bench_pulse {
    double volt, width; /* [V], [s]: what is applied */
    double x;           /* state at its end */
    double energy;      /* into the device during the pulse [J] */
};

/* n rectangular pulses, each followed by `gap` seconds at 0 V (none if 0); x and energy are filled
 * in. */
enum status bench_pulses_run(const struct bench *bench, double gap, size_t n,
                             struct bench_pulse *pulses, struct error *error);

/* The source follows n samples (t rising by 10 ns at least), straight between them: currents at the
 * samples [A]. */
enum status bench_waveform_run(const struct bench *bench, size_t n, const double *t,
                               const double *source, double *current, struct error *error);

/* Conductance of a state at BENCH_READ_VOLT [S]. */
double bench_conductance(const struct dopant *dopant, double x);

#endif
