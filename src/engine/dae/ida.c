/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A phase is two smooth pieces, the ramp and what follows.  At a kink between them y is continuous
 * but y' is not, which costs a one-step method (rosenbrock.h) nothing.  At loose tolerances its order
 * does not pay where transistors turn, and a method that iterates (dirk.h) takes the steps.
 *
 * METHOD_BDF: IDAS takes all steps instead, from the beginning of each piece at order 1.  It takes
 * about ten times as long, so that METHOD_ONESTEP is the default at every tolerance.  That its steps
 * are not handed over to IDAS either, once they have stopped growing, was measured (user seconds,
 * medians of interleaved runs; the handover left, without it right; error of the worst state):
 *
 *     reltol                   1e-4           1e-6                              1e-8
 *     classifier, CMOS         1.12   1.09    4.62  2.39   2.8e-7  5.1e-8       12.5   9.2
 *     classifier, behavioural  .198   .223    .485  .538   2.3e-6  8.7e-8       1.37   2.03 (2.3e-6, 1.0e-8)
 *     crossbar 3x9             .0079  .0061   .018  .015   3.7e-7  3.7e-7       .156   .066
 *     crossbar 30x4            .118   .131    .267  .302   5.3e-7  5.8e-7       1.77   .715 (1e-7)
 *
 * Where the steps are the same, at 1e-4 and in crossbars at 1e-6, the rest is the machine's noise.
 *
 * The tolerance of a voltage is reltol times (half the supply + its deviation from the operating
 * point) + vntol, near what SPICE allows, and but for dirk.h at most half of kT/q; that of a state
 * reltol times itself + vntol, of which dirk.h takes a tenth, since states remember; that of an
 * inductive current reltol times the largest that it has had + abstol.  A step is
 * accepted when the root mean square of all voltages' errors and each state's error are within
 * them. */
#include "engine/dae/ida.h"

#include "base/memory.h"
#include "base/wide.h"
#include "engine/dae/dae_trouble.h"
#include "engine/dae/dirk.h"
#include "engine/dae/ida_run.h"
#include "engine/dae/operating_point.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_STEP 20e-9    /* [s] after the first kink of its kind */
#define SETTLING_STEP 1e-12 /* [s] of settle() */
#define SHORTEST_PART 1e-13 /* of a piece: no step is shorter */
#define STEP_GROWTH 6       /* at most from step to step */
#define STEP_SHRINKING 0.4
#define STEP_RETRIED 0.7 /* at most after a rejection */
#define STEP_SAFETY 0.9
#define REACHING 0.9  /* of what is left, which a step then takes as a whole */
#define DEFECTIVE 100 /* error, in tolerances, of a step that does not end on a solution */
/* A continuous solution that is bent by more than this is none: [V], and of the change. */
#define BUMP_MAX 1.0
#define BUMP_PART 4.0
#define LOOSE 1e-3      /* reltol from which on dirk.h takes the steps of transistors */
#define LOOSE_STATE 0.1 /* of a state's tolerance, then */
#define LOOSE_GROWTH 20 /* in place of STEP_GROWTH, from the same reltol on in any circuit */
#define COARSE 0.1      /* reltol from which on other circuits begin with steps as long as can be */
/* Part of a piece, but no less than so many last places of the time: a step of settle(). */
#define BEGINNING_PART 1e-6
#define BEGINNING_ULPS 4
#define STATE_PART 1.0   /* of the tolerance that one step may take of a state */
#define VOLTAGE_PART 0.5 /* of kT/q: no looser tolerance of a voltage follows an exponential law */
#define NOISE_PART 10    /* times what rounding does is no error */
#define REJECTED_OFTEN                                                                             \
    8                   /* steps in a row, after which noise is looked for, and dirk.h has failed */
#define STEPS_OFTEN 256 /* steps of a piece, the same */
#define STEPS_MAX 200000 /* of one smooth piece: no endless loop */

