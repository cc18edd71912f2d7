/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random testbenches: of each kind, which keys are drawn over which ranges.  A draw depends on seed,
 * kind and number alone. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_TESTBENCH_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_TESTBENCH_H

#include "study/experiment/experiment.h"

/* Numbers are drawn log-uniformly, choices uniformly. */
struct random_range {
    const char *key;
    double low, high;    /* both 0: the key's own range */
    double rest;         /* probability that the key keeps its default */
    double zero;         /* probability that it is 0, of a key whose range begins there */
    const char *choices; /* texts with blanks between, in place of numbers; or NULL */
};

struct random_kind {
    const char *name, *title;
    const struct experiment *experiment; /* NULL: decks (random_deck.h), or tiles (random_tile.h) */
    bool ngspice;                        /* small enough for it */
    bool native;                         /* of a deck: with cards that every engine takes */
    size_t n_ranges;
    const struct random_range *ranges; /* n_ranges */
    bool tile;
};

/* Room for tables of them. */
#define RANDOM_KINDS_MAX 16

/* All kinds, ended by a NULL name.  Several may have one name: their draws alternate. */
extern const struct random_kind random_kinds[];

struct random_setting {
    const struct random_range *range;
    char *value;
};

struct random_testbench {
    const struct random_kind *kind;
    uint64_t seed; /* of the testbench */
    size_t n;
    struct random_setting *settings; /* n: those that are not left at their default */
};

/* Draw the testbench of that number, for the `again`th time: where the one before was not legal. */
struct random_testbench random_testbench_draw(const struct random_kind *kind, uint64_t seed,
                                              uint32_t number, unsigned again);
struct random_testbench random_testbench_copy(const struct random_testbench *testbench);
void random_testbench_free(struct random_testbench *testbench);

/* Value of a key as a number, or NAN where it is left at its default or is a text. */
double random_testbench_number(const struct random_testbench *testbench, const char *key);

/* As testbench_read_text() takes it; to free(). */
char *random_testbench_text(const struct random_testbench *testbench);

/* Make setting k simpler: the first time half way to its default, then its default, where it is
 * removed.  False: there is nothing left to try.  step: counts the times, from 0. */
bool random_testbench_simplify(struct random_testbench *testbench, size_t k, unsigned step);

#endif
