/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/crossing/tile_programming.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

struct tile_writing tile_writing_defaults(void)
{
    return (struct tile_writing){
        .device = {.program = program_defaults,
                   .read_volt = 0.1,
                   .read_time = 100e-6,
                   .edge = 1e-6},
        .select_width = 30e-6,
        .supply = 3.3,
        .x0_max = 0.02,
        .reltol = 1e-5, /* by which conductances of Cr, W and C are right to 2e-6 after a run */
        .compensate = true,
    };
}

enum status tile_writing_open(struct tile_writing *w, const struct subcircuit_file *switches,
                              const struct dopant *dopant, double kelvin, struct error *error)
{
    if (!(w->g_min > 0))
        return fail(error, STATUS_INPUT,
                    "window from %g S, expected more than 0: what is read is compared with its "
                    "target by their ratio",
                    w->g_min);
    w->nominal = (struct crossing_device){dopant->model, dopant->constants, 0};
    w->device.full_scale = INSTRUMENT_CURRENT_SCALE * w->g_max;
    return crossing_switch_make(switches, w->select_width, w->supply, kelvin, &w->select, error);
}

void tile_programming_free(struct tile_programming *p)
{
    if (p)
        free(p->devices);
    free(p);
}

/* One of the two tiles while it is programmed. */
struct side {
    const struct tile_writing *writing;
    const struct tile_task *task;
    size_t s;
    gsl_rng *noise;
    double rest, rise; /* of a switch's terminal: leak [W], and what V adds to it [W/V^2] */
    struct tile_programming *done;
};

static gsl_rng *stream(const struct tile_task *t, size_t s, enum random_purpose purpose)
{
    return random_stream(t->sample.seed, t->sample.replica,
                         (enum random_purpose)((size_t)purpose + 2 * t->number + s));
}

static void begin_side(struct side *d)
{
    const struct tile_writing *w = d->writing;
    const struct lines_array *a = &d->task->array;
    const double v = w->device.read_volt, ground = w->select.ground;
    gsl_rng *states = stream(d->task, d->s, RANDOM_TILE_STATE);
    d->noise = stream(d->task, d->s, RANDOM_TILE_READING);
    d->rest = crossing_switch_leak(&w->select, ground);
    d->rise = (crossing_switch_leak(&w->select, ground + v) +
               crossing_switch_leak(&w->select, ground - v) - 2 * d->rest) /
              (2 * v * v);
    d->done = NEW(1, struct tile_programming);
    d->done->n = a->rows * a->columns;
    d->done->devices = NEW(d->done->n, struct tile_device);
    for (size_t k = 0; k < d->done->n; k++) {
        d->done->devices[k].x = w->x0_max * gsl_rng_uniform(states);
        d->done->devices[k].target = d->task->wanted[d->s][k];
    }
    gsl_rng_free(states);
}

static struct crossing crossing_of(const struct side *d, size_t k)
{
    const struct lines_array *a = &d->task->array;
    const size_t row = k / a->columns, column = k % a->columns;
    const struct crossing_device *own = d->task->devices[d->s];
    struct crossing c = {.circuit = {.device = own ? own[k] : d->writing->nominal,
                                     .driver_ohm = a->driver_ohm,
                                     .row_ohm = a->row_ohm * (double)(column + 1),
                                     .column_ohm = a->column_ohm * (double)(a->rows - row),
                                     .sense_ohm = a->sense_ohm,
                                     .select = &d->writing->select},
                         .reltol = d->writing->reltol};
    crossing_start(&c, d->done->devices[k].x);
    return c;
}

/* Conductance of a device behind its switch, without lines, at the voltage of reads.  False: no solution. */
static bool own_conductance(const struct crossing *c, double volt, double *g)
{
    const struct crossing_circuit circuit = {.device = c->circuit.device,
                                             .select = c->circuit.select};
    struct crossing_point p = {
        .x = c->at.x, .volt = volt, .on = c->circuit.select->supply, .v = volt};
    const bool solved = crossing_solve(&circuit, &p);
    *g = p.i / volt;
    return solved;
}

static void book(const struct side *d, const struct crossing *c, double time)
{
    const struct lines_array *a = &d->task->array;
    struct tile_programming *t = d->done;
    /* both terminals of each switch; the row's terminals, and the device's */
    const double leak = 2 * (double)t->n * d->rest * time +
                        (double)(a->columns + 1) * d->rise * c->account.volt_square;
    for (int k = 0; k < ENERGY_CLASSES; k++)
        t->energy[k] += c->account.energy[k];
    t->energy[CLASS_SELECT] += leak;
    t->delivered += c->account.delivered + leak;
    t->time += time;
}

