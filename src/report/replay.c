/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/replay.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "circuit/deck.h"
#include "engine/spice/ngspice.h"

#include <stdlib.h>
#include <string.h>

struct replay *replay_new(const struct circuit *c)
{
    struct replay *r = NEW(1, struct replay);
    r->circuit = c;
    r->sources = memory_new(c->n_elements, sizeof *r->sources);
    for (int s = 0; s < PHASE_SECTIONS_MAX; s++)
        r->section_t0[s] = -1;
    return r;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    for (size_t k = 0; k < r->circuit->n_elements; k++)
        free(r->sources[k].corners);
    free(r->sources);
    free(r);
}

static void corner(struct replay *r, int element, double t, double volt)
{
    const size_t n = r->sources[element].n;
    r->sources[element].corners =
        memory_grow(r->sources[element].corners, &r->sources[element].capacity, n + 1,
                    sizeof *r->sources[element].corners);
    r->sources[element].corners[r->sources[element].n++] = (struct corner){t, volt};
}

static void move(struct replay *r, int element, const struct phase *p, double volt)
{
    const size_t n = r->sources[element].n;
    const double last = r->sources[element].corners[n - 1].volt;
    if (volt == last)
        return;
    if (r->sources[element].corners[n - 1].t < r->phase_begin)
        corner(r, element, r->phase_begin, last);
    corner(r, element, r->phase_begin + p->edge, volt);
}

static void take(void *data, const struct interval *i)
{
    struct replay *r = data;
    const struct circuit *c = r->circuit;
    const struct phase *p = i->phase;
    r->t_end = i->t1;
    for (size_t k = 0; k < c->n_ports && r->sources[c->ports[k].source].n == 0; k++) {
        corner(r, c->ports[k].source, 0, c->ports[k].idle);
        if (c->ports[k].enable >= 0)
            corner(r, c->ports[k].enable, 0, 1);
    }
    if (i->t1 <= i->t0)
        return;
    if (!r->in_phase) {
        r->phase_begin = i->t0;
        if (r->section_t0[p->section] < 0)
            r->section_t0[p->section] = i->t0;
        for (size_t k = 0; k < c->n_ports; k++) {
            move(r, c->ports[k].source, p, p->drive[k].volt);
            if (c->ports[k].enable >= 0)
                move(r, c->ports[k].enable, p, p->drive[k].open ? 0 : 1);
        }
    }
    r->section_t1[p->section] = i->t1;
    r->in_phase = !i->ends_phase;
}

struct recorder replay_recorder(struct replay *r)
{
    return (struct recorder){take, r};
}

void replay_phases(struct replay *r, const struct drive_log *drive)
{
    double t = 0;
    for (size_t k = 0; k < drive->n; k++) {
        const struct phase *p = &drive->phases[k];
        const double end = t + p->duration;
        take(r, &(struct interval){.t0 = t, .t1 = end, .phase = p, .ends_phase = true});
        t = end;
    }
}

static void write_source(void *data, int element, FILE *out)
{
    const struct replay *r = data;
    char t[32], v[32];
    const size_t n = r->sources[element].n;
    if (n < 2) {
        fprintf(out, "dc %s", number_text(n ? r->sources[element].corners[0].volt : 0, v));
        return;
    }
    fputs("pwl(", out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%s %s",
                i == 0       ? ""
                : i % 6 == 0 ? "\n+ "
                             : " ",
                number_text(r->sources[element].corners[i].t, t),
                number_text(r->sources[element].corners[i].volt, v));
    fputc(')', out);
}

/* What the element's texts are written from; `feeder`: n_nodes. */
static struct element_text text_of(const struct replay *r, const bool *gate_driver, size_t number,
                                   const char *const *feeder)
{
    return (struct element_text){.elements = r->circuit->elements,
                                 .node_names = r->circuit->node_names,
                                 .number = (int)number,
                                 .carries = !gate_driver[number],
                                 .feeder = feeder};
}

