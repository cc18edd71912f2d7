/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/simulation.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/spice_number.h"
#include "simulate/finer_run.h"
#include "simulate/simulation_signals.h"
#include "simulate/terminal_energy.h"
#include "wave/raw_plots.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const simulation_table_names[SIMULATION_TABLES] = {"deck",     "analyses", "values",
                                                               "measures", "account",  "energy"};

void simulation_tables(const struct simulation *s, struct table *tables[SIMULATION_TABLES])
{
    struct table *const all[] = {s->deck,     s->analyses, s->values,
                                 s->measures, s->account,  s->energy};
    memcpy(tables, all, sizeof all);
}

/* A run at half the largest step, in times of the first. */
#define FINER_TIME 3

/* The plot that runs. */
struct taking {
    const struct user_deck *deck;
    struct simulation *simulation;
    struct raw_plots *raw; /* or NULL */
    enum user_analysis_kind kind;
    const struct user_analysis *line; /* NULL: a .control block's */
    const char *analysis;             /* "tran", or of a .control block the plot's title */
    char *title;                      /* NULL: no plot has begun */
    size_t n, n_points;
    bool complex;
    char **names;                      /* n, copies */
    struct simulation_signals signals; /* of them, what goes to the raw file */
    double *row, *last;
    struct terminal_energy *energy; /* of a transient, else NULL */
    bool begun;                     /* ngspice has had the deck */
};

static void forget_plot(struct taking *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->names[i]);
    simulation_signals_free(&k->signals);
    free(k->title);
    free(k->names);
    free(k->row);
    free(k->last);
    terminal_energy_free(k->energy);
    k->title = NULL;
    k->names = NULL;
    k->row = k->last = NULL;
    k->energy = NULL;
    k->n = k->n_points = 0;
}

static void add_energy(struct taking *k)
{
    const struct user_deck *d = k->deck;
    struct table *t = k->simulation->energy;
    const struct terminal_total *totals = terminal_energy_totals(k->energy);
    const struct terminal_account a = terminal_energy_account(k->energy);
    for (size_t i = 0; i < d->n_elements; i++) {
        const struct user_element *e = &d->elements[i];
        const struct terminal_total *total = &totals[i];
        if (!total->active)
            continue;
        table_row(t);
        table_text(t, 0, k->analysis);
        table_text(t, 1, e->name);
        table_text(t, 2, e->kind);
        if (e->role == USER_DELIVERS)
            table_number(t, 3, 0.0 - total->energy);
        else if (e->role == USER_ABSORBS)
            table_number(t, 4, total->energy);
        else
            table_number(t, 5, total->stored);
        table_number(t, 6, total->error);
        table_number(t, 7, a.t1 > a.t0 ? total->energy / (a.t1 - a.t0) : 0);
        table_number(t, 8, total->peak);
    }
}

static void add_lost(struct simulation *s, const char *name)
{
    for (size_t i = 0; i < s->n_lost; i++) /* of another transient: few, as a rule */
        if (strcmp(s->lost[i], name) == 0)
            return;
    s->lost = memory_grow(s->lost, &s->lost_capacity, s->n_lost + 1, sizeof *s->lost);
    s->lost[s->n_lost++] = memory_string(name);
}

/* What the account misses, and its worst error. */
static void note_errors(struct taking *k, const struct terminal_account *a)
{
    struct simulation *s = k->simulation;
    const struct terminal_total *totals = terminal_energy_totals(k->energy);
    for (size_t i = 0; i < k->deck->n_unbooked; i++)
        add_lost(s, k->deck->unbooked[i]);
    for (size_t i = 0; i < k->deck->n_elements; i++)
        if (totals[i].lost)
            add_lost(s, k->deck->elements[i].name);
    s->worst_residual = fmax(s->worst_residual, a->residual_share);
    if (a->missed_share > s->worst_missed) {
        s->worst_missed = a->missed_share;
        s->missed_element = a->missed;
    }
    if (a->error_share <= s->worst_error)
        return;
    s->worst_error = a->error_share;
    s->worst_element = a->worst;
    s->worst_jumps = totals[a->worst].jumps > 0.5 * totals[a->worst].error;
}

