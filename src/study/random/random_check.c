/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "report/new_file.h"
#include "study/random/random_deck_trial.h"
#include "study/random/random_tile_trial.h"
#include "sweep/workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DRAWS_MAX 100  /* of one testbench, until it is legal */
#define SIMPLER_MAX 30 /* runs that look for a simpler one */
#define QUEUE 2        /* numbers at a worker: what is left is given to who is free */
#define WAIT_MAX 0.2   /* a signal between looking and waiting goes unseen so long [s] */
#define LIMIT_PARTS                                                                                \
    100 /* of RANDOM_TIME: a number that takes longer than all its runs may is ended */

/* What is known of one number, on the way from the process that tried it. */
enum outcome {
    VERDICT,
    ILLEGAL_DRAWS,
    N_DEVICES,
    STATE_APART,
    ENERGY_APART,
    WHAT,
    TEXT, /* the testbench */
    N_OUTCOMES
};
static const struct sample_column outcomes[N_OUTCOMES] = {
    [VERDICT] = {"verdict", false},     [ILLEGAL_DRAWS] = {"drawn_again", false},
    [N_DEVICES] = {"devices", false},   [STATE_APART] = {"state", false},
    [ENERGY_APART] = {"energy", false}, [WHAT] = {"what", true},
    [TEXT] = {"testbench", true},
};

/* The kind whose turn it is. */
static const struct random_kind *kind_at(const struct random_options *o, size_t number)
{
    size_t n = 0, left;
    for (const struct random_kind *k = random_kinds; k->name; k++)
        n += !o->kind || strcmp(k->name, o->kind) == 0;
    left = number % n;
    for (const struct random_kind *k = random_kinds;; k++)
        if ((!o->kind || strcmp(k->name, o->kind) == 0) && left-- == 0)
            return k;
}

