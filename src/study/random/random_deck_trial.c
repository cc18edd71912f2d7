/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_deck_trial.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/memory.h"
#include "base/unfinished.h"
#include "simulate/simulation_judge.h"
#include "study/random/random_deck_meter.h"
#include "study/random/random_deck_native.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of an energy of the metered run, beside its estimate: what ngspice's own tolerances leave in states. */
#define METERED_PART 1e-4

#define ESTIMATES 2.0 /* an estimate may be so many times too small */
/* What is left of a difference at an eighth of the step: a method of the first order leaves half of this. */
#define LEFT 0.25

static bool is_source(char letter)
{
    return letter == 'V' || letter == 'I';
}

static bool stores(char letter)
{
    return letter == 'C' || letter == 'L';
}

/* ---- files ---- */

/* A folder below TMPDIR, removed in the end with what is in it. */
struct scratch {
    int lock;
    char *folder;
};

static enum status write_file(const struct scratch *s, const char *name, const char *text,
                              char **path, struct error *error)
{
    *path = memory_format("%s/%s", s->folder, name);
    FILE *out = fopen(*path, "w");
    const bool good = out && fputs(text, out) >= 0;
    if ((out && fclose(out) != 0) || !good)
        return fail(error, STATUS_INPUT, "%s cannot be written", *path);
    return STATUS_OK;
}

static enum status read_deck(const struct scratch *s, const struct random_deck *d,
                             const struct random_options *o, enum random_deck_form form,
                             struct user_deck **deck, struct error *error)
{
    char *text = random_deck_text(d, form, o->context->devices), *path,
         *whole = memory_format("* drawn\n%s", text);
    enum status status =
        write_file(s, form == DECK_AS_DRAWN || form == DECK_FINE ? "drawn.cir" : "metered.cir",
                   whole, &path, error);
    if (status == STATUS_OK)
        status = user_deck_read(path, false, deck, error);
    free(whole);
    free(text);
    free(path);
    return status;
}

static struct deck_run_options run_options(const struct random_options *o)
{
    return (struct deck_run_options){
        .seed = 1, .time_limit = RANDOM_TIME, .interrupted = o->context->interrupted};
}

/* ---- what each side says ---- */

/* What `sim' says. */
struct account {
    double t0, turnover; /* [s], [J] */
    struct booked cards;
};

static double cell_number(const struct table *t, size_t row, const char *column)
{
    const struct cell *c = &t->cells[row * t->n_columns + table_column(t, column)];
    return c->kind == CELL_NUMBER ? c->number : NAN;
}

/* What `sim' says; elements that it does not have stay NAN. */
static void take_simulation(const struct random_deck *d, const struct simulation *s,
                            struct booked *b)
{
    const struct table *t = s->energy;
    for (size_t k = 0; k < d->n; k++) {
        b->energy[k] = b->error[k] = NAN;
        for (size_t row = 0; row < t->n_rows; row++) {
            if (strcmp(t->cells[row * t->n_columns + 1].text, d->cards[k].name) != 0)
                continue;
            const char letter = d->cards[k].letter;
            b->energy[k] = is_source(letter) ? -cell_number(t, row, "delivered_J")
                           : stores(letter)  ? cell_number(t, row, "stored_J")
                                             : cell_number(t, row, "absorbed_J");
            b->error[k] = cell_number(t, row, "error_J");
        }
    }
}

