/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A phase is two smooth pieces, the ramp and what follows.  At a kink between them y is continuous
 * but y' is not, so that a multistep method has to begin anew, at order 1.  A one-step method
 * (rosenbrock.h) therefore leaves every kink; once its steps have stopped growing and many would
 * still follow, IDAS takes the rest of the piece.  (Runge-Kutta starters for multistep methods: C.
 * W. Gear, ACM Trans. Math. Software 6(3):263, 1980.)  At loose tolerances neither order pays where
 * transistors turn, and a method that iterates (dirk.h) takes all steps.
 *
 * The tolerance of a voltage is reltol times (half the supply + its deviation from the operating
 * point) + vntol, near what SPICE allows, and but for dirk.h at most half of kT/q; that of a state
 * reltol times itself + vntol, of which dirk.h takes a tenth, since states remember; that of an
 * inductive current reltol times the largest that it has had + abstol.  A step is
 * accepted when the root mean square of all voltages' errors and each state's error are within
 * them. */
#include "engine/dae/ida.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/wide.h"
#include "engine/dae/dae_trouble.h"
#include "engine/dae/dirk.h"
#include "engine/dae/idas.h"
#include "engine/dae/operating_point.h"
#include "engine/dae/rosenbrock.h"
#include "engine/dae/step_energy.h"
#include "engine/reading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_STEP 20e-9    /* [s] after the first kink of its kind */
#define SETTLING_STEP 1e-12 /* [s] no step is shorter */
#define STEP_GROWTH 6       /* at most from step to step */
#define STEP_SHRINKING 0.4
#define STEP_RETRIED 0.7 /* at most after a rejection */
#define STEP_SAFETY 0.9
#define REACHING 0.9  /* of what is left, which a step then takes as a whole */
#define DEFECTIVE 100 /* in place of the error of a step that does not end on a solution */
/* A continuous solution that is bent by more than this is none: [V], and of the change. */
#define BUMP_MAX 1.0
#define BUMP_PART 4.0
#define LOOSE 1e-3      /* reltol from which on dirk.h takes the steps of transistors */
#define LOOSE_STATE 0.1 /* of a state's tolerance, then */
#define LOOSE_GROWTH 20 /* in place of STEP_GROWTH, from the same reltol on in any circuit */
#define COARSE 0.1      /* reltol from which on other circuits begin with steps as long as can be */
#define HANDOVER 100    /* steps of the one-step method that IDAS's beginning is worth */
#define STATE_PART 1.0  /* of the tolerance that one step may take of a state */
#define VOLTAGE_PART 0.5 /* of kT/q: no looser tolerance of a voltage follows an exponential law */
#define STEPS_MAX 200000 /* of one smooth piece: no endless loop */

struct run {
    const struct circuit *circuit;
    const struct controller *controller;
    const struct engine_options *options;
    struct engine_report *report;
    struct error *error;
    struct dae *dae;
    struct idas *idas;
    double *y, *slope;               /* n: at t */
    double *between, *between_slope; /* n: scratch */
    struct rosenbrock rosenbrock;
    bool loose;       /* dirk.h takes the steps */
    bool multistep;   /* the last step was IDAS's */
    double *weight;   /* n: reciprocals of the tolerances */
    double *rest;     /* n: y of the operating point */
    double *residual; /* n: scratch */
    double *values;   /* circuit_n_values(): at the end of the step */
    double *resting;  /* n_nodes: dae->resting there */
    double scale;     /* half the highest voltage of a source [V] */
    struct step_energy energy;
    double t;                    /* [s] */
    double next[PHASE_KINDS][2]; /* first step of the ramp and of what follows, as it last was */
    struct phase phase;
    double phase_begin;
    bool in_phase;
    struct probe_points probes;
    bool probes_currents; /* some of them */
    double deadline, in_callbacks;
};

/* Reciprocals of the tolerances at v; `alone`: factor of the states'. */
WIDE static void tolerances(const struct run *r, const double *restrict v, double alone,
                            double *restrict w)
{
    const struct engine_options *o = r->options;
    const size_t first_state = r->dae->n - r->dae->n_states;
    const double part = r->loose ? LOOSE_STATE : 1;
    const double most = r->loose ? INFINITY : VOLTAGE_PART * r->dae->thermal;
    const double *restrict rest = r->rest, reltol = o->reltol, vntol = o->vntol, scale = r->scale;
    for (size_t k = 0; k < first_state; k++) {
        const double volt = reltol * (scale + fabs(v[k] - rest[k]));
        w[k] = 1 / ((volt < most ? volt : most) + vntol);
    }
    for (size_t k = 0; k < r->dae->n_inductive; k++) {
        const size_t i = first_state - r->dae->n_inductive + k;
        w[i] = alone / (reltol * fmax(fabs(v[i]), r->dae->reach[k]) + o->abstol);
    }
    for (size_t k = first_state; k < r->dae->n; k++)
        w[k] = alone / (part * (reltol * fabs(v[k]) + vntol));
}

