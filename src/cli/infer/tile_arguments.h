/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of tiles that `silverbar model` and `silverbar infer` share. */
#ifndef SILVERBAR_CLI_INFER_TILE_ARGUMENTS_H
#define SILVERBAR_CLI_INFER_TILE_ARGUMENTS_H

#include <argp.h>
#include <stddef.h>

/* By enum tile_fill, and by enum tile_subtract; ended by NULL. */
extern const char *const tile_fill_names[], *const tile_subtract_names[];

/* Rows or columns of a tile, from 1 to TILE_SIDE_MAX; ends the program with exit status 2 on other text. */
size_t argument_tile_side(struct argp_state *state, const char *option, const char *text);

#endif
