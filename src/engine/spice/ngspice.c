/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/spice/ngspice.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "circuit/deck.h"
#include "engine/spice/quadrature.h"
#include "engine/spice/worker.h"
#include "engine/spice/worker_link.h"
#include "engine/transient.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* End of the transient in the deck [s], longer than any training run: the worker ends it when the
 * controller is done. */
#define TRANSIENT_STOP 1e6

/* ngspice needs a ramp where a phase has no edge.  Its length relative to the phase's duration (the energy
 * is then wrong by two thirds of this part), to the time (above the rounding of its last digits) and to
 * the longest step (ngspice takes no step below 1e-11 of it).  Relative to a phase before at some voltage,
 * to whose energy it adds a third of this part, it is not longer than JUMP_BEFORE; shorter ones made steps
 * too small for one device in twenty (measured). */
#define JUMP_PART 1e-7
#define JUMP_BEFORE 1e-5
#define JUMP_TIME 2e-13
#define JUMP_STEP 2e-11
/* ngspice merges corners of the drive that are closer than this [s].  Its default, 5e-5 of the longest
 * step, would merge the two corners of a shorter pulse, which then never ends. */
#define CORNERS_MERGE 1e-20

/* ngspice allows a charge an error of reltol times itself, but no less than reltol times `chgtol': 1e-14 C
 * by default, for capacitors.  A state is the charge of 1 F, and one that began at 0 made steps too small. */
#define STATE_LEAST 1e-4

/* One unknown that the worker sends. */
struct saved {
    size_t value; /* index into the array of values */
    char *name;   /* of ngspice's vector */
};

struct run {
    struct transient *transient;
    const struct circuit *circuit;
    const struct engine_options *options;
    struct error *error;
    size_t n_values, n_saved, n_externals;
    struct saved *saved;
    int *externals; /* n_externals: element numbers */
    double *drive;  /* n_externals: their voltages after the edge of the current phase [V] */
    double edge;    /* of the current phase [s]; never 0 in ngspice */
    double begin;   /* of the current phase [s] */
    bool begun;     /* there was one */
    int *derived;   /* voltage-controlled sources that drive gates only: their node is computed */
    size_t n_derived;
    double *values;
    double *sent, *next; /* 1 + n_saved: time and unknowns of a point, and of the one after it */
    struct quadrature *quadrature;
    struct worker_end end; /* of the last phase */
    bool started;          /* worker_link_end() has to follow */
    struct worker_link link;
};

/* Charges other than states: their tolerance is SPICE's. */
static bool has_charges(const struct circuit *c)
{
    for (size_t k = 0; k < c->n_elements; k++)
        if (element_stores(&c->elements[k]) || element_type(&c->elements[k])->law == LAW_NETLIST)
            return true;
    return false;
}

static void write_analysis(const struct engine_options *o, const struct circuit *circuit,
                           double stop, bool from_zero, FILE *out)
{
    const double celsius = circuit->temperature - ZERO_CELSIUS;
    char a[32], b[32], c[32], d[32];
    fprintf(out,
            ".options method=gear maxord=2 temp=%.9g tnom=%.9g gmin=%g\n"
            "+ reltol=%s abstol=%s vntol=%s trtol=%s minbreak=%g",
            celsius, celsius, CIRCUIT_GMIN, number_text(o->reltol, a), number_text(o->abstol, b),
            number_text(o->vntol, c), number_text(o->trtol, d), CORNERS_MERGE);
    if (circuit->n_states > 0 && !has_charges(circuit))
        fprintf(out, " chgtol=%g", STATE_LEAST);
    fputc('\n', out);
    for (size_t s = 0; s < circuit->n_states && !from_zero; s++)
        fprintf(out, ".ic v(%s)=%s\n", circuit->state_names[s],
                number_text(circuit->elements[circuit->state_elements[s]].x0, a));
    for (size_t s = 0; s < circuit->n_hidden && !from_zero; s++)
        fprintf(out, ".ic v(%s)=0\n", circuit->hidden_names[s]);
    fprintf(out, ".tran %s %s 0 %s%s\n", number_text(stop / 1e4, a), number_text(stop, b),
            number_text(o->step_max, c), from_zero ? " uic" : "");
}

void ngspice_write_analysis(const struct engine_options *options, const struct circuit *circuit,
                            double stop, FILE *out)
{
    write_analysis(options, circuit, stop, false, out);
}

/* Choose the unknowns that the worker has to send.  The drive's voltages are known here, and currents
 * into gates are 0. */
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
    for (size_t s = 0; s < c->n_hidden; s++)
        r->saved[r->n_saved++] =
            (struct saved){circuit_hidden_value(c, (int)s), memory_string(c->hidden_names[s])};
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
    choose_saved(r);
    r->sent = NEW(1 + r->n_saved, double);
    r->next = NEW(1 + r->n_saved, double);
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].external)
            r->externals[r->n_externals++] = (int)k;
    r->drive = NEW(r->n_externals, double);
    r->quadrature = quadrature_new(c);
}

