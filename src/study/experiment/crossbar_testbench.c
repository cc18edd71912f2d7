/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/crossbar_testbench.h"

#include "base/memory.h"
#include "base/random.h"
#include "circuit/crossbar.h"

#include <stdlib.h>
#include <string.h>

#define START_TIME 20e-6 /* [s] */

enum step { STEP_START, STEP_READ, STEP_PULSE, STEP_READ_BACK };

struct run {
    struct crossbar_testbench *b;
    enum step step;
    size_t device;
    struct programmer programmer;
    double *states; /* n, at the end of the last phase; of a stuck device nothing */
    double begin;
};

/* Voltages at which rows and columns are driven for a pulse of 1 V across one device. */
static const struct {
    double row, column, other_row, other_column;
    bool open;
} schemes[] = {
    [SCHEME_HALF] = {0.5, -0.5, 0, 0, false},
    [SCHEME_THIRD] = {0.5, -0.5, -1. / 6, 1. / 6, false},
    [SCHEME_FLOAT] = {0.5, -0.5, 0, 0, true},
    [SCHEME_SELECT] = {1, 0, 0, 0, false},
};

static void all_at_rest(const struct crossbar_testbench *b, struct phase *p)
{
    for (size_t k = 0; k < b->circuit->n_ports; k++)
        p->drive[k] = (struct drive){b->circuit->ports[k].idle, false};
    p->edge = b->options.edge;
}

static void select_device(const struct crossbar_testbench *b, struct phase *p, size_t device)
{
    p->device = (int)device;
    if (b->selects)
        p->drive[b->selects[device]].volt = b->options.supply;
}

static void read_phase(struct run *r, struct phase *p, enum phase_section section)
{
    const struct crossbar_testbench *b = r->b;
    all_at_rest(b, p);
    select_device(b, p, r->device);
    p->drive[b->row_ports[r->device / b->options.columns]].volt += b->options.read_volt;
    p->kind = PHASE_READ;
    p->section = section;
    p->duration = b->options.read_time;
}

static void pulse_phase(struct run *r, struct phase *p, const struct program_pulse *pulse)
{
    struct crossbar_testbench *b = r->b;
    const bool set = pulse->direction == PROGRAM_SET;
    const double volt = set ? pulse->amplitude : -pulse->amplitude;
    const size_t row = r->device / b->options.columns, column = r->device % b->options.columns;
    const int scheme = (int)b->options.scheme;
    all_at_rest(b, p);
    for (size_t i = 0; i < b->options.rows; i++) {
        struct drive *d = &p->drive[b->row_ports[i]];
        d->volt += volt * (i == row ? schemes[scheme].row : schemes[scheme].other_row);
        d->open = schemes[scheme].open && i != row;
    }
    for (size_t j = 0; j < b->options.columns; j++) {
        struct drive *d = &p->drive[b->column_ports[j]];
        d->volt += volt * (j == column ? schemes[scheme].column : schemes[scheme].other_column);
        d->open = schemes[scheme].open && j != column;
    }
    select_device(b, p, r->device);
    p->kind = set ? PHASE_SET : PHASE_RESET;
    p->section = SECTION_TRAINING;
    p->duration = pulse->width;
    if (variation_cycle(b->options.variation, r->device))
        p->changed = 1 + b->circuit->elements[b->devices[r->device]].state;
    b->pulses[pulse->direction]++;
}

/* Of the device alone, at the read voltage. */
static double own_conductance(const struct run *r, size_t k)
{
    const struct element *e = &r->b->circuit->elements[r->b->devices[k]];
    const double v = r->b->options.read_volt;
    return e->state < 0 ? 1 / e->value
                        : e->dopant->model->current(e->dopant->constants, v, r->states[k]).f / v;
}

static void begin_device(struct run *r, struct phase *p)
{
    programmer_start(&r->programmer, &r->b->options.program, r->b->done[r->device].target);
    read_phase(r, p, SECTION_TRAINING);
    r->step = STEP_READ;
}

