/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/infer/infer_options.h"

#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/key_options.h"

#include <stdlib.h>
#include <string.h>

#define EFFECTS_ALONE 10000

enum option_key { KEY_SET = 256, KEY_DEVICES, KEY_CSV, KEY_JSON };
enum { GROUP_IMAGES = 1, GROUP_TILES, GROUP_DEVICES, GROUP_READS, GROUP_OUTPUT };

static const struct argp_option own_options[] = {
    {NULL, 0, NULL, 0, "Images:", GROUP_IMAGES},
    {NULL, 0, NULL, 0, "Tiles:", GROUP_TILES},
    {NULL, 0, NULL, 0, "Devices:", GROUP_DEVICES},
    {NULL, 0, NULL, 0, "Reads:", GROUP_READS},
    {NULL, 0, NULL, 0, "Output:", GROUP_OUTPUT},
    {"set", KEY_SET, "KEY=VALUE", 0, "value of any key of the experiment; may be repeated",
     GROUP_OUTPUT},
    {"devices", KEY_DEVICES, NULL, 0, "with -o: every device's conductance too, devices.csv",
     GROUP_OUTPUT},
    {"csv", KEY_CSV, NULL, 0, "print CSV in place of the tables", GROUP_OUTPUT},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the tables", GROUP_OUTPUT},
    {"output", 'o', "DIR", 0, "folder to make: tables, JSON, manifest", GROUP_OUTPUT},
    {0},
};

/* clang-format off */
#define INFER_OPTION(g, n, a, k) .name = n, .argument = a, .group = g, .key = k, .of = &experiment_inference
static const struct key_option key_options[] = {
    {INFER_OPTION(GROUP_IMAGES, "data", "FILE", "data.images")},
    {INFER_OPTION(GROUP_IMAGES, "labels", "FILE", "data.labels")},
    {INFER_OPTION(GROUP_IMAGES, "calibrate", "FILE", "data.training")},
    {INFER_OPTION(GROUP_IMAGES, "count", "N", "data.count")},
    {INFER_OPTION(GROUP_IMAGES, "calibrate-count", "N", "data.training_count")},
    {INFER_OPTION(GROUP_IMAGES, "scale", "F", "model.scale")},
    {INFER_OPTION(GROUP_IMAGES, "mean", "F[,F...]", "model.mean")},
    {INFER_OPTION(GROUP_IMAGES, "std", "F[,F...]", "model.std")},
    {INFER_OPTION(GROUP_TILES, "tile", "N", "tile.rows"), .help = "rows and columns of a tile"},
    {INFER_OPTION(GROUP_TILES, "tile-rows", "N", "tile.rows")},
    {INFER_OPTION(GROUP_TILES, "tile-columns", "N", "tile.columns")},
    {INFER_OPTION(GROUP_TILES, "fill", "NAME", "tile.fill")},
    {INFER_OPTION(GROUP_TILES, "line-ohm", "R", "array.row_ohm"), .help = "of each segment of rows and columns"},
    {INFER_OPTION(GROUP_TILES, "row-ohm", "R", "array.row_ohm")},
    {INFER_OPTION(GROUP_TILES, "column-ohm", "R", "array.column_ohm")},
    {INFER_OPTION(GROUP_TILES, "driver-ohm", "R", "array.driver_ohm")},
    {INFER_OPTION(GROUP_TILES, "sense-ohm", "R", "tile.sense_ohm")},
    {INFER_OPTION(GROUP_DEVICES, "dopant", "NAME|FILE.lib", "device.dopant"), .letter = 'd'},
    {INFER_OPTION(GROUP_DEVICES, "gmin", "S", "map.gmin")},
    {INFER_OPTION(GROUP_DEVICES, "gmax", "S", "map.gmax")},
    {INFER_OPTION(GROUP_DEVICES, "map", "NAME", "map.mode")},
    {INFER_OPTION(GROUP_DEVICES, "tolerance", "F", "programming.tolerance")},
    {INFER_OPTION(GROUP_DEVICES, "levels", "N", "map.levels")},
    {INFER_OPTION(GROUP_DEVICES, "scale-per", "NAME", "map.scale")},
    {INFER_OPTION(GROUP_DEVICES, "retune", "NAME", "retune")},
    {INFER_OPTION(GROUP_READS, "volt", "V", "input.volt")},
    {INFER_OPTION(GROUP_READS, "read-time", "S", "read.time")},
    {INFER_OPTION(GROUP_READS, "signed", "NAME", "input.signed")},
    {INFER_OPTION(GROUP_READS, "encoding", "NAME", "input.encoding")},
    {INFER_OPTION(GROUP_READS, "dac", "BITS", "input.bits"), .help = "bits of the converters of inputs"},
    {INFER_OPTION(GROUP_READS, "adc", "BITS", "adc.bits"), .help = "bits of those of column currents"},
    {INFER_OPTION(GROUP_READS, "adc-per", "NAME", "adc.per")},
    {INFER_OPTION(GROUP_READS, "adc-range", "NAME", "adc.range")},
    {INFER_OPTION(GROUP_READS, "adc-quantile", "F", "adc.quantile"), .help = "the range is this quantile of the currents' magnitudes"},
    {INFER_OPTION(GROUP_READS, "adc-every", "N", "adc.every")},
    {INFER_OPTION(GROUP_READS, "adc-energy", "J", "adc.energy")},
    {INFER_OPTION(GROUP_READS, "subtract", "NAME", "adc.subtract")},
    {INFER_OPTION(GROUP_OUTPUT, "effects", "N", "data.effects"), .alone = EFFECTS_ALONE},
    {INFER_OPTION(GROUP_OUTPUT, "seed", "N", "seed")},
};
/* clang-format on */
#define N_KEY_OPTIONS (sizeof key_options / sizeof key_options[0])

