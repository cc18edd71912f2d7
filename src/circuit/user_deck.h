/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's deck, prepared so that the energy of every element can be booked at its terminals.
 *
 * A voltage source of 0 V is put in series with the terminals of each element outside of subcircuits: with
 * one of two terminals, with each of more.  Its current is an unknown that ngspice solves for, so the power
 * into any element is the sum of v i over its terminals.  A subcircuit counts as one element.  Nodes of
 * `.global' that it uses, directly or in subcircuits inside, become further terminals
 * (user_deck_globals.c).  A code model is booked at its analogue ports (user_deck_ports.c).  Sources need
 * none, as their current is known already.  Nothing else is changed. */
#ifndef SILVERBAR_CIRCUIT_USER_DECK_H
#define SILVERBAR_CIRCUIT_USER_DECK_H

#include "circuit/deck_text.h"

#include <stdio.h>

enum user_role {
    USER_DELIVERS, /* independent sources */
    USER_ABSORBS,  /* all others; the energy that a controlled source absorbs may be negative */
    USER_STORES,   /* capacitors, inductors */
};

/* Where a node stands in the element's line; n = 0: it is put in there. */
struct user_span {
    size_t at, n; /* bytes */
};

struct user_element {
    char *name;       /* in lower case */
    const char *kind; /* "resistor", ... */
    enum user_role role;
    size_t line; /* index into text->lines */
    size_t n_nodes;
    char **nodes;            /* n_nodes, in lower case; "0" is ground */
    struct user_span *spans; /* n_nodes */
    bool is_subcircuit;
    bool conditional; /* in a branch of .if, which may leave it out */
    bool coupled;     /* an inductor of a K element */
    bool series;      /* one current, through it from nodes[0] to nodes[1]; else one into each */
    size_t n_senses;  /* 1 or n_nodes */
    char **senses;    /* n_senses: names of the sources whose currents are these */
    size_t first;     /* how many senses the elements before it have */
    double
        resistance; /* of a resistor with a plain number > 0 for it and nothing more; else NaN [ohm] */
    double value; /* of a linear capacitor [F] or inductor [H] without more to it; else NaN */
};

enum user_analysis_kind { ANALYSIS_OP, ANALYSIS_DC, ANALYSIS_AC, ANALYSIS_TRAN, ANALYSIS_KINDS };

struct user_analysis {
    enum user_analysis_kind kind;
    size_t line;
    bool uic;    /* a transient that begins at given values, without an operating point */
    double from; /* of a transient: its first point [s]; NaN if that is no plain number */
};

struct user_measure {
    char *name; /* in lower case */
    enum user_analysis_kind kind;
    size_t line;
};

struct user_save {
    char *name; /* as it stands, "v(out)", "@m1[id]", in lower case */
    size_t line;
};

struct user_deck {
    struct deck_text *text;
    bool control;        /* has .control blocks, which run what they want */
    bool control_uic;    /* one of them says `uic' */
    bool noise;          /* has sources of noise */
    bool initial;        /* has .ic or .nodeset */
    bool initial_inside; /* has one in a subcircuit, which may name a terminal of the subcircuit */
    size_t n_senses;     /* of all elements */
    size_t n_elements, n_analyses, n_measures, n_saves, n_unbooked, n_ignored;
    struct user_element *elements;  /* n_elements */
    struct user_analysis *analyses; /* n_analyses */
    struct user_measure *measures;  /* n_measures */
    struct user_save *saves;        /* n_saves; none: all */
    size_t thermal;  /* 1 and the first line whose element has thermal nodes; 0: none has */
    char **unbooked; /* n_unbooked: elements whose terminals are not known */
    size_t *ignored; /* n_ignored: lines of cards that do nothing here, as .print */
    char **instead;  /* text->n_lines: what ngspice reads in place of a line; NULL: the line
                                     * itself, "": nothing */
    char prefix[32]; /* of what was put in, "sb_" unless the deck has that */
};

/* On failure *deck is NULL. */
enum status user_deck_read(const char *path, bool trusted, struct user_deck **deck,
                           struct error *error);
void user_deck_free(struct user_deck *deck);

/* "tran", ... */
const char *user_analysis_name(enum user_analysis_kind kind);

/* The lines with which ngspice runs one analysis, or all with n_analyses; ended by NULL, each to be freed.
 * origin[i]: index in text->lines of line i, or SIZE_MAX for a line put in; to be freed.
 *
 * With `uic' ngspice begins at the voltages of .ic and .nodeset, and at 0 V where there is none, so
 * that a node behind a sensing source needs the value of the node before it.
 * initial[deck->n_senses]: this value [V] for each sensing source, element by element; NULL: none is
 * needed. */
char **user_deck_lines(const struct user_deck *deck, size_t analysis, const double *initial,
                       size_t **origin);

/* The line of a transient with another largest step [s]; NULL if its numbers are no plain ones.  To be
 * freed. */
char *user_deck_tran_line(const struct user_deck *deck, size_t analysis, double step_max);

/* True if a .tran or a .control block says `uic'. */
bool user_deck_says_uic(const struct user_deck *deck);

/* Does the analysis need initial[]?  Without `uic' too where a subcircuit has a .ic, which may be for
 * a terminal. */
bool user_deck_needs_initial(const struct user_deck *deck, size_t analysis);

/* The lines of user_deck_lines() without any source that senses: the deck as it stands. */
char **user_deck_plain_lines(const struct user_deck *deck, size_t analysis, size_t **origin);

/* Lines of a transient of 1 ps from which ngspice itself computes initial[].  In place of each sensing
 * source a capacitor, too small to change the circuit, hangs at its node: once a transient with `uic' has
 * begun, the capacitor's parameter `ic' is the node's initial voltage.
 * probes[deck->n_senses]: "@CAPACITOR[ic]"; texts of their own, to be freed. */
char **user_deck_probe_lines(const struct user_deck *deck, size_t analysis, char ***probes,
                             size_t **origin);

/* The deck as one file, without what was put in. */
void user_deck_write(const struct user_deck *deck, FILE *out);

#endif
