/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fit/fit.h"

#include "base/memory.h"
#include "base/random.h"
#include "fit/fit_internal.h"
#include "fit/series_device.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS_MAX 300
#define STEP_TOLERANCE 1e-9
#define START_TOLERANCE 1e-5 /* of the starts, of which the best is taken further */
#define START_ITERATIONS 100
#define GRADIENT_TOLERANCE 1e-12
#define DIFFERENCE 1e-5 /* of a logistic variable, for the Jacobian */
#define JUDGEMENTS 4    /* as often a better solution is met while the intervals are looked for */
#define UNMOVED 1e-8    /* relative effect of a variable on its bound, which has no correlation */
#define APART 1.001     /* roff over ron, at least */
#define BAD 1e3         /* residual of a model that gives no number */
#define X_EDGE 1e-6
#define STATES 10 /* tried at the first sample, without random starts */

const struct fit_options fit_defaults = {.starts = 10, .candidates = 200, .steps = 16, .seed = 1};

double fit_from_theta(struct fit_scale s, double theta)
{
    return s.sign ? s.sign * exp(theta) : theta;
}

static double to_theta(struct fit_scale s, double value)
{
    return s.sign ? log(s.sign * value) : value;
}

double fit_theta_of(struct fit_scale s, double u)
{
    return s.low + (s.high - s.low) / (1 + exp(-u));
}

static double u_of(struct fit_scale s, double theta)
{
    const double part = (theta - s.low) / (s.high - s.low), edge = 1e-9;
    const double p = fmax(edge, fmin(1 - edge, part));
    return log(p / (1 - p));
}

static struct fit_scale scale_of(const struct model_parameter *q, double start)
{
    const double span = log(1e6);
    if (q->min > 0)
        return (struct fit_scale){1, log(q->min), log(q->max)};
    if (q->max < 0)
        return (struct fit_scale){-1, log(-q->max), log(-q->min)};
    if (q->min == 0 && start > 0 && q->max > 1e3 * start)
        return (struct fit_scale){1, log(start) - span, fmin(log(q->max), log(start) + span)};
    if (q->max == 0 && start < 0 && q->min < 1e3 * start)
        return (struct fit_scale){-1, log(-start) - span, fmin(log(-q->min), log(-start) + span)};
    return (struct fit_scale){0, q->min, q->max};
}

static void add_variable(struct fit_problem *p, size_t parameter, int trace, struct fit_scale scale)
{
    struct fit_result *r = p->result;
    p->scales[r->n] = scale;
    r->variables[r->n++] = (struct fit_variable){.parameter = parameter, .trace = trace};
}

static enum status set_up(struct fit_problem *p, struct error *error)
{
    const struct fit_options *o = p->options;
    const int traces = (int)o->n_traces;
    size_t wanted = o->n_traces;
    for (size_t k = 0; k < o->model->n_parameters; k++)
        wanted += o->free[k] ? (o->shared[k] ? 1 : o->n_traces) : 0;
    if (wanted > FIT_VARIABLES_MAX)
        return fail(error, STATUS_INPUT, "found %zu free variables, expected at most %d", wanted,
                    FIT_VARIABLES_MAX);
    for (size_t k = 0; k < o->model->n_parameters; k++)
        for (int t = 0; o->free[k] && t < (o->shared[k] ? 1 : traces); t++)
            add_variable(p, k, o->shared[k] ? -1 : t,
                         scale_of(&o->model->parameters[k], o->start[k]));
    for (int t = 0; t < traces; t++)
        add_variable(p, FIT_STATE, t, (struct fit_scale){0, -X_EDGE, 1 + X_EDGE});
    for (int t = 0; t < traces; t++) {
        const struct trace *trace = &o->traces[t];
        double sum = 0;
        for (size_t k = 0; k < trace->n; k++)
            sum += trace->column[TRACE_CURRENT][k] * trace->column[TRACE_CURRENT][k];
        p->rms[t] = sqrt(sum / (double)trace->n);
        if (!(p->rms[t] > 0))
            return fail(error, STATUS_INPUT, "%s: found no current but 0", trace->path);
        p->n_residuals += trace->n;
    }
    if (p->n_residuals <= p->result->n)
        return fail(error, STATUS_INPUT, "found %zu samples for %zu free variables", p->n_residuals,
                    p->result->n);
    p->model = NEW(p->n_residuals, double);
    p->steps = o->steps;
    p->held = FIT_NONE;
    return STATUS_OK;
}

