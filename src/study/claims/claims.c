/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading of claims, and their job. */
#include "study/claims/claims.h"

#include "base/directory.h"
#include "base/memory.h"
#include "study/claims/claims_internal.h"
#include "study/yaml_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_MAX 32
#define VARIATIONS_MAX 64

const char *const claim_figures[] = {"mean", "difference", "ratio", NULL};

#define AT(field) offsetof(struct claim_text, field)
static const struct key claim_keys[] = {
    TEXT_KEY("claim", AT(claim), "its number and name"),
    TEXT_KEY("what", AT(what), "what the figure is"),
    TEXT_KEY("published", AT(published), "the published figure"),
    TEXT_KEY("testbench", AT(testbench), "file beside this one"),
    TEXT_KEY("output", AT(output), "column of its samples"),
    TEXT_KEY("less", AT(less), "column that is subtracted from it"),
    TEXT_KEY("limit", AT(limit), "column of the most that it can be"),
    CHOICE_KEY("as", AT(as), claim_figures, "of the output at and against"),
    NUMBER_KEY("low", AT(low), "1", -1e300, 1e300, "lower end of the region"),
    NUMBER_KEY("high", AT(high), "1", -1e300, 1e300, "upper end of the region"),
    FLAG_KEY("compare_only", AT(compare_only), "no verdict can be given"),
    FLAG_KEY("spot_check", AT(spot_check), "some replicas in other engines"),
    FLAG_KEY("control", AT(control), "it must be contradicted"),
};
#define N_KEYS (sizeof claim_keys / sizeof claim_keys[0])

static const struct claim_text text_defaults = {.claim = (char *)"",
                                                .what = (char *)"",
                                                .published = (char *)"",
                                                .testbench = (char *)"",
                                                .output = (char *)"",
                                                .less = (char *)"",
                                                .limit = (char *)"",
                                                .low = -INFINITY,
                                                .high = INFINITY};

struct settings {
    size_t n;
    char *texts[SETTINGS_MAX]; /* "key=value", owned */
};

struct item {
    struct settings at, against;
    const struct yaml_entry *variations, *spreads; /* or NULL */
};

struct reader {
    struct claims *c;
    const struct yaml_file *file;
    struct item *items; /* c->n */
    struct error *error;
};

static enum status add_setting(const struct reader *r, const struct yaml_entry *e, const char *key,
                               struct settings *s)
{
    if (e->list)
        return fail_at(r->error, r->file->path, e->line, "%s is a list, expected one value", key);
    if (s->n == SETTINGS_MAX)
        return fail_at(r->error, r->file->path, e->line, "more than %d settings", SETTINGS_MAX);
    s->texts[s->n++] = memory_format("%s=%s", key, e->items[0]);
    return STATUS_OK;
}

/* "claims.N.rest"? */
static const char *item_name(const char *name, size_t *number)
{
    char *end;
    if (strncmp(name, "claims.", 7) != 0 || name[7] < '0' || name[7] > '9')
        return NULL;
    *number = strtoul(name + 7, &end, 10);
    return *end == '.' ? end + 1 : NULL;
}

static enum status read_entry(struct reader *r, const struct yaml_entry *e)
{
    size_t number;
    const char *rest = item_name(e->name, &number);
    const struct key_value value = {r->file->path, e->line, e->n, (const char *const *)e->items,
                                    e->list,       NULL};
    if (!rest && strcmp(e->name, "variation_replicas") == 0) {
        static const struct key key =
            COUNT_KEY("variation_replicas", 0, 2, TESTBENCH_REPLICAS_MAX, "");
        return key_set(&key, &value, &r->c->variation_replicas, r->error);
    }
    if (!rest)
        return fail_at(r->error, r->file->path, e->line,
                       "unknown key '%s', expected variation_replicas or claims", e->name);
    struct claim *claim = &r->c->claims[number];
    struct item *item = &r->items[number];
    if (!claim->line)
        claim->line = e->line;
    if (strncmp(rest, "at.", 3) == 0)
        return add_setting(r, e, rest + 3, &item->at);
    if (strncmp(rest, "against.", 8) == 0)
        return add_setting(r, e, rest + 8, &item->against);
    if (strcmp(rest, "sensitivity") == 0 && e->list && e->n <= VARIATIONS_MAX) {
        item->variations = e;
        return STATUS_OK;
    }
    if (strcmp(rest, "spread") == 0 && e->list && e->n <= VARIATIONS_MAX) {
        item->spreads = e;
        return STATUS_OK;
    }
    const struct key *key = key_find(claim_keys, N_KEYS, rest);
    return key ? key_set(key, &value, &claim->text, r->error)
               : fail_at(r->error, r->file->path, e->line,
                         "unknown key '%s' of a claim, expected claim, what, published, testbench, "
                         "output, less, limit, as, at, against, low, high, compare_only, "
                         "spot_check, control, sensitivity or spread (lists)",
                         rest);
}

static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    return slash && name[0] != '/' ? memory_format("%.*s/%s", (int)(slash - path), path, name)
                                   : memory_string(name);
}

