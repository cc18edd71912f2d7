/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A training run, from its options to a result: measure the neurons' transfer, find the targets
 * offline, program every device in one transient (or learn in place, rule.h), then put all 512
 * images, and those drawn under Gaussian noise, through the circuit; then, where asked for, an error
 * of every conductance, and training again. */
#ifndef SILVERBAR_LEARN_TRAINING_H
#define SILVERBAR_LEARN_TRAINING_H

#include "circuit/classifier.h"
#include "engine/engine.h"
#include "engine/ledger.h"
#include "learn/image_set.h"
#include "learn/instrument.h"
#include "learn/overload.h"
#include "learn/program.h"
#include "learn/rule.h"
#include "learn/transfer.h"

#include <stdint.h>

/* Where a run is, for a progress line. */
struct training_progress {
    size_t device, n_devices, pulses, images;
    double t, energy; /* [s], [J] delivered so far */
};

/* Stages of a run after the training, each from the states in which the one before has ended. */
struct training_stages {
    /* Standard deviation of a Gaussian relative error of each device's own conductance at the read
     * voltage; a state beyond [0, 1] is limited and counted. */
    double conductance_error;
    bool retrain;          /* train once more from these states, without an erase */
    double retrain_flips;  /* flip probability of that training; negative: the first training's */
    double retrain_sigma;  /* its Gaussian noise; negative: the first training's */
    bool only_last_infers; /* accuracies before the last stage are not wanted */
};

struct training_options {
    struct classifier_options classifier; /* x0 is made by the run */
    const struct rule *rule;              /* NULL: the first of the table */
    struct program_options program;
    struct learning_options learning; /* of rules that learn in place */
    struct instrument instrument;     /* of the controller */
    struct training_stages stages;
    const struct image_pair *images;
    double train_noise, noise; /* flip probabilities: of training, of the accuracy reported */
    double train_sigma, sigma; /* Gaussian noise of the pixels, in units of the swing, likewise */
    size_t train_draws, draws; /* images drawn, likewise; 0: all where that is exact, else
                                  IMAGE_DRAWS_DEFAULT */
    size_t target_starts, target_steps; /* of the search for targets (targets.h) */
    bool shuffle; /* give the weights that were found to other devices of their layer: a control */
    uint64_t seed;
    uint32_t sample;
    double x0_max;                      /* initial states are uniform in [0, x0_max) */
    const double *x0_given;             /* or these, of all devices; or NULL */
    double erase;                       /* duration of the reset before each device [s]; 0: none */
    double erase_volt;                  /* [V], positive number, applied with reset polarity */
    double read_time, edge, infer_time; /* [s] */
    const struct engine *engine;
    /* Neurons by their measured curve, which an engine may need anyway; `measured`: n_layers of
     * another run with the same devices and neurons, or NULL: measure them. */
    bool behavioural;
    const struct transfer *measured;
    struct engine_options solver; /* recorders are added by the run */
    /* Before each pulse on a device; true: its dopant's constants were changed.  Or NULL. */
    bool (*before_pulse)(void *data, size_t device);
    void *before_pulse_data;
    void (*progress)(void *data, const struct training_progress *progress); /* or NULL */
    void *progress_data;
};

/* The options of a training of which nothing is asked: complete but for what is read from files (the
 * dopant, the netlists of neuron and switches, the images). */
struct training_options training_defaults(void);

struct training_device {
    struct classifier_address address;
    double weight; /* target's; of a rule that learns in place, where it starts */
    double target, initial, final, after_infer; /* branch conductances as read [S] */
    double device_final;                        /* of the device alone, from its state [S] */
    size_t pulses;
    bool within_tolerance;         /* when its programming ended, by its readings */
    struct programmer programmer;  /* as it ended: says why a device did not settle */
    double state;                  /* when the training ended */
    double amplitude[2], width[2]; /* full pulse that learning in place has come to [V], [s] */
};

struct training_pulse {
    double t; /* start [s] */
    size_t device;
    enum phase_kind kind;
    double amplitude;     /* [V], signed: positive sets */
    double width;         /* [s] */
    double before, after; /* [S] */
    double energy;        /* absorbed by the addressed memristor [J] */
};

/* One epoch of a rule that learns in place, as its controller knows it before (per-image rules:
 * while) it changes weights. */