/* Reciprocals of the tolerances at v; `alone`: factor of the states'. */
WIDE static void tolerances(const struct run *r, const double *restrict v, double alone,
                            double *restrict w)
{
    const struct engine_options *o = r->options;
    const size_t first_state = r->dae->n - r->dae->n_states;
    const double part = r->loose ? LOOSE_STATE : 1;
    const double most = r->loose ? INFINITY : VOLTAGE_PART * r->dae->thermal;
    const double *restrict rest = r->rest, *restrict origins = r->dae->origins, reltol = o->reltol,
                           vntol = o->vntol, scale = r->scale;
    for (size_t k = 0; k < first_state; k++) {
        const double volt = reltol * (scale + fabs(v[k] - rest[k]));
        w[k] = 1 / ((volt < most ? volt : most) + vntol);
    }
    for (size_t k = 0; k < r->dae->n_inductive; k++) {
        const size_t i = first_state - r->dae->n_inductive + k;
        w[i] = alone / (reltol * fmax(fabs(v[i]), r->dae->reach[k]) + o->abstol);
    }
    for (size_t k = 0; k < first_state && r->noisy; k++)
        w[k] = 1 / (1 / w[k] + NOISE_PART * r->noise[k]);
    for (size_t k = first_state; k < r->dae->n; k++)
        w[k] = alone / (part * (reltol * fabs(v[k] - origins[k - first_state]) + vntol));
}

static void swap(double **a, double **b)
{
    double *c = *a;
    *a = *b;
    *b = c;
}

static enum status give_up(struct run *r, const char *what)
{
    return transient_fail(r->transient, r->phase_begin + r->t, what, "--reltol", r->error);
}

/* A state outside [0, 1] by more than the tolerance, or anything not finite, is no solution. */
static enum status check_solution(struct run *r)
{
    const double slack = 10 * (r->options->reltol + r->options->vntol);
    char text[DAE_TROUBLE_SIZE];
    return dae_no_solution(r->dae, r->y, slack, text) ? give_up(r, text) : STATUS_OK;
}

/* The same where this unknown is to blame, a law that is not finite, or the matrix of the step. */
static enum status give_up_at(struct run *r, size_t unknown, const char *how)
{
    char what[DAE_TROUBLE_SIZE], text[2 * DAE_TROUBLE_SIZE];
    const int64_t singular = r->rosenbrock.singular;
    const bool broken = dae_broken_law(r->dae, what);
    if (!broken)
        dae_unknown(r->dae, r->y, singular < 0 ? unknown : (size_t)singular, what);
    snprintf(text, sizeof text, "%s%s; %s",
             !broken && singular >= 0 ? "the matrix is singular at " : "", what, how);
    return give_up(r, text);
}

/* Pass the interval that ends at r->t, to the recorders.  A step so short that the time of the run does
 * not tell its ends apart becomes part of the next interval. */
static void record(struct run *r, bool ends)
{
    const double t0 = r->phase_begin + r->recorded, t = r->phase_begin + r->t;
    double *energy = r->energy.energy, *error = r->energy.class_error;
    const bool hold = r->t > 0 && !(t > t0) && !ends;
    for (size_t k = 0; k < r->circuit->n_elements && (hold || r->holds); k++) {
        energy[k] += r->held[k];
        r->held[k] = hold ? energy[k] : 0;
    }
    for (size_t k = 0; k < ENERGY_CLASSES; k++) {
        error[k] += r->held_error[k];
        r->held_error[k] = hold ? error[k] : 0;
    }
    r->holds = hold;
    if (hold)
        return;
    transient_record(r->transient,
                     &(struct transient_step){t0, t, r->dae->values, energy, error, ends});
    r->recorded = r->t;
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
    const double duration = r->phase->duration, window = duration - READING_PART * duration,
                 begin = fmax(t0, window);
    if (r->t <= begin)
        return;
    const double times[2] = {begin, 0.5 * (begin + r->t)};
    for (int k = 0; k < (r->loose ? 1 : 2); k++) {
        const double t = times[k], part = (t - t0) / (r->t - t0);
        if (t <= t0)
            continue;
        ida_evaluate_between(r, t0, part, NULL, NULL);
        if (t0 < window && !r->multistep && !probes_agree(r)) {
            if (rosenbrock_correct(&r->rosenbrock, t, r->weight, r->between, r->between_slope))
                ida_find_values(r, t, NULL, NULL);
            else
                ida_evaluate_between(r, t0, part, NULL, NULL);
        }
        probe_points_add(&r->transient->probes, r->phase_begin + t, r->dae->values);
    }
}

