/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `training`: a classifier is programmed on chip and classifies all images. */
#include "base/memory.h"
#include "compare/cases.h"
#include "study/experiment/experiments.h"
#include "study/experiment/learning.h"
#include "study/experiment/shared_keys.h"
#include "study/experiment/training_sample.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(size_t) == sizeof(uint64_t), "counts are stored as uint64_t");
static_assert(sizeof(enum program_policy) == sizeof(int), "choices are stored as int");

#define AT(field) offsetof(struct training_testbench, field)
#define CIRCUIT(field) AT(training.classifier.field)
#define PROGRAM(field) AT(training.program.field)
#define SOLVER(field) AT(training.solver.field)
#define LEARN(field) AT(training.field)
#define VARY(field) AT(variation.field)
static const struct key keys[] = {
    SIZES_KEY("circuit.sizes", AT(sizes), 1, 64, "inputs, neurons of each layer: 9 first, 1 last"),
    FILE_KEY("circuit.neuron", AT(neuron), training_neurons, ".sub",
             "transistors, or their measured curve, which the engine event takes of either"),
    NUMBER_KEY("circuit.row_ohm", CIRCUIT(row_ohm), "ohm", 1e-3, 1e5, "driver of a row"),
    NUMBER_KEY("circuit.column_ohm", CIRCUIT(column_ohm), "ohm", 1e-3, 1e5, "driver of a column"),
    NUMBER_KEY("circuit.column_farad", CIRCUIT(column_farad), "F", 0, 1e-9,
               "capacitance of a column"),
    NUMBER_KEY("circuit.select_width", CIRCUIT(select_width), "m", 1e-6, 1e-2,
               "of the select switches"),
    NUMBER_KEY("circuit.line_row_ohm", CIRCUIT(line_row_ohm), "ohm", 0, 1e4,
               "line between neighbouring devices of a row"),
    NUMBER_KEY("circuit.line_column_ohm", CIRCUIT(line_column_ohm), "ohm", 0, 1e4, "of a column"),
    NUMBER_KEY("circuit.supply", CIRCUIT(supply), "V", 2, 5,
               "of neurons and switches; signal ground is half of it"),
    DEVICE_KEYS(CIRCUIT(temperature), AT(dopant), AT(training.x0_max)),
    PATH_KEY("images.pair", AT(images), images_name_file, "two letters as in T/X, or a file"),
    NUMBER_KEY("noise.train", AT(training.train_noise), "1", 0, 0.5,
               "probability of a pixel flip in training"),
    NUMBER_KEY("noise.test", AT(training.noise), "1", 0, 0.5,
               "probability of a pixel flip in the accuracy"),
    PROGRAM_KEYS(PROGRAM),
    NUMBER_KEY("programming.erase_time", AT(training.erase), "s", 0, 100,
               "erase before each device; 0: none"),
    NUMBER_KEY("programming.erase_volt", AT(training.erase_volt), "V", 1e-3, 5,
               "amplitude of that erase"),
    PULSE_KEYS(AT(training.read_time), AT(training.edge)),
    NUMBER_KEY("inference.time", AT(training.infer_time), "s", 2e-6, 1, "that an image is shown"),
    ENGINE_KEYS(AT(engine), SOLVER),
    SWITCHES_KEY(SOLVER(switches)),
    LEARNING_KEYS(LEARN, AT(rule)),
    VARIATION_KEYS(VARY),
    VARIATION_NEURON_KEYS(VARY),
};

static void defaults(void *options)
{
    struct training_testbench *b = options;
    *b = (struct training_testbench){.training = training_defaults(),
                                     .dopant = (char *)"Cr",
                                     .images = (char *)"T/X",
                                     .neuron = (char *)"cmos",
                                     .engine = engine_index("event")};
    b->variation = variation_defaults;
    b->sizes.n = classifier_defaults.n_layers + 1;
    for (size_t i = 0; i < b->sizes.n; i++)
        b->sizes.values[i] = classifier_defaults.sizes[i];
}

/* What a sample gives, in the order of outputs[]. */
enum {
    ACCURACY_CLEAN,
    ACCURACY,
    ACCURACY_LIMIT,
    TRAINING_TIME,
    ENERGY,
    ENERGY_BY_CLASS,
    ENERGY_INFER = ENERGY_BY_CLASS + ENERGY_CLASSES,
    DEVICES,
    SETTLED,
    PULSES,
    PULSES_SET,
    PULSES_RESET,
    LOSS,
    RESIDUAL_ARRAY,
    RESIDUAL_SUPPLY,
    PULSES_A_DEVICE,
    UNSETTLED,
    TIES,
    FIRST_JUMP,
    ENERGY_ARRAY,
    TRULY_SETTLED,
    LEARNING,                                  /* and the columns of learning.h */
    VARIATION = LEARNING + LEARNING_N_COLUMNS, /* and those of variation.h */
    N_OUTPUTS = VARIATION + VARIATION_N_COLUMNS
};

