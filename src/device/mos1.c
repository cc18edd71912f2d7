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

enum { DRAIN, GATE, SOURCE, BULK };

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

bool mos1_channel_conductances(const struct mos1_device *p, const double v[4], double g[4])
{
    /* source and drain change places where vds < 0; the current changes its sign then, and so do
     * the derivatives by the terminal that takes the drain's part */
    const double across = p->sign * (v[DRAIN] - v[SOURCE]), vds = fabs(across);
    const bool normal = across >= 0;
    const int d = normal ? DRAIN : SOURCE, s = normal ? SOURCE : DRAIN;
    double by_vbs;
    const double vov =
        mos1_overdrive(p, p->sign * (v[GATE] - v[s]), p->sign * (v[BULK] - v[s]), &by_vbs);
    if (vov <= 0)
        return false;
    const double modulation = p->beta * (1 + p->lambda * vds);
    double gm, gds;
    if (vov <= vds) {
        gm = modulation * vov;
        gds = p->lambda * p->beta * vov * vov * .5;
    } else {
        gm = modulation * vds;
        gds = modulation * (vov - vds) + p->lambda * p->beta * vds * (vov - .5 * vds);
    }
    const double gmbs = gm * by_vbs, sense = normal ? 1 : -1;
    g[d] = sense * gds;
    g[GATE] = sense * gm;
    g[BULK] = sense * gmbs;
    g[s] = -sense * (gds + gm + gmbs);
    return true;
}

void mos1_currents(const struct mos1_model *model, const struct mos1_geometry *geometry, double vt,
                   double gmin, const double v[4], double i[4])
{
    const struct mos1_device p = mos1_prepare(model, geometry, vt, gmin);
    const double channel = mos1_channel_current(&p, v),
                 drain = mos1_diode_current(&p, v[BULK] - v[DRAIN]),
                 source = mos1_diode_current(&p, v[BULK] - v[SOURCE]);
    i[DRAIN] = channel - drain;
    i[GATE] = 0;
    i[SOURCE] = -channel - source;
    i[BULK] = drain + source;
}
