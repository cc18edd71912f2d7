/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The controller: in each time step, phases
 *
 *     wake        neurons are switched on, if they are gated
 *     integrate   rows of lines that have spiked at +V_r and -V_r, columns at their neurons
 *     sense       rows at rest, columns off; comparators are read at its end
 *     fire        neurons above threshold: membrane reset, trace charged; traces are read at its end
 *     set, reset  one a bit of the widest pulse: row drivers and column drivers at half of the voltage
 *     idle        for what is left of the step
 *
 * Column drivers are open but for pulses, so that they never meet a neuron's amplifier. */
#include "spike/csdp.h"

#include "base/memory.h"
#include "learn/conductance_error.h"
#include "spike/lif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLEAR_TIME 5e-6 /* [s], twice */

static const char *const kind_names[CSDP_KINDS] = {
#define NAME(id, text) text,
    PHASE_KIND_LIST(NAME)
#undef NAME
        "clear",
    "wake", "integrate", "sense", "fire"};
static const char *const section_names[CSDP_SECTIONS] = {
#define NAME(id, text) text,
    PHASE_SECTION_LIST(NAME)
#undef NAME
        "untrained"};
const struct phase_names csdp_names = {CSDP_KINDS, CSDP_SECTIONS, kind_names, section_names};

struct run {
    struct csdp *s;
    int section;
    size_t left; /* presentations of the section, this one included */
    struct presentations presentations;
    size_t t;     /* time step of the presentation */
    int kind;     /* of the phase that runs */
    bool cleared; /* the reset is released */
    int bit;      /* of widths: the pulse that runs */
    double used;  /* of the time step [s] */
    double sum;   /* goodness over steps */
    unsigned fired;
    bool spikes[SPIKE_LINES_MAX], *above; /* of lines; hidden: of neurons */
    unsigned *widths;                     /* hidden */
    double *states;                       /* at the last phase's end */
};

static struct csdp_test *test_of(struct run *r)
{
    return r->section == CSDP_UNTRAINED ? &r->s->untrained : &r->s->trained;
}

static void at_rest(const struct run *r, struct phase *p, int kind, double duration)
{
    const struct circuit *c = r->s->circuit;
    for (size_t k = 0; k < c->n_ports; k++)
        p->drive[k] = (struct drive){c->ports[k].idle, c->ports[k].enable >= 0};
    p->kind = kind;
    p->section = r->section;
    p->duration = duration;
    p->edge = r->s->timing.edge;
    p->drive[r->s->on].volt =
        !r->s->options.gate || (kind >= CSDP_WAKE && kind <= CSDP_FIRE) ? r->s->logic : 0;
}

/* All membranes to rest, all traces to 0; then the reset is released, before the traces' source rises again. */
static void clear(struct run *r, struct phase *p, bool fire)
{
    const struct csdp *s = r->s;
    at_rest(r, p, CSDP_CLEAR, CLEAR_TIME);
    for (size_t j = 0; j < s->options.hidden; j++)
        p->drive[s->fire[j]].volt = fire ? s->logic : 0;
    p->drive[s->trace_source].volt = 0;
    r->cleared = !fire;
}

static void begin_presentation(struct run *r, struct phase *p)
{
    clear(r, p, true);
    presentations_next(&r->presentations);
    r->t = 0;
    r->sum = 0;
    r->fired = 0;
}

/* Keep the spikes of the first draw and of the last one. */
static void keep_spikes(struct run *r, const bool *spikes, size_t n, bool neuron)
{
    struct csdp *s = r->s;
    const size_t presentation = r->presentations.n - 1;
    if (r->section != SECTION_TRAINING || (presentation >= 2 && r->left > 2))
        return;
    for (size_t k = 0; k < n; k++)
        if (spikes[k]) {
            s->shown = memory_grow(s->shown, &s->shown_capacity, s->n_shown + 1, sizeof *s->shown);
            s->shown[s->n_shown++] = (struct csdp_spike){presentation, r->t, k, neuron};
        }
}

static void integrate(struct run *r, struct phase *p)
{
    const struct csdp *s = r->s;
    at_rest(r, p, CSDP_INTEGRATE, s->options.integrate_time);
    presentations_spikes(&r->presentations, r->spikes);
    keep_spikes(r, r->spikes, s->n_rows / 2, false);
    p->drive[s->connect].volt = 1;
    p->drive[s->integrate].volt = s->logic;
    for (size_t i = 0; i < s->n_rows; i++)
        if (r->spikes[i / 2])
            p->drive[s->row_ports[i]].volt += i % 2 ? -s->options.read_volt : s->options.read_volt;
}

static void begin_step(struct run *r, struct phase *p)
{
    r->used = 0;
    if (r->s->options.gate)
        at_rest(r, p, CSDP_WAKE, r->s->options.wake_time);
    else
        integrate(r, p);
}