void fit_parameters(const struct fit_options *o, const struct fit_result *r, int trace, double *q,
                    double *x0)
{
    memcpy(q, o->start, o->model->n_parameters * sizeof *q);
    for (size_t k = 0; k < r->n; k++) {
        const struct fit_variable *v = &r->variables[k];
        if (v->trace >= 0 && v->trace != trace)
            continue;
        if (v->parameter == FIT_STATE)
            *x0 = fmax(0, fmin(1, v->value));
        else
            q[v->parameter] = v->value;
    }
}

/* Currents of all traces at the variables' values. */
static void simulate(struct fit_problem *p)
{
    const struct fit_options *o = p->options;
    double q[MODEL_PARAMETERS_MAX], c[MODEL_CONSTANTS_MAX], x0 = 0, *out = p->model;
    for (size_t t = 0; t < o->n_traces; t++) {
        const struct trace *trace = &o->traces[t];
        const struct series_drive drive = {trace->n, trace->column[TRACE_T],
                                           trace->column[TRACE_SOURCE], o->series[t], p->steps};
        fit_parameters(o, p->result, (int)t, q, &x0);
        o->model->prepare(q, c);
        series_device_run(o->model, c, &drive, x0, out);
        p->work += (double)trace->n * p->steps;
        out += trace->n;
    }
}

/* The variable of a parameter of the model in a trace, or NULL. */
static struct fit_variable *find_variable(const struct fit_problem *p, const char *name, int trace)
{
    for (size_t k = 0; k < p->result->n; k++) {
        struct fit_variable *v = &p->result->variables[k];
        if (v->parameter != FIT_STATE && (v->trace < 0 || v->trace == trace) &&
            strcmp(p->options->model->parameters[v->parameter].name, name) == 0)
            return v;
    }
    return NULL;
}

/* ron < roff, as a library needs it: the one that is free gives way. */
static void keep_apart(struct fit_problem *p, int trace)
{
    const struct fit_options *o = p->options;
    struct fit_variable *on = find_variable(p, "ron", trace),
                        *off = find_variable(p, "roff", trace);
    double q[MODEL_PARAMETERS_MAX], x0, ron = NAN, roff = NAN;
    if (!on && !off)
        return;
    fit_parameters(o, p->result, trace, q, &x0);
    for (size_t k = 0; k < o->model->n_parameters; k++) {
        if (strcmp(o->model->parameters[k].name, "ron") == 0)
            ron = q[k];
        if (strcmp(o->model->parameters[k].name, "roff") == 0)
            roff = q[k];
    }
    if (!(roff < APART * ron))
        return;
    if (off)
        off->value = APART * ron;
    else
        on->value = roff / APART;
}

void fit_take_values(struct fit_problem *p, const gsl_vector *u)
{
    for (size_t k = 0, j = 0; k < p->result->n; k++)
        if (k != p->held)
            p->result->variables[k].value =
                fit_from_theta(p->scales[k], fit_theta_of(p->scales[k], gsl_vector_get(u, j++)));
    for (size_t t = 0; t < p->options->n_traces; t++)
        keep_apart(p, (int)t);
}

/* Behind a resistor a device may switch at a tenth of the largest voltage of the other side, so that only
 * the least voltages are left out, at which the current is noise.  Conductances that change by less than a
 * tenth of the largest are noise too. */
#define BACKWARDS_VOLT 0.05
#define BACKWARDS_CHANGE 0.1

bool fit_runs_backwards(const struct fit_options *o)
{
    double up = 0,
           down = 0; /* change of the conductance at positive and at negative voltage, [S] */
    for (size_t t = 0; t < o->n_traces; t++) {
        const struct trace *trace = &o->traces[t];
        const double *s = trace->column[TRACE_SOURCE], *i = trace->column[TRACE_CURRENT];
        double peak = 0, size = 0, g = NAN, sums[2] = {0, 0};
        for (size_t k = 0; k < trace->n; k++)
            peak = fmax(peak, fabs(s[k] - o->series[t] * i[k]));
        for (size_t k = 0; k < trace->n; k++) {
            const double v = s[k] - o->series[t] * i[k], now = i[k] / v;
            if (fabs(v) < BACKWARDS_VOLT * peak) { /* a new way begins on the other side */
                g = NAN;
                continue;
            }
            if (!isnan(g))
                sums[v < 0] += now - g;
            size = fmax(size, fabs(now));
            g = now;
        }
        up += size > 0 ? sums[0] / size : 0;
        down += size > 0 ? sums[1] / size : 0;
    }
    const double least = BACKWARDS_CHANGE * (double)o->n_traces;
    return up < -least && down > least;
}

