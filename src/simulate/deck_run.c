/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/deck_run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "engine/spice/worker.h"
#include "engine/spice/worker_link.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What ngspice is to run. */
struct lines {
    char **lines;   /* ended by NULL */
    size_t *origin; /* of each: which of the deck's lines it is */
    size_t n_probes;
    char **probes;  /* n_probes, or NULL: instead of plots these parameters are wanted */
    double *probed; /* n_probes */
};

struct run {
    const struct user_deck *deck;
    const struct deck_taker *taker; /* if there are probes, of the beginning only */
    const char *analysis;           /* for messages */
    struct error *error;
    struct worker_link link;
    size_t *origin, n_lines;
    size_t n_probes;
    double *probed; /* n_probes */
    bool ended;     /* the analysis: measures follow */
    /* the plot that runs */
    bool begun, complex;
    size_t n;
    char *text; /* the message of its names */
    char **names;
    size_t *from; /* n: where each is in what the worker sends */
    double *sent, *values;
};

static const char *place(const void *data, char text[PHASE_PLACE_SIZE])
{
    const struct run *r = data;
    if (!r->begun || r->n == 0)
        snprintf(text, PHASE_PLACE_SIZE, "before %s began", r->analysis);
    else
        snprintf(text, PHASE_PLACE_SIZE, "in %s at %.40s = %.6g", r->analysis, r->names[0],
                 r->values[0]);
    return text;
}

static void body(const void *data, const char *directory, int in, int out)
{
    struct worker_deck deck = *(const struct worker_deck *)data;
    deck.directory = directory;
    deck.in = in;
    deck.out = out;
    worker_deck_main(&deck);
}

/* A message of `size` bytes and a NUL, to be freed. */
static enum status receive_text(struct run *r, uint32_t size, char **text)
{
    *text = NEW((size_t)size + 1, char);
    return worker_link_receive(&r->link, *text, size);
}

static bool is_scale(const char *name)
{
    const size_t n = strlen(name);
    return strcmp(name, "time") == 0 || strcmp(name, "frequency") == 0 ||
           (n > 6 && strcmp(name + n - 6, "-sweep") == 0);
}

static void forget_plot(struct run *r)
{
    free(r->text);
    free(r->names);
    free(r->from);
    free(r->sent);
    free(r->values);
    r->text = NULL;
    r->names = NULL;
    r->from = NULL;
    r->sent = r->values = NULL;
    r->n = 0;
}

/* ngspice names the vectors from the last to the first. */
static enum status take_plot(struct run *r, uint32_t size)
{
    uint32_t complex;
    forget_plot(r);
    enum status status = receive_text(r, size, &r->text);
    if (status != STATUS_OK)
        return status;
    memcpy(&complex, r->text, sizeof complex);
    r->complex = complex;
    const char *title = r->text + sizeof complex, *first = title + strlen(title) + 1;
    for (const char *p = first; p < r->text + size; p += strlen(p) + 1)
        r->n++;
    r->names = NEW(r->n, char *);
    r->from = NEW(r->n, size_t);
    r->sent = NEW(2 * r->n + 1, double);
    r->values = NEW(2 * r->n + 1, double);
    char *p = r->text + (first - r->text);
    size_t scale = r->n;
    for (size_t i = r->n; i-- > 0; p += strlen(p) + 1) {
        r->names[i] = p;
        r->from[i] = r->n - 1 - i;
        if (is_scale(p))
            scale = i;
    }
    for (size_t i = scale; scale < r->n && i > 0; i--) {
        char *name = r->names[i];
        const size_t from = r->from[i];
        r->names[i] = r->names[i - 1];
        r->from[i] = r->from[i - 1];
        r->names[i - 1] = name;
        r->from[i - 1] = from;
    }
    r->begun = false;
    return r->taker->plot(r->taker->data, title, r->complex, r->n, r->names, r->error);
}