static void weights(const void *run, const double *y, double *weight)
{
    const struct run *r = run;
    /* IDAS's norm is a mean over all unknowns; the one state that moves must not drown in it */
    tolerances(r, y, sqrt((double)r->dae->n) / STATE_PART, weight);
}

static enum status stuck(struct run *r, const char *what, const char *option)
{
    char place[PHASE_PLACE_SIZE];
    phase_place(r->circuit, r->in_phase ? &r->phase : NULL, r->t, place);
    return fail(r->error, STATUS_NUMERICAL, "ida: %s %s; another %s may help", what, place, option);
}

/* A state outside [0, 1] by more than the tolerance, or anything not finite, is no solution. */
static enum status check_solution(struct run *r)
{
    const double slack = 10 * (r->options->reltol + r->options->vntol);
    char text[DAE_TROUBLE_SIZE];
    return dae_no_solution(r->dae, r->y, slack, text) ? stuck(r, text, "--reltol") : STATUS_OK;
}

/* The same where this unknown is to blame, a law that is not finite, or the matrix of the step. */
static enum status stuck_at(struct run *r, size_t unknown, const char *how)
{
    char what[DAE_TROUBLE_SIZE], text[2 * DAE_TROUBLE_SIZE];
    const int64_t singular = r->rosenbrock.singular;
    const bool broken = dae_broken_law(r->dae, what);
    if (!broken)
        dae_unknown(r->dae, r->y, singular < 0 ? unknown : (size_t)singular, what);
    snprintf(text, sizeof text, "%s%s; %s",
             !broken && singular >= 0 ? "the matrix is singular at " : "", what, how);
    return stuck(r, text, "--reltol");
}

/* Pass the interval that ends at r->t, to the recorders. */
static void record(struct run *r, double t0, bool ends)
{
    const struct interval i = {
        t0, r->t, r->dae->values, r->energy.energy, r->energy.class_error, &r->phase, ends};
    r->report->points++;
    for (size_t k = 0; k < r->options->n_recorders; k++)
        r->options->recorders[k].take(r->options->recorders[k].data, &i);
}

/* The circuit at time t, from `between'.  Without `power' voltages, states and, where a probe reads
 * one, currents. */
static void find_values(struct run *r, double t, double *power)
{
    if (power || r->probes_currents)
        dae_values(r->dae, t, r->between, r->between_slope, NULL, power);
    else
        dae_voltages(r->dae, t, r->between);
}

/* At t0 + part h of the step that ends at r->t. */
static void evaluate_between(struct run *r, double t0, double part, double *power)
{
    const double t = t0 + part * (r->t - t0);
    if (r->multistep)
        idas_between(r->idas, t, r->between, r->between_slope);
    else
        rosenbrock_between(&r->rosenbrock, part, r->between, r->between_slope);
    find_values(r, t, power);
}

/* Do the probes have the values that they have at the end of the step, to the tolerance? */
static bool probes_agree(const struct run *r)
{
    const struct engine_options *o = r->options;
    for (size_t k = 0; k < r->circuit->n_probes; k++) {
        const size_t place = circuit_probe_value(r->circuit, (int)k);
        const double end = r->values[place],
                     least = r->circuit->probes[k].current ? o->abstol : o->vntol;
        if (!(fabs(r->dae->values[place] - end) <= o->reltol * fabs(end) + least))
            return false;
    }
    return true;
}

/* The part of a step that lies in the reading's window: its beginning, and its middle but for loose
 * tolerances.  A step that begins before the window may have passed a transient; where that is felt,
 * the equations are solved again. */
static void sample_window(struct run *r, double t0)
{
    const double end = r->phase_begin + r->phase.duration,
                 window = end - READING_PART * r->phase.duration, begin = fmax(t0, window);
    if (r->t <= begin)
        return;
    const double times[2] = {begin, 0.5 * (begin + r->t)};
    for (int k = 0; k < (r->loose ? 1 : 2); k++) {
        const double t = times[k], part = (t - t0) / (r->t - t0);
        if (t <= t0)
            continue;
        evaluate_between(r, t0, part, NULL);
        if (t0 < window && !r->multistep && !probes_agree(r)) {
            if (rosenbrock_correct(&r->rosenbrock, t, r->weight, r->between, r->between_slope))
                find_values(r, t, NULL);
            else
                evaluate_between(r, t0, part, NULL);
        }
        probe_points_add(&r->probes, t, r->dae->values);
    }
}

