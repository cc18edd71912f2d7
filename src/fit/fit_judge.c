/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles: a variable is held at theta, the others are fitted again, and the interval is where the
 * sum of squares is below S (1 + t^2/(n - m)), t the 0.975 quantile of Student's distribution for n
 * residuals and m variables.  For a linear problem this is the usual interval; where variables trade
 * off along a curve or one sits on its bound, which is the rule for switching thresholds and times,
 * the linear one is far too small.
 *
 * Source: Bates and Watts, Nonlinear Regression Analysis and Its Applications (1988), 6.1. */
#include "fit/fit_internal.h"

#include "base/memory.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define EDGE 1e-3               /* share of the range that counts as "on the bound" */
#define WIDE 1.0986122886681098 /* ln 3: a parameter known worse than a factor of 3 either way */
#define CORRELATED 0.99
#define BETTER 1e-3    /* relative fall of the sum of squares that is another solution */
#define EXPANSIONS 12  /* of the search for the interval's end */
#define REFINEMENTS 4  /* of it within a bracket */
#define NEAR 0.05      /* of the end, in units of the target */
#define ITERATIONS 30  /* of the other variables at each theta */
#define TOLERANCE 1e-3 /* of their steps */
#define INSIDE 3.0     /* |u| at which the other variables start: 5 % off a bound */
#define BEYOND 0.7     /* steps of the look beyond an end, of logarithms */
#define BEYONDS 5
#define WORK_MAX                                                                                   \
    1e8 /* steps of integration for all profiles, some seconds; linear intervals then */
#define FIRST_MIN 1e-7 /* first step, share of the range */
#define FIRST_MAX 0.1

struct profile {
    struct fit_problem *p;
    size_t k;           /* the variable */
    double least, rms;  /* theta and residual of the solution */
    double target;      /* of the root of the relative rise of the sum of squares */
    gsl_vector *others; /* u of the other variables, which follow */
    bool final;         /* no other solution is wanted */
    bool better;        /* than the solution: others and theta_better are */
    double theta_better;
};

static bool at_bound(const struct fit_problem *p, const gsl_vector *u, size_t k)
{
    const struct fit_scale s = p->scales[k];
    const double part = (fit_theta_of(s, gsl_vector_get(u, k)) - s.low) / (s.high - s.low);
    return part < EDGE || part > 1 - EDGE;
}

/* Root of the relative rise of the sum of squares with the variable at theta; -1: another solution
 * that is better. */
static double rise(struct profile *f, double theta)
{
    struct fit_problem *p = f->p;
    p->held = f->k;
    p->result->variables[f->k].value = fit_from_theta(p->scales[f->k], theta);
    for (size_t j = 0; j < f->others->size; j++) /* at a bound nothing pulls a variable back */
        gsl_vector_set(f->others, j, fmax(-INSIDE, fmin(INSIDE, gsl_vector_get(f->others, j))));
    const double rms = fit_descend(p, f->others, NULL), part = (rms / f->rms) * (rms / f->rms) - 1;
    p->held = FIT_NONE;
    if (part < -BETTER && !f->final) {
        f->better = true;
        f->theta_better = theta;
        return -1;
    }
    return sqrt(fmax(0, part));
}

