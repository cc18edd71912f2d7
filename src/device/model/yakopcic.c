/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Yakopcic's model: sinh current, exponential rates beyond thresholds, barriers near the ends
 *
 *     i     = a1 x sinh(b v)  v >= 0,  a2 x sinh(b v)  v < 0
 *     dx/dt = g(v) f(x)
 *     g     = Ap (e^v - e^Vp)  v > Vp,  -An (e^-v - e^Vn)  v < -Vn,  0 between       (v in volts)
 *     f     = e^(-alphap (x - xp)) [(xp - x)/(1 - xp) + 1]    g > 0 and x >= xp
 *     f     = e^(alphan (x + xn - 1)) x/(1 - xn)              g < 0 and x <= 1 - xn
 *     f     = 1                                               elsewhere
 *
 * v > 0 sets, as published with eta = 1.  The read-out nonlinearity acts on v in sinh(b v).  Beyond
 * 50 V the exponentials go on along their tangents.
 *
 * Source: C. Yakopcic et al., "A Memristor Device Model", IEEE Electron Device Letters 32(10):1436,
 * 2011. */
#include "device/model/models.h"
#include "device/model/read_out.h"

enum { A1, A2, B, VP, VN, AP, AN, XP, XN, ALPHAP, ALPHAN, SDC, N_PARAMETERS };

#define VOLT_MAX 50 /* of the exponentials */

static const struct model_parameter parameters[N_PARAMETERS] = {
    [A1] = {"a1", "A", "amplitude of the current at v > 0", NAN, 1e-12, 100},
    [A2] = {"a2", "A", "amplitude of the current at v < 0", NAN, 1e-12, 100},
    [B] = {"b", "1/V", "curvature of the current", NAN, 1e-3, 20},
    [VP] = {"vp", "V", "threshold of setting", NAN, 0, 10},
    [VN] = {"vn", "V", "threshold of resetting, as a positive number", NAN, 0, 10},
    [AP] = {"ap", "1/s", "rate of setting", NAN, 1e-3, 1e12},
    [AN] = {"an", "1/s", "rate of resetting", NAN, 1e-3, 1e12},
    [XP] = {"xp", "1", "state above which setting slows down", NAN, 0, 0.99},
    [XN] = {"xn", "1", "distance from x = 1 beyond which resetting slows down", NAN, 0, 0.99},
    [ALPHAP] = {"alphap", "1", "decay of setting beyond xp", NAN, 0, 50},
    [ALPHAN] = {"alphan", "1", "decay of resetting beyond xn", NAN, 0, 50},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    for (int k = 0; k < N_PARAMETERS; k++)
        c[k] = p[k];
}

static struct model_value current(const double *c, double v, double x)
{
    double slope, u = read_out(c[SDC], v, &slope), a = v < 0 ? c[A2] : c[A1];
    const double s = a * sinh(c[B] * u);
    return (struct model_value){
        .f = x * s, .df_dv = x * a * c[B] * cosh(c[B] * u) * slope, .df_dx = s};
}

static double exponential(double v, double *slope)
{
    const double e = exp(fmin(v, VOLT_MAX));
    *slope = e;
    return v > VOLT_MAX ? e * (1 + v - VOLT_MAX) : e;
}

static double barrier_up(const double *c, double x, double *slope)
{
    *slope = 0;
    if (x < c[XP])
        return 1;
    const double e = exp(-c[ALPHAP] * (x - c[XP])), line = (1 - x) / (1 - c[XP]);
    *slope = e * (-c[ALPHAP] * line - 1 / (1 - c[XP]));
    return e * line;
}

static double barrier_down(const double *c, double x, double *slope)
{
    *slope = 0;
    if (x > 1 - c[XN])
        return 1;
    const double e = exp(c[ALPHAN] * (x + c[XN] - 1)), line = x / (1 - c[XN]);
    *slope = e * (c[ALPHAN] * line + 1 / (1 - c[XN]));
    return e * line;
}

static struct model_value rate(const double *c, double v, double x)
{
    double g, dg, f, df;
    if (v > c[VP]) {
        g = c[AP] * (exponential(v, &dg) - exp(c[VP]));
        dg *= c[AP];
        f = barrier_up(c, x, &df);
    } else if (-v > c[VN]) {
        g = -c[AN] * (exponential(-v, &dg) - exp(c[VN]));
        dg *= c[AN];
        f = barrier_down(c, x, &df);
    } else {
        return (struct model_value){0};
    }
    return (struct model_value){.f = g * f, .df_dv = dg * f, .df_dx = g * df};
}

const struct model model_yakopcic = {
    .name = "yakopcic",
    .title = "sinh current, exponential rates beyond thresholds",
    .source = "Yakopcic et al., IEEE Electron Device Letters 32(10):1436, 2011",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .current = current,
    .rate = rate,
};