static int residuals(const gsl_vector *u, void *data, gsl_vector *f)
{
    struct fit_problem *p = data;
    const struct fit_options *o = p->options;
    fit_take_values(p, u);
    simulate(p);
    size_t i = 0;
    for (size_t t = 0; t < o->n_traces; t++)
        for (size_t k = 0; k < o->traces[t].n; k++, i++) {
            const double r = (p->model[i] - o->traces[t].column[TRACE_CURRENT][k]) / p->rms[t];
            gsl_vector_set(f, i, fabs(r) < BAD ? r : BAD);
        }
    return GSL_SUCCESS;
}

/* Central differences; forward ones, at half the price, while the tolerance is rough. */
static int jacobian(const gsl_vector *u, void *data, gsl_matrix *j)
{
    struct fit_problem *p = data;
    const bool rough = p->tolerance > STEP_TOLERANCE;
    gsl_vector *at = gsl_vector_alloc(u->size), *up = gsl_vector_alloc(p->n_residuals),
               *down = gsl_vector_alloc(p->n_residuals);
    gsl_vector_memcpy(at, u);
    if (rough)
        residuals(at, p, down);
    for (size_t k = 0; k < u->size; k++) {
        const double here = gsl_vector_get(u, k);
        gsl_vector_set(at, k, here + DIFFERENCE);
        residuals(at, p, up);
        if (!rough) {
            gsl_vector_set(at, k, here - DIFFERENCE);
            residuals(at, p, down);
        }
        gsl_vector_set(at, k, here);
        gsl_vector_sub(up, down);
        gsl_vector_scale(up, (rough ? 1 : 0.5) / DIFFERENCE);
        gsl_matrix_set_col(j, k, up);
    }
    gsl_vector_free(at);
    gsl_vector_free(up);
    gsl_vector_free(down);
    return GSL_SUCCESS;
}

/* Root of the mean over all samples of the squared residual. */
static double rms_of(const gsl_vector *f)
{
    return gsl_blas_dnrm2(f) / sqrt((double)f->size);
}

/* The state that gives the first sample's current, as far as there is one; the current rises with
 * the state. */
static double first_state(const struct fit_problem *p, int t)
{
    const struct fit_options *o = p->options;
    const struct trace *trace = &o->traces[t];
    const double s = trace->column[TRACE_SOURCE][0], wanted = trace->column[TRACE_CURRENT][0];
    double q[MODEL_PARAMETERS_MAX], c[MODEL_CONSTANTS_MAX], x0, low = 0, high = 1;
    fit_parameters(o, p->result, t, q, &x0);
    o->model->prepare(q, c);
    for (int k = 0; k < 30; k++) {
        const double x = 0.5 * (low + high);
        const double v = series_device_voltage(o->model, c, s, o->series[t], x, 0);
        *(fabs(o->model->current(c, v, x).f) < fabs(wanted) ? &low : &high) = x;
    }
    return fmax(0.01, fmin(0.99, 0.5 * (low + high)));
}

/* Smallest and largest resistance where the device's voltage is well above the noise. */
static void resistances(const struct fit_problem *p, double *r_min, double *r_max)
{
    *r_min = INFINITY;
    *r_max = 0;
    for (size_t t = 0; t < p->options->n_traces; t++) {
        const struct trace *trace = &p->options->traces[t];
        double peak = 0;
        for (int pass = 0; pass < 2; pass++)
            for (size_t k = 0; k < trace->n; k++) {
                const double i = trace->column[TRACE_CURRENT][k];
                const double v = trace->column[TRACE_SOURCE][k] - i * p->options->series[t];
                if (pass == 0)
                    peak = fmax(peak, fabs(v));
                else if (fabs(v) > 0.25 * peak && v / i > 0) {
                    *r_min = fmin(*r_min, v / i);
                    *r_max = fmax(*r_max, v / i);
                }
            }
    }
}

/* A random start: resistances around the measured ones, all else around the starting set: within a
 * factor of 3 for voltages and plain numbers, of 30 for times, rates and currents. */
