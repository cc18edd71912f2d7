/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mean metastable switch
 *
 *     dx/dt = (1/tau) [(1 - x) s((v - Von)/VT) - x (1 - s((v + Voff)/VT))]    s(z) = 1/(1 + e^-z)
 *     i     = v [x/Ron + (1 - x)/Roff]
 *
 * Source: T. W. Molter and M. A. Nugent, "The Generalized Metastable Switch Memristor Model",
 * arXiv:1608.04659; knowm.org memristor models.
 * Limit: without a dead zone it forgets at v = 0, at s(-Voff/VT)/tau. */
#include "device/model/models.h"
#include "device/model/two_state.h"

enum { RON, ROFF, VON, VOFF, TAU, VT, SDC, N_PARAMETERS };
enum { G_OFF, G_SPAN, C_VON, C_VOFF, RATE, INVERSE_VT, C_SDC };

static const struct model_parameter parameters[N_PARAMETERS] = {
    [RON] = {"ron", "ohm", "resistance at x = 1", NAN, 1, 1e12},
    [ROFF] = {"roff", "ohm", "resistance at x = 0", NAN, 1, 1e12},
    [VON] = {"von", "V", "half-rate voltage of setting", NAN, 1e-3, 10},
    [VOFF] = {"voff", "V", "half-rate voltage of resetting, as a positive number", NAN, 1e-3, 10},
    [TAU] = {"tau", "s", "time scale of one switch", NAN, 1e-12, 1e6},
    [VT] = {"vt", "V", "width of the logistic, kT/q", VT_NOMINAL, 2e-3, 1},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[G_OFF] = 1 / p[ROFF];
    c[G_SPAN] = 1 / p[RON] - 1 / p[ROFF];
    c[C_VON] = p[VON];
    c[C_VOFF] = p[VOFF];
    c[RATE] = 1 / p[TAU];
    c[INVERSE_VT] = 1 / p[VT];
    c[C_SDC] = p[SDC];
}

static struct two_state rates(const double *c, double v)
{
    return metastable_switch(v, c[C_VON], c[C_VOFF], c[INVERSE_VT], c[RATE]);
}

static struct model_value current(const double *c, double v, double x)
{
    return two_state_current(c[G_OFF], c[G_SPAN], c[C_SDC], v, x);
}

static struct model_value rate(const double *c, double v, double x)
{
    return two_state_rate(rates(c, v), x);
}

static double jump(const double *c, double v, double x, double dt)
{
    return two_state_jump(rates(c, v), x, dt);
}

const struct model model_mms = {
    .name = "mms",
    .title = "mean metastable switch",
    .source = "Molter and Nugent, arXiv:1608.04659; knowm.org memristor models",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .ohmic = true,
    .current = current,
    .rate = rate,
    .switching = rates,
    .jump = jump,
};