/* Book and report the step from t0 to r->t, whose values and powers there have been computed.
 * `kink`: the drive had one at t0, where the currents of capacitors jump; `last`: the phase may end
 * in this piece, and does at t_end. */
static enum status finish_step(struct run *r, double t0, double t_end, bool kink, bool last,
                               bool *ended)
{
    enum status status = check_solution(r);
    if (status != STATUS_OK)
        return status;
    const size_t size = circuit_n_values(r->circuit) * sizeof *r->values;
    dae_reach(r->dae, r->y);
    if (kink) {
        double *slope = r->between_slope;
        rosenbrock_between(&r->rosenbrock, 0, r->between, slope);
        dae_kink_powers(r->dae, r->resting, r->values, slope, r->energy.begin);
    }
    memcpy(r->values, r->dae->values, size);
    memcpy(r->resting, r->dae->resting, r->circuit->n_nodes * sizeof *r->resting);
    if (kink && r->phase.changed)
        evaluate_between(r, t0, 0, r->energy.begin);
    evaluate_between(r, t0, r->loose ? 0.5 : STEP_ENERGY_FIRST, r->energy.first);
    if (!r->loose)
        evaluate_between(r, t0, STEP_ENERGY_SECOND, r->energy.second);
    if (last)
        sample_window(r, t0);
    memcpy(r->dae->values, r->values, size);
    probe_points_add(&r->probes, r->t, r->dae->values);
    step_energy_step(&r->energy, r->t - t0, r->dae->values);
    *ended = phase_stopped(&r->phase, r->dae->values);
    record(r, t0, *ended || (last && r->t >= t_end));
    if (r->options->interrupted && *r->options->interrupted)
        return fail(r->error, STATUS_INTERRUPTED, "interrupted");
    if (r->report->points % 64 == 0 && clock_now() > r->deadline)
        return stuck(r, "time limit passed", "--time-limit");
    return STATUS_OK;
}

/* Error of the last one-step step in units of the tolerance, and the unknown that has most of it. */
static double step_error(struct run *r, size_t *worst)
{
    const struct dae *d = r->dae;
    const struct rosenbrock *m = &r->rosenbrock;
    tolerances(r, r->rosenbrock.y1, 1 / STATE_PART, r->weight);
    for (size_t k = 0; k < d->n; k++) {
        const double bump = fabs(m->curve2[k]) + fabs(m->curve3[k]);
        if (bump > BUMP_MAX + BUMP_PART * fabs(m->y1[k] - m->y0[k])) {
            *worst = k;
            return INFINITY;
        }
    }
    const double error = rosenbrock_norm(m, m->error, r->weight, 0, 1);
    if (!(error <= 1))
        *worst = dae_largest(d, m->error, r->weight);
    return error;
}

/* IDAS from r->t to t_end.  What it cannot do it leaves to the one-step method. */
static enum status multistep_piece(struct run *r, double h, double t_end, bool last, bool *ended,
                                   int *steps)
{
    enum status status = STATUS_OK;
    if (!idas_begin(r->idas, r->t, h, t_end, r->y, r->slope))
        return stuck(r, "no restart", "--reltol");
    while (status == STATUS_OK && r->t < t_end && !*ended) {
        const double t0 = r->t;
        if (++*steps > STEPS_MAX) {
            idas_errors(r->idas, r->between);
            const size_t worst = dae_largest(r->dae, r->between, r->weight);
            return stuck_at(r, worst, "too many steps");
        }
        if (!idas_step(r->idas, t_end, &r->t, r->y, r->slope))
            break;
        r->multistep = true;
        dae_values(r->dae, r->t, r->y, r->slope, r->residual, r->energy.end);
        status = finish_step(r, t0, t_end, false, last, ended);
    }
    return status;
}