static double random_theta(const struct fit_problem *p, size_t k, gsl_rng *rng, double r_min,
                           double r_max)
{
    const struct fit_variable *v = &p->result->variables[k];
    const struct fit_scale s = p->scales[k];
    const struct model_parameter *q = &p->options->model->parameters[v->parameter];
    const double draw = 2 * gsl_rng_uniform(rng) - 1;
    if (s.sign == 0)
        return s.low + (s.high - s.low) * 0.5 * (draw + 1);
    double center = to_theta(s, p->options->start[v->parameter]), spread = log(30);
    if (strcmp(q->name, "ron") == 0 && isfinite(r_min)) {
        center = log(r_min);
        spread = log(2);
    } else if (strcmp(q->name, "roff") == 0 && r_max > 0) {
        center = log(r_max);
        spread = log(3);
    } else if (strcmp(q->unit, "V") == 0 || strcmp(q->unit, "1") == 0) {
        spread = log(3);
    }
    return fmax(s.low, fmin(s.high, center + spread * draw));
}

/* x0: the states at the first samples; NAN: those of the first currents. */
static void set_start(struct fit_problem *p, gsl_vector *u, gsl_rng *rng, double x0)
{
    double r_min, r_max;
    resistances(p, &r_min, &r_max);
    for (size_t k = 0; k < p->result->n; k++) {
        struct fit_variable *v = &p->result->variables[k];
        const struct fit_scale s = p->scales[k];
        double theta;
        if (v->parameter == FIT_STATE)
            theta = isnan(x0) ? first_state(p, v->trace) : x0; /* of parameters drawn before it */
        else if (rng)
            theta = random_theta(p, k, rng, r_min, r_max);
        else
            theta = to_theta(s, p->options->start[v->parameter]);
        gsl_vector_set(u, k, u_of(s, theta));
        v->value = fit_from_theta(s, theta);
    }
}

bool fit_interrupted(const struct fit_problem *p)
{
    return p->options->interrupted && *p->options->interrupted;
}

/* The best of some random starts (rng NULL: the starting set), into u. */
static void search(struct fit_problem *p, gsl_vector *u, gsl_rng *rng)
{
    gsl_vector *trial = gsl_vector_alloc(u->size), *f = gsl_vector_alloc(p->n_residuals);
    const size_t n = rng ? p->options->candidates : 1 + STATES;
    double best = INFINITY;
    p->steps = rng ? p->options->steps / 4 + 1 : p->options->steps;
    for (size_t k = 0; k < n && !fit_interrupted(p); k++) {
        /* the first current says nothing of the state where the voltage is small */
        const double x0 =
            rng ? (k % 2 ? gsl_rng_uniform(rng) : NAN) : (k ? ((double)k - 0.5) / STATES : NAN);
        set_start(p, trial, rng, x0);
        residuals(trial, p, f);
        if (rms_of(f) < best) {
            best = rms_of(f);
            gsl_vector_memcpy(u, trial);
        }
    }
    p->steps = p->options->steps;
    gsl_vector_free(trial);
    gsl_vector_free(f);
}

double fit_descend(struct fit_problem *p, gsl_vector *u, gsl_matrix *covariance)
{
    gsl_multifit_nlinear_fdf fdf = {
        .f = residuals, .df = jacobian, .n = p->n_residuals, .p = u->size, .params = p};
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_workspace *w =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, p->n_residuals, u->size);
    gsl_multifit_nlinear_init(u, &fdf, w);
    for (int k = 0; k < p->iterations && !fit_interrupted(p); k++) {
        int why;
        if (gsl_multifit_nlinear_iterate(w) != GSL_SUCCESS ||
            gsl_multifit_nlinear_test(p->tolerance, GRADIENT_TOLERANCE, 0, &why, w) == GSL_SUCCESS)
            break;
    }
    gsl_vector_memcpy(u, gsl_multifit_nlinear_position(w));
    const double rms = rms_of(gsl_multifit_nlinear_residual(w));
    if (covariance)
        gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), UNMOVED, covariance);
    gsl_multifit_nlinear_free(w);
    return rms;
}

/* Errors of the current over its own size, of each trace and of all together, at the steps in
 * force. */
static double nrmse(struct fit_problem *p, double *of_trace)
{
    const struct fit_options *o = p->options;
    double error = 0, size = 0;
    simulate(p);
    const double *out = p->model;
    for (size_t t = 0; t < o->n_traces; t++) {
        const double *i = o->traces[t].column[TRACE_CURRENT], n = (double)o->traces[t].n;
        double sum = 0;
        for (size_t k = 0; k < o->traces[t].n; k++)
            sum += (out[k] - i[k]) * (out[k] - i[k]);
        if (of_trace)
            of_trace[t] = sqrt(sum / n) / p->rms[t];
        error += sum;
        size += n * p->rms[t] * p->rms[t];
        out += o->traces[t].n;
    }
    return sqrt(error / size);
}

