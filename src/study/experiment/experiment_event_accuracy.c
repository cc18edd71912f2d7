/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `event_accuracy`: exact jumps of the volatile stochastic device against fixed
 * steps, error and run time in one call (study/experiment/event_accuracy.h).
 *
 * Published: pulses of -0.02 ... -0.3 V, duty 0.5, one in 10 s for 150 s, from 30 kohm, 2e5
 * switches, 100 trials, steps of 0.01, 0.1, 1 and 2 s; 5e3, 1e4, 1e5 switches with conductances
 * scaled by 2e5/N; arXiv:2407.04718. */
#include "base/memory.h"
#include "base/spice_number.h"
#include "study/experiment/event_accuracy.h"
#include "study/experiment/experiments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct options {
    struct volatile_testbench device;
    struct volatile_pulses drive;
    double duty, switches;
    uint64_t pulses, trials;
    char *steps;
};

#define AT(field) offsetof(struct options, field)
static const struct key keys[] = {
    VOLATILE_BENCH_KEYS(struct options, device),
    WHOLE_KEY("switches", AT(switches), 0, VOLATILE_SWITCHES_MAX,
              "so many, with device.nth, gstep and gpar scaled to them; 0: device.n as it is"),
    NUMBER_KEY("drive.voltage", AT(drive.first), "V", -10, 10, "of the first pulse"),
    NUMBER_KEY("drive.step", AT(drive.step), "V", -10, 10, "from pulse to pulse"),
    NUMBER_KEY("drive.period", AT(drive.period), "s", 1e-9, 1e9, "of the pulses"),
    NUMBER_KEY("drive.duty", AT(duty), "1", 1e-6, 0.999999, "share of a pulse in it"),
    COUNT_KEY("drive.pulses", AT(pulses), 1, 1e5, "how many"),
    COUNT_KEY("trials", AT(trials), 2, 1e5, "of each way"),
    {"fixed.steps", KEY_TEXT, AT(steps), "s", 0, 0, NULL, NULL,
     "of the original scheme and of passages: up to 10 numbers, spaces between them", NULL},
};

static void defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.device = volatile_testbench_defaults(),
                          .drive = {.first = -0.02, .step = -0.02, .period = 10},
                          .duty = 0.5,
                          .pulses = 15,
                          .trials = 100,
                          .steps = (char *)"0.01 0.1 1 2"};
    o->device.resistance = 30e3;
    o->device.law.n = 2e5;
    o->device.law.nth = 1e5;
    o->device.law.gpar = 1e-7;
}

enum {
    EVENT_MSE,
    EVENT_BIAS2,
    EVENT_FLOOR,
    EVENT_SPREAD,
    EVENT_CPU,
    SINGLE_CPU,
    SINGLE_DRAWS,
    EQUAL_ERROR,
    SPEEDUP_BINOMIAL,
    SPEEDUP_NORMAL,
    SPEEDUP_PASSAGE,
    SPEEDUP_SINGLE,
    N_OUTPUTS
};
static const struct sample_column outputs[N_OUTPUTS] = {
    [EVENT_MSE] = {"event_mse_ohm2", false},
    [EVENT_BIAS2] = {"event_bias2_ohm2", false},
    [EVENT_FLOOR] = {"event_floor_ohm2", false},
    [EVENT_SPREAD] = {"event_spread", false},
    [EVENT_CPU] = {"event_cpu_s", false},
    [SINGLE_CPU] = {"single_cpu_s", false},
    [SINGLE_DRAWS] = {"single_draws", false},
    [EQUAL_ERROR] = {"equal_error_ohm2", false},
    [SPEEDUP_BINOMIAL] = {"speedup_binomial", false},
    [SPEEDUP_NORMAL] = {"speedup_normal", false},
    [SPEEDUP_PASSAGE] = {"speedup_passage", false},
    [SPEEDUP_SINGLE] = {"speedup_single", false},
};

static enum status read_steps(const char *text, size_t *n, double *steps, struct error *error)
{
    char *copy = memory_string(text), *rest = copy, *word;
    enum status status = STATUS_OK;
    *n = 0;
    while (status == STATUS_OK && (word = strsep(&rest, " \t"))) {
        if (*word == 0)
            continue;
        double value;
        if (*n == ACCURACY_STEPS_MAX)
            status = fail(error, STATUS_INPUT, "fixed.steps: found more than %d numbers",
                          ACCURACY_STEPS_MAX);
        else if (!plain_number(word, &value) || !(value >= 1e-9 && value <= 1e9))
            status = fail(error, STATUS_INPUT,
                          "fixed.steps: found '%.40s', expected numbers from 1e-9 to 1e9 s", word);
        else
            steps[(*n)++] = value;
    }
    free(copy);
    return status;
}

