/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One circuit with one drive in all engines, and every two of them compared. */
#ifndef SILVERBAR_STUDY_RANDOM_RANDOM_TRIAL_H
#define SILVERBAR_STUDY_RANDOM_RANDOM_TRIAL_H

#include "compare/case_result.h"
#include "compare/check.h"
#include "study/random/random_testbench.h"

#define OPINIONS_MAX 8

/* Of a run of an engine [s].  What is drawn shall take the slowest of them about five seconds; one that
 * takes longer than this, on a machine that others use as well, counts as too slow. */
#define RANDOM_TIME 300

/* A class of energy counts if it has this part of the section's total; its difference may be
 * CHECK_ENERGY or what the two runs estimate of their errors, whichever is smaller, but need not be
 * less than the second part of the total. */
#define RANDOM_CLASS_PART 1e-6
#define RANDOM_ENERGY_FLOOR 1e-9

/* What came of it, with the word in tables. */
/* clang-format off */
#define VERDICTS(V)                                                                                \
    V(SAME,        "same")                                                                         \
    V(DIFFERS,     "differs")                                                                      \
    V(FAILED,      "failed")     /* an engine gave up with a message */                            \
    V(SLOW,        "too slow")   /* an engine took longer than RANDOM_TIME */                      \
    V(ILLEGAL,     "illegal")    /* what was drawn is no testbench */                              \
    V(INTERRUPTED, "interrupted")
/* clang-format on */
#define VERDICT_ENUM(name, word) name,
enum verdict { VERDICTS(VERDICT_ENUM) N_VERDICTS };
#undef VERDICT_ENUM
const char *verdict_word(enum verdict verdict);

struct random_options {
    const char *kind;  /* name of one kind, or NULL: all in turn */
    size_t n, workers; /* workers >= 1: processes */
    uint64_t seed;
    struct engine_options solver; /* of the engines but ngspice */
    const struct experiment_context *context;
    const char *folder;                             /* where failing testbenches are written */
    void (*progress)(void *data, const char *text); /* or NULL */
    void *progress_data;
};

struct opinion {
    char *name; /* of the engine with its method, or "law" */
    enum status status;
    double part;    /* error of a class of energy that its tolerances alone may leave */
    bool reference; /* ngspice, which may be asked again */
    bool coarse;    /* its energies may be known to no more than its own estimate of their errors */
    struct case_result result;
};

struct trial {
    enum verdict verdict;
    size_t n, devices;
    struct opinion opinions[OPINIONS_MAX]; /* n */
    double state, energy;                  /* largest differences of a pair */
    struct error error;                    /* its text: of a difference or failure */
};

void trial_free(struct trial *trial);

/* All engines; those but ngspice; ida, which takes any circuit. */
enum asked { ASK_ALL, ASK_OWN, ASK_IDA };

/* Ask them.  *trial begins as {.verdict = SAME}. */
void trial_ask_all(struct trial *trial, const struct study_case *k, enum asked asked,
                   const struct random_options *options);

/* An opinion to be filled in, and what became of it. */
struct opinion *trial_opinion(struct trial *trial, const char *name);
void trial_told(struct trial *trial, const struct opinion *opinion, double wall,
                const struct error *error);

/* Compare all that were given; ngspice is asked again, more strictly, where it stands alone. */
void trial_judge(struct trial *trial, const struct study_case *k,
                 const struct random_options *options);

/* A difference of `by` where `most` is allowed; the first one's text stays. */
void trial_differs(struct trial *trial, const char *who, const char *what, double by, double most);

/* Of a testbench; *trial is to be freed in any case. */
void trial_testbench(const struct random_testbench *testbench, const struct random_options *options,
                     struct trial *trial);

#endif
