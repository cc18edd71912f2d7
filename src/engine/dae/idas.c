/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows SUNDIALS (6.4).  Newton's iteration is held to a twentieth of the
 * tolerances. */
#include "engine/dae/idas.h"

#include "base/memory.h"
#include "engine/dae/sparse_lu.h"

#include <idas/idas.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sundials/sundials_linearsolver.h>
#include <sunmatrix/sunmatrix_sparse.h>

#define NEWTON_PART 0.05 /* of the tolerance that Newton's iteration may leave */
#define ITERATIONS 8     /* of it */
#define FAILURES 50      /* of it, in one step */

struct idas {
    struct dae *dae;
    void (*weights)(const void *data, const double *y, double *weight);
    const void *data;
    SUNContext context;
    void *ida;
    N_Vector y, slope;
    SUNMatrix matrix; /* its entries; the pattern is the system's */
    SUNLinearSolver solver;
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

static int weights(N_Vector y, N_Vector weight, void *data)
{
    const struct idas *s = data;
    s->weights(s->data, N_VGetArrayPointer(y), N_VGetArrayPointer(weight));
    return 0;
}

static void swallow(int code, const char *module, const char *function, char *text, void *data)
{
    (void)code, (void)module, (void)function, (void)text, (void)data;
}

static bool start(struct idas *s, double step_max)
{
    const struct dae *d = s->dae;
    N_Vector kinds = N_VClone(s->y);
    for (size_t k = 0; k < d->n; k++)
        N_VGetArrayPointer(kinds)[k] = d->differential[k];
    N_VConst(0, s->y);
    N_VConst(0, s->slope);
    s->ida = IDACreate(s->context);
    const bool done = s->ida && IDAInit(s->ida, residual, 0, s->y, s->slope) == 0 &&
                      IDASetErrHandlerFn(s->ida, swallow, s) == 0 &&
                      IDASetUserData(s->ida, s) == 0 && IDAWFtolerances(s->ida, weights) == 0 &&
                      IDASetId(s->ida, kinds) == 0 && IDASetSuppressAlg(s->ida, 1) == 0 &&
                      IDASetLinearSolver(s->ida, s->solver, s->matrix) == 0 &&
                      IDASetJacFn(s->ida, jacobian) == 0 && IDASetMaxNumSteps(s->ida, -1) == 0 &&
                      IDASetMaxNonlinIters(s->ida, ITERATIONS) == 0 &&
                      IDASetMaxConvFails(s->ida, FAILURES) == 0 &&
                      IDASetMaxStep(s->ida, step_max) == 0 &&
                      IDASetNonlinConvCoef(s->ida, NEWTON_PART) == 0;
    N_VDestroy(kinds);
    return done;
}

struct idas *idas_new(struct dae *d,
                      void (*weight)(const void *data, const double *y, double *weight),
                      const void *data, double step_max)
{
    struct idas *s = NEW(1, struct idas);
    const sunindextype n = (sunindextype)d->n, entries = (sunindextype)d->n_entries + 1;
    s->dae = d;
    s->weights = weight;
    s->data = data;
    if (SUNContext_Create(NULL, &s->context) == 0) {
        s->y = N_VNew_Serial(n, s->context);
        s->slope = N_VNew_Serial(n, s->context);
        s->matrix = SUNSparseMatrix(n, n, entries, CSC_MAT, s->context);
        s->solver = solver_new(d, s->context);
    }
    if (s->y && s->slope && s->matrix && s->solver && start(s, step_max))
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
    if (s->y)
        N_VDestroy(s->y);
    if (s->slope)
        N_VDestroy(s->slope);
    if (s->solver)
        SUNLinSolFree(s->solver);
    if (s->matrix)
        SUNMatDestroy(s->matrix);
    if (s->context)
        SUNContext_Free(&s->context);
    free(s);
}

bool idas_begin(struct idas *s, double t, double h, double t_end, const double *y,
                const double *slope)
{
    const size_t size = s->dae->n * sizeof *y;
    memcpy(N_VGetArrayPointer(s->y), y, size);
    memcpy(N_VGetArrayPointer(s->slope), slope, size);
    return IDAReInit(s->ida, t, s->y, s->slope) == 0 && IDASetInitStep(s->ida, h) == 0 &&
           IDASetStopTime(s->ida, t_end) == 0;
}

bool idas_step(struct idas *s, double t_end, double *t, double *y, double *slope)
{
    const size_t size = s->dae->n * sizeof *y;
    double reached;
    if (IDASolve(s->ida, t_end, &reached, s->y, s->slope, IDA_ONE_STEP) < 0)
        return false;
    *t = reached;
    memcpy(y, N_VGetArrayPointer(s->y), size);
    memcpy(slope, N_VGetArrayPointer(s->slope), size);
    return true;
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