static void add_moment(struct table *t, const char *analysis, const struct terminal_moment *m)
{
    table_row(t);
    table_text(t, 0, analysis);
    table_number(t, 1, m->t);
    table_number(t, 2, m->delivered);
    table_number(t, 3, m->absorbed);
    table_number(t, 4, m->stored);
}

static void add_account(struct taking *k)
{
    struct table *t = k->simulation->account;
    const struct terminal_account a = terminal_energy_account(k->energy);
    const double numbers[] = {a.t0,       a.t1,       a.delivered,      a.absorbed,   a.stored,
                              a.residual, a.turnover, a.residual_share, a.error_share};
    table_row(t);
    table_text(t, 0, k->analysis);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        table_number(t, 1 + i, numbers[i]);
    table_text(t, 10, a.by_construction ? "closed by construction" : "closes by law");
    table_number(t, 11, a.step_max);
    note_errors(k, &a);
    size_t n;
    const struct terminal_moment *moments = terminal_energy_moments(k->energy, &n);
    for (size_t i = 0; i < n; i++)
        add_moment(k->simulation->course, k->analysis, &moments[i]);
    if (n > 0 && moments[n - 1].t < a.t1) {
        const struct terminal_moment last = {a.t1, a.delivered, a.absorbed, a.stored};
        add_moment(k->simulation->course, k->analysis, &last);
    }
}

/* What a finished plot gives. */
static void end_plot(struct taking *k)
{
    struct simulation *s = k->simulation;
    if (!k->title)
        return;
    table_row(s->analyses);
    table_text(s->analyses, 0, k->analysis);
    table_text(s->analyses, 1, k->title);
    table_number(s->analyses, 2, (double)k->n_points);
    for (size_t i = 0; k->n_points == 1 && !k->complex && i < k->signals.n; i++) {
        table_row(s->values);
        table_text(s->values, 0, k->analysis);
        table_text(s->values, 1, k->signals.variables[i].name);
        table_number(s->values, 2, k->last[k->signals.vectors[i]]);
        table_text(s->values, 3, simulation_unit(k->signals.variables[i].type));
    }
    if (k->energy && k->n_points > 1) {
        terminal_energy_end(k->energy);
        add_energy(k);
        add_account(k);
    }
    forget_plot(k);
}

static enum status take_plot(void *data, const char *title, bool complex, size_t n,
                             char *const *names, struct error *error)
{
    struct taking *k = data;
    end_plot(k);
    k->title = memory_string(title);
    k->complex = complex;
    k->n = n;
    k->names = NEW(n + 1, char *);
    for (size_t i = 0; i < n; i++)
        k->names[i] = memory_string(names[i]);
    k->last = NEW(2 * n + 1, double);
    k->row = NEW(2 * n + 1, double);
    const enum status status = simulation_signals_choose(k->deck, n, k->names, &k->signals, error);
    if (status != STATUS_OK)
        return status;
    if (n > 0 && strcmp(names[0], "time") == 0)
        k->energy = terminal_energy_new(k->deck, k->line, n, names);
    if (k->deck->control)
        k->analysis = n > 0 && strcmp(names[0], "time") == 0        ? "tran"
                      : n > 0 && strcmp(names[0], "frequency") == 0 ? "ac"
                      : n > 0 && strstr(names[0], "-sweep")         ? "dc"
                                                                    : "op";
    if (k->raw)
        raw_plots_begin(k->raw, k->deck->text->title, title, complex, k->signals.n,
                        k->signals.variables);
    return STATUS_OK;
}

