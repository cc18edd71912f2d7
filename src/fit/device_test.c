/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fit/device_test.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define TWO_PI 6.283185307179586476925
#define VOLT_MIN 1e-3 /* [V] below it v/i says nothing */

struct rig {
    struct circuit *circuit;
    size_t source, device, x; /* indices of values; 0: the source is at the device */
    int memristor;            /* element */
    const struct dopant *dopant;

    double amplitude;
    size_t n_phases, last; /* phases in all; the first one of the last period */
    size_t phase;          /* under way, from 1 */
    double duration;       /* [s] of a piece of a sine */
    struct device_test_loop *loop;
    size_t capacity;

    struct device_test_pulse *pulses;
    double gap;

    const double *times, *volts; /* n_phases + 1 samples */
    double *currents;
};

static void rig_build(struct rig *r, const struct device_test *b, double idle)
{
    struct circuit *c = r->circuit = circuit_new("device test");
    const int node = circuit_node(c, "p");
    circuit_port(c, "source", node,
                 (struct port_driver){.ohm = b->series, .idle = idle, .class = CLASS_DRIVER});
    r->memristor = circuit_memristor(c, "xdevice", node, 0, b->dopant, b->x0);
    r->device = (size_t)node;
    r->source = b->series > 0 ? (size_t)circuit_node(c, "source_drive") : r->device;
    circuit_voltage_probe(c, "p", node);
    r->x = circuit_state_value(c, 0);
    r->dopant = b->dopant;
}

static enum status rig_run(struct rig *r, const struct device_test *b, controller_step *step,
                           void (*take)(void *, const struct interval *), double step_max,
                           struct error *error)
{
    struct engine_options options = b->solver;
    const struct recorder recorder = {take, r};
    const struct controller controller = {.step = step, .data = r};
    struct engine_report report;
    options.recorders = &recorder;
    options.n_recorders = 1;
    options.step_max = step_max;
    enum status status = engine_run(b->engine, r->circuit, &controller, &options, &report, error);
    circuit_free(r->circuit);
    return status;
}

double device_test_conductance(const struct dopant *d, double x)
{
    return d->model->current(d->constants, DEVICE_TEST_READ_VOLT, x).f / DEVICE_TEST_READ_VOLT;
}

static bool sine_step(void *data, const struct reading *reading, struct phase *next)
{
    struct rig *r = data;
    (void)reading;
    if (r->phase == r->n_phases)
        return false;
    const size_t k = ++r->phase % DEVICE_TEST_SEGMENTS;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->duration = next->edge = r->duration;
    next->drive[0].volt = r->amplitude * sin(TWO_PI * (double)k / DEVICE_TEST_SEGMENTS);
    return true;
}

static void sine_take(void *data, const struct interval *i)
{
    struct rig *r = data;
    struct device_test_loop *l = r->loop;
    if (r->phase < r->last || r->phase == 0)
        return;
    const double v = i->values[r->device], x = i->values[r->x];
    l->points = memory_grow(l->points, &r->capacity, l->n + 1, sizeof *l->points);
    l->points[l->n++] = (struct device_test_point){
        i->t1, i->values[r->source], v, r->dopant->model->current(r->dopant->constants, v, x).f, x};
    l->energy += interval_energy(i, r->memristor);
}

/* Figures of the points.  The area is the integral of i dv by trapezia, taken apart where the
 * current changes its sign, since the lobes of a pinched loop turn in opposite ways. */
static void figures(struct device_test_loop *l)
{
    double lobe = 0, i_min = 0;
    l->v_set = l->v_reset = l->i_max = l->area = 0;
    l->r_on = INFINITY;
    l->r_off = 0;
    for (size_t k = 0; k < l->n; k++) {
        const struct device_test_point *p = &l->points[k], *q = &l->points[k ? k - 1 : l->n - 1];
        l->v_set = fmax(l->v_set, p->device);
        l->i_max = fmax(l->i_max, p->current);
        if (p->current < i_min) {
            i_min = p->current;
            l->v_reset = p->device;
        }
        if (fabs(p->device) > VOLT_MIN) {
            l->r_on = fmin(l->r_on, p->device / p->current);
            l->r_off = fmax(l->r_off, p->device / p->current);
        }
        if (k > 0 && (p->current < 0) != (q->current < 0)) {
            l->area += fabs(lobe);
            lobe = 0;
        }
        lobe += 0.5 * (p->current + q->current) * (p->device - q->device);
    }
    l->area += fabs(lobe);
}

