/* SPDX-License-Identifier: GPL-3.0-or-later */
/* R: i = v/R; value [ohm]. */
#include "element/element.h"

static double power(const struct element *e, const struct element_point *at)
{
    const double v = element_volt(e, at);
    return v * v / e->value;
}

static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    const char *class = energy_class_name(e->class);
    fprintf(out, "let p_%s = p_%s + ", class, class);
    element_write_across(text, out);
    fprintf(out, "^2/%g\n", e->value);
}

const struct element_type element_resistor = {
    .name = "resistor",
    .card = {.letter = 'r',
             .n_nodes = 2,
             .expected = "2 nodes and one value",
             .range = "a positive one",
             .most = INFINITY},
    .law = LAW_CONDUCTANCE,
    .carries = {true, true},
    .across = {0, 1},
    .through = {0, 1},
    .rest = REST_CONDUCTS,
    .power = power,
    .replay_power = replay_power,
};
