/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/infer/infer_tables.h"

#include "base/memory.h"
#include "study/claims/aggregate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const classes[LINES_CLASSES] = {
    [LINES_DEVICES] = "devices", [LINES_ROW_SEGMENTS] = "row_segments",
    [LINES_DRIVERS] = "drivers", [LINES_COLUMN_SEGMENTS] = "column_segments",
    [LINES_SENSES] = "senses",
};

/* Sums over a layer's pairs, or over all layers. */
struct sums {
    struct tile_energy energy; /* [J], of all images */
    double tiles, conversions, clipped, inputs, inputs_clipped;
};

static void add_pair(struct sums *s, const struct tiled_matrix *t, size_t pair)
{
    const struct tile_energy e = tiled_matrix_energy(t, pair);
    for (size_t k = 0; k < LINES_CLASSES; k++)
        s->energy.by_class[k] += e.by_class[k];
    s->energy.delivered += e.delivered;
    s->tiles += 2;
    s->conversions += t->pairs[pair].converted;
    s->clipped += t->pairs[pair].clipped;
}

static void add_layer(struct sums *s, const struct tiled_matrix *t)
{
    for (size_t k = 0; k < t->n_pairs; k++)
        add_pair(s, t, k);
    s->inputs += t->inputs;
    s->inputs_clipped += t->inputs_clipped;
}

static struct sums sum_all(const struct inference *f)
{
    struct sums s = {0};
    for (size_t k = 0; k < f->graph->n_layers; k++)
        if (f->layers[k])
            add_layer(&s, f->layers[k]);
    return s;
}

static double share(double part, double all)
{
    return all > 0 ? part / all : 0;
}

/* Of one image through the layer's tiles: each read takes its time. */
static double layer_time(const struct tiled_matrix *t)
{
    return (double)(t->matrix->reads * t->phases) * t->options->read_time;
}

double infer_residual(const struct infer_outcome *o)
{
    const struct sums s = sum_all(o->inference);
    double heat = 0;
    for (size_t k = 0; k < LINES_CLASSES; k++)
        heat += s.energy.by_class[k];
    return share(fabs(s.energy.delivered - heat), fmax(fabs(s.energy.delivered), heat));
}

struct table *infer_total(const struct infer_outcome *o)
{
    static const char *const names[] = {"images",
                                        "accuracy",
                                        "accuracy_low",
                                        "accuracy_high",
                                        "accuracy_float",
                                        "agreement",
                                        "tiles",
                                        "inputs_clipped",
                                        "conversions_clipped",
                                        "energy_array_J",
                                        "energy_converters_J",
                                        "residual",
                                        "time_sequence_s",
                                        "time_pipelined_s"};
    static const int digits[] = {0, 6, 6, 6, 6, 6, 0, 4, 4, 6, 6, 2, 6, 6};
    const struct inference_result *r = o->result;
    const struct sums s = sum_all(o->inference);
    double *right = NEW(r->n, double), agree = 0, right_float = 0, energy = 0, sequence = 0,
           slowest = 0;
    for (size_t k = 0; k < r->n; k++) {
        right[k] = r->decision[k] == o->set->labels[k];
        right_float += r->by_float[k] == o->set->labels[k];
        agree += r->decision[k] == r->by_float[k];
        energy += r->energy[k];
    }
    for (size_t k = 0; k < o->inference->graph->n_layers; k++)
        if (o->inference->layers[k]) {
            sequence += layer_time(o->inference->layers[k]);
            slowest = fmax(slowest, layer_time(o->inference->layers[k]));
        }
    const double n = (double)r->n;
    const struct interval95 i = aggregate_mean(right, r->n, 1, 0);
    const double values[] = {n,
                             i.mean,
                             i.low,
                             i.high,
                             right_float / n,
                             agree / n,
                             s.tiles,
                             share(s.inputs_clipped, s.inputs),
                             share(s.clipped, s.conversions),
                             energy / n,
                             s.conversions * o->adc_energy / n,
                             infer_residual(o),
                             sequence,
                             slowest};
    struct table *t = table_new(COUNT(names), names, digits);
    table_row(t);
    for (size_t k = 0; k < COUNT(names); k++)
        table_number(t, k, values[k]);
    free(right);
    return t;
}

struct table *infer_upright(const struct table *from)
{
    static const char *const names[] = {"quantity", "value"};
    struct table *t = table_new(2, names, NULL);
    for (size_t k = 0; k < from->n_columns; k++) {
        char *text = memory_format("%.*g", from->digits[k] > 0 ? from->digits[k] : 15,
                                   from->cells[k].number);
        table_row(t);
        table_text(t, 0, from->names[k]);
        table_text(t, 1, text);
        free(text);
    }
    return t;
}

