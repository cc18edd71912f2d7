/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/summary.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* clang-format off */
#define FIELD(member, name, kind) {name, kind, offsetof(struct summary, member), false}
#define PLAIN(member, kind) FIELD(member, #member, kind)
#define LATER(member, kind) {#member, kind, offsetof(struct summary, member), true}
/* clang-format on */

const struct summary_field summary_fields[] = {
    PLAIN(version, SUMMARY_TEXT),
    PLAIN(engine, SUMMARY_TEXT),
    PLAIN(dopant, SUMMARY_TEXT),
    PLAIN(neuron, SUMMARY_TEXT),
    PLAIN(images, SUMMARY_TEXT),
    PLAIN(seed, SUMMARY_COUNT),
    LATER(replica, SUMMARY_COUNT),
    LATER(rule, SUMMARY_TEXT),
    PLAIN(tolerance, SUMMARY_NUMBER),
    PLAIN(policy, SUMMARY_TEXT),
    PLAIN(gap, SUMMARY_TEXT),
    PLAIN(reset_s, SUMMARY_NUMBER),
    PLAIN(train_noise_probability, SUMMARY_NUMBER),
    PLAIN(training_time_s, SUMMARY_NUMBER),
    PLAIN(energy_J, SUMMARY_NUMBER),
    PLAIN(energy_infer_J, SUMMARY_NUMBER),
    PLAIN(energy_infer_per_image_J, SUMMARY_NUMBER),
    PLAIN(delivered_supply_J, SUMMARY_NUMBER),
    PLAIN(delivered_drivers_J, SUMMARY_NUMBER),
    FIELD(by_class, "energy_by_class_J", SUMMARY_CLASSES),
    FIELD(by_phase, "energy_by_phase_J", SUMMARY_PHASES),
    FIELD(error, "energy_error_estimate_J", SUMMARY_CLASSES),
    FIELD(infer_by_class, "energy_infer_by_class_J", SUMMARY_CLASSES),
    PLAIN(residual_array, SUMMARY_NUMBER),
    PLAIN(residual_supply, SUMMARY_NUMBER),
    PLAIN(devices_total, SUMMARY_COUNT),
    PLAIN(devices_within_tolerance, SUMMARY_COUNT),
    LATER(devices_truly_within_tolerance, SUMMARY_COUNT),
    LATER(devices_started, SUMMARY_COUNT),
    PLAIN(pulses_total, SUMMARY_COUNT),
    PLAIN(accuracy_clean, SUMMARY_NUMBER),
    PLAIN(accuracy_noisy, SUMMARY_NUMBER),
    PLAIN(noise_probability, SUMMARY_NUMBER),
    PLAIN(accuracy_limit, SUMMARY_NUMBER),
    LATER(accuracy_after_error, SUMMARY_NUMBER),
    LATER(accuracy_retrained, SUMMARY_NUMBER),
    PLAIN(neuron_power_W, SUMMARY_NUMBER),
    PLAIN(infer_latency_s, SUMMARY_NUMBER),
    PLAIN(infer_settling_s, SUMMARY_NUMBER),
    PLAIN(reltol, SUMMARY_NUMBER),
    PLAIN(abstol_A, SUMMARY_NUMBER),
    PLAIN(points_total, SUMMARY_COUNT),
    PLAIN(simulated_time_s, SUMMARY_NUMBER),
    PLAIN(transient_wall_s, SUMMARY_NUMBER),
    PLAIN(callback_wall_fraction, SUMMARY_NUMBER),
    PLAIN(wall_time_s, SUMMARY_NUMBER),
    LATER(settings, SUMMARY_SETTINGS),
};
const size_t summary_n_fields = sizeof summary_fields / sizeof summary_fields[0];

static void copy(char *to, const char *from)
{
    snprintf(to, SUMMARY_TEXT_MAX, "%s", from);
}

