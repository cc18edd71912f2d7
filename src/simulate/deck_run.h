/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's deck in ngspice's worker process: plots, points and measures as they come. */
#ifndef SILVERBAR_SIMULATE_DECK_RUN_H
#define SILVERBAR_SIMULATE_DECK_RUN_H

#include "circuit/user_deck.h"

/* Who takes what comes.  A status other than STATUS_OK ends the run. */
struct deck_taker {
    /* names[n]: vectors as ngspice has them, the scale (time, frequency, a sweep) first if there is
     * one; they stay until the next plot */
    enum status (*plot)(void *data, const char *title, bool complex, size_t n, char *const *names,
                        struct error *error);
    /* values[n], or [n][2] of a complex plot */
    enum status (*point)(void *data, const double *values, struct error *error);
    /* "name = value ...", of a measure */
    void (*text)(void *data, const char *line);
    /* what ngspice said of measures or commands that failed, after points that stand */
    void (*trouble)(void *data, const char *text);
    void (*begun)(void *data); /* or NULL; ngspice has the deck: a failure from now on is its own */
    void *data;
};

struct deck_run_options {
    bool trusted;
    bool plain;        /* the deck as it stands, without sources that sense currents */
    int seed;          /* of noise, 1 to CONFINE_ID_MOST */
    double step_max;   /* of a transient, in place of the deck's own [s]; 0: as it stands */
    double time_limit; /* wall seconds of all analyses */
    double spent;      /* of them already */
    volatile const int *interrupted; /* or NULL */
};

/* Run one analysis; with n_analyses, all that its .control blocks say.  A deck that ngspice cannot
 * read is STATUS_INPUT. */
enum status deck_run(const struct user_deck *deck, size_t analysis,
                     const struct deck_run_options *options, const struct deck_taker *taker,
                     struct error *error);

#endif
