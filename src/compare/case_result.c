/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A waveform is compared at the points of the engine under test, where its values are what it has
 * solved for; the reference has many more points and is interpolated between them, by cubics that do
 * not overshoot (M. Steffen, Astron. Astrophys. 239:443, 1990): where it settles within some of its
 * steps a straight line would be off by more than the tolerance.  Time counts from
 * the beginning of each phase, since ngspice begins its first at the end of its first step.  The square of
 * the difference is integrated over each phase by trapezoids, and the worst phase counts. */
#include "compare/case_result.h"

#include "base/clock.h"
#include "base/memory.h"
#include "compare/fine_energy.h"
#include "engine/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SWING_FLOOR 1e-6 /* of the largest swing of a voltage or of a current */

/* Whether `value` is more than *most, which it then becomes; what is not a number is infinite. */
static bool more(double value, double *most)
{
    const bool is = !(value <= *most);
    if (is)
        *most = isnan(value) ? INFINITY : value;
    return is;
}

struct watch {
    const struct study_case *k;
    struct case_result *o;
    const struct circuit *circuit;
    size_t *values;                   /* n_probes: positions among the values */
    bool keep, in_phase;              /* in_phase: of what is kept */
    const struct waveform *reference; /* or NULL */
    size_t at;                        /* the reference's point at or before the present time */
    double shift;                     /* its clock minus ours in this phase [s] */
    double *low, *high;               /* n_probes: the reference's extremes */
    double *sum, *square;     /* n_probes: integral over the phase; last squared difference */
    double phase_begin, last; /* [s] */
    struct controller drive;
};

static bool step(void *data, const struct reading *reading, struct phase *next)
{
    struct watch *w = data;
    struct case_result *o = w->o;
    if (reading) {
        double *r = o->readings + o->n_phases * o->n_probes;
        for (size_t i = 0; i < o->n_probes; i++)
            r[i] = reading->mean[w->k->probes[i]];
        const struct phase *p = &w->k->drive.phases[o->n_phases];
        if (w->k->output_probe >= 0 && p->kind == PHASE_INFER && p->section == SECTION_INFERENCE &&
            o->n_images < IMAGE_COUNT)
            o->output[o->n_images++] = reading->mean[w->k->output_probe] - w->k->ground;
        o->n_phases++;
    }
    return w->drive.step(w->drive.data, reading, next);
}

static void keep_point(struct watch *w, const struct interval *i)
{
    struct waveform *f = &w->o->waveform;
    if (i->t1 > i->t0 && !w->in_phase)
        f->begins[f->n_phases++] = f->n - 1;
    w->in_phase = i->t1 > i->t0 && !i->ends_phase;
    const size_t width = 1 + f->n_probes;
    f->points = memory_grow(f->points, &f->capacity, (f->n + 1) * width, sizeof *f->points);
    double *p = f->points + f->n++ * width;
    p[0] = i->t1;
    for (size_t j = 0; j < f->n_probes; j++)
        p[1 + j] = i->values[w->values[j]];
}

/* Slope at a point between two intervals h0, h1 with the slopes s0, s1: the parabola's, but none where
 * these have other signs, and never steeper than twice the flatter one. */
static double inner_slope(double h0, double s0, double h1, double s1)
{
    const double parabola = (s0 * h1 + s1 * h0) / (h0 + h1);
    return s0 * s1 > 0 ? copysign(fmin(2 * fmin(fabs(s0), fabs(s1)), fabs(parabola)), s0) : 0;
}

/* The same at the outer end of h0, next to h1. */
static double outer_slope(double h0, double s0, double h1, double s1)
{
    const double parabola = s0 + (s0 - s1) * h0 / (h0 + h1);
    return !(parabola * s0 > 0) ? 0 : copysign(fmin(fabs(parabola), 2 * fabs(s0)), s0);
}

/* Probe j between points k and k + 1 of the reference. */
static double straight_slope(const struct waveform *f, size_t k, size_t j, double *h)
{
    const size_t width = 1 + f->n_probes;
    const double *a = f->points + k * width, *b = a + width;
    *h = b[0] - a[0];
    return *h > 0 ? (b[1 + j] - a[1 + j]) / *h : 0;
}

