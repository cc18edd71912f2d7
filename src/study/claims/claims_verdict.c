/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures of claims from their samples, verdicts, and the same samples in other engines. */
#include "base/memory.h"
#include "study/claims/aggregate.h"
#include "study/claims/claims_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOOTSTRAP_SEED 1

/* The claim's output in a sample; NAN if it failed. */
static double output_of(const struct claim *claim, const struct table *t,
                        const struct claim_point *p, size_t replica)
{
    const size_t row = p->first + replica;
    const struct cell *cells = &t->cells[row * t->n_columns];
    const struct cell *status = &cells[table_column(t, "status")];
    const struct cell *cell = &cells[table_column(t, claim->text.output)];
    return status->kind == CELL_TEXT && strcmp(status->text, "done") == 0 &&
                   cell->kind == CELL_NUMBER
               ? cell->number
               : NAN;
}

struct figure {
    struct interval95 interval;
    size_t replicas, failures;
    double at, against; /* means of the output */
};

static struct figure evaluate(const struct claims *c, const struct claim *claim,
                              const struct claim_pair *pair, const struct table *t, uint32_t draw)
{
    const struct claim_point *at = &c->points[pair->at], *against = &c->points[pair->against];
    const bool two = claim->text.as != CLAIM_MEAN;
    size_t n =
        *pair->variation ? (size_t)c->variation_replicas : (size_t)at->testbench->common.replicas;
    struct figure f = {.replicas = n};
    double *values = NEW(n, double);
    size_t good = 0;
    for (size_t r = 0; r < n; r++) {
        const double a = output_of(claim, t, at, r), b = two ? output_of(claim, t, against, r) : 0;
        const double v = claim->text.as == CLAIM_RATIO ? a / b : a - b;
        if (!isfinite(v)) {
            f.failures++;
            continue;
        }
        f.at += a;
        f.against += b;
        values[good++] = v;
    }
    f.at /= (double)good;
    f.against /= (double)good;
    f.interval = aggregate_mean(values, good, BOOTSTRAP_SEED, draw);
    free(values);
    return f;
}

static const char *verdict(const struct claim *claim, const struct interval95 *i)
{
    const double low = claim->text.low, high = claim->text.high;
    if (claim->text.compare_only || i->n == 0)
        return "not testable";
    if (i->low >= low && i->high <= high)
        return "consistent";
    return i->high < low || i->low > high ? "contradicted" : "not testable";
}

/* The region as text; to free(). */
static char *region(const struct claim *claim)
{
    const double low = claim->text.low, high = claim->text.high;
    const bool from = isfinite(low), to = isfinite(high);
    return claim->text.compare_only ? memory_string("compared only")
           : from && to             ? memory_format("%g to %g", low, high)
           : from                   ? memory_format("at least %g", low)
           : to                     ? memory_format("at most %g", high)
                                    : memory_string("any");
}

enum {
    V_CLAIM,
    V_PUBLISHED,
    V_OURS,
    V_LOW,
    V_HIGH,
    V_VERDICT,
    V_SENSITIVITY,
    V_TESTBENCH,
    V_WHAT,
    V_REGION,
    V_REPLICAS,
    V_FAILURES,
    V_AT,
    V_AGAINST,
    V_COLUMNS
};

enum {
    W_CLAIM,
    W_VARIATION,
    W_FIGURE,
    W_LOW,
    W_HIGH,
    W_VERDICT,
    W_REPLICAS,
    W_FAILURES,
    W_COLUMNS
};

/* "0.9701 (key=value) to 0.9720 (key=value)" over the variations; to free(). */
static char *sensitivity(const struct claim *claim, const struct figure *figures)
{
    size_t least = 0, most = 0;
    for (size_t k = 1; k < claim->n_pairs; k++) {
        if (!least || figures[k].interval.mean < figures[least].interval.mean)
            least = k;
        if (!most || figures[k].interval.mean > figures[most].interval.mean)
            most = k;
    }
    return least == 0 ? memory_string("")
                      : memory_format("%.4g (%s) to %.4g (%s)", figures[least].interval.mean,
                                      claim->pairs[least].variation, figures[most].interval.mean,
                                      claim->pairs[most].variation);
}

static void add_verdict(struct table *t, const struct claims *c, const struct claim *claim,
                        const struct figure *figures)
{
    const struct figure *f = &figures[0];
    char *ends = region(claim), *range = sensitivity(claim, figures);
    table_row(t);
    table_text(t, V_CLAIM, claim->text.claim);
    table_text(t, V_PUBLISHED, claim->text.published);
    table_number(t, V_OURS, f->interval.mean);
    table_number(t, V_LOW, f->interval.low);
    table_number(t, V_HIGH, f->interval.high);
    table_text(t, V_VERDICT, verdict(claim, &f->interval));
    table_text(t, V_SENSITIVITY, range);
    table_text(t, V_TESTBENCH, c->points[claim->pairs[0].at].label);
    table_text(t, V_WHAT, claim->text.what);
    table_text(t, V_REGION, ends);
    table_number(t, V_REPLICAS, (double)f->replicas);
    table_number(t, V_FAILURES, (double)f->failures);
    table_number(t, V_AT, f->at);
    if (claim->text.as != CLAIM_MEAN)
        table_number(t, V_AGAINST, f->against);
    free(ends);
    free(range);
}

