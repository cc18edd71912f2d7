/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/inference/inference_tables.h"

#include "base/memory.h"
#include "engine/lines/lines_bent.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const classes[LINES_CLASSES] = {
    [LINES_DEVICES] = "devices", [LINES_ROW_SEGMENTS] = "row_segments",
    [LINES_DRIVERS] = "drivers", [LINES_COLUMN_SEGMENTS] = "column_segments",
    [LINES_SENSES] = "senses",   [LINES_SELECTS] = "selects",
};

/* Sums over a layer's pairs, or over all layers. */
struct sums {
    struct tile_energy energy; /* [J], of all images */
    double tiles, devices, stuck, conversions, clipped, inputs, inputs_clipped;
};

static void add_pair(struct sums *s, const struct tiled_matrix *t, size_t pair)
{
    const struct tile_energy e = tiled_matrix_energy(t, pair);
    for (size_t k = 0; k < LINES_CLASSES; k++)
        s->energy.by_class[k] += e.by_class[k];
    s->energy.delivered += e.delivered;
    s->tiles += 2;
    s->devices += 2 * (double)t->pairs[pair].cells.n;
    for (size_t k = 0; k < t->pairs[pair].cells.n; k++)
        s->stuck += t->pairs[pair].cells.stuck[0][k] + t->pairs[pair].cells.stuck[1][k];
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
    return (double)(t->matrix->reads * t->phases * tile_options_planes(t->options)) *
           tile_options_period(t->options);
}

double inference_residual(const struct inference_outcome *o)
{
    const struct sums s = sum_all(o->inference);
    double heat = 0;
    for (size_t k = 0; k < LINES_CLASSES; k++)
        heat += s.energy.by_class[k];
    return share(fabs(s.energy.delivered - heat), fmax(fabs(s.energy.delivered), heat));
}

/* Right, and as in double precision, of all images. */
struct score {
    double right, right_float, agree;
};

static struct score score(const struct inference_outcome *o)
{
    const struct inference_result *r = &o->result;
    const uint32_t *labels = o->setup->images.labels;
    struct score s = {0};
    for (size_t k = 0; k < r->n; k++) {
        s.right += r->decision[k] == labels[k];
        s.right_float += r->by_float[k] == labels[k];
        s.agree += r->decision[k] == r->by_float[k];
    }
    return s;
}

void inference_outputs(const struct inference_outcome *o, double v[INFERENCE_N_OUTPUTS])
{
    const struct inference_result *r = &o->result;
    const struct sums s = sum_all(o->inference);
    const struct score score_of = score(o);
    const double n = (double)r->n;
    double energy = 0, sequence = 0, slowest = 0, low, high;
    for (size_t k = 0; k < r->n; k++)
        energy += r->energy[k];
    for (size_t k = 0; k < o->inference->graph->n_layers; k++)
        if (o->inference->layers[k]) {
            sequence += layer_time(o->inference->layers[k]);
            slowest = fmax(slowest, layer_time(o->inference->layers[k]));
        }
    wilson_interval(score_of.right, n, &low, &high);
    const double values[INFERENCE_N_OUTPUTS] = {
        [INFERENCE_IMAGES] = n,
        [INFERENCE_ACCURACY] = score_of.right / n,
        [INFERENCE_ACCURACY_LOW] = low,
        [INFERENCE_ACCURACY_HIGH] = high,
        [INFERENCE_ACCURACY_FLOAT] = score_of.right_float / n,
        [INFERENCE_AGREEMENT] = score_of.agree / n,
        [INFERENCE_TILES] = s.tiles,
        [INFERENCE_DEVICES] = s.devices,
        [INFERENCE_STUCK] = s.stuck,
        [INFERENCE_INPUTS_CLIPPED] = share(s.inputs_clipped, s.inputs),
        [INFERENCE_CONVERSIONS_CLIPPED] = share(s.clipped, s.conversions),
        [INFERENCE_ENERGY_ARRAY] = energy / n,
        [INFERENCE_ENERGY_CONVERTERS] = s.conversions * o->adc_energy / n,
        [INFERENCE_RESIDUAL] = inference_residual(o),
        [INFERENCE_TIME_SEQUENCE] = sequence,
        [INFERENCE_TIME_PIPELINED] = slowest,
    };
    memcpy(v, values, sizeof values);
}

struct table *inference_total(const struct inference_outcome *o)
{
#define COLUMN_NAME(id, name) name
    static const char *const names[] = {INFERENCE_COLUMNS(COLUMN_NAME)};
#undef COLUMN_NAME
    static const int digits[INFERENCE_N_OUTPUTS] = {0, 6, 6, 6, 6, 6, 0, 0, 0, 4, 4, 6, 6, 2, 6, 6};
    double values[INFERENCE_N_OUTPUTS];
    struct table *t = table_new(INFERENCE_N_OUTPUTS, names, digits);
    inference_outputs(o, values);
    table_row(t);
    for (size_t k = 0; k < INFERENCE_N_OUTPUTS; k++)
        table_number(t, k, values[k]);
    return t;
}

