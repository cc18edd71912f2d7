/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows SUNDIALS (6.4).
 *
 * A phase is two smooth pieces, the ramp and what follows.  At a kink between them y is continuous
 * but y' is not, so that a multistep method has to begin anew, at order 1.  A one-step method
 * (rosenbrock.h) therefore leaves every kink; once its steps have stopped growing and many would
 * still follow, IDAS takes the rest of the piece.  (Runge-Kutta starters for multistep methods: C.
 * W. Gear, ACM Trans. Math. Software 6(3):263, 1980.)  At loose tolerances neither order pays where
 * transistors turn, and a method that iterates (dirk.h) takes all steps.
 *
 * The tolerance of a voltage is reltol times (half the supply + its deviation from the operating
 * point) + vntol, near what SPICE allows, and but for dirk.h at most half of kT/q; that of a state
 * reltol times itself + vntol, of which dirk.h takes a tenth, since states remember.  A step is
 * accepted when the root mean square of all voltages' errors and each state's error are within
 * them.  IDAS's Newton iteration is held to a twentieth of them. */
#include "engine/ida.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/wide.h"
#include "engine/dae_trouble.h"
#include "engine/dirk.h"
#include "engine/operating_point.h"
#include "engine/reading.h"
#include "engine/rosenbrock.h"
#include "engine/sparse_lu.h"
#include "engine/step_energy.h"

#include <idas/idas.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sundials/sundials_linearsolver.h>
#include <sunmatrix/sunmatrix_sparse.h>

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
#define COARSE 0.1      /* reltol from which on other circuits begin with steps as long as can be */
#define LOOSE_STATE 0.1 /* of a state's tolerance, then */
#define LOOSE_GROWTH 20 /* of steps, then */
#define HANDOVER 100    /* steps of the one-step method that IDAS's beginning is worth */
#define STATE_PART 1.0  /* of the tolerance that one step may take of a state */
#define VOLTAGE_PART 0.5 /* of kT/q: no looser tolerance of a voltage follows an exponential law */
#define NEWTON_PART 0.05 /* of the tolerance that Newton's iteration may leave */
#define STEPS_MAX 200000 /* of one smooth piece: no endless loop */

struct run {
    const struct circuit *circuit;
    const struct controller *controller;
    const struct engine_options *options;
    struct engine_report *report;
    struct error *error;
    struct dae *dae;
    SUNContext context;
    void *ida;
    N_Vector y, slope, between, between_slope;
    SUNMatrix matrix; /* its entries; the pattern is the system's */
    SUNLinearSolver solver;
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

/* SUNDIALS' interface to sparse_lu.h: its own KLU module keeps pivots that no longer serve. */
static SUNLinearSolver_Type solver_type(SUNLinearSolver s)
{
    return (void)s, SUNLINEARSOLVER_DIRECT;
}

static SUNLinearSolver_ID solver_id(SUNLinearSolver s)
{
    return (void)s, SUNLINEARSOLVER_CUSTOM;
}

static int solver_set_up(SUNLinearSolver s, SUNMatrix m)
{
    return sparse_lu_factor(s->content, SUNSparseMatrix_Data(m)) ? 0 : 1; /* 1: try another step */
}

static int solver_solve(SUNLinearSolver s, SUNMatrix m, N_Vector x, N_Vector b, realtype tolerance)
{
    (void)m, (void)tolerance;
    N_VScale(1, b, x);
    return sparse_lu_solve(s->content, N_VGetArrayPointer(x)) ? 0 : 1;
}

static int solver_free(SUNLinearSolver s)
{
    sparse_lu_free(s->content);
    s->content = NULL;
    SUNLinSolFreeEmpty(s);
    return 0;
}

static SUNLinearSolver solver_new(struct dae *d, SUNContext context)
{
    struct sparse_lu *lu = sparse_lu_new((int64_t)d->n, d->columns, d->rows);
    SUNLinearSolver s = lu ? SUNLinSolNewEmpty(context) : NULL;
    if (!s) {
        sparse_lu_free(lu);
        return NULL;
    }
    s->content = lu;
    s->ops->gettype = solver_type;
    s->ops->getid = solver_id;
    s->ops->setup = solver_set_up;
    s->ops->solve = solver_solve;
    s->ops->free = solver_free;
    return s;
}

static int residual(double t, N_Vector y, N_Vector slope, N_Vector r, void *data)
{
    struct run *run = data;
    dae_residual(run->dae, t, N_VGetArrayPointer(y), N_VGetArrayPointer(slope),
                 N_VGetArrayPointer(r));
    return 0;
}

static int jacobian(double t, double c, N_Vector y, N_Vector slope, N_Vector r, SUNMatrix m,
                    void *data, N_Vector w1, N_Vector w2, N_Vector w3)
{
    (void)slope, (void)r, (void)w1, (void)w2, (void)w3;
    struct run *run = data;
    dae_jacobian(run->dae, t, c, N_VGetArrayPointer(y), SUNSparseMatrix_Data(m));
    return 0;
}

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
    for (size_t k = first_state; k < r->dae->n; k++)
        w[k] = alone / (part * (reltol * fabs(v[k]) + vntol));
}

