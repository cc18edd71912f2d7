/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the models share: a state driven up at rate a(v) and down at rate b(v) [1/s],
 *
 *     dx/dt = (1 - x) a(v) - x b(v)
 *
 * linear in x at constant v, hence x(t) = xe + (x0 - xe) exp(-(a + b) t) with xe = a/(a + b)
 * (knowm.org memristor models); and an ohmic current i = v (x/Ron + (1 - x)/Roff). */
#ifndef SILVERBAR_DEVICE_MODEL_TWO_STATE_H
#define SILVERBAR_DEVICE_MODEL_TWO_STATE_H

#include "base/spice_number.h"
#include "device/model.h"
#include "device/model/read_out.h"

#include <math.h>

/* kT/q at SPICE's 27 C [V], the fallback of every thermal voltage. */
#define VT_NOMINAL (BOLTZMANN * TEMPERATURE_NOMINAL / ELECTRON_CHARGE)

static inline struct model_value two_state_rate(struct two_state r, double x)
{
    return (struct model_value){
        .f = (1 - x) * r.a - x * r.b,
        .df_dv = (1 - x) * r.da_dv - x * r.db_dv,
        .df_dx = -(r.a + r.b),
    };
}

static inline double two_state_jump(struct two_state r, double x, double dt)
{
    double sum = r.a + r.b;
    return sum > 0 ? x - (r.a / sum - x) * expm1(-sum * dt) : x;
}

/* Conductance g(x) = g_off + g_span x [S], read out with the share sdc of nonlinearity. */
static inline struct model_value two_state_current(double g_off, double g_span, double sdc,
                                                   double v, double x)
{
    double slope, u = read_out(sdc, v, &slope), g = g_off + g_span * x;
    return (struct model_value){.f = u * g, .df_dv = slope * g, .df_dx = u * g_span};
}

/* 1/(1 + exp(-z)) without overflow. */
static inline double logistic(double z)
{
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* The metastable switch of Molter and Nugent (arXiv:1608.04659) at v [V]: a = rate s((v - Von)/VT),
 * b = rate (1 - s((v + Voff)/VT)). */
static inline struct two_state metastable_switch(double v, double von, double voff,
                                                 double inverse_vt, double rate)
{
    double up = logistic((v - von) * inverse_vt);
    double down = logistic(-(v + voff) * inverse_vt);
    return (struct two_state){
        .a = rate * up,
        .da_dv = rate * inverse_vt * up * (1 - up),
        .b = rate * down,
        .db_dv = -rate * inverse_vt * down * (1 - down),
    };
}

#endif
