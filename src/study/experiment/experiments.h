/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entries of the table of experiments: one file each. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_EXPERIMENTS_H
#define SILVERBAR_STUDY_EXPERIMENT_EXPERIMENTS_H

#include "study/experiment/experiment.h"

extern const struct experiment experiment_training;  /* the classifier learns on chip */
extern const struct experiment experiment_crossbar;  /* an array is programmed and read back */
extern const struct experiment experiment_device;    /* one device, set and reset in turn */
extern const struct experiment experiment_inference; /* a trained network on tiles */
extern const struct experiment experiment_csdp;      /* a spiking circuit learns by contrast */

/* of the volatile stochastic device */
extern const struct experiment experiment_hysteresis;
extern const struct experiment experiment_staircase;
extern const struct experiment experiment_pulse_frequency;
extern const struct experiment experiment_relaxation;
extern const struct experiment experiment_event_accuracy; /* exact jumps against fixed steps */

#endif