static void fire(struct run *r, const double *probes, struct phase *p)
{
    struct csdp *s = r->s;
    at_rest(r, p, CSDP_FIRE, s->options.fire_time);
    for (size_t j = 0; j < s->options.hidden; j++) {
        r->above[j] = probes[s->compare_probes[j]] > LIF_GROUND;
        r->fired += r->above[j];
        if (r->above[j])
            p->drive[s->fire[j]].volt = s->logic;
    }
    keep_spikes(r, r->above, s->options.hidden, true);
}

/* Goodness of the step, and the widths of its pulses. */
static void decide(struct run *r, const double *probes)
{
    struct csdp *s = r->s;
    const struct csdp_options *o = &s->options;
    double goodness = 0;
    for (size_t j = 0; j < o->hidden; j++) {
        const double z = probes[s->trace_probes[j]] / LIF_TRACE;
        goodness += z * z;
    }
    r->sum += goodness;
    const bool learns = r->section == SECTION_TRAINING && r->t % o->every == o->every - 1;
    const double modulation =
        learns ? csdp_modulation(o, goodness, r->presentations.now.positive) : 0;
    for (size_t j = 0; j < o->hidden; j++)
        r->widths[j] =
            learns ? csdp_width(o, probes[s->trace_probes[j]] / LIF_TRACE, modulation) : 0;
}

/* Devices that a positive presentation sets are plus; it resets minus. */
static bool is_addressed(const struct run *r, size_t row, bool sets)
{
    const bool plus = row % 2 == 0;
    return r->spikes[row / 2] && plus == (r->presentations.now.positive == sets);
}

/* The next pulse of SET or RESET; false: no column takes one. */
static bool pulse(struct run *r, struct phase *p, bool sets)
{
    struct csdp *s = r->s;
    const struct csdp_options *o = &s->options;
    const double volt = sets ? s->timing.set_volt : -s->timing.reset_volt,
                 width = sets ? s->timing.set_width : s->timing.reset_width;
    size_t columns = 0, rows = 0;
    if (!(width > 0))
        return false;
    while (columns == 0 && --r->bit >= 0)
        for (size_t j = 0; j < o->hidden; j++)
            columns += r->widths[j] >> r->bit & 1;
    if (columns == 0)
        return false;
    at_rest(r, p, sets ? PHASE_SET : PHASE_RESET,
            width * (double)(1u << r->bit) / (double)((1u << o->bits) - 1));
    for (size_t i = 0; i < s->n_rows; i++)
        if (is_addressed(r, i, sets)) {
            p->drive[s->row_ports[i]].volt += 0.5 * volt;
            rows++;
        }
    for (size_t j = 0; j < o->hidden; j++) {
        struct drive *d = &p->drive[s->column_ports[j]];
        d->open = false;
        if (r->widths[j] >> r->bit & 1)
            d->volt -= 0.5 * volt;
    }
    s->updates++;
    s->pulses += rows * columns;
    return true;
}

/* What is left of the time step. */
static void rest(struct run *r, struct phase *p)
{
    at_rest(r, p, PHASE_IDLE,
            fmax(r->s->options.step_time - r->used, CSDP_EDGES * r->s->timing.edge));
}

static void end_presentation(struct run *r)
{
    struct csdp *s = r->s;
    const double goodness = r->sum / (double)s->options.steps;
    const struct presentation *shown = &r->presentations.now;
    if (r->section == SECTION_TRAINING) {
        s->records[r->presentations.n - 1] = (struct csdp_record){*shown, goodness, r->fired};
        s->spikes += r->fired;
        if (s->options.progress)
            s->options.progress(s->options.progress_data, r->presentations.n,
                                csdp_presentations(&s->options));
    } else {
        test_of(r)->goodness[shown->pattern][shown->label] += goodness;
    }
}

static void begin_section(struct run *r, int section)
{
    const struct csdp_options *o = &r->s->options;
    presentations_end(&r->presentations);
    r->section = section;
    if (section == SECTION_TRAINING) {
        r->presentations = presentations_training(&o->table, o->probability, o->sample);
        r->left = csdp_presentations(o);
    } else {
        r->presentations = presentations_test(&o->table, o->probability, o->sample);
        r->left = csdp_test_presentations(o);
    }
}

static void keep_conductances(const struct run *r)
{
    struct csdp *s = r->s;
    const struct circuit *c = s->circuit;
    const double v = s->options.read_volt;
    for (size_t k = 0; k < s->n_rows * s->options.hidden; k++) {
        const struct element *e = &c->elements[s->devices[k]];
        s->final[k] =
            e->state < 0
                ? 1 / e->value
                : e->dopant->model->current(e->dopant->constants, v, r->states[e->state]).f / v;
    }
}

/* The presentation has ended: the next one, the next section, or false: all is done. */
static bool next_presentation(struct run *r, struct phase *p)
{
    end_presentation(r);
    if (--r->left == 0) {
        if (r->section == SECTION_INFERENCE)
            return false;
        if (r->section == SECTION_TRAINING)
            keep_conductances(r);
        begin_section(r, r->section == CSDP_UNTRAINED ? SECTION_TRAINING : SECTION_INFERENCE);
    }
    begin_presentation(r, p);
    return true;
}