/* One end of the interval, from `begin` outwards; *open: the bound came first. */
static double find_end(struct profile *f, double begin, double step, int direction, bool *open)
{
    const struct fit_scale s = f->p->scales[f->k];
    const double bound = direction > 0 ? s.high : s.low;
    double inner = begin, z_inner = 0, outer = begin, z_outer = 0;
    *open = false;
    for (int k = 0; z_outer < f->target; k++) {
        inner = outer;
        z_inner = z_outer;
        if (!((bound - inner) * direction > 0) || k == EXPANSIONS || fit_interrupted(f->p)) {
            *open = true;
            return inner;
        }
        outer = inner + direction * step;
        if ((outer - bound) * direction > 0 || k == EXPANSIONS - 1)
            outer = bound;
        z_outer = rise(f, outer);
        if (f->better)
            return outer;
        step *= z_outer > z_inner
                    ? fmax(0.5, fmin(4, 1.1 * (f->target - z_outer) / (z_outer - z_inner)))
                    : 4;
    }
    for (int k = 0; k < REFINEMENTS && z_outer > NEAR * f->target; k++) {
        const double part = fmax(0.1, (f->target - z_inner) / (z_outer - z_inner));
        const double theta = inner + part * (outer - inner), z = rise(f, theta);
        if (f->better)
            return theta;
        if (z < f->target) {
            inner = theta;
            z_inner = z;
        } else {
            outer = theta;
            z_outer = z;
        }
    }
    return inner + (f->target - z_inner) / (z_outer - z_inner) * (outer - inner);
}

/* With a variable on its bound the sum of squares can rise and fall again: look beyond an end, up to
 * a factor of 30 or a third of the range, and go on from where it is below the target. */
static double look_beyond(struct profile *f, double end, double first, int direction, bool *open)
{
    const struct fit_scale s = f->p->scales[f->k];
    const double step = s.sign ? BEYOND : (s.high - s.low) / 15;
    for (int k = 1; k <= BEYONDS && !*open && !f->better; k++) {
        const double theta = end + direction * k * step;
        if (!(theta > s.low && theta < s.high))
            break;
        if (rise(f, theta) < f->target && !f->better) {
            end = find_end(f, theta, first, direction, open);
            k = 0;
        }
    }
    return end;
}

static void copy_others(const gsl_vector *u, size_t k, gsl_vector *others)
{
    for (size_t j = 0; j < others->size; j++)
        gsl_vector_set(others, j, gsl_vector_get(u, j + (j >= k)));
}

/* What all intervals have in common. */
struct intervals {
    double rms;
    double work_max; /* beyond it the linear problem's interval is taken */
    bool on_bound;   /* some variable is on its bound */
    bool final;
};

/* The interval of variable k.  half: that of the linear problem, in theta. */
static bool find_interval(struct fit_problem *p, gsl_vector *u, const struct intervals *of,
                          size_t k, double half)
{
    struct fit_result *r = p->result;
    struct fit_variable *v = &r->variables[k];
    const struct fit_scale s = p->scales[k];
    const double range = s.high - s.low, theta = fit_theta_of(s, gsl_vector_get(u, k));
    const double freedom = (double)(p->n_residuals - r->n);
    struct profile f = {.p = p,
                        .k = k,
                        .least = theta,
                        .rms = of->rms,
                        .final = of->final,
                        .target = gsl_cdf_tdist_Pinv(0.975, freedom) / sqrt(freedom),
                        .others = gsl_vector_alloc(u->size - 1)};
    bool open[2];
    double ends[2] = {theta, theta};
    const double first =
        isfinite(half) ? fmax(FIRST_MIN * range, fmin(FIRST_MAX * range, half)) : 1e-3 * range;
    for (int side = 0; side < 2 && !f.better; side++) {
        copy_others(u, k, f.others);
        const int direction = side ? 1 : -1;
        if (p->work > of->work_max) {
            const double end = isfinite(half) ? theta + direction * half : side ? s.high : s.low;
            ends[side] = fmax(s.low, fmin(s.high, end));
            open[side] = !isfinite(half);
            continue;
        }
        ends[side] = find_end(&f, theta, first, direction, &open[side]);
        if (of->on_bound)
            ends[side] = look_beyond(&f, ends[side], first, direction, &open[side]);
    }
    fit_take_values(p, u);
    if (f.better) {
        for (size_t j = 0; j < f.others->size; j++)
            gsl_vector_set(u, j + (j >= k), gsl_vector_get(f.others, j));
        const double part = fmax(1e-9, fmin(1 - 1e-9, (f.theta_better - s.low) / range));
        gsl_vector_set(u, k, log(part / (1 - part)));
    }
    gsl_vector_free(f.others);
    const double a = fit_from_theta(s, ends[0]), b = fit_from_theta(s, ends[1]);
    v->low = fmin(a, b);
    v->high = fmax(a, b);
    v->on_bound = at_bound(p, u, k);
    v->identified = !open[0] && !open[1] &&
                    fmax(theta - ends[0], ends[1] - theta) < (s.sign ? WIDE : 0.5 * range);
    return !f.better;
}