/* Lines that add to the vectors p_<class>, dissipated power, or w_<class>, stored energy. */
static void power_terms(const struct replay *r, FILE *out)
{
    const struct circuit *c = r->circuit;
    bool *gate_driver = NEW(c->n_elements, bool);
    const char **feeder = NEW(c->n_nodes, const char *);
    circuit_gate_drivers(c, gate_driver);
    for (size_t k = 0; k < c->n_ports; k++)
        if (c->ports[k].enable >= 0) {
            const struct element *source = &c->elements[c->ports[k].source];
            feeder[source->node[0]] = source->name;
        }
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        const struct element_type *type = element_type(e);
        const struct element_text text = text_of(r, gate_driver, k, feeder);
        /* neurons by what their sources deliver, all other classes by what they absorb */
        if (type->replay_power &&
            (e->boundary || (e->class == CLASS_NEURON) == element_is_source(e)))
            type->replay_power(e, &text, out);
    }
    free(gate_driver);
    free(feeder);
}

static void write_saves(const struct replay *r, FILE *out)
{
    const struct circuit *c = r->circuit;
    bool *gate_driver = NEW(c->n_elements, bool);
    circuit_gate_drivers(c, gate_driver);
    for (size_t i = 1; i < c->n_nodes; i++)
        if (!strchr(c->node_names[i], '.'))
            fprintf(out, ".save v(%s)\n", c->node_names[i]);
    for (size_t s = 0; s < c->n_states; s++)
        fprintf(out, ".save v(%s)\n", c->state_names[s]);
    for (size_t s = 0; s < c->n_hidden; s++)
        fprintf(out, ".save v(%s)\n", c->hidden_names[s]);
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        const struct element_text text = text_of(r, gate_driver, k, NULL);
        if (element_is_source(e) && strchr(e->name, '.'))
            for (int n = 0; n < 2; n++)
                if (strchr(c->node_names[e->node[n]], '.'))
                    fprintf(out, ".save v(%s)\n", c->node_names[e->node[n]]);
        if (element_type(e)->replay_save)
            element_type(e)->replay_save(e, &text, out);
    }
    free(gate_driver);
}

static void write_commands(const struct replay *r, FILE *out)
{
    const struct circuit *c = r->circuit;
    char a[32], b[32];
    fputs("\n.control\nset numdgt=9\nrun\n", out);
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        const char *name = energy_class_name((enum energy_class) class);
        fprintf(out, "let p_%s = 0*time\nlet w_%s = 0*time\n", name, name);
    }
    power_terms(r, out);
    for (int s = 0; s < PHASE_SECTIONS; s++) {
        if (r->section_t0[s] < 0 || (s != SECTION_TRAINING && s != SECTION_INFERENCE))
            continue;
        for (int class = 0; class < ENERGY_CLASSES; class ++) {
            const char *name = energy_class_name((enum energy_class) class);
            number_text(r->section_t0[s], a);
            number_text(r->section_t1[s], b);
            /* ngspice's first point lies behind 0, where `meas` finds nothing */
            const bool first = !(r->section_t0[s] > 0);
            fprintf(out, "meas tran lost integ p_%s from=%s to=%s\n", name, a, b);
            if (first)
                fprintf(out, "let w0 = w_%s[0]\n", name);
            else
                fprintf(out, "meas tran w0 find w_%s at=%s\n", name, a);
            fprintf(out,
                    "meas tran w1 find w_%s at=%s\nlet energy_%s_%s = lost + w1 - w0\n"
                    "print energy_%s_%s\n",
                    name, b, phase_section_name((enum phase_section)s), name,
                    phase_section_name((enum phase_section)s), name);
        }
    }
    for (size_t s = 0; s < c->n_states; s++) {
        const char *device = c->elements[c->state_elements[s]].name;
        fprintf(out, "meas tran state_training_%s find v(%s) at=%s\n", device, c->state_names[s],
                number_text(r->section_t1[SECTION_TRAINING], a));
        fprintf(out, "let state_end_%s = v(%s)[length(time)-1]\nprint state_end_%s\n", device,
                c->state_names[s], device);
    }
    fputs("quit\n.endc\n", out);
}

void replay_write(const struct replay *r, const struct engine_options *options, FILE *out)
{
    deck_write(r->circuit, write_source, (void *)r, out);
    fputc('\n', out);
    ngspice_write_analysis(options, r->circuit, r->t_end, out);
    write_saves(r, out);
    write_commands(r, out);
    fputs(".end\n", out);
}