void summary_fill(struct summary *s, const struct training *t, struct table *settings)
{
    const struct training_stage *error = &t->stages[STAGE_ERROR],
                                *again = &t->stages[STAGE_RETRAINED];
    const struct training_options *o = &t->options;
    const struct ledger_total training = ledger_section(t->ledger, SECTION_TRAINING),
                              inference = ledger_section(t->ledger, SECTION_INFERENCE);
    *s = (struct summary){
        .settings = settings,
        .seed = (double)o->seed,
        .replica = o->sample,
        .tolerance = o->program.tolerance,
        .reset_s = o->erase,
        .train_noise_probability = o->train_noise,
        .noise_probability = o->noise,
        .training_time_s = t->training_time,
        .energy_J = training_energy(t),
        .energy_infer_J = training_infer_energy(t),
        .energy_infer_per_image_J = training_infer_energy(t) / IMAGE_COUNT,
        .delivered_supply_J = training.delivered_supply,
        .delivered_drivers_J = training.delivered_drivers,
        .neuron_power_W = ledger_class(&training, CLASS_NEURON) / t->training_time,
        .residual_array = ledger_residual_array(t->ledger),
        .residual_supply = ledger_residual_supply(t->ledger),
        .devices_total = (double)t->n_devices,
        .devices_within_tolerance = o->rule->in_place ? NAN : (double)t->n_settled,
        .devices_truly_within_tolerance = training_truly_settled(t),
        .devices_started = o->rule->in_place ? (double)t->n_settled : NAN,
        .pulses_total = (double)(t->n_pulses - t->n_erases),
        .accuracy_clean = t->accuracy_clean,
        .accuracy_noisy = t->accuracy_noisy,
        .accuracy_limit = t->accuracy_limit,
        .accuracy_after_error = error->inferred ? error->accuracy_noisy : NAN,
        .accuracy_retrained = again->inferred ? again->accuracy_noisy : NAN,
        .infer_latency_s = t->infer_latency,
        .infer_settling_s = t->infer_settling,
        .reltol = o->solver.reltol,
        .abstol_A = o->solver.abstol,
        .points_total = (double)t->report.points,
        .simulated_time_s = t->report.time,
        .transient_wall_s = t->report.wall,
        .callback_wall_fraction = t->report.callback_wall / t->report.wall,
    };
    copy(s->version, PACKAGE_VERSION);
    char *engine = engine_method_title(o->engine, o->solver.method);
    copy(s->engine, engine);
    free(engine);
    copy(s->dopant, o->classifier.dopant->name);
    copy(s->rule, o->rule->name);
    copy(s->policy, program_policies[o->program.policy]);
    copy(s->gap, program_gaps[o->program.gap]);
    for (int c = 0; c < ENERGY_CLASSES; c++) {
        s->by_class[c] = ledger_class(&training, (enum energy_class)c);
        s->infer_by_class[c] = ledger_class(&inference, (enum energy_class)c);
        s->error[c] = training_error(t, (enum energy_class)c);
    }
    for (int k = 0; k < PHASE_KINDS; k++)
        s->by_phase[k] = ledger_kind(&training, k);
}

void summary_free(struct summary *s)
{
    table_free(s->settings);
    *s = (struct summary){0};
}

double summary_number(const struct summary *s, const struct summary_field *f, size_t index)
{
    double value;
    memcpy(&value, (const char *)s + f->offset + index * sizeof value, sizeof value);
    return value;
}

const char *summary_text(const struct summary *s, const struct summary_field *f)
{
    return (const char *)s + f->offset;
}

size_t summary_entries(const struct summary_field *f)
{
    return f->kind == SUMMARY_CLASSES  ? ENERGY_CLASSES
           : f->kind == SUMMARY_PHASES ? PHASE_KINDS
                                       : 1;
}

const char *summary_entry(const struct summary_field *f, size_t index)
{
    return f->kind == SUMMARY_CLASSES  ? energy_class_name((enum energy_class)index)
           : f->kind == SUMMARY_PHASES ? phase_kind_name((enum phase_kind)index)
                                       : NULL;
}
