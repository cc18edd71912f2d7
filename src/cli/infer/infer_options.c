/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/infer/infer_options.h"

#include "base/memory.h"
#include "cli/infer/tile_arguments.h"
#include "cli/input/arguments.h"
#include "infer/converter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct infer_arguments by_default = {
    .dopant = "W",
    .calibrate_count = 1000,
    .g_min = NAN,
    .g_max = NAN,
    .line_ohm = 1,
    .row_ohm = NAN,
    .column_ohm = NAN,
    .adc_energy = NAN,
    .tile = {.form = {.rows = 64, .columns = 64},
             .mapping = {.mode = MAP_ERROR, .tolerance = 0.05},
             .scale = SHARE_LAYER,
             .volt = 0.03,
             .dac_bits = 8,
             .adc_bits = 8,
             .adc_per = SHARE_TILE,
             .adc_quantile = 1,
             .adc_every = 1,
             .read_time = 1e-7},
    .seed = 1,
};

enum option_key {
    KEY_DATA = 256,
    KEY_LABELS,
    KEY_CALIBRATE,
    KEY_COUNT,
    KEY_CALIBRATE_COUNT,
    KEY_SCALE,
    KEY_MEAN,
    KEY_STD,
    KEY_TILE,
    KEY_ROWS,
    KEY_COLUMNS,
    KEY_FILL,
    KEY_GMIN,
    KEY_GMAX,
    KEY_MAP,
    KEY_TOLERANCE,
    KEY_LEVELS,
    KEY_SCALE_PER,
    KEY_LINE,
    KEY_ROW,
    KEY_COLUMN,
    KEY_DRIVER,
    KEY_SENSE,
    KEY_VOLT,
    KEY_READ_TIME,
    KEY_SIGNED,
    KEY_DAC,
    KEY_ADC,
    KEY_ADC_PER,
    KEY_ADC_QUANTILE,
    KEY_ADC_EVERY,
    KEY_ADC_ENERGY,
    KEY_SUBTRACT,
    KEY_SEED,
    KEY_CSV,
    KEY_JSON
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Images:", 1},
    {"data", KEY_DATA, "FILE", 0, "images: IDX, CIFAR, .npy or text", 1},
    {"labels", KEY_LABELS, "FILE", 0, "their labels: IDX, .npy or text; CIFAR has its own", 1},
    {"calibrate", KEY_CALIBRATE, "FILE", 0, "training images, which set inputs and ranges", 1},
    {"count", KEY_COUNT, "N", 0, "only the first N images", 1},
    {"calibrate-count", KEY_CALIBRATE_COUNT, "N", 0, "the first N training images", 1},
    {"scale", KEY_SCALE, "F", 0, "factor of the file's numbers: 1/255 of bytes, else 1", 1},
    {"mean", KEY_MEAN, "F[,F...]", 0, "then less this, a channel each", 1},
    {"std", KEY_STD, "F[,F...]", 0, "then over this, a channel each", 1},
    {NULL, 0, NULL, 0, "Tiles:", 2},
    {"tile", KEY_TILE, "N", 0, "rows and columns of a tile", 2},
    {"tile-rows", KEY_ROWS, "N", 0, "rows, if other than that", 2},
    {"tile-columns", KEY_COLUMNS, "N", 0, "columns, if other than that", 2},
    {"fill", KEY_FILL, "NAME", 0, "last tiles: cut, smaller, or pad, full of spare devices", 2},
    {"line-ohm", KEY_LINE, "R", 0, "of each segment of rows and columns", 2},
    {"row-ohm", KEY_ROW, "R", 0, "of each segment of rows, if other than that", 2},
    {"column-ohm", KEY_COLUMN, "R", 0, "of each segment of columns, if other than that", 2},
    {"driver-ohm", KEY_DRIVER, "R", 0, "of each row's source", 2},
    {"sense-ohm", KEY_SENSE, "R", 0, "between each column and its 0 V", 2},
    {NULL, 0, NULL, 0, "Devices:", 3},
    {"dopant", 'd', "NAME|FILE.lib", 0, "whose window of conductances is used", 3},
    {"gmin", KEY_GMIN, "S", 0, "its lower end, if other than that", 3},
    {"gmax", KEY_GMAX, "S", 0, "its upper end, if other than that", 3},
    {"map", KEY_MAP, "NAME", 0,
     "programmed: ideal, error, up to the tolerance, or verify, each by write and verify", 3},
    {"tolerance", KEY_TOLERANCE, "F", 0, "of programming, relative", 3},
    {"levels", KEY_LEVELS, "N", 0, "states of a device, evenly over the window; 0: any", 3},
    {"scale-per", KEY_SCALE_PER, "NAME", 0, "a largest weight for: layer, column or tile", 3},
    {NULL, 0, NULL, 0, "Reads:", 4},
    {"volt", KEY_VOLT, "V", 0, "of the largest input", 4},
    {"read-time", KEY_READ_TIME, "S", 0, "of a read", 4},
    {"signed", KEY_SIGNED, "NAME", 0, "inputs below 0: refuse, or two-phase, by two reads", 4},
    {"dac", KEY_DAC, "BITS", 0, "of inputs, 1 to 24, or off", 4},
    {"adc", KEY_ADC, "BITS", 0, "of column currents, 1 to 24, or off", 4},
    {"adc-per", KEY_ADC_PER, "NAME", 0, "a range for: layer, column or tile", 4},
    {"adc-quantile", KEY_ADC_QUANTILE, "F", 0,
     "range: this quantile of the currents' magnitudes, 0.5 to 1", 4},
    {"adc-every", KEY_ADC_EVERY, "N", 0, "... over the first of every N reads", 4},
    {"adc-energy", KEY_ADC_ENERGY, "J", 0, "of a conversion, if other than by its bits", 4},
    {"subtract", KEY_SUBTRACT, "NAME", 0,
     "currents of a pair: analog, before one converter, or digital, behind two", 4},
    {NULL, 0, NULL, 0, "Output:", 5},
    {"seed", KEY_SEED, "N", 0, "of programming's errors, of states before it", 5},
    {"csv", KEY_CSV, NULL, 0, "print CSV in place of the tables", 5},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the tables", 5},
    {"output", 'o', "DIR", 0, "folder to make: tables, JSON, manifest", 5},
    {0},
};

