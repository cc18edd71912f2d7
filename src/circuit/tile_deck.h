/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A deck for stock ngspice of one tile: resistors in the place of its devices, one voltage on each row, the
 * operating point, and what is printed of it:
 *
 *     i_c<j>           current of column j into its sense [A]
 *     i_r<i>           current of row i's driver [A]
 *     p_devices, p_row_segments, p_drivers, p_column_segments, p_senses
 *                      power by class [W], sums over resistors
 *     p_delivered      by the drivers' sources [W] */
#ifndef SILVERBAR_CIRCUIT_TILE_DECK_H
#define SILVERBAR_CIRCUIT_TILE_DECK_H

#include "circuit/crossbar.h"

/* o->ohm are the devices, volts[rows] at the rows' drivers [V].  STATUS_INPUT names what is wrong. */
enum status tile_deck_write(const struct crossbar_options *o, const double *volts, FILE *out,
                            struct error *error);

#endif
