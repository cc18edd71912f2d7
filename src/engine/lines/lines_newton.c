/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Newton's method around lines.h.  A step solves the linear crossbar of the devices' slopes for the
 * residual.  Far from the solution an accurate step is wasted, so the linear residual may be the square
 * of the factor by which the last step reduced the nonlinear one (S. C. Eisenstat, H. F. Walker, SIAM
 * J. Sci. Comput. 17:16, 1996, choice 2). */
#include "engine/lines/lines_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define STEPS_MAX 100
#define HALVINGS_MAX 40
#define FORCING_MOST 0.05  /* largest linear residual of a step, relative to the nonlinear one */
#define FORCING_LEAST 1e-4 /* smallest: below it the error of the linearisation is larger */
#define DESCENT 1e-4       /* a step of length t must reduce the residual by t times this part */

void lines_model_law(void *data, size_t n, const double *v, double *current, double *slope)
{
    const struct lines_model *m = data;
    for (size_t k = 0; k < n; k++) {
        const struct model_value i = m->model->current(m->constants + k * m->stride, v[k], m->x[k]);
        current[k] = i.f;
        slope[k] = i.df_dv;
    }
}

struct newton {
    struct lines *l;
    const struct lines_problem *problem;
    double scale; /* of the sources [A] */
};

/* Currents and slopes at v, and the 2-norm of Kirchhoff's law there [A]. */
static double evaluate(struct newton *s, const struct lines_voltages *v)
{
    struct lines *l = s->l;
    for (size_t k = 0; k < l->m * l->n; k++)
        l->v[k] = v->row[k] - v->column[k];
    s->problem->law(s->problem->data, l->m * l->n, l->v, l->current, l->slope);
    return lines_residual(l, s->problem, l->current, v);
}

/* True if a residual of `norm` is no more than rounding of its terms. */
static bool rounded(const struct newton *s, double norm, const struct lines_voltages *v)
{
    struct lines_problem p = *s->problem;
    p.g = s->l->slope;
    return norm <= lines_rounding(s->l, &p, s->scale, v);
}

static enum status check_slopes(const struct lines *l, struct error *error)
{
    for (size_t k = 0; k < l->m * l->n; k++)
        if (!(l->slope[k] >= 0 && l->slope[k] <= DBL_MAX) || !isfinite(l->current[k]))
            return fail(error, STATUS_NUMERICAL,
                        "device (%zu, %zu) at %g V: current %g A, slope %g S, expected rising "
                        "and finite",
                        k / l->n + 1, k % l->n + 1, l->v[k], l->current[k], l->slope[k]);
    return STATUS_OK;
}

/* Move v along the step, halved until the residual falls; returns its norm, the old one if it never
 * falls. */
static double search(struct newton *s, double norm, const struct lines_voltages *v)
{
    struct lines *l = s->l;
    const size_t n = l->m * l->n;
    const struct lines_voltages at = {l->trial_r, l->trial_c};
    double part = 1;
    for (int k = 0; k < HALVINGS_MAX; k++, part *= 0.5) {
        for (size_t i = 0; i < n; i++) {
            l->trial_r[i] = v->row[i] + part * l->dr[i];
            l->trial_c[i] = v->column[i] + part * l->dc[i];
        }
        const double trial = evaluate(s, &at);
        if (trial <= (1 - DESCENT * part) * norm || rounded(s, trial, &at)) {
            memcpy(v->row, l->trial_r, n * sizeof *v->row);
            memcpy(v->column, l->trial_c, n * sizeof *v->column);
            return trial;
        }
    }
    evaluate(s, v);
    return norm;
}

/* The linear system of the slopes for the residual fr, fc, into dr, dc. */
static enum status solve_step(struct newton *s, double forcing, struct lines_report *report,
                              struct error *error)
{
    struct lines *l = s->l;
    const size_t bytes = l->m * l->n * sizeof(double);
    /* the linear solution overwrites fr and fc, so the right-hand side is kept in trial_r and trial_c */
    memcpy(l->trial_r, l->fr, bytes);
    memcpy(l->trial_c, l->fc, bytes);
    memset(l->dr, 0, bytes);
    memset(l->dc, 0, bytes);
    const struct lines_problem linear = {
        .g = l->slope,
        .row_ground = s->problem->row_ground,
        .column_ground = s->problem->column_ground,
        .row_source = l->trial_r,
        .column_source = l->trial_c,
    };
    enum status status = lines_grounded(l, &linear, l->slope, error);
    return status ? status
                  : lines_correct(l, &linear, forcing, &(struct lines_voltages){l->dr, l->dc},
                                  report, error);
}

enum status lines_newton(struct lines *l, const struct lines_problem *p, double tolerance,
                         const struct lines_voltages *v, struct lines_report *report,
                         struct error *error)
{
    struct lines_problem full = lines_filled(l, p);
    full.g = l->zeros;
    full.law = p->law;
    full.data = p->data;
    struct newton s = {l, &full, 0};
    double smallest;
    *report = (struct lines_report){0};
    enum status status = lines_check(l, &full, tolerance, v, error);
    if (status != STATUS_OK)
        return status;
    lines_level(l, v);
    const double scale = s.scale = lines_sources(l, &full);
    double forcing = FORCING_MOST, norm = evaluate(&s, v);
    for (;;) {
        report->residual = scale > 0 ? norm / scale : norm;
        status = check_slopes(l, error);
        /* the residual of secant slopes, which are not negative: the bound of lines.h holds */
        const bool bounded =
            lines_bounded(l, &full, tolerance, v->column, &report->bound, &smallest);
        const bool silent = smallest == INFINITY && norm <= tolerance * scale;
        if (status != STATUS_OK || bounded || silent || rounded(&s, norm, v))
            return status;
        if (report->steps == STEPS_MAX)
            return lines_unsolved(l, "Newton's method has not converged", report->residual, error);
        /* the last step is solved only as well as the tolerance asks for */
        const double least = fmax(
            FORCING_LEAST, smallest < INFINITY ? 0.3 * tolerance * smallest / report->bound : 0);
        status = solve_step(&s, fmin(fmax(forcing, least), FORCING_MOST), report, error);
        if (status != STATUS_OK)
            return status;
        report->steps++;
        const double before = norm;
        norm = search(&s, norm, v);
        if (!(norm < before) && !rounded(&s, norm, v))
            return lines_unsolved(l, "Newton's steps no longer reduce the residual",
                                  report->residual, error);
        forcing = norm / before * (norm / before);
    }
}
