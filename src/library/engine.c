/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Engines through the public header. */
#include "base/memory.h"
#include "engine/transient.h"
#include "library/handle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct silverbar_engine {
    const struct circuit *circuit;
    struct transient *transient;
    struct ledger *ledger;
    struct recorder recorder;
    struct drive *drive; /* n_ports: of the next phase */
    double *mean;        /* n_probes: of the last phase; NAN before */
    bool failed;         /* a phase has: there is no next one */
};

/* 0: the default. */
static enum status take_option(const char *name, double value, double min, double max,
                               double *option, struct error *error)
{
    if (value >= min && value <= max)
        *option = value;
    else if (value != 0)
        return fail(error, STATUS_INPUT, "option %s is %g, expected %g to %g, or 0 for %g", name,
                    value, min, max, *option);
    return STATUS_OK;
}

static enum status take_options(const struct silverbar_options *from, struct engine_options *to,
                                struct error *error)
{
    const struct {
        const char *name;
        double value, min, max, *option;
    } all[] = {{"reltol", from->reltol, 1e-9, 0.1, &to->reltol},
               {"abstol", from->abstol, 1e-15, 1e-3, &to->abstol},
               {"vntol", from->vntol, 1e-12, 1e-2, &to->vntol},
               {"step_max", from->step_max, 1e-12, 1e6, &to->step_max},
               {"time_limit", from->time_limit, 1e-3, 1e9, &to->time_limit}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && status == STATUS_OK; i++)
        status =
            take_option(all[i].name, all[i].value, all[i].min, all[i].max, all[i].option, error);
    return status;
}

int silverbar_engine_open(const struct silverbar_circuit *h, const char *name,
                          const struct silverbar_options *options, struct silverbar_engine **engine,
                          struct silverbar_error *error)
{
    struct error e = {{0}};
    struct engine_options o = engine_defaults;
    const struct engine *kind = name ? engine_find(name) : NULL;
    enum status status = STATUS_OK;
    *engine = NULL;
    if (!kind)
        status = fail(&e, STATUS_INPUT, "engine '%.40s', expected ngspice, ida or event",
                      name ? name : "");
    if (status == STATUS_OK && options)
        status = take_options(options, &o, &e);
    if (status != STATUS_OK)
        return library_report(status, &e, error);
    const locale_t before = library_enter();
    struct silverbar_engine *s = NEW(1, struct silverbar_engine);
    struct circuit *c = h->circuit;
    ((struct silverbar_circuit *)h)->in_use = true;
    s->circuit = c;
    s->ledger = ledger_new(c, NULL);
    s->recorder = ledger_recorder(s->ledger);
    s->drive = NEW(c->n_ports, struct drive);
    s->mean = NEW(c->n_probes, double);
    for (size_t p = 0; p < c->n_ports; p++)
        s->drive[p].volt = c->ports[p].idle;
    for (size_t p = 0; p < c->n_probes; p++)
        s->mean[p] = NAN;
    o.n_recorders = 1;
    o.recorders = &s->recorder;
    status = transient_open(kind, c, &o, NULL, &s->transient, &e);
    library_leave(before);
    if (status == STATUS_OK)
        *engine = s;
    else
        silverbar_engine_close(s);
    return library_report(status, &e, error);
}

void silverbar_engine_close(struct silverbar_engine *s)
{
    if (!s)
        return;
    transient_close(s->transient, !s->failed);
    ledger_free(s->ledger);
    free(s->drive);
    free(s->mean);
    free(s);
}

static enum status check_port(const struct silverbar_engine *s, size_t port, struct error *error)
{
    return port < s->circuit->n_ports
               ? STATUS_OK
               : fail(error, STATUS_INPUT, "port %zu of %zu", port, s->circuit->n_ports);
}

int silverbar_drive(struct silverbar_engine *s, size_t port, double volt,
                    struct silverbar_error *error)
{
    struct error e = {{0}};
    enum status status = check_port(s, port, &e);
    if (status == STATUS_OK && !isfinite(volt))
        status = fail(&e, STATUS_INPUT, "port %s shall be driven with %g V",
                      s->circuit->ports[port].name, volt);
    if (status == STATUS_OK)
        s->drive[port] = (struct drive){volt, false};
    return library_report(status, &e, error);
}

int silverbar_open_port(struct silverbar_engine *s, size_t port, struct silverbar_error *error)
{
    struct error e = {{0}};
    enum status status = check_port(s, port, &e);
    if (status == STATUS_OK && s->circuit->ports[port].enable < 0)
        status = fail(&e, STATUS_INPUT, "port %s has no resistance and cannot be opened",
                      s->circuit->ports[port].name);
    if (status == STATUS_OK)
        s->drive[port].open = true;
    return library_report(status, &e, error);
}

