/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random decks for `silverbar sim`: circuits that have one solution, whatever was drawn.
 *
 * Sources stand at nodes of their own against ground; every other node has a resistor to a node before
 * it, so that each has a path to ground; an inductor, or what holds a voltage, has a resistor of its own
 * in series, so that no loop is without one.  Controlled sources listen to a source's node, or weakly.
 * A deck of the native kind has only what the engine `ida` takes too: its sources begin at 0 V and go
 * in straight lines, and its transient begins with all nodes at 0 V. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_DECK_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_DECK_H

#include "study/random/random_testbench.h"

#define RANDOM_DECK_POINTS 11 /* of a source that goes in straight lines, at most */

struct random_card {
    char letter;       /* of its name */
    char name[16];     /* lower case */
    int node[4];       /* numbers, as many as the letter has; 0: ground */
    double value;      /* of R, C, L, K, E, G, F, H; x0 of X */
    char *rest;        /* what follows the nodes, or NULL: the value alone */
    char *model;       /* its .model line, or the name of X's dopant; or NULL */
    size_t partner[2]; /* K: the inductors; F, H: the source, indices into cards */
    size_t n_points;   /* of a voltage source in a native deck */
    double t[RANDOM_DECK_POINTS], volt[RANDOM_DECK_POINTS];
};

struct random_deck {
    const struct random_kind *kind;
    bool native, uic;
    double stop, step; /* of its .tran [s] */
    double reltol;
    bool gear;
    size_t n, capacity;
    struct random_card *cards; /* n */
    int n_nodes;
};

struct random_deck random_deck_draw(const struct random_kind *kind, uint64_t seed, uint32_t number);
void random_deck_free(struct random_deck *deck);

/* A copy without card k and without those that need it. */
struct random_deck random_deck_without(const struct random_deck *deck, size_t k);

/* Metered: with sources of 0 V, `vqNAME', in series with cards of which no vector tells the current.
 * Fine: at finer steps and tolerances. */
enum random_deck_form { DECK_AS_DRAWN, DECK_METERED, DECK_FINE, DECK_METERED_FINE };

/* Its lines behind the title; to free().  `devices': the folder of the dopants that its X cards name. */
char *random_deck_text(const struct random_deck *deck, enum random_deck_form form,
                       const char *devices);

/* A file with its resistors to transistors as `.subckt cell n1 n2 ...'; to free(). */
char *random_deck_cell(const struct random_deck *deck);

/* Have the metered forms a source `vqNAME' for it? */
bool random_card_metered(const struct random_card *card);

/* "n3", or "0"; text holds 16 bytes. */
const char *random_node_name(int node, char *text);

#endif
