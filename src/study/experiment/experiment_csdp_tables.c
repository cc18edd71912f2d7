/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/experiment_csdp_tables.h"

/* Values of the inputs, the first one first. */
static void put_pattern(struct table *t, size_t column, const struct truth_table *truth,
                        size_t pattern)
{
    char text[TRUTH_INPUTS_MAX + 1] = "";
    for (size_t k = 0; k < truth->n_inputs; k++)
        text[k] = truth_input(truth, pattern, k) ? '1' : '0';
    table_text(t, column, text);
}

struct table *csdp_learning_table(const struct csdp *s)
{
    static const char *const names[] = {"presentation", "epoch",    "pattern", "label",
                                        "positive",     "goodness", "spikes"};
    struct table *t = table_new(sizeof names / sizeof names[0], names, NULL);
    for (size_t k = 0; k < csdp_presentations(&s->options); k++) {
        const struct csdp_record *r = &s->records[k];
        table_row(t);
        table_number(t, 0, (double)k + 1);
        table_number(t, 1, (double)(k / (2 * s->options.draws)) + 1);
        put_pattern(t, 2, &s->options.table, r->shown.pattern);
        table_number(t, 3, r->shown.label);
        table_number(t, 4, r->shown.positive);
        table_number(t, 5, r->goodness);
        table_number(t, 6, r->spikes);
    }
    return t;
}

struct table *csdp_patterns_table(const struct csdp *s)
{
    static const char *const names[] = {"pattern",         "value",  "goodness_label0",
                                        "goodness_label1", "margin", "untrained_margin",
                                        "ideal_margin"};
    static const int digits[] = {0, 0, 5, 5, 4, 4, 4};
    const struct truth_table *truth = &s->options.table;
    struct table *t = table_new(sizeof names / sizeof names[0], names, digits);
    for (size_t p = 0; p < truth->n_patterns; p++) {
        const bool y = truth->value[p];
        const double *g = s->trained.goodness[p];
        table_row(t);
        put_pattern(t, 0, truth, p);
        table_number(t, 1, y);
        table_number(t, 2, g[0]);
        table_number(t, 3, g[1]);
        table_number(t, 4, g[y] - g[!y]);
        if (s->options.baselines) {
            table_number(t, 5, s->untrained.goodness[p][y] - s->untrained.goodness[p][!y]);
            table_number(t, 6, s->ideal.goodness[p][y] - s->ideal.goodness[p][!y]);
        }
    }
    return t;
}

struct table *csdp_spikes_table(const struct csdp *s)
{
    static const char *const names[] = {"presentation", "step", "of", "number"};
    struct table *t = table_new(sizeof names / sizeof names[0], names, NULL);
    for (size_t k = 0; k < s->n_shown; k++) {
        const struct csdp_spike *spike = &s->shown[k];
        table_row(t);
        table_number(t, 0, (double)spike->presentation + 1);
        table_number(t, 1, (double)spike->step + 1);
        table_text(t, 2, spike->neuron ? "neuron" : "line");
        table_number(t, 3, (double)spike->number + 1);
    }
    return t;
}

struct table *csdp_devices_table(const struct csdp *s)
{
    static const char *const names[] = {"line", "neuron", "sign", "initial_S", "final_S", "stuck"};
    const size_t n = s->options.hidden;
    struct table *t = table_new(sizeof names / sizeof names[0], names, NULL);
    for (size_t k = 0; k < s->n_rows * n; k++) {
        table_row(t);
        table_number(t, 0, (double)(k / n / 2) + 1);
        table_number(t, 1, (double)(k % n) + 1);
        table_text(t, 2, k / n % 2 ? "-" : "+");
        table_number(t, 3, s->initial[k]);
        table_number(t, 4, s->final[k]);
        table_number(t, 5, s->options.stuck_ohm && s->options.stuck_ohm[k] > 0);
    }
    return t;
}

struct table *csdp_energy_table(const struct csdp *s)
{
    const char *names[3 + ENERGY_CLASSES] = {"section", "phase", "energy_J"};
    for (int c = 0; c < ENERGY_CLASSES; c++)
        names[3 + c] = energy_class_name((enum energy_class)c);
    int digits[3 + ENERGY_CLASSES];
    for (int c = 0; c < 3 + ENERGY_CLASSES; c++)
        digits[c] = 5;
    struct table *t = table_new(3 + ENERGY_CLASSES, names, digits);
    for (int section = 0; section < CSDP_SECTIONS; section++) {
        const struct ledger_total total = ledger_section(s->ledger, section);
        for (int kind = 0; kind < CSDP_KINDS && total.t0 >= 0; kind++) {
            if (!(ledger_kind(&total, kind) != 0))
                continue;
            table_row(t);
            table_text(t, 0, csdp_names.sections[section]);
            table_text(t, 1, csdp_names.kinds[kind]);
            table_number(t, 2, ledger_kind(&total, kind));
            for (size_t c = 0; c < ENERGY_CLASSES; c++)
                table_number(t, 3 + c, total.by_class[kind][c]);
        }
    }
    return t;
}
