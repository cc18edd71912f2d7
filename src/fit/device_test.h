/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One device behind one resistor and a voltage source, driven by a sine or by pulses in any engine.
 *
 *     source --- R --- device --- 0        R = 0: the source is at the device
 */
#ifndef SILVERBAR_FIT_DEVICE_TEST_H
#define SILVERBAR_FIT_DEVICE_TEST_H

#include "engine/engine.h"

#define DEVICE_TEST_READ_VOLT 0.1 /* conductances are i(v, x)/v here */

struct device_test {
    const struct dopant *dopant;
    double series; /* [ohm] */
    double x0;     /* initial state */
    const struct engine *engine;
    struct engine_options solver; /* its recorders and step_max are set here */
};

struct device_test_point {
    double t, source, device, current, x; /* [s], [V], [V], [A], 1 */
};

struct device_test_loop {
    double v_set;       /* largest device voltage [V] */
    double v_reset;     /* device voltage at the largest negative current [V] */
    double r_on, r_off; /* smallest and largest v/i where |v| > 1 mV [ohm] */
    double i_max;       /* largest current [A] */
    double area;        /* of both lobes in the plane of device voltage and current [V A] */
    double energy;      /* into the device [J] */
    size_t n;
    struct device_test_point *points; /* n: the last period; all figures are of it */
};

/* `cycles` periods of a sine, each of DEVICE_TEST_SEGMENTS straight pieces: within 2e-5 of the amplitude. */
#define DEVICE_TEST_SEGMENTS 500
#define DEVICE_TEST_FREQUENCY_MAX 1e5 /* [Hz]: pieces of 20 ns */
enum status device_test_loop(const struct device_test *test, double amplitude, double frequency,
                             size_t cycles, struct device_test_loop *loop, struct error *error);
void device_test_loop_free(struct device_test_loop *loop);

struct device_test_pulse {
    double volt, width; /* [V], [s]: what is applied */
    double x;           /* state at its end */
    double energy;      /* into the device during the pulse [J] */
};

/* n rectangular pulses, each followed by `gap` seconds at 0 V (none if 0); x and energy are filled
 * in. */
enum status device_test_pulses(const struct device_test *test, double gap, size_t n,
                               struct device_test_pulse *pulses, struct error *error);

/* The source follows n samples (t rising by 10 ns at least), straight between them: currents at the
 * samples [A]. */
enum status device_test_waveform(const struct device_test *test, size_t n, const double *t,
                                 const double *source, double *current, struct error *error);

/* Conductance of a state at DEVICE_TEST_READ_VOLT [S]. */
double device_test_conductance(const struct dopant *dopant, double x);

#endif