static const char *const shares[] = {"layer", "column", "tile", NULL};
static const char *const signs[] = {"refuse", "two-phase", NULL};
static const char *const maps[] = {"ideal", "error", "verify", NULL};

/* ---------------------------------------------------------------------------------- arguments */

static unsigned bits(struct argp_state *state, const char *option, const char *text)
{
    if (strcmp(text, "off") == 0)
        return 0;
    const uint64_t n = argument_count(state, option, text, CONVERTER_BITS_MAX);
    if (n == 0)
        argp_error(state, "%s %s, expected 1 to %d bits, or off", option, text, CONVERTER_BITS_MAX);
    return (unsigned)n;
}

/* Numbers separated by commas. */
static size_t numbers(struct argp_state *state, const char *option, const char *text, double *out,
                      double least)
{
    char *copy = memory_string(text), *rest = copy;
    size_t n = 0;
    for (char *word; (word = strsep(&rest, ","));) {
        if (n == CHANNELS_MAX)
            argp_error(state, "%s of more than %d numbers", option, CHANNELS_MAX);
        out[n++] = argument_number(state, option, word, least, 1e9);
    }
    free(copy);
    return n;
}

static double ohm(struct argp_state *state, const char *option, const char *text)
{
    return argument_number(state, option, text, 0, LINES_OHM_MAX);
}

