/* SPDX-License-Identifier: GPL-3.0-or-later */
/* L: v = L di/dt; value [H]; at rest a short; stores L i^2/2.  Its branch current is an unknown, and
 * couplings (coupling.c) add to its flux and to what it stores. */
#include "base/spice_number.h"
#include "element/element.h"

static size_t fluxes(int number, const struct element *elements,
                     struct element_flux flux[ELEMENT_FLUXES])
{
    flux[0] = (struct element_flux){number, number, elements[number].value};
    return 1;
}

static size_t stored(int number, const struct element_point *at,
                     struct element_share share[ELEMENT_SHARES])
{
    const struct element *e = &at->elements[number];
    share[0] =
        (struct element_share){number, element_stored_change(e->value, 0, at->branch[e->branch])};
    return 1;
}

static double follows(const struct element *e, double control, double *slope)
{
    (void)e, (void)control;
    *slope = 0;
    return 0;
}

static void replay_save(const struct element *e, const struct element_text *text, FILE *out)
{
    if (text->carries)
        fprintf(out, ".save i(%s)\n", e->name);
}

static void replay_power(const struct element *e, const struct element_text *text, FILE *out)
{
    const char *class = energy_class_name(e->class);
    char half[32];
    if (text->carries)
        fprintf(out, "let w_%s = w_%s + %s*i(%s)^2\n", class, class,
                number_text(0.5 * e->value, half), e->name);
}

const struct element_type element_inductor = {
    .name = "inductor",
    .card = {.letter = 'l',
             .n_nodes = 2,
             .expected = "2 nodes and one value",
             .range = "a positive one",
             .most = INFINITY},
    .law = LAW_BRANCH,
    .carries = {true, true},
    .shows_current = true,
    .through = {0, 1},
    .rest = REST_REFUSED,
    .refusal =
        " is an inductor, whose current builds up in time: this engine knows no time between "
        "states at rest",
    .fluxes = fluxes,
    .stored = stored,
    .follows = follows,
    .replay_save = replay_save,
    .replay_power = replay_power,
};
