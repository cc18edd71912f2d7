/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Circuits with a drive that every engine plays, so that engines can be compared. */
#ifndef SILVERBAR_STUDY_CASES_H
#define SILVERBAR_STUDY_CASES_H

#include "engine/drive_log.h"
#include "learn/training.h"

/* What is read from files. */
struct case_inputs {
    const struct dopant *dopant;
    const struct subcircuit_file *switches;
    struct neuron_kind neuron;
    const struct image_pair *images;
};

struct engine_case {
    char *name;
    struct circuit *circuit;
    struct circuit *behavioural; /* with behavioural neurons, same ports and states; may be circuit */
    struct drive_log log;
    double read_volt;           /* at which conductances are compared [V] */
    double fine_step;           /* a step that ngspice's reference may have, at most [s] */
    int output;                 /* probe of a classifier's output, or -1 */
    size_t n_devices, n_pulses; /* pulses: phases but readings */
    struct training trainings[2];
    int n_trainings;
};

/* One memristor behind 500 ohm: `pulses` alternating groups of set and reset pulses of 1 ms, and
 * readings. */
enum status case_device(const struct case_inputs *inputs, size_t pulses, struct engine_case *c,
                        struct error *error);

/* m x n devices with 2 and 1 ohm a segment: `pulses` set and reset pulses of 1 ms, each on one device
 * with all other lines at half its voltage, with a reading of its row after each where `read`. */
enum status case_array(const struct case_inputs *inputs, size_t rows, size_t columns, size_t pulses,
                       bool read, struct engine_case *c, struct error *error);

/* Training and 512 inferences of the 9-3-1 classifier, the drive of a closed loop in the event
 * engine; `cmos`: of the transistor circuit too, else with behavioural neurons everywhere. */
enum status case_classifier(const struct case_inputs *inputs, bool cmos, struct engine_case *c,
                            struct error *error);
void case_free(struct engine_case *c);

/* The circuit that this engine runs. */
const struct circuit *case_circuit(const struct engine_case *c, const struct engine *engine);

/* What one engine made of a case. */
struct case_run {
    double *conductance;                        /* n_states [S], at read_volt, at the end */
    double energy[PHASE_SECTIONS][ENERGY_CLASSES]; /* [J] */
    double total[PHASE_SECTIONS];                  /* delivered [J] */
    double *readings;                           /* n_phases x n_probes */
    size_t n_points, capacity;
    double *points; /* n_points x (1 + n_probes): time, probes; where waveforms are asked for */
    size_t n_probes, n_phases, n_states;
    double wall; /* [s] of the whole run, set-up included */
    size_t steps;
};

/* `waveforms`: keep points of the phases that are inferences, or of all if there is none. */
enum status case_play(struct engine_case *c, const struct engine *engine,
                      const struct engine_options *options, bool waveforms, struct case_run *run,
                      struct error *error);
void case_run_free(struct case_run *run);

/* Differences against a reference run of the same case. */
struct case_difference {
    double conductance;            /* largest relative one of a device */
    double training, inference;    /* largest relative one of a class's energy; classes below 1e-6 of
                                    * their section's energy are taken relative to that */
    enum energy_class training_class, inference_class;
    double total;                  /* relative, of the energy delivered in training */
    double memristors;             /* relative, of the memristors' energy in training */
    double waveform;               /* largest root mean square over time of a probe, in its swing */
    double reading;                /* the same of the readings at the end of phases */
    double decisions;              /* images whose class differs */
};
void case_compare(const struct engine_case *c, const struct case_run *run,
                  const struct case_run *reference, struct case_difference *difference);

#endif