/* Book and report the step from t0 to r->t, whose values and powers there have been computed, and
 * by the one-step methods its energies.  `last`: the phase may end in this piece, and does at t_end. */
static enum status finish_step(struct run *r, double t0, double t_end, bool last, bool *ended)
{
    enum status status = check_solution(r);
    if (status != STATUS_OK)
        return status;
    const size_t size = circuit_n_values(r->circuit) * sizeof *r->values;
    dae_reach(r->dae, r->y);
    if (r->multistep || r->settled) {
        r->end = r->t;
        ida_keep_end(r);
        ida_evaluate_between(r, t0, r->loose ? 0.5 : STEP_ENERGY_FIRST, NULL, r->energy.first);
        if (!r->loose)
            ida_evaluate_between(r, t0, STEP_ENERGY_SECOND, NULL, r->energy.second);
        step_energy_given(&r->energy, r->t - t0, r->given);
    }
    swap(&r->values, &r->end_values);
    swap(&r->resting, &r->end_resting);
    r->settled = false;
    if (last)
        sample_window(r, t0);
    memcpy(r->dae->values, r->values, size);
    probe_points_add(&r->transient->probes, r->phase_begin + r->t, r->dae->values);
    step_energy_book(&r->energy, r->dae->values);
    *ended = transient_stopped(r->transient, r->dae->values);
    record(r, *ended || (last && r->t >= t_end));
    return transient_check(r->transient, r->phase_begin + r->t, r->error);
}

/* Error of the last one-step step in units of the tolerance, and the unknown with the largest
 * part of it. */
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

/* Of a settled step of h seconds: implicit Euler's rule. */
static void give_energies(struct run *r, double h)
{
    for (size_t k = 0; k < r->circuit->n_elements; k++)
        r->given[k] = h * r->energy.end[k];
    r->settled = true;
}

/* One implicit Euler step, so short that its error is nothing, after which y and slope solve the
 * equations: after a kink the slope does not, after a jump of the drive y does not either.  False:
 * nothing has moved. */
static bool settle(struct run *r, double t_end)
{
    const struct dae *d = r->dae;
    const double t0 = r->t, shortest = BEGINNING_ULPS * (nextafter(t0, INFINITY) - t0);
    const double h = fmax(shortest, fmin(SETTLING_STEP, BEGINNING_PART * (t_end - t0)));
    const double t1 = fmin(t_end, t0 + h);
    if (!rosenbrock_settle(&r->rosenbrock, t0, t1 - t0, r->y, r->weight, r->energy.end))
        return false;
    r->t = t1;
    memcpy(r->y, r->rosenbrock.y1, d->n * sizeof *r->y);
    memcpy(r->slope, r->rosenbrock.slope1, d->n * sizeof *r->slope);
    for (size_t k = d->n - d->n_states; k < d->n; k++) /* sharper than a difference over h */
        r->slope[k] -= r->rosenbrock.residual[k];
    give_energies(r, t1 - t0);
    r->multistep = false;
    return true;
}

/* Does the phase begin with a jump, its edge being 0? */
static bool jumped(const struct run *r)
{
    const struct dae *d = r->dae;
    return !d->ramps && r->t <= 0 &&
           memcmp(d->from, d->to, r->circuit->n_elements * sizeof *d->to) != 0;
}