static enum status open_accuracy(const void *options, const struct experiment_context *context,
                                 void **shared, struct error *error)
{
    const struct options *o = options;
    double steps[ACCURACY_STEPS_MAX];
    size_t n;
    (void)context;
    (void)shared;
    enum status status = volatile_testbench_check(&o->device, error);
    return status == STATUS_OK ? read_steps(o->steps, &n, steps, error) : status;
}

static void add_details(const struct accuracy *a, struct experiment_detail *detail)
{
    static const char *const ways[] = {"method",   "h_s",        "cpu_s",      "draws",
                                       "mse_ohm2", "bias2_ohm2", "floor_ohm2", "spread"};
    static const char *const traces[] = {"method", "h_s", "t_s", "mean_ohm", "sd_ohm"};
    struct table *w = table_new(8, ways, NULL), *t = table_new(5, traces, NULL);
    for (size_t k = 0; k < a->n; k++) {
        const struct accuracy_way *way = &a->ways[k];
        const double values[] = {way->h,     way->cpu,   way->draws, way->mse,
                                 way->bias2, way->floor, way->spread};
        table_row(w);
        table_text(w, 0, accuracy_kinds[way->kind]);
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
            table_number(w, j + 1, values[j]);
        for (size_t j = 0; j < a->n_readings; j++) {
            const double row[] = {way->h, a->t[j], way->mean[j], sqrt(way->variance[j])};
            table_row(t);
            table_text(t, 0, accuracy_kinds[way->kind]);
            for (size_t i = 0; i < 4; i++)
                table_number(t, i + 1, row[i]);
        }
    }
    volatile_add_detail(detail, "ways", w);
    volatile_add_detail(detail, "traces", t);
}

static enum status run(void *shared, const void *options, struct random_sample sample,
                       struct cell *cells, struct experiment_detail *detail, struct error *error)
{
    const struct options *o = options;
    struct volatile_testbench testbench = o->device;
    struct volatile_pulses drive = o->drive;
    double steps[ACCURACY_STEPS_MAX];
    size_t n_steps;
    (void)shared;
    enum status status = read_steps(o->steps, &n_steps, steps, error);
    if (status != STATUS_OK)
        return status;
    if (o->switches > 0) {
        const double scale = o->switches / testbench.law.n;
        testbench.law.n = o->switches;
        testbench.law.nth *= scale;
        testbench.law.gstep /= scale;
        testbench.law.gpar /= scale;
    }
    drive.n = o->pulses;
    drive.width = o->duty * drive.period;
    struct accuracy a;
    const struct accuracy_options asked = {&testbench, &drive, o->trials, n_steps, steps, sample};
    accuracy_run(&asked, &a);
    const struct accuracy_way *event = &a.ways[1];
    const double error2 = fmax(event->bias2, event->floor);
    const double values[N_OUTPUTS] = {
        [EVENT_MSE] = event->mse,
        [EVENT_BIAS2] = event->bias2,
        [EVENT_FLOOR] = event->floor,
        [EVENT_SPREAD] = event->spread,
        [EVENT_CPU] = event->cpu,
        [SINGLE_CPU] = a.ways[0].cpu,
        [SINGLE_DRAWS] = a.ways[0].draws,
        [EQUAL_ERROR] = error2,
        [SPEEDUP_BINOMIAL] = accuracy_speedup(&a, ACCURACY_BINOMIAL, error2),
        [SPEEDUP_NORMAL] = accuracy_speedup(&a, ACCURACY_NORMAL, error2),
        [SPEEDUP_PASSAGE] = accuracy_speedup(&a, ACCURACY_PASSAGE, error2),
        [SPEEDUP_SINGLE] = a.ways[0].cpu / event->cpu,
    };
    for (int k = 0; k < N_OUTPUTS; k++)
        if (isfinite(values[k]))
            cells[k] = (struct cell){.kind = CELL_NUMBER, .number = values[k]};
    if (detail)
        add_details(&a, detail);
    accuracy_free(&a);
    return STATUS_OK;
}

const struct experiment experiment_event_accuracy = {
    .name = "event_accuracy",
    .title = "exact jumps of the volatile stochastic device against fixed steps: error and time",
    .n_keys = sizeof keys / sizeof keys[0],
    .keys = keys,
    .options_size = sizeof(struct options),
    .defaults = defaults,
    .n_outputs = N_OUTPUTS,
    .outputs = outputs,
    .open = open_accuracy,
    .run = run,
    .close = volatile_close,
};
