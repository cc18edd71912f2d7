/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_law.h"

#include "base/memory.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Energies of the two [J]; then the device's hidden states. */
enum { STATE, DEVICE, LINE, HIDDEN, UNKNOWNS = HIDDEN + MODEL_HIDDEN_MAX };

#define ROOT_ITERATIONS 200
#define STEPS_MAX 2000000UL /* of a phase */

struct law {
    const struct model *model;
    const double *constants;
    double ohm;          /* in series; 0: none */
    double t0, v0, rate; /* of the source: v0 + rate (t - t0) */
};

/* The device's voltage, current and their derivatives where the source is at `volt`. */
struct point {
    double v, x;
    struct model_value i;
    struct model_rates r;
};

struct node {
    const struct law *law;
    double volt, x;
};

static double surplus(double v, void *data)
{
    const struct node *n = data;
    return v + n->law->ohm * n->law->model->current(n->law->constants, v, n->x).f - n->volt;
}

static double device_volt(const struct law *l, double volt, double x)
{
    struct node n = {l, volt, x};
    if (!(l->ohm > 0) || !(fabs(volt) > 0))
        return volt;
    gsl_function f = {surplus, &n};
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    double v = volt;
    if (gsl_root_fsolver_set(solver, &f, fmin(0, volt), fmax(0, volt)) == GSL_SUCCESS) {
        for (int k = 0; k < ROOT_ITERATIONS; k++) {
            gsl_root_fsolver_iterate(solver);
            v = gsl_root_fsolver_root(solver);
            if (fabs(gsl_root_fsolver_x_upper(solver) - gsl_root_fsolver_x_lower(solver)) <=
                1e-15 * fabs(volt))
                break;
        }
    }
    gsl_root_fsolver_free(solver);
    return v;
}

static struct model_rates rates_of(const struct law *l, double v, double x, const double *hidden)
{
    if (l->model->n_hidden > 0)
        return l->model->rates(l->constants, v, x, hidden);
    const struct model_value f = l->model->rate(l->constants, v, x);
    return (struct model_rates){.f = {f.f}, .df_dv = {f.df_dv}, .df = {{f.df_dx}}};
}

static struct point find_point(const struct law *l, double t, const double *y)
{
    struct point p = {.x = fmin(1, fmax(0, y[STATE]))};
    p.v = device_volt(l, l->v0 + l->rate * (t - l->t0), p.x);
    p.i = l->model->current(l->constants, p.v, p.x);
    p.r = rates_of(l, p.v, p.x, y + HIDDEN);
    return p;
}

static int derivatives(double t, const double y[], double dydt[], void *data)
{
    const struct law *l = data;
    const struct point p = find_point(l, t, y);
    dydt[STATE] = p.r.f[0];
    memcpy(dydt + HIDDEN, p.r.f + 1, MODEL_HIDDEN_MAX * sizeof *dydt);
    dydt[DEVICE] = p.v * p.i.f;
    dydt[LINE] = l->ohm * p.i.f * p.i.f;
    return isfinite(dydt[STATE]) ? GSL_SUCCESS : GSL_EBADFUNC;
}

static int jacobian(double t, const double y[], double *dfdy, double dfdt[], void *data)
{
    const struct law *l = data;
    const struct point p = find_point(l, t, y);
    const double loop = 1 + l->ohm * p.i.df_dv, dv_dx = -l->ohm * p.i.df_dx / loop,
                 dv_dt = l->rate / loop, di_dx = p.i.df_dx + p.i.df_dv * dv_dx,
                 di_dt = p.i.df_dv * dv_dt;
    for (int k = 0; k < UNKNOWNS * UNKNOWNS; k++)
        dfdy[k] = 0;
    for (int j = 0; j <= MODEL_HIDDEN_MAX; j++) {
        const int row = j == 0 ? STATE : HIDDEN + j - 1;
        dfdy[row * UNKNOWNS + STATE] = p.r.df[j][0] + p.r.df_dv[j] * dv_dx;
        for (int k = 0; k < MODEL_HIDDEN_MAX; k++)
            dfdy[row * UNKNOWNS + HIDDEN + k] = p.r.df[j][1 + k];
        dfdt[row] = p.r.df_dv[j] * dv_dt;
    }
    dfdy[DEVICE * UNKNOWNS] = dv_dx * p.i.f + p.v * di_dx;
    dfdy[LINE * UNKNOWNS] = 2 * l->ohm * p.i.f * di_dx;
    dfdt[DEVICE] = dv_dt * p.i.f + p.v * di_dt;
    dfdt[LINE] = 2 * l->ohm * p.i.f * di_dt;
    return GSL_SUCCESS;
}

