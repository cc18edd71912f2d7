/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/spice/ngspice.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "base/spice_screen.h"
#include "circuit/deck.h"
#include "engine/reading.h"
#include "engine/spice/quadrature.h"
#include "engine/spice/worker.h"
#include "engine/spice/worker_link.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* No training run is longer [s]; the worker ends it much earlier. */
#define TRANSIENT_STOP 1e6

/* One unknown that the worker sends. */
struct saved {
    size_t value; /* index into the array of values */
    char *name;   /* of ngspice's vector */
};

struct run {
    const struct circuit *circuit;
    const struct controller *controller;
    const struct engine_options *options;
    struct engine_report *report;
    struct error *error;
    size_t n_values, n_saved, n_externals;
    struct saved *saved;
    int *externals; /* n_externals: element numbers */
    double
        *external_from; /* n_externals: voltages at the start of the phase, and from its edge on */
    double *external_to;
    int *derived; /* voltage-controlled sources that drive gates only: their node is computed */
    size_t n_derived;
    double *values;
    struct quadrature *quadrature;
    struct phase phase;
    double phase_start;
    bool in_phase;
    struct probe_points probes;
    struct worker_link link;
};

void ngspice_write_analysis(const struct engine_options *o, double temperature, double t_stop,
                            FILE *out)
{
    const double celsius = temperature - ZERO_CELSIUS;
    char a[32], b[32], c[32], d[32];
    fprintf(out,
            ".options method=gear maxord=2 temp=%.9g tnom=%.9g gmin=%g\n"
            "+ reltol=%s abstol=%s vntol=%s trtol=%s\n",
            celsius, celsius, CIRCUIT_GMIN, number_text(o->reltol, a), number_text(o->abstol, b),
            number_text(o->vntol, c), number_text(o->trtol, d));
    fprintf(out, ".tran %s %s 0 %s uic\n", number_text(t_stop / 1e4, a), number_text(t_stop, b),
            number_text(o->step_max, c));
}

/* Which unknowns the worker has to send: not what the drive gives, nor currents into gates. */
static void choose_saved(struct run *r)
{
    const struct circuit *c = r->circuit;
    bool *gate_driver = NEW(c->n_elements, bool), *known = NEW(c->n_nodes, bool);
    circuit_gate_drivers(c, gate_driver);
    known[0] = true;
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        if (e->external)
            known[e->node[0]] = true;
        if (element_type(e)->derives && gate_driver[k]) {
            known[e->node[0]] = true;
            r->derived[r->n_derived++] = (int)k;
        }
    }
    for (size_t i = 0; i < c->n_nodes; i++)
        if (!known[i])
            r->saved[r->n_saved++] = (struct saved){i, memory_string(c->node_names[i])};
    for (size_t b = 0; b < c->n_branches; b++) {
        const struct element *e = &c->elements[c->branch_elements[b]];
        if (!gate_driver[c->branch_elements[b]])
            r->saved[r->n_saved++] = (struct saved){circuit_branch_value(c, (int)b),
                                                    memory_format("%s#branch", e->name)};
    }
    for (size_t s = 0; s < c->n_states; s++)
        r->saved[r->n_saved++] =
            (struct saved){circuit_state_value(c, (int)s), memory_string(c->state_names[s])};
    free(gate_driver);
    free(known);
}

static void prepare(struct run *r)
{
    const struct circuit *c = r->circuit;
    r->n_values = circuit_n_values(c);
    r->saved = NEW(r->n_values, struct saved);
    r->derived = NEW(c->n_elements, int);
    r->externals = NEW(c->n_elements, int);
    r->values = NEW(r->n_values, double);
    probe_points_new(&r->probes, c);
    r->phase.drive = NEW(c->n_ports, struct drive);
    choose_saved(r);
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].external)
            r->externals[r->n_externals++] = (int)k;
    r->external_from = NEW(r->n_externals, double);
    r->external_to = NEW(r->n_externals, double);
    for (size_t p = 0; p < c->n_ports; p++)
        r->phase.drive[p].volt = c->ports[p].idle;
    r->quadrature = quadrature_new(c);
}

static void release(struct run *r)
{
    for (size_t k = 0; k < r->n_saved; k++)
        free(r->saved[k].name);
    free(r->saved);
    free(r->derived);
    free(r->externals);
    free(r->external_from);
    free(r->external_to);
    free(r->values);
    probe_points_free(&r->probes);
    free(r->phase.drive);
    quadrature_free(r->quadrature);
}

/* Voltages of the external sources that the drive asks for. */
static void external_voltages(const struct run *r, double *volts)
{
    const struct circuit *c = r->circuit;
    for (size_t k = 0; k < r->n_externals; k++)
        for (size_t p = 0; p < c->n_ports; p++) {
            if (c->ports[p].source == r->externals[k])
                volts[k] = r->phase.drive[p].volt;
            else if (c->ports[p].enable == r->externals[k])
                volts[k] = r->phase.drive[p].open ? 0 : 1;
        }
}

