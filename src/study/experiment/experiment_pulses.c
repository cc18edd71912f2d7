/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three experiments with pulses on the volatile stochastic device, arXiv:2407.04718:
 *
 *   staircase        pulses that grow, -0.01 ... -0.2 V, one in 1000 s
 *   pulse_frequency  the same five pulses of 0.1 V and 0.15 s at 0.10 ... 0.19 Hz: disruption that has
 *                    not decayed when the next pulse comes makes that one stronger
 *   relaxation       one pulse, then rest, read at times of equal ratio: disruption speeds up the way
 *                    back to equilibrium for some of its time constants, and leaves the slow drift
 */
#include "study/experiment/experiments.h"
#include "study/experiment/volatile_testbench.h"

#include <math.h>
#include <stdlib.h>

#define READS_DECADE 10
#define REST_FIRST 1e-2 /* [s] first reading after the pulse */
#define FAST_TIMES 5    /* time constants of the disruption that count as fast relaxation */

struct options {
    struct volatile_testbench device;
    double first, step, width, frequency, rest;
    uint64_t pulses;
};

#define AT(field) offsetof(struct options, field)
/* clang-format off */
#define DRIVE_KEYS \
    NUMBER_KEY("drive.voltage", AT(first), "V", -10, 10, "of the first pulse"), \
    NUMBER_KEY("drive.width", AT(width), "s", 1e-9, 1e9, "of a pulse")
#define TRAIN_KEYS \
    COUNT_KEY("drive.pulses", AT(pulses), 1, 1e6, "how many"), \
    NUMBER_KEY("drive.frequency", AT(frequency), "Hz", 1e-9, 1e8, "of the pulses")
/* clang-format on */

static const struct key staircase_keys[] = {
    VOLATILE_BENCH_KEYS(struct options, device),
    DRIVE_KEYS,
    TRAIN_KEYS,
    NUMBER_KEY("drive.step", AT(step), "V", -10, 10, "from pulse to pulse"),
};
static const struct key frequency_keys[] = {
    VOLATILE_BENCH_KEYS(struct options, device),
    DRIVE_KEYS,
    TRAIN_KEYS,
};
static const struct key relaxation_keys[] = {
    VOLATILE_BENCH_KEYS(struct options, device),
    DRIVE_KEYS,
    NUMBER_KEY("drive.rest", AT(rest), "s", 1, 1e12, "at 0 V after the pulse"),
};

static void staircase_defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.device = volatile_testbench_defaults(),
                          .first = -0.01,
                          .step = -0.01,
                          .width = 500,
                          .frequency = 1e-3,
                          .pulses = 20};
    o->device.resistance = 20e3;
}

static void frequency_defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.device = volatile_testbench_defaults(),
                          .first = 0.1,
                          .width = 0.15,
                          .frequency = 0.1,
                          .pulses = 5};
    o->device.resistance = 20e3;
    o->device.law.kappa_v = 500;
    o->device.law.rth = 0;
}

static void relaxation_defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.device = volatile_testbench_defaults(),
                          .first = -0.3,
                          .width = 5,
                          .rest = 1e4,
                          .pulses = 1};
    o->device.resistance = 20e3;
}

static enum status open_pulses(const void *options, const struct experiment_context *context,
                               void **shared, struct error *error)
{
    const struct options *o = options;
    (void)context;
    (void)shared;
    if (o->pulses > 1 && !(o->width * o->frequency <= 1))
        return fail(error, STATUS_INPUT, "drive.width: found %g s, longer than the period, %g s",
                    o->width, 1 / o->frequency);
    return volatile_testbench_check(&o->device, error);
}

enum { R_START, R_END, CHANGE, SWITCHES, RHO_MAX, TRAIN_OUTPUTS };
static const struct sample_column train_outputs[TRAIN_OUTPUTS] = {
    [R_START] = {"r_start_ohm", false}, [R_END] = {"r_end_ohm", false},
    [CHANGE] = {"change", false},       [SWITCHES] = {"switches_on", false},
    [RHO_MAX] = {"rho_max", false},
};

static double rho_of(const struct volatile_device *d)
{
    return (1 + d->rho_v) * (1 + d->rho_i) - 1;
}

static void fill(struct cell *cells, const double *values, size_t n)
{
    for (size_t k = 0; k < n; k++)
        cells[k] = (struct cell){.kind = CELL_NUMBER, .number = values[k]};
}

static void finish(struct volatile_device *d, struct experiment_detail *detail,
                   struct table *readings)
{
    if (detail)
        volatile_add_detail(detail, "readings", readings);
    else
        table_free(readings);
    gsl_rng_free(d->rng);
}