/* The reference's probe j at time t, between points w->at and the next.  At either end of a phase
 * the slope may jump. */
static double reference_value(const struct watch *w, size_t j, double t)
{
    const struct waveform *f = w->reference;
    const size_t k = w->at, first = f->begins[w->o->n_phases],
                 last = w->o->n_phases + 1 < f->n_phases ? f->begins[w->o->n_phases + 1] : f->n - 1;
    const double *a = f->points + k * (1 + f->n_probes);
    if (k + 1 == f->n || t <= a[0])
        return a[1 + j];
    double h, h0 = 0, h1 = 0;
    const double s = straight_slope(f, k, j, &h), *b = a + 1 + f->n_probes;
    if (!(t < b[0]) || !(h > 0))
        return b[1 + j];
    double begin = s, end = s;
    const double before = k > first ? straight_slope(f, k - 1, j, &h0) : 0,
                 after = k + 2 <= last ? straight_slope(f, k + 1, j, &h1) : 0;
    if (k > first && h0 > 0)
        begin = inner_slope(h0, before, h, s);
    else if (k + 2 <= last && h1 > 0)
        begin = outer_slope(h, s, h1, after);
    if (k + 2 <= last && h1 > 0)
        end = inner_slope(h, s, h1, after);
    else if (k > first && h0 > 0)
        end = outer_slope(h, s, h0, before);
    const double x = (t - a[0]) / h;
    return a[1 + j] + h * x * (begin + x * (3 * s - 2 * begin - end + x * (begin + end - 2 * s)));
}

static void compare_point(struct watch *w, const struct interval *i)
{
    const struct waveform *f = w->reference;
    const size_t width = 1 + f->n_probes;
    const bool begins = w->phase_begin < 0;
    if (begins) {
        w->phase_begin = i->t0;
        w->at = f->begins[w->o->n_phases];
        w->shift = f->points[w->at * width] - i->t0;
        memset(w->sum, 0, f->n_probes * sizeof *w->sum);
    }
    while (w->at + 1 < f->n && f->points[(w->at + 1) * width] <= i->t1 + w->shift)
        w->at++;
    for (size_t j = 0; j < f->n_probes; j++) {
        const double d = i->values[w->values[j]] - reference_value(w, j, i->t1 + w->shift);
        w->sum[j] += 0.5 * (i->t1 - i->t0) * (w->square[j] + d * d);
        w->square[j] = d * d;
    }
    if (!i->ends_phase)
        return;
    for (size_t j = 0; j < f->n_probes; j++) {
        const double swing = w->high[j] - w->low[j],
                     rms = sqrt(w->sum[j] / (i->t1 - w->phase_begin));
        if (i->phase->section != SECTION_START && swing > 0 &&
            more(rms / swing, &w->o->waveform_difference)) {
            w->o->waveform_probe = j;
            w->o->waveform_phase = w->o->n_phases;
        }
    }
    w->phase_begin = -1;
}

static void take(void *data, const struct interval *i)
{
    struct watch *w = data;
    memcpy(w->o->states, i->values + circuit_state_value(w->circuit, 0),
           w->o->n_states * sizeof *w->o->states);
    if (w->keep)
        keep_point(w, i);
    if (w->reference && i->t1 > i->t0)
        compare_point(w, i);
}

/* Extremes of each probe, the start left out. */
static void find_extremes(struct watch *w)
{
    const struct waveform *f = w->reference;
    size_t first = 0;
    while (first + 1 < f->n_phases && w->k->drive.phases[first].section == SECTION_START)
        first++;
    for (size_t j = 0; j < f->n_probes; j++) {
        w->low[j] = INFINITY;
        w->high[j] = -INFINITY;
    }
    for (size_t n = f->begins[first]; n < f->n; n++) {
        const double *p = f->points + n * (1 + f->n_probes);
        for (size_t j = 0; j < f->n_probes; j++) {
            w->low[j] = fmin(w->low[j], p[1 + j]);
            w->high[j] = fmax(w->high[j], p[1 + j]);
        }
    }
}

