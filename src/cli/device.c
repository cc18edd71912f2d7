/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/random.h"
#include "base/spice_number.h"
#include "cli/device_spread.h"
#include "cli/device_tables.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/data_path.h"
#include "cli/input/interrupt.h"
#include "cli/input/key_options.h"
#include "device/library/library_make.h"
#include "fit/device_test.h"
#include "report/json.h"
#include "report/plot.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FREQUENCIES_MAX 8
#define SETTINGS_MAX 32
#define COUNT_MAX 100000
#define SAMPLES 20
#define LOOP_COLUMNS 11
#define SAMPLES_MAX 1000
#define ENGINE "ida"
#define RELTOL 1e-5
#define LOOP_SERIES 5000.0   /* [ohm] */
#define RETENTION_FIRST 1e-3 /* [s] */
#define RETENTION_DECADE 10  /* readings a decade */

enum option_key {
    KEY_AMPLITUDE = 256,
    KEY_FREQUENCY,
    KEY_SERIES,
    KEY_CYCLES,
    KEY_VOLTAGE,
    KEY_WIDTH,
    KEY_REPEATS,
    KEY_GAP,
    KEY_RESET_VOLTAGE,
    KEY_TIME,
    KEY_X0,
    KEY_SET,
    KEY_ENGINE,
    KEY_METHOD,
    KEY_RELTOL,
    KEY_VARIATION,
    KEY_SWITCHES,
    KEY_NU,
    KEY_LOSS,
    KEY_SEED,
    KEY_PLOT,
    KEY_WAVEFORM,
    KEY_CSV,
    KEY_JSON,
};

enum verb { LIST, SHOW, LOOP, PULSE, STAIRCASE, RETENTION, ENDURANCE };
static const char *const verbs[] = {"list",      "show",      "loop",      "pulse",
                                    "staircase", "retention", "endurance", NULL};

struct arguments {
    enum verb verb;
    const char *name;
    size_t n_words;
    double amplitude, frequency[FREQUENCIES_MAX], series, voltage, width, gap, reset_voltage, time;
    size_t n_frequencies, cycles, count, n_settings, samples; /* samples: devices drawn; 0: none */
    uint64_t seed;
    double nu, loss; /* of retention: R goes with t^nu; mean time to an abrupt loss [s], 0: none */
    struct dopant_setting settings[SETTINGS_MAX];
    bool frequency_given, csv, json;
    const char *plot, *waveform;
    struct device_test test;
};

static const struct key_option key_options[] = {
    {"engine", KEY_ENGINE, "NAME", 1, "engine.name", NULL, 0, ENGINE, 0, NULL},
    {"method", KEY_METHOD, "NAME", 1, "engine.method", NULL, 0, NULL, 0, NULL},
    {"reltol", KEY_RELTOL, "F", 1, "engine.reltol", NULL, RELTOL, NULL, 0, NULL},
    {"switches", KEY_SWITCHES, "N", 0, "engine.switches", NULL, 0, NULL, 0, NULL},
    {"seed", KEY_SEED, "N", 0, "seed", "of devices drawn, of switches and of losses", 0, NULL, 0,
     NULL},
};
#define N_KEY_OPTIONS (sizeof key_options / sizeof key_options[0])

