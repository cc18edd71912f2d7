/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the experiments with the volatile stochastic device (device/model/volatile.h) share: its keys, a
 * device with its random stream, trains of pulses, and readings as rows of a table.
 *
 * Their source: El-Geresy, Papavassiliou and Gunduz, arXiv:2407.04718. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_VOLATILE_TESTBENCH_H
#define SILVERBAR_STUDY_EXPERIMENT_VOLATILE_TESTBENCH_H

#include "base/table.h"
#include "device/model/volatile.h"
#include "study/experiment/experiment.h"

struct volatile_testbench {
    struct volatile_law law;
    double resistance; /* at the beginning [ohm] */
    int method;
};

/* The published main set with disruption by the voltage (10/V, 10 s) and heat (4e4 K/W). */
struct volatile_testbench volatile_testbench_defaults(void);

#define VOLATILE_KEY(type, member, name, unit, min, max, help)                                     \
    NUMBER_KEY("device." #name, offsetof(type, member.law.name), unit, min, max, help)
#define VOLATILE_BENCH_N_KEYS 19
/* clang-format off */
#define VOLATILE_BENCH_KEYS(type, member) \
    CHOICE_KEY("device.method", offsetof(type, member.method), volatile_method_names, \
        "jump: exact draws from edge to edge; single: event by event; mean: no random numbers"), \
    NUMBER_KEY("device.resistance", offsetof(type, member.resistance), "ohm", 1, 1e12, \
        "at the beginning"), \
    CHOICE_KEY("device.rates", offsetof(type, member.law.rates), volatile_rates_names, \
        "law of the switches"), \
    CHOICE_KEY("device.polarity", offsetof(type, member.law.polarity), volatile_polarity_names, \
        "what a positive voltage does"), \
    VOLATILE_KEY(type, member, va, "V", 0, 3, "barrier between the states of a switch"), \
    VOLATILE_KEY(type, member, voff, "V", -2, 2, \
        "asymmetry; metastable: threshold of the off transition"), \
    VOLATILE_KEY(type, member, von, "V", -2, 2, "metastable: threshold of the on transition"), \
    VOLATILE_KEY(type, member, tau, "s", 1e-12, 1e12, "metastable: time constant"), \
    VOLATILE_KEY(type, member, temp, "K", 10, 2000, "temperature"), \
    VOLATILE_KEY(type, member, n, "1", 1, VOLATILE_SWITCHES_MAX, "number of switches"), \
    VOLATILE_KEY(type, member, nth, "1", 0, VOLATILE_SWITCHES_MAX, \
        "switches that must be on before the device conducts"), \
    VOLATILE_KEY(type, member, gstep, "S", 1e-15, 1, "conductance of a switch"), \
    VOLATILE_KEY(type, member, gpar, "S", 1e-15, 1, "parallel conductance"), \
    VOLATILE_KEY(type, member, kappa_v, "1/V", 0, 1e12, "disruption by the voltage; 0: none"), \
    VOLATILE_KEY(type, member, tau_v, "s", 1e-12, 1e12, "its time constant"), \
    VOLATILE_KEY(type, member, kappa_i, "1/A", 0, 1e15, "disruption by the current; 0: none"), \
    VOLATILE_KEY(type, member, tau_i, "s", 1e-12, 1e12, "its time constant"), \
    VOLATILE_KEY(type, member, rth, "K/W", 0, 1e12, "thermal resistance; 0: no heat"), \
    VOLATILE_KEY(type, member, series, "ohm", 0, 1e12, "in the current of the disruption")
/* clang-format on */

/* What single keys cannot say: nth <= n, whole counts. */
enum status volatile_testbench_check(const struct volatile_testbench *testbench,
                                     struct error *error);

/* A device at rest at t = 0, whose draws are those of (seed, replica, trial); its rng is to be
 * freed by gsl_rng_free(), which takes NULL. */
struct volatile_device volatile_testbench_device(const struct volatile_testbench *testbench,
                                                 uint64_t seed, uint32_t replica, unsigned trial);

/* n pulses from t = 0, each followed by 0 V. */
struct volatile_pulses {
    double first, step; /* [V]: pulse k has first + k step */
    double width, period;
    size_t n;
};
double volatile_pulse_volt(const struct volatile_pulses *pulses, size_t k);

/* Readings: t_s, voltage_V, current_A, resistance_ohm, switches, rho, phi. */
struct table *volatile_readings(void);
void volatile_read(struct table *readings, const struct volatile_device *device);

void volatile_add_detail(struct experiment_detail *detail, const char *name, struct table *table);

static inline double volatile_resistance(const struct volatile_device *d)
{
    return 1 / volatile_conductance(d->law, d->n);
}

/* Experiments of this kind share nothing between samples. */
void volatile_close(void *shared);

#endif