static enum status take_point(void *data, const double *values, struct error *error)
{
    struct taking *k = data;
    (void)error;
    const size_t numbers = k->complex ? 2 : 1;
    memcpy(k->last, values, numbers * k->n * sizeof *values);
    k->n_points++;
    for (size_t i = 0; i < k->signals.n; i++)
        memcpy(k->row + numbers * i, values + numbers * k->signals.vectors[i],
               numbers * sizeof *values);
    if (k->raw)
        raw_plots_point(k->raw, k->row);
    if (k->energy)
        terminal_energy_point(k->energy, values);
    return STATUS_OK;
}

static bool number_behind(const char *line, const char *word, double *value)
{
    const char *at = strstr(line, word);
    if (!at)
        return false;
    char *end;
    *value = strtod(at + strlen(word), &end);
    return end > at + strlen(word);
}

/* Does a line have this word, and the unit of what is measured there? */
static bool word_in(const char *line, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = line; (p = strcasestr(p, word)); p++)
        if (p > line && strchr(" \t", p[-1]) && (!p[n] || strchr(" \t=", p[n])))
            return true;
    return false;
}

/* Of what a measure of the deck gives, as far as its words tell. */
static const char *measure_unit(const struct taking *k, const char *name)
{
    const char *line = NULL, *scale = k->kind == ANALYSIS_TRAN ? "s"
                                      : k->kind == ANALYSIS_AC ? "Hz"
                                                               : "";
    for (size_t i = 0; i < k->deck->n_measures && !line; i++)
        if (strcasecmp(name, k->deck->measures[i].name) == 0)
            line = k->deck->text->lines[k->deck->measures[i].line].text;
    if (!line || word_in(line, "param") || word_in(line, "integ") || word_in(line, "deriv"))
        return "";
    if (word_in(line, "trig") || (word_in(line, "when") && !word_in(line, "find")))
        return scale;
    return strcasestr(line, " vdb(") || strcasestr(line, " idb(") ? "dB"
           : strcasestr(line, " v(") || strcasestr(line, " vm(")  ? "V"
           : strcasestr(line, " i(") || strcasestr(line, " im(")  ? "A"
                                                                  : "";
}

/* "name = value [at= x] [targ= x trig= x] [from= x to= x]" */
static void take_text(void *data, const char *line)
{
    struct taking *k = data;
    struct table *t = k->simulation->measures;
    char *name = memory_string_n(line, strcspn(line, " ="));
    bool asked = k->deck->control;
    double value, at;
    for (size_t i = 0; i < k->deck->n_measures; i++)
        asked = asked || strcasecmp(name, k->deck->measures[i].name) == 0;
    if (asked && number_behind(line, "=", &value)) {
        table_row(t);
        table_text(t, 0, k->analysis);
        table_text(t, 1, name);
        table_number(t, 2, value);
        table_text(t, 3, measure_unit(k, name));
        if (number_behind(line, " at=", &at) || number_behind(line, " targ=", &at))
            table_number(t, 4, at);
    }
    free(name);
}

/* Measures of this analysis of which nothing was said. */
static void missing_measures(struct taking *k, size_t first)
{
    struct table *t = k->simulation->measures;
    const size_t n = t->n_rows;
    for (size_t i = 0; i < k->deck->n_measures; i++) {
        bool there = k->deck->measures[i].kind != k->kind;
        for (size_t j = first; j < n && !there; j++)
            there = strcasecmp(t->cells[j * t->n_columns + 1].text, k->deck->measures[i].name) == 0;
        if (there)
            continue;
        table_row(t);
        table_text(t, 0, k->analysis);
        table_text(t, 1, k->deck->measures[i].name);
        k->simulation->failed_measures++;
    }
}

