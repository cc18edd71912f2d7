/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows SUNDIALS (6.4). */
#include "engine/dae/idas.h"

#include "base/memory.h"
#include "engine/dae/sparse_lu.h"

#include <idas/idas.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sundials/sundials_linearsolver.h>
#include <sunmatrix/sunmatrix_sparse.h>

#define NEWTON_PART 1e-3  /* of the tolerance that Newton's iteration may leave */
#define ITERATIONS 8      /* of it */
#define FAILURES 50       /* of it, in one step */
#define VOLTAGE_PART 0.25 /* of kT/q: no looser tolerance of a voltage follows an exponential law */
#define QUADRATURE_FLOOR 1e-4
#define QUANTUM 1e-21 /* [J] less than kT is no energy */
#define UNTESTED 1e30 /* [J] tolerance of an element, of which only the class is tested */

struct idas {
    struct dae *dae;
    const struct engine_options *options;
    SUNContext context;
    void *ida;
    N_Vector y, slope;
    SUNMatrix matrix; /* its entries; the pattern is the system's */
    SUNLinearSolver solver;
    /* energies since the last idas_begin() [J]: of n_elements, then of ENERGY_CLASSES; as IDAS has
     * them now, and as they were at the last step's beginning; their absolute tolerances */
    N_Vector energy, before, floor;
    unsigned char *classes; /* n_elements: energy_classes(), and ENERGY_CLASSES for capacitors */
    double largest;         /* that all classes have taken in one piece [J] */
    int flag;               /* IDASolve()'s last */
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
    struct idas *s = data;
    dae_residual(s->dae, t, N_VGetArrayPointer(y), N_VGetArrayPointer(slope),
                 N_VGetArrayPointer(r));
    return 0;
}

static int jacobian(double t, double c, N_Vector y, N_Vector slope, N_Vector r, SUNMatrix m,
                    void *data, N_Vector w1, N_Vector w2, N_Vector w3)
{
    (void)slope, (void)r, (void)w1, (void)w2, (void)w3;
    struct idas *s = data;
    dae_jacobian(s->dae, t, c, N_VGetArrayPointer(y), SUNSparseMatrix_Data(m));
    return 0;
}

void idas_weights(const struct idas *s, const double *y, double *weight)
{
    const struct dae *d = s->dae;
    const struct engine_options *o = s->options;
    const size_t first_state = d->n - d->n_states;
    const double alone = sqrt((double)d->n); /* IDAS's norm is a mean over all unknowns */
    for (size_t k = 0; k < first_state; k++)
        weight[k] = alone / (fmin(o->reltol * fabs(y[k]), VOLTAGE_PART * d->thermal) + o->vntol);
    for (size_t k = first_state; k < d->n; k++)
        weight[k] = alone / (o->reltol * fabs(y[k]) + o->vntol);
}

static int weights(N_Vector y, N_Vector weight, void *data)
{
    idas_weights(data, N_VGetArrayPointer(y), N_VGetArrayPointer(weight));
    return 0;
}

/* Powers of all elements, then their sums by class. */
static int powers(double t, N_Vector y, N_Vector slope, N_Vector power, void *data)
{
    struct idas *s = data;
    const size_t n = s->dae->circuit->n_elements;
    double *p = N_VGetArrayPointer(power);
    N_VConst(0, power);
    dae_values(s->dae, t, N_VGetArrayPointer(y), N_VGetArrayPointer(slope), NULL, p);
    energy_sum_classes(n, s->classes, p, p + n);
    return 0;
}

static void swallow(int code, const char *module, const char *function, char *text, void *data)
{
    (void)code, (void)module, (void)function, (void)text, (void)data;
}

/* The error test of the energies; largest: what all classes are expected to take in the piece [J].
 * IDAS's norm is a mean over all of them, elements included, which are not tested. */
static bool set_quadrature_tolerances(struct idas *s, double largest)
{
    const size_t n = s->dae->circuit->n_elements;
    const double reltol = s->options->reltol / sqrt((double)(n + ENERGY_CLASSES));
    N_VConst(UNTESTED, s->floor);
    for (size_t k = 0; k < ENERGY_CLASSES; k++)
        N_VGetArrayPointer(s->floor)[n + k] = reltol * (QUADRATURE_FLOOR * largest + QUANTUM);
    return IDAQuadSVtolerances(s->ida, reltol, s->floor) == 0;
}

static bool start(struct idas *s)
{
    const struct dae *d = s->dae;
    N_Vector kinds = N_VClone(s->y);
    for (size_t k = 0; k < d->n; k++)
        N_VGetArrayPointer(kinds)[k] = d->differential[k];
    N_VConst(0, s->y);
    N_VConst(0, s->slope);
    N_VConst(0, s->energy);
    s->ida = IDACreate(s->context);
    const bool done = s->ida && IDAInit(s->ida, residual, 0, s->y, s->slope) == 0 &&
                      IDASetErrHandlerFn(s->ida, swallow, s) == 0 &&
                      IDASetUserData(s->ida, s) == 0 && IDAWFtolerances(s->ida, weights) == 0 &&
                      IDASetId(s->ida, kinds) == 0 && IDASetSuppressAlg(s->ida, 1) == 0 &&
                      IDASetLinearSolver(s->ida, s->solver, s->matrix) == 0 &&
                      IDASetJacFn(s->ida, jacobian) == 0 && IDASetMaxNumSteps(s->ida, -1) == 0 &&
                      IDASetMaxNonlinIters(s->ida, ITERATIONS) == 0 &&
                      IDASetMaxConvFails(s->ida, FAILURES) == 0 &&
                      IDASetMaxErrTestFails(s->ida, FAILURES) == 0 &&
                      IDASetMaxStep(s->ida, s->options->step_max) == 0 &&
                      IDASetNonlinConvCoef(s->ida, NEWTON_PART) == 0 &&
                      IDAQuadInit(s->ida, powers, s->energy) == 0 &&
                      set_quadrature_tolerances(s, 0) && IDASetQuadErrCon(s->ida, 1) == 0;
    N_VDestroy(kinds);
    return done;
}

