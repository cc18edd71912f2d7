/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Named circuits with a fixed drive, on which engines are compared and timed.
 *
 * A case has one circuit, or two of the same ports, states, devices and probes: the transistors of
 * a netlist file, and behavioural neurons for engines that take no other.  Its drive is a list of
 * phases that plays in both. */
#ifndef SILVERBAR_COMPARE_CASES_H
#define SILVERBAR_COMPARE_CASES_H

#include "engine/drive_log.h"
#include "learn/training.h"

enum case_form { CASE_FULL, CASE_BEHAVIOURAL, CASE_FORMS };

/* What cases are made of. */
struct case_inputs {
    struct training_options training; /* classifier, images, programming: as for a training run */
    volatile const int *interrupted;  /* or NULL */
};

/* A training run that cases replay, with both kinds of neurons; one of the two was run, the other is
 * built.  Neither needs the other's: where options ask for behavioural neurons, `full` is empty. */
struct case_recording {
    struct training full, behavioural;
    struct drive_log drive;
    size_t n_devices, n_pulses;
    bool made;
};

struct case_tile;

struct study_case {
    const char *name;
    const struct case_tile *tile; /* the circuit as one linear element (case_tile.h); or NULL */
    double tolerance; /* of states, waveforms, readings, energies; 0: those of check.h */
    struct circuit *circuits[CASE_FORMS]; /* [CASE_BEHAVIOURAL]: NULL where one serves all */
    struct drive_log drive;
    size_t n_probes;
    const int *probes;               /* n_probes: of every circuit; what is compared as waveform */
    int output_probe;                /* decides on an image at the end of each inference; or -1 */
    double ground;                   /* with output_probe: of the signal [V] */
    const struct image_pair *images; /* with output_probe */
    double noise;                    /* flip probability of the accuracy */
    size_t n_devices, n_pulses;
    bool behavioural;             /* neurons of the first circuit */
    bool borrowed;                /* circuits and drive are a recording's */
    void *owner;                  /* borrowed from this one, or NULL */
    void (*release)(void *owner); /* with owner: frees it */
};

/* Of the case whose only circuit has behavioural neurons. */
#define CASE_NAME_BEHAVIOURAL "classifier-behavioural"

struct case_kind {
    const char *name, *title;
    bool quick;                   /* takes seconds in ngspice at tight tolerances */
    bool check;                   /* among those that `check` runs unless told otherwise */
    size_t rows, columns, pulses; /* of an array; 0: another circuit */
    bool
        still; /* a single read, which engines have right at any tolerance: none is timed unasked */
    enum status (*build)(const struct case_kind *kind, const struct case_inputs *inputs,
                         struct case_recording *recording, struct study_case *k,
                         struct error *error);
};

/* All named cases, ended by a NULL name; the one of that name, or NULL. */
extern const struct case_kind case_table[];
const struct case_kind *case_find(const char *name);

/* An unnamed array of that size with line resistance, for series. */
struct case_kind case_array(size_t rows, size_t columns, size_t pulses);

/* Build one.  On failure nothing is to be freed but the recording. */
enum status case_build(const struct case_kind *kind, const struct case_inputs *inputs,
                       struct case_recording *recording, struct study_case *k, struct error *error);

/* Run a training in its own engine and record its drive; on failure the recording is empty. */
enum status case_record_training(const struct training_options *options,
                                 struct case_recording *recording, struct error *error);

/* The case that plays it, which borrows all of it: behavioural neurons in all engines, or the
 * netlist's where an engine takes them.  The options are those of the recording. */
struct study_case case_of_recording(const char *name, const struct training_options *options,
                                    const struct case_recording *recording, bool behavioural);

/* The case that plays the drive in the circuit, both of which belong to `owner`; without probes. */
struct study_case case_of_run(struct circuit *circuit, const struct drive_log *drive, void *owner,
                              void (*release)(void *owner));

void case_free(struct study_case *k);
void case_recording_free(struct case_recording *recording);

/* The circuit that an engine runs. */
enum case_form case_form_for(const struct study_case *k, const struct engine *engine);

/* The same case with its behavioural circuit alone; borrows all of it. */
struct study_case case_behavioural(const struct study_case *k);

/* Has the circuit capacitors, so that an engine without them has no waveform while it settles? */
bool case_settles(const struct study_case *k);

#endif
