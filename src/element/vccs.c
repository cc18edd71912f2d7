/* SPDX-License-Identifier: GPL-3.0-or-later */
/* G: i = value [S] times v(2,3), from node 0 through the element to node 1. */
#include "element/element.h"

static double power(const struct element *e, const struct element_point *at)
{
    return element_volt(e, at) * e->value * element_control(e, at);
}

const struct element_type element_vccs = {
    .name = "voltage-controlled current source",
    .card = {.letter = 'g', .n_nodes = 4, .expected = "4 nodes and one value"},
    .law = LAW_TRANSCONDUCTANCE,
    .carries = {true, true},
    .through = {0, 1},
    .rest = REST_CONDUCTS,
    .control = {2, 3},
    .controlled = true,
    .power = power,
};