static void after_read(struct run *r, const struct reading *reading, double g, struct phase *p)
{
    struct crossbar_testbench *b = r->b;
    struct crossbar_device *d = &b->done[r->device];
    struct program_pulse pulse;
    if (r->programmer.pulses == 0)
        d->initial = g;
    if (programmer_next(&r->programmer, g, &pulse)) {
        pulse_phase(r, p, &pulse);
        r->step = STEP_PULSE;
        return;
    }
    d->verified = g;
    d->pulses = r->programmer.pulses;
    d->settled = r->programmer.settled;
    d->programmed = own_conductance(r, r->device);
    b->time = reading->t1 - r->begin;
    if (++r->device < b->n_programmed) {
        begin_device(r, p);
        return;
    }
    for (size_t k = 0; k < b->n; k++)
        b->done[k].end = own_conductance(r, k);
    r->device = 0;
    read_phase(r, p, SECTION_AFTER);
    r->step = STEP_READ_BACK;
}

static bool control(void *data, const struct reading *reading, struct phase *p)
{
    struct run *r = data;
    struct crossbar_testbench *b = r->b;
    if (!reading) {
        all_at_rest(b, p);
        p->kind = PHASE_IDLE;
        p->section = SECTION_START;
        p->duration = START_TIME;
        r->step = STEP_START;
        return true;
    }
    const double g =
        reading->mean[b->column_probes[r->device % b->options.columns]] / b->options.read_volt;
    switch (r->step) {
    case STEP_START:
        r->begin = reading->t1;
        begin_device(r, p);
        return true;
    case STEP_PULSE:
        read_phase(r, p, SECTION_TRAINING);
        r->step = STEP_READ;
        return true;
    case STEP_READ:
        after_read(r, reading, g, p);
        return true;
    case STEP_READ_BACK:
        b->done[r->device].read_back = g;
        if (++r->device == b->n_programmed)
            return false;
        read_phase(r, p, SECTION_AFTER);
        return true;
    }
    return false;
}

static void take(void *data, const struct interval *i)
{
    struct run *r = data;
    const struct circuit *c = r->b->circuit;
    for (size_t k = 0; i->ends_phase && k < r->b->n; k++) {
        const int state = c->elements[r->b->devices[k]].state;
        if (state >= 0)
            r->states[k] = i->values[circuit_state_value(c, state)];
    }
}

static enum status build_passive(struct crossbar_testbench *b, const double *x0,
                                 struct error *error)
{
    const struct crossbar_testbench_options *o = &b->options;
    const struct crossbar_options array = {.rows = o->rows,
                                           .columns = o->columns,
                                           .dopant = o->dopant,
                                           .dopants = o->variation->dopants,
                                           .stuck_ohm = o->variation->stuck_ohm,
                                           .x0 = x0,
                                           .row_ohm = o->row_ohm,
                                           .column_ohm = o->column_ohm,
                                           .driver_ohm = o->driver_ohm,
                                           .column_farad = o->column_farad,
                                           .openable = o->scheme == SCHEME_FLOAT};
    struct crossbar a;
    const enum status status = crossbar_build(b->circuit, &array, &a, error);
    b->row_ports = a.row_ports;
    b->column_ports = a.column_ports;
    b->column_probes = a.column_probes;
    b->devices = a.devices;
    return status;
}

