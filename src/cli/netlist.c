/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/random.h"
#include "base/spice_number.h"
#include "circuit/classifier.h"
#include "circuit/deck.h"
#include "circuit/tile_deck.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/data_path.h"
#include "cli/input/interrupt.h"
#include "cli/input/key_options.h"
#include "cli/input/testbench_input.h"
#include "cli/read_input.h"
#include "compare/cases.h"
#include "engine/engine.h"
#include "engine/lines/lines_read.h"
#include "engine/spice/ngspice.h"
#include "infer/tile_plan.h"
#include "learn/images.h"
#include "report/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE_VOLT 0.1 /* [V] */

struct arguments {
    const char *circuit, *file, *dopant, *neuron, *volt, *input;
    bool dopant_given, tile_given; /* tile_given: an option of tiles alone */
    bool drawn_given;              /* one of tiles that are drawn */
    uint64_t rows, columns, seed;
    double line_ohm, row_ohm, column_ohm, driver_ohm, sense_ohm; /* row, column: NAN: line */
    struct testbench_input testbench;
    uint64_t sample;
    bool sample_given;
};

/* clang-format off */
static const struct key_option key_options[] = {
    {.name = "dopant", .letter = 'd', .argument = "NAME|FILE.lib", .key = "device.dopant"},
};
/* clang-format on */
#define N_KEY_OPTIONS (sizeof key_options / sizeof key_options[0])

enum option_key {
    KEY_ROWS = 256,
    KEY_COLUMNS,
    KEY_SEED,
    KEY_LINE,
    KEY_ROW,
    KEY_COLUMN,
    KEY_DRIVER,
    KEY_SENSE,
    KEY_VOLT,
    KEY_INPUT,
    KEY_SET,
    KEY_SAMPLE
};

static const struct argp_option own_options[] = {
    {"neuron", 'n', "FILE.sub", 0, "another netlist for the neuron", 0},
    {"set", KEY_SET, "KEY=VALUE", 0,
     "of a testbench: value of a key in place of the file's; may be repeated", 0},
    {"sample", KEY_SAMPLE, "N", 0, "of a testbench: this one of those that it asks for", 0},
    {NULL, 0, NULL, 0, "Tiles:", 1},
    {"rows", KEY_ROWS, "N", 0, "without FILE: rows of devices", 1},
    {"columns", KEY_COLUMNS, "N", 0, "without FILE: columns", 1},
    {"seed", KEY_SEED, "N", 0, "without FILE: of conductances, evenly in the dopant's window", 1},
    {"line-ohm", KEY_LINE, "R", 0, "of each segment of rows and columns", 1},
    {"row-ohm", KEY_ROW, "R", 0, "of each segment of rows, if other than that", 1},
    {"column-ohm", KEY_COLUMN, "R", 0, "of each segment of columns, if other than that", 1},
    {"driver-ohm", KEY_DRIVER, "R", 0, "of each row's source", 1},
    {"sense-ohm", KEY_SENSE, "R", 0, "between each column and its 0 V", 1},
    {"volt", KEY_VOLT, "V[,V...]", 0, "of all rows, or of each", 1},
    {"input", KEY_INPUT, "FILE", 0, "one vector of as many voltages as rows, CSV or .npy", 1},
    {0},
};

static double ohm(struct argp_state *state, const char *option, const char *text)
{
    return argument_number(state, option, text, 0, LINES_OHM_MAX);
}

static size_t side(struct argp_state *state, const char *option, const char *text)
{
    const size_t n = argument_count(state, option, text, TILE_SIDE_MAX);
    if (n == 0)
        argp_error(state, "%s 0, expected a whole number from 1 to %d", option, TILE_SIDE_MAX);
    return n;
}