static const struct sample_column outputs[N_OUTPUTS] = {
    [ACCURACY_CLEAN] = {"accuracy_clean", false},
    [ACCURACY] = {"accuracy", false},
    [ACCURACY_LIMIT] = {"accuracy_limit", false},
    [TRAINING_TIME] = {"training_time_s", false},
    [ENERGY] = {"energy_J", false},
    [ENERGY_BY_CLASS + CLASS_MEMRISTOR] = {"energy_memristor_J", false},
    [ENERGY_BY_CLASS + CLASS_SELECT] = {"energy_select_J", false},
    [ENERGY_BY_CLASS + CLASS_LINE] = {"energy_line_J", false},
    [ENERGY_BY_CLASS + CLASS_REFERENCE] = {"energy_reference_J", false},
    [ENERGY_BY_CLASS + CLASS_NEURON] = {"energy_neuron_J", false},
    [ENERGY_BY_CLASS + CLASS_DRIVER] = {"energy_driver_J", false},
    [ENERGY_INFER] = {"energy_infer_J", false},
    [DEVICES] = {"devices", false},
    [SETTLED] = {"devices_settled", false},
    [PULSES] = {"pulses", false},
    [PULSES_SET] = {"pulses_set", false},
    [PULSES_RESET] = {"pulses_reset", false},
    [LOSS] = {"loss", false},
    [RESIDUAL_ARRAY] = {"residual_array", false},
    [RESIDUAL_SUPPLY] = {"residual_supply", false},
    [PULSES_A_DEVICE] = {"pulses_a_device", false},
    [UNSETTLED] = {"devices_unsettled", false},
    [TIES] = {"images_tied", false},
    [FIRST_JUMP] = {"first_jump_gap", false},
    [ENERGY_ARRAY] = {"energy_array_J", false},
    [TRULY_SETTLED] = {"devices_truly_settled", false},
    [LEARNING] = LEARNING_COLUMNS(NUMBER_COLUMN),
    [VARIATION] = VARIATION_COLUMNS(NUMBER_COLUMN),
};

/* An image is tied if the output is this near to the threshold, in units of its swing: as far as
 * engines may differ (case_result.h). */
#define TIE 1e-3

/* A device's first jump: the first SET pulse that raised its conductance by this factor. */
#define JUMP 1.2

/* Mean over the devices that had one of |ln(G/G_target)| after the first jump; NAN without any. */
static double first_jump_gap(const struct training *t)
{
    bool *had = NEW(t->n_devices, bool);
    double sum = 0, n = 0;
    for (size_t i = 0; i < t->n_pulses; i++) {
        const struct training_pulse *p = &t->pulses[i];
        if (p->kind != PHASE_SET || had[p->device] || !(p->after >= JUMP * p->before))
            continue;
        had[p->device] = true;
        sum += fabs(log(p->after / t->devices[p->device].target));
        n++;
    }
    free(had);
    return sum / n;
}

static void fill_outputs(const struct training *t, const struct variation *variation,
                         struct cell *cells)
{
    const struct ledger_total total = ledger_section(t->ledger, SECTION_TRAINING);
    double v[LEARNING] = {
        [ACCURACY_CLEAN] = t->accuracy_clean,
        [ACCURACY] = t->accuracy_noisy,
        [ACCURACY_LIMIT] = t->accuracy_limit,
        [TRAINING_TIME] = t->training_time,
        [ENERGY] = training_energy(t),
        [ENERGY_INFER] = training_infer_energy(t),
        [DEVICES] = (double)t->n_devices,
        [SETTLED] = (double)t->n_settled,
        [PULSES] = (double)(t->n_pulses - t->n_erases),
        [LOSS] = t->loss,
        [RESIDUAL_ARRAY] = ledger_residual_array(t->ledger),
        [RESIDUAL_SUPPLY] = ledger_residual_supply(t->ledger),
        [PULSES_A_DEVICE] = (double)(t->n_pulses - t->n_erases) / (double)t->n_devices,
        [UNSETTLED] = (double)(t->n_devices - t->n_settled),
        [FIRST_JUMP] = first_jump_gap(t),
        [ENERGY_ARRAY] = total.array_in,
        [TRULY_SETTLED] = training_truly_settled(t),
    };
    for (size_t i = 0; i < IMAGE_COUNT; i++)
        v[TIES] += fabs(t->outputs[i] - 0.5) < TIE;
    for (int c = 0; c < ENERGY_CLASSES; c++)
        v[ENERGY_BY_CLASS + c] = ledger_class(&total, (enum energy_class)c);
    for (size_t i = 0; i < t->n_pulses; i++) {
        v[PULSES_SET] += t->pulses[i].kind == PHASE_SET;
        v[PULSES_RESET] += t->pulses[i].kind == PHASE_RESET;
    }
    learning_cells(t, cells + LEARNING);
    variation_cells(variation, cells + VARIATION);
    for (int i = 0; i < LEARNING; i++)
        if (!isnan(v[i]))
            cells[i] = (struct cell){.kind = CELL_NUMBER, .number = v[i]};
}