static void finish(struct fit_problem *p, gsl_vector *u)
{
    p->iterations = ITERATIONS_MAX;
    p->tolerance = STEP_TOLERANCE;
    struct fit_result *r = p->result;
    gsl_matrix *covariance = gsl_matrix_alloc(u->size, u->size);
    for (int k = 1; !fit_interrupted(p); k++) {
        const double rms = fit_descend(p, u, covariance);
        fit_take_values(p, u);
        if (fit_judge(p, u, rms, covariance, k == JUDGEMENTS))
            break;
    }
    gsl_matrix_free(covariance);
    p->steps = 2 * p->options->steps;
    r->refined_nrmse = nrmse(p, NULL);
    p->steps = p->options->steps;
    r->nrmse = nrmse(p, r->trace_nrmse);
    const double *out = p->model;
    for (size_t t = 0; t < p->options->n_traces; t++) {
        const size_t n = p->options->traces[t].n;
        r->current[t] = NEW(n, double);
        memcpy(r->current[t], out, n * sizeof *out);
        out += n;
    }
    if (fit_runs_backwards(p->options))
        fit_warn(
            r, memory_string("the loop runs the other way round: the conductance falls at positive "
                             "voltage, at which models set; --reverse turns it"));
    if (fabs(r->refined_nrmse - r->nrmse) > 0.02 * r->nrmse + 1e-4)
        fit_warn(r,
                 memory_format("nrmse is %.4g with twice the integration steps; more --steps help",
                               r->refined_nrmse));
}

static enum status run(struct fit_problem *p, struct error *error)
{
    const struct fit_options *o = p->options;
    struct fit_result *r = p->result;
    gsl_vector *u = gsl_vector_alloc(r->n), *best = gsl_vector_alloc(r->n);
    const size_t starts = o->starts ? o->starts : 1;
    double least = INFINITY;
    p->iterations = START_ITERATIONS;
    p->tolerance = START_TOLERANCE;
    for (size_t k = 0; k < starts && !fit_interrupted(p); k++) {
        gsl_rng *rng = o->starts ? random_stream(o->seed, (uint32_t)k, RANDOM_FIT) : NULL;
        search(p, u, rng);
        r->start_nrmse[k] = fit_descend(p, u, NULL);
        r->n_starts++;
        if (r->start_nrmse[k] < least) {
            least = r->start_nrmse[k];
            gsl_vector_memcpy(best, u);
        }
        if (rng)
            gsl_rng_free(rng);
        if (o->progress)
            o->progress(k + 1, starts, least);
    }
    enum status status = STATUS_OK;
    if (fit_interrupted(p))
        status = fail(error, STATUS_INTERRUPTED, "interrupted");
    else if (!(least < 0.5 * BAD))
        status = fail(error, STATUS_NUMERICAL,
                      "no start gave a finite current; another --start "
                      "may help");
    else
        finish(p, best);
    if (status == STATUS_OK && fit_interrupted(p))
        status = fail(error, STATUS_INTERRUPTED, "interrupted");
    gsl_vector_free(u);
    gsl_vector_free(best);
    return status;
}

enum status fit_run(const struct fit_options *options, struct fit_result *result,
                    struct error *error)
{
    struct fit_problem p = {.options = options, .result = result};
    *result = (struct fit_result){0};
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    enum status status = set_up(&p, error);
    if (status == STATUS_OK)
        status = run(&p, error);
    gsl_set_error_handler(handler);
    free(p.model);
    if (status != STATUS_OK)
        fit_free(result);
    return status;
}

enum status fit_start_error(const struct fit_options *options, double *value, struct error *error)
{
    struct fit_result result = {0};
    struct fit_problem p = {.options = options, .result = &result};
    enum status status = set_up(&p, error);
    if (status == STATUS_OK) {
        gsl_vector *u = gsl_vector_alloc(result.n);
        set_start(&p, u, NULL, NAN);
        *value = nrmse(&p, NULL);
        gsl_vector_free(u);
    }
    free(p.model);
    return status;
}

void fit_free(struct fit_result *r)
{
    free(r->correlation);
    for (size_t t = 0; t < FIT_TRACES_MAX; t++)
        free(r->current[t]);
    for (size_t k = 0; k < r->n_warnings; k++)
        free(r->warnings[k]);
    *r = (struct fit_result){0};
}
