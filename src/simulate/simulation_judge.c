/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/simulation_judge.h"

enum status simulation_judge(const struct user_deck *deck, const struct simulation *s,
                             struct error *error)
{
    const char *file = deck->text->files[0];
    if (s->failed_measures > 0)
        return fail(error, STATUS_NUMERICAL, "%s: %zu measures have no value%s%s", file,
                    s->failed_measures, s->trouble ? ": " : "", s->trouble ? s->trouble : "");
    if (s->trouble)
        return fail(error, STATUS_NUMERICAL, "%s: ngspice: %s", file, s->trouble);
    if (s->first_failure && s->account->n_rows > 0)
        return fail(
            error, STATUS_UNTRUSTED,
            "%s: run again without the sources that sense currents, so that %zu elements are "
            "not booked; with them: %s",
            file, s->n_lost, s->first_failure);
    if (s->n_lost > 0)
        return fail(error, STATUS_UNTRUSTED, "%s: the energy of %s%s is not booked", file,
                    s->lost[0], s->n_lost > 1 ? " and others" : "");
    if (deck->thermal > 0 && s->account->n_rows > 0) {
        const struct deck_line *l = &deck->text->lines[deck->thermal - 1];
        return fail(
            error, STATUS_UNTRUSTED,
            "%s:%d: '%s' has thermal nodes, whose kelvins and watts are booked as volts and "
            "amperes: the energies are not those of the circuit",
            deck->text->files[l->file], l->line, l->text);
    }
    if (s->worst_residual > SIMULATION_RESIDUAL)
        return fail(error, STATUS_UNTRUSTED,
                    "%s: residual of the energy account is %.2g of what changed hands, expected at "
                    "most %g; .options reltol or a shorter step of .tran may help",
                    file, s->worst_residual, SIMULATION_RESIDUAL);
    if (s->worst_error > SIMULATION_ERROR)
        return fail(
            error, STATUS_UNTRUSTED,
            "%s: estimated error of the energy of %s is %.2g of what changed hands, expected "
            "at most %g; %sa shorter largest step (the fourth number of .tran) may help",
            file, deck->elements[s->worst_element].name, s->worst_error, SIMULATION_ERROR,
            s->worst_jumps ? "most of it is where voltages or currents jump between two "
                             "points; "
                           : "");
    if (s->worst_missed > SIMULATION_MISSED) {
        const struct deck_line *l = &deck->text->lines[deck->elements[s->missed_element].line];
        return fail(error, STATUS_UNTRUSTED,
                    "%s:%d: ngspice did not follow %.2g of the pulses of %s, expected at most %g: "
                    "they or their edges are too short for its steps; longer edges, or a shorter "
                    "largest step (the fourth number of .tran) may help",
                    deck->text->files[l->file], l->line, s->worst_missed,
                    deck->elements[s->missed_element].name, SIMULATION_MISSED);
    }
    return STATUS_OK;
}
