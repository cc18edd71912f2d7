/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/crossing/crossing_switch.h"

#include "base/spice_number.h"
#include "circuit/crossbar.h"

#include <stdlib.h>

/* The terminals of the one switch of a circuit. */
struct terminals {
    int a, b, on, vdd;
};

/* Is the node at vdd - on, by a source of its own? */
static bool is_complement(const struct circuit *c, int node, const struct terminals *t)
{
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        if (e->kind == ELEMENT_VCVS && e->node[0] == node)
            return e->node[1] == 0 && e->node[2] == t->vdd && e->node[3] == t->on && e->value == 1;
    }
    return false;
}

static bool take_transistor(const struct circuit *c, const struct element *e,
                            const struct terminals *t, double kelvin, struct crossing_switch *s)
{
    const bool joins =
        (e->node[0] == t->a && e->node[2] == t->b) || (e->node[0] == t->b && e->node[2] == t->a);
    const bool complement = e->node[1] != t->on;
    if (!joins || (complement && !is_complement(c, e->node[1], t)) ||
        (e->node[3] != 0 && e->node[3] != t->vdd) || s->n == CROSSING_TRANSISTORS_MAX)
        return false;
    const double vt = BOLTZMANN * kelvin / ELECTRON_CHARGE;
    s->transistors[s->n++] =
        (struct crossing_transistor){mos1_prepare(e->mos, &e->geometry, vt, CIRCUIT_GMIN),
                                     complement, e->node[3] == 0 ? 0 : s->supply};
    return true;
}

enum status crossing_switch_make(const struct subcircuit_file *switches, double width,
                                 double supply, double kelvin, struct crossing_switch *s,
                                 struct error *error)
{
    *s = (struct crossing_switch){.supply = supply, .ground = 0.5 * supply};
    struct circuit *c = circuit_new("switch");
    const struct terminals t = {circuit_node(c, "a"), circuit_node(c, "b"), circuit_node(c, "on"),
                                circuit_node(c, "vdd")};
    const struct crossbar_gate gate = {.switches = switches,
                                       .a = t.a,
                                       .b = t.b,
                                       .on = t.on,
                                       .vdd = t.vdd,
                                       .width = width,
                                       .class = CLASS_SELECT};
    enum status status = crossbar_switch(c, &gate, "xs", error);
    bool fits = true;
    for (size_t k = 0; k < c->n_elements && status == STATUS_OK; k++) {
        const struct element *e = &c->elements[k];
        fits &= e->kind == ELEMENT_VCVS ||
                (e->kind == ELEMENT_MOSFET && take_transistor(c, e, &t, kelvin, s));
    }
    circuit_free(c);
    if (status == STATUS_OK && !(fits && s->n > 0)) {
        char *title = subcircuit_title(switches, "tgate");
        status =
            fail(error, STATUS_INPUT,
                 "%s: expected up to %d transistors between a and b, their gates at `on` or at "
                 "vdd less `on`, and nothing else",
                 title, CROSSING_TRANSISTORS_MAX);
        free(title);
    }
    return status;
}

struct crossing_switch_current crossing_switch_current(const struct crossing_switch *s, double a,
                                                       double b, double on)
{
    struct crossing_switch_current sum = {0};
    for (size_t k = 0; k < s->n; k++) {
        const struct crossing_transistor *t = &s->transistors[k];
        const double v[4] = {a, t->complement ? s->supply - on : on, b, t->bulk};
        double g[4];
        if (!mos1_channel_conductances(&t->device, v, g))
            continue;
        sum.i += mos1_channel_current(&t->device, v);
        sum.by_a += g[0];
        sum.by_on += t->complement ? -g[1] : g[1];
        sum.by_b += g[2];
    }
    return sum;
}

double crossing_switch_leak(const struct crossing_switch *s, double volt)
{
    double power = 0;
    for (size_t k = 0; k < s->n; k++) {
        const double u = s->transistors[k].bulk - volt;
        power += u * mos1_diode_current(&s->transistors[k].device, u);
    }
    return power;
}