static enum status take_point(struct run *r, uint32_t size)
{
    const size_t numbers = r->complex ? 2 : 1;
    char where[PHASE_PLACE_SIZE];
    if (size != numbers * r->n * sizeof *r->sent)
        return fail(r->error, STATUS_NUMERICAL, "ngspice: a point of %u bytes", size);
    enum status status = worker_link_receive(&r->link, r->sent, size);
    for (size_t i = 0; i < r->n && status == STATUS_OK; i++)
        for (size_t k = 0; k < numbers && status == STATUS_OK; k++) {
            const double v = r->sent[numbers * r->from[i] + k];
            if (!isfinite(v))
                status = fail(r->error, STATUS_NUMERICAL, "ngspice: %s is not finite (%s)",
                              r->names[i], place(r, where));
            r->values[numbers * i + k] = v;
        }
    r->begun = true;
    return status == STATUS_OK ? r->taker->point(r->taker->data, r->values, r->error) : status;
}

/* "Error on line N or its substitute:; LINE; WHAT" names the line of the deck. */
static enum status unread(struct run *r, const char *text)
{
    unsigned long n = 0;
    const char *at = strstr(text, "on line ");
    if (!at)
        at = strstr(text, "line no. ");
    if (at)
        n = strtoul(at + strcspn(at, "0123456789"), NULL, 10);
    const struct deck_text *t = r->deck->text;
    if (n < 1 || n > r->n_lines || r->origin[n - 1] >= t->n_lines)
        return fail(r->error, STATUS_INPUT, "%s: ngspice: %s", t->files[0], text);
    const struct deck_line *l = &t->lines[r->origin[n - 1]];
    const char *what = strrchr(text, ';');
    /* the last of its sentences but "Error: circuit not parsed." */
    return fail_at(r->error, t->files[l->file], l->line, "'%s': ngspice:%s", l->text,
                   what ? what + 1 : text);
}

static enum status failed(struct run *r, const char *text)
{
    char where[PHASE_PLACE_SIZE];
    const bool tolerance = strstr(text, "imestep too small") || strstr(text, "onvergence");
    return fail(r->error, STATUS_NUMERICAL, "%s: ngspice: %s (%s)%s", r->deck->text->files[0], text,
                place(r, where), tolerance ? "; another .options reltol or abstol may help" : "");
}

static enum status follow(struct run *r)
{
    for (;;) {
        struct worker_header header;
        char *text = NULL;
        enum status status = worker_link_receive(&r->link, &header, sizeof header);
        if (status == STATUS_NUMERICAL && r->ended &&
            r->link.pid == 0) { /* it has died of a measure */
            r->taker->trouble(r->taker->data, r->error->text);
            r->error->text[0] = 0;
            return STATUS_OK;
        }
        if (status != STATUS_OK || header.tag == WORKER_DONE)
            return status;
        if (header.tag == WORKER_PLOT) {
            status = take_plot(r, header.size);
        } else if (header.tag == WORKER_VALUES) {
            status = take_point(r, header.size);
        } else if (header.tag == WORKER_PROBED) {
            assert(header.size == r->n_probes * sizeof *r->probed);
            status = worker_link_receive(&r->link, r->probed, header.size);
        } else if (header.tag == WORKER_ENDED) {
            r->ended = true;
        } else if (header.tag == WORKER_BEGUN) {
            if (r->taker->begun)
                r->taker->begun(r->taker->data);
        } else {
            status = receive_text(r, header.size, &text);
            if (status == STATUS_OK && header.tag == WORKER_TEXT)
                r->taker->text(r->taker->data, text);
            else if (status == STATUS_OK && header.tag == WORKER_TROUBLE)
                r->taker->trouble(r->taker->data, text);
            else if (status == STATUS_OK)
                status = header.tag == WORKER_UNREAD ? unread(r, text) : failed(r, text);
        }
        free(text);
        if (status != STATUS_OK)
            return status;
    }
}