static void add_variation(struct table *t, const struct claim *claim, const struct claim_pair *pair,
                          const struct figure *f)
{
    table_row(t);
    table_text(t, W_CLAIM, claim->text.claim);
    table_text(t, W_VARIATION, pair->variation);
    table_number(t, W_FIGURE, f->interval.mean);
    table_number(t, W_LOW, f->interval.low);
    table_number(t, W_HIGH, f->interval.high);
    table_text(t, W_VERDICT, verdict(claim, &f->interval));
    table_number(t, W_REPLICAS, (double)f->replicas);
    table_number(t, W_FAILURES, (double)f->failures);
}

enum status claims_evaluate(const struct claims *c, const struct table *samples,
                            struct table **verdicts, struct table **variations, struct error *error)
{
    static const char *const names[V_COLUMNS] = {
        "claim",     "published", "ours", "ci_low",   "ci_high",  "verdict", "sensitivity",
        "testbench", "what",      "rule", "replicas", "failures", "mean",    "mean_against"};
    static const char *const variation_names[W_COLUMNS] = {
        "claim", "variation", "figure", "ci_low", "ci_high", "verdict", "replicas", "failures"};
    static const int digits[V_COLUMNS] = {0, 0, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 5, 5};
    static const int variation_digits[W_COLUMNS] = {0, 0, 5, 5, 5, 0, 0, 0};
    if (samples->n_rows != c->job.n)
        return fail(error, STATUS_INPUT, "%zu samples, expected %zu: the run is not complete",
                    samples->n_rows, c->job.n);
    *verdicts = table_new(V_COLUMNS, names, digits);
    *variations = table_new(W_COLUMNS, variation_names, variation_digits);
    uint32_t draw = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct claim *claim = &c->claims[i];
        struct figure *figures = NEW(claim->n_pairs, struct figure);
        for (size_t k = 0; k < claim->n_pairs; k++) {
            figures[k] = evaluate(c, claim, &claim->pairs[k], samples, draw++);
            if (k > 0)
                add_variation(*variations, claim, &claim->pairs[k], &figures[k]);
        }
        add_verdict(*verdicts, c, claim, figures);
        free(figures);
    }
    return STATUS_OK;
}

enum { S_CLAIM, S_POINT, S_REPLICA, S_OUTPUT, S_EVENT, S_ENGINE, S_VALUE, S_DIFFERENCE, S_COLUMNS };

struct table *claims_spot_check_table(void)
{
    static const char *const names[S_COLUMNS] = {"claim",  "point",  "replica",   "output",
                                                 "sample", "engine", "its_value", "difference"};
    static const int digits[S_COLUMNS] = {0, 0, 0, 0, 7, 0, 7, 3};
    return table_new(S_COLUMNS, names, digits);
}

/* One replica of a point by the other engine. */
static enum status check_one(const struct claims *c, const struct claim *claim,
                             const struct claim_point *p, const struct sample_job *job,
                             const char *engine, size_t replica, const struct table *samples,
                             struct table *checks, struct error *error)
{
    const struct experiment *e = c->experiment;
    struct cell *cells = NEW(e->n_outputs, struct cell);
    enum status status = job->run(job->data, replica, cells, error);
    const double before = output_of(claim, samples, p, replica),
                 now = cells[claim->output].kind == CELL_NUMBER ? cells[claim->output].number : NAN;
    for (size_t i = 0; i < e->n_outputs; i++)
        free(cells[i].text);
    free(cells);
    if (status != STATUS_OK)
        return status;
    table_row(checks);
    table_text(checks, S_CLAIM, claim->text.claim);
    table_text(checks, S_POINT, p->label);
    table_number(checks, S_REPLICA, (double)replica);
    table_text(checks, S_OUTPUT, claim->text.output);
    table_number(checks, S_EVENT, before);
    table_text(checks, S_ENGINE, engine);
    table_number(checks, S_VALUE, now);
    table_number(checks, S_DIFFERENCE, now - before);
    return STATUS_OK;
}

static bool is_own_engine(const struct claims *c, const struct claim_point *p, const char *engine)
{
    const struct key *key = key_find(c->experiment->keys, c->experiment->n_keys, "engine.name");
    char *own = key ? key_text(key, p->testbench->options) : NULL;
    const bool same = own && strcmp(own, engine) == 0;
    free(own);
    return same;
}

enum status claims_spot_check(const struct claims *c, const struct experiment_context *context,
                              const struct table *samples, const char *engine, size_t replicas,
                              struct table *checks, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->n && status == STATUS_OK; i++) {
        const struct claim *claim = &c->claims[i];
        const struct claim_point *p = &c->points[claim->pairs[0].at];
        if (!claim->text.spot_check || is_own_engine(c, p, engine))
            continue;
        if (context->progress)
            context->progress(context->progress_data, engine);
        /* the point's own identity is a testbench of it */
        char *setting = memory_format("engine.name=%s", engine);
        const char *const settings[] = {setting};
        const struct testbench_given given = {NULL, 1, settings};
        struct testbench *t;
        struct sample_job job = {0};
        void *shared = NULL;
        status = testbench_read_text(c->path, p->identity, &given, &t, error);
        if (status == STATUS_OK)
            status = testbench_job(t, context, &shared, &job, error);
        for (size_t r = 0; r < replicas && r < p->replicas && status == STATUS_OK; r++)
            status = check_one(c, claim, p, &job, engine, r, samples, checks, error);
        testbench_job_free(&job);
        c->experiment->close(shared);
        testbench_free(t);
        free(setting);
    }
    return status;
}
