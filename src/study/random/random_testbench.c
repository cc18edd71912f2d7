/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_testbench.h"

#include "base/memory.h"
#include "study/experiment/experiments.h"
#include "study/experiment/testbench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DOPANTS                                                                                    \
    "W Sn Cr C W1 W2 W3 W-vteam Sn-vteam Cr-vteam C-vteam W-sdc W-leaky mms-demo mmsx-demo "       \
    "gmms-demo team-demo vteam-demo yakopcic-demo iondrift-demo iondrift-biolek metaswitch-demo"
/* In arrays their 10 Gohm at rest leave currents below all tolerances. */
#define VOLATILE " volatile-pulses volatile-titania volatile-spiking"
#define DEVICE(dopants)                                                                            \
    {"device.dopant", 0, 0, 0.1, 0, dopants},                                                      \
    {                                                                                              \
        "circuit.temperature", 0, 0, 0.6, 0, NULL                                                  \
    }

/* What a device of an array can have that its neighbours have not. */
#define VARIATION                                                                                  \
    {"variation.ron", 0.01, 0.5, 0.7, 0, NULL}, {"variation.roff", 0.01, 0.5, 0.7, 0, NULL},       \
        {"variation.tau", 0.01, 2, 0.7, 0, NULL}, {"variation.von", 1e-4, 0.05, 0.7, 0, NULL},     \
        {"variation.voff", 1e-4, 0.02, 0.7, 0, NULL},                                              \
        {"variation.stuck_on", 0.01, 0.5, 0.7, 0, NULL},                                           \
    {                                                                                              \
        "variation.stuck_off", 0.01, 0.5, 0.7, 0, NULL                                             \
    }

#define PROGRAMMING                                                                                \
    {"programming.policy", 0, 0, 0.5, 0, NULL}, {"programming.gap", 0, 0, 0.5, 0, NULL},           \
        {"programming.width", 2e-5, 0.1, 0.2, 0, NULL},                                            \
        {"programming.set_volt", 0.03, 1.5, 0.2, 0, NULL},                                         \
        {"programming.reset_volt", 0.02, 1, 0.2, 0, NULL},                                         \
        {"programming.volt_limit", 1, 5, 0.5, 0, NULL},                                            \
        {"programming.read_time", 1e-5, 1e-2, 0.3, 0, NULL},                                       \
    {                                                                                              \
        "programming.edge", 0, 0, 0.2, 0, NULL                                                     \
    }

#define LINES                                                                                      \
    {"array.scheme", 0, 0, 0, 0, NULL}, {"array.row_ohm", 1e-3, 1e4, 0.1, 0.2, NULL},              \
        {"array.column_ohm", 1e-3, 1e4, 0.1, 0.2, NULL}, {"array.driver_ohm", 0, 0, 0.1, 0, NULL}, \
        {"array.column_farad", 1e-15, 1e-10, 0.3, 0.3, NULL},                                      \
        {"array.select_width", 0, 0, 0.5, 0, NULL}, {"array.supply", 0, 0, 0.5, 0, NULL},          \
        {"device.x0_max", 1e-3, 1, 0.2, 0.05, NULL},                                               \
    {                                                                                              \
        "programming.read_volt", 1e-3, 0.5, 0.5, 0, NULL                                           \
    }

/* Of a crossbar; at most so many devices are programmed. */
#define CROSSBAR(least, most, devices)                                                             \
    {"array.rows", least, most, 0, 0, NULL}, {"array.columns", least, most, 0, 0, NULL}, LINES,    \
        DEVICE(DOPANTS), PROGRAMMING, {"programming.pulse_limit", 1, 3, 0, 0, NULL},               \
        {"programming.devices", 1, devices, 0, 0, NULL}, VARIATION

static const struct random_range crossbar_ranges[] = {CROSSBAR(1, 5, 4)},
                                 large_ranges[] = {CROSSBAR(2, 64, 5)};