/* What both metered runs tell, from t0 [s] on. */
static enum status run_metered(const struct random_deck *d, const struct scratch *s,
                               const struct random_options *o, double t0, struct booked *fine,
                               struct error *error)
{
    static const enum random_deck_form forms[] = {DECK_METERED, DECK_METERED_FINE};
    const struct deck_run_options options = run_options(o);
    struct booked coarse = booked_new(d->n);
    enum status status = STATUS_OK;
    for (int run = 0; run < 2 && status == STATUS_OK; run++) {
        struct user_deck *deck = NULL;
        status = read_deck(s, d, o, forms[run], &deck, error);
        if (status == STATUS_OK)
            status = random_deck_meter(d, deck, t0, &options, run == 0 ? &coarse : fine, error);
        user_deck_free(deck);
    }
    for (size_t k = 0; k < d->n && status == STATUS_OK; k++) {
        const double apart = fabs(coarse.energy[k] - fine->energy[k]);
        fine->error[k] = fmax(ESTIMATES * fine->error[k], LEFT * apart);
        fine->moved[k] = fmax(0, apart - ESTIMATES * (coarse.error[k] + fine->error[k]));
    }
    booked_free(&coarse);
    return status;
}

/* As `silverbar sim' does it, with its judgement. */
static enum status run_sim(const struct random_deck *d, const struct scratch *s,
                           const struct random_options *o, enum random_deck_form form,
                           struct account *account, struct error *error)
{
    struct user_deck *deck = NULL;
    struct simulation simulation = {0};
    const struct deck_run_options run = run_options(o);
    enum status status = read_deck(s, d, o, form, &deck, error);
    if (status == STATUS_OK)
        status = simulate(deck, &run, NULL, &simulation, error);
    if (status == STATUS_OK) {
        take_simulation(d, &simulation, &account->cards);
        account->t0 = cell_number(simulation.account, 0, "t0_s");
        account->turnover = cell_number(simulation.account, 0, "turnover_J");
        status = simulation_judge(deck, &simulation, error);
        simulation_free(&simulation);
    }
    user_deck_free(deck);
    return status;
}

/* What is below this is nothing: the least source drives some microwatts for a microsecond [J]. */
#define TURNOVER_LEAST 1e-18

static void compare(struct trial *t, const struct random_deck *d, const struct account *account,
                    const struct booked *fine)
{
    const struct booked *sim = &account->cards;
    double turnover = account->turnover;
    double all = 0; /* of parts that carry signals too, in which no account sums */
    for (size_t k = 0; k < d->n; k++)
        all += 0.5 * fine->turnover[k];
    turnover = fmax(turnover, all);
    for (size_t k = 0; k < d->n; k++) {
        if (d->cards[k].letter == 'K')
            continue;
        const double by = fabs(sim->energy[k] - fine->energy[k]),
                     known = ESTIMATES * (sim->error[k] + fine->moved[k]) + fine->error[k],
                     most = known + RANDOM_DECK_ENERGY * turnover;
        t->energy = fmax(t->energy, by / turnover);
        if (by <= most)
            continue;
        char *what =
            memory_format("energies of %s, as shares of what changed hands,", d->cards[k].name);
        trial_differs(t, "sim and metered", what, by / turnover, most / turnover);
        free(what);
    }
}

/* `sim' at the fine steps, against the fine run alone: by how much ngspice's solution moved was known from
 * two runs only, and a state that stops within a step can move more. */
static enum status compare_again(struct trial *t, const struct random_deck *d,
                                 const struct scratch *s, const struct random_options *o,
                                 struct error *error)
{
    const struct deck_run_options options = run_options(o);
    struct account account = {.cards = booked_new(d->n)};
    struct booked fine = booked_new(d->n);
    struct user_deck *deck = NULL;
    enum status status = run_sim(d, s, o, DECK_FINE, &account, error);
    if (status == STATUS_OK)
        status = read_deck(s, d, o, DECK_METERED_FINE, &deck, error);
    if (status == STATUS_OK)
        status = random_deck_meter(d, deck, account.t0, &options, &fine, error);
    if (status == STATUS_OK) {
        t->verdict = SAME;
        t->energy = 0;
        compare(t, d, &account, &fine);
    }
    user_deck_free(deck);
    booked_free(&account.cards);
    booked_free(&fine);
    return status;
}

/* ---- engines ---- */