static error_t parse_tile(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_ROWS:
        a->rows = side(state, "--rows", text);
        break;
    case KEY_COLUMNS:
        a->columns = side(state, "--columns", text);
        break;
    case KEY_SEED:
        a->seed = argument_count(state, "--seed", text, UINT64_C(1) << 53);
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
        a->driver_ohm = ohm(state, "--driver-ohm", text);
        break;
    case KEY_SENSE:
        a->sense_ohm = ohm(state, "--sense-ohm", text);
        break;
    case KEY_VOLT:
        a->volt = text;
        break;
    case KEY_INPUT:
        a->input = text;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    a->tile_given = true;
    a->drawn_given |= key == KEY_ROWS || key == KEY_COLUMNS || key == KEY_SEED;
    return 0;
}

static bool is_tile(const struct arguments *a)
{
    return a->circuit && strcmp(a->circuit, "tile") == 0;
}

static bool is_testbench(const char *circuit)
{
    const size_t n = circuit ? strlen(circuit) : 0;
    return n > 5 && strcmp(circuit + n - 5, ".yaml") == 0;
}

static void finish_arguments(struct argp_state *state, const struct arguments *a)
{
    if (!a->circuit)
        argp_error(state, "expected a circuit: classifier, tile or a testbench FILE.yaml");
    if (!is_testbench(a->circuit) && (a->sample_given || a->testbench.n > 0))
        argp_error(state, "--set and --sample are of a testbench, expected FILE.yaml");
    if (is_testbench(a->circuit) && (a->neuron || a->dopant_given))
        argp_error(state, "--neuron and --dopant with a testbench, expected --set");
    if (!is_tile(a) && (a->tile_given || a->file))
        argp_error(state, "options and file of a tile, expected tile in place of classifier");
    if (is_tile(a) && a->neuron)
        argp_error(state, "--neuron with tile, expected classifier");
    if (a->file && (a->drawn_given || a->dopant_given))
        argp_error(state, "FILE with --rows, --columns, --seed or --dopant, expected one of them");
    if (a->volt && a->input)
        argp_error(state, "--volt and --input, expected one of them");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'd':
        a->dopant = text;
        a->dopant_given = true;
        break;
    case 'n':
        a->neuron = text;
        break;
    case KEY_SET:
        testbench_input_setting(&a->testbench, text);
        break;
    case KEY_SAMPLE:
        a->sample = argument_count(state, "--sample", text, (uint64_t)TESTBENCH_SAMPLES_MAX);
        a->sample_given = true;
        break;
    case ARGP_KEY_ARG:
        if (is_tile(a) && !a->file) {
            a->file = text;
            break;
        }
        if (a->circuit ||
            (strcmp(text, "classifier") != 0 && strcmp(text, "tile") != 0 && !is_testbench(text)))
            argp_error(state,
                       "'%s', expected one circuit: classifier, tile or a testbench FILE.yaml",
                       text);
        a->circuit = text;
        break;
    case ARGP_KEY_END:
        finish_arguments(state, a);
        break;
    default:
        return parse_tile(key, text, state);
    }
    return 0;
}

static struct arguments defaults(void)
{
    return (struct arguments){
        .rows = 64, .columns = 64, .seed = 1, .line_ohm = 1, .row_ohm = NAN, .column_ohm = NAN};
}

static char *add_default(int key, const char *text, void *input)
{
    const struct arguments a = defaults();
    const struct {
        int key;
        double value;
    } shown[] = {{KEY_ROWS, (double)a.rows}, {KEY_COLUMNS, (double)a.columns},
                 {KEY_SEED, (double)a.seed}, {KEY_LINE, a.line_ohm},
                 {KEY_DRIVER, a.driver_ohm}, {KEY_SENSE, a.sense_ohm},
                 {KEY_VOLT, TILE_VOLT}};
    (void)input;
    for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++)
        if (shown[k].key == key)
            return memory_format("%s (%g)", text, shown[k].value);
    return (char *)text;
}

static const char doc[] =
    "Print the SPICE deck of a circuit, ready for ngspice: the classifier with the image T on its "
    "rows and all devices half way between their states; or one read of a tile of devices, of "
    "which ngspice prints currents and powers.  FILE holds conductances, rows x columns, as CSV or "
    ".npy.  FILE.yaml: the circuit of a testbench's sample under the drive that its engine and "
    "controller make of it, of which ngspice prints states and energies by class.";

