/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/finer_run.h"

#include "simulate/simulation.h"

#include <string.h>

#define FINER 0.5 /* of the largest step */

struct finer {
    const struct user_deck *deck;
    size_t analysis;
    struct terminal_energy *energy;
};

bool finer_run_helps(const struct terminal_energy *energy)
{
    const struct terminal_account a = terminal_energy_account(energy);
    if (!(a.error_share > SIMULATION_ERROR))
        return false;
    const struct terminal_total *worst = &terminal_energy_totals(energy)[a.worst];
    const double jumps = worst->jumps / worst->error;
    return a.error_share * (jumps * FINER + (1 - jumps) * FINER * FINER) <= SIMULATION_ERROR;
}

static enum status take_plot(void *data, const char *title, bool complex, size_t n,
                             char *const *names, struct error *error)
{
    struct finer *f = data;
    (void)title, (void)complex, (void)error;
    terminal_energy_free(f->energy);
    f->energy = n > 0 && strcmp(names[0], "time") == 0
                    ? terminal_energy_new(f->deck, &f->deck->analyses[f->analysis], n, names)
                    : NULL;
    return STATUS_OK;
}

static enum status take_point(void *data, const double *values, struct error *error)
{
    struct finer *f = data;
    (void)error;
    if (f->energy)
        terminal_energy_point(f->energy, values);
    return STATUS_OK;
}

/* Measures are those of the first run. */
static void pass_over(void *data, const char *text)
{
    (void)data, (void)text;
}

/* Does the second run cover what the first does, with smaller errors? */
static bool is_better(const struct terminal_energy *first, const struct terminal_energy *second)
{
    const struct terminal_account a = terminal_energy_account(first),
                                  b = terminal_energy_account(second);
    return !(b.t1 < a.t1 || b.t1 > a.t1) && b.error_share < a.error_share;
}

enum status finer_run(const struct user_deck *deck, size_t analysis,
                      const struct deck_run_options *options, struct terminal_energy **energy,
                      struct error *error)
{
    struct finer f = {.deck = deck, .analysis = analysis};
    const struct deck_taker taker = {take_plot, take_point, pass_over, pass_over, NULL, &f};
    struct deck_run_options finer = *options;
    struct error why = {{0}};
    finer.step_max = FINER * terminal_energy_account(*energy).step_max;
    const enum status status = deck_run(deck, analysis, &finer, &taker, &why);
    if (f.energy)
        terminal_energy_end(f.energy);
    if (status == STATUS_OK && f.energy && is_better(*energy, f.energy)) {
        struct terminal_energy *swap = *energy;
        *energy = f.energy;
        f.energy = swap;
    }
    terminal_energy_free(f.energy);
    if (status == STATUS_INTERRUPTED)
        *error = why;
    return status == STATUS_INTERRUPTED ? status : STATUS_OK;
}
