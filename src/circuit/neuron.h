/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The neuron in its three forms: the transistors of a netlist file, a subcircuit that only SPICE
 * understands, or the behavioural one (ideal amplifiers and a measured transfer curve).
 *
 *     v_tia = v_mid - rf I(column)     v_ref - v_tia = 45 mV s     out = v_mid + 60 mV (h - 1/2)
 *
 * An amplifier's offset is a source in series with its column. */
#ifndef SILVERBAR_CIRCUIT_NEURON_H
#define SILVERBAR_CIRCUIT_NEURON_H

#include "circuit/circuit.h"
#include "circuit/mismatch.h"
#include "circuit/subcircuit.h"

#define NEURON_SUPPLY 3.3        /* [V], the default of classifier_options.supply */
#define NEURON_GROUND 1.65       /* signal ground at that supply: half of it [V] */
#define NEURON_INPUT_SWING 0.045 /* v_ref - v_tia for s = 1 [V] */
#define NEURON_OUTPUT_SWING 0.06 /* of the output between h = 0 and h = 1 [V] */

/* What the behavioural neuron needs to know of the transistors it stands for, measured at DC.  The
 * supply's current [A] is that of vdd alone; an amplifier's depends on its output, v_tia - v_mid
 * [V], and the sigmoid's on s. */
struct neuron_curve {
    double gain;                     /* of its amplifiers: (v_tia - v_mid) over (v_mid - v_col) */
    double reference_gain;           /* of the reference amplifier where it differs, else 0 */
    double offset, reference_offset; /* v_col - v_mid where no current flows [V] */
    struct transfer_table transfer;  /* h (0..1) as a function of s */
    struct transfer_table reference; /* current of the reference amplifier */
    struct transfer_table amplifier; /* of the neuron at s = 0 */
    struct transfer_table sigmoid;   /* what s adds to it */
};

struct neuron_kind {
    const struct subcircuit_file *file; /* NULL: behavioural */
    bool opaque;                        /* the file is for SPICE only */
    const struct neuron_curve *curve;   /* behavioural */
    double supply;                      /* [V]; 0: NEURON_SUPPLY */
    double offset;                   /* of the amplifier at the column [V]: holds it above v_mid */
    double reference_offset;         /* of the reference amplifier that it is compared with [V] */
    const struct mismatch *mismatch; /* of its transistors; NULL: none */
    const struct mismatch *reference_mismatch; /* of the reference amplifier's */
};

static inline double neuron_ground(double supply)
{
    return 0.5 * supply;
}

/* Read a netlist file with .subckt neuron and refamp; *kind then refers to *file, and tells whether
 * only SPICE understands it.  On failure *file is NULL. */
enum status neuron_read(const char *path, struct subcircuit_file **file, struct neuron_kind *kind,
                        struct error *error);

void neuron_curve_free(struct neuron_curve *curve);

/* Current that a supply of that voltage [V] and its divider take without any neuron [A]. */
double neuron_supply_current(double supply);

/* Supply, signal ground (node names vdd, vmid) of a circuit; booked under CLASS_NEURON. */
void neuron_supply(struct circuit *circuit, double supply);

struct neuron_terminals {
    const char *name;
    int column, reference, output; /* nodes; a reference amplifier has no reference */
    double rf;                     /* feedback [ohm] */
};

/* Neuron "xn<name>" and reference amplifier "xa<name>". */
enum status neuron_add(struct circuit *circuit, const struct neuron_kind *kind,
                       const struct neuron_terminals *at, struct error *error);
enum status neuron_add_reference(struct circuit *circuit, const struct neuron_kind *kind,
                                 const struct neuron_terminals *at, struct error *error);

#endif
