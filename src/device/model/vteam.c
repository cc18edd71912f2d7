/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VTEAM as published: hard thresholds of voltage, power laws, windows of TEAM
 *
 *     dw/dt = (koff/d) (u/voff - 1)^aoff f(w)      u > voff > 0
 *     dw/dt = (kon/d)  (u/von  - 1)^aon  f(w)      u < von < 0        f: window.h
 *     dw/dt = 0                                    between
 *     R     = Ron (1 - w) + Roff w                 w = 0 ON ... 1 OFF, in parts of the length d
 *
 * Polarity: published for u > 0 that switches OFF.  Here x = 1 - w and u = -v, so that v > 0 sets;
 * the parameters keep their published signs.
 *
 * Source: S. Kvatinsky et al., "VTEAM: A General Model for Voltage-Controlled Memristors", IEEE
 * Trans. Circuits Syst. II 62(8):786, 2015.  won and woff a few wc inside 0 and d keep the state
 * there. */
#include "device/model/models.h"
#include "device/model/read_out.h"

#include "device/model/window.h"
#include <stdbool.h>

enum { RON, ROFF, VON, VOFF, KON, KOFF, AON, AOFF, D, WC, WON, WOFF, SDC, N_PARAMETERS };
enum { C_RON, C_SPAN, C_VON, C_VOFF, C_KON, C_KOFF, C_AON, C_AOFF, STEEP, C_WON, C_WOFF, C_SDC };

static const struct model_parameter parameters[N_PARAMETERS] = {
    [RON] = {"ron", "ohm", "resistance at x = 1", NAN, 1, 1e12},
    [ROFF] = {"roff", "ohm", "resistance at x = 0", NAN, 1, 1e12},
    [VON] = {"von", "V", "threshold of setting, as published: negative", NAN, -10, -1e-3},
    [VOFF] = {"voff", "V", "threshold of resetting, as published: positive", NAN, 1e-3, 10},
    [KON] = {"kon", "m/s", "speed of setting at twice the threshold, negative", NAN, -1e3, 0},
    [KOFF] = {"koff", "m/s", "speed of resetting at twice the threshold", NAN, 0, 1e3},
    [AON] = {"aon", "1", "exponent of setting", NAN, 0.1, 20},
    [AOFF] = {"aoff", "1", "exponent of resetting", NAN, 0.1, 20},
    [D] = {"d", "m", "length over which the state moves", NAN, 1e-10, 1e-6},
    [WC] = {"wc", "m", "width of the windows", NAN, 1e-13, 1e-7},
    [WON] = {"won", "m", "where the window of setting closes, from the ON end", NAN, 0, 1e-6},
    [WOFF] = {"woff", "m", "where the window of resetting closes, from the ON end", NAN, 0, 1e-6},
    [SDC] = SDC_PARAMETER,
};

static void prepare(const double *p, double *c)
{
    c[C_RON] = p[RON];
    c[C_SPAN] = p[ROFF] - p[RON];
    c[C_VON] = p[VON];
    c[C_VOFF] = p[VOFF];
    c[C_KON] = p[KON] / p[D];
    c[C_KOFF] = p[KOFF] / p[D];
    c[C_AON] = p[AON];
    c[C_AOFF] = p[AOFF];
    c[STEEP] = p[D] / p[WC];
    c[C_WON] = p[WON] / p[D];
    c[C_WOFF] = p[WOFF] / p[D];
    c[C_SDC] = p[SDC];
}

static struct model_value current(const double *c, double v, double x)
{
    double slope, u = read_out(c[C_SDC], v, &slope), g = 1 / (c[C_RON] + c[C_SPAN] * (1 - x));
    return (struct model_value){.f = u * g, .df_dv = slope * g, .df_dx = u * g * g * c[C_SPAN]};
}

static struct model_value rate(const double *c, double v, double x)
{
    const double u = -v, w = 1 - x;
    const bool off = u > c[C_VOFF];
    if (!off && u >= c[C_VON])
        return (struct model_value){0};
    const double threshold = off ? c[C_VOFF] : c[C_VON], exponent = off ? c[C_AOFF] : c[C_AON];
    const double over = (u - threshold) / threshold;
    const double speed = (off ? c[C_KOFF] : c[C_KON]) * pow(over, exponent);
    double slope,
        window = double_exponential(c[STEEP] * (off ? w - c[C_WOFF] : c[C_WON] - w), &slope);
    /* dx/dt = -dw/dt, dv = -du, dx = -dw */
    return (struct model_value){
        .f = -speed * window,
        .df_dv = exponent * speed / (u - threshold) * window,
        .df_dx = speed * slope * c[STEEP] * (off ? 1 : -1),
    };
}

const struct model model_vteam = {
    .name = "vteam",
    .title = "VTEAM as published, with exponential windows (polarity reversed: v > 0 sets)",
    .source = "Kvatinsky et al., IEEE Trans. Circuits Syst. II 62(8):786, 2015",
    .n_parameters = N_PARAMETERS,
    .parameters = parameters,
    .prepare = prepare,
    .current = current,
    .rate = rate,
};