static const struct argp_option own_options[] = {
    {"amplitude", KEY_AMPLITUDE, "V", 0, "of the sine, and of the last stair", 0},
    {"frequency", KEY_FREQUENCY, "HZ,...", 0, "of the sine, up to 8", 0},
    {"cycles", KEY_CYCLES, "N", 0, "periods of the sine; the last one counts", 0},
    {"voltage", KEY_VOLTAGE, "V", 0, "of pulses; of endurance's SET pulses", 0},
    {"reset-voltage", KEY_RESET_VOLTAGE, "V", 0, "of endurance's RESET pulses", 0},
    {"width", KEY_WIDTH, "SECONDS", 0, "of a pulse or stair", 0},
    {"count", KEY_REPEATS, "N", 0, "of pulses, stairs or cycles of endurance", 0},
    {"gap", KEY_GAP, "SECONDS", 0, "at 0 V between pulses", 0},
    {"time", KEY_TIME, "SECONDS", 0, "retention: of the last reading", 0},
    {"x0", KEY_X0, "X", 0, "state at the beginning, 0 OFF to 1 ON", 0},
    {"series", KEY_SERIES, "OHM", 0, "between source and device; loop: 5000, others: 0", 0},
    {"set", KEY_SET, "PARAMETER=VALUE", 0, "another value of a parameter", 0},
    {"variation", KEY_VARIATION, "N", OPTION_ARG_OPTIONAL,
     "loop: N devices (20) that differ as three measured W-SDC devices do: ln ron 0.42, ln roff "
     "0.41, ln tau 1, von and voff 40 mV",
     0},
    {"nu", KEY_NU, "NU", 0, "retention: resistances grow with (t/1 ms)^NU too", 0},
    {"loss", KEY_LOSS, "SECONDS", 0, "retention: mean time to an abrupt loss of the state", 0},
    {NULL, 0, NULL, 0, "Solver and output:", 1},
    {"plot", KEY_PLOT, "FILE", 0, "draw to a .png, .svg or .pdf", 1},
    {"waveform", KEY_WAVEFORM, "FILE.csv", 0, "loop: write the points of the last period", 1},
    {"csv", KEY_CSV, NULL, 0, "print CSV", 1},
    {"json", KEY_JSON, NULL, 0, "print JSON", 1},
    {0},
};

static struct arguments defaults(void)
{
    /* clang-format off */
    struct arguments a = {.amplitude = 1, .frequency = {10}, .n_frequencies = 1, .series = NAN, .cycles = 3,
        .voltage = 0.5, .reset_voltage = -0.5, .width = 1e-3, .gap = 1e-3, .count = 1, .time = 1800, .seed = 1};
    /* clang-format on */
    a.test =
        (struct device_test){.x0 = 0.01, .engine = engine_find(ENGINE), .solver = engine_defaults};
    a.test.solver.reltol = RELTOL;
    return a;
}

static void parse_frequencies(struct arguments *a, struct argp_state *state, char *text)
{
    if (!a->frequency_given)
        a->n_frequencies = 0;
    a->frequency_given = true;
    for (char *rest = text, *part; (part = strsep(&rest, ","));) {
        if (a->n_frequencies == FREQUENCIES_MAX)
            argp_error(state, "--frequency '%s', expected at most %d", text, FREQUENCIES_MAX);
        a->frequency[a->n_frequencies++] =
            argument_number(state, "--frequency", part, 1e-6, DEVICE_TEST_FREQUENCY_MAX);
    }
}

static void parse_setting(struct arguments *a, struct argp_state *state, char *text)
{
    char *equals = strchr(text, '=');
    double value;
    if (a->n_settings == SETTINGS_MAX)
        argp_error(state, "--set '%s', expected at most %d", text, SETTINGS_MAX);
    else if (!equals || equals == text || !spice_number(equals + 1, &value))
        argp_error(state, "--set '%s', expected PARAMETER=NUMBER", text);
    else {
        *equals = 0;
        a->settings[a->n_settings++] = (struct dopant_setting){text, value};
    }
}