static char **deck_lines(const struct run *r)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        memory_new(SIZE_MAX, 1);
    deck_write(r->circuit, deck_external, NULL, out);
    ngspice_write_analysis(r->options, r->circuit->temperature, TRANSIENT_STOP, out);
    for (size_t k = 0; k < r->n_saved; k++)
        fprintf(out, k % 8 == 0 ? "\n.save %s" : " %s", r->saved[k].name);
    fputs("\n.end\n", out);
    fclose(out);
    char **lines = NULL;
    size_t n = 0, capacity = 0;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        lines = memory_grow(lines, &capacity, n + 2, sizeof *lines);
        if (*line || n == 0)
            lines[n++] = memory_string(line);
    }
    lines[n] = NULL;
    free(text);
    return lines;
}

static void work(const void *data, const char *directory, int in, int out)
{
    struct worker_setup setup = *(const struct worker_setup *)data;
    setup.directory = directory;
    setup.in = in;
    setup.out = out;
    worker_main(&setup);
}

static enum status start_worker(struct run *r, char **lines)
{
    char **saved = NEW(r->n_saved, char *), **externals = NEW(r->n_externals, char *);
    for (size_t k = 0; k < r->n_saved; k++)
        saved[k] = r->saved[k].name;
    for (size_t k = 0; k < r->n_externals; k++)
        externals[k] = r->circuit->elements[r->externals[k]].name;
    external_voltages(r, r->external_to);
    const struct worker_setup setup = {.lines = lines,
                                       .n_saved = r->n_saved,
                                       .saved = saved,
                                       .n_externals = r->n_externals,
                                       .externals = externals,
                                       .initial = r->external_to};
    const enum status status = worker_link_start(&r->link, work, &setup);
    free(saved);
    free(externals);
    return status;
}

/* Where the run was, for messages. */
static const char *place(const void *data, char text[PHASE_PLACE_SIZE])
{
    const struct run *r = data;
    return phase_place(r->circuit, r->in_phase ? &r->phase : NULL, r->quadrature->t, text);
}

/* Fill the array of values from what was sent and what the drive gives. */
static void complete_values(struct run *r, double t, const double *sent)
{
    const struct circuit *c = r->circuit;
    for (size_t k = 0; k < r->n_saved; k++)
        r->values[r->saved[k].value] = sent[k];
    double progress = r->in_phase && r->phase.edge > 0 ? (t - r->phase_start) / r->phase.edge : 1;
    progress = progress < 0 ? 0 : progress > 1 ? 1 : progress;
    for (size_t k = 0; k < r->n_externals; k++)
        r->values[c->elements[r->externals[k]].node[0]] =
            r->external_from[k] + (r->external_to[k] - r->external_from[k]) * progress;
    for (size_t k = 0; k < r->n_derived; k++) {
        const struct element *e = &c->elements[r->derived[k]];
        r->values[e->node[0]] =
            r->values[e->node[1]] + e->value * (r->values[e->node[2]] - r->values[e->node[3]]);
    }
}

static void record(struct run *r, double t0, bool ends)
{
    const struct interval interval = {t0,
                                      r->quadrature->t,
                                      r->values,
                                      r->quadrature->energy,
                                      r->quadrature->class_error,
                                      &r->phase,
                                      ends};
    for (size_t k = 0; k < r->options->n_recorders; k++)
        r->options->recorders[k].take(r->options->recorders[k].data, &interval);
}

/* Ask the controller; send the answer.  *done: the run is over. */
static enum status next_phase(struct run *r, bool *done)
{
    struct reading reading = {r->phase_start, r->quadrature->t, r->probes.mean};
    if (r->in_phase) {
        probe_points_average(&r->probes, reading.t0, reading.t1);
        r->report->phases++;
    }
    probe_points_clear(&r->probes);
    probe_points_add(&r->probes, r->quadrature->t, r->values);
    r->phase.n_stops = 0;
    r->phase.device = -1;
    r->phase.changed = 0;
    struct worker_phase message = {0};
    *done = !r->controller->step(r->controller->data, r->in_phase ? &reading : NULL, &r->phase);
    message.done = *done;
    if (r->phase.changed)
        return fail_unable(
            r->error, ENGINE_CHANGES_DEVICES,
            "the constants of %s change from pulse to pulse, which a deck cannot say",
            r->circuit->elements[r->circuit->state_elements[r->phase.changed - 1]].name);
    memcpy(r->external_from, r->external_to, r->n_externals * sizeof *r->external_from);
    external_voltages(r, r->external_to);
    r->phase_start = r->quadrature->t;
    r->in_phase = true;
    quadrature_restart(r->quadrature);
    message.duration = r->phase.duration;
    message.edge = r->phase.edge;
    message.edge_parts = r->options->edge_parts;
    for (size_t i = 0; i < r->phase.n_stops; i++) {
        size_t k = 0;
        while (k < r->n_saved && r->saved[k].value != r->phase.stops[i].value)
            k++;
        if (k == r->n_saved)
            return fail(r->error, STATUS_INPUT,
                        "a phase stops at a quantity that is not solved for");
        message.stops[message.n_stops].saved = (uint32_t)k;
        message.stops[message.n_stops].rising = r->phase.stops[i].rising;
        message.stops[message.n_stops++].level = r->phase.stops[i].level;
    }
    enum status status = worker_link_send(&r->link, &message, sizeof message);
    if (status == STATUS_OK && !*done)
        status =
            worker_link_send(&r->link, r->external_to, r->n_externals * sizeof *r->external_to);
    return status;
}

