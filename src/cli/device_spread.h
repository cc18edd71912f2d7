/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices that differ as three measured W-SDC devices do (fits to public loops of Knowm's parts: ron
 * 1583, 1406, 3114 ohm, roff 259.5, 115.6, 161 kohm, tau 67, 12.7, 77 us, von 378, 448, 380 mV, voff
 * 118, 168, 10 mV), in what parameters their model has. */
#ifndef SILVERBAR_CLI_DEVICE_SPREAD_H
#define SILVERBAR_CLI_DEVICE_SPREAD_H

#include "study/variation.h"

struct device_spread;

/* n devices around the nominal one of the circuit, which must outlive them; on failure *spread is NULL. */
enum status device_spread_draw(const struct variation_circuit *circuit, size_t n, uint64_t seed,
                               struct device_spread **spread, struct error *error);
const struct dopant *device_spread_dopant(const struct device_spread *spread, size_t k);
void device_spread_free(struct device_spread *spread);

#endif
