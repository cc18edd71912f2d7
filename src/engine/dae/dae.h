/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A circuit as one differential-algebraic system F(t, y, y') = 0, index 1, with few unknowns.
 *
 * Voltage sources need no unknowns of their own: they tie nodes into groups, so that every node's
 * voltage is that of its group's root plus a known function of time, and their currents follow from
 * Kirchhoff's current law after the solution.  Groups with ground in them are known.  What remains:
 *
 *     a root:                  sum of the currents that leave its group = 0
 *     a branch:                v(0,1) - f(v(2,3)) - d(flux)/dt = 0, unknown: its current
 *     a memristor's state:     x' - f(v, x) = 0
 *     the same with hidden h:  x' - f0(v, x, h) = 0, h' - f(v, x, h) = 0
 *
 * Current of a capacitor: C d(v0 - v1)/dt, where known nodes have known slopes.  External sources
 * ramp linearly from time 0, which is a phase's beginning, to `edge` and then hold. */
#ifndef SILVERBAR_ENGINE_DAE_DAE_H
#define SILVERBAR_ENGINE_DAE_DAE_H

#include "circuit/circuit.h"
#include "engine/dae/dae_mosfets.h"

#include <stdint.h>

/* Dummy indices for sums that nobody reads; several, because additions to one address wait for
 * each other. */
#define DAE_NOWHERE 64

/* v(child) = v(parent) + sign * source's voltage */
struct dae_tie {
    int child, parent, element, branch;
    bool external, boundary;
    double sign, volt; /* volt: of a source that does not change */
};

/* Elements in compact form, nodes as in the circuit.  `stamp`: place of its first entry among
 * dae->stamps. */
struct dae_linear {
    int node[4];       /* 0, 1: through; 2, 3: control */
    int row[2];        /* places of 0, 1 in dae->sum */
    int stamp, number; /* number: of the element */
    double value; /* conductance [S]; a switch's resistance [ohm], capacitance [F], current [A] */
};
struct dae_device {
    int node[4];
    int row[2];
    int stamp, number;
    int unknown;                 /* branch: its current; memristor: its state */
    int hidden;                  /* memristor: the first of its hidden states, or -1 */
    double rate_by_v, rate_by_x; /* memristor: derivatives of its rate, as last evaluated */
    const struct element *element;
};
/* In the row of a branch: coefficient times the slope of a branch's current [V s/A]. */
struct dae_flux {
    int row, column; /* unknowns */
    int stamp;
    double coefficient;
};
struct dae {
    const struct circuit *circuit;
    double thermal; /* kT/q [V] */
    size_t n;       /* unknowns: roots, then currents of branches, then states */
    size_t n_roots;
    size_t n_states;    /* of devices, then hidden ones */
    double *origins;    /* n_states: tolerances are relative to the distance from there */
    size_t n_inductive; /* the last ones of the branches: their currents have slopes */
    double *reach;      /* n_inductive: largest current so far [A], for tolerances */
    int *roots;         /* n_roots: their nodes */
    int *unknown;       /* n_nodes: unknown of the root of the node's group, -1: known */
    size_t n_ties;
    struct dae_tie *ties; /* n_ties, parents before children */
    size_t n_known_ties;  /* the first ones: in groups with ground */
    size_t n_derived;
    const struct element **derived; /* controlled sources that drive gates only */
    size_t n_known_gates;           /* the first ones: by known nodes */
    bool *differential;             /* n: does its derivative occur? */

    size_t n_resistors, n_switches, n_capacitors, n_currents, n_transconductors, n_mosfets,
        n_memristors, n_controlled;
    struct dae_linear *resistors, *switches, *capacitors, *currents, *transconductors;
    size_t n_channels;
    struct dae_channels *channels; /* n_channels blocks, of n_mosfets */
    struct dae_junctions junctions;
    struct dae_diodes *diodes;                  /* n_mosfets */
    struct dae_device *memristors, *controlled; /* controlled: all branches, in order of unknowns */
    size_t n_fluxes;
    struct dae_flux *fluxes;

    /* pattern of dF/dy + c dF/dy', compressed columns */
    size_t n_entries;
    int64_t *columns; /* n + 1 */
    int64_t *rows;    /* n_entries, rising in each column */
    int32_t *stamps;  /* place of every contribution among the entries; n_entries: nowhere */
    size_t n_stamps;
    double *constant; /* n_entries + 1: of dF/dy, what no voltage changes */
    double *mass;     /* n_entries + 1: dF/dy' */

    /* the drive: while `ramps`, external sources go from `from` at 0 to `to` at `edge` [s]; else
     * they stay at `to` */
    bool ramps;
    double edge;
    double *from, *to; /* n_elements: of external sources [V] */
    bool driven;       /* known nodes and slopes are as the drive has them at driven_t; false: it
                        * changed, or `ramps' */
    double driven_t;   /* [s] */

    double *values;  /* circuit_n_values() */
    double *slopes;  /* n_nodes: dv/dt [V/s] */
    double *leaving; /* n_nodes: current that leaves it through elements [A] */
    double *resting; /* n_nodes: the same without capacitors, of the last dae_values() */
    double *sum;     /* n + DAE_NOWHERE: the same by unknowns; what is of known nodes comes last */
};

/* NULL with *error where the circuit has something that only SPICE can run, a loop of voltage
 * sources, or a node without any path for a current. */
struct dae *dae_new(const struct circuit *circuit, struct error *error);
void dae_free(struct dae *dae);

/* The first of the unknowns that keep something from step to step: currents of inductive branches,
 * then states. */
static inline size_t dae_first_kept(const struct dae *d)
{
    return d->n - d->n_states - d->n_inductive;
}

/* y belongs to the solution: raise dae->reach to its currents. */
void dae_reach(struct dae *dae, const double *y);

/* F(t, y, y') -> residual; y, slope, residual: n. */
void dae_residual(struct dae *dae, double t, const double *y, const double *slope,
                  double *residual);

/* Fill in dae->constant and dae->mass; dae_new() does. */
void dae_constant_jacobian(struct dae *dae);

/* dF/dy + c dF/dy' -> entries: n_entries + 1, the last one is scratch. */
void dae_jacobian(struct dae *dae, double t, double c, const double *y, double *entries);

/* After (dF/dy + c dF/dy') change = residual has been solved with a matrix of another point or c: the
 * states' part of the change, as it follows from the nodes' by the last evaluation.  n each. */
void dae_state_changes(const struct dae *dae, double c, const double *residual, double *change);

/* F is linear in y' with a constant matrix M of capacitances, inductances and ones: product = M x.  n each. */
void dae_mass(const struct dae *dae, const double *x, double *product);

/* All values of the circuit, branch currents included, in dae->values, and the power that every
 * element absorbs [W], as circuit_power() has it: of elements by their own law and voltages, of
 * sources by Kirchhoff's current law.  power: n_elements, or NULL; residual: n, F, or NULL. */
void dae_values(struct dae *dae, double t, const double *y, const double *slope, double *residual,
                double *power);

/* Of them only the voltages, states and currents of controlled sources. */
void dae_voltages(struct dae *dae, double t, const double *y);

/* At a kink of the drive only capacitor currents are discontinuous. Find the sources' powers
 * just after the kink from dae->resting, the resistive currents, and the values just before it
 * (circuit_n_values()); only powers of sources are set. */
void dae_kink_powers(struct dae *dae, const double *resting, const double *values,
                     const double *slope, double *power);

/* The part of F that comes from the drive's slope: n_roots [A]. */
void dae_drive_currents(struct dae *dae, double *currents);

#endif
