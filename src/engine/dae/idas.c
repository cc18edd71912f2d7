/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows SUNDIALS (6.4).
 *
 * To IDAS the energies e of the classes are unknowns too, e' - P(t, y, y') = 0, so that they take
 * part in its choice of steps and orders.  (Its error test of quadratures does so only beside one of
 * unknowns: where voltages follow a ramp or nothing has a derivative, it would stay at order 1.)
 * They come last, nothing depends on them, and Newton's iteration leaves out dP/dy.  The elements'
 * energies are IDAS's quadratures: of the same formulas, so that they add up to e. */
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
#define ENERGY_PART 0.2   /* of reltol that a step may take of a class's energy */
#define ENERGY_FLOOR 1e-4 /* of what all classes take: a class counts as no less */
#define QUANTUM 1e-24     /* [J] added to it; a thousandth of kT */
#define STATE_PART 0.3    /* of the tolerance that a step may take of a state, which remembers */

struct idas {
    struct dae *dae;
    const struct engine_options *options;
    SUNContext context;
    void *ida;
    N_Vector y, slope;
    SUNMatrix matrix; /* its entries; the pattern is the system's */
    struct sparse_lu *lu;
    SUNLinearSolver solver; /* IDAS's interface to it */
    size_t size;            /* n of dae + ENERGY_CLASSES: unknowns of IDAS */
    double c;               /* of the factors */
    N_Vector energy;        /* n_elements: since the last idas_begin() [J] */
    double *before;         /* n_elements: the same at the last step's end */
    double *power;          /* n_elements [W] */
    unsigned char *classes; /* n_elements: energy_classes(), and ENERGY_CLASSES for capacitors */
    double floor;           /* absolute tolerance of a class's energy [J] */
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
    const struct idas *idas = s->content;
    return sparse_lu_factor(idas->lu, SUNSparseMatrix_Data(m)) ? 0 : 1; /* 1: try another step */
}

static int solver_solve(SUNLinearSolver s, SUNMatrix m, N_Vector x, N_Vector b, realtype tolerance)
{
    (void)m, (void)tolerance;
    const struct idas *idas = s->content;
    N_VScale(1, b, x);
    for (size_t k = idas->dae->n; k < idas->size; k++)
        N_VGetArrayPointer(x)[k] /= idas->c;
    return sparse_lu_solve(idas->lu, N_VGetArrayPointer(x)) ? 0 : 1;
}

static int solver_free(SUNLinearSolver s)
{
    s->content = NULL;
    SUNLinSolFreeEmpty(s);
    return 0;
}

static SUNLinearSolver solver_new(struct idas *idas)
{
    SUNLinearSolver s = SUNLinSolNewEmpty(idas->context);
    if (!s)
        return NULL;
    s->content = idas;
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
    double *residual = N_VGetArrayPointer(r), *of_classes = residual + s->dae->n;
    const double *rise = N_VGetArrayPointer(slope) + s->dae->n;
    dae_values(s->dae, t, N_VGetArrayPointer(y), N_VGetArrayPointer(slope), residual, s->power);
    energy_sum_classes(s->dae->circuit->n_elements, s->classes, s->power, of_classes);
    for (size_t k = 0; k < ENERGY_CLASSES; k++)
        of_classes[k] = rise[k] - of_classes[k];
    return 0;
}

static int jacobian(double t, double c, N_Vector y, N_Vector slope, N_Vector r, SUNMatrix m,
                    void *data, N_Vector w1, N_Vector w2, N_Vector w3)
{
    (void)slope, (void)r, (void)w1, (void)w2, (void)w3;
    struct idas *s = data;
    s->c = c;
    dae_jacobian(s->dae, t, c, N_VGetArrayPointer(y), SUNSparseMatrix_Data(m));
    return 0;
}

void idas_weights(const struct idas *s, const double *y, double *weight)
{
    const struct dae *d = s->dae;
    const struct engine_options *o = s->options;
    const size_t first_state = d->n - d->n_states;
    const double alone = sqrt((double)s->size); /* IDAS's norm is a mean over all unknowns */
    for (size_t k = 0; k < first_state; k++)
        weight[k] = alone / (fmin(o->reltol * fabs(y[k]), VOLTAGE_PART * d->thermal) + o->vntol);
    for (size_t k = first_state; k < d->n; k++)
        weight[k] = alone / (STATE_PART *
                             (o->reltol * fabs(y[k] - d->origins[k - first_state]) + o->vntol));
}

static int weights(N_Vector y, N_Vector weight, void *data)
{
    const struct idas *s = data;
    const double part = ENERGY_PART * s->options->reltol, alone = sqrt((double)s->size);
    idas_weights(s, N_VGetArrayPointer(y), N_VGetArrayPointer(weight));
    for (size_t k = s->dae->n; k < s->size; k++)
        N_VGetArrayPointer(weight)[k] = alone / (part * fabs(N_VGetArrayPointer(y)[k]) + s->floor);
    return 0;
}

static int powers(double t, N_Vector y, N_Vector slope, N_Vector power, void *data)
{
    struct idas *s = data;
    N_VConst(0, power);
    dae_values(s->dae, t, N_VGetArrayPointer(y), N_VGetArrayPointer(slope), NULL,
               N_VGetArrayPointer(power));
    return 0;
}

