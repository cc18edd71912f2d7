/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A switch: conductance linear in v(2,3) from 1/CIRCUIT_R_OPEN at 0 V to 1/value at 1 V; value [ohm].
 * Netlists have none; decks write it as a behavioural source, and its name begins with b. */
#include "base/spice_number.h"
#include "element/element.h"

static double power(const struct element *e, const struct element_point *at)
{
    const double v = element_volt(e, at);
    return v * v * switch_conductance(e->value, element_control(e, at));
}

static void write(const struct element *e, const struct element_text *text, FILE *out)
{
    char *const *name = text->node_names;
    char off[32], more[32];
    element_write_nodes(text, 2, out);
    fprintf(out, " i=v(%s,%s)*(%s+%s*v(%s,%s))\n", name[e->node[0]], name[e->node[1]],
            number_text(1 / CIRCUIT_R_OPEN, off),
            number_text(1 / e->value - 1 / CIRCUIT_R_OPEN, more), name[e->node[2]],
            name[e->node[3]]);
}

/* Of a port the current is its source's; of another one it follows from its control. */
static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    const char *class = energy_class_name(e->class), *feeder = text->feeder[e->node[0]];
    char off[32], more[32];
    fprintf(out, "let p_%s = p_%s %c ", class, class, feeder ? '-' : '+');
    element_write_across(text, out);
    if (feeder) {
        fprintf(out, "*i(%s)\n", feeder);
        return;
    }
    fputc('*', out);
    element_write_across(text, out);
    fprintf(out, "*(%s + %s*(", number_text(1 / CIRCUIT_R_OPEN, off),
            number_text(1 / e->value - 1 / CIRCUIT_R_OPEN, more));
    element_write_volt(text, e->node[2], out);
    fputs(" - ", out);
    element_write_volt(text, e->node[3], out);
    fputs("))\n", out);
}

const struct element_type element_switch = {
    .name = "switch",
    .law = LAW_SWITCH,
    .carries = {true, true},
    .across = {0, 1},
    .through = {0, 1},
    .rest = REST_CONDUCTS,
    .control = {2, 3},
    .controlled = true,
    .uncontrolled = ": its control is not known",
    .power = power,
    .write = write,
    .replay_power = replay_power,
};
