/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MOS level 1 (Shichman and Hodges, IEEE J. Solid-State Circuits 3(3):285, 1968) as SPICE runs it
 * without TOX and overlap capacitances: drain current, body effect, channel-length modulation, and
 * the two bulk diodes with SPICE's IS and GMIN.  No gate charge. */
#ifndef SILVERBAR_DEVICE_MOS1_H
#define SILVERBAR_DEVICE_MOS1_H

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

/* Currents INTO the four terminals [A] and, for each, its derivatives by the terminal voltages [S].
 * Order of terminals: drain, gate, source, bulk.  `gmin` [S] lies across both bulk diodes, vt is
 * kT/q [V]. */
struct mos1_value {
    double i[4];
    double di_dv[4][4];
};

struct mos1_value mos1_evaluate(const struct mos1_model *model,
                                const struct mos1_geometry *geometry, double vt, double gmin,
                                const double v[4]);

/* The currents alone. */
void mos1_currents(const struct mos1_model *model, const struct mos1_geometry *geometry, double vt,
                   double gmin, const double v[4], double i[4]);

/* The same of one transistor whose constants do not change: what depends on them alone is computed
 * once. */
struct mos1_device {
    double sign;               /* +1 NMOS, -1 PMOS */
    double vto;                /* times sign [V] */
    double beta;               /* of all parallel devices [A/V^2] */
    double lambda, gamma, phi; /* as in the model */
    double root;               /* sqrt(phi), where gamma is not 0 */
    double is, vt, gmin;       /* [A], of all parallel devices; [V]; [S] */
};

struct mos1_device mos1_prepare(const struct mos1_model *model,
                                const struct mos1_geometry *geometry, double vt, double gmin);
void mos1_device_evaluate(const struct mos1_device *device, const double v[4],
                          struct mos1_value *value);
void mos1_device_currents(const struct mos1_device *device, const double v[4], double i[4]);

/* The channel alone: current from drain to source [A] and its derivatives by the voltages of drain
 * and source [S]. */
double mos1_channel(const struct mos1_device *device, const double v[4], double *di_dd,
                    double *di_ds);

#endif
