/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C: i = C dv/dt; value [F]; stores C v^2/2. */
#include "element/element.h"

static size_t stored(int number, const struct element_point *at,
                     struct element_share share[ELEMENT_SHARES])
{
    const struct element *e = &at->elements[number];
    share[0] =
        (struct element_share){number, element_stored_change(e->value, 0, element_volt(e, at))};
    return 1;
}

static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    const char *class = energy_class_name(e->class);
    fprintf(out, "let w_%s = w_%s + %g*", class, class, 0.5 * e->value);
    element_write_across(text, out);
    fputs("^2\n", out);
}

const struct element_type element_capacitor = {
    .name = "capacitor",
    .card = {.letter = 'c',
             .n_nodes = 2,
             .expected = "2 nodes and one value",
             .range = "a positive one",
             .most = INFINITY},
    .law = LAW_CAPACITANCE,
    .carries = {true, true},
    .through = {0, 1},
    .rest = REST_OPEN,
    .stored = stored,
    .replay_power = replay_power,
};
