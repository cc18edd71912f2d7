/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/random.h"
#include "base/spice_number.h"
#include "circuit/classifier.h"
#include "circuit/deck.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/data_path.h"
#include "cli/input/key_options.h"
#include "engine/engine.h"
#include "engine/spice/ngspice.h"
#include "learn/images.h"

#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *circuit, *dopant, *neuron;
};

/* clang-format off */
static const struct key_option key_options[] = {
    {.name = "dopant", .letter = 'd', .argument = "NAME|FILE.lib", .key = "device.dopant"},
};
/* clang-format on */
#define N_KEY_OPTIONS (sizeof key_options / sizeof key_options[0])

static const struct argp_option own_options[] = {
    {"neuron", 'n', "FILE.sub", 0, "another netlist for the neuron", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'd':
        a->dopant = text;
        break;
    case 'n':
        a->neuron = text;
        break;
    case ARGP_KEY_ARG:
        if (a->circuit || strcmp(text, "classifier") != 0)
            argp_error(state, "'%s', expected one circuit: classifier", text);
        a->circuit = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected a circuit: classifier");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const char doc[] =
    "Print the SPICE deck of a circuit, ready for ngspice: the image T on the "
    "rows, all devices half way between their states.";

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

static enum status print(const struct arguments *a, struct error *error)
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

int command_netlist(int argc, char **argv)
{
    char *dopant = key_option_default(&key_options[0]);
    struct arguments a = {.dopant = dopant};
    struct error error = {0};
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options, parse, "classifier", doc, NULL, NULL, NULL};
    arguments_parse(&argp, argc, argv, &a);
    key_options_free(options);
    enum status status = print(&a, &error);
    free(dopant);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