/* Keys that an option sets beside its own, to its value or to the one here. */
static const struct {
    const char *option, *key, *value;
} besides[] = {{"tile", "tile.columns", NULL},
               {"line-ohm", "array.column_ohm", NULL},
               {"adc-quantile", "adc.range", "quantile"}};

static void add_setting(struct infer_arguments *a, const char *key, const char *value)
{
    char *setting = memory_format("%s=%s", key, value);
    testbench_input_setting(&a->input, setting);
    free(setting);
}

static void add_option(struct infer_arguments *a, const struct key_option *o, const char *value)
{
    add_setting(a, o->key, value);
    for (size_t k = 0; k < sizeof besides / sizeof besides[0]; k++)
        if (strcmp(besides[k].option, o->name) == 0)
            add_setting(a, besides[k].key, besides[k].value ? besides[k].value : value);
}

static bool given(const struct infer_arguments *a, const char *key)
{
    const size_t n = strlen(key);
    for (size_t k = 0; k < a->input.n; k++)
        if (strncmp(a->input.settings[k], key, n) == 0 && a->input.settings[k][n] == '=')
            return true;
    return false;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct infer_arguments *a = state->input;
    const struct key_option *option = key_option_find(N_KEY_OPTIONS, key_options, key);
    if (option) {
        char *value = key_option_value(option, state, text);
        add_option(a, option, value);
        free(value);
        return 0;
    }
    switch (key) {
    case KEY_SET:
        testbench_input_setting(&a->input, text);
        break;
    case KEY_DEVICES:
        a->devices = true;
        break;
    case KEY_CSV:
        a->form = INFER_CSV;
        break;
    case KEY_JSON:
        a->form = INFER_JSON;
        break;
    case 'o':
        if (!*text)
            argp_error(state, "-o '', expected the name of a folder");
        a->output = text;
        break;
    case ARGP_KEY_ARG:
        if (given(a, "model.file"))
            argp_error(state, "'%s', expected one ONNX file", text);
        add_setting(a, "model.file", text);
        break;
    case ARGP_KEY_END:
        if (!given(a, "model.file") || !given(a, "data.images"))
            argp_error(state, "expected an ONNX file, and --data");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const char doc[] =
    "Put the weights of a trained network on tiles of memristors and run images through it: what "
    "accuracy and energy come out, with line resistance, converters, errors of programming, noise "
    "and aging.  Options are keys of the experiment `inference'; `silverbar run --keys' prints all "
    "keys, of options for one key the last one counts.\v"
    "Exit status: 0 done, 1 could not be computed, 2 bad input or usage, 3 the account of energy "
    "does not close.";

void infer_options_parse(int argc, char **argv, struct infer_arguments *arguments)
{
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options, parse, "MODEL.onnx --data=FILE", doc, NULL, NULL, NULL};
    *arguments = (struct infer_arguments){.argc = argc, .argv = argv};
    arguments_parse(&argp, argc, argv, arguments);
    key_options_free(options);
}