/* The caller's stops by the indices of their values; to free(). */
static enum status find_stops(const struct circuit *c, size_t n, const struct silverbar_stop *from,
                              struct phase_stop **stops, struct error *error)
{
    struct phase_stop *to = *stops = NEW(n, struct phase_stop);
    for (size_t k = 0; k < n; k++) {
        const bool node = from[k].part == SILVERBAR_NODE, device = from[k].part == SILVERBAR_DEVICE;
        if ((!node && !device) || (node && from[k].number >= c->n_nodes) ||
            (device && from[k].number >= c->n_states))
            return fail(error, STATUS_INPUT, "stop %zu is at no node or device", k);
        to[k] =
            (struct phase_stop){node ? from[k].number : circuit_state_value(c, (int)from[k].number),
                                from[k].level, from[k].rising != 0};
    }
    return STATUS_OK;
}

int silverbar_phase(struct silverbar_engine *s, const char *kind, const char *section,
                    double duration, double edge, size_t n_stops,
                    const struct silverbar_stop *stops, int *stopped, struct silverbar_error *error)
{
    struct error e = {{0}};
    const struct phase_names *names = &phase_names_standard;
    struct phase p = {.duration = duration,
                      .edge = edge,
                      .device = -1,
                      .drive = s->drive,
                      .kind = kind ? library_name(names->kinds, names->n_kinds, kind) : -1,
                      .section =
                          section ? library_name(names->sections, names->n_sections, section) : -1,
                      .n_stops = n_stops};
    struct phase_stop *found = NULL;
    struct reading reading;
    enum status status = STATUS_OK;
    if (s->failed)
        status = fail(&e, STATUS_INPUT, "a phase of this engine has failed: there is no next one");
    else if (p.kind < 0)
        status =
            fail(&e, STATUS_INPUT, "phase '%.40s', expected idle, erase, set, reset, read or infer",
                 kind ? kind : "");
    else if (p.section < 0)
        status = fail(&e, STATUS_INPUT, "section '%.40s', expected training, inference or after",
                      section ? section : "");
    else if (!(duration > 0))
        status = fail(&e, STATUS_INPUT, "a phase of %g s, expected more than 0", duration);
    else
        status = find_stops(s->circuit, n_stops, stops, &found, &e);
    if (status == STATUS_OK) {
        const locale_t before = library_enter();
        p.stops = found;
        status = transient_phase(s->transient, &p, &reading, &e);
        s->failed = status != STATUS_OK;
        library_leave(before);
    }
    if (status == STATUS_OK) {
        memcpy(s->mean, reading.mean, s->circuit->n_probes * sizeof *s->mean);
        if (stopped)
            *stopped = reading.stop;
    }
    free(found);
    return library_report(status, &e, error);
}

double silverbar_time(const struct silverbar_engine *s)
{
    return s->transient->t;
}

double silverbar_reading(const struct silverbar_engine *s, size_t probe)
{
    return probe < s->circuit->n_probes ? s->mean[probe] : NAN;
}

double silverbar_voltage(const struct silverbar_engine *s, size_t node)
{
    return node < s->circuit->n_nodes ? s->transient->values[node] : NAN;
}

double silverbar_state(const struct silverbar_engine *s, size_t device)
{
    const struct circuit *c = s->circuit;
    return device < c->n_states ? s->transient->values[circuit_state_value(c, (int)device)] : NAN;
}

double silverbar_energy(const struct silverbar_engine *s, const char *section, const char *kind,
                        const char *energy_class)
{
    return library_energy(s->ledger, section, kind, energy_class);
}

double silverbar_energy_error(const struct silverbar_engine *s, const char *section,
                              const char *energy_class)
{
    const struct phase_names *names = s->ledger->names;
    const int only = section ? library_name(names->sections, names->n_sections, section) : 0,
              class = energy_class ? library_class(energy_class) : 0;
    double sum = only < 0 || class < 0 ? NAN : 0;
    for (int k = 0; k < (int)names->n_sections; k++)
        for (int c = 0; c < ENERGY_CLASSES; c++)
            if ((!section || k == only) && (!energy_class || c == class))
                sum += s->ledger->error[k][c];
    return sum;
}

double silverbar_delivered(const struct silverbar_engine *s, const char *section)
{
    return library_delivered(s->ledger, section);
}