static void parse_word(struct arguments *a, struct argp_state *state, char *text)
{
    if (a->n_words == 0)
        a->verb = (enum verb)argument_choice(state, "device", text, verbs);
    else if (a->n_words == 1 && a->verb != LIST)
        a->name = text;
    else
        argp_error(state, "'%s', expected no further word", text);
    a->n_words++;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    const struct key_option *option = key_option_find(N_KEY_OPTIONS, key_options, key);
    switch (key) {
    case KEY_AMPLITUDE:
        a->amplitude = argument_number(state, "--amplitude", text, -100, 100);
        break;
    case KEY_FREQUENCY:
        parse_frequencies(a, state, text);
        break;
    case KEY_CYCLES:
        a->cycles = argument_count(state, "--cycles", text, 1000);
        if (a->cycles == 0)
            argp_error(state, "--cycles 0, expected at least 1");
        break;
    case KEY_VOLTAGE:
        a->voltage = argument_number(state, "--voltage", text, -100, 100);
        break;
    case KEY_RESET_VOLTAGE:
        a->reset_voltage = argument_number(state, "--reset-voltage", text, -100, 100);
        break;
    case KEY_WIDTH:
        a->width = argument_number(state, "--width", text, 1e-8, 1e6);
        break;
    case KEY_REPEATS:
        a->count = argument_count(state, "--count", text, COUNT_MAX);
        if (a->count == 0)
            argp_error(state, "--count 0, expected at least 1");
        break;
    case KEY_GAP:
        a->gap = argument_number(state, "--gap", text, 0, 1e6);
        if (a->gap > 0 && a->gap < 1e-8)
            argp_error(state, "--gap '%s', expected 0 or at least 1e-8", text);
        break;
    case KEY_TIME:
        a->time = argument_number(state, "--time", text, 2 * RETENTION_FIRST, 1e12);
        break;
    case KEY_X0:
        a->test.x0 = argument_number(state, "--x0", text, 0, 1);
        break;
    case KEY_SERIES:
        a->series = argument_number(state, "--series", text, 0, 1e12);
        if (a->series > 0 && a->series < 1e-3)
            argp_error(state, "--series '%s', expected 0 or at least 1e-3", text);
        break;
    case KEY_SET:
        parse_setting(a, state, text);
        break;
    case KEY_ENGINE:
        a->test.engine = key_option_engine(option, state, text);
        break;
    case KEY_METHOD:
        a->test.solver.method = key_option_method(option, state, text);
        break;
    case KEY_RELTOL:
        a->test.solver.reltol = key_option_number(option, state, text);
        break;
    case KEY_VARIATION:
        a->samples = text ? argument_count(state, "--variation", text, SAMPLES_MAX) : SAMPLES;
        if (a->samples == 0)
            argp_error(state, "--variation 0, expected at least 1");
        break;
    case KEY_SWITCHES:
        a->test.solver.switches = key_option_number(option, state, text);
        break;
    case KEY_NU:
        a->nu = argument_number(state, "--nu", text, 0, 1);
        break;
    case KEY_LOSS:
        a->loss = argument_number(state, "--loss", text, 1e-3, 1e12);
        break;
    case KEY_SEED:
        a->seed = (uint64_t)key_option_number(option, state, text);
        break;
    case KEY_PLOT:
        a->plot = text;
        break;
    case KEY_WAVEFORM:
        a->waveform = text;
        break;
    case KEY_CSV:
        a->csv = true;
        break;
    case KEY_JSON:
        a->json = true;
        break;
    case ARGP_KEY_ARG:
        parse_word(a, state, text);
        break;
    case ARGP_KEY_END:
        if (a->n_words == 0)
            argp_error(state,
                       "expected list, show, loop, pulse, staircase, retention or endurance");
        if (a->verb != LIST && !a->name)
            argp_error(state, "expected the name of a dopant, a .lib file or a model");
        key_option_check_method(state, a->test.engine, a->test.solver.method);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    const struct arguments a = defaults();
    const struct {
        int key;
        double value;
    } known[] = {
        {KEY_AMPLITUDE, a.amplitude},
        {KEY_FREQUENCY, a.frequency[0]},
        {KEY_CYCLES, (double)a.cycles},
        {KEY_VOLTAGE, a.voltage},
        {KEY_RESET_VOLTAGE, a.reset_voltage},
        {KEY_WIDTH, a.width},
        {KEY_REPEATS, (double)a.count},
        {KEY_GAP, a.gap},
        {KEY_TIME, a.time},
        {KEY_X0, a.test.x0},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].key == key)
            return memory_format("%s (%g)", text, known[i].value);
    return (char *)text;
}

static const char usage[] =
    "list\nshow NAME\nloop NAME\npulse NAME\nstaircase NAME\nretention NAME\nendurance NAME";

static const char doc[] =
    "Look at one device: its parameters, its pinched loop, its answer to pulses, stairs, time and "
    "cycles of SET and RESET.  NAME: a dopant, a .lib file, or a model with all parameters set.";

static void loop_row(struct table *t, const struct arguments *a, size_t sample, double f,
                     const struct device_test_loop *l)
{
    const double values[] = {f,       a->amplitude, a->test.series, l->v_set, l->v_reset,
                             l->r_on, l->r_off,     l->i_max,       l->area,  l->energy};
    table_row(t);
    table_text(t, 0, a->test.dopant->name);
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        table_number(t, k + 1, values[k]);
    if (a->samples)
        table_number(t, LOOP_COLUMNS, (double)sample);
}