static bool control(void *data, const struct reading *reading, struct phase *p)
{
    struct run *r = data;
    const struct csdp_options *o = &r->s->options;
    if (!reading) {
        begin_section(r, o->baselines ? CSDP_UNTRAINED : SECTION_TRAINING);
        begin_presentation(r, p);
        p->device = -1;
        r->kind = CSDP_CLEAR;
        return true;
    }
    r->used += reading->t1 - reading->t0;
    bool more = true;
    switch (r->kind) {
    case CSDP_CLEAR:
        if (r->cleared)
            begin_step(r, p);
        else
            clear(r, p, false);
        break;
    case CSDP_WAKE:
        integrate(r, p);
        break;
    case CSDP_INTEGRATE:
        at_rest(r, p, CSDP_SENSE, o->sense_time);
        break;
    case CSDP_SENSE:
        fire(r, reading->mean, p);
        break;
    case CSDP_FIRE:
        decide(r, reading->mean);
        r->s->steps += r->section == SECTION_TRAINING;
        r->bit = (int)o->bits;
        if (pulse(r, p, true))
            break;
        r->bit = (int)o->bits;
        if (!pulse(r, p, false))
            rest(r, p);
        break;
    case PHASE_SET:
        if (pulse(r, p, true))
            break;
        r->bit = (int)o->bits;
        if (!pulse(r, p, false))
            rest(r, p);
        break;
    case PHASE_RESET:
        if (!pulse(r, p, false))
            rest(r, p);
        break;
    default: /* PHASE_IDLE */
        if (++r->t < o->steps)
            begin_step(r, p);
        else
            more = next_presentation(r, p);
        break;
    }
    r->kind = p->kind;
    return more;
}

static void take(void *data, const struct interval *i)
{
    struct run *r = data;
    const struct circuit *c = r->s->circuit;
    if (i->ends_phase)
        memcpy(r->states, i->values + circuit_state_value(c, 0), c->n_states * sizeof *r->states);
}

static enum status build(struct csdp *s, struct error *error)
{
    const struct csdp_options *o = &s->options;
    const size_t n = 2 * spike_lines(&o->table) * o->hidden;
    s->initial = NEW(n, double);
    s->final = NEW(n, double);
    double *x0 = NEW(n, double);
    csdp_initial(o, s->initial);
    for (size_t k = 0; k < n; k++) {
        bool beyond;
        x0[k] = state_of_conductance(o->dopants ? o->dopants[k] : o->dopant, o->read_volt,
                                     s->initial[k], &beyond);
        if (o->stuck_ohm && o->stuck_ohm[k] > 0)
            s->initial[k] = 1 / o->stuck_ohm[k];
    }
    const enum status status = csdp_build(s, x0, error);
    free(x0);
    return status;
}

static enum status simulate(struct csdp *s, struct error *error)
{
    const struct csdp_options *o = &s->options;
    struct run r = {.s = s,
                    .above = NEW(o->hidden, bool),
                    .widths = NEW(o->hidden, unsigned),
                    .states = NEW(s->circuit->n_states + 1, double)};
    s->ledger = ledger_new(s->circuit, &csdp_names);
    s->records = NEW(csdp_presentations(o), struct csdp_record);
    struct recorder recorders[3] = {ledger_recorder(s->ledger), {take, &r}};
    if (o->drive) {
        drive_log_new(o->drive, s->circuit);
        recorders[2] = drive_log_recorder(o->drive);
    }
    struct engine_options solver = o->solver;
    solver.recorders = recorders;
    solver.n_recorders = o->drive ? 3 : 2;
    solver.seed = o->sample.seed;
    solver.sample = o->sample.replica;
    const struct controller controller = {control, &r, &csdp_names};
    const enum status status =
        engine_run(o->engine, s->circuit, &controller, &solver, &s->report, error);
    presentations_end(&r.presentations);
    free(r.above);
    free(r.widths);
    free(r.states);
    return status;
}

enum status csdp_run(const struct csdp_options *options, struct csdp *s, struct error *error)
{
    *s = (struct csdp){.options = *options};
    enum status status = csdp_timing(options, &s->timing, error);
    if (status == STATUS_OK)
        s->options.policy = s->timing.policy;
    if (status == STATUS_OK)
        status = build(s, error);
    if (status == STATUS_OK)
        status = simulate(s, error);
    if (status != STATUS_OK) {
        csdp_free(s);
        return status;
    }
    const double n = (double)options->repeats;
    csdp_test_rate(&options->table, n, &s->trained);
    if (options->baselines) {
        csdp_test_rate(&options->table, n, &s->untrained);
        csdp_ideal(&s->options, s->initial, &s->ideal);
    }
    return STATUS_OK;
}

void csdp_free(struct csdp *s)
{
    ledger_free(s->ledger);
    circuit_free(s->circuit);
    free(s->records);
    free(s->shown);
    free(s->initial);
    free(s->final);
    *s = (struct csdp){0};
}
