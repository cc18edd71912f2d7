/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mean metastable switch with a dead zone |v| <= Vdz, in which nothing moves
 *
 *     fon   = [s((v - Von)/VTon)    - s((Vdz - Von)/VTon)  ]/[1 - s((Vdz - Von)/VTon)  ]  v > Vdz
 *     foff  = [s((-v - Voff)/VToff) - s((Vdz - Voff)/VToff)]/[1 - s((Vdz - Voff)/VToff)]  v < -Vdz
 *     dx/dt = [(1 - x) fon - x foff]/tau       i = v [x/Ron + (1 - x)/Roff]
 *
 * with s(z) = 1/(1 + e^-z).  The bracket is evaluated as s(z) (1 - e^-d), d = (|v| - Vdz)/VT,
 * which is the same and neither cancels nor overflows.  Continuous, with a kink at +-Vdz.
 *
 * Source: metastable switch of Molter and Nugent, arXiv:1608.04659; dead zone and parameters
 * fitted to public measured loops of Knowm M-SDC parts, which hold their state at small voltages
 * while the plain switch forgets. */
#include "device/model/models.h"
#include "device/model/two_state.h"

enum { RON, ROFF, VON, VOFF, TAU, VTON, VTOFF, VDZ, SDC, N_PARAMETERS };
enum { G_OFF, G_SPAN, C_VON, C_VOFF, RATE, INVERSE_VTON, INVERSE_VTOFF, C_VDZ, C_SDC };

static const struct model_parameter parameters[N_PARAMETERS] = {
    [RON] = {"ron", "ohm", "resistance at x = 1", NAN, 1, 1e12},
    [ROFF] = {"roff", "ohm", "resistance at x = 0", NAN, 1, 1e12},
    [VON] = {"von", "V", "half-rate voltage of setting", NAN, 1e-3, 10},
    [VOFF] = {"voff", "V", "half-rate voltage of resetting, as a positive number", NAN, 1e-3, 10},
    [TAU] = {"tau", "s", "time scale of one switch", NAN, 1e-12, 1e6},
    [VTON] = {"vton", "V", "width of the setting logistic, kT/q", VT_NOMINAL, 2e-3, 1},
    [VTOFF] = {"vtoff", "V", "width of the resetting logistic", VT_NOMINAL, 2e-3, 1},
    [VDZ] = {"vdz", "V", "half width of the dead zone", 0.04, 0, 0.4},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[G_OFF] = 1 / p[ROFF];
    c[G_SPAN] = 1 / p[RON] - 1 / p[ROFF];
    c[C_VON] = p[VON];
    c[C_VOFF] = p[VOFF];
    c[RATE] = 1 / p[TAU];
    c[INVERSE_VTON] = 1 / p[VTON];
    c[INVERSE_VTOFF] = 1 / p[VTOFF];
    c[C_VDZ] = p[VDZ];
    c[C_SDC] = p[SDC];
}

/* One direction at v > vdz: the share f of full rate and its derivative by v. */
static double drive(double v, double threshold, double vdz, double inverse_vt, double *df_dv)
{
    double s = logistic((v - threshold) * inverse_vt);
    double rise = -expm1(-(v - vdz) * inverse_vt);
    *df_dv = s * inverse_vt * ((1 - s) * rise + (1 - rise));
    return s * rise;
}

static struct two_state rates(const double *c, double v)
{
    struct two_state r = {0};
    double slope;
    if (v > c[C_VDZ]) {
        r.a = c[RATE] * drive(v, c[C_VON], c[C_VDZ], c[INVERSE_VTON], &slope);
        r.da_dv = c[RATE] * slope;
    } else if (-v > c[C_VDZ]) {
        r.b = c[RATE] * drive(-v, c[C_VOFF], c[C_VDZ], c[INVERSE_VTOFF], &slope);
        r.db_dv = -c[RATE] * slope;
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

const struct model model_mmsdz = {
    .name = "mmsdz",
    .title = "mean metastable switch with a dead zone",
    .source = "Molter and Nugent, arXiv:1608.04659; dead zone fitted to public measured loops of "
              "Knowm M-SDC parts",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .ohmic = true,
    .current = current,
    .rate = rate,
    .switching = rates,
    .jump = jump,
};
