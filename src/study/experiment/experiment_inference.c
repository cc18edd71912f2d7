/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `inference`: images through a trained network on tiles. */
#include "base/memory.h"
#include "base/spice_number.h"
#include "device/library/library_find.h"
#include "infer/converter.h"
#include "study/experiment/experiments.h"
#include "study/experiment/learning.h"
#include "study/experiment/shared_keys.h"
#include "study/inference/inference_programming.h"
#include "study/inference/inference_tables.h"

#include <stdlib.h>
#include <string.h>

static const char *const fills[] = {"cut", "pad", NULL},
                         *const shares[] = {"layer", "column", "tile", NULL},
                         *const modes[] = {"ideal", "error", "verify", NULL},
                         *const signs[] = {"refuse", "two-phase", "bipolar", NULL},
                         *const encodings[] = {"amplitude", "bits", "width", NULL},
                         *const ranges[] = {"max", "quantile", "value", NULL},
                         *const subtractions[] = {"analog", "digital", NULL},
                         *const laws[] = {"device", "power", "loss", NULL},
                         *const retunes[] = {"none", "layer", "column", NULL},
                         *const networks[] = {"programmed", "wanted", NULL};
/* By the number of bits. */
static const char *const bits[] = {"off", "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",
                                   "9",   "10", "11", "12", "13", "14", "15", "16", "17",
                                   "18",  "19", "20", "21", "22", "23", "24", NULL};
_Static_assert(sizeof bits / sizeof bits[0] == CONVERTER_BITS_MAX + 2, "a name for each");

/* Any name is that of a file, but for none at all. */
static bool names_file(const char *text)
{
    return *text != 0;
}