/* Columns of the plots, as arrays: the loops of all samples one after the other, a curve a
 * frequency. */
static void draw_loops(struct plot_curve *curves, const struct device_test_loop *loops, size_t n,
                       size_t samples, char *const *names)
{
    for (size_t k = 0; k < n; k++) {
        size_t total = 0, at = 0;
        for (size_t j = 0; j < samples; j++)
            total += loops[k * samples + j].n;
        double *x = NEW(total, double), *y = NEW(total, double);
        for (size_t j = 0; j < samples; j++)
            for (size_t i = 0; i < loops[k * samples + j].n; i++, at++) {
                x[at] = loops[k * samples + j].points[i].device;
                y[at] = 1e6 * loops[k * samples + j].points[i].current;
            }
        curves[k] = (struct plot_curve){names[k], total, x, y, false};
    }
}

static enum status plot_loops(const struct arguments *a, const struct device_test_loop *loops,
                              size_t samples, struct error *error)
{
    struct plot_curve curves[FREQUENCIES_MAX];
    char *names[FREQUENCIES_MAX];
    for (size_t k = 0; k < a->n_frequencies; k++)
        names[k] = a->samples ? memory_format("%g Hz, %zu devices", a->frequency[k], samples)
                              : memory_format("%g Hz", a->frequency[k]);
    draw_loops(curves, loops, a->n_frequencies, samples, names);
    char *title = memory_format("%s, sine of %g V through %g ohm, engine %s", a->test.dopant->name,
                                a->amplitude, a->test.series, a->test.engine->name);
    const struct plot_panel panel = {.x_label = "device voltage [V]",
                                     .y_label = "current [µA]",
                                     .n_curves = a->n_frequencies,
                                     .curves = curves};
    const struct plot plot = {title, 1, &panel};
    enum status status = plot_draw(&plot, a->plot, error);
    for (size_t k = 0; k < a->n_frequencies; k++) {
        free((void *)curves[k].x);
        free((void *)curves[k].y);
        free(names[k]);
    }
    free(title);
    return status;
}

static enum status write_waveform(const struct arguments *a, const struct device_test_loop *loops,
                                  struct error *error)
{
    static const char *const names[] = {"frequency_Hz", "t_s",       "source_V",
                                        "device_V",     "current_A", "x"};
    struct table *t = table_new(6, names, NULL);
    for (size_t k = 0; k < a->n_frequencies; k++)
        for (size_t i = 0; i < loops[k].n; i++) {
            const struct device_test_point *p = &loops[k].points[i];
            const double values[] = {a->frequency[k], p->t, p->source, p->device, p->current, p->x};
            table_row(t);
            for (size_t j = 0; j < 6; j++)
                table_number(t, j, values[j]);
        }
    enum status status = device_table_write(t, a->waveform, error);
    table_free(t);
    return status;
}

static enum status loop(struct arguments *a, const char *devices, struct error *error)
{
    static const char *const names[LOOP_COLUMNS + 1] = {
        "device",   "frequency_Hz", "amplitude_V", "series_ohm",   "v_set_V",  "v_reset_V",
        "r_on_ohm", "r_off_ohm",    "i_max_A",     "loop_area_VA", "energy_J", "sample"};
    static const int digits[LOOP_COLUMNS + 1] = {0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 0};
    const size_t samples = a->samples ? a->samples : 1;
    const struct dopant *nominal = a->test.dopant;
    const struct variation_circuit circuit = {nominal, devices, TEMPERATURE_NOMINAL,
                                              a->test.engine};
    struct device_test_loop *loops = NEW(samples * a->n_frequencies, struct device_test_loop);
    struct table *t = table_new(LOOP_COLUMNS + (a->samples > 0), names, digits);
    struct device_spread *spread = NULL;
    enum status status = STATUS_OK;
    if (a->samples)
        status = device_spread_draw(&circuit, samples, a->seed, &spread, error);
    for (size_t i = 0; i < samples * a->n_frequencies && status == STATUS_OK; i++) {
        const size_t j = i % samples;
        const double f = a->frequency[i / samples];
        if (spread)
            a->test.dopant = device_spread_dopant(spread, j);
        status = device_test_loop(&a->test, a->amplitude, f, a->cycles, &loops[i], error);
        a->test.dopant = nominal;
        if (status == STATUS_OK)
            loop_row(t, a, j, f, &loops[i]);
    }
    if (status == STATUS_OK && a->plot)
        status = plot_loops(a, loops, samples, error);
    if (status == STATUS_OK && a->waveform)
        status = write_waveform(a, loops, error);
    if (status == STATUS_OK)
        device_table_print(t, a->json, a->csv);
    table_free(t);
    for (size_t i = 0; i < samples * a->n_frequencies; i++)
        device_test_loop_free(&loops[i]);
    free(loops);
    device_spread_free(spread);
    return status;
}

