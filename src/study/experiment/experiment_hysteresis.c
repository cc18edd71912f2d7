/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `hysteresis`: a sine on the volatile stochastic device, V(t) = A sin(2 pi t/P), cut
 * into pieces of constant voltage (its value half way).
 *
 * Published: A = 0.5 V, 0.5 sin(2 t/pi) for 10 s, from 5 kohm; arXiv:2407.04718. */
#include "study/experiment/experiments.h"
#include "study/experiment/volatile_testbench.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

struct options {
    struct volatile_testbench device;
    double amplitude, period, time;
    uint64_t parts;
};

static const struct key keys[] = {
    VOLATILE_BENCH_KEYS(struct options, device),
    NUMBER_KEY("drive.amplitude", offsetof(struct options, amplitude), "V", -10, 10, "of the sine"),
    NUMBER_KEY("drive.period", offsetof(struct options, period), "s", 1e-9, 1e9, "of the sine"),
    NUMBER_KEY("drive.time", offsetof(struct options, time), "s", 1e-9, 1e9, "of the whole drive"),
    COUNT_KEY("drive.parts", offsetof(struct options, parts), 10, 1e6,
              "pieces of constant voltage in the whole time"),
};

static void defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.device = volatile_testbench_defaults(),
                          .amplitude = 0.5,
                          .period = PI * PI,
                          .time = 10,
                          .parts = 1000};
}

enum { R_START, R_MIN, R_MAX, R_END, I_MAX, AREA, RHO_MAX, N_OUTPUTS };
static const struct sample_column outputs[N_OUTPUTS] = {
    [R_START] = {"r_start_ohm", false}, [R_MIN] = {"r_min_ohm", false},
    [R_MAX] = {"r_max_ohm", false},     [R_END] = {"r_end_ohm", false},
    [I_MAX] = {"i_max_A", false},       [AREA] = {"loop_area_VA", false},
    [RHO_MAX] = {"rho_max", false},
};

static enum status open_testbench(const void *options, const struct experiment_context *context,
                                  void **shared, struct error *error)
{
    const struct options *o = options;
    (void)context;
    (void)shared;
    return volatile_testbench_check(&o->device, error);
}

/* Integral of i dv by trapezia, its lobes taken apart at v = 0, where they turn the other way. */
struct area {
    double sum, lobe, v, i;
};

static void area_add(struct area *a, double v, double i)
{
    if ((v < 0) != (a->v < 0)) {
        a->sum += fabs(a->lobe);
        a->lobe = 0;
    }
    a->lobe += 0.5 * (i + a->i) * (v - a->v);
    a->v = v;
    a->i = i;
}

static enum status run(void *shared, const void *options, struct random_sample sample,
                       struct cell *cells, struct experiment_detail *detail, struct error *error)
{
    const struct options *o = options;
    struct volatile_device d =
        volatile_testbench_device(&o->device, sample.seed, sample.replica, 0);
    struct table *loop = volatile_readings();
    struct area area = {0};
    double out[N_OUTPUTS] = {0};
    (void)shared;
    (void)error;
    out[R_START] = out[R_MIN] = out[R_MAX] = volatile_resistance(&d);
    volatile_read(loop, &d);
    for (uint64_t k = 0; k < o->parts; k++) {
        const double h = o->time / (double)o->parts;
        volatile_drive(&d, (double)k * h,
                       o->amplitude * sin(2 * PI * ((double)k + 0.5) * h / o->period));
        volatile_touch(&d, (double)(k + 1) * h);
        volatile_read(loop, &d);
        const double r = volatile_resistance(&d), i = d.v / r;
        area_add(&area, d.v, i);
        out[R_MIN] = fmin(out[R_MIN], r);
        out[R_MAX] = fmax(out[R_MAX], r);
        out[I_MAX] = fmax(out[I_MAX], fabs(i));
        out[RHO_MAX] = fmax(out[RHO_MAX], (1 + d.rho_v) * (1 + d.rho_i) - 1);
    }
    out[R_END] = volatile_resistance(&d);
    out[AREA] = area.sum + fabs(area.lobe);
    for (int k = 0; k < N_OUTPUTS; k++)
        cells[k] = (struct cell){.kind = CELL_NUMBER, .number = out[k]};
    if (detail)
        volatile_add_detail(detail, "loop", loop);
    else
        table_free(loop);
    gsl_rng_free(d.rng);
    return STATUS_OK;
}

const struct experiment experiment_hysteresis = {
    .name = "hysteresis",
    .title = "a sine on the volatile stochastic device: its pinched loop",
    .n_keys = sizeof keys / sizeof keys[0],
    .keys = keys,
    .options_size = sizeof(struct options),
    .defaults = defaults,
    .n_outputs = N_OUTPUTS,
    .outputs = outputs,
    .open = open_testbench,
    .run = run,
    .close = volatile_close,
};