struct idas *idas_new(struct dae *d, const struct engine_options *options)
{
    struct idas *s = NEW(1, struct idas);
    const struct circuit *c = d->circuit;
    const sunindextype n = (sunindextype)d->n, entries = (sunindextype)d->n_entries + 1,
                       n_energies = (sunindextype)c->n_elements + ENERGY_CLASSES;
    s->dae = d;
    s->options = options;
    s->classes = energy_classes(c);
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].kind == ELEMENT_CAPACITOR)
            s->classes[k] = ENERGY_CLASSES;
    if (SUNContext_Create(NULL, &s->context) == 0) {
        s->y = N_VNew_Serial(n, s->context);
        s->slope = N_VNew_Serial(n, s->context);
        s->energy = N_VNew_Serial(n_energies, s->context);
        s->before = N_VNew_Serial(n_energies, s->context);
        s->floor = N_VNew_Serial(n_energies, s->context);
        s->matrix = SUNSparseMatrix(n, n, entries, CSC_MAT, s->context);
        s->solver = solver_new(d, s->context);
    }
    if (s->y && s->slope && s->energy && s->before && s->floor && s->matrix && s->solver &&
        start(s))
        return s;
    idas_free(s);
    return NULL;
}

void idas_free(struct idas *s)
{
    if (!s)
        return;
    if (s->ida)
        IDAFree(&s->ida);
    N_Vector const vectors[] = {s->y, s->slope, s->energy, s->before, s->floor};
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        if (vectors[k])
            N_VDestroy(vectors[k]);
    if (s->solver)
        SUNLinSolFree(s->solver);
    if (s->matrix)
        SUNMatDestroy(s->matrix);
    if (s->context)
        SUNContext_Free(&s->context);
    free(s->classes);
    free(s);
}

/* What all classes have taken [J]. */
static double class_sum(const double *of_classes)
{
    double sum = 0;
    for (size_t k = 0; k < ENERGY_CLASSES; k++)
        sum += fabs(of_classes[k]);
    return sum;
}

bool idas_begin(struct idas *s, double t, double t_end, const double *y, const double *slope,
                const double *power)
{
    const struct dae *d = s->dae;
    const size_t n_elements = d->circuit->n_elements;
    double of_classes[ENERGY_CLASSES];
    memcpy(N_VGetArrayPointer(s->y), y, d->n * sizeof *y);
    for (size_t k = 0; k < d->n; k++)
        N_VGetArrayPointer(s->slope)[k] = d->differential[k] ? slope[k] : 0;
    energy_sum_classes(n_elements, s->classes, power, of_classes);
    s->largest = fmax(s->largest, class_sum(N_VGetArrayPointer(s->energy) + n_elements));
    N_VConst(0, s->energy);
    N_VConst(0, s->before);
    return IDAReInit(s->ida, t, s->y, s->slope) == 0 && IDAQuadReInit(s->ida, s->energy) == 0 &&
           set_quadrature_tolerances(s, fmax(s->largest, class_sum(of_classes) * (t_end - t))) &&
           IDASetInitStep(s->ida, 0) == 0 && IDASetStopTime(s->ida, t_end) == 0;
}

bool idas_step(struct idas *s, double t_end, double *t, double *y, double *slope, double *energy)
{
    const size_t size = s->dae->n * sizeof *y;
    double reached;
    s->flag = IDASolve(s->ida, t_end, &reached, s->y, s->slope, IDA_ONE_STEP);
    if (s->flag < 0 || IDAGetQuad(s->ida, &reached, s->energy) < 0)
        return false;
    *t = reached;
    memcpy(y, N_VGetArrayPointer(s->y), size);
    memcpy(slope, N_VGetArrayPointer(s->slope), size);
    const double *after = N_VGetArrayPointer(s->energy);
    double *before = N_VGetArrayPointer(s->before);
    for (size_t k = 0; k < s->dae->circuit->n_elements; k++) {
        energy[k] = after[k] - before[k];
        before[k] = after[k];
    }
    return true;
}

const char *idas_trouble(const struct idas *s)
{
    switch (s->flag) {
    case IDA_ERR_FAIL:
        return "BDF's error test fails at its shortest step";
    case IDA_CONV_FAIL:
    case IDA_LSETUP_FAIL:
    case IDA_LSOLVE_FAIL:
        return "BDF's iteration does not converge at its shortest step";
    default:
        return "BDF finds no step";
    }
}

void idas_between(struct idas *s, double t, double *y, double *slope)
{
    const size_t size = s->dae->n * sizeof *y;
    IDAGetDky(s->ida, t, 0, s->y);
    memcpy(y, N_VGetArrayPointer(s->y), size);
    IDAGetDky(s->ida, t, 1, s->y);
    memcpy(slope, N_VGetArrayPointer(s->y), size);
}

void idas_errors(struct idas *s, double *errors)
{
    IDAGetEstLocalErrors(s->ida, s->y);
    memcpy(errors, N_VGetArrayPointer(s->y), s->dae->n * sizeof *errors);
}
