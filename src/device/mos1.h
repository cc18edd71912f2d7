/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MOS level 1 (Shichman and Hodges, IEEE J. Solid-State Circuits 3(3):285, 1968) as SPICE runs it
 * without TOX and overlap capacitances: drain current, body effect, channel-length modulation, and
 * the two bulk diodes with SPICE's IS and GMIN.  No gate charge. */
#ifndef SILVERBAR_DEVICE_MOS1_H
#define SILVERBAR_DEVICE_MOS1_H

#include <math.h>
#include <stdbool.h>

struct mos1_model {
    int type;      /* +1 NMOS, -1 PMOS */
    double vto;    /* [V] */
    double kp;     /* [A/V^2] */
    double lambda; /* [1/V] */
    double gamma;  /* [sqrt(V)] */
    double phi;    /* [V], default 0.6 */
    double is;     /* bulk diode saturation current [A], default 1e-14 */
};

struct mos1_geometry {
    double w, l; /* [m] */
    double m;    /* parallel devices */
};

/* Currents INTO the four terminals [A]: drain, gate, source, bulk.  `gmin` [S] lies across both bulk
 * diodes, vt is kT/q [V]. */
void mos1_currents(const struct mos1_model *model, const struct mos1_geometry *geometry, double vt,
                   double gmin, const double v[4], double i[4]);

/* The same of one transistor in parts, for engines: constants are computed once, and the channel and
 * the bulk diodes are evaluated apart. */
struct mos1_device {
    double sign;               /* +1 NMOS, -1 PMOS */
    double vto;                /* times sign [V] */
    double beta;               /* of all parallel devices [A/V^2] */
    double lambda, gamma, phi; /* as in the model */
    double root;               /* sqrt(phi), where gamma is not 0 */
    double is, vt, gmin;       /* of a bulk diode: [A], of all parallel devices; [V]; [S] */
};

struct mos1_device mos1_prepare(const struct mos1_model *model,
                                const struct mos1_geometry *geometry, double vt, double gmin);

/* Overdrive at vgs, vbs, all times sign, and its derivative by vbs. */
static inline double mos1_overdrive(const struct mos1_device *p, double vgs, double vbs,
                                    double *by_vbs)
{
    *by_vbs = 0;
    if (p->gamma == 0)
        return vgs - p->vto;
    const double sb = vbs <= 0 ? sqrt(p->phi - vbs) : fmax(0, p->root - vbs / (p->root + p->root));
    /* the exact derivative; SPICE's own above vbs = 0 is an approximation of it */
    *by_vbs = sb > 0 ? p->gamma / (2 * (vbs <= 0 ? sb : p->root)) : 0;
    return vgs - (p->vto + p->gamma * (sb - p->root));
}

/* Channel current from the drain to the source terminal [A]. */
static inline double mos1_channel_current(const struct mos1_device *p, const double v[4])
{
    const double across = p->sign * (v[0] - v[2]), vds = fabs(across);
    const double vs = p->sign * (across >= 0 ? v[2] : v[0]);
    double unused;
    const double vov = mos1_overdrive(p, p->sign * v[1] - vs, p->sign * v[3] - vs, &unused);
    if (vov <= 0)
        return 0;
    const double i =
        p->beta * (1 + p->lambda * vds) * (vov <= vds ? .5 * vov * vov : vds * (vov - .5 * vds));
    return across >= 0 ? p->sign * i : -p->sign * i;
}

/* Its derivatives by the four terminal voltages [S] -> g.  False: all are zero. */
bool mos1_channel_conductances(const struct mos1_device *p, const double v[4], double g[4]);

/* Where SPICE stops the exponential of a diode. */
#define MOS1_EXPONENT_MAX 709.0

/* Current of a bulk diode from bulk to drain or source [A] at u = v(bulk) - v(drain or source), and
 * its conductance beyond gmin [S]. */
static inline double mos1_diode_current(const struct mos1_device *p, double u)
{
    const double forward = p->sign * u;
    if (forward <= -3 * p->vt)
        return p->gmin * u - p->sign * p->is;
    return p->sign * (p->is * (exp(fmin(MOS1_EXPONENT_MAX, forward / p->vt)) - 1)) + p->gmin * u;
}
static inline double mos1_diode_conductance(const struct mos1_device *p, double u)
{
    const double forward = p->sign * u;
    return forward <= -3 * p->vt ? 0
                                 : p->is * exp(fmin(MOS1_EXPONENT_MAX, forward / p->vt)) / p->vt;
}

#endif