/* From l->t0 to t1. */
static enum status integrate(struct law *l, double t1, double reltol, double *y,
                             struct error *error)
{
    const double h = t1 - l->t0, volt = fmax(fabs(l->v0), fabs(l->v0 + l->rate * h));
    if (!(h > 0))
        return STATUS_OK;
    /* what the energies' errors are measured by: at the largest power that the phase can have */
    const double power = fmax(1e-60, volt * fabs(l->model->current(l->constants, volt, 1).f)),
                 scale[UNKNOWNS] = {1e-3, 1e-3 * power * h, 1e-3 * power * h, 1e-3, 1e-3};
    gsl_odeiv2_system system = {derivatives, jacobian, UNKNOWNS, l};
    /* the first gives up where a law stiffens within a step, as at the end of a window */
    const gsl_odeiv2_step_type *const steppers[] = {gsl_odeiv2_step_msbdf, gsl_odeiv2_step_rk4imp,
                                                    gsl_odeiv2_step_bsimp};
    int result = GSL_FAILURE;
    double t = l->t0;
    for (size_t s = 0; s < sizeof steppers / sizeof steppers[0] && result != GSL_SUCCESS; s++) {
        double now[UNKNOWNS];
        memcpy(now, y, sizeof now);
        t = l->t0;
        gsl_odeiv2_driver *d = gsl_odeiv2_driver_alloc_scaled_new(&system, steppers[s], 1e-6 * h,
                                                                  reltol, reltol, 1, 0, scale);
        gsl_odeiv2_driver_set_nmax(d, STEPS_MAX);
        result = gsl_odeiv2_driver_apply(d, &t, t1, now);
        gsl_odeiv2_driver_free(d);
        if (result == GSL_SUCCESS)
            memcpy(y, now, sizeof now);
    }
    return result == GSL_SUCCESS
               ? STATUS_OK
               : fail(error, STATUS_NUMERICAL, "law: at t = %.9g s: %s", t, gsl_strerror(result));
}

static const struct element *find(const struct circuit *c, enum element_kind kind, size_t *n)
{
    const struct element *found = NULL;
    *n = 0;
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].kind == kind) {
            found = &c->elements[k];
            ++*n;
        }
    return found;
}

bool random_law_takes(const struct study_case *k)
{
    const struct circuit *c = k->circuits[CASE_FULL];
    size_t devices, resistors, sources;
    find(c, ELEMENT_MEMRISTOR, &devices);
    find(c, ELEMENT_RESISTOR, &resistors);
    find(c, ELEMENT_VOLTAGE, &sources);
    return c->n_ports == 1 && devices == 1 && resistors <= 1 && sources == 1 &&
           c->n_elements == devices + resistors + sources;
}

enum status random_law_run(const struct study_case *k, double reltol, struct case_result *o,
                           struct error *error)
{
    const struct circuit *c = k->circuits[CASE_FULL];
    size_t n;
    const struct element *device = find(c, ELEMENT_MEMRISTOR, &n),
                         *line = find(c, ELEMENT_RESISTOR, &n);
    struct law l = {.model = device->dopant->model,
                    .constants = device->dopant->constants,
                    .ohm = line ? line->value : 0};
    double y[UNKNOWNS] = {device->x0}, t = 0, volt = c->ports[0].idle;
    enum status status = STATUS_OK;
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    *o = (struct case_result){
        .n_states = 1, .states = NEW(1, double), .accuracy = NAN, .waveform_difference = NAN};
    for (int s = 0; s < PHASE_SECTIONS; s++)
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            o->energy[s][class] = NAN;
    for (size_t p = 0; p < k->drive.n && status == STATUS_OK; p++) {
        const struct phase *phase = &k->drive.phases[p];
        const double to = phase->drive[0].volt;
        y[DEVICE] = y[LINE] = 0;
        l.t0 = t;
        l.v0 = volt;
        l.rate = phase->edge > 0 ? (to - volt) / phase->edge : 0;
        status = integrate(&l, t + phase->edge, reltol, y, error);
        l.t0 = t + phase->edge;
        l.v0 = to;
        l.rate = 0;
        if (status == STATUS_OK)
            status = integrate(&l, t + phase->duration, reltol, y, error);
        t += phase->duration;
        volt = to;
        double *energy = o->energy[phase->section];
        energy[CLASS_MEMRISTOR] =
            (isnan(energy[CLASS_MEMRISTOR]) ? 0 : energy[CLASS_MEMRISTOR]) + y[DEVICE];
        if (line)
            energy[CLASS_LINE] = (isnan(energy[CLASS_LINE]) ? 0 : energy[CLASS_LINE]) + y[LINE];
    }
    gsl_set_error_handler(handler);
    o->states[0] = y[STATE];
    return status;
}
