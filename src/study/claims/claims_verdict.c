/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of claims, and the same samples in other engines. */
#include "base/memory.h"
#include "study/claims/claims_figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    V_AT_LIMIT,
    V_P,
    V_COLUMNS
};

enum {
    W_CLAIM,
    W_VARIATION,
    W_FIGURE,
    W_LOW,
    W_HIGH,
    W_INSIDE,
    W_SHIFT,
    W_SHIFT_LOW,
    W_SHIFT_HIGH,
    W_REPLICAS,
    W_FAILURES,
    W_COLUMNS
};

/* "0.9701 (key=value) to 0.9720 (key=value)" over the variations; to free(). */
static char *sensitivity(const struct claim *claim, const struct figure *figures)
{
    size_t least = 0, most = 0;
    for (size_t k = 1; k <= claim->n_variations; k++) {
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

/* One row: of the claim itself, k = 0, or at a spread. */
struct row {
    const struct claims *c;
    const struct claim *claim;
    const struct figure *figures; /* of all pairs */
    size_t k;
    char *name, *verdict, *sensitivity; /* owned */
    double p;                           /* adjusted, or NAN */
};

static void add_verdict(struct table *t, struct row r)
{
    const struct claim *claim = r.claim;
    const struct figure *f = &r.figures[r.k];
    char *ends = region(claim);
    table_row(t);
    table_text(t, V_CLAIM, r.name);
    table_text(t, V_PUBLISHED, claim->text.published);
    table_number(t, V_OURS, f->interval.mean);
    table_number(t, V_LOW, f->interval.low);
    table_number(t, V_HIGH, f->interval.high);
    table_text(t, V_VERDICT, r.verdict);
    table_text(t, V_SENSITIVITY, r.sensitivity);
    table_text(t, V_TESTBENCH, r.c->points[claim->pairs[r.k].at].label);
    table_text(t, V_WHAT, claim->text.what);
    table_text(t, V_REGION, ends);
    table_number(t, V_REPLICAS, (double)f->replicas);
    table_number(t, V_FAILURES, (double)f->failures);
    table_number(t, V_AT, f->at);
    if (claim->text.as != CLAIM_MEAN)
        table_number(t, V_AGAINST, f->against);
    if (!isnan(f->at_limit))
        table_number(t, V_AT_LIMIT, f->at_limit);
    if (!isnan(r.p))
        table_number(t, V_P, r.p);
    free(ends);
    free(r.name);
    free(r.verdict);
    free(r.sensitivity);
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
    table_text(t, W_INSIDE,
               claim->text.compare_only               ? ""
               : claim_holds(claim, f->interval.mean) ? "yes"
                                                      : "no");
    if (f->shift.n > 0) {
        table_number(t, W_SHIFT, f->shift.mean);
        table_number(t, W_SHIFT_LOW, f->shift.low);
        table_number(t, W_SHIFT_HIGH, f->shift.high);
    }
    table_number(t, W_REPLICAS, (double)f->replicas);
    table_number(t, W_FAILURES, (double)f->failures);
}

/* A claim that is tested: it has a region, samples, and room to fail. */
static bool is_tested(const struct claim *claim, const struct figure *f)
{
    return !claim->text.compare_only && f->interval.n > 0 && !(f->at_limit > CLAIM_SATURATED);
}

/* At the least spread below the limit a claim has no variations: its region is inside, outside or
 * across. */
static const char *where(const struct claim *claim, const struct interval95 *i)
{
    return claim_holds(claim, i->low) && claim_holds(claim, i->high) ? "inside"
           : i->high < claim->text.low || i->low > claim->text.high  ? "outside"
                                                                     : "not testable";
}

static void add_rows(struct table *verdicts, const struct claims *c, const struct claim *claim,
                     const struct figure *figures, double p)
{
    char *verdict = claim_verdict(claim, figures, p);
    if (claim->text.control) {
        const bool fails = strcmp(verdict, "contradicted") == 0;
        char *said = memory_format("%s: %s", verdict,
                                   fails ? "fails, as it must" : "a control that does not fail");
        free(verdict);
        verdict = said;
    }
    const bool saturated = strcmp(verdict, "saturated") == 0;
    add_verdict(verdicts,
                (struct row){c, claim, figures, 0, memory_string(claim->text.claim), verdict,
                             sensitivity(claim, figures), is_tested(claim, &figures[0]) ? p : NAN});
    const size_t k = claim_spread(claim, figures);
    if (!saturated || k == 0)
        return;
    add_verdict(verdicts,
                (struct row){c, claim, figures, k,
                             memory_format("%s, at the least spread that is not at the limit",
                                           claim->text.claim),
                             memory_string(where(claim, &figures[k].interval)), memory_string(""),
                             NAN});
}

enum status claims_evaluate(const struct claims *c, const struct table *samples,
                            struct table **verdicts, struct table **variations, struct error *error)
{
    static const char *const names[V_COLUMNS] = {
        "claim",       "published",    "ours",     "ci_low", "ci_high",  "verdict",
        "sensitivity", "testbench",    "what",     "rule",   "replicas", "failures",
        "mean",        "mean_against", "at_limit", "p_holm"};
    static const char *const variation_names[W_COLUMNS] = {
        "claim", "variation", "figure",     "ci_low",   "ci_high", "inside",
        "shift", "shift_low", "shift_high", "replicas", "failures"};
    static const int digits[V_COLUMNS] = {0, 0, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 5, 5, 4, 3};
    static const int variation_digits[W_COLUMNS] = {0, 0, 5, 5, 5, 0, 4, 4, 4, 0, 0};
    if (samples->n_rows != c->job.n)
        return fail(error, STATUS_INPUT, "%zu samples, expected %zu: the run is not complete",
                    samples->n_rows, c->job.n);
    *verdicts = table_new(V_COLUMNS, names, digits);
    *variations = table_new(W_COLUMNS, variation_names, variation_digits);
    uint32_t draw = 0;
    struct figure **figures = NEW(c->n, struct figure *);
    double *p = NEW(c->n, double);
    size_t *tested = NEW(c->n, size_t), n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct claim *claim = &c->claims[i];
        figures[i] = NEW(claim->n_pairs, struct figure);
        for (size_t k = 0; k < claim->n_pairs; k++)
            figures[i][k] = claim_figure(c, claim, k, samples, draw++);
        if (is_tested(claim, &figures[i][0])) {
            p[n] = figures[i][0].p;
            tested[n++] = i;
        }
    }
    claim_holm(n, p);
    for (size_t k = 0; k < n; k++)
        figures[tested[k]][0].p = p[k];
    for (size_t i = 0; i < c->n; i++) {
        const struct claim *claim = &c->claims[i];
        for (size_t k = 1; k <= claim->n_variations; k++)
            add_variation(*variations, claim, &claim->pairs[k], &figures[i][k]);
        add_rows(*verdicts, c, claim, figures[i], figures[i][0].p);
        free(figures[i]);
    }
    free(figures);
    free(p);
    free(tested);
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

/* A point again by the other engine. */
struct spot {
    const struct claims_spot *asked;
    const struct claim *claim;
    const struct claim_point *point;
    const struct experiment *experiment;
    const struct sample_job *job;
    const char *engine;
};

/* The output alone, with nothing subtracted. */
static double plain_output(const struct claim *claim, const struct table *t,
                           const struct claim_point *p, size_t replica)
{
    struct claim plain = *claim;
    plain.text.less = (char *)"";
    return claim_output(&plain, t, p, replica);
}

/* One replica of it. */
static enum status check_one(const struct spot *s, size_t replica, struct error *error)
{
    const struct experiment *e = s->experiment;
    const struct claim *claim = s->claim;
    struct table *checks = s->asked->checks;
    struct cell *cells = NEW(e->n_outputs, struct cell);
    enum status status = s->job->run(s->job->data, replica, cells, error);
    const double before = plain_output(claim, s->asked->samples, s->point, replica),
                 now = cells[claim->output].kind == CELL_NUMBER ? cells[claim->output].number : NAN;
    for (size_t i = 0; i < e->n_outputs; i++)
        free(cells[i].text);
    free(cells);
    if (status != STATUS_OK)
        return status;
    table_row(checks);
    table_text(checks, S_CLAIM, claim->text.claim);
    table_text(checks, S_POINT, s->point->label);
    table_number(checks, S_REPLICA, (double)replica);
    table_text(checks, S_OUTPUT, claim->text.output);
    table_number(checks, S_EVENT, before);
    table_text(checks, S_ENGINE, s->engine);
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

enum status claims_spot_check(const struct claims *c, const struct claims_spot *asked,
                              const char *engine, struct error *error)
{
    const struct experiment_context *context = asked->context;
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
        const struct testbench_given given = {NULL, 1, settings, NULL};
        struct testbench *t;
        struct sample_job job = {0};
        void *shared = NULL;
        status = testbench_read_text(c->path, p->identity, &given, &t, error);
        if (status == STATUS_OK)
            status = testbench_job(t, context, &shared, &job, error);
        const struct spot spot = {asked, claim, p, c->experiment, &job, engine};
        for (size_t r = 0; r < asked->replicas && r < p->replicas && status == STATUS_OK; r++)
            status = check_one(&spot, r, error);
        testbench_job_free(&job);
        c->experiment->close(shared);
        testbench_free(t);
        free(setting);
    }
    return status;
}
