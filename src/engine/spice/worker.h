/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker process's side of the ngspice engine, and what goes over the two pipes. */
#ifndef SILVERBAR_ENGINE_SPICE_WORKER_H
#define SILVERBAR_ENGINE_SPICE_WORKER_H

#include "engine/engine.h"

#include <stdint.h>

/* Worker to parent: this header, then `size` bytes. */
enum worker_tag {
    WORKER_POINT = 1, /* double t, then n_saved doubles */
    WORKER_PHASE_END, /* the last point ended the phase; struct worker_end */
    WORKER_FAILED,    /* text */
    /* of a user's deck */
    WORKER_BEGUN,   /* the worker is ready: what fails from now on, ngspice fails at */
    WORKER_PLOT,    /* uint32_t complex; its name and its vectors' names, each with its NUL */
    WORKER_VALUES,  /* a double, or two, of each vector */
    WORKER_TEXT,    /* a line "NAME = VALUE ..." */
    WORKER_ENDED,   /* the analysis: what follows are measures */
    WORKER_TROUBLE, /* text: what was said of commands or measures that failed */
    WORKER_PROBED,  /* doubles, one for each probe */
    WORKER_UNREAD,  /* text: the deck could not be read */
    WORKER_DONE,
};

struct worker_header {
    uint32_t tag, size;
};

struct worker_end {
    double in_callbacks, wall; /* so far [s] */
    int32_t stop;              /* which has ended the phase, or -1 */
};

/* Parent to worker after WORKER_PHASE_END.  Unless `done`, n_stops stops follow, then n_externals doubles:
 * the voltages after the edge. */
struct worker_phase {
    int32_t done;
    uint32_t n_stops, edge_parts;
    double duration, edge; /* [s] */
};

struct worker_stop {
    uint32_t saved; /* index among the saved quantities */
    uint32_t rising;
    double level;
};

struct worker_setup {
    char **lines; /* the deck, ended by NULL */
    size_t n_saved;
    char **saved; /* n_saved: names of the vectors as ngspice delivers them */
    size_t n_externals;
    char **externals;      /* n_externals: names of the external sources */
    const double *initial; /* n_externals [V] */
    const char *directory; /* private, empty */
    int in, out;           /* pipes */
};

/* Runs in the forked child; never returns. */
void worker_main(const struct worker_setup *setup) __attribute__((noreturn));

/* A user's deck, run unchanged: all points of every plot and the lines printed for measures are sent. */
struct worker_deck {
    char **lines; /* ended by NULL */
    size_t n_probes;
    char **probes;      /* n_probes; if not NULL, the run matters no more than that it begins, and
                            * the values of these parameters are sent, 0 of one that is not there */
    bool trusted;       /* it may open files and run programs */
    bool control;       /* it has .control blocks, which say what is run */
    bool noise;         /* it has sources of noise, which need the seed */
    int seed;           /* 1 to CONFINE_ID_MOST */
    const char *folder; /* of a trusted deck: where it runs */
    const char *directory; /* private, empty */
    int in, out;           /* pipes */
};

void worker_deck_main(const struct worker_deck *deck) __attribute__((noreturn));

#endif
