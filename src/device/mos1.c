/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With vgs, vds, vbs seen from the source (the terminal at the lower potential for NMOS), all
 * multiplied by `type`, beta = kp m w/l:
 *
 *     sb  = sqrt(phi - vbs)                    vbs <= 0, else sqrt(phi) - vbs/(2 sqrt(phi)) >= 0
 *     von = vto + gamma (sb - sqrt(phi))       vov = vgs - von
 *     id  = 0                                                  vov <= 0
 *         = beta (1 + lambda vds) vov^2/2                      vov <= vds
 *         = beta (1 + lambda vds) vds (vov - vds/2)            otherwise
 *
 * and each bulk diode, with u = v(bulk) - v(source or drain) and saturation current m is:
 *
 *     i = m is (e^(u/vt) - 1) + gmin u         u > -3 vt
 *       = -m is + gmin u                       otherwise
 *
 * which steps by m is e^-3 at u = -3 vt, as SPICE does.  gmin is not multiplied by m.
 * Source: Shichman and Hodges, IEEE J. Solid-State Circuits 3(3):285, 1968; body effect and diodes
 * as in Berkeley SPICE3 and ngspice 39, checked against it. */
#include "device/mos1.h"

#include <math.h>
#include <stdbool.h>

enum { DRAIN, GATE, SOURCE, BULK };

#define EXPONENT_MAX 709.0 /* of a diode; where SPICE stops the exponential */

struct diode {
    double i, g;
};

static struct diode bulk_diode(double is, double vt, double gmin, double u)
{
    if (u <= -3 * vt)
        return (struct diode){.i = gmin * u - is, .g = gmin};
    double e = exp(fmin(EXPONENT_MAX, u / vt));
    return (struct diode){.i = is * (e - 1) + gmin * u, .g = is * e / vt + gmin};
}

static double bulk_current(double is, double vt, double gmin, double u)
{
    return u <= -3 * vt ? gmin * u - is : is * (exp(fmin(EXPONENT_MAX, u / vt)) - 1) + gmin * u;
}

/* Channel current from drain to source, vds >= 0, and its derivatives by vgs, vds, vbs. */
struct channel {
    double i, gm, gds, gmbs;
};

static struct channel channel_current(const struct mos1_model *p, double beta, double vgs,
                                      double vds, double vbs)
{
    double root = sqrt(p->phi);
    double sb = vbs <= 0 ? sqrt(p->phi - vbs) : fmax(0, root - vbs / (root + root));
    double vov = vgs - (p->type * p->vto + p->gamma * (sb - root));
    if (vov <= 0)
        return (struct channel){0};
    /* the exact derivative; SPICE's own above vbs = 0 is an approximation of it */
    double dvov_dvbs = sb > 0 ? p->gamma / (2 * (vbs <= 0 ? sb : root)) : 0;
    double modulation = beta * (1 + p->lambda * vds);
    struct channel c;
    if (vov <= vds) {
        c.i = modulation * vov * vov * .5;
        c.gm = modulation * vov;
        c.gds = p->lambda * beta * vov * vov * .5;
    } else {
        c.i = modulation * vds * (vov - .5 * vds);
        c.gm = modulation * vds;
        c.gds = modulation * (vov - vds) + p->lambda * beta * vds * (vov - .5 * vds);
    }
    c.gmbs = c.gm * dvov_dvbs;
    return c;
}

struct mos1_value mos1_evaluate(const struct mos1_model *model,
                                const struct mos1_geometry *geometry, double vt, double gmin,
                                const double v[4])
{
    double sign = model->type;
    double beta = model->kp * geometry->m * geometry->w / geometry->l;
    /* source and drain change places where vds < 0 */
    bool normal = sign * (v[DRAIN] - v[SOURCE]) >= 0;
    int d = normal ? DRAIN : SOURCE, s = normal ? SOURCE : DRAIN;
    struct channel c = channel_current(model, beta, sign * (v[GATE] - v[s]), sign * (v[d] - v[s]),
                                       sign * (v[BULK] - v[s]));
    struct mos1_value r = {0};
    r.i[d] = sign * c.i;
    r.i[s] = -sign * c.i;
    r.di_dv[d][d] = c.gds;
    r.di_dv[d][GATE] = c.gm;
    r.di_dv[d][BULK] = c.gmbs;
    r.di_dv[d][s] = -(c.gds + c.gm + c.gmbs);
    for (int k = 0; k < 4; k++)
        r.di_dv[s][k] = -r.di_dv[d][k];

    static const int junctions[2] = {DRAIN, SOURCE};
    for (int k = 0; k < 2; k++) {
        int t = junctions[k];
        struct diode j = bulk_diode(geometry->m * model->is, vt, gmin, sign * (v[BULK] - v[t]));
        r.i[BULK] += sign * j.i;
        r.i[t] -= sign * j.i;
        r.di_dv[BULK][BULK] += j.g;
        r.di_dv[BULK][t] -= j.g;
        r.di_dv[t][BULK] -= j.g;
        r.di_dv[t][t] += j.g;
    }
    return r;
}

void mos1_currents(const struct mos1_model *model, const struct mos1_geometry *geometry, double vt,
                   double gmin, const double v[4], double i[4])
{
    const double sign = model->type;
    const double beta = model->kp * geometry->m * geometry->w / geometry->l;
    const double is = geometry->m * model->is;
    const bool normal = sign * (v[DRAIN] - v[SOURCE]) >= 0;
    const double vd = sign * v[normal ? DRAIN : SOURCE], vs = sign * v[normal ? SOURCE : DRAIN];
    const double vbs = sign * v[BULK] - vs, vds = vd - vs;
    double threshold = sign * model->vto;
    if (model->gamma != 0) {
        const double root = sqrt(model->phi);
        const double sb = vbs <= 0 ? sqrt(model->phi - vbs) : fmax(0, root - vbs / (root + root));
        threshold += model->gamma * (sb - root);
    }
    const double vov = sign * v[GATE] - vs - threshold;
    double channel = 0;
    if (vov > 0)
        channel = beta * (1 + model->lambda * vds) *
                  (vov <= vds ? .5 * vov * vov : vds * (vov - .5 * vds));
    const double drain = bulk_current(is, vt, gmin, sign * (v[BULK] - v[DRAIN]));
    const double source = bulk_current(is, vt, gmin, sign * (v[BULK] - v[SOURCE]));
    if (!normal)
        channel = -channel;
    i[DRAIN] = sign * (channel - drain);
    i[GATE] = 0;
    i[SOURCE] = -sign * (channel + source);
    i[BULK] = sign * (drain + source);
}

double mos1_channel(const struct mos1_model *model, const struct mos1_geometry *geometry,
                    const double v[4], double *di_dd, double *di_ds)
{
    const double sign = model->type;
    const double beta = model->kp * geometry->m * geometry->w / geometry->l;
    const bool normal = sign * (v[DRAIN] - v[SOURCE]) >= 0;
    const double vd = v[normal ? DRAIN : SOURCE], vs = v[normal ? SOURCE : DRAIN];
    const struct channel c = channel_current(model, beta, sign * (v[GATE] - vs), sign * (vd - vs),
                                             sign * (v[BULK] - vs));
    const double by_source = -(c.gm + c.gds + c.gmbs);
    *di_dd = normal ? c.gds : -by_source;
    *di_ds = normal ? by_source : -c.gds;
    return normal ? sign * c.i : -sign * c.i;
}