static void swallow(int code, const char *module, const char *function, char *text, void *data)
{
    (void)code, (void)module, (void)function, (void)text, (void)data;
}

static bool start(struct idas *s)
{
    const struct dae *d = s->dae;
    N_Vector kinds = N_VClone(s->y);
    for (size_t k = 0; k < s->size; k++)
        N_VGetArrayPointer(kinds)[k] = k >= d->n || d->differential[k];
    N_VConst(0, s->y);
    N_VConst(0, s->slope);
    N_VConst(0, s->energy);
    s->ida = IDACreate(s->context);
    const bool done =
        s->ida && IDAInit(s->ida, residual, 0, s->y, s->slope) == 0 &&
        IDASetErrHandlerFn(s->ida, swallow, s) == 0 && IDASetUserData(s->ida, s) == 0 &&
        IDAWFtolerances(s->ida, weights) == 0 && IDASetId(s->ida, kinds) == 0 &&
        IDASetSuppressAlg(s->ida, 1) == 0 &&
        IDASetLinearSolver(s->ida, s->solver, s->matrix) == 0 &&
        IDASetJacFn(s->ida, jacobian) == 0 && IDASetMaxNumSteps(s->ida, -1) == 0 &&
        IDASetMaxNonlinIters(s->ida, ITERATIONS) == 0 &&
        IDASetMaxConvFails(s->ida, FAILURES) == 0 && IDASetMaxErrTestFails(s->ida, FAILURES) == 0 &&
        IDASetMaxStep(s->ida, s->options->step_max) == 0 &&
        IDASetNonlinConvCoef(s->ida, NEWTON_PART) == 0 &&
        IDAQuadInit(s->ida, powers, s->energy) == 0 && IDASetQuadErrCon(s->ida, 0) == 0;
    N_VDestroy(kinds);
    return done;
}

struct idas *idas_new(struct dae *d, const struct engine_options *options)
{
    struct idas *s = NEW(1, struct idas);
    const struct circuit *c = d->circuit;
    const sunindextype n = (sunindextype)d->n, entries = (sunindextype)d->n_entries + 1,
                       unknowns = n + ENERGY_CLASSES;
    s->size = (size_t)unknowns;
    s->lu = sparse_lu_new((int64_t)d->n, d->columns, d->rows);
    s->before = NEW(c->n_elements, double);
    s->power = NEW(c->n_elements, double);
    s->dae = d;
    s->options = options;
    s->classes = energy_classes(c);
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].kind == ELEMENT_CAPACITOR)
            s->classes[k] = ENERGY_CLASSES;
    if (SUNContext_Create(NULL, &s->context) == 0) {
        s->y = N_VNew_Serial(unknowns, s->context);
        s->slope = N_VNew_Serial(unknowns, s->context);
        s->energy = N_VNew_Serial((sunindextype)c->n_elements, s->context);
        s->matrix = SUNSparseMatrix(n, n, entries, CSC_MAT, s->context);
        s->solver = solver_new(s);
    }
    if (s->y && s->slope && s->energy && s->matrix && s->lu && s->solver && start(s))
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
    N_Vector const vectors[] = {s->y, s->slope, s->energy};
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        if (vectors[k])
            N_VDestroy(vectors[k]);
    if (s->solver)
        SUNLinSolFree(s->solver);
    if (s->matrix)
        SUNMatDestroy(s->matrix);
    if (s->context)
        SUNContext_Free(&s->context);
    sparse_lu_free(s->lu);
    free(s->before);
    free(s->power);
    free(s->classes);
    free(s);
}

/* Sums by class of the magnitudes of the elements' quantities, e.g. [J]; of_elements:
 * n_elements. */
static double class_sum(const struct idas *s, const double *of_elements, double *of_classes)
{
    double sum = 0;
    energy_sum_classes(s->dae->circuit->n_elements, s->classes, of_elements, of_classes);
    for (size_t k = 0; k < ENERGY_CLASSES; k++)
        sum += fabs(of_classes[k]);
    return sum;
}

bool idas_begin(struct idas *s, double t, double t_end, const double *y, const double *slope,
                const double *power)
{
    const struct dae *d = s->dae;
    const size_t n_elements = d->circuit->n_elements;
    double *y0 = N_VGetArrayPointer(s->y), *slope0 = N_VGetArrayPointer(s->slope);
    s->largest = fmax(s->largest, class_sum(s, s->before, y0 + d->n));
    memcpy(y0, y, d->n * sizeof *y);
    for (size_t k = 0; k < d->n; k++)
        slope0[k] = d->differential[k] ? slope[k] : 0;
    const double expected = class_sum(s, power, slope0 + d->n) * (t_end - t);
    s->floor =
        ENERGY_PART * s->options->reltol * ENERGY_FLOOR * fmax(s->largest, expected) + QUANTUM;
    memset(y0 + d->n, 0, ENERGY_CLASSES * sizeof *y0);
    memset(s->before, 0, n_elements * sizeof *s->before);
    N_VConst(0, s->energy);
    return IDAReInit(s->ida, t, s->y, s->slope) == 0 && IDAQuadReInit(s->ida, s->energy) == 0 &&
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
    for (size_t k = 0; k < s->dae->circuit->n_elements; k++) {
        energy[k] = after[k] - s->before[k];
        s->before[k] = after[k];
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