static int weights(N_Vector y, N_Vector weight, void *data)
{
    const struct run *run = data;
    /* IDAS's norm is a mean over all unknowns; the one state that moves must not drown in it */
    tolerances(run, N_VGetArrayPointer(y), sqrt((double)run->dae->n) / STATE_PART,
               N_VGetArrayPointer(weight));
    return 0;
}

static void swallow(int code, const char *module, const char *function, char *text, void *data)
{
    (void)code, (void)module, (void)function, (void)text, (void)data;
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
    return dae_no_solution(r->dae, N_VGetArrayPointer(r->y), slack, text)
               ? stuck(r, text, "--reltol")
               : STATUS_OK;
}

/* The same where this unknown is to blame, or a law that is not finite. */
static enum status stuck_at(struct run *r, size_t unknown, const char *how)
{
    char what[DAE_TROUBLE_SIZE], text[2 * DAE_TROUBLE_SIZE];
    if (!dae_broken_law(r->dae, what))
        dae_unknown(r->dae, N_VGetArrayPointer(r->y), unknown, what);
    snprintf(text, sizeof text, "%s; %s", what, how);
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

/* Values and powers at t0 + part h of the step that ends at r->t.  Without `power' voltages, states
 * and, where a probe reads one, currents. */
static void evaluate_between(struct run *r, double t0, double part, double *power)
{
    const double t = t0 + part * (r->t - t0);
    double *y = N_VGetArrayPointer(r->between), *slope = N_VGetArrayPointer(r->between_slope);
    if (r->multistep) {
        IDAGetDky(r->ida, t, 0, r->between);
        IDAGetDky(r->ida, t, 1, r->between_slope);
    } else {
        rosenbrock_between(&r->rosenbrock, part, y, slope);
    }
    if (power || r->probes_currents)
        dae_values(r->dae, t, y, slope, NULL, power);
    else
        dae_voltages(r->dae, t, y);
}

/* The part of a step that lies in the reading's window: its beginning, and its middle but for loose
 * tolerances. */
static void sample_window(struct run *r, double t0)
{
    const double end = r->phase_begin + r->phase.duration;
    const double begin = fmax(t0, end - READING_PART * r->phase.duration);
    if (r->t <= begin)
        return;
    const double times[2] = {begin, 0.5 * (begin + r->t)};
    for (int k = 0; k < (r->loose ? 1 : 2); k++)
        if (times[k] > t0) {
            evaluate_between(r, t0, (times[k] - t0) / (r->t - t0), NULL);
            probe_points_add(&r->probes, times[k], r->dae->values);
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
    if (kink) {
        double *slope = N_VGetArrayPointer(r->between_slope);
        rosenbrock_between(&r->rosenbrock, 0, N_VGetArrayPointer(r->between), slope);
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
    if (IDAReInit(r->ida, r->t, r->y, r->slope) != 0 || IDASetInitStep(r->ida, h) != 0 ||
        IDASetStopTime(r->ida, t_end) != 0)
        return stuck(r, "no restart", "--reltol");
    while (status == STATUS_OK && r->t < t_end && !*ended) {
        const double t0 = r->t;
        if (++*steps > STEPS_MAX) {
            IDAGetEstLocalErrors(r->ida, r->between);
            const size_t worst = dae_largest(r->dae, N_VGetArrayPointer(r->between), r->weight);
            return stuck_at(r, worst, "too many steps");
        }
        N_VScale(1, r->y, r->between); /* IDAS works in the vectors that it is given */
        N_VScale(1, r->slope, r->between_slope);
        if (IDASolve(r->ida, t_end, &r->t, r->y, r->slope, IDA_ONE_STEP) < 0) {
            N_VScale(1, r->between, r->y);
            N_VScale(1, r->between_slope, r->slope);
            r->t = t0;
            break;
        }
        r->multistep = true;
        dae_values(r->dae, r->t, N_VGetArrayPointer(r->y), N_VGetArrayPointer(r->slope),
                   r->residual, r->energy.end);
        status = finish_step(r, t0, t_end, false, last, ended);
    }
    return status;
}

/* From a kink to t_end; `last`: the phase ends there.  *ended: a stop has ended it before. */
static enum status piece(struct run *r, double t_end, bool last, bool *ended)
{
    struct rosenbrock *method = &r->rosenbrock;
    double *y = N_VGetArrayPointer(r->y), *slope = N_VGetArrayPointer(r->slope);
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
    const sunindextype n = (sunindextype)d->n, entries = (sunindextype)d->n_entries + 1;
    if (SUNContext_Create(NULL, &r->context) != 0)
        return fail(r->error, STATUS_NUMERICAL, "SUNDIALS cannot be set up");
    r->y = N_VNew_Serial(n, r->context);
    r->slope = N_VNew_Serial(n, r->context);
    r->between = N_VNew_Serial(n, r->context);
    r->between_slope = N_VNew_Serial(n, r->context);
    r->matrix = SUNSparseMatrix(n, n, entries, CSC_MAT, r->context);
    r->solver = solver_new(d, r->context);
    if (!rosenbrock_new(&r->rosenbrock, d) || !r->solver)
        return fail(
            r->error, STATUS_NUMERICAL,
            "the circuit's equations are singular: a node or a loop has no unique solution");
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
    double *y = N_VGetArrayPointer(r->y);
    N_VConst(0, r->y);
    N_VConst(0, r->slope);
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

static enum status start_ida(struct run *r)
{
    const struct dae *d = r->dae;
    N_Vector kinds = N_VClone(r->y);
    for (size_t k = 0; k < d->n; k++)
        N_VGetArrayPointer(kinds)[k] = d->differential[k];
    r->ida = IDACreate(r->context);
    const bool failed = !r->ida || IDAInit(r->ida, residual, r->t, r->y, r->slope) != 0 ||
                        IDASetErrHandlerFn(r->ida, swallow, r) != 0 ||
                        IDASetUserData(r->ida, r) != 0 || IDAWFtolerances(r->ida, weights) != 0 ||
                        IDASetId(r->ida, kinds) != 0 || IDASetSuppressAlg(r->ida, 1) != 0 ||
                        IDASetLinearSolver(r->ida, r->solver, r->matrix) != 0 ||
                        IDASetJacFn(r->ida, jacobian) != 0 || IDASetMaxNumSteps(r->ida, -1) != 0 ||
                        IDASetMaxNonlinIters(r->ida, 8) != 0 ||
                        IDASetMaxConvFails(r->ida, 50) != 0 ||
                        IDASetMaxStep(r->ida, r->options->step_max) != 0 ||
                        IDASetNonlinConvCoef(r->ida, NEWTON_PART) != 0;
    N_VDestroy(kinds);
    return failed ? fail(r->error, STATUS_NUMERICAL, "IDAS cannot be set up") : STATUS_OK;
}

static void release(struct run *r)
{
    N_Vector vectors[] = {r->y, r->slope, r->between, r->between_slope};
    if (r->ida)
        IDAFree(&r->ida);
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        if (vectors[k])
            N_VDestroy(vectors[k]);
    if (r->solver)
        SUNLinSolFree(r->solver);
    rosenbrock_free(&r->rosenbrock);
    step_energy_free(&r->energy);
    if (r->matrix)
        SUNMatDestroy(r->matrix);
    if (r->context)
        SUNContext_Free(&r->context);
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
    if (status == STATUS_OK)
        status = start_ida(r);
    if (status == STATUS_OK) {
        dae_values(r->dae, 0, N_VGetArrayPointer(r->y), N_VGetArrayPointer(r->slope), r->residual,
                   r->energy.begin);
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
