/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of the engine ida (ida.c), with the values, powers and energies (ida_energies.c) of its
 * present step, whether a one-step method or IDAS takes it. */
#ifndef SILVERBAR_ENGINE_DAE_IDA_RUN_H
#define SILVERBAR_ENGINE_DAE_IDA_RUN_H

#include "engine/dae/idas.h"
#include "engine/dae/power_change.h"
#include "engine/dae/rosenbrock.h"
#include "engine/dae/step_energy.h"
#include "engine/transient.h"

struct run {
    struct transient *transient;
    const struct circuit *circuit;
    const struct engine_options *options;
    struct error *error;
    struct dae *dae;
    struct idas *idas;               /* NULL: the one-step methods take all steps, */
    struct idas *spare;              /* but where theirs collapse; NULL: nowhere yet */
    double *y, *slope;               /* n: at t */
    double *between, *between_slope; /* n: scratch */
    struct rosenbrock rosenbrock;
    bool turns;                       /* dirk.h takes the steps until one meets trouble */
    bool loose;                       /* it does now */
    bool multistep;                   /* the last step was IDAS's */
    bool settled;                     /* or one of settle() */
    double *given;                    /* n_elements: energies of either [J] */
    double *weight;                   /* n: reciprocals of the tolerances */
    double *rest;                     /* n: y of the operating point */
    double *noise;                    /* n: rosenbrock_noise(), where steps have been short */
    bool noisy;                       /* it is of this piece */
    double *residual;                 /* n: scratch */
    double *values;                   /* circuit_n_values(): at t */
    double *resting;                  /* n_nodes: dae->resting there */
    double *end_values, *end_resting; /* the same at the end of the step that is tried */
    double end;                       /* of that step, since the phase began [s] */
    double scale;                     /* half the highest voltage of a source [V] */
    struct step_energy energy;
    double *held; /* n_elements: energies of steps that are not recorded yet [J] */
    double held_error[ENERGY_CLASSES]; /* [J] */
    bool holds;
    struct power_change power_change;
    double recorded; /* end of the last interval that was, since the phase began [s] */
    double t;        /* time since the phase began [s]: counted so, a short step keeps its digits
                      * late in a long run */
    double (
        *next)[2]; /* n_kinds of phases: the first steps of the last ramp and of the last hold */
    const struct phase *phase; /* that runs */
    double phase_begin;        /* [s] */
    bool probes_currents;      /* some of them */
};

/* The circuit at time t, from r->between.  Without `power`, n_elements, voltages, states and, where a probe
 * reads one, currents; residual: n, F there, or NULL. */
void ida_find_values(struct run *r, double t, double *residual, double *power);

/* The same at t0 + part h of the step that ends at r->end. */
void ida_evaluate_between(struct run *r, double t0, double part, double *residual, double *power);

/* The circuit's last evaluation is that of the end of the step: r->end_values, r->end_resting. */
void ida_keep_end(struct run *r);

/* Energies of the step from t0 to r->end that a one-step method has tried; values and powers at
 * r->end are computed. `kink`: the drive has a kink at t0. Returns the energies' error in units
 * of the allowed one. */
double ida_find_energies(struct run *r, double t0, bool kink);

#endif