#define AT(field) offsetof(struct inference_testbench, field)
#define TILE(field) AT(tile.field)
#define MAP(field) AT(tile.mapping.field)
#define ADC(field) AT(tile.adc.field)
#define WRITE(field) AT(writing.device.field)
#define PROGRAM(field) WRITE(program.field)
#define KEEP(field) AT(tile.retention.field)
/* clang-format off */
static const struct key keys[] = {
    PATH_KEY("model.file", AT(model), names_file, "the trained network, an ONNX file"),
    NUMBER_KEY("model.scale", AT(scale), "1", 0, 1e12, "factor of the images' numbers; 0: 1/255 of bytes, else 1"),
    TEXT_KEY("model.mean", AT(mean), "then less this, a channel each, as in 0.49,0.48,0.45; '': 0"),
    TEXT_KEY("model.std", AT(std), "then over this, a channel each; '': 1"),
    PATH_KEY("data.images", AT(images), names_file, "images: IDX, CIFAR, .npy or text"),
    PATH_KEY("data.labels", AT(labels), names_file, "their labels: IDX, .npy or text; '': CIFAR has its own"),
    PATH_KEY("data.training", AT(training), names_file, "training images, which set inputs and ranges; '': the images"),
    COUNT_KEY("data.count", AT(count), 0, 1e9, "only the first so many images; 0: all"),
    COUNT_KEY("data.training_count", AT(training_count), 0, 1e9, "the first so many training images; 0: all"),
    COUNT_KEY("data.effects", AT(effects), 0, 1e9, "what each imperfection costs, of the first so many images; 0: is not asked"),
    COUNT_KEY("tile.rows", TILE(form.rows), 1, TILE_SIDE_MAX, "rows of a tile"),
    COUNT_KEY("tile.columns", TILE(form.columns), 1, TILE_SIDE_MAX, "columns of a tile"),
    CHOICE_KEY("tile.fill", TILE(form.fill), fills, "last tiles: smaller, or full of spare devices"),
    COUNT_KEY("tile.bias_rows", TILE(form.bias_rows), 0, TILE_SIDE_MAX, "rows of each layer's biases; 0: they are added digitally"),
    NUMBER_KEY("tile.sense_ohm", TILE(sense_ohm), "ohm", 0, LINES_OHM_MAX, "between each column and its 0 V"),
    NUMBER_KEY("tile.select_ohm", TILE(select_ohm), "ohm", 0, LINES_OHM_MAX, "of the switch in series with each device while it is read"),
    NUMBER_KEY("array.row_ohm", TILE(row_ohm), "ohm", 0, LINES_OHM_MAX, "of each segment of rows"),
    NUMBER_KEY("array.column_ohm", TILE(column_ohm), "ohm", 0, LINES_OHM_MAX, "of each segment of columns"),
    NUMBER_KEY("array.driver_ohm", TILE(driver_ohm), "ohm", 0, LINES_OHM_MAX, "of each row's source"),
    NUMBER_KEY("circuit.temperature", TILE(kelvin), "K", 125, 450, "of devices and of Nyquist noise"),
    PATH_KEY("device.dopant", AT(dopant), library_names_file, "device whose window and law are taken: W, Sn, Cr, C or a .lib file"),
    NUMBER_KEY("map.gmin", AT(g_min), "S", 0, 1, "lower end of the window of conductances; 0: of the dopant's"),
    NUMBER_KEY("map.gmax", AT(g_max), "S", 0, 1, "upper end of the window; 0: of the dopant's"),
    CHOICE_KEY("map.scale", TILE(scale), shares, "what shares one largest weight"),
    COUNT_KEY("map.levels", MAP(levels), 0, 1e6, "states of a device, evenly over the window; 0: any"),
    CHOICE_KEY("map.mode", MAP(mode), modes, "programmed as wanted, with errors up to the tolerance, or each by write and verify"),
    NUMBER_KEY("map.sigma", MAP(sigma), "1", 0, 3, "of ln G beside the tolerance, under the mode error"),
    FLAG_KEY("map.compensate", MAP(compensate), "the other device of a pair makes up for a stuck one"),
    NUMBER_KEY("programming.tolerance", PROGRAM(tolerance), "1", 0, 0.9, "relative: errors are uniform up to it, or devices are settled within it"),
    PROGRAM_PULSE_KEYS(PROGRAM),
    NUMBER_KEY("programming.read_volt", WRITE(read_volt), "V", 1e-3, 1, "of a reading of the programmer"),
    PULSE_KEYS(WRITE(read_time), WRITE(edge)),
    INSTRUMENT_KEYS(WRITE),
    NUMBER_KEY("device.x0_max", AT(writing.x0_max), "1", 0, 1, "states before programming are uniform from 0 to this"),
    NUMBER_KEY("array.select_width", AT(writing.select_width), "m", 1e-6, 1e-2, "of the switches that devices are programmed through"),
    NUMBER_KEY("array.supply", AT(writing.supply), "V", 2, 5, "of those switches"),
    NUMBER_KEY("variation.stuck_on", MAP(stuck_on), "1", 0, 1, "probability that a device stays at the window's upper end"),
    NUMBER_KEY("variation.stuck_off", MAP(stuck_off), "1", 0, 1, "probability of its lower end"),
    NUMBER_KEY("variation.open_rows", TILE(open_rows), "1", 0, 1, "probability that a row of a tile has no driver"),
    NUMBER_KEY("variation.open_columns", TILE(open_columns), "1", 0, 1, "probability that a column of a tile has no sense"),
    NUMBER_KEY("input.volt", TILE(volt), "V", 1e-6, 10, "of the largest input"),
    NUMBER_KEY("input.range", TILE(input_most), "1", 0, 1e12, "the largest input of every layer; 0: of training images"),
    CHOICE_KEY("input.signed", TILE(sign), signs, "inputs below 0: two reads, or drivers of both signs"),
    CHOICE_KEY("input.encoding", TILE(encoding), encodings, "codes as voltages; a read of each bit; or the part of a read's time at one voltage"),
    CHOICE_KEY("input.bits", TILE(dac_bits), bits, "of the converters of inputs"),
    CHOICE_KEY("input.calibrated", TILE(calibrated_on), networks, "inputs and ranges are found on the network with or without its errors of programming"),
    CHOICE_KEY("adc.bits", ADC(bits), bits, "of the converters of column currents"),
    CHOICE_KEY("adc.range", ADC(range), ranges, "of training images' currents the largest or a quantile, or a value"),
    NUMBER_KEY("adc.quantile", ADC(quantile), "1", 0.5, 1, "of the currents' magnitudes"),
    NUMBER_KEY("adc.value", ADC(value), "A", 0, 1, "the range"),
    CHOICE_KEY("adc.per", ADC(per), shares, "what shares one range"),
    COUNT_KEY("adc.every", ADC(every), 1, 1e6, "ranges are those of the first of so many reads"),
    CHOICE_KEY("adc.subtract", TILE(form.subtract), subtractions, "currents of a pair: before one converter, or behind two"),
    NUMBER_KEY("adc.energy", ADC(energy), "J", 0, 1, "of a conversion; 0: of published converters of as many bits"),
    COUNT_KEY("adc.share", ADC(share), 1, TILE_SIDE_MAX, "columns of a tile behind one converter"),
    NUMBER_KEY("adc.time", ADC(time), "s", 0, 1, "of a conversion, while the next vector is read"),
    NUMBER_KEY("adc.gain", ADC(gain), "1", 0, 1, "sigma of each converter's gain"),
    NUMBER_KEY("adc.offset", ADC(offset), "1", 0, 1e6, "sigma of each converter's offset, in steps"),
    NUMBER_KEY("adc.noise", ADC(noise), "1", 0, 1e6, "sigma of each conversion, in steps"),
    NUMBER_KEY("read.time", TILE(read_time), "s", 1e-12, 1, "of a read"),
    NUMBER_KEY("read.noise", TILE(read_noise), "1", 0, 1, "sigma of each device's conductance in each read"),
    FLAG_KEY("read.thermal", TILE(thermal), "Nyquist noise of all resistances"),
    FLAG_KEY("read.disturb", TILE(disturb), "reads move the devices' states"),
    NUMBER_KEY("read.before", TILE(images_before), "1", 0, 1e15, "images whose reads came before, with read.disturb"),
    NUMBER_KEY("read.renew", TILE(renew), "1", 1e-6, 1, "change of a conductance at which tiles are computed anew"),
    NUMBER_KEY("retention.time", KEEP(time), "s", 0, 1e12, "between programming and the first read"),
    CHOICE_KEY("retention.law", KEEP(law), laws, "the device's own at 0 V; (t/t0)^-nu; lost with probability 1 - exp(-t/t_loss)"),
    NUMBER_KEY("retention.start", KEEP(start), "s", 1e-12, 1e12, "t0 of the law power"),
    NUMBER_KEY("retention.nu", KEEP(nu), "1", 0, 10, "mean over the devices"),
    NUMBER_KEY("retention.spread", KEEP(spread), "1", 0, 10, "sigma of nu"),
    NUMBER_KEY("retention.loss_time", KEEP(loss_time), "s", 1e-12, 1e15, "t_loss of the law loss"),
    CHOICE_KEY("retune", TILE(retune), retunes, "behind aging, inputs and ranges anew, and a line of results to what was wanted"),
};
/* clang-format on */
#define N_KEYS (sizeof keys / sizeof keys[0])

