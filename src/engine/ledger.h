/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The energy account of a run: every joule by class, by element, by kind and section of the phase.
 *
 * Energies count as absorbed; a source that delivers absorbs a negative energy.  By Tellegen's theorem
 * absorbed and stored energies equal the delivered ones.  This is checked for two sets of elements,
 * which an engine can get wrong independently of each other:
 *   supply: all elements, against what all sources deliver (node 0 as reference);
 *   array:  drivers, lines, switches, memristors and references with what crosses the boundaries to
 *           neurons and supply, against what enters the array net. */
#ifndef SILVERBAR_ENGINE_LEDGER_H
#define SILVERBAR_ENGINE_LEDGER_H

#include "engine/engine.h"

/* One section of a run. */
struct ledger_total {
    double by_class[PHASE_KINDS_MAX][ENERGY_CLASSES]; /* dissipated or stored, sources apart [J] */
    double error_by_class[ENERGY_CLASSES];            /* sum over phases of |estimate| [J] */
    double delivered;                                 /* by all sources [J] */
    double delivered_supply, delivered_drivers;       /* of it */
    double array_in;                                  /* net into the array [J] */
    double array_absorbed;                            /* dissipated or stored in the array [J] */
    double t0, t1;                                    /* [s]; t0 < 0: no such phase */
};

/* Energies are added by element as they come; classes and sides are looked up when a total is asked for,
 * which is seldom. */
struct ledger {
    const struct circuit *circuit;
    const struct phase_names *names; /* of the run */
    bool begun;                      /* time has passed */
    double *elements;                /* n_sections x n_kinds x n_elements [J] */
    double t0[PHASE_SECTIONS_MAX], t1[PHASE_SECTIONS_MAX];
    double error[PHASE_SECTIONS_MAX][ENERGY_CLASSES];
    double phase_error[ENERGY_CLASSES]; /* of the phase that runs, signed */
};

/* `names`: of the run's phases, as in struct controller. */
struct ledger *ledger_new(const struct circuit *circuit, const struct phase_names *names);
void ledger_free(struct ledger *ledger);
struct recorder ledger_recorder(struct ledger *ledger);

/* Totals of a section so far; the energy that one element has absorbed in it [J]. */
struct ledger_total ledger_section(const struct ledger *ledger, int section);
double ledger_element(const struct ledger *ledger, int section, size_t element);

/* Sums of a section's total [J]: of one class over kinds, of one kind over classes, of all. */
double ledger_class(const struct ledger_total *total, enum energy_class class);
double ledger_kind(const struct ledger_total *total, int kind);
double ledger_energy(const struct ledger_total *total);

/* |delivered - absorbed| / delivered: of training or of inference, whichever is larger. */
double ledger_residual_supply(const struct ledger *ledger);
double ledger_residual_array(const struct ledger *ledger);

#endif
