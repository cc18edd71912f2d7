/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as SPICE writes them: "2.2k", "10meg", "0.5", "33u", "1e-9", "5pF". */
#ifndef SILVERBAR_BASE_SPICE_NUMBER_H
#define SILVERBAR_BASE_SPICE_NUMBER_H

#include <stdbool.h>

/* Boltzmann constant [J/K] and elementary charge [C], exact in the SI; SPICE's nominal 27 C [K]. */
#define BOLTZMANN 1.380649e-23
#define ELECTRON_CHARGE 1.602176634e-19
#define TEMPERATURE_NOMINAL 300.15
#define ZERO_CELSIUS 273.15

/* Parse all of `text`: a decimal number, an optional scale factor without regard to case
 * (t g meg k m u n p f a, and mil), then optional letters of a unit ("5pF").  False for anything
 * else, for nan, inf and overflow; *value is then untouched. */
bool spice_number(const char *text, double *value);

/* A plain decimal number (no scale factor) that uses all of `text` and is finite. */
bool plain_number(const char *text, double *value);

/* Shortest decimal text that reads back as exactly `value`; `buffer` holds at least 32 bytes. */
const char *number_text(double value, char *buffer);

#endif