#define SHOWN_IMAGE 0x1d2 /* T: 111/010/010 */
#define SHOWN_STATE 0.5
#define SHOWN_TIME 20e-6 /* [s] */

/* The drive of an inference: hidden rows and columns open. */
static void inference(void *data, int element, FILE *out)
{
    const struct classifier *k = data;
    const struct circuit *c = k->circuit;
    double volt = 0;
    char text[32];
    for (size_t p = 0; p < c->n_ports; p++)
        if (c->ports[p].source == element)
            volt = c->ports[p].logic ? k->supply : c->ports[p].idle;
    for (size_t i = 0; i < k->layers[0].crossbar.rows; i++)
        if (c->ports[k->layers[0].row_ports[i]].source == element)
            volt += CLASSIFIER_INPUT_VOLT * image_pixel(SHOWN_IMAGE, i);
    fprintf(out, "dc %s", number_text(volt, text));
}

/* Conductances evenly in the dopant's window [S]. */
static enum status draw_tile(const struct arguments *a, struct read_devices *d, struct error *error)
{
    char *devices = data_path("devices");
    enum status status = dopant_read(a->dopant, devices, &d->dopant, error);
    free(devices);
    if (status == STATUS_OK && !(d->dopant->g_min > 0))
        status = fail(error, STATUS_INPUT, "dopant %s: no window, expected gmin and gmax",
                      d->dopant->name);
    if (status != STATUS_OK)
        return status;
    d->rows = a->rows;
    d->columns = a->columns;
    d->g = NEW(d->rows * d->columns, double);
    gsl_rng *rng = random_stream(a->seed, 0, RANDOM_INITIAL_STATE);
    for (size_t k = 0; k < d->rows * d->columns; k++)
        d->g[k] = d->dopant->g_min + (d->dopant->g_max - d->dopant->g_min) * gsl_rng_uniform(rng);
    gsl_rng_free(rng);
    return STATUS_OK;
}

/* d->g become resistances. */
static enum status to_ohm(const char *file, struct read_devices *d, struct error *error)
{
    for (size_t k = 0; k < d->rows * d->columns; k++) {
        if (!(d->g[k] > 0))
            return fail(error, STATUS_INPUT,
                        "%s: row %zu, column %zu: %g, expected a conductance [S] above 0", file,
                        k / d->columns + 1, k % d->columns + 1, d->g[k]);
        d->g[k] = 1 / d->g[k];
    }
    return STATUS_OK;
}

static enum status print_tile(const struct arguments *a, struct error *error)
{
    struct read_devices d = {0};
    struct number_grid *volts = NULL;
    char one[32];
    enum status status =
        a->file ? read_devices(&(struct read_source){.path = a->file, .layer = 1}, &d, error)
                : draw_tile(a, &d, error);
    if (status == STATUS_OK)
        status = to_ohm(a->file, &d, error);
    if (status == STATUS_OK)
        status = read_vectors(a->input, a->volt ? a->volt : number_text(TILE_VOLT, one), d.rows,
                              &volts, error);
    if (status == STATUS_OK && volts->rows != 1)
        status = fail(error, STATUS_INPUT, "%s: %zu vectors, expected one", a->input, volts->rows);
    const struct crossbar_options o = {.rows = d.rows,
                                       .columns = d.columns,
                                       .ohm = d.g,
                                       .row_ohm = isnan(a->row_ohm) ? a->line_ohm : a->row_ohm,
                                       .column_ohm =
                                           isnan(a->column_ohm) ? a->line_ohm : a->column_ohm,
                                       .driver_ohm = a->driver_ohm,
                                       .sense_ohm = &a->sense_ohm};
    if (status == STATUS_OK)
        status = tile_deck_write(&o, volts->a, stdout, error);
    number_grid_free(volts);
    read_devices_free(&d);
    return status;
}

