/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run of a case gave, and how far two runs of the same drive lie apart. */
#ifndef SILVERBAR_COMPARE_CASE_RESULT_H
#define SILVERBAR_COMPARE_CASE_RESULT_H

#include "compare/cases.h"

/* The probes at every accepted point. */
struct waveform {
    size_t n, capacity, n_probes, n_phases;
    double *points; /* n x (1 + n_probes): time [s], probes */
    size_t *begins; /* n_phases: the last point before each phase */
};

/* The default options with all tolerances moved together: abstol = 1e-6 reltol [A], vntol = 1e-2
 * reltol [V], as in engine_defaults. */
struct engine_options case_tolerances(double reltol);

struct case_result {
    enum case_form form;
    size_t n_states, n_phases, n_probes, n_images;
    double *states;   /* n_states, at the end */
    double *readings; /* n_phases x n_probes: mean over the end of each phase */
    bool *currents;   /* n_probes: it reads a current, not a voltage */
    /* What is dissipated [J]: energies of elements that are neither sources nor capacitors, which
     * give back what they store.  NAN: no such element. */
    double energy[PHASE_SECTIONS][ENERGY_CLASSES];
    double error[PHASE_SECTIONS][ENERGY_CLASSES]; /* estimated, of what the engine booked [J] */
    /* The part of energy[] that goes into GMIN [J], the conductance that SPICE lays across every bulk diode to
     * help it converge; found for references and on request.  GMIN is no part of the circuit, so that an
     * account without it is right as well, and a class that has nothing else is not compared. */
    double gmin[PHASE_SECTIONS][ENERGY_CLASSES];
    double vntol, abstol; /* of the run: voltages and currents are not known better [V], [A] */
    double output[IMAGE_COUNT];            /* n_images: of the circuit, above signal ground [V] */
    double accuracy;                       /* with noise; NAN without images */
    struct waveform waveform;              /* if it was to be kept */
    double waveform_difference;            /* to the reference's; NAN: not compared */
    size_t waveform_probe, waveform_phase; /* where */
    double wall;                           /* of the whole run, with its set-up [s] */
    struct engine_report report;
};

struct case_run_options {
    const struct engine *engine;
    const struct engine_options *solver;
    bool keep;  /* this is a reference: keep the waveform, book energies by fine_energy.h */
    bool leaks; /* find what GMIN takes, though this is none */
    const struct case_result
        *reference; /* one that was kept, with whose waveform to compare; or NULL */
};

/* Run the case.  *o is to be freed in any case. */
enum status case_run(const struct study_case *k, const struct case_run_options *options,
                     struct case_result *o, struct error *error);
void case_result_free(struct case_result *o);

/* A state counts relative to itself, but to no less than this: below it a device conducts by its
 * OFF resistance, not by its state (Ron/Roff is 1.4e-3 for chromium). */
#define CASE_STATE_FLOOR 1e-3

/* An image is a tie where the reference's output lies no farther than this from the threshold, in
 * units of the neuron's swing: as far as readings may differ. */
#define CASE_TIE 1e-3

struct difference {
    double state;     /* largest |x - x_ref| / max(x_ref, floor) */
    double reading;   /* largest |r - r_ref| less absolute tolerances, over the probe's swing in the
                         * reference */
    double waveform;  /* rms over the worst phase, over the swing; NAN: not compared */
    double energy;    /* largest |E - E_ref| / |E_ref| of a class in training or inference */
    double accuracy;  /* |a - a_ref|; NAN without images */
    size_t decisions; /* images that are decided otherwise, ties apart */
    int section, class; /* where the energy differs most; -1: none */
    size_t worst_state;
    size_t reading_probe, reading_phase, waveform_probe, waveform_phase; /* where */
};

/* The reference may be of the other form. */
struct difference case_compare(const struct case_result *o, const struct case_result *reference);

#endif