/* The point of these settings, which is made if it is new. */
static enum status find_point(struct reader *r, const struct claim *claim, size_t n,
                              const char *const *settings, bool variation, size_t *point)
{
    struct claims *c = r->c;
    struct testbench *t;
    char *path = beside(c->path, claim->text.testbench);
    if (!directory_keeps(c->path, path)) {
        free(path);
        return fail_at(r->error, c->path, claim->line,
                       "testbench is '%.80s', expected a file in the folder of the claims",
                       claim->text.testbench);
    }
    const struct testbench_given given = {NULL, n, settings, c->path};
    enum status status = testbench_read(path, &given, &t, r->error);
    free(path);
    if (status != STATUS_OK)
        return status;
    if (t->n_points != 1 || (c->experiment && t->experiment != c->experiment)) {
        status =
            fail_at(r->error, c->path, claim->line,
                    "%s: expected a testbench without a sweep, of one experiment for all claims",
                    claim->text.testbench);
        testbench_free(t);
        return status;
    }
    c->experiment = t->experiment;
    const size_t wanted = variation ? (size_t)c->variation_replicas : (size_t)t->common.replicas;
    char *identity = testbench_identity(t);
    for (size_t i = 0; i < c->n_points; i++)
        if (strcmp(c->points[i].identity, identity) == 0) {
            if (wanted > c->points[i].replicas)
                c->points[i].replicas = wanted;
            *point = i;
            free(identity);
            testbench_free(t);
            return STATUS_OK;
        }
    c->points = memory_grow(c->points, &c->capacity, c->n_points + 1, sizeof *c->points);
    char *label = memory_string(claim->text.testbench);
    for (size_t i = 0; i < n; i++) {
        char *longer = memory_format("%s %s", label, settings[i]);
        free(label);
        label = longer;
    }
    *point = c->n_points;
    c->points[c->n_points++] = (struct claim_point){
        .identity = identity, .label = label, .testbench = t, .replicas = wanted};
    return STATUS_OK;
}

/* Which of a claim's pairs. */
enum pair_kind { PAIR_CLAIM, PAIR_VARIATION, PAIR_SPREAD };

/* "a=1 b=2" in place, as so many texts; returns how many. */
static size_t split(char *text, const char *settings[SETTINGS_MAX])
{
    size_t n = 0;
    for (char *word; (word = strsep(&text, " "));)
        if (*word && n < SETTINGS_MAX)
            settings[n++] = word;
    return n;
}

/* The claim as it is, or with other settings: what a claim is about stands behind a variation, and so
 * wins over it; a spread stands behind that. */
static enum status add_pair(struct reader *r, struct claim *claim, const struct item *item,
                            const char *text, enum pair_kind kind)
{
    const struct settings *sides[] = {&item->at, &item->against};
    struct claim_pair *pair = &claim->pairs[claim->n_pairs++];
    size_t points[2] = {0, 0};
    enum status status = STATUS_OK;
    pair->variation = memory_string(text);
    for (int side = 0; side < 2 && status == STATUS_OK; side++) {
        const char *settings[3 * SETTINGS_MAX];
        size_t n = 0;
        if (side == 1 && claim->text.as == CLAIM_MEAN)
            break;
        char *words = memory_string(text);
        if (kind == PAIR_VARIATION)
            n += split(words, settings);
        for (size_t i = 0; i < sides[side]->n; i++)
            settings[n++] = sides[side]->texts[i];
        if (kind == PAIR_SPREAD)
            n += split(words, settings + n);
        status = find_point(r, claim, n, settings, kind == PAIR_VARIATION, &points[side]);
        free(words);
    }
    pair->at = points[0];
    pair->against = points[1];
    return status;
}

/* Index of a column of numbers among the experiment's outputs, or their number. */
static size_t find_output(const struct experiment *e, const char *name)
{
    size_t k = 0;
    while (k < e->n_outputs && (e->outputs[k].text || strcmp(e->outputs[k].name, name) != 0))
        k++;
    return k;
}

static enum status complete_claim(struct reader *r, size_t number)
{
    struct claim *claim = &r->c->claims[number];
    const struct item *item = &r->items[number];
    if (!claim->line || !*claim->text.claim || !*claim->text.testbench || !*claim->text.output)
        return fail_at(r->error, r->file->path, claim->line,
                       "claim %zu: expected at least claim, testbench and output", number + 1);
    claim->n_variations = item->variations ? item->variations->n : 0;
    claim->n_spreads = item->spreads ? item->spreads->n : 0;
    claim->pairs = NEW(1 + claim->n_variations + claim->n_spreads, struct claim_pair);
    enum status status = add_pair(r, claim, item, "", PAIR_CLAIM);
    for (size_t i = 0; i < claim->n_variations && status == STATUS_OK; i++)
        status = add_pair(r, claim, item, item->variations->items[i], PAIR_VARIATION);
    for (size_t i = 0; i < claim->n_spreads && status == STATUS_OK; i++)
        status = add_pair(r, claim, item, item->spreads->items[i], PAIR_SPREAD);
    if (status != STATUS_OK)
        return status;
    const struct experiment *e = r->c->experiment;
    const struct {
        const char *key, *name;
    } columns[] = {
        {"output", claim->text.output}, {"less", claim->text.less}, {"limit", claim->text.limit}};
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
        if (*columns[k].name && find_output(e, columns[k].name) == e->n_outputs)
            return fail_at(r->error, r->file->path, claim->line,
                           "%s is '%.60s', expected a numeric output of experiment %s",
                           columns[k].key, columns[k].name, e->name);
    claim->output = find_output(e, claim->text.output);
    if (claim->n_spreads > 0 && !*claim->text.limit)
        return fail_at(r->error, r->file->path, claim->line,
                       "spread without limit, expected the column of the most that the output can "
                       "be");
    return STATUS_OK;
}

