/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures of a training run as summary.json holds them, SI units in the names. */
#ifndef SILVERBAR_REPORT_SUMMARY_H
#define SILVERBAR_REPORT_SUMMARY_H

#include "learn/training.h"

#define SUMMARY_TEXT_MAX 128

struct summary {
    char version[SUMMARY_TEXT_MAX], engine[SUMMARY_TEXT_MAX], dopant[SUMMARY_TEXT_MAX];
    char neuron[SUMMARY_TEXT_MAX], images[SUMMARY_TEXT_MAX];
    char policy[SUMMARY_TEXT_MAX], gap[SUMMARY_TEXT_MAX];
    double seed, tolerance, reset_s, train_noise_probability, noise_probability;
    double training_time_s, energy_J, energy_infer_J, energy_infer_per_image_J;
    double delivered_supply_J, delivered_drivers_J, neuron_power_W;
    double by_class[ENERGY_CLASSES], by_phase[PHASE_KINDS], error[ENERGY_CLASSES];
    double infer_by_class[ENERGY_CLASSES];
    double residual_array, residual_supply;
    double devices_total, devices_within_tolerance, pulses_total;
    double accuracy_clean, accuracy_noisy, accuracy_limit;
    double infer_latency_s, infer_settling_s;
    double reltol, abstol_A, points_total, simulated_time_s;
    double transient_wall_s, callback_wall_fraction, wall_time_s;
};

/* What a field is, for writing, reading and printing. */
enum summary_kind { SUMMARY_TEXT, SUMMARY_NUMBER, SUMMARY_COUNT, SUMMARY_CLASSES, SUMMARY_PHASES };

struct summary_field {
    const char *name;
    enum summary_kind kind;
    size_t offset; /* in struct summary */
};

extern const struct summary_field summary_fields[];
extern const size_t summary_n_fields;

void summary_fill(struct summary *summary, const struct training *training);

/* Value of a numeric field, or of entry `index` of a group; text of a text field. */
double summary_number(const struct summary *summary, const struct summary_field *field,
                      size_t index);
const char *summary_text(const struct summary *summary, const struct summary_field *field);

/* Entries of a group and their names; 1 and NULL for a plain field. */
size_t summary_entries(const struct summary_field *field);
const char *summary_entry(const struct summary_field *field, size_t index);

#endif
