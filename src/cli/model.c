/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/infer/tile_arguments.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "infer/onnx/onnx_graph.h"
#include "infer/tile_plan.h"
#include "report/json.h"

#include <stdlib.h>
#include <string.h>

enum form { FORM_TEXT, FORM_CSV, FORM_JSON };
enum table_kind { LAYERS, TOTAL, N_TABLES };
static const char *const table_names[N_TABLES] = {"layers", "total"};

struct arguments {
    const char *path;
    struct tile_form tile;
    enum form form;
};

static const struct arguments by_default = {.tile = {.rows = 64, .columns = 64}};

enum option_key {
    KEY_TILE = 256,
    KEY_ROWS,
    KEY_COLUMNS,
    KEY_FILL,
    KEY_SUBTRACT,
    KEY_CSV,
    KEY_JSON
};

static const struct argp_option options[] = {
    {"tile", KEY_TILE, "N", 0, "rows and columns of a tile", 1},
    {"tile-rows", KEY_ROWS, "N", 0, "rows, if other than that", 1},
    {"tile-columns", KEY_COLUMNS, "N", 0, "columns, if other than that", 1},
    {"fill", KEY_FILL, "NAME", 0, "last tiles: cut, smaller, or pad, full of spare devices", 1},
    {"subtract", KEY_SUBTRACT, "NAME", 0,
     "currents of a pair: analog, before one converter, or digital, behind two", 1},
    {"csv", KEY_CSV, NULL, 0, "print CSV in place of the tables", 2},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the tables", 2},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_TILE:
        a->tile.rows = a->tile.columns = argument_tile_side(state, "--tile", text);
        break;
    case KEY_ROWS:
        a->tile.rows = argument_tile_side(state, "--tile-rows", text);
        break;
    case KEY_COLUMNS:
        a->tile.columns = argument_tile_side(state, "--tile-columns", text);
        break;
    case KEY_FILL:
        a->tile.fill = (enum tile_fill)argument_choice(state, "--fill", text, tile_fill_names);
        break;
    case KEY_SUBTRACT:
        a->tile.subtract =
            (enum tile_subtract)argument_choice(state, "--subtract", text, tile_subtract_names);
        break;
    case KEY_CSV:
        a->form = FORM_CSV;
        break;
    case KEY_JSON:
        a->form = FORM_JSON;
        break;
    case ARGP_KEY_ARG:
        if (a->path)
            argp_error(state, "'%s', expected one file", text);
        a->path = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected an ONNX file");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    if (key == KEY_TILE)
        return memory_format("%s (%zu)", text, by_default.tile.rows);
    if (key == KEY_FILL)
        return memory_format("%s (%s)", text, tile_fill_names[by_default.tile.fill]);
    if (key == KEY_SUBTRACT)
        return memory_format("%s (%s)", text, tile_subtract_names[by_default.tile.subtract]);
    return (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    "MODEL.onnx",
    "Tell of a trained network what its layers are and what of it stands on tiles of memristors: "
    "tiles, devices, reads and conversions an image.",
    NULL,
    add_default,
    NULL};

/* Columns of both tables, in the order of these. */
enum figure { WEIGHTS, BIASES, TILES, DEVICES, READS, CONVERSIONS, N_FIGURES };

static void figures_of(const struct arguments *a, const struct matrix_layer *m,
                       double figures[N_FIGURES])
{
    const struct tile_plan p = tile_plan_make(&a->tile, m);
    const double outputs = (double)m->groups * (double)m->columns;
    figures[WEIGHTS] = outputs * (double)m->rows;
    figures[BIASES] = m->bias ? outputs : 0;
    figures[TILES] = p.tiles;
    figures[DEVICES] = p.devices;
    figures[READS] = p.reads;
    figures[CONVERSIONS] = p.conversions;
}

static void set_shape(struct table *t, size_t column, const struct graph *g, size_t value)
{
    char *text = shape_text(&g->values[value].shape);
    table_text(t, column, text);
    free(text);
}

static void add_layer(const struct arguments *a, const struct graph *g, const struct layer *l,
                      struct table *t, double totals[N_FIGURES])
{
    const struct matrix_layer *m = matrix_layer_of(l);
    double figures[N_FIGURES];
    table_row(t);
    table_text(t, 0, l->name);
    table_text(t, 1, l->op_type);
    set_shape(t, 2, g, l->output);
    if (!m)
        return;
    figures_of(a, m, figures);
    char *matrix = m->groups > 1 ? memory_format("%zu of %zux%zu", m->groups, m->rows, m->columns)
                                 : memory_format("%zux%zu", m->rows, m->columns);
    table_text(t, 3, matrix);
    free(matrix);
    for (size_t k = 0; k < N_FIGURES; k++) {
        table_number(t, 4 + k, figures[k]);
        totals[k] += figures[k];
    }
}

static void make_tables(const struct arguments *a, const struct graph *g,
                        struct table *tables[N_TABLES])
{
    static const char *const layers[] = {"layer",  "operator", "output",  "matrix", "weights",
                                         "biases", "tiles",    "devices", "reads",  "conversions"};
    static const char *const total[] = {"input", "output",  "layers", "weights",    "biases",
                                        "tiles", "devices", "reads",  "conversions"};
    double totals[N_FIGURES] = {0};
    tables[LAYERS] = table_new(sizeof layers / sizeof layers[0], layers, NULL);
    tables[TOTAL] = table_new(sizeof total / sizeof total[0], total, NULL);
    for (size_t k = 0; k < g->n_layers; k++)
        add_layer(a, g, &g->layers[k], tables[LAYERS], totals);
    table_row(tables[TOTAL]);
    set_shape(tables[TOTAL], 0, g, g->input);
    set_shape(tables[TOTAL], 1, g, g->output);
    table_number(tables[TOTAL], 2, (double)g->n_layers);
    for (size_t k = 0; k < N_FIGURES; k++)
        table_number(tables[TOTAL], 3 + k, totals[k]);
}

static void print(const struct arguments *a, struct table *const *tables)
{
    if (a->form == FORM_JSON) {
        json_write_tables(N_TABLES, table_names, tables, stdout);
        return;
    }
    for (size_t k = 0; k < N_TABLES; k++) {
        if (k > 0)
            putchar('\n');
        if (a->form == FORM_CSV)
            table_csv(tables[k], stdout);
        else
            table_print(tables[k], stdout);
    }
}

int command_model(int argc, char **argv)
{
    struct arguments a = by_default;
    struct graph graph;
    struct table *tables[N_TABLES] = {NULL};
    struct error error = {{0}};
    arguments_parse(&argp, argc, argv, &a);
    const enum status status = onnx_graph_read(a.path, &graph, &error);
    if (status == STATUS_OK) {
        make_tables(&a, &graph, tables);
        print(&a, tables);
    }
    for (size_t k = 0; k < N_TABLES; k++)
        table_free(tables[k]);
    graph_free(&graph);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