enum status claims_read(const char *path, struct claims **claims, struct error *error)
{
    struct yaml_file *file;
    *claims = NULL;
    enum status status = yaml_file_read(path, &file, error);
    if (status != STATUS_OK)
        return status;
    struct claims *c = NEW(1, struct claims);
    struct reader r = {.c = c, .file = file, .error = error};
    c->path = memory_string(path);
    c->variation_replicas = 40;
    for (size_t i = 0, number; i < file->n; i++)
        if (item_name(file->entries[i].name, &number) && number + 1 > c->n)
            c->n = number + 1;
    c->claims = NEW(c->n, struct claim);
    r.items = NEW(c->n, struct item);
    for (size_t i = 0; i < c->n; i++)
        keys_copy(claim_keys, N_KEYS, &text_defaults, &c->claims[i].text, sizeof text_defaults);
    if (c->n == 0)
        status = fail_at(error, path, 1, "no claims, expected a list 'claims'");
    for (size_t i = 0; i < file->n && status == STATUS_OK; i++)
        status = read_entry(&r, &file->entries[i]);
    for (size_t i = 0; i < c->n && status == STATUS_OK; i++)
        status = complete_claim(&r, i);
    for (size_t i = 0; i < c->n; i++)
        for (int side = 0; side < 2; side++) {
            struct settings *s = side ? &r.items[i].against : &r.items[i].at;
            for (size_t k = 0; k < s->n; k++)
                free(s->texts[k]);
        }
    free(r.items);
    yaml_file_free(file);
    if (status == STATUS_OK)
        *claims = c;
    else
        claims_free(c);
    return status;
}

void claims_free(struct claims *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_points; i++) {
        testbench_job_free(&c->points[i].job);
        testbench_free(c->points[i].testbench);
        free(c->points[i].identity);
        free(c->points[i].label);
    }
    for (size_t i = 0; i < c->n; i++) {
        keys_free(claim_keys, N_KEYS, &c->claims[i].text);
        for (size_t k = 0; k < c->claims[i].n_pairs; k++)
            free(c->claims[i].pairs[k].variation);
        free(c->claims[i].pairs);
    }
    if (c->experiment)
        c->experiment->close(c->shared);
    free(c->claims);
    free(c->points);
    free(c->columns);
    free(c->identity);
    free(c->path);
    free(c);
}

static const struct claim_point *point_of(const struct claims *c, size_t sample)
{
    size_t i = c->n_points - 1;
    while (c->points[i].first > sample)
        i--;
    return &c->points[i];
}

static void inputs(void *data, size_t sample, struct cell *row)
{
    const struct claim_point *p = point_of(data, sample);
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = (double)(sample - p->first)};
    row[1] = (struct cell){.kind = CELL_TEXT, .text = memory_string(p->label)};
}

static enum status run(void *data, size_t sample, struct cell *row, struct error *error)
{
    const struct claim_point *p = point_of(data, sample);
    return p->job.run(p->job.data, sample - p->first, row, error);
}

enum status claims_job(struct claims *c, const struct experiment_context *context,
                       const struct sample_job **job, struct error *error)
{
    const struct experiment *e = c->experiment;
    enum status status = STATUS_OK;
    char *identity = NULL;
    size_t size, n = 0;
    double limit = 0;
    FILE *out = open_memstream(&identity, &size);
    for (size_t i = 0; i < c->n_points && status == STATUS_OK; i++) {
        struct claim_point *p = &c->points[i];
        status = testbench_job(p->testbench, context, &c->shared, &p->job, error);
        p->first = n;
        n += p->replicas;
        limit = fmax(limit, p->job.time_limit);
        fprintf(out, "%zu of\n%s", p->replicas, p->identity);
    }
    fclose(out);
    c->identity = identity;
    c->columns = NEW(e->n_outputs + 2, struct sample_column);
    c->columns[0] = (struct sample_column){"replica", false};
    c->columns[1] = (struct sample_column){"point", true};
    memcpy(c->columns + 2, e->outputs, e->n_outputs * sizeof *c->columns);
    c->job = (struct sample_job){.n = n,
                                 .n_inputs = 2,
                                 .n_columns = e->n_outputs + 2,
                                 .columns = c->columns,
                                 .title = c->path,
                                 .identity = c->identity,
                                 .time_limit = limit,
                                 .data = c,
                                 .inputs = inputs,
                                 .run = run};
    *job = &c->job;
    return status;
}