/* From a kink to t_end; `last`: the phase ends there.  *ended: a stop has ended it before. */
static enum status piece(struct run *r, double t_end, bool last, bool *ended)
{
    struct rosenbrock *method = &r->rosenbrock;
    double *y = r->y, *slope = r->slope;
    const size_t size = r->dae->n * sizeof *y;
    double *first = &r->next[r->phase.kind][r->dae->ramps ? 0 : 1];
    double h = *first;
    enum status status = STATUS_OK;
    bool kink = true, settled = false; /* settled: the last step was a rosenbrock_settle() */
    int rejected = 0;
    size_t worst = 0;
    const double order = r->loose ? DIRK_ORDER : ROSENBROCK_ORDER;
    rosenbrock_kink(method);
    method->known &= !r->phase.changed;
    tolerances(r, y, 1 / STATE_PART, r->weight);
    for (int steps = 0; status == STATUS_OK && r->t < t_end && !*ended;) {
        const double t0 = r->t, rest = t_end - t0;
        h = fmin(h, r->options->step_max);
        bool reaches = h >= REACHING * rest;
        double step = reaches ? rest : h > 0.5 * rest ? 0.5 * rest : h;
        if (++steps > STEPS_MAX)
            return stuck_at(r, dae_largest(r->dae, method->error, r->weight), "too many steps");
        double error = INFINITY;
        if (r->loose ? dirk_step(method, t0, step, y, kink ? NULL : slope, r->weight)
                     : rosenbrock_step(method, t0, step, y)) {
            error = step_error(r, &worst);
            if (error <= 1 &&
                !rosenbrock_values(method, reaches ? t_end : t0 + step, r->weight, r->energy.end)) {
                error = DEFECTIVE;
                worst = method->worst;
            }
        } else {
            worst = method->worst;
        }
        double factor = STEP_SAFETY * pow(error, -1 / order);
        if (!(factor > STEP_SHRINKING))
            factor = STEP_SHRINKING;
        factor = fmin(factor, r->options->reltol >= LOOSE ? LOOSE_GROWTH : STEP_GROWTH);
        if (!(error <= 1)) {
            h = (r->loose ? fmin(factor, rejected ? STEP_SHRINKING : STEP_RETRIED) : factor) * step;
            rejected++;
            if (h > SETTLING_STEP)
                continue;
            if (settled ||
                !rosenbrock_settle(method, t0, SETTLING_STEP, y, r->weight, r->energy.end))
                return stuck_at(r, worst, "the step collapses");
            step = SETTLING_STEP;
            reaches = step >= rest;
            factor = FIRST_STEP / SETTLING_STEP / 20;
        }
        settled = !(error <= 1);
        if (kink && !settled)
            *first = step >= h  ? factor * step
                     : r->loose ? fmax(h, factor * step)
                                : fmin(h, factor * step);
        h = rejected && !settled ? fmin(step, factor * step) : factor * step;
        r->t = reaches ? t_end : t0 + step;
        memcpy(y, method->y1, size);
        memcpy(slope, method->slope1, size);
        rosenbrock_accept(method);
        r->multistep = false;
        status = finish_step(r, t0, t_end, kink, last, ended);
        kink = false;
        rejected = 0;
        if (status == STATUS_OK && !*ended && !r->loose && factor < 2 &&
            t_end - r->t > HANDOVER * h) {
            status = multistep_piece(r, h, t_end, last, ended, &steps);
            method->known = false;
        }
    }
    return status;
}

static enum status run_phase(struct run *r)
{
    const double end = r->phase_begin + r->phase.duration,
                 ramp = r->phase_begin + fmin(r->phase.edge, r->phase.duration);
    enum status status = phase_check(r->circuit, &r->phase, r->t, r->error);
    bool ended = false;
    r->dae->ramps = ramp > r->t;
    if (status == STATUS_OK && r->dae->ramps)
        status = piece(r, ramp, ramp >= end, &ended);
    r->dae->ramps = r->dae->driven = false;
    if (status == STATUS_OK && !ended && end > r->t)
        status = piece(r, end, true, &ended);
    return status;
}

static bool next_phase(struct run *r)
{
    const struct circuit *c = r->circuit;
    const double begin = clock_now();
    const struct reading reading = {r->phase_begin, r->t, r->probes.mean};
    if (r->in_phase) {
        probe_points_average(&r->probes, reading.t0, reading.t1);
        r->report->phases++;
    }
    r->phase.n_stops = 0;
    r->phase.device = -1;
    r->phase.changed = 0;
    const bool more =
        r->controller->step(r->controller->data, r->in_phase ? &reading : NULL, &r->phase);
    probe_points_clear(&r->probes);
    probe_points_add(&r->probes, r->t, r->dae->values);
    memcpy(r->dae->from, r->dae->to, c->n_elements * sizeof *r->dae->from);
    for (size_t p = 0; p < c->n_ports; p++) {
        r->dae->to[c->ports[p].source] = r->phase.drive[p].volt;
        if (c->ports[p].enable >= 0)
            r->dae->to[c->ports[p].enable] = r->phase.drive[p].open ? 0 : 1;
    }
    r->dae->driven = false;
    r->dae->t0 = r->phase_begin = r->t;
    r->dae->edge = r->phase.edge;
    r->in_phase = true;
    r->in_callbacks += clock_now() - begin;
    return more;
}