struct table *infer_layers(const struct infer_outcome *o)
{
    static const char *const names[] = {"layer",
                                        "operator",
                                        "tiles",
                                        "input_most",
                                        "adc_range_A",
                                        "inputs_clipped",
                                        "conversions_clipped",
                                        "energy_J",
                                        "time_s"};
    static const int digits[] = {0, 0, 0, 4, 4, 4, 4, 6, 6};
    struct table *table = table_new(COUNT(names), names, digits);
    for (size_t k = 0; k < o->inference->graph->n_layers; k++) {
        const struct tiled_matrix *t = o->inference->layers[k];
        if (!t)
            continue;
        struct sums s = {0};
        double range = 0;
        add_layer(&s, t);
        for (size_t i = 0; i < t->sides * t->matrix->groups * t->row_tiles * t->matrix->columns;
             i++)
            range = fmax(range, t->range[i]);
        const double values[] = {s.tiles,
                                 t->x_max,
                                 range,
                                 share(s.inputs_clipped, s.inputs),
                                 share(s.clipped, s.conversions),
                                 s.energy.delivered / (double)o->result->n,
                                 layer_time(t)};
        table_row(table);
        table_text(table, 0, t->layer->name);
        table_text(table, 1, t->layer->op_type);
        for (size_t i = 0; i < COUNT(values); i++)
            table_number(table, 2 + i, values[i]);
    }
    return table;
}

struct table *infer_tiles(const struct infer_outcome *o)
{
    const char *names[8 + LINES_CLASSES] = {"layer", "group",   "row",         "column",
                                            "rows",  "columns", "conversions", "clipped"};
    char *energies[LINES_CLASSES];
    for (size_t k = 0; k < LINES_CLASSES; k++)
        names[8 + k] = energies[k] = memory_format("energy_%s_J", classes[k]);
    struct table *table = table_new(COUNT(names), names, NULL);
    for (size_t k = 0; k < LINES_CLASSES; k++)
        free(energies[k]);
    for (size_t l = 0; l < o->inference->graph->n_layers; l++) {
        const struct tiled_matrix *t = o->inference->layers[l];
        for (size_t i = 0; t && i < t->n_pairs; i++) {
            const struct tile_pair *p = &t->pairs[i];
            const struct tile_energy e = tiled_matrix_energy(t, i);
            const double values[] = {(double)p->group + 1,
                                     (double)p->row + 1,
                                     (double)p->column + 1,
                                     (double)p->rows,
                                     (double)p->columns,
                                     p->converted / (double)o->result->n,
                                     share(p->clipped, p->converted)};
            table_row(table);
            table_text(table, 0, t->layer->name);
            for (size_t c = 0; c < COUNT(values); c++)
                table_number(table, 1 + c, values[c]);
            for (size_t c = 0; c < LINES_CLASSES; c++)
                table_number(table, 8 + c, e.by_class[c] / (double)o->result->n);
        }
    }
    return table;
}

struct table *infer_energy(const struct infer_outcome *o)
{
    static const char *const names[] = {"class", "energy_J", "source"};
    static const int digits[] = {0, 6, 0};
    const struct sums s = sum_all(o->inference);
    const double n = (double)o->result->n;
    struct table *t = table_new(COUNT(names), names, digits);
    for (size_t k = 0; k < LINES_CLASSES; k++) {
        table_row(t);
        table_text(t, 0, classes[k]);
        table_number(t, 1, s.energy.by_class[k] / n);
        table_text(t, 2, "simulated");
    }
    table_row(t);
    table_text(t, 0, "converters");
    table_number(t, 1, s.conversions * o->adc_energy / n);
    table_text(t, 2, "parameter");
    return t;
}

struct table *infer_confusion(const struct infer_outcome *o)
{
    const size_t n = o->result->classes;
    const char **names = NEW(n + 1, const char *);
    char **made = NEW(n, char *);
    double *counts = NEW(n * n, double);
    names[0] = "label";
    for (size_t c = 0; c < n; c++)
        names[c + 1] = made[c] = memory_format("%zu", c);
    struct table *t = table_new(n + 1, names, NULL);
    for (size_t k = 0; k < o->result->n; k++)
        counts[o->set->labels[k] * n + o->result->decision[k]]++;
    for (size_t c = 0; c < n; c++) {
        table_row(t);
        table_number(t, 0, (double)c);
        for (size_t d = 0; d < n; d++)
            table_number(t, d + 1, counts[c * n + d]);
        free(made[c]);
    }
    free(made);
    free(names);
    free(counts);
    return t;
}

struct table *infer_images(const struct infer_outcome *o)
{
    static const char *const names[] = {"image", "label", "decision", "decision_float",
                                        "energy_array_J"};
    struct table *t = table_new(COUNT(names), names, NULL);
    for (size_t k = 0; k < o->result->n; k++) {
        const double values[] = {(double)k + 1, o->set->labels[k], o->result->decision[k],
                                 o->result->by_float[k], o->result->energy[k]};
        table_row(t);
        for (size_t c = 0; c < COUNT(values); c++)
            table_number(t, c, values[c]);
    }
    return t;
}