static const struct random_range training_ranges[] = {
    {"circuit.sizes", 0, 0, 0.3, 0, "[9,1] [9,2,1] [9,4,1] [9,3,2,1]"},
    {"circuit.neuron", 0, 0, 0, 0, "behavioural behavioural cmos"},
    {"circuit.row_ohm", 0.1, 1e4, 0.5, 0, NULL},
    {"circuit.column_ohm", 0.1, 1e4, 0.5, 0, NULL},
    {"circuit.line_row_ohm", 0.01, 100, 0.5, 0, NULL},
    {"circuit.line_column_ohm", 0.01, 100, 0.5, 0, NULL},
    {"circuit.column_farad", 1e-15, 1e-11, 0.5, 0.1, NULL},
    {"device.dopant", 0, 0, 0, 0, "W Sn Cr C W-vteam Sn-vteam Cr-vteam C-vteam"},
    {"device.x0_max", 1e-3, 1, 0.2, 0, NULL},
    {"images.pair", 0, 0, 0.3, 0, "T/X L/T X/O"},
    PROGRAMMING,
    {"programming.pulse_limit", 1, 4, 0, 0, NULL},
    {"inference.time", 1e-5, 1e-3, 0.3, 0, NULL},
    {"rule.target_starts", 0, 0, 0, 0, "1"},
    {"rule.target_steps", 0, 0, 0, 0, "100"},
    VARIATION,
};

static const struct random_range device_ranges[] = {
    DEVICE(DOPANTS VOLATILE),
    {"circuit.series_ohm", 1, 1e7, 0.2, 0.2, NULL},
    {"device.x0", 1e-4, 1, 0.1, 0.1, NULL},
    {"drive.set_volt", 0.02, 2, 0, 0, NULL},
    {"drive.reset_volt", 0.02, 1, 0, 0, NULL},
    {"drive.width", 1e-7, 10, 0, 0, NULL},
    {"drive.edge", 1e-9, 1e-2, 0.1, 0.2, NULL},
    {"drive.gap", 1e-7, 10, 0, 0, NULL},
    {"drive.pulses", 1, 10, 0, 0, NULL},
};

#define RANGES(list) sizeof list / sizeof list[0], list, false
const struct random_kind random_kinds[] = {
    {"device", "one device behind a resistor and a few pulses", &experiment_device, true, false,
     RANGES(device_ranges)},
    {"crossbar", "up to 5 x 5 devices", &experiment_crossbar, true, false, RANGES(crossbar_ranges)},
    {"crossbar", "up to 64 x 64 devices without ngspice", &experiment_crossbar, false, false,
     RANGES(large_ranges)},
    {"training", "classifiers and all images", &experiment_training, true, false,
     RANGES(training_ranges)},
    {"deck", "decks of every card in sim", NULL, false, false, 0, NULL, false},
    {"deck", "decks that ida takes too", NULL, false, true, 0, NULL, false},
    {"tile", "reads of tiles up to 64 x 64 devices", NULL, false, false, 0, NULL, true},
    {0},
};

/* Values are written with few digits: what is drawn is then what is read. */
static char *draw_number(const struct key *key, const struct random_range *r, gsl_rng *rng)
{
    const bool own = !(r->high > 0);
    const double low = own ? key->min : r->low, high = own ? key->max : r->high;
    const double value = low * pow(high / low, gsl_rng_uniform(rng));
    if (key->kind == KEY_COUNT)
        return memory_format("%.0f",
                             fmin(high, floor(low * pow((high + 1) / low, gsl_rng_uniform(rng)))));
    return memory_format("%.5g", fmin(high, fmax(low, value)));
}

static char *draw_choice(const char *choices, gsl_rng *rng)
{
    size_t n = 1;
    for (const char *c = choices; *c; c++)
        n += *c == ' ';
    for (size_t k = gsl_rng_uniform_int(rng, n); k > 0; k--)
        choices = strchr(choices, ' ') + 1;
    return memory_string_n(choices, strcspn(choices, " "));
}

