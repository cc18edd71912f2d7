/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two-sided VTEAM: hard thresholds, power-law rates, linear approach to either end
 *
 *     dx/dt =  kon  ( v/Von  - 1)^aon  (1 - x)     v >  Von
 *     dx/dt = -koff (-v/Voff - 1)^aoff  x          v < -Voff
 *     dx/dt =  0                                   between
 *     i     = v [x/Ron + (1 - x)/Roff]
 *
 * Source: S. Kvatinsky et al., "VTEAM: A General Model for Voltage-Controlled Memristors", IEEE
 * Trans. Circuits Syst. II 62(8):786, 2015, with positive thresholds on both sides and windows
 * 1 - x and x.  Limit: below an exponent of 1 the slope is infinite at the threshold. */
#include "device/model/models.h"
#include "device/model/two_state.h"

enum { RON, ROFF, VON, VOFF, KON, KOFF, AON, AOFF, SDC, N_PARAMETERS };
enum { G_OFF, G_SPAN, C_VON, C_VOFF, C_KON, C_KOFF, C_AON, C_AOFF, C_SDC };

static const struct model_parameter parameters[N_PARAMETERS] = {
    [RON] = {"ron", "ohm", "resistance at x = 1", NAN, 1, 1e12},
    [ROFF] = {"roff", "ohm", "resistance at x = 0", NAN, 1, 1e12},
    [VON] = {"von", "V", "threshold of setting", NAN, 1e-3, 10},
    [VOFF] = {"voff", "V", "threshold of resetting, as a positive number", NAN, 1e-3, 10},
    [KON] = {"kon", "1/s", "setting rate at twice the threshold", NAN, 0, 1e15},
    [KOFF] = {"koff", "1/s", "resetting rate at twice the threshold", NAN, 0, 1e15},
    [AON] = {"aon", "1", "exponent of setting", NAN, 0.1, 20},
    [AOFF] = {"aoff", "1", "exponent of resetting", NAN, 0.1, 20},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[G_OFF] = 1 / p[ROFF];
    c[G_SPAN] = 1 / p[RON] - 1 / p[ROFF];
    c[C_VON] = p[VON];
    c[C_VOFF] = p[VOFF];
    c[C_KON] = p[KON];
    c[C_KOFF] = p[KOFF];
    c[C_AON] = p[AON];
    c[C_AOFF] = p[AOFF];
    c[C_SDC] = p[SDC];
}

/* k (v/threshold - 1)^exponent above the threshold, with its derivative by v. */
static double power(double v, double threshold, double k, double exponent, double *d_dv)
{
    double u = (v - threshold) / threshold;
    double f = k * pow(u, exponent);
    *d_dv = exponent * f / (v - threshold);
    return f;
}

static struct two_state rates(const double *c, double v)
{
    struct two_state r = {0};
    if (v > c[C_VON]) {
        r.a = power(v, c[C_VON], c[C_KON], c[C_AON], &r.da_dv);
    } else if (-v > c[C_VOFF]) {
        r.b = power(-v, c[C_VOFF], c[C_KOFF], c[C_AOFF], &r.db_dv);
        r.db_dv = -r.db_dv;
    }
    return r;
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

const struct model model_vteam2 = {
    .name = "vteam2",
    .title = "VTEAM with thresholds on both sides",
    .source = "Kvatinsky et al., IEEE Trans. Circuits Syst. II 62(8):786, 2015 (VTEAM)",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .ohmic = true,
    .current = current,
    .rate = rate,
    .jump = jump,
    .switching = rates,
};
