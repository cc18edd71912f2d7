/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/training.h"

#include "base/memory.h"
#include "base/random.h"
#include "learn/control.h"
#include "learn/targets.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct training_options training_defaults(void)
{
    return (struct training_options){
        .classifier = classifier_defaults,
        .rule = rule_table[0],
        .program = program_defaults,
        .learning = learning_defaults,
        .stages = {.retrain_flips = -1, .retrain_sigma = -1},
        .train_noise = 0.10,
        .noise = 0.10,
        .target_starts = TARGETS_STARTS,
        .target_steps = TARGETS_STEPS,
        .seed = 1,
        .x0_max = 0.02,
        .erase_volt = 1.0,
        .read_time = 100e-6,
        .edge = 1e-6,
        .infer_time = 5e-6,
        .engine = engine_table[0],
        .solver = engine_defaults,
    };
}

void training_rate(struct training *t)
{
    const struct training_options *o = &t->options;
    t->accuracy_clean = images_accuracy(o->images, 0, t->decision);
    t->accuracy_noisy = image_set_accuracy(
        &t->test_set, t->test_decision ? t->test_decision : t->decision, &t->right);
    t->total = t->test_decision ? t->test_set.n : 0;
    t->accuracy_limit = t->test_set.limit;
}

static bool has_stages(const struct training_stages *s)
{
    return s->conductance_error > 0 || s->retrain;
}

enum status training_run(struct training *t, const struct recorder *recorders, size_t n_recorders,
                         struct error *error)
{
    const bool stages = has_stages(&t->options.stages);
    const struct run_plan plan = {.train = true,
                                  .infer = !(stages && t->options.stages.only_last_infers),
                                  .read_after = true};
    enum status status = run_circuit(t, &plan, recorders, n_recorders, error);
    if (status != STATUS_OK)
        return status;
    t->accuracy_clean = t->accuracy_noisy = NAN;
    if (plan.infer)
        training_rate(t);
    stage_fill(t, &plan, &t->stages[STAGE_TRAINED]);
    return stages ? stages_run(t, error) : STATUS_OK;
}

/* Refuse targets that no state reaches: a branch's conductance lies between those of its device's OFF and
 * ON states. */
static enum status check_window(const struct training *t, struct error *error)
{
    const struct classifier *k = &t->classifier;
    const struct dopant *d = t->options.classifier.dopant;
    const double v = CLASSIFIER_INPUT_VOLT;
    const double on = v / d->model->current(d->constants, v, 1).f + k->series_ohm;
    const double off = v / d->model->current(d->constants, v, 0).f + k->series_ohm;
    if (k->g_max >= 1 / on || k->g_min <= 1 / off)
        return fail(error, STATUS_INPUT,
                    "%s: targets from %g to %g S are outside of what a branch of dopant %s can "
                    "reach, %g to %g S with %.0f ohm in series",
                    d->path, k->g_min, k->g_max, d->name, 1 / off, 1 / on, k->series_ohm);
    return STATUS_OK;
}

/* The engine for measuring neurons: the run's own, unless it cannot simulate transistors. */
static const struct engine *measuring_engine(const struct training_options *o)
{
    return engine_able(o->engine, ENGINE_TRANSISTORS) ? o->engine
           : o->classifier.neuron.opaque              ? engine_find("ngspice")
                                                      : engine_find("ida");
}

/* The first layer is measured at its common current, the others without one. */
static struct transfer_testbench measuring_testbench(const struct training_options *o, size_t layer,
                                                     size_t neuron)
{
    return (struct transfer_testbench){.options = &o->classifier,
                                       .layer = layer,
                                       .neuron = neuron,
                                       .lit_rows = layer == 0 ? TRANSFER_COMMON_ROWS : 0,
                                       .engine = measuring_engine(o),
                                       .solver = &o->solver};
}

