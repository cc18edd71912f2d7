/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and columns of the experiment `training` that come from learn/: the rule, Gaussian noise, the
 * controller's instrument, the stages after the training. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_LEARNING_H
#define SILVERBAR_STUDY_EXPERIMENT_LEARNING_H

#include "base/table.h"
#include "learn/training.h"
#include "study/keys.h"

/* Names of rule_table, in its order, ended by NULL: of the key rule.name. */
extern const char *const learning_rules[];

/* AT(field): offset of a field of struct training_options; RULE: of the int that is the rule. */
/* clang-format off */
#define INSTRUMENT_KEYS(AT) \
    NUMBER_KEY("instrument.read_noise", AT(instrument.read_noise), "1", 0, 1, \
        "relative, of each of the controller's readings"), \
    COUNT_KEY("instrument.adc_bits", AT(instrument.adc_bits), 0, INSTRUMENT_BITS_MAX, \
        "of a reading, up to twice the largest conductance of the weights; 0: exact"), \
    COUNT_KEY("instrument.dac_bits", AT(instrument.dac_bits), 0, INSTRUMENT_BITS_MAX, \
        "of a pulse's amplitude, up to programming.volt_limit; 0: exact")
#define LEARNING_KEYS(AT, RULE) \
    CHOICE_KEY("rule.name", RULE, learning_rules, \
        "target programs weights found offline, the others learn in place"), \
    COUNT_KEY("rule.target_starts", AT(target_starts), 1, 1000, \
        "target: initial weights of the search, the best of which is kept"), \
    COUNT_KEY("rule.target_steps", AT(target_steps), 1, 1e6, \
        "target: steps of gradient descent from each"), \
    FLAG_KEY("rule.shuffle", AT(shuffle), \
        "target: the weights that were found go to other devices of their layer, drawn at " \
        "random: a control, which classifies no better than by chance"), \
    COUNT_KEY("rule.epochs", AT(learning.epochs), 0, 1e5, "in place: limit of epochs"), \
    COUNT_KEY("rule.images", AT(learning.images), 0, 1e5, \
        "in place: images drawn for each epoch; 0: all, with their probabilities " \
        "(manhattan-image: 40)"), \
    NUMBER_KEY("rule.stop_accuracy", AT(learning.stop_accuracy), "1", -1, 1, \
        "in place: stop when the training images' accuracy is within this of the best " \
        "possible; negative: never"), \
    NUMBER_KEY("rule.stop_loss", AT(learning.stop_loss), "1", -1, 1, \
        "in place: stop at this mean square of the output's error; negative: never"), \
    NUMBER_KEY("rule.start_range", AT(learning.start_range), "1", 0, 1, \
        "in place: weights start uniformly from -range to range"), \
    NUMBER_KEY("rule.start_tolerance", AT(learning.start_tolerance), "1", 1e-4, 0.9, \
        "in place: relative error at which a starting conductance is settled"), \
    NUMBER_KEY("rule.rate", AT(learning.rate), "1", 1e-6, 1e6, \
        "delta: change of a weight over its gradient"), \
    NUMBER_KEY("rule.clip", AT(learning.clip), "1", 1e-4, 2, \
        "delta: largest change of a weight in an epoch, by a full pulse"), \
    NUMBER_KEY("rule.step", AT(learning.step), "1", 1e-4, 2, \
        "manhattan: change of a weight by a pulse"), \
    NUMBER_KEY("rule.momentum", AT(learning.momentum), "1", 0, 0.999, \
        "in place: part of the last epoch's gradient that is kept"), \
    NUMBER_KEY("rule.least", AT(learning.least), "1", 0, 1, \
        "manhattan: share of the largest gradient, delta: share of a full pulse, below which " \
        "there is none"), \
    NUMBER_KEY("rule.margin", AT(learning.margin), "1", 0, 1, \
        "manhattan-image: error of the output up to which an image teaches nothing"), \
    NUMBER_KEY("rule.least_slope", AT(learning.least_slope), "1", 0, 1, \
        "in place: least slope of a neuron in the gradient, of its steepest"), \
    NUMBER_KEY("rule.set_volt", AT(learning.amplitude[PROGRAM_SET]), "V", 1e-3, 5, \
        "in place: amplitude of SET; tracking: at first"), \
    NUMBER_KEY("rule.reset_volt", AT(learning.amplitude[PROGRAM_RESET]), "V", 1e-3, 5, \
        "in place: amplitude of RESET; tracking: at first"), \
    NUMBER_KEY("rule.set_width", AT(learning.width[PROGRAM_SET]), "s", 4e-6, 1, \
        "in place: width of a full SET pulse; tracking: at most"), \
    NUMBER_KEY("rule.reset_width", AT(learning.width[PROGRAM_RESET]), "s", 4e-6, 1, \
        "in place: width of a full RESET pulse; tracking: at most"), \
    FLAG_KEY("rule.track", AT(learning.track), \
        "in place: each device's full pulse follows its readings; false: the same fixed pulses"), \
    NUMBER_KEY("rule.width_least", AT(learning.width_least), "s", 2e-6, 1, \
        "tracking: least width of a full pulse"), \
    NUMBER_KEY("rule.track_volt", AT(learning.track_volt), "V", 0, 0.1, \
        "tracking: amplitude for a factor e, where the width is at its end"), \
    NUMBER_KEY("noise.train_sigma", AT(train_sigma), "1", 0, 1, \
        "Gaussian noise of the pixels in training, of the swing"), \
    NUMBER_KEY("noise.test_sigma", AT(sigma), "1", 0, 1, "likewise in the accuracy"), \
    COUNT_KEY("noise.train_draws", AT(train_draws), 0, 1e6, \
        "images drawn for the training; 0: 1000 under Gaussian noise, else all exactly"), \
    COUNT_KEY("noise.test_draws", AT(draws), 0, 1e6, "likewise for the accuracy"), \
    INSTRUMENT_KEYS(AT), \
    NUMBER_KEY("stages.conductance_error", AT(stages.conductance_error), "1", 0, 2, \
        "standard deviation of a relative error of each conductance after the training; 0: " \
        "none"), \
    FLAG_KEY("stages.retrain", AT(stages.retrain), "train once more from there"), \
    NUMBER_KEY("stages.retrain_noise", AT(stages.retrain_flips), "1", -1, 0.5, \
        "under this probability of a flip; negative: that of the training"), \
    NUMBER_KEY("stages.retrain_sigma", AT(stages.retrain_sigma), "1", -1, 1, \
        "under this Gaussian noise; negative: that of the training"), \
    FLAG_KEY("stages.only_last_infers", AT(stages.only_last_infers), \
        "no accuracies but those of the last stage: faster")