void fit_warn(struct fit_result *r, char *text)
{
    if (r->n_warnings < FIT_WARNINGS_MAX)
        r->warnings[r->n_warnings++] = text;
    else
        free(text);
}

static const char *variable_name(const struct fit_problem *p, size_t k)
{
    const size_t parameter = p->result->variables[k].parameter;
    return parameter == FIT_STATE ? "x0" : p->options->model->parameters[parameter].name;
}

static void warn_of(struct fit_problem *p, size_t k)
{
    struct fit_result *r = p->result;
    const struct fit_variable *v = &r->variables[k];
    const struct fit_scale s = p->scales[k];
    if (v->on_bound && v->parameter != FIT_STATE)
        fit_warn(r, memory_format("%s is on its bound, %g", variable_name(p, k), v->value));
    else if (!v->identified && v->parameter != FIT_STATE)
        fit_warn(
            r, memory_format(
                   "%s is not identified: from %.3g%s to %.3g%s", variable_name(p, k), v->low,
                   v->low <= fit_from_theta(s, s.sign < 0 ? s.high : s.low) ? ", its bound," : "",
                   v->high,
                   v->high >= fit_from_theta(s, s.sign < 0 ? s.low : s.high) ? ", its bound" : ""));
    for (size_t j = 0; j < k; j++)
        if (fabs(r->correlation[k * r->n + j]) > CORRELATED)
            fit_warn(r, memory_format("%s and %s trade off: correlation %.4f", variable_name(p, j),
                                      variable_name(p, k), r->correlation[k * r->n + j]));
}

bool fit_judge(struct fit_problem *p, gsl_vector *u, double rms, const gsl_matrix *covariance,
               bool final)
{
    struct fit_result *r = p->result;
    const double freedom = (double)(p->n_residuals - r->n),
                 quantile = gsl_cdf_tdist_Pinv(0.975, freedom),
                 variance = rms * rms * (double)p->n_residuals / freedom;
    const int iterations = p->iterations;
    const double tolerance = p->tolerance;
    p->iterations = ITERATIONS;
    p->tolerance = TOLERANCE;
    struct intervals of = {.rms = rms, .work_max = p->work + WORK_MAX, .final = final};
    bool best = true;
    for (size_t k = 0; k < r->n; k++)
        of.on_bound = of.on_bound || (r->variables[k].parameter != FIT_STATE && at_bound(p, u, k));
    for (size_t k = 0; k < r->n && best; k++) {
        const struct fit_scale s = p->scales[k];
        const double part = (fit_theta_of(s, gsl_vector_get(u, k)) - s.low) / (s.high - s.low);
        const double slope = (s.high - s.low) * part * (1 - part);
        best = find_interval(p, u, &of, k,
                             quantile * slope *
                                 sqrt(variance * fmax(0, gsl_matrix_get(covariance, k, k))));
    }
    p->iterations = iterations;
    p->tolerance = tolerance;
    if (!best)
        return false;
    free(r->correlation);
    r->correlation = NEW(r->n * r->n, double);
    for (size_t k = 0; k < r->n; k++)
        for (size_t j = 0; j < r->n; j++)
            r->correlation[k * r->n + j] =
                gsl_matrix_get(covariance, k, j) /
                sqrt(gsl_matrix_get(covariance, k, k) * gsl_matrix_get(covariance, j, j));
    for (size_t k = 0; k < r->n; k++)
        warn_of(p, k);
    return true;
}