/* Ports at the lines' ends, as in crossbar.h, and a transmission gate a device. */
static enum status build_selected(struct crossbar_testbench *b, const double *x0,
                                  struct error *error)
{
    const struct crossbar_testbench_options *o = &b->options;
    struct circuit *c = b->circuit;
    int *rows = circuit_own(c, NEW(o->rows, int)), *columns = circuit_own(c, NEW(o->columns, int)),
        *row_ports = circuit_own(c, NEW(o->rows, int)),
        *column_ports = circuit_own(c, NEW(o->columns, int)),
        *column_probes = circuit_own(c, NEW(o->columns, int));
    const int vdd = circuit_node(c, "vdd");
    circuit_voltage(c, "vdd", vdd, 0, o->supply, CLASS_DRIVER);
    b->ground = 0.5 * o->supply;
    for (size_t i = 0; i < o->rows; i++) {
        char *name = memory_format("r%zu", i + 1);
        rows[i] = circuit_nodef(c, "row%zu", i + 1);
        row_ports[i] = circuit_port(
            c, name, rows[i],
            (struct port_driver){.ohm = o->driver_ohm, .idle = b->ground, .class = CLASS_DRIVER});
        free(name);
    }
    for (size_t j = 0; j < o->columns; j++) {
        char *name = memory_format("c%zu", j + 1), *probe = memory_format("i_c%zu", j + 1);
        columns[j] = circuit_nodef(c, "col%zu", j + 1);
        column_ports[j] = circuit_port(
            c, name, columns[j],
            (struct port_driver){.ohm = o->driver_ohm, .idle = b->ground, .class = CLASS_DRIVER});
        column_probes[j] = circuit_current_probe(c, probe, c->ports[column_ports[j]].source);
        free(probe);
        if (o->column_farad > 0) {
            char *text = memory_format("ccol%zu", j + 1);
            circuit_capacitor(c, text, columns[j], 0, o->column_farad, CLASS_LINE);
            free(text);
        }
        free(name);
    }
    const struct crossbar_options options = {.number = 1,
                                             .rows = o->rows,
                                             .columns = o->columns,
                                             .row_nodes = rows,
                                             .column_nodes = columns,
                                             .dopant = o->dopant,
                                             .dopants = o->variation->dopants,
                                             .stuck_ohm = o->variation->stuck_ohm,
                                             .x0 = x0,
                                             .row_ohm = o->row_ohm,
                                             .column_ohm = o->column_ohm,
                                             .switches = o->switches,
                                             .select_width = o->select_width,
                                             .vdd = vdd};
    struct crossbar x;
    const enum status status = crossbar_build(c, &options, &x, error);
    b->row_ports = row_ports;
    b->column_ports = column_ports;
    b->column_probes = column_probes;
    b->devices = x.devices;
    b->selects = x.selects;
    return status;
}

/* Initial states are uniform up to x0_max, targets uniform in the window. */
static enum status build(struct crossbar_testbench *b, struct error *error)
{
    const struct crossbar_testbench_options *o = &b->options;
    const struct dopant *d = o->dopant;
    if (!(d->g_min > 0 && d->g_max > d->g_min))
        return fail(error, STATUS_INPUT,
                    "%s: dopant %s gives no conductance window, expected lines '*@ gmin' and "
                    "'*@ gmax'",
                    d->path, d->name);
    b->circuit = circuit_new("silverbar crossbar");
    b->circuit->temperature = o->kelvin;
    double *x0 = NEW(b->n, double);
    gsl_rng *states = random_stream(o->seed, o->replica, RANDOM_INITIAL_STATE),
            *targets = random_stream(o->seed, o->replica, RANDOM_CROSSBAR);
    for (size_t k = 0; k < b->n; k++) {
        x0[k] = o->x0_max * gsl_rng_uniform(states);
        b->done[k].target = d->g_min + (d->g_max - d->g_min) * gsl_rng_uniform(targets);
        b->done[k].stuck = o->variation->stuck_ohm && o->variation->stuck_ohm[k] > 0;
    }
    gsl_rng_free(states);
    gsl_rng_free(targets);
    const enum status status =
        o->scheme == SCHEME_SELECT ? build_selected(b, x0, error) : build_passive(b, x0, error);
    free(x0);
    return status;
}

enum status crossbar_testbench_run(const struct crossbar_testbench_options *options,
                                   struct crossbar_testbench *b, struct error *error)
{
    *b = (struct crossbar_testbench){.options = *options, .n = options->rows * options->columns};
    b->n_programmed = options->devices > 0 && options->devices < b->n ? options->devices : b->n;
    b->done = NEW(b->n, struct crossbar_device);
    struct run r = {.b = b, .states = NEW(b->n, double)};
    enum status status = build(b, error);
    if (status == STATUS_OK) {
        b->ledger = ledger_new(b->circuit, NULL);
        struct recorder recorders[3] = {ledger_recorder(b->ledger), {take, &r}};
        if (options->drive) {
            drive_log_new(options->drive, b->circuit);
            recorders[2] = drive_log_recorder(options->drive);
        }
        struct engine_options solver = options->solver;
        solver.recorders = recorders;
        solver.n_recorders = options->drive ? 3 : 2;
        solver.seed = options->seed;
        solver.sample = options->replica;
        const struct controller controller = {.step = control, .data = &r};
        status = engine_run(options->engine, b->circuit, &controller, &solver, &b->report, error);
    }
    free(r.states);
    if (status != STATUS_OK)
        crossbar_testbench_free(b);
    return status;
}

void crossbar_testbench_free(struct crossbar_testbench *b)
{
    ledger_free(b->ledger);
    circuit_free(b->circuit);
    free(b->done);
    *b = (struct crossbar_testbench){0};
}