/* From the equations' solution at r->t IDAS begins at order 1. */
static enum status begin_multistep(struct run *r, double t_end, bool last, bool *ended)
{
    const double t0 = r->t;
    idas_weights(r->idas, r->y, r->weight);
    if (!settle(r, t_end))
        return give_up_at(r, r->rosenbrock.worst, "BDF finds no beginning");
    if (!idas_begin(r->idas, r->t, t_end, r->y, r->slope, r->energy.end))
        return give_up(r, "BDF cannot begin");
    return finish_step(r, t0, t_end, last, ended);
}

/* Let IDAS integrate a whole piece, from the kink at r->t to t_end. */
static enum status multistep_piece(struct run *r, double t_end, bool last, bool *ended)
{
    enum status status = begin_multistep(r, t_end, last, ended);
    bool begun = true; /* no step since */
    for (int steps = 0; status == STATUS_OK && r->t < t_end && !*ended;) {
        const double t0 = r->t;
        if (++steps > STEPS_MAX) {
            idas_errors(r->idas, r->between);
            return give_up_at(r, dae_largest(r->dae, r->between, r->weight),
                              "too many steps of BDF");
        }
        if (idas_step(r->idas, t_end, &r->t, r->y, r->slope, r->given)) {
            begun = false;
            r->multistep = true;
            dae_values(r->dae, r->t, r->y, r->slope, r->residual, r->energy.end);
            status = finish_step(r, t0, t_end, last, ended);
        } else if (begun) {
            idas_errors(r->idas, r->between);
            const size_t worst = dae_largest(r->dae, r->between, r->weight);
            return give_up_at(r, worst, idas_trouble(r->idas));
        } else {
            status = begin_multistep(r, t_end, last, ended);
            begun = true;
        }
    }
    return status;
}

/* IDAS takes the rest of a piece in which the step of the one-step methods collapses, on the unknown
 * `worst`. */
static enum status multistep_rest(struct run *r, size_t worst, double t_end, bool last, bool *ended)
{
    if (!r->spare && !(r->spare = idas_new(r->dae, r->options)))
        return give_up_at(r, worst, "the step collapses");
    r->idas = r->spare;
    const enum status status = multistep_piece(r, t_end, last, ended);
    r->idas = NULL;
    r->multistep = false;
    if (status != STATUS_NUMERICAL)
        return status;
    const struct error why = *r->error;
    give_up_at(r, worst, "the step collapses");
    const struct error first = *r->error;
    return fail(r->error, status, "%s; by BDF: %s", first.text, why.text);
}

/* To be called when steps have become short or many: fails if no integrator could take longer
 * ones. */
static void find_noise(struct run *r)
{
    rosenbrock_noise(&r->rosenbrock, r->y, r->noise);
    r->noisy = true;
}

/* dirk.h takes the next steps, if `loose`, or rosenbrock.h, which goes on where nodes without capacitors
 * turn over, as of a comparator: dirk.h's solutions end too far from the equations there. */
static void set_method(struct run *r, bool loose)
{
    r->loose = r->energy.simpson = loose;
}