static void defaults(void *options)
{
    struct inference_testbench *b = options;
    *b = (struct inference_testbench){
        .model = (char *)"",
        .mean = (char *)"",
        .std = (char *)"",
        .images = (char *)"",
        .labels = (char *)"",
        .training = (char *)"",
        .dopant = (char *)"W",
        .training_count = 1000,
        .writing = tile_writing_defaults(),
        .tile = {.form = {.rows = 64, .columns = 64},
                 .mapping = {.mode = MAP_ERROR, .compensate = true},
                 .row_ohm = 1,
                 .column_ohm = 1,
                 .volt = 0.03,
                 .dac_bits = 8,
                 .adc = {.bits = 8,
                         .quantile = 0.9999,
                         .per = SHARE_TILE,
                         .every = 1,
                         .share = 1,
                         .time = 1 / 1.2e9},
                 .read_time = 1e-7,
                 .kelvin = TEMPERATURE_NOMINAL,
                 .renew = 1e-3,
                 .retention = {.start = 1, .nu = 0.05, .loss_time = 1e9}},
    };
}

static const struct sample_column outputs[INFERENCE_N_OUTPUTS] = {INFERENCE_COLUMNS(NUMBER_COLUMN)};

struct shared {
    struct experiment_context context;
    size_t n, capacity;
    struct inference_setup **setups; /* n */
};

