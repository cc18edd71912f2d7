/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/read_input.h"
#include "engine/lines/lines_power.h"
#include "report/heat_map.h"
#include "report/json.h"
#include "report/new_file.h"
#include "report/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (1u << 22) /* node voltages held at a time */
#define RESIDUAL 1e-9    /* of the power account, beside ten times the tolerance */

enum form { FORM_TEXT, FORM_CSV, FORM_JSON };
enum map { MAP_DROP, MAP_DEVICE };
enum table_kind { CURRENTS, POWER, VOLTAGES, N_TABLES };
static const char *const table_names[N_TABLES] = {"currents", "power", "voltages"};

struct arguments {
    int argc;
    char **argv;
    struct read_source source;
    const char *input, *volt, *output, *svg;
    double line_ohm, row_ohm, column_ohm, driver_ohm, sense_ohm, tolerance; /* NAN: line_ohm */
    enum lines_method method;
    enum map map;
    size_t vector; /* of the map, from 1 */
    bool voltages;
    enum form form;
};

static const struct arguments by_default = {
    .source = {.layer = 1, .read_volt = 0.01},
    .volt = "0.1",
    .line_ohm = 1,
    .row_ohm = NAN,
    .column_ohm = NAN,
    .tolerance = 1e-9,
    .vector = 1,
};

enum option_key {
    KEY_OHM = 256,
    KEY_STATES,
    KEY_LAYER,
    KEY_READ_VOLT,
    KEY_INPUT,
    KEY_VOLT,
    KEY_LINE,
    KEY_ROW,
    KEY_COLUMN,
    KEY_DRIVER,
    KEY_SENSE,
    KEY_TOLERANCE,
    KEY_METHOD,
    KEY_VOLTAGES,
    KEY_SVG,
    KEY_MAP,
    KEY_VECTOR,
    KEY_JSON,
    KEY_CSV
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Devices:", 1},
    {"ohm", KEY_OHM, NULL, 0, "FILE holds resistances [ohm], not conductances [S]", 1},
    {"dopant", 'd', "NAME|FILE.lib", 0,
     "devices of that law, in states that have these conductances at --read-volt", 1},
    {"read-volt", KEY_READ_VOLT, "V", 0, "at which they have these", 1},
    {"states", KEY_STATES, NULL, 0, "FILE holds the states of the dopant's devices, 0 to 1", 1},
    {"layer", KEY_LAYER, "N", 0, "of a results folder", 1},
    {NULL, 0, NULL, 0, "Circuit:", 2},
    {"line-ohm", KEY_LINE, "R", 0, "of each segment of rows and columns", 2},
    {"row-ohm", KEY_ROW, "R", 0, "of each segment of rows, if other than that", 2},
    {"column-ohm", KEY_COLUMN, "R", 0, "of each segment of columns, if other than that", 2},
    {"driver-ohm", KEY_DRIVER, "R", 0, "of each row's source", 2},
    {"sense-ohm", KEY_SENSE, "R", 0, "between each column and its 0 V", 2},
    {NULL, 0, NULL, 0, "Inputs and solution:", 3},
    {"volt", KEY_VOLT, "V[,V...]", 0, "of all rows, or of each", 3},
    {"input", KEY_INPUT, "FILE", 0, "vectors of as many voltages as rows, CSV or .npy", 3},
    {"tolerance", KEY_TOLERANCE, "F", 0, "of each current, relative to itself", 3},
    {"method", KEY_METHOD, "NAME", 0, "cheaper, elimination or gradients", 3},
    {NULL, 0, NULL, 0, "Output:", 4},
    {"voltages", KEY_VOLTAGES, NULL, 0, "those of all nodes too", 4},
    {"svg", KEY_SVG, "FILE", 0, "draw a map of the array's devices", 4},
    {"map", KEY_MAP, "NAME", 0, "of what: drop, that of the lines, or device, their voltages", 4},
    {"vector", KEY_VECTOR, "N", 0, "of which vector", 4},
    {"csv", KEY_CSV, NULL, 0, "print CSV in place of the tables", 4},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the tables", 4},
    {"output", 'o', "DIR", 0, "folder to make: tables, JSON, map, manifest", 4},
    {0},
};