/* Energies of sections and classes, from those of the elements; `fine`: GMIN's part, or NULL; keep: all
 * are from there. */
static void sum_energies(const struct circuit *c, const struct ledger *l,
                         const struct fine_energy *fine, bool keep, struct case_result *o)
{
    for (int s = 0; s < PHASE_SECTIONS; s++)
        for (int class = 0; class < ENERGY_CLASSES; class ++) {
            o->energy[s][class] = NAN;
            o->error[s][class] = l->error[s][class];
        }
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        if (e->boundary || element_is_source(e) || element_stores(e))
            continue;
        for (int s = 0; s < PHASE_SECTIONS; s++) {
            double *sum = &o->energy[s][e->class];
            if (l->t0[s] < 0)
                continue;
            const size_t index = (size_t)s * c->n_elements + k;
            *sum =
                (isnan(*sum) ? 0 : *sum) + (keep ? fine->elements[index] : ledger_element(l, s, k));
            if (fine)
                o->gmin[s][e->class] += fine->gmin[index];
        }
    }
}

static double accuracy(const struct study_case *k, const struct case_result *o)
{
    unsigned char decision[IMAGE_COUNT];
    for (size_t i = 0; i < IMAGE_COUNT; i++)
        decision[i] = o->output[i] > 0;
    return images_accuracy(k->images, k->noise, decision);
}

enum status case_run(const struct study_case *k, const struct case_run_options *options,
                     struct case_result *o, struct error *error)
{
    const struct engine *engine = options->engine;
    const struct case_result *reference = options->reference;
    const bool keep = options->keep;
    const double begin = clock_now();
    const enum case_form form = case_form_for(k, engine);
    const struct circuit *c = k->circuits[form];
    struct drive_log drive = k->drive; /* its own position in it */
    *o = (struct case_result){
        .form = form,
        .n_states = c->n_states,
        .n_probes = k->n_probes,
        .states = NEW(c->n_states, double),
        .readings = NEW(k->drive.n * k->n_probes, double),
        .currents = NEW(k->n_probes, bool),
        .vntol = options->solver->vntol,
        .abstol = options->solver->abstol,
        .accuracy = NAN,
        .waveform = {.n_probes = k->n_probes, .begins = NEW(k->drive.n, size_t)},
        .waveform_difference = reference ? 0 : NAN};
    struct watch w = {.k = k,
                      .o = o,
                      .circuit = c,
                      .values = NEW(k->n_probes, size_t),
                      .keep = keep,
                      .reference = reference ? &reference->waveform : NULL,
                      .low = NEW(4 * k->n_probes, double),
                      .phase_begin = -1,
                      .drive = drive_log_controller(&drive)};
    w.high = w.low + k->n_probes;
    w.sum = w.high + k->n_probes;
    w.square = w.sum + k->n_probes;
    for (size_t j = 0; j < k->n_probes; j++) {
        w.values[j] = circuit_probe_value(c, k->probes[j]);
        o->currents[j] = c->probes[k->probes[j]].current;
    }
    if (reference)
        find_extremes(&w);
    struct ledger *ledger = ledger_new(c, drive.names);
    struct fine_energy *fine = keep || options->leaks ? fine_energy_new(c) : NULL;
    const struct recorder recorders[] = {ledger_recorder(ledger),
                                         {take, &w},
                                         fine ? fine_energy_recorder(fine) : (struct recorder){0}};
    struct engine_options watched = *options->solver;
    watched.recorders = recorders;
    watched.n_recorders = fine ? 3 : 2;
    const struct controller controller = {.step = step, .data = &w, .names = drive.names};
    enum status status = engine_run(engine, c, &controller, &watched, &o->report, error);
    if (status != STATUS_OK && status != STATUS_INTERRUPTED) {
        const struct error why = *error;
        fail(error, status, "case %s, reltol %g: %s", k->name, options->solver->reltol, why.text);
    }
    sum_energies(c, ledger, fine, keep, o);
    if (k->images && o->n_images == IMAGE_COUNT)
        o->accuracy = accuracy(k, o);
    ledger_free(ledger);
    fine_energy_free(fine);
    free(w.values);
    free(w.low);
    o->wall = clock_now() - begin;
    return status;
}

