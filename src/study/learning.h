/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and columns of the experiment `training` that come from learn/: the rule, Gaussian noise, the
 * controller's instrument, the stages after the training. */
#ifndef SILVERBAR_STUDY_LEARNING_H
#define SILVERBAR_STUDY_LEARNING_H

#include "base/table.h"
#include "learn/training.h"
#include "study/keys.h"

/* Names of rule_table, in its order, ended by NULL: of the key rule.name. */
extern const char *const learning_rules[];

/* AT(field): offset of a field of struct training_options; RULE: of the int that is the rule. */
#define LEARNING_KEYS(AT, RULE)                                                                     \
    {"rule.name",                                                                                   \
     KEY_CHOICE,                                                                                    \
     RULE,                                                                                          \
     "",                                                                                            \
     0,                                                                                             \
     0,                                                                                             \
     learning_rules,                                                                                \
     "target: programmed to weights found offline; the others learn in place"},                     \
        {"rule.target_starts",                                                                      \
         KEY_COUNT,                                                                                 \
         AT(target_starts),                                                                         \
         "1",                                                                                       \
         1,                                                                                         \
         1000,                                                                                      \
         NULL,                                                                                      \
         "target: initial weights of the search, the best of which is kept"},                       \
        {"rule.target_steps",                                                                       \
         KEY_COUNT,                                                                                 \
         AT(target_steps),                                                                          \
         "1",                                                                                       \
         1,                                                                                         \
         1e6,                                                                                       \
         NULL,                                                                                      \
         "target: steps of gradient descent from each"},                                            \
        {"rule.epochs", KEY_COUNT, AT(learning.epochs),        "1", 0,                              \
         1e5,           NULL,      "in place: limit of epochs"},                                    \
        {"rule.images",                                                                             \
         KEY_COUNT,                                                                                 \
         AT(learning.images),                                                                       \
         "1",                                                                                       \
         0,                                                                                         \
         1e5,                                                                                       \
         NULL,                                                                                      \
         "in place: images drawn for each epoch; 0: all, with their probabilities "                 \
         "(manhattan-image: 40)"},                                                                  \
        {"rule.stop_accuracy",                                                                      \
         KEY_NUMBER,                                                                                \
         AT(learning.stop_accuracy),                                                                \
         "1",                                                                                       \
         -1,                                                                                        \
         1,                                                                                         \
         NULL,                                                                                      \
         "in place: stop when the training images' accuracy is within this of the best possible; "  \
         "negative: never"},                                                                        \
        {"rule.stop_loss",                                                                          \
         KEY_NUMBER,                                                                                \
         AT(learning.stop_loss),                                                                    \
         "1",                                                                                       \
         -1,                                                                                        \
         1,                                                                                         \
         NULL,                                                                                      \
         "in place: stop at this mean square of the output's error; negative: never"},              \
        {"rule.start_range",                                                                        \
         KEY_NUMBER,                                                                                \
         AT(learning.start_range),                                                                  \
         "1",                                                                                       \
         0,                                                                                         \
         1,                                                                                         \
         NULL,                                                                                      \
         "in place: weights start uniformly from -range to range"},                                 \
        {"rule.start_tolerance",                                                                    \
         KEY_NUMBER,                                                                                \
         AT(learning.start_tolerance),                                                              \
         "1",                                                                                       \
         1e-4,                                                                                      \
         0.9,                                                                                       \
         NULL,                                                                                      \
         "in place: relative error at which a starting conductance is settled"},                    \
        {"rule.rate",                                                                               \
         KEY_NUMBER,                                                                                \
         AT(learning.rate),                                                                         \
         "1",                                                                                       \
         1e-6,                                                                                      \
         1e6,                                                                                       \
         NULL,                                                                                      \
         "delta: change of a weight over its gradient"},                                            \
        {"rule.clip",                                                                               \
         KEY_NUMBER,                                                                                \
         AT(learning.clip),                                                                         \
         "1",                                                                                       \
         1e-4,                                                                                      \
         2,                                                                                         \
         NULL,                                                                                      \
         "delta: largest change of a weight in an epoch, by a full pulse"},                         \
        {"rule.step",                                                                               \
         KEY_NUMBER,                                                                                \
         AT(learning.step),                                                                         \
         "1",                                                                                       \
         1e-4,                                                                                      \
         2,                                                                                         \
         NULL,                                                                                      \
         "manhattan: change of a weight by a pulse"},                                               \
        {"rule.momentum",                                                                           \
         KEY_NUMBER,                                                                                \
         AT(learning.momentum),                                                                     \
         "1",                                                                                       \
         0,                                                                                         \
         0.999,                                                                                     \
         NULL,                                                                                      \
         "in place: part of the last epoch's gradient that is kept"},                               \
        {"rule.least",                                                                              \
         KEY_NUMBER,                                                                                \
         AT(learning.least),                                                                        \
         "1",                                                                                       \
         0,                                                                                         \
         1,                                                                                         \
         NULL,                                                                                      \
         "manhattan: share of the largest gradient, delta: share of a full pulse, below which "     \
         "there is none"},                                                                          \
        {"rule.margin",                                                                             \
         KEY_NUMBER,                                                                                \
         AT(learning.margin),                                                                       \
         "1",                                                                                       \
         0,                                                                                         \
         1,                                                                                         \
         NULL,                                                                                      \
         "manhattan-image: error of the output up to which an image teaches nothing"},              \
        {"rule.least_slope",                                                                        \
         KEY_NUMBER,                                                                                \
         AT(learning.least_slope),                                                                  \
         "1",                                                                                       \
         0,                                                                                         \
         1,                                                                                         \
         NULL,                                                                                      \
         "in place: least slope of a neuron in the gradient, of its steepest"},                     \
        {"rule.set_volt",                                                                           \
         KEY_NUMBER,                                                                                \
         AT(learning.amplitude[PROGRAM_SET]),                                                       \
         "V",                                                                                       \
         1e-3,                                                                                      \
         5,                                                                                         \
         NULL,                                                                                      \
         "in place: amplitude of SET; tracking: at first"},                                         \
        {"rule.reset_volt",                                                                         \
         KEY_NUMBER,                                                                                \
         AT(learning.amplitude[PROGRAM_RESET]),                                                     \
         "V",                                                                                       \
         1e-3,                                                                                      \
         5,                                                                                         \
         NULL,                                                                                      \
         "in place: amplitude of RESET; tracking: at first"},                                       \
        {"rule.set_width",                                                                          \
         KEY_NUMBER,                                                                                \
         AT(learning.width[PROGRAM_SET]),                                                           \
         "s",                                                                                       \
         4e-6,                                                                                      \
         1,                                                                                         \
         NULL,                                                                                      \
         "in place: width of a full SET pulse; tracking: at most"},                                 \
        {"rule.reset_width",                                                                        \
         KEY_NUMBER,                                                                                \
         AT(learning.width[PROGRAM_RESET]),                                                         \
         "s",                                                                                       \
         4e-6,                                                                                      \
         1,                                                                                         \
         NULL,                                                                                      \
         "in place: width of a full RESET pulse; tracking: at most"},                               \
        {"rule.track",                                                                              \
         KEY_FLAG,                                                                                  \
         AT(learning.track),                                                                        \
         "",                                                                                        \
         0,                                                                                         \
         0,                                                                                         \
         NULL,                                                                                      \
         "in place: each device's full pulse follows its readings; false: the same fixed pulses"},  \
        {"rule.width_least",                                                                        \
         KEY_NUMBER,                                                                                \
         AT(learning.width_least),                                                                  \
         "s",                                                                                       \
         2e-6,                                                                                      \
         1,                                                                                         \
         NULL,                                                                                      \
         "tracking: least width of a full pulse"},                                                  \
        {"rule.track_volt",                                                                         \
         KEY_NUMBER,                                                                                \
         AT(learning.track_volt),                                                                   \
         "V",                                                                                       \
         0,                                                                                         \
         0.1,                                                                                       \
         NULL,                                                                                      \
         "tracking: amplitude for a factor e, where the width is at its end"},                      \
        {"noise.train_sigma",                                                                       \
         KEY_NUMBER,                                                                                \
         AT(train_sigma),                                                                           \
         "1",                                                                                       \
         0,                                                                                         \
         1,                                                                                         \
         NULL,                                                                                      \
         "Gaussian noise of the pixels in training, of the swing"},                                 \
        {"noise.test_sigma", KEY_NUMBER, AT(sigma), "1", 0, 1, NULL, "likewise in the accuracy"},   \
        {"noise.train_draws",                                                                       \
         KEY_COUNT,                                                                                 \
         AT(train_draws),                                                                           \
         "1",                                                                                       \
         0,                                                                                         \
         1e6,                                                                                       \
         NULL,                                                                                      \
         "images drawn for the training; 0: 1000 under Gaussian noise, else all exactly"},          \
        {"noise.test_draws", KEY_COUNT, AT(draws), "1", 0, 1e6, NULL, "likewise for the accuracy"}, \
        {"instrument.read_noise",                                                                   \
         KEY_NUMBER,                                                                                \
         AT(instrument.read_noise),                                                                 \
         "1",                                                                                       \
         0,                                                                                         \
         1,                                                                                         \
         NULL,                                                                                      \
         "relative, of each of the controller's readings"},                                         \
        {"instrument.adc_bits",                                                                     \
         KEY_COUNT,                                                                                 \
         AT(instrument.adc_bits),                                                                   \
         "1",                                                                                       \
         0,                                                                                         \
         INSTRUMENT_BITS_MAX,                                                                       \
         NULL,                                                                                      \
         "of a reading, up to twice the largest conductance of the weights; 0: exact"},             \
        {"instrument.dac_bits",                                                                     \
         KEY_COUNT,                                                                                 \
         AT(instrument.dac_bits),                                                                   \
         "1",                                                                                       \
         0,                                                                                         \
         INSTRUMENT_BITS_MAX,                                                                       \
         NULL,                                                                                      \
         "of a pulse's amplitude, up to programming.volt_limit; 0: exact"},                         \
        {"stages.conductance_error",                                                                \
         KEY_NUMBER,                                                                                \
         AT(stages.conductance_error),                                                              \
         "1",                                                                                       \
         0,                                                                                         \
         2,                                                                                         \
         NULL,                                                                                      \
         "standard deviation of a relative error of each conductance after the training; 0: "       \
         "none"},                                                                                   \
        {"stages.retrain",                                                                          \
         KEY_FLAG,                                                                                  \
         AT(stages.retrain),                                                                        \
         "",                                                                                        \
         0,                                                                                         \
         0,                                                                                         \
         NULL,                                                                                      \
         "train once more from there"},                                                             \
        {"stages.retrain_noise",                                                                    \
         KEY_NUMBER,                                                                                \
         AT(stages.retrain_flips),                                                                  \
         "1",                                                                                       \
         -1,                                                                                        \
         0.5,                                                                                       \
         NULL,                                                                                      \
         "under this probability of a flip; negative: that of the training"},                       \
        {"stages.retrain_sigma",                                                                    \
         KEY_NUMBER,                                                                                \
         AT(stages.retrain_sigma),                                                                  \
         "1",                                                                                       \
         -1,                                                                                        \
         1,                                                                                         \
         NULL,                                                                                      \
         "under this Gaussian noise; negative: that of the training"},                              \
    {                                                                                               \
        "stages.only_last_infers", KEY_FLAG, AT(stages.only_last_infers), "", 0, 0, NULL,           \
            "no accuracies but those of the last stage: faster"                                     \
    }

/* What a sample gives: drawn images classified right; accuracy at several probabilities of a flip,
 * from the same decisions; epochs; what came after the training (accuracy: that of the test noise).
 * Cells of stages that were not asked for stay empty. */
#define LEARNING_COLUMNS                                                                           \
    {"images_right", false}, {"images_drawn", false}, {"accuracy_p05", false},                     \
        {"accuracy_p10", false}, {"accuracy_p15", false}, {"accuracy_p20", false},                 \
        {"accuracy_p25", false}, {"accuracy_p30", false}, {"epochs", false},                       \
        {"accuracy_after_error", false}, {"images_right_after_error", false},                      \
        {"states_limited", false}, {"accuracy_retrained", false},                                  \
        {"images_right_retrained", false}, {"retraining_time_s", false},                           \
        {"retraining_energy_J", false}, {"retraining_pulses", false},                              \
        {"retraining_settled", false},                                                             \
    {                                                                                              \
        "retraining_epochs", false                                                                 \
    }
#define LEARNING_N_COLUMNS 19
void learning_cells(const struct training *training, struct cell *cells);

/* Learning curve of a rule in place, of a single run. */
struct table *learning_epochs(const struct training *training);

#endif