static enum status plot_steps(const struct arguments *a, const struct table *t, const char *x,
                              const char *x_label, bool log_x, struct error *error)
{
    static const char *const names[] = {"conductance_S", "energy_J"};
    static const char *const labels[] = {"conductance at 0.1 V [µS]", "energy of a pulse [J]"};
    const size_t n = a->verb == RETENTION ? 1 : 2;
    struct plot_panel panels[2];
    struct plot_curve curves[2];
    double *columns[2][2];
    for (size_t k = 0; k < n; k++) {
        for (int j = 0; j < 2; j++) {
            const size_t column = table_column(t, j ? names[k] : x);
            columns[k][j] = NEW(t->n_rows, double);
            for (size_t i = 0; i < t->n_rows; i++)
                columns[k][j][i] =
                    t->cells[i * t->n_columns + column].number * (j && k == 0 ? 1e6 : 1);
        }
        curves[k] = (struct plot_curve){a->test.dopant->name, t->n_rows, columns[k][0],
                                        columns[k][1], !log_x};
        panels[k] = (struct plot_panel){.x_label = x_label,
                                        .y_label = labels[k],
                                        .log_x = log_x,
                                        .n_curves = 1,
                                        .curves = &curves[k]};
    }
    char *title = memory_format("%s: %s, engine %s", a->test.dopant->name, verbs[a->verb],
                                a->test.engine->name);
    const struct plot plot = {title, n, panels};
    enum status status = plot_draw(&plot, a->plot, error);
    for (size_t k = 0; k < n; k++) {
        free(columns[k][0]);
        free(columns[k][1]);
    }
    free(title);
    return status;
}

/* The pulses of a verb and the table of what they did. */
static size_t pulse_list(const struct arguments *a, struct device_test_pulse *p)
{
    const size_t n = a->verb == ENDURANCE ? 2 * a->count : a->count;
    for (size_t k = 0; p && k < n; k++) {
        p[k].width = a->width;
        p[k].volt = a->verb == STAIRCASE   ? a->amplitude * (double)(k + 1) / (double)n
                    : a->verb == ENDURANCE ? k % 2 ? a->reset_voltage : a->voltage
                                           : a->voltage;
    }
    return n;
}

static enum status pulses(struct arguments *a, struct error *error)
{
    static const char *const names[] = {"pulse", "voltage_V",     "width_s",
                                        "x",     "conductance_S", "energy_J"};
    static const int digits[] = {0, 6, 6, 8, 6, 6};
    const size_t n = pulse_list(a, NULL);
    struct device_test_pulse *p = NEW(n, struct device_test_pulse);
    pulse_list(a, p);
    enum status status = device_test_pulses(&a->test, a->gap, n, p, error);
    struct table *t = table_new(6, names, digits);
    for (size_t k = 0; k < n && status == STATUS_OK; k++) {
        const double values[] = {(double)(k + 1),
                                 p[k].volt,
                                 p[k].width,
                                 p[k].x,
                                 device_test_conductance(a->test.dopant, p[k].x),
                                 p[k].energy};
        table_row(t);
        for (size_t j = 0; j < 6; j++)
            table_number(t, j, values[j]);
    }
    if (status == STATUS_OK && a->plot)
        status = a->verb == STAIRCASE
                     ? plot_steps(a, t, "voltage_V", "source voltage [V]", false, error)
                     : plot_steps(a, t, "pulse", "pulse", false, error);
    if (status == STATUS_OK)
        device_table_print(t, a->json, a->csv);
    table_free(t);
    free(p);
    return status;
}