/* Each neuron by itself, where transistors differ and the circuit takes curves. */
static enum status measure_own(struct training *t, struct error *error)
{
    struct training_options *o = &t->options;
    struct classifier_options *c = &o->classifier;
    t->n_neurons = classifier_amplifiers(c) - c->n_layers;
    t->own = NEW(t->n_neurons, struct transfer);
    t->own_curves = NEW(t->n_neurons, struct neuron_curve);
    size_t n = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        for (size_t j = 0; j < c->sizes[l + 1]; j++, n++) {
            const struct transfer_testbench testbench = measuring_testbench(o, l, j);
            const enum status status = transfer_measure_neuron(&testbench, &t->own[n], error);
            if (status != STATUS_OK)
                return status;
            t->own_curves[n] = t->own[n].curve;
        }
    c->curves = t->own_curves;
    c->own_curves = true;
    return STATUS_OK;
}

static enum status measure_neurons(struct training *t, struct error *error)
{
    struct training_options *o = &t->options;
    enum status status = STATUS_OK;
    if (o->measured)
        memcpy(t->transfer, o->measured, o->classifier.n_layers * sizeof *t->transfer);
    for (size_t l = 0; l < o->classifier.n_layers && status == STATUS_OK; l++) {
        const struct transfer_testbench testbench = measuring_testbench(o, l, 0);
        if (!o->measured)
            status = transfer_measure(&testbench, &t->transfer[l], error);
        if (!o->measured && status == STATUS_OK && o->behavioural)
            status = transfer_measure_supply(&testbench, &t->transfer[l], error);
        t->curves[l] = t->transfer[l].curve;
    }
    if (o->behavioural && o->classifier.mismatch && status == STATUS_OK)
        return measure_own(t, error);
    if (o->behavioural)
        o->classifier.curves = t->curves;
    return status;
}

void training_make_train_set(struct training *t)
{
    const struct training_options *o = &t->options;
    const struct image_noise noise = {o->train_noise, o->train_sigma, o->train_draws};
    gsl_rng *rng = random_stream(o->seed, o->sample, RANDOM_TRAINING_IMAGES);
    image_set_free(&t->train_set);
    image_set_make(o->images, &noise, rng, &t->train_set);
    gsl_rng_free(rng);
}

/* Layer by layer, as these have windows of their own. */
static void shuffle_weights(const struct training *t, double *weights)
{
    const struct training_options *o = &t->options;
    gsl_rng *rng = random_stream(o->seed, o->sample, RANDOM_SHUFFLE);
    for (size_t l = 0; l < t->classifier.n_layers; l++) {
        const size_t n = o->classifier.sizes[l] * o->classifier.sizes[l + 1];
        gsl_ran_shuffle(rng, weights, n, sizeof *weights);
        weights += n;
    }
    gsl_rng_free(rng);
}

void training_find_targets(struct training *t)
{
    const struct training_options *o = &t->options;
    const struct classifier *k = &t->classifier;
    if (o->rule->in_place) {
        in_place_targets(t);
        return;
    }
    const struct targets_options targets = {
        .n_layers = k->n_layers,
        .sizes = o->classifier.sizes,
        .transfer = t->transfer,
        .images = o->images,
        .train_noise = o->train_noise,
        .drawn = t->train_set.exact ? NULL : &t->train_set,
        .starts = o->target_starts,
        .steps = o->target_steps,
        .seed = o->seed,
        .sample = o->sample,
    };
    double *weights = NEW(t->n_devices, double);
    targets_train(&targets, weights, &t->loss);
    if (o->shuffle)
        shuffle_weights(t, weights);
    for (size_t n = 0; n < t->n_devices; n++) {
        t->devices[n].weight = weights[n];
        t->devices[n].target = k->g_ref + weights[n] * k->g_span;
    }
    free(weights);
}