/* From a kink to t_end; `last`: the phase ends there.  *ended: a stop has ended it before. */
static enum status piece(struct run *r, double t_end, bool last, bool *ended)
{
    if (r->idas)
        return multistep_piece(r, t_end, last, ended);
    struct rosenbrock *method = &r->rosenbrock;
    double *y = r->y, *slope = r->slope;
    const size_t size = r->dae->n * sizeof *y;
    double *first = &r->next[r->phase->kind][r->dae->ramps ? 0 : 1];
    double h = *first;
    const double shortest = fmin(SETTLING_STEP, SHORTEST_PART * (t_end - r->t));
    enum status status = STATUS_OK;
    bool kink = true, settled = false; /* settled: the last step was a rosenbrock_settle() */
    int rejected = 0;
    size_t worst = 0;
    r->noisy = false;
    set_method(r, r->turns);
    rosenbrock_kink(method);
    method->known &= !r->phase->changed;
    tolerances(r, y, 1 / STATE_PART, r->weight);
    if (jumped(r) && settle(r, t_end)) {
        status = finish_step(r, 0, t_end, last, ended);
        tolerances(r, y, 1 / STATE_PART, r->weight);
    }
    for (int steps = 0; status == STATUS_OK && r->t < t_end && !*ended;) {
        const double t0 = r->t, rest = t_end - t0;
        h = fmin(h, r->options->step_max);
        bool reaches = h >= REACHING * rest;
        double step = reaches ? rest : h > 0.5 * rest ? 0.5 * rest : h;
        if (++steps > STEPS_MAX)
            return give_up_at(r, dae_largest(r->dae, method->error, r->weight), "too many steps");
        double error = INFINITY;
        if (r->loose ? dirk_step(method, t0, step, y, kink ? NULL : slope, r->weight)
                     : rosenbrock_step(method, t0, step, y)) {
            error = step_error(r, &worst);
            if (error <= 1 &&
                !rosenbrock_values(method, reaches ? t_end : t0 + step, r->weight, r->energy.end)) {
                error = DEFECTIVE;
                worst = method->worst;
            } else if (error <= 1) {
                r->end = reaches ? t_end : t0 + step;
                error = fmax(error, ida_find_energies(r, t0, kink));
            }
        } else {
            worst = method->worst;
        }
        double factor = STEP_SAFETY * pow(error, -1. / (r->loose ? DIRK_ORDER : ROSENBROCK_ORDER));
        if (!(factor > STEP_SHRINKING))
            factor = STEP_SHRINKING;
        factor = fmin(factor, r->options->reltol >= LOOSE ? LOOSE_GROWTH : STEP_GROWTH);
        if (!(error <= 1)) {
            h = (r->loose ? fmin(factor, rejected ? STEP_SHRINKING : STEP_RETRIED) : factor) * step;
            rejected++;
            if (rejected % REJECTED_OFTEN == 0) {
                find_noise(r);
                set_method(r, false);
            }
            if (h > shortest)
                continue;
            step = fmin(SETTLING_STEP, rest);
            reaches = step >= rest;
            if (settled || !rosenbrock_settle(method, t0, step, y, r->weight, r->energy.end))
                return multistep_rest(r, worst, t_end, last, ended);
            factor = FIRST_STEP / SETTLING_STEP / 20;
            give_energies(r, step);
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
        status = finish_step(r, t0, t_end, last, ended);
        kink = false;
        rejected = 0;
        if (steps % STEPS_OFTEN == 0)
            find_noise(r);
    }
    return status;
}

static enum status run_phase(struct transient *t, struct error *error)
{
    struct run *r = t->state;
    struct dae *d = r->dae;
    const size_t size = r->circuit->n_elements * sizeof *d->from;
    r->error = error;
    r->phase = &t->phase;
    r->phase_begin += r->t;
    r->t = r->recorded = 0;
    memcpy(d->from, t->from, size);
    memcpy(d->to, t->to, size);
    d->edge = r->phase->edge;
    d->driven = false;
    const double end = r->phase->duration, ramp = r->phase->edge;
    enum status status = STATUS_OK;
    bool ended = false;
    d->ramps = ramp > 0;
    if (d->ramps)
        status = piece(r, ramp, ramp >= end, &ended);
    d->ramps = d->driven = false;
    if (status == STATUS_OK && !ended && end > r->t)
        status = piece(r, end, true, &ended);
    return status;
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
    const bool bdf = r->options->method == METHOD_BDF;
    if (bdf && !(r->idas = idas_new(d, r->options)))
        return fail(r->error, STATUS_NUMERICAL, "SUNDIALS IDAS cannot be set up");
    r->y = NEW(d->n, double);
    r->slope = NEW(d->n, double);
    r->between = NEW(d->n, double);
    r->between_slope = NEW(d->n, double);
    r->weight = NEW(d->n, double);
    r->residual = NEW(d->n, double);
    r->given = NEW(c->n_elements, double);
    r->values = NEW(circuit_n_values(c), double);
    r->resting = NEW(c->n_nodes, double);
    r->end_values = NEW(circuit_n_values(c), double);
    r->end_resting = NEW(c->n_nodes, double);
    r->held = NEW(c->n_elements, double);
    r->rest = NEW(d->n, double);
    r->noise = NEW(d->n, double);
    step_energy_new(&r->energy, c);
    power_change_new(&r->power_change, d);
    for (size_t k = 0; k < c->n_probes; k++)
        r->probes_currents |= c->probes[k].current;
    memcpy(d->from, r->transient->from, c->n_elements * sizeof *d->from);
    memcpy(d->to, r->transient->to, c->n_elements * sizeof *d->to);
    /* every node is guessed at half the highest voltage of a source */
    double highest = 0;
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].kind == ELEMENT_VOLTAGE)
            highest = fmax(highest, c->elements[k].value);
    r->scale = 0.5 * highest;
    double *y = r->y;
    for (size_t k = 0; k < d->n_roots; k++)
        y[k] = r->scale;
    for (size_t k = 0; k < c->n_states; k++) /* hidden ones are 0 */
        y[d->n - d->n_states + k] = c->elements[c->state_elements[k]].x0;
    enum status status = operating_point(OPERATING_METHODS, d, r->rosenbrock.lu, y,
                                         &r->transient->report.operating, r->error);
    memcpy(r->rest, y, d->n * sizeof *y);
    /* dirk.h knows of one state a device */
    r->turns = !bdf && r->options->reltol >= LOOSE && d->n_mosfets > 0 && c->n_hidden == 0;
    set_method(r, r->turns);
    const size_t n_kinds = r->phase->names->n_kinds;
    r->next = memory_new(n_kinds, sizeof *r->next);
    for (size_t k = 0; k < n_kinds; k++)
        r->next[k][0] = r->next[k][1] =
            r->options->reltol >= COARSE && !r->loose ? r->options->step_max : FIRST_STEP;
    return status;
}

