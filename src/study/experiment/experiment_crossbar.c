/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `crossbar`: an m x n array is programmed to random targets, and read back. */
#include "base/memory.h"
#include "base/spice_number.h"
#include "circuit/crossbar.h"
#include "compare/cases.h"
#include "study/experiment/crossbar_testbench.h"
#include "study/experiment/experiments.h"
#include "study/experiment/shared_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct options {
    struct crossbar_testbench_options run; /* without what is read from files */
    uint64_t rows, columns;
    int scheme, engine; /* of run, as keys have them */
    char *dopant;
    struct variation_options variation;
};

static const char *const scheme_names[] = {"half", "third", "float", "select", NULL};

#define SIDE_MAX 256

#define AT(field) offsetof(struct options, field)
#define RUN(field) AT(run.field)
#define PROGRAM(field) AT(run.program.field)
#define SOLVER(field) RUN(solver.field)
#define VARY(field) AT(variation.field)
static const struct key keys[] = {
    COUNT_KEY("array.rows", AT(rows), 1, SIDE_MAX, "of devices"),
    COUNT_KEY("array.columns", AT(columns), 1, SIDE_MAX, "of devices"),
    CHOICE_KEY(
        "array.scheme", AT(scheme), scheme_names,
        "what devices see that are not addressed: V/2, V/3, open lines, or a switch a device"),
    NUMBER_KEY("array.row_ohm", RUN(row_ohm), "ohm", 0, 1e4,
               "line between neighbouring devices of a row"),
    NUMBER_KEY("array.column_ohm", RUN(column_ohm), "ohm", 0, 1e4, "of a column"),
    NUMBER_KEY("array.driver_ohm", RUN(driver_ohm), "ohm", 1e-3, 1e5, "of rows and columns"),
    NUMBER_KEY("array.column_farad", RUN(column_farad), "F", 0, 1e-9, "capacitance of a column"),
    NUMBER_KEY("array.select_width", RUN(select_width), "m", 1e-6, 1e-2,
               "of the switches of the scheme select"),
    NUMBER_KEY("array.supply", RUN(supply), "V", 2, 5, "of those switches"),
    DEVICE_KEYS(RUN(kelvin), AT(dopant), RUN(x0_max)),
    PROGRAM_KEYS(PROGRAM),
    COUNT_KEY("programming.devices", RUN(devices), 0, (double)SIDE_MAX *SIDE_MAX,
              "programmed, row by row, while the others stay as they are; 0: all"),
    NUMBER_KEY("programming.read_volt", RUN(read_volt), "V", 1e-3, 1, "of a reading"),
    PULSE_KEYS(RUN(read_time), RUN(edge)),
    ENGINE_KEYS(AT(engine), SOLVER),
    SWITCHES_KEY(SOLVER(switches)),
    VARIATION_KEYS(VARY),
};
#define N_KEYS (sizeof keys / sizeof keys[0])

static void defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.rows = 4,
                          .columns = 4,
                          .scheme = SCHEME_THIRD,
                          .engine = engine_index("event"),
                          .dopant = (char *)"Cr",
                          .variation = variation_defaults,
                          .run = {.row_ohm = 1,
                                  .column_ohm = 1,
                                  .driver_ohm = 50,
                                  .column_farad = 1e-12,
                                  .select_width = 30e-6,
                                  .supply = 3.3,
                                  .kelvin = TEMPERATURE_NOMINAL,
                                  .x0_max = 0.02,
                                  .program = program_defaults,
                                  .read_volt = 0.1,
                                  .read_time = 100e-6,
                                  .edge = 1e-6,
                                  .solver = engine_defaults}};
}

enum {
    TIME,
    ENERGY,
    ENERGY_BY_CLASS,
    DEVICES = ENERGY_BY_CLASS + ENERGY_CLASSES,
    SETTLED,
    PULSES,
    PULSES_SET,
    PULSES_RESET,
    ERROR_RMS,
    ERROR_WORST,
    DISTURB_RMS,
    DISTURB_WORST,
    RESIDUAL,
    TRULY_SETTLED,
    VARIATION, /* and the columns of variation.h */
    N_OUTPUTS = VARIATION + VARIATION_N_COLUMNS
};

static const struct sample_column outputs[N_OUTPUTS] = {
    [TIME] = {"programming_time_s", false},
    [ENERGY] = {"energy_J", false},
    [ENERGY_BY_CLASS + CLASS_MEMRISTOR] = {"energy_memristor_J", false},
    [ENERGY_BY_CLASS + CLASS_SELECT] = {"energy_select_J", false},
    [ENERGY_BY_CLASS + CLASS_LINE] = {"energy_line_J", false},
    [ENERGY_BY_CLASS + CLASS_REFERENCE] = {"energy_reference_J", false},
    [ENERGY_BY_CLASS + CLASS_NEURON] = {"energy_neuron_J", false},
    [ENERGY_BY_CLASS + CLASS_DRIVER] = {"energy_driver_J", false},
    [DEVICES] = {"devices", false},
    [SETTLED] = {"devices_settled", false},
    [PULSES] = {"pulses", false},
    [PULSES_SET] = {"pulses_set", false},
    [PULSES_RESET] = {"pulses_reset", false},
    [ERROR_RMS] = {"error_rms", false},
    [ERROR_WORST] = {"error_worst", false},
    [DISTURB_RMS] = {"disturb_rms", false},
    [DISTURB_WORST] = {"disturb_worst", false},
    [RESIDUAL] = {"residual_array", false},
    [TRULY_SETTLED] = {"devices_truly_settled", false},
    [VARIATION] = VARIATION_COLUMNS(NUMBER_COLUMN),
};