/* A train of pulses, read before and after each; a pulse as long as the period leaves no rest. */
static enum status run_train(void *shared, const void *options, struct random_sample sample,
                             struct cell *cells, struct experiment_detail *detail,
                             struct error *error)
{
    const struct options *o = options;
    struct volatile_device d =
        volatile_testbench_device(&o->device, sample.seed, sample.replica, 0);
    struct table *readings = volatile_readings();
    double out[TRAIN_OUTPUTS] = {[R_START] = volatile_resistance(&d)};
    const double n0 = d.n, period = 1 / o->frequency;
    (void)shared;
    (void)error;
    for (uint64_t k = 0; k < o->pulses; k++) {
        volatile_touch(&d, (double)k * period);
        d.v = 0;
        volatile_read(readings, &d);
        volatile_drive(&d, (double)k * period, o->first + (double)k * o->step);
        volatile_read(readings, &d);
        volatile_touch(&d, (double)k * period + fmin(o->width, period));
        volatile_read(readings, &d);
        out[RHO_MAX] = fmax(out[RHO_MAX], rho_of(&d));
        d.v = 0;
        volatile_read(readings, &d);
    }
    out[R_END] = volatile_resistance(&d); /* at the end of the last pulse */
    out[CHANGE] = out[R_END] / out[R_START] - 1;
    out[SWITCHES] = d.n - n0;
    volatile_touch(&d, (double)o->pulses * period);
    volatile_read(readings, &d);
    fill(cells, out, TRAIN_OUTPUTS);
    finish(&d, detail, readings);
    return STATUS_OK;
}

enum { REST_START, REST_PULSE, REST_FAST, REST_END, LOST_FAST, LOST_SLOW, REST_OUTPUTS };
static const struct sample_column rest_outputs[REST_OUTPUTS] = {
    [REST_START] = {"r_start_ohm", false},  [REST_PULSE] = {"r_pulse_ohm", false},
    [REST_FAST] = {"r_fast_ohm", false},    [REST_END] = {"r_end_ohm", false},
    [LOST_FAST] = {"switches_fast", false}, [LOST_SLOW] = {"switches_slow", false},
};

static enum status run_relaxation(void *shared, const void *options, struct random_sample sample,
                                  struct cell *cells, struct experiment_detail *detail,
                                  struct error *error)
{
    const struct options *o = options;
    const struct volatile_law *l = &o->device.law;
    struct volatile_device d =
        volatile_testbench_device(&o->device, sample.seed, sample.replica, 0);
    struct table *readings = volatile_readings();
    double out[REST_OUTPUTS] = {[REST_START] = volatile_resistance(&d)};
    const double slowest = fmax(l->kappa_v > 0 ? l->tau_v : 0, l->kappa_i > 0 ? l->tau_i : 0);
    const double fast = fmin(o->rest, FAST_TIMES * (slowest > 0 ? slowest : l->tau_v));
    const int n = (int)ceil(READS_DECADE * log10(o->rest / REST_FIRST) * (1 - 1e-12));
    (void)shared;
    (void)error;
    volatile_read(readings, &d);
    volatile_drive(&d, 0, o->first);
    volatile_drive(&d, o->width, 0);
    volatile_read(readings, &d);
    const double n0 = d.n;
    out[REST_PULSE] = volatile_resistance(&d);
    bool passed = false;
    for (int k = 0; k <= n; k++) {
        const double t = k == n ? o->rest : REST_FIRST * pow(10, (double)k / READS_DECADE);
        if (!passed && t >= fast) {
            volatile_touch(&d, o->width + fast);
            out[REST_FAST] = volatile_resistance(&d);
            out[LOST_FAST] = n0 - d.n;
            passed = true;
        }
        volatile_touch(&d, o->width + t);
        volatile_read(readings, &d);
    }
    out[REST_END] = volatile_resistance(&d);
    out[LOST_SLOW] = n0 - out[LOST_FAST] - d.n;
    fill(cells, out, REST_OUTPUTS);
    finish(&d, detail, readings);
    return STATUS_OK;
}

#define N_KEYS(list) (sizeof(list) / sizeof(list)[0])

const struct experiment experiment_staircase = {
    .name = "staircase",
    .title = "pulses of growing voltage on the volatile stochastic device",
    .n_keys = N_KEYS(staircase_keys),
    .keys = staircase_keys,
    .options_size = sizeof(struct options),
    .defaults = staircase_defaults,
    .n_outputs = TRAIN_OUTPUTS,
    .outputs = train_outputs,
    .open = open_pulses,
    .run = run_train,
    .close = volatile_close,
};

const struct experiment experiment_pulse_frequency = {
    .name = "pulse_frequency",
    .title = "the same pulses at another frequency: volatility makes the response grow with it",
    .n_keys = N_KEYS(frequency_keys),
    .keys = frequency_keys,
    .options_size = sizeof(struct options),
    .defaults = frequency_defaults,
    .n_outputs = TRAIN_OUTPUTS,
    .outputs = train_outputs,
    .open = open_pulses,
    .run = run_train,
    .close = volatile_close,
};

const struct experiment experiment_relaxation = {
    .name = "relaxation",
    .title = "rest after a pulse: fast while disruption decays, then the slow drift",
    .n_keys = N_KEYS(relaxation_keys),
    .keys = relaxation_keys,
    .options_size = sizeof(struct options),
    .defaults = relaxation_defaults,
    .n_outputs = REST_OUTPUTS,
    .outputs = rest_outputs,
    .open = open_pulses,
    .run = run_relaxation,
    .close = volatile_close,
};
