/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analogue ports of XSPICE code models, `a1 PORT... MODEL' (manual of ngspice 39, chapters 12 and 28).
 *
 * A port is a node, a group `%vd(a b)' with its type before it, or an array `[a b c]'.  Without a
 * type the model says whether it is analogue. */
#ifndef SILVERBAR_CIRCUIT_USER_DECK_PORTS_H
#define SILVERBAR_CIRCUIT_USER_DECK_PORTS_H

#include "circuit/user_deck.h"

/* Where the nodes of analogue ports stand; *spans is to be freed.  False: the model's type (as
 * `.model' has it, in lower case; NULL: no such model) is none whose ports are known, or they carry
 * something other than currents. */
bool user_deck_ports(const char *line, const char *type, size_t *n, struct user_span **spans);

/* The last word of the line, the model's name; to be freed. */
char *user_deck_port_model(const char *line);

#endif
