/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/infer/tile_arguments.h"

#include "cli/input/arguments.h"
#include "infer/tile_plan.h"

const char *const tile_fill_names[] = {"cut", "pad", NULL};
const char *const tile_subtract_names[] = {"analog", "digital", NULL};

size_t argument_tile_side(struct argp_state *state, const char *option, const char *text)
{
    const size_t n = argument_count(state, option, text, TILE_SIDE_MAX);
    if (n == 0)
        argp_error(state, "%s %s, expected a whole number from 1 to %d", option, text,
                   TILE_SIDE_MAX);
    return n;
}
