/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stages after the training: an error of every conductance, and training again.  Each stage runs the same
 * circuit, from the states at the end of the stage before. */
#include "learn/control.h"

#include "base/memory.h"
#include "base/random.h"
#include "learn/conductance_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void stage_fill(const struct training *t, const struct run_plan *plan, struct training_stage *s)
{
    *s = (struct training_stage){.made = true,
                                 .inferred = plan->infer,
                                 .accuracy_clean = NAN,
                                 .accuracy_noisy = NAN,
                                 .train_time = t->training_time,
                                 .train_energy = training_energy(t),
                                 .infer_energy = training_infer_energy(t),
                                 .pulses = t->n_pulses - t->n_erases,
                                 .settled = t->n_settled,
                                 .epochs = t->n_epochs};
    if (!plan->infer)
        return;
    s->accuracy_clean = t->accuracy_clean;
    s->accuracy_noisy = t->accuracy_noisy;
    s->right = t->right;
    s->total = t->total;
    memcpy(s->decision, t->decision, sizeof s->decision);
}

static struct element *memristor(const struct training *t, size_t device)
{
    return &t->classifier.circuit->elements[classifier_device(&t->classifier, device)];
}

/* Start the next run where the last one has ended. */
static void continue_from(const struct training *t, const double *states)
{
    for (size_t k = 0; k < t->n_devices; k++)
        if (memristor(t, k)->state >= 0) /* not stuck */
            memristor(t, k)->x0 = fmin(1, fmax(0, states[k]));
}

static size_t disturb(struct training *t)
{
    gsl_rng *rng = random_stream(t->options.seed, t->options.sample, RANDOM_CONDUCTANCE_ERROR);
    size_t limited = 0;
    for (size_t k = 0; k < t->n_devices; k++) {
        struct element *e = memristor(t, k);
        bool beyond;
        if (e->state < 0) /* stuck */
            continue;
        e->x0 = conductance_error(e->dopant, CLASSIFIER_INPUT_VOLT, e->x0,
                                  t->options.stages.conductance_error, rng, &beyond);
        limited += beyond;
    }
    gsl_rng_free(rng);
    return limited;
}

static enum status run_stage(struct training *t, enum training_stage_kind kind,
                             const struct run_plan *plan, struct error *error)
{
    ledger_free(t->ledger);
    t->ledger = ledger_new(t->classifier.circuit, NULL);
    t->n_pulses = t->n_erases = t->n_settled = t->n_epochs = 0;
    const enum status status = run_circuit(t, plan, NULL, 0, error);
    if (status != STATUS_OK)
        return status;
    if (plan->infer)
        training_rate(t);
    const size_t limited = t->stages[kind].limited;
    stage_fill(t, plan, &t->stages[kind]);
    t->stages[kind].limited = limited;
    return STATUS_OK;
}

static enum status retrain(struct training *t, struct error *error)
{
    const struct training_stages *s = &t->options.stages;
    const bool shifted = s->retrain_flips >= 0 || s->retrain_sigma >= 0;
    if (s->retrain_flips >= 0)
        t->options.train_noise = s->retrain_flips;
    if (s->retrain_sigma >= 0)
        t->options.train_sigma = s->retrain_sigma;
    if (shifted)
        training_make_train_set(t);
    if (shifted && !t->options.rule->in_place)
        training_find_targets(t);
    t->options.erase = 0;
    const struct run_plan plan = {.train = true, .infer = true, .again = true};
    return run_stage(t, STAGE_RETRAINED, &plan, error);
}

enum status stages_run(struct training *t, struct error *error)
{
    const struct training_stages *s = &t->options.stages;
    /* the first training's results stay: what comes after works on a copy */
    struct training *later = NEW(1, struct training);
    *later = *t;
    later->devices = NEW(t->n_devices, struct training_device);
    memcpy(later->devices, t->devices, t->n_devices * sizeof *t->devices);
    later->pulses = NULL;
    later->pulses_capacity = 0;
    later->epochs = NULL;
    later->epochs_capacity = 0;
    later->ledger = NULL;
    later->train_set = (struct image_set){0};
    training_make_train_set(later);
    continue_from(later, t->end_states);
    enum status status = STATUS_OK;
    if (s->conductance_error > 0) {
        const struct run_plan plan = {.infer = !(s->retrain && s->only_last_infers)};
        later->stages[STAGE_ERROR].limited = disturb(later);
        if (plan.infer) {
            status = run_stage(later, STAGE_ERROR, &plan, error);
            continue_from(later, later->end_states);
        }
    }
    if (s->retrain && status == STATUS_OK)
        status = retrain(later, error);
    memcpy(t->stages, later->stages, sizeof t->stages);
    continue_from(t, t->x0);
    image_set_free(&later->train_set);
    ledger_free(later->ledger);
    free(later->devices);
    free(later->pulses);
    free(later->epochs);
    free(later);
    return status;
}

double training_accuracy_at(const struct training *t, enum training_stage_kind kind, double p)
{
    const struct training_stage *s = &t->stages[kind];
    return s->inferred ? images_accuracy(t->options.images, p, s->decision) : NAN;
}
