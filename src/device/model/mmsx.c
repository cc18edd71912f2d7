/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Generalised metastable switch whose setting threshold depends on its state
 *
 *     dx/dt  = (1/tau) [(1 - x) s((v - Von(x))/VT) - x (1 - s((v + Voff)/VT))]  s(z) = 1/(1 + e^-z)
 *     Von(x) = Von + 0.1 V cos(4 pi q/(1.7 - x))/(1 + 10 q)                       q = sqrt(x)
 *     i      = phi v [x/Ron + (1 - x)/Roff]
 *              + (1 - phi) [af (e^(bf v) - 1) - ar (e^(-br v) - 1)]
 *
 * q is (x^2 + 1e-12)^(1/4) here: the slope of the root is infinite at x = 0.  It is sqrt(x) within
 * 3e-9 above x = 0.01, and at 0 moves Von(x) by 1 mV.
 *
 * Source: V. Ostrovskii et al., "Structural and Parametric Identification of Knowm Memristors",
 * Nanomaterials 12(1):63, 2022.  No closed form: the rate is not linear in x. */
#include "device/model/junctions.h"
#include "device/model/models.h"
#include "device/model/two_state.h"

enum { RON, ROFF, VON, VOFF, TAU, VT, PHI, AF, BF, AR, BR, SDC, N_PARAMETERS };
enum { G_OFF, G_SPAN, C_VON, C_VOFF, RATE, INVERSE_VT, C_AF, C_BF, C_AR, C_BR, C_SDC };

#define RIPPLE 0.1        /* [V] */
#define ROOT_SMOOTH 1e-12 /* of x^2 */
#define PI 3.14159265358979323846

static const struct model_parameter parameters[N_PARAMETERS] = {
    [RON] = {"ron", "ohm", "resistance at x = 1", NAN, 1, 1e12},
    [ROFF] = {"roff", "ohm", "resistance at x = 0", NAN, 1, 1e12},
    [VON] = {"von", "V", "half-rate voltage of setting without its dependence on x", NAN, 1e-3, 10},
    [VOFF] = {"voff", "V", "half-rate voltage of resetting, as a positive number", NAN, 1e-3, 10},
    [TAU] = {"tau", "s", "time scale of one switch", NAN, 1e-12, 1e6},
    [VT] = {"vt", "V", "width of the logistic, kT/q", VT_NOMINAL, 2e-3, 1},
    [PHI] = {"phi", "1", "share of the switches in the current", NAN, 1e-3, 1},
    [AF] = {"af", "A", "forward junction current", NAN, 0, 1},
    [BF] = {"bf", "1/V", "forward junction exponent", NAN, 0, 60},
    [AR] = {"ar", "A", "reverse junction current", NAN, 0, 1},
    [BR] = {"br", "1/V", "reverse junction exponent", NAN, 0, 60},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[G_OFF] = p[PHI] / p[ROFF];
    c[G_SPAN] = p[PHI] * (1 / p[RON] - 1 / p[ROFF]);
    c[C_VON] = p[VON];
    c[C_VOFF] = p[VOFF];
    c[RATE] = 1 / p[TAU];
    c[INVERSE_VT] = 1 / p[VT];
    c[C_AF] = (1 - p[PHI]) * p[AF];
    c[C_BF] = p[BF];
    c[C_AR] = (1 - p[PHI]) * p[AR];
    c[C_BR] = p[BR];
    c[C_SDC] = p[SDC];
}

/* Von(x) and its slope by x [V]. */
static double threshold(double von, double x, double *slope)
{
    const double square = x * x + ROOT_SMOOTH, q = sqrt(sqrt(square)), dq = x * q / (2 * square);
    const double angle = 4 * PI * q / (1.7 - x), damping = 1 / (1 + 10 * q);
    const double dangle = 4 * PI * dq / (1.7 - x) + angle / (1.7 - x);
    *slope = -RIPPLE * damping * (sin(angle) * dangle + cos(angle) * 10 * damping * dq);
    return von + RIPPLE * cos(angle) * damping;
}

static struct model_value current(const double *c, double v, double x)
{
    return junctions_add(two_state_current(c[G_OFF], c[G_SPAN], c[C_SDC], v, x), v, c[C_AF],
                         c[C_BF], c[C_AR], c[C_BR]);
}

static struct model_value rate(const double *c, double v, double x)
{
    double slope, von = threshold(c[C_VON], x, &slope);
    const struct two_state r = metastable_switch(v, von, c[C_VOFF], c[INVERSE_VT], c[RATE]);
    struct model_value f = two_state_rate(r, x);
    f.df_dx -= (1 - x) * r.da_dv * slope;
    return f;
}

const struct model model_mmsx = {
    .name = "mmsx",
    .title = "generalised metastable switch with a threshold that depends on the state",
    .source = "Ostrovskii et al., Nanomaterials 12(1):63, 2022",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .current = current,
    .rate = rate,
};