static void begin_tables(struct simulation *s, const struct user_deck *deck)
{
    static const char *const deck_names[] = {"title", "file", "version"},
                             *const analysis_names[] = {"analysis", "title", "points"},
                             *const value_names[] = {"analysis", "vector", "value", "unit"},
                             *const measure_names[] = {"analysis", "measure", "value", "unit",
                                                       "at"},
                             *const energy_names[] = {"analysis",    "element",    "kind",
                                                      "delivered_J", "absorbed_J", "stored_J",
                                                      "error_J",     "mean_W",     "peak_W"},
                             *const account_names[] = {"analysis",    "t0_s",       "t1_s",
                                                       "delivered_J", "absorbed_J", "stored_J",
                                                       "residual_J",  "turnover_J", "residual",
                                                       "error",       "closure",    "step_max_s"},
                             *const course_names[] = {"analysis", "t_s", "delivered_J",
                                                      "absorbed_J", "stored_J"};
    static const int measure_digits[] = {0, 0, 9, 0, 9},
                     energy_digits[] = {0, 0, 0, 6, 6, 6, 2, 4, 4}, value_digits[] = {0, 0, 7, 0},
                     account_digits[] = {0, 6, 6, 6, 6, 6, 3, 6, 3, 2, 0, 3};
    *s = (struct simulation){.deck = table_new(3, deck_names, NULL),
                             .analyses = table_new(3, analysis_names, NULL),
                             .values = table_new(4, value_names, value_digits),
                             .measures = table_new(5, measure_names, measure_digits),
                             .account = table_new(12, account_names, account_digits),
                             .energy = table_new(9, energy_names, energy_digits),
                             .course = table_new(5, course_names, NULL)};
    table_row(s->deck);
    table_text(s->deck, 0, deck->text->title);
    table_text(s->deck, 1, deck->text->files[0]);
    table_text(s->deck, 2, PACKAGE_VERSION);
}

static void take_trouble(void *data, const char *text)
{
    struct taking *k = data;
    char *all = k->simulation->trouble ? memory_format("%s; %s", k->simulation->trouble, text)
                                       : memory_string(text);
    free(k->simulation->trouble);
    k->simulation->trouble = all;
}

static void take_begun(void *data)
{
    struct taking *k = data;
    k->begun = true;
}

/* The first run's energies of a transient that began at `begun', or those of a second run.  Noise is
 * another one at other steps. */
static enum status refine(struct taking *k, size_t analysis, struct deck_run_options options,
                          double begun, struct error *error)
{
    const double took = clock_now() - begun;
    if (!k->energy || k->n_points < 2 || !k->line || k->deck->noise)
        return STATUS_OK;
    terminal_energy_end(k->energy);
    options.spent += took;
    if (!finer_run_helps(k->energy) || options.spent + FINER_TIME * took > options.time_limit)
        return STATUS_OK;
    const struct terminal_energy *first = k->energy;
    const double share = terminal_energy_account(first).error_share;
    const enum status status = finer_run(k->deck, analysis, &options, &k->energy, error);
    if (k->energy != first)
        k->simulation->first_error = fmax(k->simulation->first_error, share);
    return status;
}

/* All analyses, once.  *by_deck: it has failed in ngspice, not for want of a file or a process. */
static enum status simulate_once(const struct user_deck *deck,
                                 const struct deck_run_options *options, const char *raw,
                                 struct simulation *s, bool *by_deck, struct error *error)
{
    struct taking k = {.deck = deck, .simulation = s};
    struct deck_run_options left = *options;
    const struct deck_taker taker = {take_plot,    take_point, take_text,
                                     take_trouble, take_begun, &k};
    const double begun = clock_now() - options->spent;
    enum status status = STATUS_OK;
    begin_tables(s, deck);
    if (raw)
        status = raw_plots_open(raw, &k.raw, error);
    for (size_t a = 0; a < (deck->control ? 1 : deck->n_analyses) && status == STATUS_OK; a++) {
        const size_t first = s->measures->n_rows;
        if (!deck->control) {
            k.line = &deck->analyses[a];
            k.kind = k.line->kind;
            k.analysis = user_analysis_name(k.kind);
        }
        const double start = clock_now();
        left.spent = start - begun;
        status = deck_run(deck, deck->control ? deck->n_analyses : a, &left, &taker, error);
        if (status == STATUS_OK)
            status = refine(&k, a, left, start, error);
        if (status == STATUS_OK) {
            end_plot(&k);
            if (!deck->control)
                missing_measures(&k, first);
        }
    }
    forget_plot(&k);
    *by_deck = status != STATUS_OK && k.begun;
    struct error ignored;
    const enum status closed = raw_plots_close(k.raw, status == STATUS_OK ? error : &ignored);
    if (status == STATUS_OK)
        status = closed;
    if (status == STATUS_OK && s->analyses->n_rows == 0)
        status = fail(error, STATUS_INPUT, "%s: its .control block ran no analysis",
                      deck->text->files[0]);
    if (status != STATUS_OK)
        simulation_free(s);
    return status;
}