static void make_test_set(struct training *t)
{
    const struct training_options *o = &t->options;
    const struct image_noise noise = {o->noise, o->sigma, o->draws};
    gsl_rng *rng = random_stream(o->seed, o->sample, RANDOM_TEST_IMAGES);
    image_set_make(o->images, &noise, rng, &t->test_set);
    gsl_rng_free(rng);
    if (!t->test_set.exact)
        t->test_decision = NEW(t->test_set.n, unsigned char);
}

/* Refuse networks larger than the fixed arrays of rules and gradients. */
static enum status check_sizes(const struct classifier_options *c, struct error *error)
{
    if (c->sizes[0] != IMAGE_PIXELS || c->sizes[c->n_layers] != 1)
        return fail(error, STATUS_INPUT,
                    "circuit.sizes: from %zu rows to %zu outputs, expected %d rows and 1 output",
                    c->sizes[0], c->sizes[c->n_layers], IMAGE_PIXELS);
    for (size_t l = 1; l < c->n_layers; l++)
        if (c->sizes[l] < 1 || c->sizes[l] > GRADIENT_UNITS_MAX)
            return fail(error, STATUS_INPUT,
                        "circuit.sizes: layer %zu has %zu neurons, expected 1 to %d", l,
                        c->sizes[l], GRADIENT_UNITS_MAX);
    return STATUS_OK;
}