static void add_detail(struct experiment_detail *d, const char *name, struct table *table)
{
    d->names[d->n] = name;
    d->tables[d->n++] = table;
}

static void fill_detail(const struct training *t, struct experiment_detail *d)
{
    static const char *const device_names[] = {"layer",    "row",       "column",
                                               "target_S", "initial_S", "final_S",
                                               "pulses",   "settled",   "device_S"};
    static const char *const image_names[] = {"image", "output", "decision"};
    struct table *devices = table_new(9, device_names, NULL),
                 *images = table_new(3, image_names, NULL);
    for (size_t k = 0; k < t->n_devices; k++) {
        const struct training_device *u = &t->devices[k];
        const double v[] = {(double)u->address.layer + 1,
                            (double)u->address.row + 1,
                            (double)u->address.column + 1,
                            u->target,
                            u->initial,
                            u->final,
                            (double)u->pulses,
                            u->within_tolerance,
                            u->device_final};
        table_row(devices);
        for (size_t i = 0; i < 9; i++)
            table_number(devices, i, v[i]);
    }
    for (size_t i = 0; i < IMAGE_COUNT; i++) {
        table_row(images);
        table_number(images, 0, (double)i);
        table_number(images, 1, t->outputs[i]);
        table_number(images, 2, t->decision[i]);
    }
    add_detail(d, "devices", devices);
    add_detail(d, "images", images);
    if (t->options.rule->in_place)
        add_detail(d, "epochs", learning_epochs(t));
}

static enum status open_training(const void *options, const struct experiment_context *context,
                                 void **shared, struct error *error)
{
    struct training_shared *s = *shared;
    const enum status status = training_shared_open(options, context, &s, error);
    *shared = s;
    return status;
}

static void close_training(void *shared)
{
    training_shared_close(shared);
}

static enum status run(void *shared, const void *options, struct random_sample sample,
                       struct cell *cells, struct experiment_detail *detail, struct error *error)
{
    struct training_sample drawn;
    enum status status = training_sample_draw(shared, options, sample, &drawn, error);
    if (status != STATUS_OK)
        return status;
    struct training t;
    status = training_prepare(&drawn.options, &t, error);
    if (status == STATUS_OK) {
        status = training_run(&t, NULL, 0, error);
        if (status == STATUS_OK) {
            fill_outputs(&t, &drawn.variation, cells);
            if (detail) {
                fill_detail(&t, detail);
                add_detail(detail, "variation", variation_table(&drawn.variation));
            }
            if (!training_trustworthy(&t, error))
                status = STATUS_UNTRUSTED;
        }
        training_free(&t);
    }
    training_sample_free(&drawn);
    return status;
}

struct owner {
    struct case_recording recording;
    struct training_sample sample;
};

static void release(void *data)
{
    struct owner *owner = data;
    case_recording_free(&owner->recording);
    training_sample_free(&owner->sample);
    free(owner);
}

/* The training and the inference after it. */
static enum status record(void *shared, const void *options, struct random_sample sample,
                          struct study_case *k, struct error *error)
{
    const struct training_testbench *b = options;
    enum status status = variation_replays(&b->variation, error);
    if (status == STATUS_OK)
        status = engine_switches_replay(b->training.solver.switches, error);
    if (status != STATUS_OK)
        return status;
    if (training_shared_setup(shared, b)->options.classifier.neuron.opaque)
        return fail(error, STATUS_INPUT,
                    "circuit.neuron: the netlist of %s is for ngspice only, expected one that all "
                    "engines run",
                    b->neuron);
    struct owner *owner = NEW(1, struct owner);
    status = training_sample_draw(shared, b, sample, &owner->sample, error);
    if (status != STATUS_OK) {
        free(owner);
        return status;
    }
    struct training_options o = owner->sample.options;
    o.stages = (struct training_stages){.retrain_flips = o.stages.retrain_flips,
                                        .retrain_sigma = o.stages.retrain_sigma};
    status = case_record_training(&o, &owner->recording, error);
    if (status != STATUS_OK) {
        release(owner);
        return status;
    }
    *k = case_of_recording(NULL, &o, &owner->recording, o.behavioural);
    k->owner = owner;
    k->release = release;
    return STATUS_OK;
}

const struct experiment experiment_training = {
    .name = "training",
    .title = "a classifier is programmed on chip, device by device, and classifies all 512 images",
    .n_keys = sizeof keys / sizeof keys[0],
    .keys = keys,
    .options_size = sizeof(struct training_testbench),
    .defaults = defaults,
    .n_outputs = N_OUTPUTS,
    .outputs = outputs,
    .open = open_training,
    .run = run,
    .close = close_training,
    .record = record,
};