/* 0 V for log-spaced times: the readings are computed from the state and disturb nothing. */
static enum status retention(struct arguments *a, struct error *error)
{
    static const char *const names[] = {"t_s", "x", "conductance_S", "resistance_ohm"};
    static const int digits[] = {5, 8, 6, 6};
    const size_t n =
        2 + (size_t)(RETENTION_DECADE * log10(a->time / RETENTION_FIRST) * (1 - 1e-12));
    struct device_test_pulse *p = NEW(n, struct device_test_pulse);
    double *times = NEW(n, double);
    for (size_t k = 0; k < n; k++) {
        times[k] = k + 1 == n ? a->time : RETENTION_FIRST * pow(10, (double)k / RETENTION_DECADE);
        p[k].width = times[k] - (k ? times[k - 1] : 0);
    }
    gsl_rng *rng = random_stream(a->seed, 0, RANDOM_LOSS);
    const double lost = a->loss > 0 ? gsl_ran_exponential(rng, a->loss) : INFINITY;
    gsl_rng_free(rng);
    enum status status = device_test_pulses(&a->test, 0, n, p, error);
    struct table *t = table_new(4, names, digits);
    for (size_t k = 0; k < n && status == STATUS_OK; k++) {
        const double x = times[k] < lost ? p[k].x : 0;
        const double g =
            device_test_conductance(a->test.dopant, x) / pow(times[k] / RETENTION_FIRST, a->nu);
        table_row(t);
        table_number(t, 0, times[k]);
        table_number(t, 1, x);
        table_number(t, 2, g);
        table_number(t, 3, 1 / g);
    }
    if (status == STATUS_OK && a->plot)
        status = plot_steps(a, t, "t_s", "time at 0 V [s]", true, error);
    if (status == STATUS_OK)
        device_table_print(t, a->json, a->csv);
    table_free(t);
    free(times);
    free(p);
    return status;
}

static enum status run(struct arguments *a, const char *devices, struct error *error)
{
    struct table *t = NULL;
    struct dopant *dopant = NULL;
    enum status status = STATUS_OK;
    if (a->plot)
        status = plot_check(a->plot, error);
    if (a->waveform && a->verb != LOOP && status == STATUS_OK)
        status = fail(error, STATUS_INPUT, "--waveform: expected with loop only");
    if (a->samples && (a->verb != LOOP || a->waveform) && status == STATUS_OK)
        status =
            fail(error, STATUS_INPUT, "--variation: expected with loop only, without --waveform");
    if ((a->nu > 0 || a->loss > 0) && a->verb != RETENTION && status == STATUS_OK)
        status = fail(error, STATUS_INPUT, "--nu, --loss: expected with retention only");
    if (a->test.solver.switches > 0 && status == STATUS_OK)
        status = argument_able("--switches", a->test.engine, ENGINE_SWITCHES, error);
    a->test.solver.seed = a->seed;
    if (status != STATUS_OK)
        return status;
    if (a->verb == LIST || a->verb == SHOW) {
        status = a->verb == LIST
                     ? device_table_list(devices, &t, error)
                     : device_table_show(
                           &(struct device_shown){a->name, devices, a->n_settings, a->settings},
                           !a->json && !a->csv, &t, error);
        if (status == STATUS_OK)
            device_table_print(t, a->json, a->csv);
        table_free(t);
        return status;
    }
    status = dopant_make(a->name, devices, a->n_settings, a->settings, &dopant, error);
    a->test.dopant = dopant;
    a->test.series = isnan(a->series) ? (a->verb == LOOP ? LOOP_SERIES : 0) : a->series;
    if (status == STATUS_OK)
        status = a->verb == LOOP        ? loop(a, devices, error)
                 : a->verb == RETENTION ? retention(a, error)
                                        : pulses(a, error);
    dopant_free(dopant);
    return status;
}

int command_device(int argc, char **argv)
{
    struct arguments a = defaults();
    struct error error = {0};
    struct argp_option *options = key_options_join(own_options, N_KEY_OPTIONS, key_options);
    const struct argp argp = {options, parse, usage, doc, NULL, add_default, NULL};
    arguments_parse(&argp, argc, argv, &a);
    key_options_free(options);
    interrupt_watch();
    a.test.solver.interrupted = &interrupt_flag;
    char *devices = data_path("devices");
    enum status status = run(&a, devices, &error);
    free(devices);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
