/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear ion drift with a window
 *
 *     dx/dt = mu Ron/d^2 i f      R = Ron x + Roff (1 - x)
 *     Joglekar: f = 1 - |2x - 1|^2p
 *     Biolek:   f = 1 - |x - step(-i)|^2p, which lets the state leave the ends
 *
 * `biolek` is the share of the second in place of the first.  v > 0 sets, as published.
 *
 * Sources: D. B. Strukov et al., Nature 453:80, 2008; Y. N. Joglekar and S. J. Wolf, Eur. J. Phys.
 * 30:661, 2009; Z. Biolek, D. Biolek and V. Biolkova, Radioengineering 18(2):210, 2009.
 * Limit: with Joglekar's window a state that has reached an end stays there. */
#include "device/model/models.h"
#include "device/model/read_out.h"

enum { RON, ROFF, MU, D, P, BIOLEK, SDC, N_PARAMETERS };
enum { C_RON, C_SPAN, DRIFT, TWO_P, C_BIOLEK, C_SDC };

static const struct model_parameter parameters[N_PARAMETERS] = {
    [RON] = {"ron", "ohm", "resistance at x = 1", NAN, 1, 1e12},
    [ROFF] = {"roff", "ohm", "resistance at x = 0", NAN, 1, 1e12},
    [MU] = {"mu", "m^2/(V s)", "mobility of the ions", NAN, 1e-18, 1e-6},
    [D] = {"d", "m", "thickness of the film", NAN, 1e-10, 1e-5},
    [P] = {"p", "1", "half the exponent of the window", 1, 0.6, 20},
    [BIOLEK] = {"biolek", "1", "window: 0 Joglekar's, 1 Biolek's", 0, 0, 1},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[C_RON] = p[RON];
    c[C_SPAN] = p[ROFF] - p[RON];
    c[DRIFT] = p[MU] * p[RON] / (p[D] * p[D]);
    c[TWO_P] = 2 * p[P];
    c[C_BIOLEK] = p[BIOLEK];
    c[C_SDC] = p[SDC];
}

static struct model_value current(const double *c, double v, double x)
{
    double slope, u = read_out(c[C_SDC], v, &slope), g = 1 / (c[C_RON] + c[C_SPAN] * (1 - x));
    return (struct model_value){.f = u * g, .df_dv = slope * g, .df_dx = u * g * g * c[C_SPAN]};
}

/* 1 - |z|^n and its slope by z. */
static double window(double z, double n, double *slope)
{
    const double power = pow(fabs(z), n - 1);
    *slope = -n * (z < 0 ? -power : power);
    return 1 - power * fabs(z);
}

static struct model_value rate(const double *c, double v, double x)
{
    const struct model_value i = current(c, v, x);
    double slope_j, slope_b, b = c[C_BIOLEK];
    const double joglekar = window(2 * x - 1, c[TWO_P], &slope_j);
    const double biolek = window(i.f < 0 ? x - 1 : x, c[TWO_P], &slope_b);
    const double f = (1 - b) * joglekar + b * biolek;
    return (struct model_value){
        .f = c[DRIFT] * i.f * f,
        .df_dv = c[DRIFT] * i.df_dv * f,
        .df_dx = c[DRIFT] * (i.df_dx * f + i.f * ((1 - b) * 2 * slope_j + b * slope_b)),
    };
}

const struct model model_iondrift = {
    .name = "iondrift",
    .title = "linear ion drift with Joglekar's or Biolek's window",
    .source = "Strukov et al., Nature 453:80, 2008; Joglekar and Wolf, Eur. J. Phys. 30:661, 2009; "
              "Biolek et al., Radioengineering 18(2):210, 2009",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .current = current,
    .rate = rate,
};