void case_result_free(struct case_result *o)
{
    free(o->states);
    free(o->readings);
    free(o->currents);
    free(o->waveform.points);
    free(o->waveform.begins);
    *o = (struct case_result){0};
}

/* Of a probe: its lowest and highest reading; the first phase is the start. */
static double swing(const struct case_result *r, size_t probe)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t p = 1; p < r->n_phases; p++) {
        low = fmin(low, r->readings[p * r->n_probes + probe]);
        high = fmax(high, r->readings[p * r->n_probes + probe]);
    }
    return high > low ? high - low : 0;
}

/* Against the swing of each probe, or SWING_FLOOR of the largest of its unit: a current of no more than
 * what is left of rounding elsewhere has no digits.  What the absolute tolerances leave open is no
 * difference. */
static void compare_readings(const struct case_result *o, const struct case_result *r,
                             struct difference *d)
{
    const double open[2] = {o->vntol + r->vntol, o->abstol + r->abstol};
    double largest[2] = {0};
    for (size_t j = 0; j < r->n_probes; j++)
        largest[r->currents[j]] = fmax(largest[r->currents[j]], swing(r, j));
    for (size_t j = 0; j < o->n_probes && j < r->n_probes; j++) {
        const double of = fmax(swing(r, j), SWING_FLOOR * largest[r->currents[j]]);
        double differs = 0;
        size_t where = 0;
        for (size_t p = 1; p < r->n_phases; p++)
            if (more(fabs(o->readings[p * o->n_probes + j] - r->readings[p * r->n_probes + j]),
                     &differs))
                where = p;
        differs = fmax(0, differs - open[r->currents[j]]);
        if (of > 0 && more(differs / of, &d->reading)) {
            d->reading_probe = j;
            d->reading_phase = where;
        }
    }
}

struct difference case_compare(const struct case_result *o, const struct case_result *r)
{
    struct difference d = {.waveform = o->waveform_difference,
                           .waveform_probe = o->waveform_probe,
                           .waveform_phase = o->waveform_phase,
                           .section = -1,
                           .class = -1};
    for (size_t i = 0; i < r->n_states; i++) {
        const double differs =
            fabs(o->states[i] - r->states[i]) / fmax(r->states[i], CASE_STATE_FLOOR);
        if (more(differs, &d.state))
            d.worst_state = i;
    }
    compare_readings(o, r, &d);
    static const int sections[] = {SECTION_TRAINING, SECTION_INFERENCE};
    for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++)
        for (int class = 0; class < ENERGY_CLASSES; class ++) {
            const double e = o->energy[sections[s]][class], f = r->energy[sections[s]][class];
            /* with GMIN's part and without: engines may leave it out; where it is nearly all, nothing
             * is left to compare without */
            const double own = f - r->gmin[sections[s]][class];
            double differs = fabs(e - f) / fabs(f);
            if (fabs(own) > 0.1 * fabs(f))
                differs = fmin(differs, fabs(e - own) / fabs(own));
            if (isnan(f) || (!(fabs(f) > 0) && !(fabs(e) > 0)) || !more(differs, &d.energy))
                continue;
            d.section = sections[s];
            d.class = class;
        }
    d.accuracy = fabs(o->accuracy - r->accuracy);
    for (size_t i = 0; i < r->n_images; i++)
        d.decisions += i >= o->n_images || (fabs(r->output[i]) > CASE_TIE * NEURON_OUTPUT_SWING &&
                                            (o->output[i] > 0) != (r->output[i] > 0));
    return d;
}

struct engine_options case_tolerances(double reltol)
{
    struct engine_options o = engine_defaults;
    o.reltol = reltol;
    o.abstol *= reltol / engine_defaults.reltol;
    o.vntol *= reltol / engine_defaults.reltol;
    o.step_max *= fmax(1, reltol / engine_defaults.reltol);
    return o;
}
