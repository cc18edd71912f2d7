/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs from device to device, from pulse to pulse, and from transistor to transistor.
 *
 *     ron, roff, tau    = nominal exp(sigma z)      lognormal, the nominal value is the median
 *     von, voff         = nominal + sigma z         [V]
 *
 * with z = L n, n standard normal and L L' the correlation matrix (Cholesky).  The nominal device is
 * the dopant, or one drawn from a set of measured ones.  A draw outside of its model's bounds, or with
 * ron >= roff, is drawn anew and counted, never limited.
 *
 * Everything is drawn from streams of (seed, replica, purpose + number of the device), and as many
 * numbers whatever the sigmas are: points of a sweep share their draws. */
#ifndef SILVERBAR_STUDY_VARIATION_H
#define SILVERBAR_STUDY_VARIATION_H

#include "base/random.h"
#include "base/table.h"
#include "device/library/library.h"
#include "engine/engine.h"
#include "learn/training.h"
#include "study/keys.h"

#include <gsl/gsl_rng.h>

/* Parameters that vary, by their names in models. */
enum { VARY_RON, VARY_ROFF, VARY_TAU, VARY_VON, VARY_VOFF, VARIED };
#define VARIED_PAIRS (VARIED * (VARIED - 1) / 2)

enum variation_law { CYCLE_NORMAL, CYCLE_STABLE };

struct variation_options {
    double sigma[VARIED];             /* of the logarithm, or [V] */
    double correlation[VARIED_PAIRS]; /* (0,1) (0,2) ... (3,4) */
    char
        *set; /* names of libraries or files, comma between; one of them is each device's nominal */
    double stuck_on, stuck_off; /* probabilities */
    /* Thresholds from pulse to pulse, about the device's own: sigma, or of voff under the law
     * `stable` the scale of an alpha-stable distribution of the signed threshold, -voff. */
    double cycle_von, cycle_voff; /* [V] */
    int cycle_law;                /* enum variation_law */
    double cycle_alpha, cycle_beta;
    double cycle_cut;    /* deviations beyond it are drawn anew [V] */
    double a_vt, a_beta; /* mismatch of the neurons' transistors: mismatch.h [V m], [m] */
    double offset;       /* sigma of the amplifiers' input offset [V] */
};

extern const struct variation_options variation_defaults;
extern const char *const variation_laws[];

/* One line a key; AT(field): offset of a field of the variation_options in the options. */
/* clang-format off */
#define VARIATION_PAIR_KEY(AT, a, b, number) \
    NUMBER_KEY("variation.corr_" a "_" b, AT(correlation[number]), "1", -0.999, 0.999, \
        "correlation of " a " and " b " among devices")
#define VARIATION_KEYS(AT) \
    TEXT_KEY("variation.set", AT(set), \
        "measured devices, as in W1,W2,W3, one drawn for each device; '': the dopant"), \
    NUMBER_KEY("variation.ron", AT(sigma[VARY_RON]), "1", 0, 3, \
        "sigma of ln ron from device to device"), \
    NUMBER_KEY("variation.roff", AT(sigma[VARY_ROFF]), "1", 0, 3, "of ln roff"), \
    NUMBER_KEY("variation.tau", AT(sigma[VARY_TAU]), "1", 0, 5, "of ln tau"), \
    NUMBER_KEY("variation.von", AT(sigma[VARY_VON]), "V", 0, 1, \
        "sigma of the setting threshold from device to device"), \
    NUMBER_KEY("variation.voff", AT(sigma[VARY_VOFF]), "V", 0, 1, "of the resetting threshold"), \
    VARIATION_PAIR_KEY(AT, "ron", "roff", 0), \
    VARIATION_PAIR_KEY(AT, "ron", "tau", 1), \
    VARIATION_PAIR_KEY(AT, "ron", "von", 2), \
    VARIATION_PAIR_KEY(AT, "ron", "voff", 3), \
    VARIATION_PAIR_KEY(AT, "roff", "tau", 4), \
    VARIATION_PAIR_KEY(AT, "roff", "von", 5), \
    VARIATION_PAIR_KEY(AT, "roff", "voff", 6), \
    VARIATION_PAIR_KEY(AT, "tau", "von", 7), \
    VARIATION_PAIR_KEY(AT, "tau", "voff", 8), \
    VARIATION_PAIR_KEY(AT, "von", "voff", 9), \
    NUMBER_KEY("variation.stuck_on", AT(stuck_on), "1", 0, 1, \
        "probability that a device is a resistor of its ON resistance"), \
    NUMBER_KEY("variation.stuck_off", AT(stuck_off), "1", 0, 1, \
        "probability of its OFF resistance"), \
    NUMBER_KEY("variation.cycle_von", AT(cycle_von), "V", 0, 1, \
        "sigma of the setting threshold from pulse to pulse; not in ngspice"), \
    NUMBER_KEY("variation.cycle_voff", AT(cycle_voff), "V", 0, 1, \
        "of the resetting threshold: sigma, or scale under the law stable; not in ngspice"), \
    CHOICE_KEY("variation.cycle_law", AT(cycle_law), variation_laws, \
        "of the resetting threshold from pulse to pulse"), \
    NUMBER_KEY("variation.cycle_alpha", AT(cycle_alpha), "1", 0.5, 2, \
        "exponent of the law stable"), \
    NUMBER_KEY("variation.cycle_beta", AT(cycle_beta), "1", -1, 1, \
        "skewness of the law stable, of the signed threshold"), \
    NUMBER_KEY("variation.cycle_cut", AT(cycle_cut), "V", 1e-3, 10, \
        "deviations from pulse to pulse beyond it are drawn anew")
