/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `device`: one device behind a resistor is set and reset in turn by pulses.
 *
 *     port --- R --- device --- 0        R = 0: the port is at the device
 */
#include "base/memory.h"
#include "base/spice_number.h"
#include "compare/cases.h"
#include "device/library/library_make.h"
#include "device/temperature.h"
#include "engine/ledger.h"
#include "study/experiment/experiments.h"
#include "study/experiment/shared_keys.h"

#include <stdlib.h>
#include <string.h>

#define START_TIME 20e-6 /* at 0 V before the first pulse [s] */
#define READ_VOLT 0.1    /* conductances are i/v here */

struct options {
    double kelvin, x0, series, set_volt, reset_volt, width, edge, gap;
    uint64_t pulses;
    int engine;
    char *dopant;
    struct engine_options solver;
};

#define AT(field) offsetof(struct options, field)
#define SOLVER(field) AT(solver.field)
static const struct key keys[] = {
    NUMBER_KEY("circuit.temperature", AT(kelvin), "K", 125, 450, "kT/q in the device's law"),
    NUMBER_KEY("circuit.series_ohm", AT(series), "ohm", 0, 1e9,
               "between the source and the device"),
    PATH_KEY("device.dopant", AT(dopant), library_names_file,
             "device: W, Sn, Cr, C or a .lib file"),
    NUMBER_KEY("device.x0", AT(x0), "1", 0, 1, "initial state"),
    NUMBER_KEY("drive.set_volt", AT(set_volt), "V", 0, 10, "of the first pulse, every other one"),
    NUMBER_KEY("drive.reset_volt", AT(reset_volt), "V", 0, 10, "of the others, which are negative"),
    NUMBER_KEY("drive.width", AT(width), "s", 1e-9, 1e6, "of a pulse, its first edge included"),
    NUMBER_KEY("drive.edge", AT(edge), "s", 0, 1e6, "of a pulse; 0: none"),
    NUMBER_KEY("drive.gap", AT(gap), "s", 1e-9, 1e6,
               "at 0 V behind each pulse, its last edge included"),
    COUNT_KEY("drive.pulses", AT(pulses), 1, 1e5, "how many"),
    ENGINE_KEYS(AT(engine), SOLVER),
};
#define N_KEYS (sizeof keys / sizeof keys[0])

static void defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.kelvin = TEMPERATURE_NOMINAL,
                          .x0 = 0.02,
                          .series = 500,
                          .set_volt = 0.5,
                          .reset_volt = 0.3,
                          .width = 200e-6,
                          .edge = 1e-6,
                          .gap = 100e-6,
                          .pulses = 10,
                          .engine = engine_index("event"),
                          .dopant = (char *)"Cr",
                          .solver = engine_defaults};
}

enum { TIME, ENERGY, ENERGY_DEVICE, ENERGY_LINE, STATE, CONDUCTANCE, RESIDUAL, N_OUTPUTS };
static const struct sample_column outputs[N_OUTPUTS] = {
    [TIME] = {"time_s", false},
    [ENERGY] = {"energy_J", false},
    [ENERGY_DEVICE] = {"energy_memristor_J", false},
    [ENERGY_LINE] = {"energy_line_J", false},
    [STATE] = {"state", false},
    [CONDUCTANCE] = {"conductance_S", false},
    [RESIDUAL] = {"residual_supply", false},
};

struct shared {
    struct experiment_context context;
};

static enum status open_device(const void *options, const struct experiment_context *context,
                               void **shared, struct error *error)
{
    const struct options *o = options;
    struct shared *s = *shared;
    if (!s)
        *shared = s = NEW(1, struct shared);
    s->context = *context;
    if (o->edge > o->width || o->edge > o->gap)
        return fail(
            error, STATUS_INPUT,
            "drive.edge: found %g s, expected at most drive.width, %g s, and drive.gap, %g s",
            o->edge, o->width, o->gap);
    return engine_takes_method(engine_table[o->engine], o->solver.method, error);
}

/* The circuit and what drives it. */
struct owner {
    struct dopant *read, *dopant; /* at its file's temperature, and at the circuit's */
    struct circuit *circuit;
    struct drive_log drive;
    int device, *probes;
};

static void release(void *data)
{
    struct owner *w = data;
    drive_log_free(&w->drive);
    circuit_free(w->circuit);
    dopant_free(w->dopant);
    dopant_free(w->read);
    free(w);
}

static void drive(struct owner *w, const struct options *o)
{
    struct phase start = {.kind = PHASE_IDLE, .section = SECTION_START, .duration = START_TIME},
                 set = {.kind = PHASE_SET,
                        .section = SECTION_TRAINING,
                        .duration = o->width,
                        .edge = o->edge},
                 reset = set, rest = set;
    reset.kind = PHASE_RESET;
    rest.kind = PHASE_IDLE;
    rest.duration = o->gap;
    drive_log_new(&w->drive, w->circuit);
    drive_log_append(&w->drive, w->circuit, &start);
    for (uint64_t k = 0; k < o->pulses; k++) {
        drive_log_append(&w->drive, w->circuit, k % 2 == 0 ? &set : &reset)->drive[0].volt =
            k % 2 == 0 ? o->set_volt : -o->reset_volt;
        drive_log_append(&w->drive, w->circuit, &rest);
    }
}