/* What could not be computed, of which device. */
static enum status fail_device(const struct side *d, size_t k, enum status status,
                               const struct error *what, struct error *error)
{
    const size_t columns = d->task->array.columns;
    return fail(error, status, "tile G%c of pair %zu, device (%zu, %zu): %s", d->s == 0 ? '+' : '-',
                d->task->number + 1, k / columns + 1, k % columns + 1, what->text);
}

/* `alone`: the devices before and behind it are not programmed in the same pass. */
static enum status program(struct side *d, size_t k, bool alone, struct error *error)
{
    const size_t columns = d->task->array.columns;
    struct tile_device *r = &d->done->devices[k];
    struct crossing c = crossing_of(d, k);
    const struct crossing_turn turn = {.device = k,
                                       .target = r->target,
                                       .after_row_mate = !alone && k % columns > 0,
                                       .before_row_mate = !alone && (k + 1) % columns > 0};
    struct crossing_written written;
    struct error what = {"no solution"};
    const enum status status =
        crossing_write(&c, &d->writing->device, &turn, d->noise, &written, &what);
    if (status != STATUS_OK)
        return fail_device(d, k, status, &what, error);
    r->x = c.at.x;
    r->verified = written.verified;
    r->settled = written.settled;
    r->truly = written.truly;
    r->pulses += written.pulses[PROGRAM_SET] + written.pulses[PROGRAM_RESET];
    r->volt_seconds += c.account.volt_seconds;
    book(d, &c, written.time);
    return own_conductance(&c, d->writing->volt, &r->g)
               ? STATUS_OK
               : fail_device(d, k, STATUS_NUMERICAL, &what, error);
}

/* Device k is asked for what its partner, as it was read, leaves to it. */
static void compensate(struct side *d, const struct side *partner, size_t k)
{
    const double *const *wanted = d->task->wanted;
    struct tile_device *r = &d->done->devices[k];
    r->target = partner->done->devices[k].verified + wanted[d->s][k] - wanted[partner->s][k];
    r->target = fmin(fmax(r->target, d->writing->g_min), d->writing->g_max);
    r->compensates = true;
}

enum pass { PASS_ALL, PASS_AGAIN };

static enum status run_pass(struct side *d, const struct side *partner, enum pass pass,
                            struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t k = 0; k < d->done->n && status == STATUS_OK; k++) {
        const bool behind = partner && d->writing->compensate &&
                            !partner->done->devices[k].settled &&
                            (pass == PASS_ALL || d->done->devices[k].settled);
        if (d->writing->stop && *d->writing->stop)
            return fail(error, STATUS_INTERRUPTED, "interrupted while tiles are programmed");
        if (behind)
            compensate(d, partner, k);
        if (pass == PASS_ALL || behind)
            status = program(d, k, pass == PASS_AGAIN, error);
    }
    return status;
}

enum status tile_pair_program(const struct tile_writing *writing, const struct tile_task *task,
                              struct tile_programming *done[2], struct error *error)
{
    struct side plus = {writing, task, .s = 0}, minus = {writing, task, .s = 1};
    begin_side(&plus);
    begin_side(&minus);
    done[0] = plus.done;
    done[1] = minus.done;
    enum status status = run_pass(&plus, NULL, PASS_ALL, error);
    if (status == STATUS_OK)
        status = run_pass(&minus, &plus, PASS_ALL, error);
    if (status == STATUS_OK)
        status = run_pass(&plus, &minus, PASS_AGAIN, error);
    gsl_rng_free(plus.noise);
    gsl_rng_free(minus.noise);
    return status;
}

void programming_total_add(struct programming_total *t, const struct tile_programming *p)
{
    t->tiles++;
    t->devices += (double)p->n;
    for (size_t k = 0; k < p->n; k++) {
        const struct tile_device *d = &p->devices[k];
        t->not_settled += !d->settled;
        t->not_truly += !d->truly;
        t->compensating += d->compensates;
        t->pulses += (double)d->pulses;
        t->pulses_most = fmax(t->pulses_most, (double)d->pulses);
        t->volt_seconds += d->volt_seconds;
        t->volt_seconds_most = fmax(t->volt_seconds_most, d->volt_seconds);
    }
    for (int k = 0; k < ENERGY_CLASSES; k++)
        t->energy[k] += p->energy[k];
    t->delivered += p->delivered;
    t->time += p->time;
    t->time_longest = fmax(t->time_longest, p->time);
}
