/* SPDX-License-Identifier: GPL-3.0-or-later */
/* M: a transistor of mos1.h between drain, gate, source and bulk; its gate carries no current. */
#include "base/spice_number.h"
#include "element/element.h"

static void currents(const struct element *e, const struct element_point *at,
                     double i[ELEMENT_NODES])
{
    const double v[4] = {at->v[e->node[0]], at->v[e->node[1]], at->v[e->node[2]],
                         at->v[e->node[3]]};
    mos1_currents(e->mos, &e->geometry, at->thermal, CIRCUIT_GMIN, v, i);
}

static double power(const struct element *e, const struct element_point *at)
{
    const double *v = at->v;
    double i[4];
    currents(e, at, i);
    return v[e->node[0]] * i[0] + v[e->node[1]] * i[1] + v[e->node[2]] * i[2] +
           v[e->node[3]] * i[3];
}

/* With a model of its own: transistors that share one come from subcircuits, which have cards. */
static void write(const struct element *e, const struct element_text *text, FILE *out)
{
    const struct mos1_model *m = e->mos;
    const struct {
        const char *name;
        double value;
    } model[] = {{"vto", m->vto},     {"kp", m->kp},   {"lambda", m->lambda},
                 {"gamma", m->gamma}, {"phi", m->phi}, {"is", m->is}},
      geometry[] = {{"w", e->geometry.w}, {"l", e->geometry.l}, {"m", e->geometry.m}};
    char value[32];
    fprintf(out, ".model mm%d %s level=1", text->number, m->type > 0 ? "nmos" : "pmos");
    for (size_t i = 0; i < sizeof model / sizeof model[0]; i++)
        fprintf(out, " %s=%s", model[i].name, number_text(model[i].value, value));
    fputc('\n', out);
    element_write_nodes(text, 4, out);
    fprintf(out, " mm%d", text->number);
    for (size_t i = 0; i < sizeof geometry / sizeof geometry[0]; i++)
        fprintf(out, " %s=%s", geometry[i].name, number_text(geometry[i].value, value));
    fputc('\n', out);
}

static void replay_save(const struct element *e, const struct element_text *text, FILE *out)
{
    (void)text;
    if (e->class != CLASS_NEURON)
        fprintf(out, ".save @%s[id] @%s[ibd] @%s[ibs]\n", e->name, e->name, e->name);
}

/* ngspice gives a PMOS its drain current with the sign of an NMOS. */
static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    const char *class = energy_class_name(e->class), *n0 = text->node_names[e->node[0]],
               *n2 = text->node_names[e->node[2]];
    fprintf(out, "let p_%s = p_%s %c ((v(%s) - v(%s))*@%s[id] + (", class, class,
            e->mos->type > 0 ? '+' : '-', n0, n2, e->name);
    element_write_volt(text, e->node[3], out);
    fprintf(out, " - v(%s))*@%s[ibd] + (", n0, e->name);
    element_write_volt(text, e->node[3], out);
    fprintf(out, " - v(%s))*@%s[ibs])\n", n2, e->name);
}

static const struct element_parameter parameters[] = {
    {"w", offsetof(struct element, geometry.w)},
    {"l", offsetof(struct element, geometry.l)},
    {"m", offsetof(struct element, geometry.m)},
};

const struct element_type element_mosfet = {
    .name = "transistor",
    .card = {.letter = 'm',
             .note = " (level 1)",
             .n_nodes = 4,
             .expected = "drain gate source bulk model w= l=",
             .model = true,
             .n_parameters = sizeof parameters / sizeof parameters[0],
             .parameters = parameters},
    .initial = {.geometry = {.w = 1e-4, .l = 1e-4, .m = 1}},
    .law = LAW_TRANSISTOR,
    .carries = {true, false, true, true},
    .across = {0, 2},
    .leaks = true,
    .through = {0, 2},
    .rest = REST_CONDUCTS,
    .control = {1, 3},
    .controlled = true,
    .uncontrolled = " is a transistor that no logic port switches (a behavioural neuron has none)",
    .power = power,
    .currents = currents,
    .write = write,
    .replay_save = replay_save,
    .replay_power = replay_power,
};