static error_t parse_images(int key, char *text, struct argp_state *state)
{
    struct infer_arguments *a = state->input;
    switch (key) {
    case KEY_DATA:
        a->data = text;
        break;
    case KEY_LABELS:
        a->labels = text;
        break;
    case KEY_CALIBRATE:
        a->calibrate = text;
        break;
    case KEY_COUNT:
        a->count = argument_count(state, "--count", text, DATA_BYTES_MAX);
        break;
    case KEY_CALIBRATE_COUNT:
        a->calibrate_count = argument_count(state, "--calibrate-count", text, DATA_BYTES_MAX);
        break;
    case KEY_SCALE:
        a->scale = argument_number(state, "--scale", text, 1e-12, 1e12);
        break;
    case KEY_MEAN:
        a->n_mean = numbers(state, "--mean", text, a->mean, -1e9);
        break;
    case KEY_STD:
        a->n_std = numbers(state, "--std", text, a->std, 1e-9);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_tiles(int key, char *text, struct argp_state *state)
{
    struct infer_arguments *a = state->input;
    switch (key) {
    case KEY_TILE:
        a->tile.form.rows = a->tile.form.columns = argument_tile_side(state, "--tile", text);
        break;
    case KEY_ROWS:
        a->tile.form.rows = argument_tile_side(state, "--tile-rows", text);
        break;
    case KEY_COLUMNS:
        a->tile.form.columns = argument_tile_side(state, "--tile-columns", text);
        break;
    case KEY_FILL:
        a->tile.form.fill = (enum tile_fill)argument_choice(state, "--fill", text, tile_fill_names);
        break;
    case KEY_LINE:
        a->line_ohm = ohm(state, "--line-ohm", text);
        break;
    case KEY_ROW:
        a->row_ohm = ohm(state, "--row-ohm", text);
        break;
    case KEY_COLUMN:
        a->column_ohm = ohm(state, "--column-ohm", text);
        break;
    case KEY_DRIVER:
        a->tile.driver_ohm = ohm(state, "--driver-ohm", text);
        break;
    case KEY_SENSE:
        a->tile.sense_ohm = ohm(state, "--sense-ohm", text);
        break;
    default:
        return parse_images(key, text, state);
    }
    return 0;
}

static error_t parse_devices(int key, char *text, struct argp_state *state)
{
    struct infer_arguments *a = state->input;
    switch (key) {
    case 'd':
        a->dopant = text;
        break;
    case KEY_GMIN:
        a->g_min = argument_number(state, "--gmin", text, 0, LINES_SIEMENS_MAX);
        break;
    case KEY_GMAX:
        a->g_max = argument_number(state, "--gmax", text, 0, LINES_SIEMENS_MAX);
        break;
    case KEY_MAP:
        a->tile.mapping.mode = (enum map_mode)argument_choice(state, "--map", text, maps);
        break;
    case KEY_TOLERANCE:
        a->tile.mapping.tolerance = argument_number(state, "--tolerance", text, 0, 0.99);
        break;
    case KEY_LEVELS:
        a->tile.mapping.levels = (unsigned)argument_count(state, "--levels", text, 1u << 24);
        if (a->tile.mapping.levels == 1)
            argp_error(state, "--levels 1, expected 0 or at least 2");
        break;
    case KEY_SCALE_PER:
        a->tile.scale = (enum tile_share)argument_choice(state, "--scale-per", text, shares);
        break;
    default:
        return parse_tiles(key, text, state);
    }
    return 0;
}

static error_t parse_reads(int key, char *text, struct argp_state *state)
{
    struct infer_arguments *a = state->input;
    switch (key) {
    case KEY_VOLT:
        a->tile.volt = argument_number(state, "--volt", text, 1e-6, 10);
        break;
    case KEY_READ_TIME:
        a->tile.read_time = argument_number(state, "--read-time", text, 1e-12, 1);
        break;
    case KEY_SIGNED:
        a->tile.sign = (enum tile_signed)argument_choice(state, "--signed", text, signs);
        break;
    case KEY_DAC:
        a->tile.dac_bits = bits(state, "--dac", text);
        break;
    case KEY_ADC:
        a->tile.adc_bits = bits(state, "--adc", text);
        break;
    case KEY_ADC_PER:
        a->tile.adc_per = (enum tile_share)argument_choice(state, "--adc-per", text, shares);
        break;
    case KEY_ADC_QUANTILE:
        a->tile.adc_quantile = argument_number(state, "--adc-quantile", text, 0.5, 1);
        break;
    case KEY_ADC_EVERY:
        a->tile.adc_every = argument_count(state, "--adc-every", text, 1000000);
        if (a->tile.adc_every == 0)
            argp_error(state, "--adc-every 0, expected at least 1");
        break;
    case KEY_ADC_ENERGY:
        a->adc_energy = argument_number(state, "--adc-energy", text, 0, 1);
        break;
    case KEY_SUBTRACT:
        a->tile.form.subtract =
            (enum tile_subtract)argument_choice(state, "--subtract", text, tile_subtract_names);
        break;
    default:
        return parse_devices(key, text, state);
    }
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct infer_arguments *a = state->input;
    switch (key) {
    case KEY_SEED:
        a->seed = argument_count(state, "--seed", text, UINT64_MAX);
        break;
    case KEY_CSV:
        a->form = INFER_CSV;
        break;
    case KEY_JSON:
        a->form = INFER_JSON;
        break;
    case 'o':
        a->output = text;
        break;
    case ARGP_KEY_ARG:
        if (a->model)
            argp_error(state, "'%s', expected one ONNX file", text);
        a->model = text;
        break;
    case ARGP_KEY_END:
        if (!a->model || !a->data)
            argp_error(state, "expected an ONNX file, and --data");
        if (a->n_mean != a->n_std)
            argp_error(state, "--mean of %zu numbers and --std of %zu, expected as many", a->n_mean,
                       a->n_std);
        a->tile.row_ohm = isnan(a->row_ohm) ? a->line_ohm : a->row_ohm;
        a->tile.column_ohm = isnan(a->column_ohm) ? a->line_ohm : a->column_ohm;
        break;
    default:
        return parse_reads(key, text, state);
    }
    return 0;
}

/* ----------------------------------------------------------------------------------- defaults */

static char *add_default(int key, const char *text, void *input)
{
    const struct infer_arguments *a = &by_default;
    const struct {
        int key;
        double value;
    } figures[] = {{KEY_CALIBRATE_COUNT, (double)a->calibrate_count},
                   {KEY_TILE, (double)a->tile.form.rows},
                   {KEY_LINE, a->line_ohm},
                   {KEY_DRIVER, a->tile.driver_ohm},
                   {KEY_SENSE, a->tile.sense_ohm},
                   {KEY_TOLERANCE, a->tile.mapping.tolerance},
                   {KEY_LEVELS, (double)a->tile.mapping.levels},
                   {KEY_VOLT, a->tile.volt},
                   {KEY_READ_TIME, a->tile.read_time},
                   {KEY_DAC, (double)a->tile.dac_bits},
                   {KEY_ADC, (double)a->tile.adc_bits},
                   {KEY_ADC_QUANTILE, a->tile.adc_quantile},
                   {KEY_ADC_EVERY, (double)a->tile.adc_every},
                   {KEY_SEED, (double)a->seed}};
    const struct {
        int key;
        const char *name;
    } names[] = {{'d', a->dopant},
                 {KEY_FILL, tile_fill_names[a->tile.form.fill]},
                 {KEY_MAP, maps[a->tile.mapping.mode]},
                 {KEY_SCALE_PER, shares[a->tile.scale]},
                 {KEY_ADC_PER, shares[a->tile.adc_per]},
                 {KEY_SIGNED, signs[a->tile.sign]},
                 {KEY_SUBTRACT, tile_subtract_names[a->tile.form.subtract]}};
    (void)input;
    for (size_t k = 0; k < sizeof figures / sizeof figures[0]; k++)
        if (figures[k].key == key)
            return memory_format("%s (%g)", text, figures[k].value);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (names[k].key == key)
            return memory_format("%s (%s)", text, names[k].name);
    return (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    "MODEL.onnx --data=FILE",
    "Put the weights of a trained network on tiles of memristors and run images through it: what "
    "accuracy and energy come out, with line resistance, converters and errors of programming.",
    NULL,
    add_default,
    NULL};

void infer_options_parse(int argc, char **argv, struct infer_arguments *arguments)
{
    *arguments = by_default;
    arguments->argc = argc;
    arguments->argv = argv;
    arguments_parse(&argp, argc, argv, arguments);
}