/* Files read and what devices are drawn from, for one set of the keys below. */
struct setup {
    char *signature;
    struct dopant *dopant;
    struct variation_source *source;
};

struct shared {
    struct experiment_context context;
    struct subcircuit_file *switches;
    size_t n, capacity;
    struct setup *setups; /* n */
};

static const char *const setup_sections[] = {"variation.", "device.", "circuit.temperature",
                                             "engine.name", NULL};

static const struct setup *find_setup(const struct shared *s, const struct options *o)
{
    const struct setup *found = NULL;
    char *wanted = keys_signature(keys, N_KEYS, o, setup_sections);
    for (size_t i = 0; i < s->n && !found; i++)
        if (strcmp(s->setups[i].signature, wanted) == 0)
            found = &s->setups[i];
    free(wanted);
    return found;
}

static void close_crossbar(void *shared)
{
    struct shared *s = shared;
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        variation_close(s->setups[i].source);
        dopant_free(s->setups[i].dopant);
        free(s->setups[i].signature);
    }
    subcircuit_free(s->switches);
    free(s->setups);
    free(s);
}

static enum status open_crossbar(const void *options, const struct experiment_context *context,
                                 void **shared, struct error *error)
{
    const struct options *o = options;
    struct shared *s = *shared;
    if (!s)
        *shared = s = NEW(1, struct shared);
    s->context = *context;
    enum status status = engine_takes_method(engine_table[o->engine], o->run.solver.method, error);
    if (status == STATUS_OK)
        status = engine_takes_switches(engine_table[o->engine], o->run.solver.switches, error);
    if (status == STATUS_OK && o->scheme == SCHEME_SELECT && !s->switches)
        status = subcircuit_read(context->switch_file, &s->switches, error);
    if (status != STATUS_OK || find_setup(s, o))
        return status;
    struct setup setup = {0};
    status = dopant_read(o->dopant, context->devices, &setup.dopant, error);
    if (status == STATUS_OK)
        status = variation_open(&o->variation,
                                &(struct variation_circuit){setup.dopant, context->devices,
                                                            o->run.kelvin, engine_table[o->engine]},
                                &setup.source, error);
    if (status != STATUS_OK) {
        dopant_free(setup.dopant);
        return status;
    }
    setup.signature = keys_signature(keys, N_KEYS, o, setup_sections);
    s->setups = memory_grow(s->setups, &s->capacity, s->n + 1, sizeof *s->setups);
    s->setups[s->n++] = setup;
    return STATUS_OK;
}

/* Relative errors of what was read back, and drifts of the devices since they were done; of devices
 * that are not stuck. */
static void rate(const struct crossbar_testbench *b, double *v)
{
    double errors = 0, drifts = 0;
    size_t n = 0;
    for (size_t k = 0; k < b->n_programmed; k++) {
        const struct crossbar_device *d = &b->done[k];
        v[SETTLED] += d->settled;
        v[TRULY_SETTLED] += fabs(d->programmed / d->target - 1) <= b->options.program.tolerance;
        if (d->stuck)
            continue;
        const double off = d->read_back / d->target - 1, drift = d->end / d->programmed - 1;
        errors += off * off;
        drifts += drift * drift;
        v[ERROR_WORST] = fmax(v[ERROR_WORST], fabs(off));
        v[DISTURB_WORST] = fmax(v[DISTURB_WORST], fabs(drift));
        n++;
    }
    v[ERROR_RMS] = sqrt(errors / (double)n);
    v[DISTURB_RMS] = sqrt(drifts / (double)n);
}

static void fill_outputs(const struct crossbar_testbench *b, struct cell *cells)
{
    const struct ledger_total total = ledger_section(b->ledger, SECTION_TRAINING);
    double v[VARIATION] = {
        [TIME] = b->time,
        [ENERGY] = total.delivered,
        [DEVICES] = (double)b->n_programmed,
        [PULSES] = (double)(b->pulses[PROGRAM_SET] + b->pulses[PROGRAM_RESET]),
        [PULSES_SET] = (double)b->pulses[PROGRAM_SET],
        [PULSES_RESET] = (double)b->pulses[PROGRAM_RESET],
        [RESIDUAL] = ledger_residual_array(b->ledger),
    };
    for (int c = 0; c < ENERGY_CLASSES; c++)
        v[ENERGY_BY_CLASS + c] = ledger_class(&total, (enum energy_class)c);
    rate(b, v);
    for (int i = 0; i < VARIATION; i++)
        if (isfinite(v[i])) /* all devices may be stuck */
            cells[i] = (struct cell){.kind = CELL_NUMBER, .number = v[i]};
    variation_cells(b->options.variation, cells + VARIATION);
}

