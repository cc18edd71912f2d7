/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/case_tile.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "circuit/crossbar.h"
#include "engine/lines/lines_forms.h"
#include "engine/lines/lines_power.h"
#include "learn/conductance_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define READ_TIME 100e-6 /* [s] */
#define REST_TIME 50e-6
#define START_TIME 20e-6
#define EDGE 1e-6
#define ROW_OHM 1
#define COLUMN_OHM 2
#define DRIVER_OHM 50
#define SENSE_OHM 20
#define SOLVER_PART 1e-14 /* of each current, asked of conjugate gradients: they stop at rounding */

enum { START, READ, REST }; /* phases */

static void release(void *owner)
{
    struct case_tile *tile = owner;
    free(tile->g);
    free(tile->x0);
    free(tile->volts);
    free(tile);
}

static enum status check_dopant(const struct dopant *d, struct error *error)
{
    const double x = 0.5;
    if (!model_is_ohmic(d->model, d->parameters))
        return fail(error, STATUS_INPUT, "dopant %s: its devices are not ohmic, expected i = g v",
                    d->name);
    if (!(d->g_min > 0 && d->g_max > d->g_min))
        return fail(error, STATUS_INPUT, "dopant %s: no window, expected gmin and gmax", d->name);
    if (fabs(d->model->rate(d->constants, CASE_TILE_VOLT, x).f) > 0)
        return fail(error, STATUS_INPUT,
                    "dopant %s: its devices move at %g V, expected a dead zone up to there",
                    d->name, CASE_TILE_VOLT);
    return STATUS_OK;
}

/* Conductances evenly in the dopant's window, row voltages in the dead zone. */
static struct case_tile *draw(const struct case_kind *kind, const struct case_inputs *in)
{
    const struct dopant *d = in->training.classifier.dopant;
    const size_t n = kind->rows * kind->columns;
    struct case_tile *tile = NEW(1, struct case_tile);
    gsl_rng *rng = random_stream(in->training.seed, 0, RANDOM_INITIAL_STATE);
    tile->g = NEW(n, double);
    tile->x0 = NEW(n, double);
    tile->volts = NEW(kind->rows, double);
    for (size_t k = 0; k < n; k++) {
        bool beyond;
        const double wanted = d->g_min + (d->g_max - d->g_min) * gsl_rng_uniform(rng);
        tile->x0[k] = state_of_conductance(d, CASE_TILE_VOLT, wanted, &beyond);
        tile->g[k] = d->model->current(d->constants, 1, tile->x0[k]).f;
    }
    for (size_t i = 0; i < kind->rows; i++)
        tile->volts[i] = CASE_TILE_VOLT * gsl_rng_uniform(rng);
    gsl_rng_free(rng);
    tile->array = (struct lines_array){.rows = kind->rows,
                                       .columns = kind->columns,
                                       .g = tile->g,
                                       .row_ohm = ROW_OHM,
                                       .column_ohm = COLUMN_OHM,
                                       .driver_ohm = DRIVER_OHM,
                                       .sense_ohm = SENSE_OHM};
    return tile;
}

/* From rest, at the voltages, back to 0 V: readings swing by what they are. */
static void drive(struct study_case *k, const struct case_tile *tile, const struct crossbar *a)
{
    const struct circuit *c = k->circuits[CASE_FULL];
    const struct phase phases[] = {
        [START] = {.kind = PHASE_IDLE, .section = SECTION_START, .duration = START_TIME},
        [READ] = {.kind = PHASE_READ, .section = SECTION_INFERENCE, .duration = READ_TIME},
        [REST] = {.kind = PHASE_IDLE, .section = SECTION_INFERENCE, .duration = REST_TIME},
    };
    drive_log_new(&k->drive, c);
    for (size_t p = 0; p < sizeof phases / sizeof phases[0]; p++) {
        struct phase *phase = drive_log_append(&k->drive, c, &phases[p]);
        phase->edge = EDGE;
        for (size_t i = 0; p == READ && i < a->rows; i++)
            phase->drive[a->row_ports[i]].volt = tile->volts[i];
    }
}

enum status case_tile_build(const struct case_kind *kind, const struct case_inputs *in,
                            struct case_recording *recording, struct study_case *k,
                            struct error *error)
{
    const struct dopant *d = in->training.classifier.dopant;
    (void)recording;
    const enum status status = check_dopant(d, error);
    if (status != STATUS_OK)
        return status;
    return case_tile_make(draw(kind, in), d, k, error);
}