enum status device_test_loop(const struct device_test *b, double amplitude, double frequency,
                             size_t cycles, struct device_test_loop *loop, struct error *error)
{
    struct rig r = {.amplitude = amplitude,
                    .n_phases = cycles * DEVICE_TEST_SEGMENTS,
                    .last = (cycles - 1) * DEVICE_TEST_SEGMENTS + 1,
                    .duration = 1 / (frequency * DEVICE_TEST_SEGMENTS),
                    .loop = loop};
    *loop = (struct device_test_loop){0};
    rig_build(&r, b, 0);
    enum status status = rig_run(&r, b, sine_step, sine_take, r.duration, error);
    if (status == STATUS_OK)
        figures(loop);
    return status;
}

void device_test_loop_free(struct device_test_loop *loop)
{
    free(loop->points);
    *loop = (struct device_test_loop){0};
}

/* Odd phases are pulses, even ones gaps; without gaps all are pulses. */
static bool is_pulse(const struct rig *r, size_t *index)
{
    const bool gaps = r->gap > 0;
    *index = gaps ? (r->phase - 1) / 2 : r->phase - 1;
    return !gaps || r->phase % 2 == 1;
}

static bool pulse_step(void *data, const struct reading *reading, struct phase *next)
{
    struct rig *r = data;
    size_t k;
    (void)reading;
    if (r->phase == r->n_phases)
        return false;
    r->phase++;
    const bool pulse = is_pulse(r, &k);
    next->kind = pulse ? r->pulses[k].volt < 0 ? PHASE_RESET : PHASE_SET : PHASE_IDLE;
    next->section = SECTION_TRAINING;
    next->duration = pulse ? r->pulses[k].width : r->gap;
    next->edge = 0;
    next->drive[0].volt = pulse ? r->pulses[k].volt : 0;
    return true;
}

static void pulse_take(void *data, const struct interval *i)
{
    struct rig *r = data;
    size_t k;
    if (r->phase == 0 || !is_pulse(r, &k))
        return;
    r->pulses[k].energy += interval_energy(i, r->memristor);
    r->pulses[k].x = i->values[r->x];
}

enum status device_test_pulses(const struct device_test *b, double gap, size_t n,
                               struct device_test_pulse *pulses, struct error *error)
{
    struct rig r = {.pulses = pulses, .gap = gap, .n_phases = gap > 0 ? 2 * n - 1 : n};
    double longest = gap;
    for (size_t k = 0; k < n; k++) {
        pulses[k].energy = 0;
        pulses[k].x = b->x0;
        longest = fmax(longest, pulses[k].width);
    }
    rig_build(&r, b, 0);
    return rig_run(&r, b, pulse_step, pulse_take, longest / 200, error);
}

static bool waveform_step(void *data, const struct reading *reading, struct phase *next)
{
    struct rig *r = data;
    (void)reading;
    if (r->phase == r->n_phases)
        return false;
    r->phase++;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->duration = next->edge = r->times[r->phase] - r->times[r->phase - 1];
    next->drive[0].volt = r->volts[r->phase];
    return true;
}

static void waveform_take(void *data, const struct interval *i)
{
    struct rig *r = data;
    if (r->phase == 0 || i->ends_phase)
        r->currents[r->phase] =
            r->dopant->model->current(r->dopant->constants, i->values[r->device], i->values[r->x])
                .f;
}

enum status device_test_waveform(const struct device_test *b, size_t n, const double *t,
                                 const double *source, double *current, struct error *error)
{
    struct rig r = {.n_phases = n - 1, .times = t, .volts = source, .currents = current};
    double longest = 0;
    for (size_t k = 1; k < n; k++)
        longest = fmax(longest, t[k] - t[k - 1]);
    rig_build(&r, b, source[0]);
    return rig_run(&r, b, waveform_step, waveform_take, longest, error);
}