enum status training_measure(const struct training_options *options, struct training *t,
                             struct error *error)
{
    *t = (struct training){.options = *options};
    struct classifier_options *c = &t->options.classifier;
    if (check_sizes(c, error) != STATUS_OK)
        return STATUS_INPUT;
    if (!t->options.rule)
        t->options.rule = rule_table[0];
    t->options.behavioural |= !engine_able(options->engine, ENGINE_TRANSISTORS);
    for (size_t l = 0; l < c->n_layers; l++)
        t->n_devices += c->sizes[l] * c->sizes[l + 1];
    t->devices = NEW(t->n_devices, struct training_device);
    t->x0 = NEW(t->n_devices, double);
    t->end_states = NEW(t->n_devices, double);
    gsl_rng *rng = random_stream(options->seed, options->sample, RANDOM_INITIAL_STATE);
    for (size_t n = 0; n < t->n_devices; n++)
        t->x0[n] =
            options->x0_given ? options->x0_given[n] : options->x0_max * gsl_rng_uniform(rng);
    gsl_rng_free(rng);
    c->x0 = t->x0;
    /* without a window of conductances building the circuit fails, and says so */
    enum status status =
        c->dopant->g_max > c->dopant->g_min ? measure_neurons(t, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = classifier_build(c, &t->classifier, error);
    if (status == STATUS_OK)
        status = check_window(t, error);
    if (status != STATUS_OK)
        training_free(t);
    return status;
}

enum status training_prepare(const struct training_options *options, struct training *t,
                             struct error *error)
{
    const enum status status = training_measure(options, t, error);
    if (status == STATUS_OK) {
        for (size_t n = 0; n < t->n_devices; n++)
            t->devices[n].address = classifier_address(&t->classifier, n);
        training_make_train_set(t);
        make_test_set(t);
        training_find_targets(t);
        t->ledger = ledger_new(t->classifier.circuit, NULL);
    }
    return status;
}

void training_free(struct training *t)
{
    for (size_t l = 0; l < CLASSIFIER_LAYERS_MAX && !t->options.measured; l++)
        transfer_free(&t->transfer[l]);
    for (size_t n = 0; n < t->n_neurons; n++)
        transfer_free(&t->own[n]);
    free(t->own);
    free(t->own_curves);
    ledger_free(t->ledger);
    classifier_free(&t->classifier);
    free(t->devices);
    free(t->pulses);
    free(t->x0);
    free(t->end_states);
    free(t->epochs);
    free(t->test_decision);
    image_set_free(&t->train_set);
    image_set_free(&t->test_set);
    *t = (struct training){0};
}

double training_truly_settled(const struct training *t)
{
    double n = 0;
    for (size_t k = 0; k < t->n_devices; k++) {
        const struct training_device *d = &t->devices[k];
        const double g = 1 / (1 / d->device_final + t->classifier.series_ohm);
        n += fabs(g / d->target - 1) <= t->options.program.tolerance;
    }
    return t->options.rule->in_place ? NAN : n;
}

double training_energy(const struct training *t)
{
    return ledger_section(t->ledger, SECTION_TRAINING).delivered;
}

double training_infer_energy(const struct training *t)
{
    return ledger_section(t->ledger, SECTION_INFERENCE).delivered;
}

double training_error(const struct training *t, enum energy_class class)
{
    const struct ledger_total total = ledger_section(t->ledger, SECTION_TRAINING);
    const struct engine_options *o = &t->options.solver;
    const double volt = fmax(o->reltol, o->vntol / CLASSIFIER_INPUT_VOLT); /* relative error */
    return total.error_by_class[class] + 2 * volt * fabs(ledger_class(&total, class));
}

/* The estimate of the missed energy was seen to be at least a third of the true one. */
#define OVERLOAD_PART (1. / 3)

/* Refuse energies of amplifiers that were driven beyond the range of their measured supply current. */
static bool knows_supply(const struct training *t, enum phase_section section, struct error *error)
{
    const struct overload *o = &t->overload;
    const struct ledger_total total = ledger_section(t->ledger, section);
    const double energy = ledger_energy(&total);
    if (o->worst < 0 || !(o->missed[section] > OVERLOAD_PART * TRAINING_ERROR_LIMIT * energy))
        return true;
    const struct circuit *c = t->classifier.circuit;
    fail(error, STATUS_UNTRUSTED,
         "the amplifier at node %s is overloaded: its output would be %.3g V beyond what was "
         "measured "
         "of it, so that %.2e of %.2e J of %s are in doubt, expected at most %g; neurons of "
         "transistors "
         "in --engine ngspice or ida tell",
         c->node_names[c->elements[o->worst].node[2]], o->most, o->missed[section], energy,
         phase_section_name(section), OVERLOAD_PART * TRAINING_ERROR_LIMIT);
    return false;
}

enum status training_account_closes(double residual, struct error *error)
{
    if (residual <= TRAINING_RESIDUAL_LIMIT)
        return STATUS_OK;
    return fail(error, STATUS_UNTRUSTED,
                "the energy account does not close: residual %.2e, expected at most %g", residual,
                TRAINING_RESIDUAL_LIMIT);
}

bool training_trustworthy(const struct training *t, struct error *error)
{
    const struct ledger_total total = ledger_section(t->ledger, SECTION_TRAINING);
    const double supply = ledger_residual_supply(t->ledger),
                 array = ledger_residual_array(t->ledger);
    if (!(supply <= TRAINING_RESIDUAL_LIMIT && array <= TRAINING_RESIDUAL_LIMIT)) {
        fail(error, STATUS_UNTRUSTED,
             "the energy account does not close: residual %.2e (array), %.2e (supply), expected at "
             "most %g",
             array, supply, TRAINING_RESIDUAL_LIMIT);
        return false;
    }
    if (!knows_supply(t, SECTION_TRAINING, error) || !knows_supply(t, SECTION_INFERENCE, error))
        return false;
    double sum = 0;
    for (int c = 0; c < ENERGY_CLASSES; c++)
        sum += training_error(t, (enum energy_class)c);
    const double device = training_error(t, CLASS_MEMRISTOR);
    if (!(sum <= TRAINING_ERROR_LIMIT * ledger_energy(&total) &&
          device <= TRAINING_ERROR_LIMIT * ledger_class(&total, CLASS_MEMRISTOR))) {
        fail(error, STATUS_UNTRUSTED,
             "the energies are not known well enough: estimated error %.2e J of all, %.2e J of the "
             "memristors, expected at most %g of each; a smaller --reltol helps",
             sum, device, TRAINING_ERROR_LIMIT);
        return false;
    }
    return true;
}
