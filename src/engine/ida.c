/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows SUNDIALS (6.4).
 *
 * A phase is two smooth pieces, the ramp and what follows, and IDAS runs from one kink to the next.
 * At a kink y is continuous but y' is not, and a restart with a wrong y' costs many small steps.
 * So two implicit Euler steps of RESTART_STEP are made first, with one factorization: they give y
 * on the new manifold and a slope.  The tolerance of a voltage is reltol times (half
 * the supply + its deviation from the operating point) + vntol, near what SPICE allows; Newton's
 * iteration is held to a twentieth of it, as readings are differences of volts.  A state's is a
 * tenth of its own reltol a step. */
#include "engine/ida.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/dae_restart.h"
#include "engine/reading.h"
#include "engine/sparse_lu.h"
#include "engine/step_energy.h"

#include <idas/idas.h>
#include <kinsol/kinsol.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sundials/sundials_linearsolver.h>
#include <sunmatrix/sunmatrix_sparse.h>

#define RESTART_STEP 1e-9 /* [s] */
#define FIRST_STEP 20e-9  /* [s] after a kink */
#define RESTARTS_MAX 20   /* of one smooth piece after failures */
#define STEP_GROWTH 4  /* at most from step to step: IDAS's own 2 costs 20 steps from kink to ms */
#define STATE_PART 0.1 /* of the tolerance that one step's error of a state may take */
#define NEWTON_PART 0.05 /* of the tolerance that Newton's iteration may leave */
#define STEPS_MAX 200000 /* of one smooth piece: no endless loop */
#define CURRENT_MAX 1e6  /* [A] more is no trial point of an operating point */
#define GMIN_START 1e-2  /* [S] of the operating point's homotopy */
#define GMIN_FACTOR 0.1
#define GMIN_END 1e-13

struct run {
    const struct circuit *circuit;
    const struct controller *controller;
    const struct engine_options *options;
    struct engine_report *report;
    struct error *error;
    struct dae *dae;
    SUNContext context;
    void *ida;
    N_Vector y, slope, weight, quadrature, scratch, step, between, between_slope;
    SUNMatrix matrix; /* its entries; the pattern is the system's */
    SUNLinearSolver solver;
    struct dae_restart restart;
    double *rest;   /* n: y of the operating point */
    double *states; /* n_states: held there */
    double gmin;    /* of the homotopy */
    double scale;   /* half the highest voltage of a source [V] */
    struct step_energy steps;
    double *sum_before, *increment; /* n_elements: IDAS's sums before the step, and over it */
    double t;                       /* [s] */
    struct phase phase;
    double phase_begin;
    bool in_phase;
    struct probe_points probes;
    double deadline, in_callbacks;
};

/* SUNDIALS' interface to sparse_lu.h: its own KLU module keeps pivots that no longer serve. */
static SUNLinearSolver_Type solver_type(SUNLinearSolver s)
{
    (void)s;
    return SUNLINEARSOLVER_DIRECT;
}

