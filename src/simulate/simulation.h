/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's deck, simulated: waveforms as a raw file, measures, and the energy account as tables. */
#ifndef SILVERBAR_SIMULATE_SIMULATION_H
#define SILVERBAR_SIMULATE_SIMULATION_H

#include "base/table.h"
#include "simulate/deck_run.h"

/* An account whose residual is a larger share of what changed hands is not to be trusted, nor one with
 * an element whose energy has a larger estimated error. */
#define SIMULATION_RESIDUAL 1e-3
#define SIMULATION_ERROR 1e-3
/* Nor one whose steps did not follow this part of a source's pulses. */
#define SIMULATION_MISSED 1e-3

struct simulation {
    struct table *deck;     /* title, file, version: one row */
    struct table *analyses; /* analysis, title, points */
    struct table *values;   /* analysis, vector, value: of plots with one point */
    struct table *measures; /* analysis, measure, value, at */
    struct table *account;  /* of each transient: a row of sums */
    struct table *energy;   /* of each transient and element */
    struct table *course;   /* of each transient: sums against time */
    size_t failed_measures;
    char *trouble;         /* what ngspice said of measures and commands that failed, or NULL */
    char *first_failure;   /* NULL, or why the deck was run again without sensing sources */
    double worst_residual; /* share of what changed hands */
    double worst_error;    /* estimated, of an element's energy; share of what changed hands */
    double first_error;    /* of a transient whose energies come from a second run, else 0 */
    bool worst_jumps;      /* most of it comes from jumps between two points */
    size_t worst_element;  /* index into the deck's */
    double worst_missed;   /* part of a source's pulses that the steps did not follow */
    size_t missed_element; /* that source, in the deck */
    size_t n_lost, lost_capacity;
    char **lost; /* n_lost: elements that are in no account, though they are in the circuit */
};

/* Run all analyses of the deck, a transient twice if that brings its energies' errors below the limit; `raw`: path of the waveforms' file, or NULL. */
enum status simulate(const struct user_deck *deck, const struct deck_run_options *options,
                     const char *raw, struct simulation *simulation, struct error *error);
void simulation_free(struct simulation *simulation);

/* All but `course`, by name. */
#define SIMULATION_TABLES 6
extern const char *const simulation_table_names[SIMULATION_TABLES];
void simulation_tables(const struct simulation *s, struct table *tables[SIMULATION_TABLES]);

/* What the account says, for people. */
void simulation_print(const struct user_deck *deck, const struct simulation *s, FILE *out);

#endif
