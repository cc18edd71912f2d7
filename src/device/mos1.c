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

/* At u = 0, where the bulk is tied to the source, the exponential is 1. */
static inline double diode_exponential(double u, double vt)
{
    return u == 0 ? 1 : exp(fmin(EXPONENT_MAX, u / vt));
}

static struct diode bulk_diode(const struct mos1_device *p, double u)
{
    if (u <= -3 * p->vt)
        return (struct diode){.i = p->gmin * u - p->is, .g = p->gmin};
    const double e = diode_exponential(u, p->vt);
    return (struct diode){.i = p->is * (e - 1) + p->gmin * u, .g = p->is * e / p->vt + p->gmin};
}

static inline double bulk_current(const struct mos1_device *p, double u)
{
    return u <= -3 * p->vt ? p->gmin * u - p->is
                           : p->is * (diode_exponential(u, p->vt) - 1) + p->gmin * u;
}

/* sqrt(phi - vbs) as in the head of this file. */
static inline double body_root(const struct mos1_device *p, double vbs)
{
    return vbs <= 0 ? sqrt(p->phi - vbs) : fmax(0, p->root - vbs / (p->root + p->root));
}

/* Channel current from drain to source, vds >= 0, and its derivatives by vgs, vds, vbs. */
struct channel {
    double i, gm, gds, gmbs;
};

static struct channel channel_current(const struct mos1_device *p, double vgs, double vds,
                                      double vbs)
{
    double threshold = p->vto, dvov_dvbs = 0;
    if (p->gamma != 0) {
        const double sb = body_root(p, vbs);
        threshold += p->gamma * (sb - p->root);
        /* the exact derivative; SPICE's own above vbs = 0 is an approximation of it */
        dvov_dvbs = sb > 0 ? p->gamma / (2 * (vbs <= 0 ? sb : p->root)) : 0;
    }
    const double vov = vgs - threshold;
    if (vov <= 0)
        return (struct channel){0};
    const double modulation = p->beta * (1 + p->lambda * vds);
    struct channel c;
    if (vov <= vds) {
        c.i = modulation * vov * vov * .5;
        c.gm = modulation * vov;
        c.gds = p->lambda * p->beta * vov * vov * .5;
    } else {
        c.i = modulation * vds * (vov - .5 * vds);
        c.gm = modulation * vds;
        c.gds = modulation * (vov - vds) + p->lambda * p->beta * vds * (vov - .5 * vds);
    }
    c.gmbs = c.gm * dvov_dvbs;
    return c;
}

struct mos1_device mos1_prepare(const struct mos1_model *model,
                                const struct mos1_geometry *geometry, double vt, double gmin)
{
    return (struct mos1_device){
        .sign = model->type,
        .vto = model->type * model->vto,
        .beta = model->kp * geometry->m * geometry->w / geometry->l,
        .lambda = model->lambda,
        .gamma = model->gamma,
        .phi = model->phi,
        .root = model->gamma != 0 ? sqrt(model->phi) : 0,
        .is = geometry->m * model->is,
        .vt = vt,
        .gmin = gmin,
    };
}

void mos1_device_evaluate(const struct mos1_device *p, const double v[4], struct mos1_value *r)
{
    const double sign = p->sign;
    /* source and drain change places where vds < 0 */
    const bool normal = sign * (v[DRAIN] - v[SOURCE]) >= 0;
    const int d = normal ? DRAIN : SOURCE, s = normal ? SOURCE : DRAIN;
    const struct channel c =
        channel_current(p, sign * (v[GATE] - v[s]), sign * (v[d] - v[s]), sign * (v[BULK] - v[s]));
    *r = (struct mos1_value){0};
    r->i[d] = sign * c.i;
    r->i[s] = -sign * c.i;
    r->di_dv[d][d] = c.gds;
    r->di_dv[d][GATE] = c.gm;
    r->di_dv[d][BULK] = c.gmbs;
    r->di_dv[d][s] = -(c.gds + c.gm + c.gmbs);
    for (int k = 0; k < 4; k++)
        r->di_dv[s][k] = -r->di_dv[d][k];

    static const int junctions[2] = {DRAIN, SOURCE};
    for (int k = 0; k < 2; k++) {
        const int t = junctions[k];
        const struct diode j = bulk_diode(p, sign * (v[BULK] - v[t]));
        r->i[BULK] += sign * j.i;
        r->i[t] -= sign * j.i;
        r->di_dv[BULK][BULK] += j.g;
        r->di_dv[BULK][t] -= j.g;
        r->di_dv[t][BULK] -= j.g;
        r->di_dv[t][t] += j.g;
    }
}

void mos1_device_currents(const struct mos1_device *p, const double v[4], double i[4])
{
    const double sign = p->sign;
    const bool normal = sign * (v[DRAIN] - v[SOURCE]) >= 0;
    const double vd = sign * v[normal ? DRAIN : SOURCE], vs = sign * v[normal ? SOURCE : DRAIN];
    const double vds = vd - vs;
    double threshold = p->vto;
    if (p->gamma != 0)
        threshold += p->gamma * (body_root(p, sign * v[BULK] - vs) - p->root);
    const double vov = sign * v[GATE] - vs - threshold;
    double channel = 0;
    if (vov > 0)
        channel = p->beta * (1 + p->lambda * vds) *
                  (vov <= vds ? .5 * vov * vov : vds * (vov - .5 * vds));
    const double drain = bulk_current(p, sign * (v[BULK] - v[DRAIN]));
    const double source = bulk_current(p, sign * (v[BULK] - v[SOURCE]));
    if (!normal)
        channel = -channel;
    i[DRAIN] = sign * (channel - drain);
    i[GATE] = 0;
    i[SOURCE] = -sign * (channel + source);
    i[BULK] = sign * (drain + source);
}

struct mos1_value mos1_evaluate(const struct mos1_model *model,
                                const struct mos1_geometry *geometry, double vt, double gmin,
                                const double v[4])
{
    const struct mos1_device p = mos1_prepare(model, geometry, vt, gmin);
    struct mos1_value r;
    mos1_device_evaluate(&p, v, &r);
    return r;
}

void mos1_currents(const struct mos1_model *model, const struct mos1_geometry *geometry, double vt,
                   double gmin, const double v[4], double i[4])
{
    const struct mos1_device p = mos1_prepare(model, geometry, vt, gmin);
    mos1_device_currents(&p, v, i);
}

double mos1_channel(const struct mos1_device *p, const double v[4], double *di_dd, double *di_ds)
{
    const bool normal = p->sign * (v[DRAIN] - v[SOURCE]) >= 0;
    const double vd = v[normal ? DRAIN : SOURCE], vs = v[normal ? SOURCE : DRAIN];
    const struct channel c = channel_current(p, p->sign * (v[GATE] - vs), p->sign * (vd - vs),
                                             p->sign * (v[BULK] - vs));
    const double by_source = -(c.gm + c.gds + c.gmbs);
    *di_dd = normal ? c.gds : -by_source;
    *di_ds = normal ? by_source : -c.gds;
    return normal ? p->sign * c.i : -p->sign * c.i;
}