enum status case_tile_make(struct case_tile *tile, const struct dopant *d, struct study_case *k,
                           struct error *error)
{
    const struct lines_array *array = &tile->array;
    struct circuit *c = k->circuits[CASE_FULL] = circuit_new("tile");
    const struct crossbar_options o = {.rows = array->rows,
                                       .columns = array->columns,
                                       .dopant = d,
                                       .x0 = tile->x0,
                                       .row_ohm = array->row_ohm,
                                       .column_ohm = array->column_ohm,
                                       .driver_ohm = array->driver_ohm,
                                       .sense_ohm = &array->sense_ohm};
    struct crossbar a;
    k->tile = k->owner = tile;
    k->release = release;
    const enum status status = crossbar_build(c, &o, &a, error);
    if (status != STATUS_OK)
        return status;
    k->tolerance = CASE_TILE_TOLERANCE;
    k->probes = a.column_probes;
    k->n_probes = a.columns;
    k->n_devices = a.rows * a.columns;
    drive(k, tile, &a);
    return STATUS_OK;
}

/* Currents and powers [W] of the read by W and the forms. */
static enum status read_forms(const struct case_tile *tile, double *current,
                              double power[LINES_CLASSES], struct error *error)
{
    const struct lines_array *a = &tile->array;
    struct lines_forms *f;
    const enum status status = lines_forms_new(a, true, &f, error);
    if (status != STATUS_OK)
        return status;
    for (size_t j = 0; j < a->columns; j++) {
        current[j] = 0;
        for (size_t i = 0; i < a->rows; i++)
            current[j] += f->w[j * a->rows + i] * tile->volts[i];
    }
    for (size_t class = 0; class < LINES_CLASSES; class ++)
        power[class] = lines_forms_at(a->rows, f->power[class], tile->volts);
    lines_forms_free(f);
    return STATUS_OK;
}

/* The same by conjugate gradients. */
static enum status read_gradients(const struct case_tile *tile, double *current,
                                  double power[LINES_CLASSES], struct error *error)
{
    const struct lines_array *a = &tile->array;
    const size_t n = a->rows * a->columns;
    double *volt = NEW(3 * n, double), *device = volt + 2 * n, *bound = NEW(a->columns, double);
    struct lines_answer answer = {
        .current = current, .bound = bound, .row_volt = volt, .column_volt = volt + n};
    struct lines_reader *reader = NULL;
    enum status status = lines_reader_new(a, LINES_GRADIENTS, 1, true, &reader, error);
    if (status == STATUS_OK)
        status = lines_solve_many(reader, 1, tile->volts, SOLVER_PART, &answer, error);
    if (status == STATUS_OK) {
        struct lines_power p;
        for (size_t k = 0; k < n; k++)
            device[k] = a->g[k] * (volt[k] - volt[n + k]);
        lines_power(a, tile->volts, volt, volt + n, device, &p);
        power[LINES_DEVICES] = p.devices;
        power[LINES_ROW_SEGMENTS] = p.row_lines;
        power[LINES_DRIVERS] = p.drivers;
        power[LINES_COLUMN_SEGMENTS] = p.column_lines;
        power[LINES_SENSES] = p.senses;
    }
    lines_reader_free(reader);
    free(volt);
    free(bound);
    return status;
}

/* Voltages go up and down in straight lines, so that an edge takes a third of its time's power. */
static void book(const struct study_case *k, const double power[LINES_CLASSES],
                 struct case_result *o)
{
    const struct phase *p = k->drive.phases;
    const double time = p[READ].duration - p[READ].edge + (p[READ].edge + p[REST].edge) / 3;
    double *energy = o->energy[SECTION_INFERENCE];
    for (int s = 0; s < PHASE_SECTIONS; s++)
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            o->energy[s][class] = NAN;
    energy[CLASS_MEMRISTOR] = time * power[LINES_DEVICES];
    energy[CLASS_LINE] = time * (power[LINES_ROW_SEGMENTS] + power[LINES_COLUMN_SEGMENTS]);
    energy[CLASS_DRIVER] = time * (power[LINES_DRIVERS] + power[LINES_SENSES]);
}

enum status case_tile_run(const struct study_case *k, enum case_tile_method method,
                          struct case_result *o, struct error *error)
{
    const struct case_tile *tile = k->tile;
    const size_t n = k->n_devices, columns = tile->array.columns;
    double power[LINES_CLASSES] = {0};
    const double begin = clock_now();
    *o = (struct case_result){.n_states = n,
                              .n_probes = columns,
                              .n_phases = k->drive.n,
                              .states = NEW(n, double),
                              .readings = NEW(k->drive.n * columns, double),
                              .currents = NEW(columns, bool),
                              .accuracy = NAN,
                              .waveform_difference = NAN};
    memcpy(o->states, tile->x0, n * sizeof *o->states);
    for (size_t j = 0; j < columns; j++)
        o->currents[j] = true;
    double *current = o->readings + READ * columns;
    const enum status status = method == CASE_TILE_FORMS
                                   ? read_forms(tile, current, power, error)
                                   : read_gradients(tile, current, power, error);
    book(k, power, o);
    o->wall = clock_now() - begin;
    return status;
}
