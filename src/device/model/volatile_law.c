/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The volatile, stochastic memristor of volatile.h as an element of circuits, in its mean form: n of N
 * switches conduct, x = n/N, and disruption, by voltage and by current, and heat make all rates faster
 *
 *     dx/dt = (1 - x) a - x b                       a = r(-q [va + (voff + u)/2]/(k T Phi))   [1/s]
 *                                                   b = r(-q [va - (voff + u)/2]/(k T Phi))   [1/s]
 *     d rho_v/dt = (kappa_v |v| - rho_v)/tau_v      Phi = (1 + rho_v)(1 + rho_i)(1 + rth v^2 G/T)
 *     d rho_i/dt = (kappa_i |i| - rho_i)/tau_i      i = v/(1/G + series)
 *     G = gstep max(N x - nth, 0) + gpar            r(E) = e^E, or 1/(1 + e^-E)
 *
 * u = v as published, where v > 0 turns switches off; u = -v with polarity 1.  Rates see all of v,
 * that across `series' included.  e^E goes on along its tangent beyond e^100/s.
 *
 * x is a whole number of switches over N only where engines draw them; its distance from nth/N is what
 * conducts, and what tolerances are relative to.
 *
 * Source: Y. El-Geresy, C. Papavassiliou and D. Gunduz, "Event-Based Simulation of Stochastic
 * Memristive Devices for Neuromorphic Computing", arXiv:2407.04718. */
#include "device/model/models.h"
#include "device/model/two_state.h"
#include "device/model/volatile.h"

enum {
    RATES,
    VA,
    VOFF,
    N,
    NTH,
    GSTEP,
    GPAR,
    KAPPA_V,
    TAU_V,
    KAPPA_I,
    TAU_I,
    RTH,
    SERIES,
    TEMP,
    POLARITY,
    SDC,
    N_PARAMETERS
};
enum {
    FERMI,
    C_VA,
    C_VOFF,
    INVERSE_VT,
    C_N,
    G_N,
    X_TH,
    C_GPAR,
    TARGET_V,
    SPEED_V,
    TARGET_I,
    SPEED_I,
    HEAT,
    C_SERIES,
    SIGN,
    C_SDC
};
enum { X, RHO_V, RHO_I };

#define EXPONENT_MAX 100

static const struct model_parameter parameters[N_PARAMETERS] = {
    [RATES] = {"rates", "1", "of a switch: 0 Arrhenius, 1 Fermi", 0, 0, 1},
    [VA] = {"va", "V", "barrier between the states of a switch", NAN, 0, 2},
    [VOFF] = {"voff", "V", "asymmetry; positive: the switches rest OFF", NAN, -2, 2},
    [N] = {"n", "1", "number of switches", NAN, 1, VOLATILE_SWITCHES_MAX},
    [NTH] = {"nth", "1", "number of switches that must be on before the device conducts", 0, 0,
             VOLATILE_SWITCHES_MAX},
    [GSTEP] = {"gstep", "S", "conductance of a switch", NAN, 1e-15, 1},
    [GPAR] = {"gpar", "S", "parallel conductance", NAN, 1e-15, 1},
    [KAPPA_V] = {"kappa_v", "1/V", "disruption by voltage", 0, 0, 1e9},
    [TAU_V] = {"tau_v", "s", "time in which it heals", 10, 1e-12, 1e12},
    [KAPPA_I] = {"kappa_i", "1/A", "disruption by current", 0, 0, 1e15},
    [TAU_I] = {"tau_i", "s", "time in which it heals", 1, 1e-12, 1e12},
    [RTH] = {"rth", "K/W", "thermal resistance", 0, 0, 1e9},
    [SERIES] = {"series", "ohm", "resistance in series that lets less current flow", 0, 0, 1e9},
    [TEMP] = {"temp", "K", "temperature", TEMPERATURE_NOMINAL, 100, 1000},
    [POLARITY] = {"polarity", "1", "of v > 0: 0 turns switches off, 1 on", 0, 0, 1},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[FERMI] = p[RATES];
    c[C_VA] = p[VA];
    c[C_VOFF] = p[VOFF];
    c[INVERSE_VT] = ELECTRON_CHARGE / (BOLTZMANN * p[TEMP]);
    c[C_N] = p[N];
    c[G_N] = p[GSTEP] * p[N];
    c[X_TH] = p[NTH] / p[N];
    c[C_GPAR] = p[GPAR];
    c[TARGET_V] = p[KAPPA_V];
    c[SPEED_V] = 1 / p[TAU_V];
    c[TARGET_I] = p[KAPPA_I];
    c[SPEED_I] = 1 / p[TAU_I];
    c[HEAT] = p[RTH] / p[TEMP];
    c[C_SERIES] = p[SERIES];
    c[SIGN] = p[POLARITY] > 0.5 ? -1 : 1;
    c[C_SDC] = p[SDC];
}

/* At rest, Phi = 1, a barrier lower than half of the asymmetry makes one rate large. */
static size_t unfit(const double *p, const char **expected)
{
    const double exponent = (0.5 * fabs(p[VOFF]) - p[VA]) * ELECTRON_CHARGE / (BOLTZMANN * p[TEMP]);
    static const size_t flags[] = {RATES, POLARITY};
    for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++)
        if (p[flags[k]] > 0 && p[flags[k]] < 1) {
            *expected = "0 or 1";
            return flags[k];
        }
    if (p[NTH] > p[N]) {
        *expected = "nth of at most n";
        return NTH;
    }
    if (p[RATES] < 0.5 && exponent > EXPONENT_MAX) {
        *expected = "va - |voff|/2 above -100 k temp/q, where a rate at 0 V is e^100/s";
        return VA;
    }
    return N_PARAMETERS;
}

static double origin(const double *c)
{
    return c[X_TH];
}

static double switches(const double *c)
{
    return c[C_N];
}

/* G [S], and its slope by x. */
static double conductance(const double *c, double x, double *slope)
{
    const double above = x - c[X_TH];
    *slope = above > 0 ? c[G_N] : 0;
    return c[C_GPAR] + (above > 0 ? c[G_N] * above : 0);
}

static struct model_value current(const double *c, double v, double x)
{
    double slope, rise, u = read_out(c[C_SDC], v, &slope);
    const double g = conductance(c, x, &rise), share = 1 / (1 + c[C_SERIES] * g);
    return (struct model_value){
        .f = u * g * share, .df_dv = slope * g * share, .df_dx = u * rise * share * share};
}

/* r(E) and its slope. */
static double speed(const double *c, double exponent, double *slope)
{
    if (c[FERMI] > 0.5) {
        const double r = logistic(exponent);
        *slope = r * (1 - r);
        return r;
    }
    const double r = exp(fmin(exponent, EXPONENT_MAX));
    *slope = r;
    return exponent > EXPONENT_MAX ? r * (1 + exponent - EXPONENT_MAX) : r;
}

static double sign_of(double v)
{
    return (double)((v > 0) - (v < 0));
}

static struct model_rates rates(const double *c, double v, double x, const double *h)
{
    struct model_rates r = {0};
    const struct model_value i = current(c, v, x);
    double rise, g = conductance(c, x, &rise);
    const double hot = 1 + c[HEAT] * v * v * g;
    const double rho_v = h[RHO_V - X - 1], rho_i = h[RHO_I - X - 1];
    const double k = c[INVERSE_VT] / ((1 + rho_v) * (1 + rho_i) * hot);
    const double half = 0.5 * (c[C_VOFF] + c[SIGN] * v);
    const double on = -(c[C_VA] + half) * k, off = -(c[C_VA] - half) * k;
    double slope_on, slope_off;
    const double a = speed(c, on, &slope_on), b = speed(c, off, &slope_off);
    r.switching = (struct two_state){.a = a, .b = b};
    r.f[X] = (1 - x) * a - x * b;
    /* of f0 by the exponents, and through 1/Phi, to which both are proportional */
    const double by_on = (1 - x) * slope_on, by_off = -x * slope_off;
    const double by_phi = -(by_on * on + by_off * off);
    r.df_dv[X] = 0.5 * c[SIGN] * k * (by_off - by_on) + by_phi * 2 * c[HEAT] * v * g / hot;
    r.df[X][X] = -(a + b) + by_phi * c[HEAT] * v * v * rise / hot;
    r.df[X][RHO_V] = by_phi / (1 + rho_v);
    r.df[X][RHO_I] = by_phi / (1 + rho_i);
    r.f[RHO_V] = (c[TARGET_V] * fabs(v) - rho_v) * c[SPEED_V];
    r.df_dv[RHO_V] = c[TARGET_V] * sign_of(v) * c[SPEED_V];
    r.df[RHO_V][RHO_V] = -c[SPEED_V];
    const double flow = c[TARGET_I] * c[SPEED_I];
    r.f[RHO_I] = flow * fabs(i.f) - rho_i * c[SPEED_I];
    r.df_dv[RHO_I] = flow * sign_of(v) * i.df_dv;
    r.df[RHO_I][X] = flow * sign_of(v) * i.df_dx;
    r.df[RHO_I][RHO_I] = -c[SPEED_I];
    return r;
}

static struct model_value rate(const double *c, double v, double x)
{
    const struct model_rates r = rates(c, v, x, (const double[MODEL_HIDDEN_MAX]){0, 0});
    return (struct model_value){r.f[X], r.df_dv[X], r.df[X][X]};
}

static const char *const hidden_nodes[] = {"rhov", "rhoi"};

const struct model model_volatile = {
    .name = "volatile",
    .title = "N volatile switches: disruption by voltage and current, heat",
    .source = "El-Geresy, Papavassiliou and Gunduz, arXiv:2407.04718",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .ohmic = true,
    .current = current,
    .rate = rate,
    .n_hidden = sizeof hidden_nodes / sizeof hidden_nodes[0],
    .hidden_nodes = hidden_nodes,
    .rates = rates,
    .origin = origin,
    .switches = switches,
    .unfit = unfit,
};