static const char *const methods[] = {"cheaper", "elimination", "gradients", NULL};
static const char *const maps[] = {"drop", "device", NULL};

static double ohm(struct argp_state *state, const char *option, const char *text)
{
    return argument_number(state, option, text, 0, LINES_OHM_MAX);
}

static error_t parse_circuit(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
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
    case KEY_TOLERANCE:
        a->tolerance = argument_number(state, "--tolerance", text, 1e-15, 0.1);
        break;
    case KEY_METHOD:
        a->method = (enum lines_method)argument_choice(state, "--method", text, methods);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const char *named(struct argp_state *state, const char *option, const char *text)
{
    if (!*text)
        argp_error(state, "%s '', expected a name", option);
    return text;
}

static void finish_arguments(struct argp_state *state, struct arguments *a)
{
    if (!a->source.path)
        argp_error(state, "expected a file of conductances or a results folder");
    if (a->source.states && !a->source.dopant)
        argp_error(state, "--states without --dopant");
    if (a->source.states && a->source.ohm)
        argp_error(state, "--states and --ohm, expected one of them");
    a->row_ohm = isnan(a->row_ohm) ? a->line_ohm : a->row_ohm;
    a->column_ohm = isnan(a->column_ohm) ? a->line_ohm : a->column_ohm;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_OHM:
        a->source.ohm = true;
        break;
    case 'd':
        a->source.dopant = text;
        break;
    case KEY_READ_VOLT:
        a->source.read_volt = argument_number(state, "--read-volt", text, 1e-6, 10);
        break;
    case KEY_STATES:
        a->source.states = true;
        break;
    case KEY_LAYER:
        a->source.layer = argument_count(state, "--layer", text, 65536);
        break;
    case KEY_VOLTAGES:
        a->voltages = true;
        break;
    case KEY_SVG:
        a->svg = named(state, "--svg", text);
        break;
    case KEY_MAP:
        a->map = (enum map)argument_choice(state, "--map", text, maps);
        break;
    case KEY_VECTOR:
        a->vector = argument_count(state, "--vector", text, NUMBER_GRID_MAX);
        break;
    case KEY_CSV:
        a->form = FORM_CSV;
        break;
    case KEY_JSON:
        a->form = FORM_JSON;
        break;
    case 'o':
        a->output = named(state, "-o", text);
        break;
    case ARGP_KEY_ARG:
        if (a->source.path)
            argp_error(state, "'%s', expected one file or folder", text);
        a->source.path = named(state, "FILE", text);
        break;
    case ARGP_KEY_END:
        finish_arguments(state, a);
        break;
    default:
        return parse_circuit(key, text, state);
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    const struct arguments *a = &by_default;
    const struct {
        int key;
        double value;
    } numbers[] = {{KEY_READ_VOLT, a->source.read_volt},
                   {KEY_LAYER, (double)a->source.layer},
                   {KEY_LINE, a->line_ohm},
                   {KEY_DRIVER, a->driver_ohm},
                   {KEY_SENSE, a->sense_ohm},
                   {KEY_TOLERANCE, a->tolerance},
                   {KEY_VECTOR, (double)a->vector}};
    (void)input;
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        if (numbers[k].key == key)
            return memory_format("%s (%g)", text, numbers[k].value);
    if (key == KEY_VOLT)
        return memory_format("%s (%s)", text, a->volt);
    if (key == KEY_METHOD)
        return memory_format("%s (%s)", text, methods[a->method]);
    if (key == KEY_MAP)
        return memory_format("%s (%s)", text, maps[a->map]);
    return (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    "FILE|FOLDER",
    "Read a crossbar once: column currents, node voltages and powers of an array with line, driver "
    "and sense resistances, for one or many vectors of row voltages.  FILE holds conductances, "
    "rows x "
    "columns, as CSV or .npy; FOLDER is a results folder.  Each current comes with a bound of its "
    "error.\vExit status: 0 done, 1 could not be computed, 2 bad input or usage, 3 the power "
    "account "
    "does not close.",
    NULL,
    add_default,
    NULL};

struct array_reading {
    const struct arguments *a;
    struct read_devices devices;
    struct number_grid *volts; /* vectors x rows */
    struct lines_array array;
    struct lines_reader *reader; /* ohmic devices */
    struct lines_model model;    /* others */
    struct table *tables[N_TABLES];
    double *map;       /* rows x columns [V] */
    double *device;    /* rows x columns: currents [A], of one vector */
    double *v, *slope; /* rows x columns, for the law */
    size_t loose;      /* currents whose bound exceeds the tolerance */
    double loosest;    /* their worst, relative to the current */
    double residual;   /* the worst of the power account */
};

/* Currents [A] of all devices at their voltages [V]. */
static void device_currents(struct array_reading *r, const double *row_volt,
                            const double *column_volt)
{
    const size_t n = r->array.rows * r->array.columns;
    for (size_t k = 0; k < n; k++) {
        r->v[k] = row_volt[k] - column_volt[k];
        r->device[k] = r->devices.g[k] * r->v[k];
    }
    if (r->devices.x)
        lines_model_law(&r->model, n, r->v, r->device, r->slope);
}

static void add_currents(struct array_reading *r, size_t vector, const double *current,
                         const double *bound)
{
    const size_t m = r->array.rows, n = r->array.columns;
    double *ideal = NEW(n, double);
    for (size_t k = 0; k < m * n; k++)
        r->v[k] = r->volts->a[vector * m + k / n];
    if (r->devices.x)
        lines_model_law(&r->model, m * n, r->v, r->device, r->slope);
    for (size_t k = 0; k < m * n; k++)
        ideal[k % n] += r->devices.x ? r->device[k] : r->devices.g[k] * r->v[k];
    for (size_t j = 0; j < n; j++) {
        const double numbers[] = {(double)vector + 1, (double)j + 1, current[j], bound[j],
                                  ideal[j]};
        table_row(r->tables[CURRENTS]);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            table_number(r->tables[CURRENTS], k, numbers[k]);
        if (bound[j] > r->a->tolerance * fabs(current[j])) {
            r->loose++;
            r->loosest = fmax(r->loosest, bound[j] / fabs(current[j]));
        }
    }
    free(ideal);
}

static void add_power(struct array_reading *r, size_t vector, const double *row_volt,
                      const double *column_volt)
{
    struct lines_power p;
    const double *volts = r->volts->a + vector * r->array.rows;
    device_currents(r, row_volt, column_volt);
    lines_power(&r->array, volts, row_volt, column_volt, r->device, &p);
    const double numbers[] = {(double)vector + 1, p.delivered,         p.devices,
                              p.row_lines,        p.column_lines,      p.drivers,
                              p.senses,           p.residual,          p.drop,
                              (double)p.row + 1,  (double)p.column + 1};
    table_row(r->tables[POWER]);
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        table_number(r->tables[POWER], k, numbers[k]);
    if (!(p.residual <= r->residual))
        r->residual = p.residual;
    for (size_t k = 0; vector + 1 == r->a->vector && k < r->array.rows * r->array.columns; k++)
        r->map[k] = r->a->map == MAP_DROP
                        ? volts[k / r->array.columns] - (row_volt[k] - column_volt[k])
                        : row_volt[k] - column_volt[k];
}

static void add_voltages(struct array_reading *r, size_t vector, const double *row_volt,
                         const double *column_volt)
{
    for (size_t k = 0; r->a->voltages && k < r->array.rows * r->array.columns; k++) {
        const double numbers[] = {(double)vector + 1,
                                  (double)(k / r->array.columns) + 1,
                                  (double)(k % r->array.columns) + 1,
                                  row_volt[k],
                                  column_volt[k],
                                  row_volt[k] - column_volt[k],
                                  r->device[k]};
        table_row(r->tables[VOLTAGES]);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            table_number(r->tables[VOLTAGES], i, numbers[i]);
    }
}

static void make_tables(struct table *tables[N_TABLES])
{
    static const char *const currents[] = {"vector", "column", "current_A", "bound_A", "ideal_A"};
    static const char *const power[] = {
        "vector",   "delivered_W", "devices_W",    "row_lines_W", "column_lines_W", "drivers_W",
        "senses_W", "residual",    "worst_drop_V", "worst_row",   "worst_column"};
    static const char *const voltages[] = {"vector",   "row",      "column",  "row_V",
                                           "column_V", "device_V", "device_A"};
    static const int digits[11] = {0, 0, 7, 2, 7};
    static const int power_digits[11] = {0, 6, 6, 6, 6, 6, 6, 2, 6, 0, 0};
    static const int voltage_digits[7] = {0, 0, 0, 8, 8, 8, 7};
    tables[CURRENTS] = table_new(5, currents, digits);
    tables[POWER] = table_new(11, power, power_digits);
    tables[VOLTAGES] = table_new(7, voltages, voltage_digits);
}

/* `count` vectors from `first` on. */
static enum status read_some(struct array_reading *r, size_t first, size_t count,
                             struct error *error)
{
    const size_t m = r->array.rows, n = r->array.columns, mn = m * n;
    struct lines_answer answer = {NEW(count * n, double), NEW(count * n, double),
                                  NEW(count * mn, double), NEW(count * mn, double), 0};
    const double *volts = r->volts->a + first * m;
    const struct lines_devices devices = {lines_model_law, &r->model};
    const enum status status =
        r->devices.x ? lines_solve_law(&r->array, &devices, volts, r->a->tolerance, &answer, error)
                     : lines_solve_many(r->reader, count, volts, r->a->tolerance, &answer, error);
    for (size_t v = 0; v < count && status == STATUS_OK; v++) {
        const double *row_volt = answer.row_volt + v * mn,
                     *column_volt = answer.column_volt + v * mn;
        add_currents(r, first + v, answer.current + v * n, answer.bound + v * n);
        add_power(r, first + v, row_volt, column_volt);
        add_voltages(r, first + v, row_volt, column_volt);
    }
    free(answer.current);
    free(answer.bound);
    free(answer.row_volt);
    free(answer.column_volt);
    return status;
}

static enum status read_all(struct array_reading *r, struct error *error)
{
    const struct arguments *a = r->a;
    const size_t m = r->devices.rows, n = r->devices.columns, mn = m * n, vectors = r->volts->rows;
    r->array = (struct lines_array){.rows = m,
                                    .columns = n,
                                    .g = r->devices.g,
                                    .row_ohm = a->row_ohm,
                                    .column_ohm = a->column_ohm,
                                    .driver_ohm = a->driver_ohm,
                                    .sense_ohm = a->sense_ohm};
    r->map = NEW(mn, double);
    r->device = NEW(mn, double);
    r->v = NEW(mn, double);
    r->slope = NEW(mn, double);
    make_tables(r->tables);
    enum status status = STATUS_OK;
    size_t chunk = 1;
    if (r->devices.x) {
        r->model = (struct lines_model){.model = r->devices.dopant->model,
                                        .constants = r->devices.dopant->constants,
                                        .x = r->devices.x};
    } else {
        status = lines_reader_new(&r->array, a->method, vectors, true, &r->reader, error);
        chunk = CHUNK / mn > 1 ? CHUNK / mn : 1;
    }
    for (size_t v = 0; v < vectors && status == STATUS_OK; v += chunk) {
        status = read_some(r, v, vectors - v < chunk ? vectors - v : chunk, error);
        if (status == STATUS_OK && interrupt_flag)
            status = fail(error, STATUS_INTERRUPTED, "interrupted after %zu of %zu vectors", v + 1,
                          vectors);
    }
    return status;
}

/* Which tables are printed: the last one only if it was asked for. */
static size_t n_tables(const struct arguments *a)
{
    return a->voltages ? N_TABLES : VOLTAGES;
}

static void print(const struct array_reading *r)
{
    if (r->a->form == FORM_JSON) {
        json_write_tables(n_tables(r->a), table_names, r->tables, stdout);
        return;
    }
    for (size_t k = 0; k < n_tables(r->a); k++) {
        if (k > 0)
            putchar('\n');
        if (r->a->form == FORM_CSV)
            table_csv(r->tables[k], stdout);
        else
            table_print(r->tables[k], stdout);
    }
}

static enum status draw(const struct array_reading *r, const char *path, struct error *error)
{
    struct new_file file;
    char *title = memory_format("%s of the %zu x %zu devices, vector %zu",
                                r->a->map == MAP_DROP ? "Voltage drop in the lines" : "Voltage",
                                r->array.rows, r->array.columns, r->a->vector);
    const struct heat_map map = {r->array.rows, r->array.columns, r->map, title, "V"};
    enum status status = new_file_begin(path, &file, error);
    if (status == STATUS_OK) {
        heat_map_write(&map, file.file);
        status = new_file_end(&file, STATUS_OK, error);
    }
    free(title);
    return status;
}

static enum status write_manifest(const struct array_reading *r, const struct new_folder *o,
                                  struct error *error)
{
    const struct arguments *a = r->a;
    char *devices = memory_format("%s/devices.csv", a->source.path);
    const char *inputs[3];
    size_t n = 0;
    FILE *probe = fopen(devices, "r"); /* a results folder */
    inputs[n++] = probe ? devices : a->source.path;
    if (probe)
        fclose(probe);
    if (a->input)
        inputs[n++] = a->input;
    if (r->devices.dopant)
        inputs[n++] = r->devices.dopant->path;
    const struct manifest manifest = {
        .argc = a->argc, .argv = a->argv, .n_inputs = n, .inputs = inputs};
    FILE *out = new_folder_open(o, "manifest.json", error);
    enum status status = STATUS_INPUT;
    if (out) {
        status = json_write_manifest(&manifest, out, error);
        status = new_folder_close(out, "manifest.json", status, error);
    }
    free(devices);
    return status;
}

static enum status save(const struct array_reading *r, struct new_folder *o, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n_tables(r->a) && status == STATUS_OK; k++) {
        char *name = memory_format("%s.csv", table_names[k]);
        status = output_table(o, name, r->tables[k], error);
        free(name);
    }
    if (status == STATUS_OK)
        status = output_tables(o, "read.json", n_tables(r->a), table_names, r->tables, error);
    if (status == STATUS_OK) {
        char *path = memory_format("%s/map.svg", o->temporary);
        status = draw(r, path, error);
        free(path);
    }
    if (status == STATUS_OK)
        status = write_manifest(r, o, error);
    return status == STATUS_OK ? new_folder_end(o, error) : status;
}

/* What the figures are worth. */
static enum status judge(const struct array_reading *r, struct error *error)
{
    const double most = 10 * r->a->tolerance + RESIDUAL;
    if (r->loose > 0)
        fprintf(stderr,
                "%s: %zu of %zu currents have a bound above the tolerance of %g, up to %.2g: "
                "rounding allows no more\n",
                r->a->argv[0], r->loose, r->tables[CURRENTS]->n_rows, r->a->tolerance, r->loosest);
    if (!(r->residual <= most))
        return fail(error, STATUS_UNTRUSTED,
                    "the power account does not close: residual %.2g, expected up to %.2g",
                    r->residual, most);
    return STATUS_OK;
}

static enum status run(struct array_reading *r, struct new_folder *folder, struct error *error)
{
    const struct arguments *a = r->a;
    enum status status = read_devices(&a->source, &r->devices, error);
    if (status == STATUS_OK)
        status = read_vectors(a->input, a->volt, r->devices.rows, &r->volts, error);
    if (status == STATUS_OK && (a->vector < 1 || a->vector > r->volts->rows))
        status =
            fail(error, STATUS_INPUT, "--vector %zu, expected 1 to %zu", a->vector, r->volts->rows);
    if (status == STATUS_OK && a->output)
        status = new_folder_begin(a->output, folder, error);
    if (status == STATUS_OK)
        status = read_all(r, error);
    if (status == STATUS_OK && a->svg)
        status = draw(r, a->svg, error);
    if (status == STATUS_OK && a->output)
        status = save(r, folder, error);
    if (status != STATUS_OK)
        return status;
    print(r);
    return judge(r, error);
}

int command_read(int argc, char **argv)
{
    struct arguments a = by_default;
    struct array_reading r = {.a = &a};
    struct new_folder folder = {0};
    struct error error = {{0}};
    a.argc = argc;
    a.argv = argv;
    arguments_parse(&argp, argc, argv, &a);
    interrupt_watch();
    const enum status status = run(&r, &folder, &error);
    new_folder_abandon(&folder);
    lines_reader_free(r.reader);
    number_grid_free(r.volts);
    for (size_t k = 0; k < N_TABLES; k++)
        table_free(r.tables[k]);
    free(r.map);
    free(r.device);
    free(r.v);
    free(r.slope);
    read_devices_free(&r.devices);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
