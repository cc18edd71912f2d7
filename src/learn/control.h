/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The controller of one run of the circuit, in parts from which rules are built.  For learn/ only. */
#ifndef SILVERBAR_LEARN_CONTROL_H
#define SILVERBAR_LEARN_CONTROL_H

#include "learn/gradient.h"
#include "learn/latency.h"
#include "learn/training.h"

struct in_place; /* in_place.c */

/* Steps of a run of the circuit, in this order. */
struct run_plan {
    bool train, infer, read_after;
    bool again; /* an earlier training has set the weights */
};

enum run_step {
    RUN_START,
    RUN_TRAIN,
    RUN_CONNECT,
    RUN_INFER,
    RUN_AFTER,
};

enum device_step { DEVICE_ERASE, DEVICE_READ, DEVICE_PULSE };

struct run {
    struct training *t;
    struct run_plan plan;
    enum run_step step;
    enum device_step device_step;
    const struct program_options *program; /* of the programming that runs */
    size_t device, image;
    struct programmer programmer;
    struct latency latency;
    struct in_place *in_place;
    gsl_rng *noise;       /* of the instrument */
    double device_energy; /* of the addressed memristor in the phase that runs [J] */
    double last_energy;   /* of the phase that has ended */
    double training_begin, training_end;
};

/* Run the circuit from the states of its elements, ledger and results into `t`. */
enum status run_circuit(struct training *t, const struct run_plan *plan,
                        const struct recorder *recorders, size_t n_recorders, struct error *error);

/* Phases; control_start(): the first one, in which amplifiers settle. */
void control_start(const struct run *r, struct phase *p);
void control_connect(const struct run *r, struct phase *p, enum phase_section section);
void control_show(const struct run *r, struct phase *p, const double pixels[IMAGE_PIXELS],
                  enum phase_section section);
void control_read(const struct run *r, struct phase *p, size_t device, enum phase_section section);
/* direction PROGRAM_SET or PROGRAM_RESET; the amplitude is what the instrument can give. */
void control_pulse(struct run *r, struct phase *p, size_t device, enum program_direction direction,
                   double amplitude, double width);

/* Readings of the instrument after those phases: branch conductance [S], output of a neuron 0..1. */
double control_conductance(const struct run *r, const struct reading *reading, size_t device);
double control_output(const struct run *r, const struct reading *reading, size_t layer,
                      size_t column);

/* Book the pulse that has ended; `after` it. */
void control_pulse_ended(struct run *r, const struct reading *reading);

/* Program all devices to their targets by r->program. */
void control_program_begin(struct run *r, const struct reading *reading, struct phase *p);
bool control_program_next(struct run *r, const struct reading *reading, struct phase *p);

void control_progress(const struct run *r, double time);

/* The machine behind rules that learn in place. */
void in_place_begin(struct run *r, const struct reading *reading, struct phase *p);
bool in_place_next(struct run *r, const struct reading *reading, struct phase *p);
void in_place_free(struct in_place *in_place);
/* Random weights as the devices' targets. */
void in_place_targets(struct training *t);

/* Parts of a training under the noise of its options: drawing the images, finding every device's target. */
void training_make_train_set(struct training *t);
void training_find_targets(struct training *t);
/* Accuracies from decisions. */
void training_rate(struct training *t);

/* Record a stage that has run. */
void stage_fill(const struct training *t, const struct run_plan *plan,
                struct training_stage *stage);
/* Run the stages after the training; recorders see none of them. */
enum status stages_run(struct training *t, struct error *error);

#endif
