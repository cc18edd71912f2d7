/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fit/drift.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>

#define ITERATIONS_MAX 100

struct pair {
    double t, before, after; /* [s] since the trace's first sample, [ohm] */
};

struct pairs {
    const struct drift_options *options;
    size_t n, capacity;
    struct pair *pair; /* n */
    double interval;
};

/* All samples of a trace that have another one DT later, that one by linear interpolation. */
static void add_trace(struct pairs *p, const struct trace *trace)
{
    const double *t = trace->column[TRACE_T], *r = trace->column[TRACE_RESISTANCE];
    size_t k = 1;
    for (size_t i = 0; i < trace->n; i++) {
        const double end = t[i] + p->interval;
        while (k < trace->n && t[k] < end)
            k++;
        if (k == trace->n)
            return;
        const double part = (end - t[k - 1]) / (t[k] - t[k - 1]);
        p->pair = memory_grow(p->pair, &p->capacity, p->n + 1, sizeof *p->pair);
        p->pair[p->n++] = (struct pair){t[i] - t[0], r[i], r[k - 1] + part * (r[k] - r[k - 1])};
    }
}

/* What a conductance law makes of R when it has lost a switches. */
static double lose(const struct drift_options *o, double r, double a)
{
    return 1 / (1 / r - a * o->gstep);
}

/* Gauss-Newton in one variable: dR'/da = gstep R'^2. */
static void fit_conductance(struct pairs *p, struct drift *d)
{
    double a = 0, squares = 0, weights = 0;
    for (int k = 0; k < ITERATIONS_MAX; k++) {
        double slopes = 0;
        squares = weights = 0;
        for (size_t i = 0; i < p->n; i++) {
            const double r = lose(p->options, p->pair[i].before, a),
                         by_a = p->options->gstep * r * r;
            const double e = p->pair[i].after - r;
            slopes += by_a * e;
            weights += by_a * by_a;
            squares += e * e;
        }
        a += slopes / weights;
        if (fabs(slopes / weights) <= 1e-13 * fabs(a))
            break;
    }
    d->a = a;
    d->a_error = gsl_cdf_tdist_Pinv(0.975, (double)(p->n - 1)) *
                 sqrt(squares / (double)(p->n - 1) / weights);
}

static double stretched(const struct pairs *p, size_t i, double tau, double beta)
{
    const struct pair *q = &p->pair[i];
    return q->before *
           exp(pow((q->t + p->interval) / tau, beta) - (q->t > 0 ? pow(q->t / tau, beta) : 0));
}

static int stretched_residuals(const gsl_vector *u, void *data, gsl_vector *f)
{
    const struct pairs *p = data;
    const double tau = exp(gsl_vector_get(u, 0)), beta = exp(gsl_vector_get(u, 1));
    for (size_t i = 0; i < p->n; i++) {
        const double e = stretched(p, i, tau, beta) / p->pair[i].after - 1;
        gsl_vector_set(f, i, p->pair[i].after * (isfinite(e) ? e : 1e6));
    }
    return GSL_SUCCESS;
}

/* tau and beta from several beta; a falling resistance is left to beta's limit. */
static void fit_stretched(struct pairs *p, struct drift *d)
{
    static const double betas[] = {0.2, 0.5, 1};
    double least = INFINITY, growth = 0;
    for (size_t i = 0; i < p->n; i++)
        growth += log(p->pair[i].after / p->pair[i].before) / (double)p->n;
    growth = fmax(growth, 1e-9);
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf fdf = {.f = stretched_residuals, .n = p->n, .p = 2, .params = p};
    gsl_multifit_nlinear_workspace *w =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, p->n, 2);
    gsl_vector *u = gsl_vector_alloc(2);
    for (size_t k = 0; k < sizeof betas / sizeof betas[0]; k++) {
        gsl_vector_set(u, 0, log(p->interval * pow(growth, -1 / betas[k])));
        gsl_vector_set(u, 1, log(betas[k]));
        int why;
        gsl_multifit_nlinear_init(u, &fdf, w);
        gsl_multifit_nlinear_driver(ITERATIONS_MAX, 1e-10, 1e-10, 0, NULL, NULL, &why, w);
        double sum = 0;
        const gsl_vector *f = gsl_multifit_nlinear_residual(w);
        for (size_t i = 0; i < p->n; i++)
            sum += pow(gsl_vector_get(f, i), 2);
        if (sum < least) {
            least = sum;
            d->tau = exp(gsl_vector_get(gsl_multifit_nlinear_position(w), 0));
            d->beta = exp(gsl_vector_get(gsl_multifit_nlinear_position(w), 1));
        }
    }
    gsl_vector_free(u);
    gsl_multifit_nlinear_free(w);
}

enum status drift_fit(const struct drift_options *o, size_t n, const struct trace *traces,
                      double interval, struct drift *d, struct error *error)
{
    struct pairs p = {.options = o, .interval = interval};
    *d = (struct drift){0};
    enum status status = STATUS_OK;
    for (size_t t = 0; t < n && status == STATUS_OK; t++) {
        for (size_t k = 0; k < traces[t].n; k++)
            if (!(traces[t].column[TRACE_RESISTANCE][k] > 0))
                status = fail(error, STATUS_INPUT, "%s: found resistance %g ohm, expected above 0",
                              traces[t].path, traces[t].column[TRACE_RESISTANCE][k]);
        add_trace(&p, &traces[t]);
    }
    if (status == STATUS_OK && p.n < 3)
        status = fail(error, STATUS_INPUT,
                      "found %zu pairs of samples %g s apart, expected at least 3", p.n, interval);
    if (status == STATUS_OK) {
        gsl_error_handler_t *handler = gsl_set_error_handler_off();
        d->pairs = p.n;
        fit_conductance(&p, d);
        fit_stretched(&p, d);
        gsl_set_error_handler(handler);
        for (size_t i = 0; i < p.n; i++)
            d->b += (p.pair[i].after - p.pair[i].before) / (double)p.n;
        for (size_t i = 0; i < p.n; i++) {
            const struct pair *q = &p.pair[i];
            d->mae_conductance += fabs(lose(o, q->before, d->a) - q->after) / (double)p.n;
            d->mae_resistance += fabs(q->before + d->b - q->after) / (double)p.n;
            d->mae_stretched += fabs(stretched(&p, i, d->tau, d->beta) - q->after) / (double)p.n;
        }
        if (!isfinite(d->a))
            status = fail(error, STATUS_NUMERICAL, "no finite loss of switches fits the pairs");
    }
    free(p.pair);
    return status;
}

double drift_barrier(const struct drift_options *o, double a, double interval, double voff)
{
    const double vt = BOLTZMANN * o->temperature / ELECTRON_CHARGE;
    return -vt * log(a / (interval * o->nth * 2 * sinh(voff / (2 * vt))));
}