struct table *inference_upright(const struct table *from)
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

/* How the tiles' reads were solved. */
static const char *reads_of(const struct tiled_matrix *t)
{
    if (!tile_options_bend(t->options))
        return "linear";
    return t->bend_factor <= BENT_FACTOR_MOST ? "fixed point" : "Newton";
}

struct table *inference_layers(const struct inference_outcome *o)
{
    static const char *const names[] = {"layer",
                                        "operator",
                                        "tiles",
                                        "input_most",
                                        "adc_range_A",
                                        "inputs_clipped",
                                        "conversions_clipped",
                                        "energy_J",
                                        "time_s",
                                        "reads",
                                        "factor",
                                        "steps"};
    static const int digits[] = {0, 0, 0, 4, 4, 4, 4, 6, 6, 0, 3, 0};
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
                                 s.energy.delivered / (double)o->result.n,
                                 layer_time(t)};
        table_row(table);
        table_text(table, 0, t->layer->name);
        table_text(table, 1, t->layer->op_type);
        for (size_t i = 0; i < COUNT(values); i++)
            table_number(table, 2 + i, values[i]);
        table_text(table, 9, reads_of(t));
        table_number(table, 10, t->bend_factor);
        table_number(table, 11, (double)t->bend_steps);
    }
    return table;
}

struct table *inference_tiles(const struct inference_outcome *o)
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
                                     p->converted / (double)o->result.n,
                                     share(p->clipped, p->converted)};
            table_row(table);
            table_text(table, 0, t->layer->name);
            for (size_t c = 0; c < COUNT(values); c++)
                table_number(table, 1 + c, values[c]);
            for (size_t c = 0; c < LINES_CLASSES; c++)
                table_number(table, 8 + c, e.by_class[c] / (double)o->result.n);
        }
    }
    return table;
}