static enum status build(const struct shared *s, const struct options *o, struct owner **owner,
                         struct error *error)
{
    struct owner *w = NEW(1, struct owner);
    double p[MODEL_PARAMETERS_MAX];
    enum status status = dopant_read(o->dopant, s->context.devices, &w->read, error);
    if (status == STATUS_OK) {
        memcpy(p, w->read->parameters, sizeof p);
        status = temperature_apply(w->read->model, o->kelvin, p, error);
    }
    if (status != STATUS_OK) {
        release(w);
        return status;
    }
    char *name = memory_format("%s_t", w->read->name);
    w->dopant = dopant_variant(w->read, name, p);
    free(name);
    struct circuit *c = w->circuit = circuit_new("one device behind a resistor");
    c->temperature = o->kelvin;
    const int in = circuit_node(c, "in"), node = o->series > 0 ? circuit_node(c, "a") : in;
    const int port = circuit_port(c, "in", in, (struct port_driver){.class = CLASS_DRIVER});
    if (o->series > 0)
        circuit_resistor(c, "rseries", in, node, o->series, CLASS_LINE);
    w->device = circuit_memristor(c, "xm1", node, 0, w->dopant, o->x0);
    w->probes = circuit_own(c, NEW(2, int));
    w->probes[0] = circuit_voltage_probe(c, "v_device", node);
    w->probes[1] = circuit_current_probe(c, "i_in", c->ports[port].source);
    drive(w, o);
    *owner = w;
    return STATUS_OK;
}

static void take(void *data, const struct interval *i)
{
    double *last = data;
    last[0] = i->t1;
    last[1] = i->values[(size_t)last[2]];
}

static enum status run(void *shared, const void *options, struct random_sample sample,
                       struct cell *cells, struct experiment_detail *detail, struct error *error)
{
    const struct options *o = options;
    const struct shared *s = shared;
    (void)sample, (void)detail;
    struct owner *w;
    enum status status = build(s, o, &w, error);
    if (status != STATUS_OK)
        return status;
    /* time, state, where the state is among the values */
    double last[3] = {0, o->x0, (double)circuit_state_value(w->circuit, 0)};
    struct ledger *ledger = ledger_new(w->circuit, NULL);
    const struct recorder recorders[] = {ledger_recorder(ledger), {take, last}};
    struct engine_options solver = o->solver;
    solver.interrupted = s->context.interrupted;
    solver.recorders = recorders;
    solver.n_recorders = 2;
    const struct controller controller = drive_log_controller(&w->drive);
    struct engine_report report;
    status = engine_run(engine_table[o->engine], w->circuit, &controller, &solver, &report, error);
    if (status == STATUS_OK) {
        const struct ledger_total t = ledger_section(ledger, SECTION_TRAINING);
        const double v[N_OUTPUTS] = {
            [TIME] = last[0],
            [ENERGY] = t.delivered,
            [ENERGY_DEVICE] = ledger_class(&t, CLASS_MEMRISTOR),
            [ENERGY_LINE] = ledger_class(&t, CLASS_LINE),
            [STATE] = last[1],
            [CONDUCTANCE] =
                w->dopant->model->current(w->dopant->constants, READ_VOLT, last[1]).f / READ_VOLT,
            [RESIDUAL] = ledger_residual_supply(ledger)};
        for (int k = 0; k < N_OUTPUTS; k++)
            cells[k] = (struct cell){.kind = CELL_NUMBER, .number = v[k]};
        status = training_account_closes(v[RESIDUAL], error);
    }
    ledger_free(ledger);
    release(w);
    return status;
}

static enum status record(void *shared, const void *options, struct random_sample sample,
                          struct study_case *k, struct error *error)
{
    (void)sample;
    struct owner *w;
    const struct options *o = options;
    const enum status status = build(shared, o, &w, error);
    if (status != STATUS_OK)
        return status;
    *k = case_of_run(w->circuit, &w->drive, w, release);
    k->n_probes = 2;
    k->probes = w->probes;
    k->n_devices = 1;
    k->n_pulses = o->pulses;
    return STATUS_OK;
}

const struct experiment experiment_device = {
    .name = "device",
    .title = "one device behind a resistor is set and reset in turn by pulses",
    .n_keys = N_KEYS,
    .keys = keys,
    .options_size = sizeof(struct options),
    .defaults = defaults,
    .n_outputs = N_OUTPUTS,
    .outputs = outputs,
    .open = open_device,
    .run = run,
    .close = free,
    .record = record,
};
