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

/* Terms of a class, each a line that adds to the vectors p_<class>, dissipated power, or w_<class>,
 * stored energy.  `carries`: a source's current was saved, as it does not drive gates only. */
static void power_term(const struct replay *r, const struct element *e, bool carries, FILE *out)
{
    const struct circuit *c = r->circuit;
    const char *class = energy_class_name(e->class), *n0 = c->node_names[e->node[0]],
               *n1 = c->node_names[e->node[1]], *n2 = c->node_names[e->node[2]];
    char v0[128], v1[128], bulk[128];
    snprintf(bulk, sizeof bulk, e->node[3] ? "v(%s)" : "0", c->node_names[e->node[3]]);
    snprintf(v0, sizeof v0, e->node[0] ? "v(%s)" : "0", n0);
    snprintf(v1, sizeof v1, e->node[1] ? "v(%s)" : "0", n1);
    if (e->boundary) { /* what crosses it is what the supply side dissipates */
        fprintf(out, "let p_neuron = p_neuron + %s*i(%s)\n", v0, e->name);
        return;
    }
    if (e->class == CLASS_NEURON) {
        if (e->kind == ELEMENT_VOLTAGE && carries)
            fprintf(out, "let p_neuron = p_neuron - (%s - %s)*i(%s)\n", v0, v1, e->name);
        else if (e->kind == ELEMENT_CURRENT)
            fprintf(out, "let p_neuron = p_neuron - (%s - %s)*%g\n", v0, v1, e->value);
        return;
    }
    switch (e->kind) {
    case ELEMENT_RESISTOR:
        fprintf(out, "let p_%s = p_%s + (%s - %s)^2/%g\n", class, class, v0, v1, e->value);
        break;
    case ELEMENT_CAPACITOR:
        fprintf(out, "let w_%s = w_%s + %g*(%s - %s)^2\n", class, class, 0.5 * e->value, v0, v1);
        break;
    case ELEMENT_SWITCH: /* of a port: the current is its source's */
        for (size_t k = 0; k < c->n_ports; k++)
            if (c->ports[k].enable >= 0 && c->elements[c->ports[k].source].node[0] == e->node[0])
                fprintf(out, "let p_%s = p_%s - (%s - %s)*i(%s)\n", class, class, v0, v1,
                        c->elements[c->ports[k].source].name);
        break;
    case ELEMENT_MOSFET:
        /* ngspice gives a PMOS its drain current with the sign of an NMOS */
        fprintf(out,
                "let p_%s = p_%s %c ((v(%s) - v(%s))*@%s[id]"
                " + (%s - v(%s))*@%s[ibd] + (%s - v(%s))*@%s[ibs])\n",
                class, class, e->mos->type > 0 ? '+' : '-', n0, n2, e->name, bulk, n0, e->name,
                bulk, n2, e->name);
        break;
    case ELEMENT_MEMRISTOR:
        fprintf(out, "let p_%s = p_%s + (%s - %s)*@b.%s.b.%s.b1[i]\n", class, class, v0, v1,
                e->name, e->dopant->instance);
        break;
    default:
        break;
    }
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
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        if (element_is_source(e) && strchr(e->name, '.'))
            for (int n = 0; n < 2; n++)
                if (strchr(c->node_names[e->node[n]], '.'))
                    fprintf(out, ".save v(%s)\n", c->node_names[e->node[n]]);
        if (e->kind == ELEMENT_VOLTAGE && !gate_driver[k])
            fprintf(out, ".save i(%s)\n", e->name);
        else if (e->kind == ELEMENT_MOSFET && e->class != CLASS_NEURON)
            fprintf(out, ".save @%s[id] @%s[ibd] @%s[ibs]\n", e->name, e->name, e->name);
        else if (e->kind == ELEMENT_MEMRISTOR)
            fprintf(out, ".save @b.%s.b.%s.b1[i]\n", e->name, e->dopant->instance);
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
    bool *gate_driver = NEW(c->n_elements, bool);
    circuit_gate_drivers(c, gate_driver);
    for (size_t k = 0; k < c->n_elements; k++)
        power_term(r, &c->elements[k], !gate_driver[k], out);
    free(gate_driver);
    for (int s = 0; s < PHASE_SECTIONS; s++) {
        if (r->section_t0[s] < 0 || (s != SECTION_TRAINING && s != SECTION_INFERENCE))
            continue;
        for (int class = 0; class < ENERGY_CLASSES; class ++) {
            const char *name = energy_class_name((enum energy_class) class);
            number_text(r->section_t0[s], a);
            number_text(r->section_t1[s], b);
            fprintf(out,
                    "meas tran lost integ p_%s from=%s to=%s\nmeas tran w0 find w_%s at=%s\n"
                    "meas tran w1 find w_%s at=%s\nlet energy_%s_%s = lost + w1 - w0\n"
                    "print energy_%s_%s\n",
                    name, a, b, name, a, name, b, phase_section_name((enum phase_section)s), name,
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
    ngspice_write_analysis(options, r->circuit->temperature, r->t_end, out);
    write_saves(r, out);
    write_commands(r, out);
    fputs(".end\n", out);
}
