/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/inference/inference_programming.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Figures of one tile or of many, behind the columns that say which. */
static const char *const figures[] = {"devices",
                                      "not_settled",
                                      "not_truly_settled",
                                      "compensating",
                                      "pulses_mean",
                                      "pulses_most",
                                      "volt_seconds_mean_Vs",
                                      "volt_seconds_most_Vs",
                                      "energy_memristor_J",
                                      "energy_select_J",
                                      "energy_line_J",
                                      "energy_driver_J",
                                      "time_one_writer_s",
                                      "time_writer_a_tile_s"};
static const int digits[] = {0, 0, 0, 0, 4, 0, 4, 4, 6, 6, 6, 6, 6, 6};
enum { FIGURES = sizeof figures / sizeof figures[0] };

static void fill(struct table *table, size_t column, const struct programming_total *t)
{
    const double values[FIGURES] = {t->devices,
                                    t->not_settled,
                                    t->not_truly,
                                    t->compensating,
                                    t->pulses / t->devices,
                                    t->pulses_most,
                                    t->volt_seconds / t->devices,
                                    t->volt_seconds_most,
                                    t->energy[CLASS_MEMRISTOR],
                                    t->energy[CLASS_SELECT],
                                    t->energy[CLASS_LINE],
                                    t->energy[CLASS_DRIVER],
                                    t->time,
                                    t->time_longest};
    for (size_t k = 0; k < FIGURES; k++)
        table_number(table, column + k, values[k]);
}

static void add_layer(struct programming_total *total, const struct tiled_matrix *t)
{
    for (size_t k = 0; k < t->n_pairs; k++)
        for (size_t s = 0; s < 2; s++)
            programming_total_add(total, t->pairs[k].cells.programming[s]);
}

static void add_row(struct table *table, const char *name, const struct programming_total *total)
{
    table_row(table);
    table_text(table, 0, name);
    table_number(table, 1, total->tiles);
    fill(table, 2, total);
}

static bool written(const struct inference_outcome *o)
{
    return o->testbench->tile.mapping.mode == MAP_VERIFY;
}

struct table *inference_programming(const struct inference_outcome *o)
{
    if (!written(o))
        return NULL;
    const char *names[2 + FIGURES] = {"layer", "tiles"};
    int places[2 + FIGURES] = {0};
    for (size_t k = 0; k < FIGURES; k++) {
        names[2 + k] = figures[k];
        places[2 + k] = digits[k];
    }
    struct table *table = table_new(2 + FIGURES, names, places);
    struct programming_total all = {0};
    for (size_t l = 0; l < o->inference->graph->n_layers; l++) {
        const struct tiled_matrix *t = o->inference->layers[l];
        struct programming_total total = {0};
        if (!t)
            continue;
        add_layer(&total, t);
        add_layer(&all, t);
        add_row(table, t->layer->name, &total);
    }
    add_row(table, "all", &all);
    return table;
}

struct table *inference_programming_tiles(const struct inference_outcome *o)
{
    if (!written(o))
        return NULL;
    const char *names[5 + FIGURES] = {"layer", "group", "row", "column", "side"};
    for (size_t k = 0; k < FIGURES; k++)
        names[5 + k] = figures[k];
    struct table *table = table_new(5 + FIGURES, names, NULL);
    for (size_t l = 0; l < o->inference->graph->n_layers; l++) {
        const struct tiled_matrix *t = o->inference->layers[l];
        for (size_t i = 0; t && i < 2 * t->n_pairs; i++) {
            const struct tile_pair *p = &t->pairs[i / 2];
            struct programming_total total = {0};
            programming_total_add(&total, p->cells.programming[i % 2]);
            table_row(table);
            table_text(table, 0, t->layer->name);
            table_number(table, 1, (double)p->group + 1);
            table_number(table, 2, (double)p->row + 1);
            table_number(table, 3, (double)p->column + 1);
            table_text(table, 4, i % 2 == 0 ? "plus" : "minus");
            fill(table, 5, &total);
        }
    }
    return table;
}

struct table *inference_programming_across(const struct table *from)
{
    if (!from)
        return NULL;
    const char **names = NEW(1 + from->n_rows, const char *);
    names[0] = "programming";
    for (size_t r = 0; r < from->n_rows; r++)
        names[1 + r] = from->cells[r * from->n_columns].text;
    struct table *t = table_new(1 + from->n_rows, names, NULL);
    for (size_t c = 1; c < from->n_columns; c++) {
        table_row(t);
        table_text(t, 0, from->names[c]);
        for (size_t r = 0; r < from->n_rows; r++) {
            char *text = memory_format("%.*g", from->digits[c] > 0 ? from->digits[c] : 15,
                                       from->cells[r * from->n_columns + c].number);
            table_text(t, 1 + r, text);
            free(text);
        }
    }
    free(names);
    return t;
}