enum status simulate(const struct user_deck *deck, const struct deck_run_options *options,
                     const char *raw, struct simulation *s, struct error *error)
{
    struct deck_run_options again = *options;
    struct error second = {{0}};
    const double begun = clock_now();
    bool by_deck;
    const enum status status = simulate_once(deck, options, raw, s, &by_deck, error);
    again.plain = true;
    again.spent += clock_now() - begun;
    /* commands of a .control block may have done what is not to be done twice */
    if (!by_deck || status == STATUS_INTERRUPTED || options->plain || deck->control ||
        deck->n_senses == 0 || again.spent >= options->time_limit)
        return status;
    const enum status status_plain = simulate_once(deck, &again, raw, s, &by_deck, &second);
    if (status_plain == STATUS_OK)
        s->first_failure = memory_string(error->text);
    if (status_plain == STATUS_OK)
        return STATUS_OK;
    /* without what was put in, the message is about the deck alone */
    const bool time_is_up = clock_now() - begun + options->spent >= options->time_limit;
    if (!time_is_up || status_plain == STATUS_INTERRUPTED)
        *error = second;
    return time_is_up && status_plain != STATUS_INTERRUPTED ? status : status_plain;
}

void simulation_free(struct simulation *s)
{
    for (size_t i = 0; i < s->n_lost; i++)
        free(s->lost[i]);
    free(s->lost);
    free(s->trouble);
    free(s->first_failure);
    table_free(s->deck);
    table_free(s->analyses);
    table_free(s->values);
    table_free(s->measures);
    table_free(s->account);
    table_free(s->energy);
    table_free(s->course);
    *s = (struct simulation){0};
}

static void print_titled(const char *title, const struct table *t, FILE *out)
{
    if (t->n_rows == 0)
        return;
    fprintf(out, "\n%s\n", title);
    table_print(t, out);
}

static bool closed_by_construction(const struct table *account)
{
    const size_t column = table_column(account, "closure");
    for (size_t i = 0; i < account->n_rows; i++)
        if (strcmp(account->cells[i * account->n_columns + column].text,
                   "closed by construction") == 0)
            return true;
    return false;
}

void simulation_print(const struct user_deck *deck, const struct simulation *s, FILE *out)
{
    fprintf(out, "%s\n\n", deck->text->title);
    table_print(s->analyses, out);
    print_titled("values", s->values, out);
    print_titled("measures", s->measures, out);
    print_titled("energy at the terminals", s->energy, out);
    print_titled("account: delivered = absorbed + stored + residual; turnover: what changed hands; "
                 "residual: its share of that; error: the "
                 "largest error_J as such a share",
                 s->account, out);
    if (closed_by_construction(s->account))
        fputs("closed by construction: no capacitor or inductor is booked by its own law, so that "
              "the "
              "residual is 0 whatever is wrong; what counts is error_J\n",
              out);
    if (s->first_error > 0)
        fprintf(out,
                "energies of a second run at half the largest step; of the first the error was "
                "%.2g of what changed hands\n",
                s->first_error);
    for (size_t i = 0; i < s->n_lost; i++)
        fprintf(out, "not booked, but in the residual: %s\n", s->lost[i]);
}
