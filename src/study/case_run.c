/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Playing a case in an engine, and what two runs of it differ by. */
#include "base/clock.h"
#include "base/memory.h"
#include "engine/ledger.h"
#include "study/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEGLIGIBLE 1e-6 /* part of a section's energy below which a class is measured against that */

struct player {
    struct engine_case *c;
    const struct circuit *circuit;
    struct case_run *run;
    struct controller log;
    size_t phase;
    bool waveforms, inferences;
    double begin; /* of the first phase [s]: ngspice makes a step before it */
};

static bool step(void *data, const struct reading *reading, struct phase *next)
{
    struct player *p = data;
    const size_t n = p->circuit->n_probes;
    if (reading)
        memcpy(p->run->readings + p->phase++ * n, reading->mean, n * sizeof *reading->mean);
    return p->log.step(p->log.data, reading, next);
}

static void take(void *data, const struct interval *i)
{
    struct player *p = data;
    struct case_run *r = p->run;
    const struct circuit *c = p->circuit;
    if (r->steps++ == 0)
        p->begin = i->t1;
    for (size_t s = 0; i->ends_phase && s < r->n_states; s++) {
        const struct element *e = &c->elements[c->state_elements[s]];
        const double x = i->values[circuit_state_value(c, (int)s)];
        if (p->phase + 1 == p->c->log.n)
            r->conductance[s] =
                e->dopant->model->current(e->dopant->constants, p->c->read_volt, x).f /
                p->c->read_volt;
    }
    if (!p->waveforms || (p->inferences && i->phase->kind != PHASE_INFER))
        return;
    r->points = memory_grow(r->points, &r->capacity, (r->n_points + 1) * (1 + r->n_probes),
                            sizeof *r->points);
    double *point = r->points + r->n_points++ * (1 + r->n_probes);
    point[0] = i->t1 - p->begin;
    for (size_t k = 0; k < r->n_probes; k++)
        point[1 + k] = i->values[circuit_probe_value(c, (int)k)];
}

enum status case_play(struct engine_case *c, const struct engine *engine,
                      const struct engine_options *options, bool waveforms, struct case_run *r,
                      struct error *error)
{
    const struct circuit *circuit = case_circuit(c, engine);
    *r = (struct case_run){.n_probes = circuit->n_probes,
                           .n_phases = c->log.n,
                           .n_states = circuit->n_states,
                           .conductance = NEW(circuit->n_states, double),
                           .readings = NEW((c->log.n + 1) * circuit->n_probes, double)};
    struct player p = {c, circuit, r, drive_log_controller(&c->log), 0, waveforms, c->output >= 0,
                       0};
    const double begin = clock_now();
    struct ledger *ledger = ledger_new(circuit);
    const struct recorder recorders[] = {ledger_recorder(ledger), {take, &p}};
    struct engine_options o = *options;
    o.recorders = recorders;
    o.n_recorders = 2;
    const struct controller controller = {step, &p};
    struct engine_report report;
    const enum status status = engine->run(circuit, &controller, &o, &report, error);
    r->wall = clock_now() - begin;
    for (int s = 0; s < PHASE_SECTIONS; s++) {
        r->total[s] = ledger->sections[s].delivered;
        for (int k = 0; k < ENERGY_CLASSES; k++)
            r->energy[s][k] = ledger_class(&ledger->sections[s], (enum energy_class)k);
    }
    ledger_free(ledger);
    if (status != STATUS_OK)
        case_run_free(r);
    return status;
}

void case_run_free(struct case_run *r)
{
    free(r->conductance);
    free(r->readings);
    free(r->points);
    *r = (struct case_run){0};
}

static double relative(double a, double b, double scale)
{
    const double difference = fabs(a - b);
    return difference > 0 ? difference / scale : 0;
}

static double worst_class(const struct case_run *a, const struct case_run *b, int section,
                          enum energy_class *worst)
{
    double largest = 0;
    for (int k = 0; k < ENERGY_CLASSES; k++) {
        const double e = b->energy[section][k];
        const double d = relative(a->energy[section][k], e,
                                  fmax(fabs(e), NEGLIGIBLE * fabs(b->total[section])));
        if (d <= largest)
            continue;
        largest = d;
        *worst = (enum energy_class)k;
    }
    return largest;
}

