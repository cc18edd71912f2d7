/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures of a training run as summary.json holds them, SI units in the names. */
#ifndef SILVERBAR_REPORT_SUMMARY_H
#define SILVERBAR_REPORT_SUMMARY_H

#include "base/table.h"
#include "learn/training.h"

#define SUMMARY_TEXT_MAX 128

struct summary {
    char version[SUMMARY_TEXT_MAX], engine[SUMMARY_TEXT_MAX], dopant[SUMMARY_TEXT_MAX];
    char neuron[SUMMARY_TEXT_MAX], images[SUMMARY_TEXT_MAX];
    char rule[SUMMARY_TEXT_MAX], policy[SUMMARY_TEXT_MAX], gap[SUMMARY_TEXT_MAX];
    struct table
        *settings; /* key, value: what the run had other than by default; NULL: not known */
    double seed, replica, tolerance, reset_s, train_noise_probability, noise_probability;
    double training_time_s, energy_J, energy_infer_J, energy_infer_per_image_J;
    double delivered_supply_J, delivered_drivers_J, neuron_power_W;
    double by_class[ENERGY_CLASSES], by_phase[PHASE_KINDS], error[ENERGY_CLASSES];
    double infer_by_class[ENERGY_CLASSES];
    double residual_array, residual_supply;
    double devices_total, pulses_total;
    double devices_within_tolerance; /* by their readings; NAN: learned in place */
    double
        devices_truly_within_tolerance; /* by their own states, without noise of a reading; NAN: learned in place */
    double devices_started; /* learned in place: at their starting weights, by readings; else NAN */
    double accuracy_clean, accuracy_noisy, accuracy_limit;
    double accuracy_after_error, accuracy_retrained; /* of the stages after the training, or NAN */
    double infer_latency_s, infer_settling_s;
    double reltol, abstol_A, points_total, simulated_time_s;
    double transient_wall_s, callback_wall_fraction, wall_time_s;
};

/* What a field is, for writing, reading and printing. */
enum summary_kind {
    SUMMARY_TEXT,
    SUMMARY_NUMBER,
    SUMMARY_COUNT,
    SUMMARY_CLASSES,
    SUMMARY_PHASES,
    SUMMARY_SETTINGS,
};

struct summary_field {
    const char *name;
    enum summary_kind kind;
    size_t offset; /* in struct summary */
    bool later;    /* results folders of older versions lack it: NAN, an empty text, NULL */
};

extern const struct summary_field summary_fields[];
extern const size_t summary_n_fields;

/* Takes the table of settings over; summary_free() frees it. */
void summary_fill(struct summary *summary, const struct training *training, struct table *settings);
void summary_free(struct summary *summary);

/* Value of a numeric field, or of entry `index` of a group; text of a text field. */
double summary_number(const struct summary *summary, const struct summary_field *field,
                      size_t index);
const char *summary_text(const struct summary *summary, const struct summary_field *field);

/* Entries of a group and their names; 1 and NULL for a plain field. */
size_t summary_entries(const struct summary_field *field);
const char *summary_entry(const struct summary_field *field, size_t index);

#endif