/* Set r->drive from the ports' drives of the phase. */
static void find_drive(struct run *r)
{
    for (size_t k = 0; k < r->n_externals; k++)
        r->drive[k] = r->transient->to[r->externals[k]];
}

static char **deck_lines(const struct run *r, bool from_zero)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        memory_new(SIZE_MAX, 1);
    deck_write(r->circuit, deck_external, NULL, out);
    write_analysis(r->options, r->circuit, TRANSIENT_STOP, from_zero, out);
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

static enum status start_worker(struct run *r, bool from_zero)
{
    char **lines = deck_lines(r, from_zero);
    enum status status = worker_link_screen(lines, r->error);
    char **saved = NEW(r->n_saved, char *), **externals = NEW(r->n_externals, char *);
    for (size_t k = 0; k < r->n_saved; k++)
        saved[k] = r->saved[k].name;
    for (size_t k = 0; k < r->n_externals; k++)
        externals[k] = r->circuit->elements[r->externals[k]].name;
    find_drive(r);
    const struct worker_setup setup = {.lines = lines,
                                       .n_saved = r->n_saved,
                                       .saved = saved,
                                       .n_externals = r->n_externals,
                                       .externals = externals,
                                       .initial = r->drive};
    r->started = status == STATUS_OK;
    if (r->started)
        status = worker_link_start(&r->link, work, &setup);
    for (char **line = lines; *line; line++)
        free(*line);
    free(lines);
    free(saved);
    free(externals);
    return status;
}

/* Time and phase of the last point, for messages. */
static const char *place(const void *data, char text[PHASE_PLACE_SIZE])
{
    const struct run *r = data;
    return transient_place(r->transient, r->quadrature->t, text);
}

/* Fill the array of values from the unknowns that were sent and from the drive. */
static void complete_values(struct run *r, double t, const double *sent)
{
    const struct circuit *c = r->circuit;
    for (size_t k = 0; k < r->n_saved; k++)
        r->values[r->saved[k].value] = sent[k];
    const struct transient *x = r->transient;
    double progress = x->in_phase && r->edge > 0 ? (t - x->begin) / r->edge : 1;
    progress = progress < 0 ? 0 : progress > 1 ? 1 : progress;
    for (size_t k = 0; k < r->n_externals; k++) {
        const int e = r->externals[k];
        r->values[c->elements[e].node[0]] = x->from[e] + (x->to[e] - x->from[e]) * progress;
    }
    for (size_t k = 0; k < r->n_derived; k++) {
        const struct element *e = &c->elements[r->derived[k]];
        r->values[e->node[0]] =
            r->values[e->node[1]] + e->value * (r->values[e->node[2]] - r->values[e->node[3]]);
    }
}

/* Was any external source at a voltage when the phase began? */
static bool was_driven(const struct run *r)
{
    for (size_t k = 0; k < r->n_externals; k++)
        if (fabs(r->transient->from[r->externals[k]]) > 0)
            return true;
    return false;
}

/* The phase's edge.  A phase without edge gets a ramp that is short enough for energies and long enough
 * for ngspice, which then has a point on either side of the jump. */
static double edge_of(const struct run *r, const struct phase *p)
{
    if (p->edge > 0)
        return p->edge;
    const double t = r->transient->t;
    double jump = JUMP_PART * p->duration;
    if (r->begun && was_driven(r))
        jump = fmin(jump, JUMP_BEFORE * (t - r->begin));
    jump = fmax(jump, JUMP_TIME * (t + p->duration));
    return fmin(p->duration, fmax(jump, JUMP_STEP * r->options->step_max));
}

/* Begin the phase in the worker. */
static enum status send_phase(struct run *r)
{
    const struct phase *p = &r->transient->phase;
    r->edge = edge_of(r, p);
    r->begin = r->transient->t;
    r->begun = true;
    struct worker_phase message = {.duration = p->duration,
                                   .edge = r->edge,
                                   .edge_parts = p->edge > 0 ? r->options->edge_parts : 0,
                                   .n_stops = (uint32_t)p->n_stops};
    struct worker_stop *stops = NEW(p->n_stops, struct worker_stop);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < p->n_stops && status == STATUS_OK; i++) {
        size_t k = 0;
        while (k < r->n_saved && r->saved[k].value != p->stops[i].value)
            k++;
        if (k == r->n_saved)
            status = fail(r->error, STATUS_INPUT,
                          "a phase stops at a quantity that ngspice does not solve for");
        stops[i] = (struct worker_stop){(uint32_t)k, p->stops[i].rising, p->stops[i].level};
    }
    find_drive(r);
    if (status == STATUS_OK)
        status = worker_link_send(&r->link, &message, sizeof message);
    if (status == STATUS_OK)
        status = worker_link_send(&r->link, stops, p->n_stops * sizeof *stops);
    if (status == STATUS_OK)
        status = worker_link_send(&r->link, r->drive, r->n_externals * sizeof *r->drive);
    free(stops);
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