struct training_epoch {
    size_t epoch, images;
    double loss;           /* mean of (y - class)^2 over the training images */
    double accuracy;       /* on the training images, under the training noise */
    double accuracy_noisy; /* under the noise of the report: of exact sets, else NAN */
    double time, energy;   /* since the training began [s], delivered [J] */
    size_t pulses;         /* since then */
};

/* Results of a stage after the training. */
enum training_stage_kind { STAGE_TRAINED, STAGE_ERROR, STAGE_RETRAINED, STAGE_KINDS };

struct training_stage {
    bool made, inferred;
    double accuracy_clean, accuracy_noisy; /* NAN: not inferred */
    size_t right, total;                   /* of drawn images; 0 of 0: accuracy is exact */
    double train_time, train_energy;       /* of this stage [s], [J] */
    double infer_energy;                   /* [J] */
    size_t pulses, settled, epochs;
    size_t limited; /* states that the error would have put beyond [0, 1] */
    unsigned char decision[IMAGE_COUNT];
};

struct training {
    struct training_options options;
    struct overload overload; /* of the last run: its sums remain */
    struct classifier classifier;
    struct transfer
        transfer[CLASSIFIER_LAYERS_MAX]; /* measured by this run, or options.measured's */
    struct neuron_curve curves[CLASSIFIER_LAYERS_MAX];
    size_t n_neurons;
    struct transfer *own;            /* n_neurons: measured on mismatched transistors, or NULL */
    struct neuron_curve *own_curves; /* n_neurons, likewise */
    double *x0, *end_states; /* n_devices: states before, and when the last phase had ended */
    double loss;             /* of the offline targets */
    size_t n_devices, n_pulses, n_settled;
    struct training_device *devices; /* n_devices */
    struct training_pulse *pulses;   /* n_pulses; erase phases too */
    size_t pulses_capacity, n_erases;
    struct ledger *ledger;
    struct engine_report report;
    double outputs[IMAGE_COUNT]; /* y of every image, 0..1 */
    unsigned char decision[IMAGE_COUNT];
    double accuracy_clean, accuracy_noisy, accuracy_limit;
    size_t right, total; /* of drawn images; 0 of 0: accuracy_noisy is exact */
    struct image_set train_set, test_set;
    unsigned char *test_decision; /* test_set.n, of a drawn set */
    size_t n_epochs, epochs_capacity;
    struct training_epoch *epochs; /* n_epochs */
    struct training_stage stages[STAGE_KINDS];
    double training_time;                 /* [s] */
    double infer_latency, infer_settling; /* longest over the images [s]; NAN: not known */
};

/* Build the circuit, measure the transfer, find the targets.  On failure *training is freed. */
enum status training_prepare(const struct training_options *options, struct training *training,
                             struct error *error);

/* training_prepare() without the targets: the training cannot run, but its transfer may be the `measured`
 * of other trainings. */
enum status training_measure(const struct training_options *options, struct training *training,
                             struct error *error);

/* Run it, with the given recorders beside the ledger. */
enum status training_run(struct training *training, const struct recorder *recorders,
                         size_t n_recorders, struct error *error);

void training_free(struct training *training);

/* Accuracy of a stage's exact decisions at flip probability p; NAN where none were made. */
double training_accuracy_at(const struct training *training, enum training_stage_kind kind,
                            double p);

/* Number of devices whose branch conductance, computed from the states at the end of the training and not
 * from readings, is within the programming's tolerance of its target; NAN for a rule that learns in place,
 * which has no targets. */
double training_truly_settled(const struct training *t);

/* Energy delivered in training, and in inference [J]. */
double training_energy(const struct training *training);
double training_infer_energy(const struct training *training);

/* Estimated error of a class's energy in training [J]: the engine's own estimate, and the effect of its
 * tolerances.  Voltages are known to the larger of reltol times themselves and vntol, which matters most at
 * the lowest applied voltage (CLASSIFIER_INPUT_VOLT); power is proportional to their square. */
double training_error(const struct training *training, enum energy_class class);

/* True if both residuals are at most TRAINING_RESIDUAL_LIMIT, and the estimated errors of the memristors'
 * energy and of all energy at most TRAINING_ERROR_LIMIT of these; else *error names the one that is not. */
#define TRAINING_RESIDUAL_LIMIT 1e-3
#define TRAINING_ERROR_LIMIT 1e-2
bool training_trustworthy(const struct training *training, struct error *error);

/* STATUS_UNTRUSTED if a residual is above TRAINING_RESIDUAL_LIMIT. */
enum status training_account_closes(double residual, struct error *error);

#endif
