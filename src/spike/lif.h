/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clocked leaky integrate-and-fire neuron with trace: a transimpedance stage holds the column at signal
 * ground, a transconductor charges the membrane from its output, a comparator tells when the membrane is above
 * threshold, and `fire` resets the membrane and charges the trace.
 *
 *     v_tia = vmid - rf I      C_m dv/dt = gm (vmid - v_tia) - (v - vmid)/R_l      C_t dz/dt = -z/R_t
 *
 * Behavioural, or the transistors of a netlist, .subckt lif, whose terminals are known by their names:
 *     col mem tr cmp fire     needed: column, membrane, trace, comparator's output, reset
 *     int on                  the transconductor's switch, the supply: driven where they are
 *     vth vz vmid vdd vss     threshold, what the trace is charged to, signal ground, supply
 * Its parameter rf is the feedback resistance. */
#ifndef SILVERBAR_SPIKE_LIF_H
#define SILVERBAR_SPIKE_LIF_H

#include "circuit/circuit.h"
#include "circuit/subcircuit.h"

#define LIF_SUPPLY 3.3
#define LIF_GROUND (0.5 * LIF_SUPPLY) /* signal ground [V] */
#define LIF_THRESHOLD 0.3             /* above signal ground [V] */
#define LIF_TRACE 1.0                 /* a trace just charged, above 0 V [V] */

/* The behavioural neuron, as the one of netlists/lif.sub is measured (results/lif.md). */
#define LIF_GAIN 2070.0                                          /* of the transimpedance stage */
#define LIF_TRANSCONDUCTANCE 44.14e-6                            /* [S] */
#define LIF_SUPPLY_CURRENT 107e-6                                /* while it is on [A] */
#define LIF_MEMBRANE_FARAD 56e-12                                /* [F] */
#define LIF_MEMBRANE_OHM 26.8e6                                  /* leak [ohm] */
#define LIF_TRACE_FARAD 56e-12                                   /* [F] */
#define LIF_TRACE_OHM 7.73e6                                     /* [ohm] */
#define LIF_SWITCH_OHM 1e3                                       /* of reset and trace [ohm] */
#define LIF_MEMBRANE_TAU (LIF_MEMBRANE_OHM * LIF_MEMBRANE_FARAD) /* [s] */
#define LIF_TRACE_TAU (LIF_TRACE_OHM * LIF_TRACE_FARAD)          /* [s] */
/* Output of the transimpedance stage for a synapse of full weight at the read voltage [V]: one spike of
 * 10 us then raises the membrane to 2.1 times the threshold. */
#define LIF_FULL_SWING 0.081

/* Nodes that all neurons of a circuit share; `high` [V]: their switches' logic. */
struct lif_supply {
    int vdd, ground, threshold, trace; /* nodes */
    int integrate, on;                 /* nodes of logic ports */
};

struct lif_terminals {
    size_t number;                              /* from 1, for names */
    int column, membrane, trace, compare, fire; /* nodes */
    double feedback;                            /* [ohm] */
};

/* Has the file a .subckt lif with the terminals that are needed, and no others?  NULL: yes. */
enum status lif_check(const struct subcircuit_file *file, struct error *error);

/* Voltage of the logic that drives its switches [V]. */
double lif_logic(const struct subcircuit_file *file);

/* Add a neuron; file NULL: behavioural. */
enum status lif_add(struct circuit *circuit, const struct subcircuit_file *file,
                    const struct lif_supply *supply, const struct lif_terminals *at,
                    struct error *error);

#endif