/* Run these lines, which are taken over together with their origin. */
static enum status run_lines(const struct user_deck *deck, size_t analysis, const struct lines *l,
                             const struct deck_run_options *options, const struct deck_taker *taker,
                             struct error *error)
{
    struct run *r = NEW(1, struct run);
    const char *path = deck->text->files[0], *slash = strrchr(path, '/');
    char *folder = slash ? memory_string_n(path, (size_t)(slash - path) + 1) : memory_string("."),
         *name = analysis < deck->n_analyses
                     ? memory_format(".%s", user_analysis_name(deck->analyses[analysis].kind))
                     : memory_string(".control");
    r->deck = deck;
    r->taker = taker;
    r->analysis = name;
    r->error = error;
    r->link = (struct worker_link){.time_limit = options->time_limit,
                                   .spent = options->spent,
                                   .interrupted = options->interrupted,
                                   .place = place,
                                   .place_data = r,
                                   .error = error};
    r->origin = l->origin;
    r->probed = l->probed;
    r->n_probes = l->n_probes;
    while (l->lines[r->n_lines])
        r->n_lines++;
    char *real = realpath(folder, NULL);
    const struct worker_deck setup = {.lines = l->lines,
                                      .n_probes = l->n_probes,
                                      .probes = l->probes,
                                      .trusted = options->trusted,
                                      .control = deck->control && !l->probes,
                                      .noise = deck->noise && !deck->control,
                                      .seed = options->seed,
                                      .folder = real ? real : "/"};
    enum status status = options->trusted ? STATUS_OK : worker_link_screen(l->lines, error);
    if (status == STATUS_OK) {
        status = worker_link_start(&r->link, body, &setup);
        if (status == STATUS_OK)
            status = follow(r);
        worker_link_end(&r->link, status);
    }
    for (size_t i = 0; i < r->n_lines; i++)
        free(l->lines[i]);
    free(l->lines);
    forget_plot(r);
    free(r->origin);
    free(real);
    free(folder);
    free(name);
    free(r);
    return status;
}

/* initial[n_senses] of user_deck_lines(), to be freed. */
static enum status find_initial(const struct user_deck *deck, size_t analysis,
                                const struct deck_run_options *options,
                                const struct deck_taker *taker, double **initial,
                                struct error *error)
{
    struct lines l = {0};
    l.lines = user_deck_probe_lines(deck, analysis, &l.probes, &l.origin);
    l.n_probes = deck->n_senses;
    *initial = l.probed = NEW(deck->n_senses, double);
    const enum status status = run_lines(deck, analysis, &l, options, taker, error);
    for (size_t i = 0; i < l.n_probes; i++)
        free(l.probes[i]);
    free(l.probes);
    return status;
}

/* Put another largest step into the line of a transient. */
static void set_step(const struct user_deck *deck, size_t analysis, double step_max,
                     const struct lines *l)
{
    char *text = step_max > 0 ? user_deck_tran_line(deck, analysis, step_max) : NULL;
    for (size_t i = 0; text && l->lines[i]; i++)
        if (l->origin[i] == deck->analyses[analysis].line) {
            free(l->lines[i]);
            l->lines[i] = memory_string(text);
        }
    free(text);
}

enum status deck_run(const struct user_deck *deck, size_t analysis,
                     const struct deck_run_options *options, const struct deck_taker *taker,
                     struct error *error)
{
    struct deck_run_options left = *options;
    const double begun = clock_now();
    double *initial = NULL;
    enum status status = STATUS_OK;
    if (!options->plain && user_deck_needs_initial(deck, analysis))
        status = find_initial(deck, analysis, options, taker, &initial, error);
    if (status == STATUS_OK) {
        struct lines l = {0};
        l.lines = options->plain ? user_deck_plain_lines(deck, analysis, &l.origin)
                                 : user_deck_lines(deck, analysis, initial, &l.origin);
        set_step(deck, analysis, options->step_max, &l);
        left.spent += clock_now() - begun;
        status = run_lines(deck, analysis, &l, &left, taker, error);
    }
    free(initial);
    return status;
}
