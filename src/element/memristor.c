/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A memristor of a dopant between p and n: i = i(v, x), dx/dt = f(v, x); in decks an instance of the
 * dopant's subcircuit. */
#include "base/spice_number.h"
#include "element/element.h"

static double power(const struct element *e, const struct element_point *at)
{
    const double v = element_volt(e, at);
    return v * e->dopant->model->current(e->dopant->constants, v, at->state[e->state]).f;
}

static void write(const struct element *e, const struct element_text *text, FILE *out)
{
    char value[32];
    element_write_nodes(text, 2, out);
    fprintf(out, " %s x0=%s\n", e->dopant->name, number_text(e->x0, value));
}

static void replay_save(const struct element *e, const struct element_text *text, FILE *out)
{
    (void)text;
    fprintf(out, ".save @b.%s.b.%s.b1[i]\n", e->name, e->dopant->instance);
}

static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    const char *class = energy_class_name(e->class);
    fprintf(out, "let p_%s = p_%s + ", class, class);
    element_write_across(text, out);
    fprintf(out, "*@b.%s.b.%s.b1[i]\n", e->name, e->dopant->instance);
}

const struct element_type element_memristor = {
    .name = "memristor",
    .law = LAW_MEMORY,
    .carries = {true, true},
    .across = {0, 1},
    .through = {0, 1},
    .rest = REST_CONDUCTS,
    .power = power,
    .write = write,
    .replay_save = replay_save,
    .replay_power = replay_power,
};