static enum status worker_text(struct run *r, uint32_t size)
{
    char text[512], where[PHASE_PLACE_SIZE];
    const size_t n = size < sizeof text ? size : sizeof text - 1;
    enum status status = worker_link_receive(&r->link, text, n);
    text[n] = 0;
    if (status != STATUS_OK)
        return status;
    const bool tolerance = strstr(text, "imestep too small") || strstr(text, "onvergence");
    return fail(r->error, STATUS_NUMERICAL, "ngspice: %s (%s)%s", text, place(r, where),
                tolerance ? "; another --reltol or --abstol may help" : "");
}

static enum status follow(struct run *r)
{
    double *sent = NEW(1 + r->n_saved, double), *next = NEW(1 + r->n_saved, double), t_pending = 0;
    enum status status = STATUS_OK;
    bool done = false, pending = false;
    const size_t point_size = (1 + r->n_saved) * sizeof *sent;
    while (status == STATUS_OK && !done) {
        struct worker_header header;
        status = worker_link_receive(&r->link, &header, sizeof header);
        if (status != STATUS_OK)
            break;
        if (header.tag == WORKER_FAILED) {
            status = worker_text(r, header.size);
            break;
        }
        /* a point is booked when it is known whether it ends the phase */
        if (pending) {
            const bool ends = header.tag == WORKER_PHASE_END;
            complete_values(r, sent[0], sent + 1);
            t_pending = r->quadrature->t;
            quadrature_advance(r->quadrature, sent[0], r->values);
            probe_points_add(&r->probes, sent[0], r->values);
            r->report->points++;
            record(r, r->report->points == 1 ? sent[0] : t_pending, ends && r->in_phase);
            pending = false;
        }
        if (header.tag == WORKER_POINT && header.size == point_size) {
            status = worker_link_receive(&r->link, next, point_size);
            double *swap = sent;
            sent = next;
            next = swap;
            pending = status == STATUS_OK;
            for (size_t k = 0; pending && k <= r->n_saved; k++)
                if (!isfinite(sent[k])) {
                    char where[PHASE_PLACE_SIZE];
                    status = fail(r->error, STATUS_NUMERICAL, "ngspice: %s is not finite (%s)",
                                  k ? r->saved[k - 1].name : "time", place(r, where));
                    pending = false;
                }
        } else if (header.tag == WORKER_PHASE_END) {
            double times[2];
            status = worker_link_receive(&r->link, times, sizeof times);
            r->report->callback_wall = times[0];
            r->report->wall = times[1];
            r->report->time = r->quadrature->t;
            if (status == STATUS_OK)
                status = next_phase(r, &done);
        }
    }
    free(sent);
    free(next);
    return status;
}

static enum status run(const struct circuit *circuit, const struct controller *controller,
                       const struct engine_options *options, struct engine_report *report,
                       struct error *error)
{
    struct run *r = NEW(1, struct run);
    *report = (struct engine_report){0};
    r->circuit = circuit;
    r->controller = controller;
    r->options = options;
    r->report = report;
    r->error = error;
    r->link.time_limit = options->time_limit;
    r->link.interrupted = options->interrupted;
    r->link.place = place;
    r->link.place_data = r;
    r->link.error = error;
    prepare(r);
    char **lines = deck_lines(r);
    enum status status = spice_deck_screen((const char *const *)lines, error);
    if (status == STATUS_OK) {
        status = start_worker(r, lines);
        if (status == STATUS_OK)
            status = follow(r);
        worker_link_end(&r->link, status);
    }
    for (char **line = lines; *line; line++)
        free(*line);
    free(lines);
    release(r);
    free(r);
    return status;
}

const struct engine engine_ngspice = {
    .name = "ngspice",
    .title = "the whole circuit in ngspice, one continuous transient",
    .abilities = ENGINE_STARTS_FROM_ZERO | ENGINE_TRANSISTORS | ENGINE_SUBCIRCUITS,
    .run = run,
};