#define VARIATION_NEURON_KEYS(AT) \
    NUMBER_KEY("variation.a_vt", AT(a_vt), "V m", 0, 1e-6, \
        "mismatch of the neurons' transistors: Pelgrom's A_VT, 1e-8 is 10 mV um"), \
    NUMBER_KEY("variation.a_beta", AT(a_beta), "m", 0, 1e-6, "Pelgrom's A_beta, 1e-8 is 1 % um"), \
    NUMBER_KEY("variation.offset", AT(offset), "V", 0, 0.1, \
        "sigma of the input offset of every amplifier")
/* clang-format on */

/* Where devices vary. */
struct variation_circuit {
    const struct dopant *dopant; /* the nominal one */
    const char *devices;         /* folder of .lib files */
    double kelvin;
    const struct engine *engine; /* NULL: any */
};

/* What all samples share: files read, matrix factored, keys checked against the models. */
struct variation_source;
enum status variation_open(const struct variation_options *options,
                           const struct variation_circuit *circuit,
                           struct variation_source **source, struct error *error);
void variation_close(struct variation_source *source);

struct variation_device {
    struct dopant *dopant;                   /* of its own; NULL: the nominal one */
    gsl_rng *cycle;                          /* NULL: none */
    double parameters[MODEL_PARAMETERS_MAX]; /* between pulses */
};

/* One sample's draws.  The source must outlive it. */
struct variation {
    const struct variation_source *source;
    size_t n, n_amplifiers;
    struct variation_device *devices; /* n */
    const struct dopant **dopants;    /* n, or NULL: all nominal */
    double *stuck_ohm;                /* n: > 0: stuck; or NULL */
    double *offsets;                  /* n_amplifiers, or NULL */
    struct mismatch *mismatch;        /* n_amplifiers, or NULL */
    size_t n_stuck_on, n_stuck_off;
    size_t redrawn, cycle_pulses,
        cycle_redrawn; /* draws thrown away; pulses with thresholds drawn */
};

enum status variation_draw(const struct variation_source *source, size_t n, size_t n_amplifiers,
                           struct random_sample sample, struct variation *variation,
                           struct error *error);
void variation_free(struct variation *variation);

/* Into the options of a training run, which borrow it. */
void variation_apply(struct variation *variation, struct training_options *options);

/* Can a drive be played again?  Not where devices change from pulse to pulse: *error names the key. */
enum status variation_replays(const struct variation_options *options, struct error *error);

/* New thresholds for a pulse on the device; training_options.before_pulse. */
bool variation_cycle(void *variation, size_t device);

/* Drawn parameters over the devices that are not stuck: geometric mean of ron, roff, tau [ohm, s],
 * mean of von, voff [V]; NAN where the model has none. */
void variation_means(const struct variation *variation, double means[VARIED]);

/* Columns of a sample's outputs: C(ID, name), for the enum and NUMBER_COLUMN (sample.h). */
/* clang-format off */
#define VARIATION_COLUMNS(C) \
    C(STUCK_ON, "stuck_on"), \
    C(STUCK_OFF, "stuck_off"), \
    C(REDRAWN, "variation_redrawn"), \
    C(CYCLE_REDRAWN, "cycle_redrawn"), \
    C(RON_MEAN, "ron_mean_ohm"), \
    C(ROFF_MEAN, "roff_mean_ohm"), \
    C(TAU_MEAN, "tau_mean_s"), \
    C(VON_MEAN, "von_mean_V"), \
    C(VOFF_MEAN, "voff_mean_V")
/* clang-format on */
#define VARIATION_COLUMN_ID(id, name) VARIATION_##id
enum { VARIATION_COLUMNS(VARIATION_COLUMN_ID), VARIATION_N_COLUMNS };
#undef VARIATION_COLUMN_ID
void variation_cells(const struct variation *variation, struct cell *cells);

/* A row a device: its nominal device, its parameters between pulses, and what it is stuck at. */
struct table *variation_table(const struct variation *variation);

#endif