static enum status print_classifier(const struct arguments *a, struct error *error)
{
    struct classifier_options o = classifier_defaults;
    struct dopant *dopant = NULL;
    struct subcircuit_file *neuron = NULL, *switches = NULL;
    char *devices = data_path("devices"), *switch_path = data_path("netlists/switches.sub"),
         *neuron_path = a->neuron ? memory_string(a->neuron) : data_path("netlists/neuron.sub");
    enum status status = dopant_read(a->dopant, devices, &dopant, error);
    if (status == STATUS_OK)
        status = subcircuit_read(switch_path, &switches, error);
    if (status == STATUS_OK)
        status = neuron_read(neuron_path, &neuron, &o.neuron, error);
    size_t n = 0;
    for (size_t l = 0; l < o.n_layers; l++)
        n += o.sizes[l] * o.sizes[l + 1];
    double *x0 = NEW(n, double);
    for (size_t k = 0; k < n; k++)
        x0[k] = SHOWN_STATE;
    o.dopant = dopant;
    o.switches = switches;
    o.x0 = x0;
    struct classifier k = {0};
    if (status == STATUS_OK)
        status = classifier_build(&o, &k, error);
    if (status == STATUS_OK) {
        deck_write(k.circuit, inference, &k, stdout);
        putchar('\n');
        ngspice_write_analysis(&engine_defaults, k.circuit, SHOWN_TIME, stdout);
        fputs(".print tran", stdout);
        for (size_t l = 0; l < k.n_layers; l++)
            for (size_t j = 0; j < k.layers[l].crossbar.columns; j++)
                printf(" v(h%zu_%zu)", l + 1, j + 1);
        puts("\n.end");
    }
    classifier_free(&k);
    subcircuit_free(neuron);
    subcircuit_free(switches);
    dopant_free(dopant);
    free(x0);
    free(devices);
    free(switch_path);
    free(neuron_path);
    return status;
}

#define REPLAY_TIGHTER                                                                             \
    1e-2 /* of the testbench's tolerances: ngspice bounds the error of a step alone */

static enum status print_testbench(struct arguments *a, struct error *error)
{
    struct testbench_input *in = &a->testbench;
    struct study_case k;
    enum status status = testbench_input_open(in, a->circuit, error);
    if (status == STATUS_OK && !a->sample_given && in->job.n != 1)
        status = fail(error, STATUS_INPUT, "%s asks for %zu samples, expected --sample", a->circuit,
                      in->job.n);
    if (status == STATUS_OK && a->sample >= in->job.n)
        status = fail(error, STATUS_INPUT, "--sample %llu: %s has samples 0 to %zu",
                      (unsigned long long)a->sample, a->circuit, in->job.n - 1);
    if (status == STATUS_OK)
        status = testbench_record(&in->job, (size_t)a->sample, &k, error);
    if (status != STATUS_OK)
        return status;
    struct engine_options options = engine_defaults;
    options.reltol *= REPLAY_TIGHTER;
    options.abstol *= REPLAY_TIGHTER;
    options.vntol *= REPLAY_TIGHTER;
    struct replay *replay = replay_new(k.circuits[CASE_FULL]);
    replay_phases(replay, &k.drive);
    replay_write(replay, &options, stdout);
    replay_free(replay);
    case_free(&k);
    return STATUS_OK;
}

int command_netlist(int argc, char **argv)
{
    char *dopant = key_option_default(&key_options[0]);
    struct arguments a = defaults();
    struct error error = {0};
    a.dopant = dopant;
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options,     parse, "classifier\ntile [FILE]\nFILE.yaml", doc, NULL,
                              add_default, NULL};
    arguments_parse(&argp, argc, argv, &a);
    key_options_free(options);
    if (is_testbench(a.circuit))
        interrupt_watch();
    const enum status status = is_tile(&a)               ? print_tile(&a, &error)
                               : is_testbench(a.circuit) ? print_testbench(&a, &error)
                                                         : print_classifier(&a, &error);
    testbench_input_free(&a.testbench);
    free(dopant);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