static SUNLinearSolver_ID solver_id(SUNLinearSolver s)
{
    (void)s;
    return SUNLINEARSOLVER_CUSTOM;
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

static int quadratures(double t, N_Vector y, N_Vector slope, N_Vector power, void *data)
{
    struct run *run = data;
    dae_values(run->dae, t, N_VGetArrayPointer(y), N_VGetArrayPointer(slope),
               N_VGetArrayPointer(run->scratch));
    circuit_power(run->circuit, run->dae->values, N_VGetArrayPointer(power));
    memcpy(run->steps.power, N_VGetArrayPointer(power),
           run->circuit->n_elements * sizeof *run->steps.power);
    return 0;
}

static int weights(N_Vector y, N_Vector weight, void *data)
{
    const struct run *run = data;
    const struct engine_options *o = run->options;
    const double *v = N_VGetArrayPointer(y);
    double *w = N_VGetArrayPointer(weight);
    const size_t n_states = run->dae->n_states, first_state = run->dae->n - n_states;
    for (size_t k = 0; k < first_state; k++)
        w[k] = 1 / (o->reltol * (run->scale + fabs(v[k] - run->rest[k])) + o->vntol);
    /* IDAS's norm is a mean over all unknowns; the one state that moves must not drown in it */
    const double alone = sqrt((double)run->dae->n) / STATE_PART;
    for (size_t k = first_state; k < run->dae->n; k++)
        w[k] = alone / (o->reltol * fabs(v[k]) + o->vntol);
    return 0;
}

static void swallow(int code, const char *module, const char *function, char *text, void *data)
{
    (void)code, (void)module, (void)function;
    struct run *run = data;
    if (code < 0 && run->error->text[0] == 0)
        fail(run->error, STATUS_NUMERICAL, "%s", text);
}

/* The operating point: the states are held, and GMIN lies from every node to its resting guess. */
static int operating_residual(N_Vector y, N_Vector r, void *data)
{
    struct run *run = data;
    const struct dae *d = run->dae;
    const double *v = N_VGetArrayPointer(y);
    double *f = N_VGetArrayPointer(r);
    dae_residual(run->dae, run->t, v, NULL, f);
    for (size_t k = 0; k < d->n_roots; k++)
        f[k] += run->gmin * (v[k] - run->rest[k]);
    for (size_t k = 0; k < d->n_states; k++)
        f[d->n - d->n_states + k] = v[d->n - d->n_states + k] - run->states[k];
    /* a trial point with a wide open diode: KINSOL then shortens its step */
    for (size_t k = 0; k < d->n; k++)
        if (!(fabs(f[k]) < CURRENT_MAX))
            return 1;
    return 0;
}

static int operating_jacobian(N_Vector y, N_Vector r, SUNMatrix m, void *data, N_Vector w1,
                              N_Vector w2)
{
    (void)r, (void)w1, (void)w2;
    struct run *run = data;
    struct dae *d = run->dae;
    double *entries = SUNSparseMatrix_Data(m);
    dae_jacobian(d, run->t, 0, N_VGetArrayPointer(y), entries);
    for (size_t j = 0; j < d->n; j++)
        for (int64_t k = d->columns[j]; k < d->columns[j + 1]; k++) {
            const size_t row = (size_t)d->rows[k];
            if (row >= d->n - d->n_states)
                entries[k] = row == j;
            else if (row == j && row < d->n_roots)
                entries[k] += run->gmin;
        }
    return 0;
}

/* Solve by gmin stepping; a failed step is tried again with half the decade. */
static enum status operating_point(struct run *r)
{
    struct dae *d = r->dae;
    double *y = N_VGetArrayPointer(r->y);
    void *kinsol = KINCreate(r->context);
    SUNMatrix matrix = SUNMatClone(r->matrix);
    SUNLinearSolver solver = matrix ? solver_new(d, r->context) : NULL;
    enum status status = STATUS_OK;
    if (!kinsol || !solver || KINInit(kinsol, operating_residual, r->y) != 0 ||
        KINSetUserData(kinsol, r) != 0 || KINSetErrHandlerFn(kinsol, swallow, r) != 0 ||
        KINSetLinearSolver(kinsol, solver, matrix) != 0 ||
        KINSetJacFn(kinsol, operating_jacobian) != 0)
        status = fail(r->error, STATUS_NUMERICAL, "KINSOL cannot be set up");
    KINSetMaxSetupCalls(kinsol, 1);
    KINSetNumMaxIters(kinsol, 200);
    KINSetMaxNewtonStep(kinsol, 10);
    KINSetFuncNormTol(kinsol, 1e-14);
    KINSetScaledStepTol(kinsol, 1e-12);
    N_VConst(1, r->scratch);
    double factor = GMIN_FACTOR;
    r->gmin = GMIN_START;
    memcpy(y, r->rest, d->n * sizeof *y);
    while (status == STATUS_OK) {
        memcpy(N_VGetArrayPointer(r->step), y, d->n * sizeof *y);
        const int flag = KINSol(kinsol, r->y, KIN_LINESEARCH, r->scratch, r->scratch);
        if (flag >= 0 || flag == KIN_LINESEARCH_NONCONV) {
            if (r->gmin == 0)
                break;
            r->gmin = r->gmin * factor < GMIN_END ? 0 : r->gmin * factor;
        } else if (factor < 0.9) {
            memcpy(y, N_VGetArrayPointer(r->step), d->n * sizeof *y);
            const double back = r->gmin > 0 ? r->gmin / factor : GMIN_END;
            factor = sqrt(factor);
            r->gmin = back * factor;
        } else {
            status = fail(r->error, STATUS_NUMERICAL,
                          "no operating point: gmin stepping stopped at %.1e S (%s)", r->gmin,
                          KINGetReturnFlagName(flag));
        }
    }
    if (status == STATUS_OK)
        r->error->text[0] = 0;
    memcpy(r->rest, y, d->n * sizeof *y);
    KINFree(&kinsol);
    if (solver)
        SUNLinSolFree(solver);
    if (matrix)
        SUNMatDestroy(matrix);
    return status;
}

static enum status stuck(struct run *r, const char *what)
{
    char place[PHASE_PLACE_SIZE];
    phase_place(r->circuit, r->in_phase ? &r->phase : NULL, r->t, place);
    return fail(r->error, STATUS_NUMERICAL, "ida: %s %s; another --reltol may help", what, place);
}

/* A state outside [0, 1] by more than the tolerance, or anything not finite, is no solution. */
static enum status check_solution(struct run *r)
{
    const double *y = N_VGetArrayPointer(r->y);
    const struct dae *d = r->dae;
    const double slack = 10 * (r->options->reltol + r->options->vntol);
    for (size_t k = 0; k < d->n; k++) {
        const bool state = k >= d->n - d->n_states;
        if (isfinite(y[k]) && (!state || (y[k] >= -slack && y[k] <= 1 + slack)))
            continue;
        char text[160];
        snprintf(text, sizeof text, "%s %s is %g", state ? "state" : "unknown",
                 state            ? r->circuit->state_names[k - (d->n - d->n_states)]
                 : k < d->n_roots ? r->circuit->node_names[d->roots[k]]
                                  : "current",
                 y[k]);
        return stuck(r, text);
    }
    return STATUS_OK;
}

/* Pass the interval that ends at r->t, to the recorders. */
static void record(struct run *r, double t0, bool ends)
{
    const struct interval i = {t0,        r->t, r->dae->values, r->steps.energy, r->steps.estimate,
                               &r->phase, ends, 0, NULL};
    r->report->points++;
    for (size_t k = 0; k < r->options->n_recorders; k++)
        r->options->recorders[k].take(r->options->recorders[k].data, &i);
}

/* Values and powers at (t, y, slope). */
static void evaluate(struct run *r, double t, N_Vector y, N_Vector slope, double *power)
{
    dae_values(r->dae, t, N_VGetArrayPointer(y), N_VGetArrayPointer(slope),
               N_VGetArrayPointer(r->scratch));
    if (power)
        circuit_power(r->circuit, r->dae->values, power);
}

/* Leave a kink.  Returns at r->t + 2 RESTART_STEP. */
static enum status restart(struct run *r, double t_end)
{
    const double t0 = r->t;
    weights(r->y, r->weight, r);
    if (!dae_restart_run(&r->restart, r->t, RESTART_STEP, N_VGetArrayPointer(r->weight),
                         N_VGetArrayPointer(r->y), N_VGetArrayPointer(r->slope)))
        return stuck(r, "no consistent values after a kink");
    r->t += 2 * RESTART_STEP;
    evaluate(r, r->t, r->y, r->slope, r->steps.power);
    step_energy_kink(&r->steps, t0, r->t, r->dae->values);
    record(r, t0, false);
    N_VConst(0, r->quadrature);
    memset(r->sum_before, 0, r->circuit->n_elements * sizeof *r->sum_before);
    if (IDAReInit(r->ida, r->t, r->y, r->slope) != 0 || IDAQuadReInit(r->ida, r->quadrature) != 0 ||
        IDASetInitStep(r->ida, FIRST_STEP) != 0 || IDASetStopTime(r->ida, t_end) != 0)
        return stuck(r, "no restart");
    return STATUS_OK;
}

/* The part of a step that lies in the reading's window: its beginning and its middle.  True: there
 * is one, and dae->values are no longer those of r->t. */
static bool sample_window(struct run *r, double t0)
{
    const double end = r->phase_begin + r->phase.duration;
    const double begin = fmax(t0, end - READING_PART * r->phase.duration);
    if (r->t <= begin)
        return false;
    const double times[2] = {begin, 0.5 * (begin + r->t)};
    for (int k = 0; k < 2; k++)
        if (times[k] > t0 && IDAGetDky(r->ida, times[k], 0, r->between) == 0 &&
            IDAGetDky(r->ida, times[k], 1, r->between_slope) == 0) {
            evaluate(r, times[k], r->between, r->between_slope, NULL);
            probe_points_add(&r->probes, times[k], r->dae->values);
        }
    return true;
}

/* Energies of the step from t0 that has ended at r->t.  IDAS has just evaluated values and powers
 * there. */
static void book_step(struct run *r, double t0)
{
    double t, *increment = r->increment;
    IDAGetQuad(r->ida, &t, r->quadrature);
    const double *sum = N_VGetArrayPointer(r->quadrature);
    for (size_t k = 0; k < r->circuit->n_elements; k++)
        increment[k] = sum[k] - r->sum_before[k];
    memcpy(r->sum_before, sum, r->circuit->n_elements * sizeof *sum);
    step_energy_step(&r->steps, t0, r->t, r->dae->values, increment);
}

static bool stopped(const struct run *r)
{
    for (size_t k = 0; k < r->phase.n_stops; k++) {
        const struct phase_stop *s = &r->phase.stops[k];
        const double v = r->dae->values[s->value];
        if (s->rising ? v >= s->level : v <= s->level)
            return true;
    }
    return false;
}

/* From a kink to t_end; `last`: the phase ends there.  *ended: a stop has ended it before. */
static enum status piece(struct run *r, double t_end, bool last, bool *ended)
{
    enum status status = restart(r, t_end);
    int restarts = 0;
    for (int steps = 0; status == STATUS_OK && r->t < t_end; steps++) {
        const double t0 = r->t;
        const int flag = IDASolve(r->ida, t_end, &r->t, r->y, r->slope, IDA_ONE_STEP);
        if (flag == IDA_CONV_FAIL && restarts++ < RESTARTS_MAX && t_end - r->t > 4 * RESTART_STEP) {
            status = restart(r, t_end); /* a transistor has turned: y' has jumped */
            continue;
        }
        if (flag < 0)
            return stuck(r, IDAGetReturnFlagName(flag));
        if (steps > STEPS_MAX)
            return stuck(r, "too many steps");
        if (r->options->interrupted && *r->options->interrupted)
            return fail(r->error, STATUS_INTERRUPTED, "interrupted");
        if (steps % 64 == 63 && clock_now() > r->deadline)
            return stuck(r, "time limit passed");
        book_step(r, t0);
        status = check_solution(r);
        *ended = status == STATUS_OK && stopped(r);
        const bool ends = *ended || (last && r->t >= t_end);
        if (status == STATUS_OK)
            record(r, t0, ends);
        if (last && sample_window(r, t0))
            evaluate(r, r->t, r->y, r->slope, NULL);
        probe_points_add(&r->probes, r->t, r->dae->values);
        if (*ended)
            break;
    }
    return status;
}

static enum status run_phase(struct run *r)
{
    const double end = r->phase_begin + r->phase.duration,
                 ramp = r->phase_begin + fmin(r->phase.edge, r->phase.duration);
    enum status status = STATUS_OK;
    bool ended = false;
    for (size_t k = 0; k < r->phase.n_stops; k++)
        if (r->phase.stops[k].value == 0)
            return fail(r->error, STATUS_INPUT,
                        "a phase stops at a quantity that is not solved for");
    if (r->phase.duration < 8 * RESTART_STEP)
        return stuck(r, "a phase is shorter than 8 ns");
    if (status == STATUS_OK && !ended && ramp > r->t + 4 * RESTART_STEP)
        status = piece(r, ramp, ramp >= end, &ended);
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
    r->weight = N_VNew_Serial(n, r->context);
    r->scratch = N_VNew_Serial(n, r->context);
    r->step = N_VNew_Serial(n, r->context);
    r->between = N_VNew_Serial(n, r->context);
    r->between_slope = N_VNew_Serial(n, r->context);
    r->quadrature = N_VNew_Serial((sunindextype)c->n_elements, r->context);
    r->matrix = SUNSparseMatrix(n, n, entries, CSC_MAT, r->context);
    r->solver = solver_new(d, r->context);
    if (!dae_restart_new(&r->restart, d) || !r->solver)
        return fail(
            r->error, STATUS_NUMERICAL,
            "the circuit's equations are singular: a node or a loop has no unique solution");
    r->rest = NEW(d->n, double);
    r->states = NEW(d->n_states, double);
    r->sum_before = NEW(c->n_elements, double);
    r->increment = NEW(c->n_elements, double);
    step_energy_new(&r->steps, c);
    r->phase.drive = NEW(c->n_ports, struct drive);
    probe_points_new(&r->probes, c);
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
    for (size_t k = 0; k < d->n_roots; k++)
        r->rest[k] = r->scale;
    for (size_t k = 0; k < d->n_states; k++)
        r->states[k] = r->rest[d->n - d->n_states + k] = c->elements[c->state_elements[k]].x0;
    return STATUS_OK;
}

static enum status start_ida(struct run *r)
{
    const struct dae *d = r->dae;
    N_VConst(0, r->slope);
    N_VConst(0, r->quadrature);
    N_Vector kinds = N_VClone(r->y);
    for (size_t k = 0; k < d->n; k++)
        N_VGetArrayPointer(kinds)[k] = d->differential[k];
    r->ida = IDACreate(r->context);
    const bool failed =
        !r->ida || IDAInit(r->ida, residual, r->t, r->y, r->slope) != 0 ||
        IDASetErrHandlerFn(r->ida, swallow, r) != 0 || IDASetUserData(r->ida, r) != 0 ||
        IDAWFtolerances(r->ida, weights) != 0 || IDASetId(r->ida, kinds) != 0 ||
        IDASetSuppressAlg(r->ida, 1) != 0 ||
        IDASetLinearSolver(r->ida, r->solver, r->matrix) != 0 ||
        IDASetJacFn(r->ida, jacobian) != 0 || IDASetMaxNumSteps(r->ida, -1) != 0 ||
        IDASetMaxNonlinIters(r->ida, 8) != 0 || IDASetMaxConvFails(r->ida, 50) != 0 ||
        IDAQuadInit(r->ida, quadratures, r->quadrature) != 0 || IDASetQuadErrCon(r->ida, 0) != 0 ||
        IDASetEtaMax(r->ida, STEP_GROWTH) != 0 ||
        IDASetMaxStep(r->ida, r->options->step_max) != 0 ||
        IDASetNonlinConvCoef(r->ida, NEWTON_PART) != 0;
    N_VDestroy(kinds);
    return failed ? fail(r->error, STATUS_NUMERICAL, "IDAS cannot be set up") : STATUS_OK;
}

static void release(struct run *r)
{
    N_Vector vectors[] = {r->y,    r->slope,   r->weight,        r->scratch,
                          r->step, r->between, r->between_slope, r->quadrature};
    if (r->ida)
        IDAFree(&r->ida);
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        if (vectors[k])
            N_VDestroy(vectors[k]);
    if (r->solver)
        SUNLinSolFree(r->solver);
    dae_restart_free(&r->restart);
    step_energy_free(&r->steps);
    if (r->matrix)
        SUNMatDestroy(r->matrix);
    if (r->context)
        SUNContext_Free(&r->context);
    free(r->rest);
    free(r->states);
    free(r->sum_before);
    free(r->increment);
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
        status = operating_point(r);
    if (status == STATUS_OK)
        status = start_ida(r);
    if (status == STATUS_OK) {
        evaluate(r, 0, r->y, r->slope, r->steps.power);
        step_energy_start(&r->steps, r->dae->values);
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
    .run = run,
};