bool random_kind_known(const char *name)
{
    for (const struct random_kind *k = random_kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return true;
    return false;
}

/* Make a testbench that differs as simple as can be while it differs. */
static void simplify_testbench(struct random_testbench *b, const struct random_options *o,
                               struct trial *t)
{
    size_t tries = 0;
    for (size_t k = 0; k < b->n;) {
        bool simpler = false;
        for (unsigned step = 0; tries < SIMPLER_MAX && !simpler; step++) {
            struct random_testbench other = random_testbench_copy(b);
            struct trial now = {0};
            if (!random_testbench_simplify(&other, k, step)) {
                random_testbench_free(&other);
                break;
            }
            trial_testbench(&other, o, &now);
            tries++;
            simpler = now.verdict == DIFFERS;
            struct random_testbench *worse = simpler ? b : &other;
            random_testbench_free(worse);
            if (simpler) {
                *b = other;
                trial_free(t);
                *t = now;
            } else {
                trial_free(&now);
            }
            if (now.verdict == INTERRUPTED)
                return;
        }
        k += !simpler;
    }
}

/* The same of a deck, by leaving out one card after the other. */
static void simplify_deck(struct random_deck *d, const struct random_options *o, struct trial *t)
{
    size_t tries = 0;
    for (size_t k = d->n; k-- > 0 && tries < SIMPLER_MAX;) {
        struct random_deck other = random_deck_without(d, k);
        struct trial now = {0};
        trial_deck(&other, o, &now);
        tries++;
        const bool simpler = now.verdict == DIFFERS;
        random_deck_free(simpler ? d : &other);
        trial_free(simpler ? t : &now);
        if (simpler) {
            *d = other;
            *t = now;
            k = k > d->n ? d->n : k;
        }
        if (now.verdict == INTERRUPTED)
            return;
    }
}

/* Try a number: *t and *text, what was tried, are to be freed.  Returns how often it was drawn again. */
static unsigned try_testbench(size_t number, const struct random_options *o, struct trial *t,
                              char **text)
{
    struct random_testbench b = {0};
    unsigned again = 0;
    for (; again < DRAWS_MAX; again++) {
        random_testbench_free(&b);
        trial_free(t);
        b = random_testbench_draw(kind_at(o, number), o->seed, (uint32_t)number, again);
        trial_testbench(&b, o, t);
        if (t->verdict != ILLEGAL)
            break;
    }
    if (t->verdict == DIFFERS)
        simplify_testbench(&b, o, t);
    *text = random_testbench_text(&b);
    random_testbench_free(&b);
    return again;
}

static unsigned try_deck(size_t number, const struct random_options *o, struct trial *t,
                         char **text)
{
    struct random_deck d = random_deck_draw(kind_at(o, number), o->seed, (uint32_t)number);
    trial_deck(&d, o, t);
    if (t->verdict == DIFFERS)
        simplify_deck(&d, o, t);
    *text = random_deck_text(&d, DECK_AS_DRAWN, o->context->devices);
    random_deck_free(&d);
    return 0;
}

/* And of a tile. */
static void simplify_tile(struct random_tile *tile, const struct random_options *o, struct trial *t,
                          char **text)
{
    size_t tries = 0;
    for (size_t k = 0; k < random_tile_ways();) {
        struct random_tile other = *tile;
        struct trial now = {0};
        char *now_text = NULL;
        if (tries >= SIMPLER_MAX || !random_tile_simplify(&other, k)) {
            k++;
            continue;
        }
        trial_tile(&other, o, &now, &now_text);
        tries++;
        const bool simpler = now.verdict == DIFFERS, stop = now.verdict == INTERRUPTED;
        trial_free(simpler ? t : &now);
        free(simpler ? *text : now_text);
        if (simpler) {
            *tile = other;
            *t = now;
            *text = now_text;
        }
        if (stop)
            return;
        k += !simpler;
    }
}

static unsigned try_tile(size_t number, const struct random_options *o, struct trial *t,
                         char **text)
{
    struct random_tile tile = random_tile_draw(kind_at(o, number), o->seed, (uint32_t)number);
    trial_tile(&tile, o, t, text);
    if (t->verdict == DIFFERS)
        simplify_tile(&tile, o, t, text);
    return 0;
}

static void set_number(struct cell *row, enum outcome column, double value)
{
    row[column] = (struct cell){.kind = CELL_NUMBER, .number = value};
}

/* In a process of its own. */
static enum status run(void *data, size_t number, struct cell *row, struct error *error)
{
    const struct random_options *o = data;
    struct trial t = {0};
    char *text = NULL;
    const struct random_kind *kind = kind_at(o, number);
    const unsigned again = kind->experiment ? try_testbench(number, o, &t, &text)
                           : kind->tile     ? try_tile(number, o, &t, &text)
                                            : try_deck(number, o, &t, &text);
    (void)error;
    set_number(row, VERDICT, t.verdict == ILLEGAL ? FAILED : t.verdict);
    set_number(row, ILLEGAL_DRAWS, again);
    set_number(row, N_DEVICES, (double)t.devices);
    set_number(row, STATE_APART, t.state);
    set_number(row, ENERGY_APART, t.energy);
    row[WHAT] = (struct cell){.kind = CELL_TEXT, .text = memory_string(t.error.text)};
    row[TEXT] = (struct cell){.kind = CELL_TEXT, .text = text};
    trial_free(&t);
    return STATUS_OK;
}

/* What came back of all numbers. */
struct results {
    const struct random_options *options;
    struct sample_row *rows; /* options->n; without outputs where none has come */
    bool *come;              /* options->n */
    size_t n, found;
    size_t seats, *queued; /* seats: numbers at each worker */
    enum status status;    /* of the files that were written */
    struct error *error;
};

static enum verdict verdict_of(const struct sample_row *row)
{
    return row->state == ROW_DONE   ? (enum verdict)row->outputs[VERDICT].number
           : row->state == ROW_LATE ? SLOW
                                    : DIFFERS; /* a crash */
}

static char *file_name(const struct random_options *o, size_t number)
{
    const struct random_kind *k = kind_at(o, number);
    return memory_format("%s-%llu-%zu.%s", k->name, (unsigned long long)o->seed, number,
                         k->experiment ? "yaml"
                         : k->tile     ? "csv"
                                       : "cir");
}

static enum status write_file(const struct random_options *o, const struct sample_row *row,
                              struct error *error)
{
    struct new_file out;
    char *name = file_name(o, row->sample),
         *path = o->folder ? memory_format("%s/%s", o->folder, name) : memory_string(name);
    enum status status = new_file_begin(path, &out, error);
    if (status == STATUS_OK) {
        /* a deck's first line is its title */
        const struct random_kind *kind = kind_at(o, row->sample);
        fprintf(out.file, "%s %s\n%s", kind->experiment || kind->tile ? "#" : "*",
                row->outputs[WHAT].text, row->outputs[TEXT].text);
        status = new_file_end(&out, STATUS_OK, error);
    }
    free(name);
    free(path);
    return status;
}

static void take_row(void *data, size_t seat, struct sample_row row)
{
    struct results *r = data;
    r->rows[row.sample] = row;
    r->come[row.sample] = true;
    r->queued[seat]--;
    r->n++;
    if (verdict_of(&row) == SAME || verdict_of(&row) == INTERRUPTED)
        return;
    r->found++;
    if (row.state == ROW_DONE && r->status == STATUS_OK)
        r->status = write_file(r->options, &row, r->error);
}

static void tell(const struct results *r)
{
    const struct random_options *o = r->options;
    if (!o->progress)
        return;
    char *text = memory_format("%zu of %zu, %zu found", r->n, o->n, r->found);
    o->progress(o->progress_data, text);
    free(text);
}

/* All numbers, in worker processes. */
static enum status try_all(struct results *r, struct error *error)
{
    const struct random_options *o = r->options;
    const struct sample_job job = {.n = o->n,
                                   .n_columns = N_OUTCOMES,
                                   .columns = outcomes,
                                   .time_limit = LIMIT_PARTS * RANDOM_TIME,
                                   .data = (void *)o,
                                   .run = run};
    struct workers *workers = workers_new(&job, &(struct workers_options){.seats = r->seats});
    enum status status = STATUS_OK;
    size_t next = 0;
    while (r->n < o->n && status == STATUS_OK && r->status == STATUS_OK) {
        tell(r);
        if (o->context->interrupted && *o->context->interrupted)
            status = fail(error, STATUS_INTERRUPTED, "interrupted after %zu testbenches", r->n);
        for (size_t s = 0; s < r->seats && status == STATUS_OK; s++)
            while (r->queued[s] < QUEUE && next < o->n && status == STATUS_OK) {
                r->queued[s]++;
                status = workers_hand(workers, s, 1, &next, error);
                next++;
            }
        if (status == STATUS_OK)
            status = workers_wait(workers, WAIT_MAX, take_row, r, error);
    }
    workers_free(workers);
    return status == STATUS_OK ? r->status : status;
}

/* Of one kind. */
struct tally {
    size_t tried, of[N_VERDICTS], illegal, most_devices;
    double state, energy, wall;
};

enum {
    KIND,
    TITLE,
    TRIED,
    SAME_AS,
    DIFFER,
    FAIL,
    TOO_SLOW,
    REDRAWN,
    DEVICES,
    STATE,
    ENERGY,
    WALL,
    N_COLUMNS
};

static void add_tally(struct table *t, const struct random_kind *kind, const struct tally *a)
{
    const double numbers[N_COLUMNS] = {[TRIED] = (double)a->tried,
                                       [SAME_AS] = (double)a->of[SAME],
                                       [DIFFER] = (double)a->of[DIFFERS],
                                       [FAIL] = (double)a->of[FAILED],
                                       [TOO_SLOW] = (double)a->of[SLOW],
                                       [REDRAWN] = (double)a->illegal,
                                       [DEVICES] = (double)a->most_devices,
                                       [STATE] = a->state,
                                       [ENERGY] = a->energy,
                                       [WALL] = a->wall};
    table_row(t);
    table_text(t, KIND, kind->name);
    table_text(t, TITLE, kind->title);
    for (size_t c = TRIED; c < N_COLUMNS; c++)
        table_number(t, c, numbers[c]);
}

/* Count a row, and show it if it is not as it should be. */
static void add_row(const struct random_options *o, const struct sample_row *row, struct tally *a,
                    struct table *found)
{
    const enum verdict verdict = verdict_of(row);
    if (verdict == INTERRUPTED)
        return;
    a->tried++;
    a->of[verdict]++;
    a->wall += row->wall;
    if (row->state == ROW_DONE) {
        const size_t devices = (size_t)row->outputs[N_DEVICES].number;
        a->illegal += (size_t)row->outputs[ILLEGAL_DRAWS].number;
        a->most_devices = devices > a->most_devices ? devices : a->most_devices;
        a->state = fmax(a->state, row->outputs[STATE_APART].number);
        a->energy = fmax(a->energy, row->outputs[ENERGY_APART].number);
    }
    if (verdict == SAME)
        return;
    char *name = file_name(o, row->sample);
    table_row(found);
    table_text(found, 0, name);
    table_text(found, 1, row->state == ROW_CRASHED ? "crashed" : verdict_word(verdict));
    table_text(found, 2, row->state == ROW_DONE ? row->outputs[WHAT].text : row->failure);
    free(name);
}

/* STATUS_UNTRUSTED if the counts are not as they should be. */
static enum status judge(const struct tally *all, struct error *error)
{
    const double most = RANDOM_FAILED_PART * (double)all->tried;
    if (all->of[DIFFERS] > 0)
        return fail(error, STATUS_UNTRUSTED, "%zu of %zu testbenches differ", all->of[DIFFERS],
                    all->tried);
    if ((double)all->of[FAILED] > most)
        return fail(error, STATUS_UNTRUSTED,
                    "%zu of %zu testbenches failed by themselves, expected at most %g %%",
                    all->of[FAILED], all->tried, 100 * RANDOM_FAILED_PART);
    if ((double)all->of[SLOW] > most)
        return fail(error, STATUS_UNTRUSTED,
                    "%zu of %zu testbenches took an engine more than %d s, expected at most %g %%",
                    all->of[SLOW], all->tried, RANDOM_TIME, 100 * RANDOM_FAILED_PART);
    return STATUS_OK;
}

enum status random_check_run(const struct random_options *o, struct table **table,
                             struct table **found, struct error *error)
{
    static const char *const names[N_COLUMNS] = {"kind",     "circuits",    "tried",
                                                 "same",     "differ",      "failed",
                                                 "too_slow", "drawn_again", "most_devices",
                                                 "state",    "energy",      "wall_s"},
                             *const found_names[] = {"testbench", "verdict", "what"};
    static const int digits[N_COLUMNS] = {[STATE] = 2, [ENERGY] = 2, [WALL] = 3};
    struct tally tally[RANDOM_KINDS_MAX] = {{0}}, all = {0};
    struct results r = {.options = o,
                        .rows = NEW(o->n, struct sample_row),
                        .come = NEW(o->n, bool),
                        .seats = o->workers < o->n ? o->workers : o->n,
                        .error = error};
    r.queued = NEW(r.seats, size_t);
    *table = table_new(N_COLUMNS, names, digits);
    *found = table_new(3, found_names, NULL);
    const enum status status = try_all(&r, error);
    for (size_t i = 0; i < o->n; i++) {
        if (r.come[i])
            add_row(o, &r.rows[i], &tally[kind_at(o, i) - random_kinds], *found);
        sample_row_free(&r.rows[i]);
    }
    for (const struct random_kind *k = random_kinds; k->name; k++) {
        const struct tally *a = &tally[k - random_kinds];
        if (!o->kind || strcmp(k->name, o->kind) == 0)
            add_tally(*table, k, a);
        all.tried += a->tried;
        for (int v = 0; v < N_VERDICTS; v++)
            all.of[v] += a->of[v];
    }
    free(r.rows);
    free(r.come);
    free(r.queued);
    return status == STATUS_OK ? judge(&all, error) : status;
}