/* clang-format on */

/* What a sample gives: drawn images classified right; accuracy at several probabilities of a flip,
 * from the same decisions; epochs; what came after the training (accuracy: that of the test noise).
 * Cells of stages that were not asked for stay empty.  C(ID, name), for the enum and NUMBER_COLUMN
 * (sample.h). */
/* clang-format off */
#define LEARNING_COLUMNS(C) \
    C(RIGHT, "images_right"), \
    C(DRAWN, "images_drawn"), \
    C(P05, "accuracy_p05"), \
    C(P10, "accuracy_p10"), \
    C(P15, "accuracy_p15"), \
    C(P20, "accuracy_p20"), \
    C(P25, "accuracy_p25"), \
    C(P30, "accuracy_p30"), \
    C(EPOCHS, "epochs"), \
    C(AFTER_ERROR, "accuracy_after_error"), \
    C(RIGHT_AFTER_ERROR, "images_right_after_error"), \
    C(LIMITED, "states_limited"), \
    C(RETRAINED, "accuracy_retrained"), \
    C(RIGHT_RETRAINED, "images_right_retrained"), \
    C(RETRAINING_TIME, "retraining_time_s"), \
    C(RETRAINING_ENERGY, "retraining_energy_J"), \
    C(RETRAINING_PULSES, "retraining_pulses"), \
    C(RETRAINING_SETTLED, "retraining_settled"), \
    C(RETRAINING_EPOCHS, "retraining_epochs")
/* clang-format on */
#define LEARNING_COLUMN_ID(id, name) LEARNING_##id
enum { LEARNING_COLUMNS(LEARNING_COLUMN_ID), LEARNING_N_COLUMNS };
#undef LEARNING_COLUMN_ID
void learning_cells(const struct training *training, struct cell *cells);

/* Learning curve of a rule in place, of a single run. */
struct table *learning_epochs(const struct training *training);

#endif
