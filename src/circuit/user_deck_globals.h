/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes of `.global' as terminals of the subcircuits that use them.
 *
 * The current of a global node enters a subcircuit through no terminal, so it could not be sensed.
 * Therefore each subcircuit that names a global node, or calls one that does, gets it as a further
 * terminal: `.subckt inv a y' becomes `.subckt inv a y vdd', calls within subcircuits become
 * `x1 a y vdd inv', and `.global' is removed.  The circuit stays the same. */
#ifndef SILVERBAR_CIRCUIT_USER_DECK_GLOBALS_H
#define SILVERBAR_CIRCUIT_USER_DECK_GLOBALS_H

#include "circuit/user_deck.h"

struct user_globals;

/* Finds them and fills deck->instead[].  NULL: the deck has none. */
struct user_globals *user_globals_read(struct user_deck *deck);
void user_globals_free(struct user_globals *globals);

/* Names of the global nodes that a subcircuit takes as nodes; *n may be 0.  names[n]: of `globals'. */
size_t user_globals_of(const struct user_globals *globals, const char *subcircuit,
                       const char *const **names);

#endif