/* The metered run as an engine's: energies by class, states. */
static void add_metered(struct trial *t, const struct random_deck *d, const struct booked *b)
{
    struct opinion *o = trial_opinion(t, "metered");
    struct case_result *r = &o->result;
    o->coarse = true;
    o->part = METERED_PART;
    *r = (struct case_result){
        .states = NEW(d->n, double), .accuracy = NAN, .waveform_difference = NAN};
    for (int s = 0; s < PHASE_SECTIONS; s++)
        for (int class = 0; class < ENERGY_CLASSES; class ++)
            r->energy[s][class] = NAN;
    for (size_t k = 0; k < d->n; k++) {
        const char letter = d->cards[k].letter;
        double *energy = &r->energy[SECTION_TRAINING][random_card_class(letter)];
        if (letter == 'X')
            r->states[r->n_states++] = b->states[k];
        if (is_source(letter) || stores(letter) || letter == 'K')
            continue;
        *energy = (isnan(*energy) ? 0 : *energy) + b->energy[k];
        r->error[SECTION_TRAINING][random_card_class(letter)] += b->error[k];
    }
}

static void ask_engines(struct trial *t, const struct random_deck *d, const struct scratch *s,
                        const struct random_options *o, const struct booked *metered)
{
    struct random_native v = {0};
    struct error error = {{0}};
    char *text = random_deck_cell(d), *path;
    enum status status = write_file(s, "cell.sub", text, &path, &error);
    if (status == STATUS_OK)
        status = random_native_build(d, path, o->context->devices, &v, &error);
    if (status == STATUS_OK) {
        add_metered(t, d, metered);
        trial_ask_all(t, &v.k, ASK_IDA, o);
        trial_judge(t, &v.k, o);
    } else if (t->verdict == SAME) {
        t->verdict = FAILED;
        t->error = error;
    }
    random_native_free(&v);
    free(text);
    free(path);
}

/* ---- all ---- */

/* Messages name files, but not where they were. */
static void forget_folder(const char *folder, char *text)
{
    char *prefix = memory_format("%s/", folder);
    const size_t n = strlen(prefix);
    for (char *at = text; (at = strstr(at, prefix));)
        memmove(at, at + n, strlen(at + n) + 1);
    free(prefix);
}

void trial_deck(const struct random_deck *d, const struct random_options *o, struct trial *t)
{
    struct scratch s = {-1, NULL};
    struct booked metered = booked_new(d->n);
    struct account account = {.cards = booked_new(d->n)};
    struct error error = {{0}};
    *t = (struct trial){.verdict = SAME, .devices = d->n};
    const double begin = clock_now();
    const char *who = "sim";
    enum status status = STATUS_OK;
    s.lock = unfinished_scratch(&s.folder, &error);
    if (s.lock < 0)
        status = STATUS_INPUT;
    if (status == STATUS_OK)
        status = run_sim(d, &s, o, DECK_AS_DRAWN, &account, &error);
    if (status == STATUS_OK) {
        who = "metered";
        status = run_metered(d, &s, o, account.t0, &metered, &error);
    }
    const bool alive = account.turnover > TURNOVER_LEAST;
    if (status == STATUS_OK && alive)
        compare(t, d, &account, &metered);
    if (status == STATUS_OK && t->verdict == DIFFERS) {
        who = "sim at fine steps";
        status = compare_again(t, d, &s, o, &error);
    }
    if (status != STATUS_OK) {
        t->verdict = status == STATUS_INTERRUPTED         ? INTERRUPTED
                     : clock_now() - begin >= RANDOM_TIME ? SLOW
                                                          : FAILED;
        fail(&t->error, status, "%s: %s", who, error.text);
    } else if (alive && d->native) {
        ask_engines(t, d, &s, o, &metered);
    }
    if (s.folder) {
        forget_folder(s.folder, t->error.text);
        directory_remove(s.folder);
    }
    if (s.lock >= 0)
        close(s.lock);
    free(s.folder);
    booked_free(&account.cards);
    booked_free(&metered);
}