static struct table *device_table(const struct crossbar_testbench *b)
{
    static const char *const names[] = {
        "row",         "column",           "target_S",  "initial_S", "verified_S",
        "read_back_S", "own_programmed_S", "own_end_S", "pulses",    "settled",
        "stuck"};
    enum { N = sizeof names / sizeof names[0] };
    struct table *table = table_new(N, names, NULL);
    for (size_t k = 0; k < b->n_programmed; k++) {
        const struct crossbar_device *d = &b->done[k];
        const double v[N] = {(double)(k / b->options.columns + 1),
                             (double)(k % b->options.columns + 1),
                             d->target,
                             d->initial,
                             d->verified,
                             d->read_back,
                             d->programmed,
                             d->end,
                             (double)d->pulses,
                             d->settled,
                             d->stuck};
        table_row(table);
        for (size_t i = 0; i < N; i++)
            table_number(table, i, v[i]);
    }
    return table;
}

/* The sample's options, which borrow its variation; on failure there is nothing to free. */
static enum status draw(const struct shared *s, const struct options *o,
                        struct random_sample sample, struct crossbar_testbench_options *run,
                        struct variation *variation, struct error *error)
{
    const struct setup *setup = find_setup(s, o);
    *run = o->run;
    run->rows = o->rows;
    run->columns = o->columns;
    run->scheme = (enum crossbar_scheme)o->scheme;
    run->dopant = setup->dopant;
    run->switches = s->switches;
    run->engine = engine_table[o->engine];
    run->solver.interrupted = s->context.interrupted;
    run->variation = variation;
    run->seed = sample.seed;
    run->replica = sample.replica;
    return variation_draw(setup->source, o->rows * o->columns, 0, sample, variation, error);
}

static enum status run_crossbar(void *shared, const void *options, struct random_sample sample,
                                struct cell *cells, struct experiment_detail *detail,
                                struct error *error)
{
    struct crossbar_testbench_options run;
    struct variation variation;
    enum status status = draw(shared, options, sample, &run, &variation, error);
    if (status != STATUS_OK)
        return status;
    struct crossbar_testbench b;
    status = crossbar_testbench_run(&run, &b, error);
    if (status == STATUS_OK) {
        fill_outputs(&b, cells);
        if (detail) {
            detail->names[0] = "devices";
            detail->tables[0] = device_table(&b);
            detail->names[1] = "variation";
            detail->tables[1] = variation_table(&variation);
            detail->n = 2;
        }
        status = training_account_closes(ledger_residual_array(b.ledger), error);
        crossbar_testbench_free(&b);
    }
    variation_free(&variation);
    return status;
}

struct owner {
    struct crossbar_testbench testbench;
    struct drive_log drive;
    struct variation variation;
};

static void release(void *data)
{
    struct owner *owner = data;
    crossbar_testbench_free(&owner->testbench);
    drive_log_free(&owner->drive);
    variation_free(&owner->variation);
    free(owner);
}

static enum status record(void *shared, const void *options, struct random_sample sample,
                          struct study_case *k, struct error *error)
{
    const struct options *o = options;
    struct crossbar_testbench_options run;
    enum status status = variation_replays(&o->variation, error);
    if (status == STATUS_OK)
        status = engine_switches_replay(o->run.solver.switches, error);
    if (status != STATUS_OK)
        return status;
    struct owner *owner = NEW(1, struct owner);
    status = draw(shared, o, sample, &run, &owner->variation, error);
    if (status != STATUS_OK) {
        free(owner);
        return status;
    }
    run.drive = &owner->drive;
    status = crossbar_testbench_run(&run, &owner->testbench, error);
    if (status != STATUS_OK) {
        release(owner);
        return status;
    }
    const struct crossbar_testbench *b = &owner->testbench;
    *k = case_of_run(b->circuit, &owner->drive, owner, release);
    k->n_probes = o->columns;
    k->probes = b->column_probes;
    k->n_devices = b->n;
    k->n_pulses = b->pulses[PROGRAM_SET] + b->pulses[PROGRAM_RESET];
    return STATUS_OK;
}

const struct experiment experiment_crossbar = {
    .name = "crossbar",
    .title = "an m x n crossbar is programmed to random targets by write and verify, and read back",
    .n_keys = N_KEYS,
    .keys = keys,
    .options_size = sizeof(struct options),
    .defaults = defaults,
    .n_outputs = N_OUTPUTS,
    .outputs = outputs,
    .open = open_crossbar,
    .run = run_crossbar,
    .close = close_crossbar,
    .record = record,
};