static const char *const setup_sections[] = {
    "model.",        "data.images",         "data.labels", "data.training",
    "device.dopant", "circuit.temperature", "map.mode",    NULL};

static struct inference_setup *find_setup(const struct shared *s,
                                          const struct inference_testbench *b)
{
    struct inference_setup *found = NULL;
    char *wanted = keys_signature(keys, N_KEYS, b, setup_sections);
    for (size_t i = 0; i < s->n && !found; i++)
        if (strcmp(s->setups[i]->signature, wanted) == 0)
            found = s->setups[i];
    free(wanted);
    return found;
}

static void close_inference(void *shared)
{
    struct shared *s = shared;
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        inference_setup_free(s->setups[i]);
        free(s->setups[i]);
    }
    free(s->setups);
    free(s);
}

static enum status open_inference(const void *options, const struct experiment_context *context,
                                  void **shared, struct error *error)
{
    const struct inference_testbench *b = options;
    struct shared *s = *shared;
    if (!s)
        *shared = s = NEW(1, struct shared);
    s->context = *context;
    const struct inference_watch watch = {context->progress, context->progress_data,
                                          context->interrupted};
    struct inference_setup *setup = find_setup(s, b);
    if (setup)
        return inference_setup_decide(setup, b, &watch, error);
    setup = NEW(1, struct inference_setup);
    const struct inference_places places = {context->devices, context->switch_file};
    enum status status = inference_setup_read(b, &places, setup, error);
    if (status == STATUS_OK)
        status = inference_setup_decide(setup, b, &watch, error);
    if (status != STATUS_OK) {
        inference_setup_free(setup);
        free(setup);
        return status;
    }
    setup->signature = keys_signature(keys, N_KEYS, b, setup_sections);
    s->setups = memory_grow(s->setups, &s->capacity, s->n + 1, sizeof *s->setups);
    s->setups[s->n++] = setup;
    return STATUS_OK;
}

static void add_detail(struct experiment_detail *detail, const char *name, struct table *table)
{
    if (!table)
        return;
    detail->names[detail->n] = name;
    detail->tables[detail->n++] = table;
}

static enum status run_inference(void *shared, const void *options, struct random_sample sample,
                                 struct cell *cells, struct experiment_detail *detail,
                                 struct error *error)
{
    const struct shared *s = shared;
    const struct inference_watch watch = {detail ? s->context.progress : NULL,
                                          s->context.progress_data, s->context.interrupted};
    struct inference_outcome outcome;
    enum status status =
        inference_testbench_run(options, find_setup(s, options), sample, &watch, &outcome, error);
    if (status == STATUS_OK) {
        double values[INFERENCE_N_OUTPUTS];
        inference_outputs(&outcome, values);
        for (size_t k = 0; k < INFERENCE_N_OUTPUTS; k++)
            cells[k] = (struct cell){.kind = CELL_NUMBER, .number = values[k]};
        if (detail) {
            add_detail(detail, "effects", inference_effects(&outcome));
            add_detail(detail, "codes", inference_codes(&outcome));
            add_detail(detail, "worst", inference_worst(&outcome));
            add_detail(detail, "layers", inference_layers(&outcome));
            add_detail(detail, "energy", inference_energy(&outcome));
            add_detail(detail, "tiles", inference_tiles(&outcome));
            add_detail(detail, "programming", inference_programming(&outcome));
            add_detail(detail, "confusion", inference_confusion(&outcome));
            add_detail(detail, "images", inference_images_table(&outcome));
        }
        status = inference_account_closes(&outcome, error);
    }
    inference_outcome_free(&outcome);
    return status;
}

const struct experiment experiment_inference = {
    .name = "inference",
    .title = "images through a trained network whose weights stand on tiles of memristors",
    .n_keys = N_KEYS,
    .keys = keys,
    .options_size = sizeof(struct inference_testbench),
    .defaults = defaults,
    .n_outputs = INFERENCE_N_OUTPUTS,
    .outputs = outputs,
    .open = open_inference,
    .run = run_inference,
    .close = close_inference,
};
