/* SPDX-License-Identifier: GPL-3.0-or-later */
/* E: v(0,1) = value v(2,3), without a unit. */
#include "element/element.h"

static double follows(const struct element *e, double control, double *slope)
{
    *slope = e->value;
    return e->value * control;
}

const struct element_type element_vcvs = {
    .name = "voltage-controlled voltage source",
    .card = {.letter = 'e', .n_nodes = 4, .expected = "4 nodes and one value"},
    .law = LAW_BRANCH,
    .carries = {true, true},
    .through = {0, 1},
    .rest = REST_FOLLOWS,
    .control = {2, 3},
    .controlled = true,
    .derives = true,
    .power = element_branch_power,
    .follows = follows,
};