/* The value, or NULL: the default. */
static char *draw(const struct random_kind *kind, const struct random_range *r, gsl_rng *rng)
{
    const struct key *key = testbench_key(kind->experiment, r->key);
    const double u = gsl_rng_uniform(rng);
    if (u < r->rest)
        return NULL;
    if (u < r->rest + r->zero)
        return memory_string("0");
    if (r->choices)
        return draw_choice(r->choices, rng);
    if (key->kind != KEY_CHOICE)
        return draw_number(key, r, rng);
    size_t n = 0;
    while (key->choices[n])
        n++;
    return memory_string(key->choices[gsl_rng_uniform_int(rng, n)]);
}

struct random_testbench random_testbench_draw(const struct random_kind *kind, uint64_t seed,
                                              uint32_t number, unsigned again)
{
    gsl_rng *rng = random_stream(
        seed, number, (enum random_purpose)(RANDOM_TESTBENCH + (int)(kind - random_kinds)));
    /* an illegal draw's successor goes on in the same stream */
    struct random_testbench b = {kind, 0, 0, NULL};
    for (unsigned k = 0; k <= again; k++) {
        random_testbench_free(&b);
        b = (struct random_testbench){.kind = kind,
                                      .settings = NEW(kind->n_ranges, struct random_setting)};
        for (size_t i = 0; i < kind->n_ranges; i++) {
            char *value = draw(kind, &kind->ranges[i], rng);
            if (value)
                b.settings[b.n++] = (struct random_setting){&kind->ranges[i], value};
        }
        b.seed = gsl_rng_uniform_int(rng, 1000000);
    }
    gsl_rng_free(rng);
    return b;
}

struct random_testbench random_testbench_copy(const struct random_testbench *from)
{
    struct random_testbench b = *from;
    b.settings = NEW(b.n + 1, struct random_setting);
    for (size_t k = 0; k < b.n; k++)
        b.settings[k] = (struct random_setting){from->settings[k].range,
                                                memory_string(from->settings[k].value)};
    return b;
}

void random_testbench_free(struct random_testbench *b)
{
    for (size_t k = 0; k < b->n; k++)
        free(b->settings[k].value);
    free(b->settings);
    b->settings = NULL;
    b->n = 0;
}

double random_testbench_number(const struct random_testbench *b, const char *key)
{
    for (size_t k = 0; k < b->n; k++)
        if (strcmp(b->settings[k].range->key, key) == 0 && !b->settings[k].range->choices)
            return strtod(b->settings[k].value, NULL);
    return NAN;
}

char *random_testbench_text(const struct random_testbench *b)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "experiment: %s\nseed: %llu\n", b->kind->experiment->name,
            (unsigned long long)b->seed);
    for (size_t k = 0; k < b->n; k++) {
        const char *key = b->settings[k].range->key, *dot = strchr(key, '.');
        const size_t section = (size_t)(dot - key) + 1;
        bool first = true; /* of its section, whose other keys stand behind it */
        for (size_t i = 0; i < k && first; i++)
            first = strncmp(b->settings[i].range->key, key, section) != 0;
        if (!first)
            continue;
        fprintf(out, "%.*s:\n", (int)section - 1, key);
        for (size_t i = k; i < b->n; i++)
            if (strncmp(b->settings[i].range->key, key, section) == 0)
                fprintf(out, "  %s: %s\n", b->settings[i].range->key + section,
                        b->settings[i].value);
    }
    fclose(out);
    return text;
}

static void remove_setting(struct random_testbench *b, size_t k)
{
    free(b->settings[k].value);
    b->n--;
    memmove(b->settings + k, b->settings + k + 1, (b->n - k) * sizeof *b->settings);
}

bool random_testbench_simplify(struct random_testbench *b, size_t k, unsigned step)
{
    const struct random_range *r = b->settings[k].range;
    const struct key *key = testbench_key(b->kind->experiment, r->key);
    /* sizes of the circuit and of the drive go down to one; what else there is, to its default */
    const bool size = key->kind == KEY_COUNT && r->high > 0;
    if (!size) {
        if (step == 0)
            remove_setting(b, k);
        return step == 0;
    }
    const double now = strtod(b->settings[k].value, NULL);
    if (step > 1 || now <= r->low)
        return false;
    free(b->settings[k].value);
    b->settings[k].value = memory_format("%.0f", step == 0 ? r->low : floor(0.5 * (now + r->low)));
    return true;
}