static enum status set_up(struct run *r)
{
    const struct circuit *c = r->circuit;
    r->dae = dae_new(c, r->error);
    if (!r->dae)
        return STATUS_INPUT;
    struct dae *d = r->dae;
    if (!rosenbrock_new(&r->rosenbrock, d))
        return fail(
            r->error, STATUS_NUMERICAL,
            "the circuit's equations are singular: a node or a loop has no unique solution");
    r->idas = idas_new(d, weights, r, r->options->step_max);
    if (!r->idas)
        return fail(r->error, STATUS_NUMERICAL, "SUNDIALS IDAS cannot be set up");
    r->y = NEW(d->n, double);
    r->slope = NEW(d->n, double);
    r->between = NEW(d->n, double);
    r->between_slope = NEW(d->n, double);
    r->weight = NEW(d->n, double);
    r->residual = NEW(d->n, double);
    r->values = NEW(circuit_n_values(c), double);
    r->resting = NEW(c->n_nodes, double);
    r->rest = NEW(d->n, double);
    step_energy_new(&r->energy, c);
    r->phase.drive = NEW(c->n_ports, struct drive);
    probe_points_new(&r->probes, c);
    for (size_t k = 0; k < c->n_probes; k++)
        r->probes_currents |= c->probes[k].current;
    for (size_t p = 0; p < c->n_ports; p++) {
        r->phase.drive[p].volt = c->ports[p].idle;
        d->from[c->ports[p].source] = d->to[c->ports[p].source] = c->ports[p].idle;
        if (c->ports[p].enable >= 0)
            d->from[c->ports[p].enable] = d->to[c->ports[p].enable] = 1;
    }
    /* every node is guessed at half the highest voltage of a source */
    double highest = 0;
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].kind == ELEMENT_VOLTAGE)
            highest = fmax(highest, c->elements[k].value);
    r->scale = 0.5 * highest;
    double *y = r->y;
    for (size_t k = 0; k < d->n_roots; k++)
        y[k] = r->scale;
    for (size_t k = 0; k < d->n_states; k++)
        y[d->n - d->n_states + k] = c->elements[c->state_elements[k]].x0;
    enum status status = operating_point(d, r->rosenbrock.lu, y, &r->report->operating, r->error);
    memcpy(r->rest, y, d->n * sizeof *y);
    r->loose = r->options->reltol >= LOOSE && d->n_mosfets > 0;
    r->energy.simpson = r->loose;
    for (int k = 0; k < PHASE_KINDS; k++)
        r->next[k][0] = r->next[k][1] =
            r->options->reltol >= COARSE && !r->loose ? r->options->step_max : FIRST_STEP;
    return status;
}

static void release(struct run *r)
{
    idas_free(r->idas);
    free(r->y);
    free(r->slope);
    free(r->between);
    free(r->between_slope);
    rosenbrock_free(&r->rosenbrock);
    step_energy_free(&r->energy);
    free(r->weight);
    free(r->residual);
    free(r->values);
    free(r->resting);
    free(r->rest);
    free(r->phase.drive);
    probe_points_free(&r->probes);
    dae_free(r->dae);
}

static enum status run(const struct circuit *circuit, const struct controller *controller,
                       const struct engine_options *options, struct engine_report *report,
                       struct error *error)
{
    struct run *r = NEW(1, struct run);
    struct error unused;
    const double begin = clock_now();
    *report = (struct engine_report){0};
    r->circuit = circuit;
    r->controller = controller;
    r->options = options;
    r->report = report;
    r->error = error ? error : &unused;
    r->error->text[0] = 0;
    r->deadline = begin + options->time_limit;
    enum status status = set_up(r);
    if (status == STATUS_OK) {
        dae_values(r->dae, 0, r->y, r->slope, r->residual, r->energy.begin);
        step_energy_start(&r->energy, r->dae->values);
        memcpy(r->values, r->dae->values, circuit_n_values(circuit) * sizeof *r->values);
        memcpy(r->resting, r->dae->resting, circuit->n_nodes * sizeof *r->resting);
        record(r, 0, false);
    }
    while (status == STATUS_OK && next_phase(r))
        status = run_phase(r);
    report->time = r->t;
    report->wall = clock_now() - begin;
    report->callback_wall = r->in_callbacks;
    release(r);
    free(r);
    return status;
}

const struct engine engine_ida = {
    .name = "ida",
    .title = "the same circuit as a differential-algebraic system in SUNDIALS IDAS",
    .abilities = ENGINE_CHANGES_DEVICES | ENGINE_TRANSISTORS,
    .run = run,
};
