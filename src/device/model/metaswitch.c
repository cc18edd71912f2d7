/* SPDX-License-Identifier: GPL-3.0-or-later */
/* N metastable switches with a threshold in their read-out: a volatile, stochastic device in its
 * mean form
 *
 *     dx/dt = (1 - x) r_on - x r_off                    x = share of the N switches that conduct
 *     r_off = exp(-q [Va - (Voff + u)/2]/(k T Phi))     [1/s]
 *     r_on  = exp(-q [Va + (Voff + u)/2]/(k T Phi))     Phi = 1 + rho
 *     G     = gstep max(N x - nth, 0) + gpar
 *
 * Polarity: published for u > 0 that raises the resistance.  Here u = -v, so that v > 0 sets.
 * rho, structural disruption, is constant here: 0 is the device at rest.  Each rate goes on along
 * its tangent beyond e^100/s.
 *
 * Sources: Y. El-Geresy, C. Papavassiliou and D. Gunduz, "Event-Based Simulation of Stochastic
 * Memristive Devices for Neuromorphic Computing", arXiv:2407.04718; Molter and Nugent,
 * arXiv:1608.04659. */
#include "device/model/models.h"
#include "device/model/two_state.h"

enum { VA, VOFF, N, NTH, GSTEP, GPAR, TEMP, RHO, SDC, N_PARAMETERS };
enum { C_VA, C_VOFF, INVERSE_VT, G_N, X_TH, C_GPAR, C_SDC };

#define EXPONENT_MAX 100

static const struct model_parameter parameters[N_PARAMETERS] = {
    [VA] = {"va", "V", "barrier between the states of a switch", NAN, 0, 2},
    [VOFF] = {"voff", "V", "asymmetry; positive: the switches rest OFF", NAN, -2, 2},
    [N] = {"n", "1", "number of switches", NAN, 1, 1e12},
    [NTH] = {"nth", "1", "number of switches that must be on before the device conducts", 0, 0,
             1e12},
    [GSTEP] = {"gstep", "S", "conductance of a switch", NAN, 1e-15, 1},
    [GPAR] = {"gpar", "S", "parallel conductance", NAN, 1e-15, 1},
    [TEMP] = {"temp", "K", "temperature", TEMPERATURE_NOMINAL, 100, 1000},
    [RHO] = {"rho", "1", "structural disruption, held constant", 0, 0, 100},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[C_VA] = p[VA];
    c[C_VOFF] = p[VOFF];
    c[INVERSE_VT] = ELECTRON_CHARGE / (BOLTZMANN * p[TEMP] * (1 + p[RHO]));
    c[G_N] = p[GSTEP] * p[N];
    c[X_TH] = p[NTH] / p[N];
    c[C_GPAR] = p[GPAR];
    c[C_SDC] = p[SDC];
}

static double arrhenius(double z, double *slope)
{
    const double e = exp(fmin(z, EXPONENT_MAX));
    *slope = e;
    return z > EXPONENT_MAX ? e * (1 + z - EXPONENT_MAX) : e;
}

static struct two_state rates(const double *c, double v)
{
    const double half = 0.5 * (c[C_VOFF] - v), k = c[INVERSE_VT];
    double on, off;
    struct two_state r = {
        .a = arrhenius(-(c[C_VA] + half) * k, &on),
        .b = arrhenius(-(c[C_VA] - half) * k, &off),
    };
    r.da_dv = 0.5 * k * on;
    r.db_dv = -0.5 * k * off;
    return r;
}

static struct model_value current(const double *c, double v, double x)
{
    const double above = x - c[X_TH];
    const double g = c[C_GPAR] + (above > 0 ? c[G_N] * above : 0);
    double slope, u = read_out(c[C_SDC], v, &slope);
    return (struct model_value){
        .f = u * g, .df_dv = slope * g, .df_dx = above > 0 ? u * c[G_N] : 0};
}

static struct model_value rate(const double *c, double v, double x)
{
    return two_state_rate(rates(c, v), x);
}

static double jump(const double *c, double v, double x, double dt)
{
    return two_state_jump(rates(c, v), x, dt);
}

const struct model model_metaswitch = {
    .name = "metaswitch",
    .title = "N metastable switches read out above a threshold (polarity reversed: v > 0 sets)",
    .source = "El-Geresy, Papavassiliou and Gunduz, arXiv:2407.04718",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .current = current,
    .rate = rate,
    .jump = jump,
    .switching = rates,
};