/* Value of probe k at time t, linear between points; *from: where the search begins. */
static double value_at(const struct case_run *r, size_t k, double t, size_t *from)
{
    const size_t width = 1 + r->n_probes;
    while (*from + 1 < r->n_points && r->points[(*from + 1) * width] < t)
        ++*from;
    const double *a = r->points + *from * width, *b = *from + 1 < r->n_points ? a + width : a;
    const double h = b[0] - a[0];
    return h > 0 ? a[1 + k] + (b[1 + k] - a[1 + k]) * fmin(1, fmax(0, (t - a[0]) / h)) : b[1 + k];
}

/* Lowest and highest reading of a probe. */
static void find_range(const struct case_run *r, size_t k, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t p = 0; p < r->n_phases; p++) {
        *low = fmin(*low, r->readings[p * r->n_probes + k]);
        *high = fmax(*high, r->readings[p * r->n_probes + k]);
    }
}

/* Root mean square over time of a - b for probe k, by trapezoids over the points of a, in the swing of
 * b: between its points an engine may know more than a straight line, between those of the
 * reference, which lie close, there is no more. */
static double waveform(const struct case_run *a, const struct case_run *b, size_t k)
{
    const size_t width = 1 + a->n_probes;
    size_t from = 0;
    double sum = 0, time = 0, before = 0, low, high;
    find_range(b, k, &low, &high);
    for (size_t i = 0; i < a->n_points; i++) {
        const double *point = a->points + i * width;
        const double d = point[1 + k] - value_at(b, k, point[0], &from);
        if (i > 0) {
            const double h = point[0] - point[-(ptrdiff_t)width];
            sum += 0.5 * (d * d + before) * h;
            time += h;
        }
        before = d * d;
    }
    return time > 0 && high > low ? sqrt(sum / time) / (high - low) : 0;
}

static double readings(const struct case_run *a, const struct case_run *b, size_t k)
{
    double sum = 0, low, high;
    find_range(b, k, &low, &high);
    for (size_t p = 0; p < b->n_phases; p++) {
        const double d =
            a->readings[p * a->n_probes + k] - b->readings[p * b->n_probes + k];
        sum += d * d;
    }
    return high > low ? sqrt(sum / (double)b->n_phases) / (high - low) : 0;
}

void case_compare(const struct engine_case *c, const struct case_run *a, const struct case_run *b,
                  struct case_difference *d)
{
    *d = (struct case_difference){0};
    for (size_t s = 0; s < b->n_states; s++)
        d->conductance = fmax(d->conductance,
                              relative(a->conductance[s], b->conductance[s], b->conductance[s]));
    d->training = worst_class(a, b, SECTION_TRAINING, &d->training_class);
    d->inference = worst_class(a, b, SECTION_INFERENCE, &d->inference_class);
    d->total = relative(a->total[SECTION_TRAINING], b->total[SECTION_TRAINING],
                        fabs(b->total[SECTION_TRAINING]));
    const double memristors = b->energy[SECTION_TRAINING][CLASS_MEMRISTOR];
    d->memristors =
        relative(a->energy[SECTION_TRAINING][CLASS_MEMRISTOR], memristors, fabs(memristors));
    for (size_t k = 0; k < b->n_probes; k++) {
        d->reading = fmax(d->reading, readings(a, b, k));
        if (a->n_points > 0 && b->n_points > 0)
            d->waveform = fmax(d->waveform, waveform(a, b, k));
    }
    for (size_t p = 0; c->output >= 0 && p < b->n_phases; p++) {
        const size_t at = p * b->n_probes + (size_t)c->output;
        if (c->log.phases[p].kind == PHASE_INFER)
            d->decisions += (a->readings[at] > NEURON_GROUND) != (b->readings[at] > NEURON_GROUND);
    }
}