/* Pass the point that was sent last to the transient; `ends`: it ends the phase. */
static void book(struct run *r, bool ends)
{
    struct transient *x = r->transient;
    const double t0 = x->report.points == 0 ? r->sent[0] : r->quadrature->t;
    complete_values(r, r->sent[0], r->sent + 1);
    quadrature_advance(r->quadrature, r->sent[0], r->values);
    probe_points_add(&x->probes, r->sent[0], r->values);
    transient_record(x, &(struct transient_step){t0, r->quadrature->t, r->values,
                                                 r->quadrature->energy, r->quadrature->class_error,
                                                 ends && x->in_phase});
}

/* Keep the point that has arrived, because only the next message says whether it ends the phase; pass on
 * the one before. */
static enum status receive_point(struct run *r)
{
    const enum status status =
        worker_link_receive(&r->link, r->next, (1 + r->n_saved) * sizeof *r->next);
    double *swap = r->sent;
    r->sent = r->next;
    r->next = swap;
    for (size_t k = 0; status == STATUS_OK && k <= r->n_saved; k++)
        if (!isfinite(r->sent[k])) {
            char where[PHASE_PLACE_SIZE];
            return fail(r->error, STATUS_NUMERICAL, "ngspice: %s is not finite (%s)",
                        k ? r->saved[k - 1].name : "time", place(r, where));
        }
    return status;
}

/* Take points until one ends the phase. */
static enum status follow(struct run *r)
{
    bool pending = false;
    for (;;) {
        struct worker_header header;
        enum status status = worker_link_receive(&r->link, &header, sizeof header);
        if (status == STATUS_OK && header.tag == WORKER_FAILED)
            status = worker_text(r, header.size);
        if (status != STATUS_OK)
            return status;
        if (pending)
            book(r, header.tag == WORKER_PHASE_END);
        pending = header.tag == WORKER_POINT;
        if (pending) {
            status = receive_point(r);
        } else if (header.tag == WORKER_PHASE_END) {
            if (r->transient->report.points == 0)
                return fail(r->error, STATUS_NUMERICAL, "ngspice's worker sent no point");
            status = worker_link_receive(&r->link, &r->end, sizeof r->end);
            r->transient->stop = r->end.stop;
            return status;
        }
        if (status != STATUS_OK)
            return status;
    }
}

static enum status run_phase(struct transient *t, struct error *error)
{
    struct run *r = t->state;
    r->error = r->link.error = error;
    quadrature_restart(r->quadrature);
    const enum status status = send_phase(r);
    return status == STATUS_OK ? follow(r) : status;
}

/* The run begins at the operating point with the states held at their initial values, as in the other
 * engines, so that charging the capacitors is not booked.  Where ngspice finds no operating point, the run
 * begins with all nodes at 0 V. */
static enum status begin(struct run *r)
{
    enum status status = start_worker(r, false);
    if (status == STATUS_OK)
        status = follow(r);
    if (status != STATUS_NUMERICAL || r->transient->report.points > 0 || !r->started)
        return status;
    worker_link_end(&r->link, status);
    status = start_worker(r, true);
    return status == STATUS_OK ? follow(r) : status;
}

static enum status open_run(struct transient *t, struct error *error)
{
    struct run *r = t->state = NEW(1, struct run);
    r->transient = t;
    r->circuit = t->circuit;
    r->options = &t->options;
    r->error = error;
    r->link = (struct worker_link){.time_limit = t->options.time_limit,
                                   .interrupted = t->options.interrupted,
                                   .place = place,
                                   .place_data = r,
                                   .error = error};
    prepare(r);
    return begin(r);
}

/* The worker's own times are those of the transient, without the start of its process. */
static void close_run(struct transient *t, bool done)
{
    struct run *r = t->state;
    const struct worker_phase end = {.done = true};
    if (!r)
        return;
    t->report.callback_wall = r->end.in_callbacks;
    t->report.wall = r->end.wall;
    if (r->started && done)
        done = worker_link_send(&r->link, &end, sizeof end) == STATUS_OK;
    if (r->started)
        worker_link_end(&r->link, done ? STATUS_OK : STATUS_NUMERICAL);
    for (size_t k = 0; k < r->n_saved; k++)
        free(r->saved[k].name);
    free(r->saved);
    free(r->derived);
    free(r->externals);
    free(r->drive);
    free(r->values);
    free(r->sent);
    free(r->next);
    quadrature_free(r->quadrature);
    free(r);
}

const struct engine engine_ngspice = {
    .name = "ngspice",
    .title = "the whole circuit in ngspice, one continuous transient",
    .abilities = ENGINE_STARTS_FROM_ZERO | ENGINE_TRANSISTORS | ENGINE_SUBCIRCUITS,
    .open = open_run,
    .phase = run_phase,
    .close = close_run,
};