struct table *inference_energy(const struct inference_outcome *o)
{
    static const char *const names[] = {"class", "energy_J", "source"};
    static const int digits[] = {0, 6, 0};
    const struct sums s = sum_all(o->inference);
    const double n = (double)o->result.n;
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

struct table *inference_confusion(const struct inference_outcome *o)
{
    const size_t n = o->result.classes;
    const char **names = NEW(n + 1, const char *);
    char **made = NEW(n, char *);
    double *counts = NEW(n * n, double);
    names[0] = "label";
    for (size_t c = 0; c < n; c++)
        names[c + 1] = made[c] = memory_format("%zu", c);
    struct table *t = table_new(n + 1, names, NULL);
    for (size_t k = 0; k < o->result.n; k++)
        counts[o->setup->images.labels[k] * n + o->result.decision[k]]++;
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

struct table *inference_images_table(const struct inference_outcome *o)
{
    static const char *const names[] = {"image", "label", "decision", "decision_float",
                                        "energy_array_J"};
    struct table *t = table_new(COUNT(names), names, NULL);
    for (size_t k = 0; k < o->result.n; k++) {
        const double values[] = {(double)k + 1, o->setup->images.labels[k], o->result.decision[k],
                                 o->result.by_float[k], o->result.energy[k]};
        table_row(t);
        for (size_t c = 0; c < COUNT(values); c++)
            table_number(t, c, values[c]);
    }
    return t;
}

struct table *inference_devices(const struct inference_outcome *o)
{
    static const char *const names[] = {"layer", "group", "row", "column", "plus_S", "minus_S"};
    struct table *table = table_new(COUNT(names), names, NULL);
    for (size_t l = 0; l < o->inference->graph->n_layers; l++) {
        const struct tiled_matrix *t = o->inference->layers[l];
        for (size_t i = 0; t && i < t->n_pairs; i++) {
            const struct tile_pair *p = &t->pairs[i];
            const size_t columns = p->forms[0]->columns;
            for (size_t k = 0; k < p->cells.n; k++) {
                const double values[] = {(double)p->group + 1, (double)(p->row + k / columns) + 1,
                                         (double)(p->column + k % columns) + 1,
                                         p->cells.programmed[0][k], p->cells.programmed[1][k]};
                table_row(table);
                table_text(table, 0, t->layer->name);
                for (size_t c = 0; c < COUNT(values); c++)
                    table_number(table, 1 + c, values[c]);
            }
        }
    }
    return table;
}

struct table *inference_effects(const struct inference_outcome *o)
{
    static const char *const names[] = {
        "effect",     "images",      "accuracy", "accuracy_low", "accuracy_high",
        "difference", "only_before", "only_now", "mcnemar_p",    "agreement"};
    static const int digits[] = {0, 0, 6, 6, 6, 4, 0, 0, 4, 6};
    const struct effects *e = &o->effects;
    if (e->n == 0)
        return NULL;
    struct table *t = table_new(COUNT(names), names, digits);
    for (size_t k = 0; k < EFFECTS; k++) {
        const uint32_t *now = e->decision[k], *before = e->decision[k > 0 ? k - 1 : 0],
                       *labels = o->setup->images.labels;
        size_t right = 0, agree = 0, lost = 0, won = 0;
        for (size_t i = 0; i < e->n; i++) {
            right += now[i] == labels[i];
            agree += now[i] == e->decision[EFFECT_FLOAT][i];
            lost += before[i] == labels[i] && now[i] != labels[i];
            won += before[i] != labels[i] && now[i] == labels[i];
        }
        const double n = (double)e->n;
        double low, high;
        wilson_interval((double)right, n, &low, &high);
        const double values[] = {n,
                                 (double)right / n,
                                 low,
                                 high,
                                 ((double)won - (double)lost) / n,
                                 (double)lost,
                                 (double)won,
                                 mcnemar_p(lost, won),
                                 (double)agree / n};
        table_row(t);
        table_text(t, 0, effect_names[k]);
        for (size_t c = 0; c < COUNT(values); c++)
            table_number(t, 1 + c, values[c]);
    }
    return t;
}

struct table *inference_codes(const struct inference_outcome *o)
{
    static const char *const names[] = {"layer", "part_of_range", "share"};
    struct table *table = table_new(COUNT(names), names, NULL);
    for (size_t l = 0; l < o->inference->graph->n_layers; l++) {
        const struct tiled_matrix *t = o->inference->layers[l];
        double all = 0;
        for (size_t k = 0; t && k < CODE_PARTS; k++)
            all += t->codes[k];
        for (size_t k = 0; all > 0 && k < CODE_PARTS; k++) {
            table_row(table);
            table_text(table, 0, t->layer->name);
            table_number(table, 1, (2.0 * (double)k + 1) / CODE_PARTS - 1);
            table_number(table, 2, t->codes[k] / all);
        }
    }
    return table;
}

/* A place of a pair: w / w_max as it should be, and as tiles with their lines have it. */
struct place {
    double wanted, effective;
};

static struct place place_of(const struct tiled_matrix *t, const struct tile_pair *p, size_t i,
                             size_t j)
{
    const struct tile_mapping *m = &t->options->mapping;
    const struct matrix_layer *l = t->matrix;
    const double
        span = m->g_max - m->g_min,
        most = t->options->volt * span *
               t->factor[(p->group * t->row_tiles + p->row / t->options->form.rows) * l->columns +
                         p->column + j];
    const size_t at = j * p->forms[0]->rows + i;
    return (struct place){tiled_matrix_weight(t, p->group, p->row + i, p->column + j) / most,
                          (p->forms[0]->w[at] - p->forms[1]->w[at]) / span};
}

static double square_error(const struct tiled_matrix *t, const struct tile_pair *p)
{
    double sum = 0;
    for (size_t j = 0; j < p->columns; j++)
        for (size_t i = 0; i < p->rows; i++) {
            const struct place at = place_of(t, p, i, j);
            sum += (at.effective - at.wanted) * (at.effective - at.wanted);
        }
    return sum / (double)(p->rows * p->columns);
}

struct table *inference_worst(const struct inference_outcome *o)
{
    static const char *const names[] = {"layer", "group",  "first_row", "first_column",
                                        "row",   "column", "wanted",    "effective"};
    struct table *table = table_new(COUNT(names), names, NULL);
    const struct tiled_matrix *t = NULL;
    const struct tile_pair *p = NULL;
    double most = -1;
    for (size_t l = 0; l < o->inference->graph->n_layers; l++)
        for (size_t k = 0; o->inference->layers[l] && k < o->inference->layers[l]->n_pairs; k++) {
            const double error =
                square_error(o->inference->layers[l], &o->inference->layers[l]->pairs[k]);
            if (error > most) {
                most = error;
                t = o->inference->layers[l];
                p = &t->pairs[k];
            }
        }
    for (size_t i = 0; p && i < p->rows; i++)
        for (size_t j = 0; j < p->columns; j++) {
            const struct place at = place_of(t, p, i, j);
            const double values[] = {
                (double)p->group + 1, (double)p->row + 1, (double)p->column + 1, (double)i + 1,
                (double)j + 1,        at.wanted,          at.effective};
            table_row(table);
            table_text(table, 0, t->layer->name);
            for (size_t c = 0; c < COUNT(values); c++)
                table_number(table, 1 + c, values[c]);
        }
    return table;
}