static void close_run(struct transient *t, bool done)
{
    struct run *r = t->state;
    (void)done;
    if (!r)
        return;
    idas_free(r->idas);
    idas_free(r->spare);
    free(r->y);
    free(r->slope);
    free(r->between);
    free(r->between_slope);
    free(r->given);
    rosenbrock_free(&r->rosenbrock);
    step_energy_free(&r->energy);
    power_change_free(&r->power_change);
    free(r->weight);
    free(r->residual);
    free(r->values);
    free(r->resting);
    free(r->end_values);
    free(r->end_resting);
    free(r->held);
    free(r->rest);
    free(r->noise);
    free(r->next);
    dae_free(r->dae);
    free(r);
}

static enum status open_run(struct transient *t, struct error *error)
{
    const struct circuit *c = t->circuit;
    struct run *r = t->state = NEW(1, struct run);
    r->transient = t;
    r->circuit = c;
    r->options = &t->options;
    r->error = error;
    r->phase = &t->phase;
    const enum status status = set_up(r);
    if (status != STATUS_OK)
        return status;
    dae_values(r->dae, 0, r->y, r->slope, r->residual, r->energy.begin);
    step_energy_start(&r->energy, r->dae->values);
    memcpy(r->values, r->dae->values, circuit_n_values(c) * sizeof *r->values);
    memcpy(r->resting, r->dae->resting, c->n_nodes * sizeof *r->resting);
    record(r, false);
    return STATUS_OK;
}

const struct engine engine_ida = {
    .name = "ida",
    .title = "the same circuit as a differential-algebraic system",
    .abilities = ENGINE_CHANGES_DEVICES | ENGINE_TRANSISTORS | ENGINE_METHODS,
    .open = open_run,
    .phase = run_phase,
    .close = close_run,
};
