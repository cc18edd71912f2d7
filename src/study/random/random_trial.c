/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_trial.h"

#include "base/clock.h"
#include "base/memory.h"
#include "study/experiment/testbench.h"
#include "study/random/random_law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_RELTOL 1e-7 /* of ngspice at first, and where it stands alone */
#define REFERENCE_LOOSER 1e-6 /* where its steps become too small at that */
#define REFERENCE_FINER 1e-8
/* BDF's tolerance relative to that of the others: it bounds a small class's energy in each step alone, and
 * 3e-3 of one was missing at 1e-6.  At 1e-8 arrays of a thousand devices take minutes. */
#define BDF_PART 0.1
#define BDF_FINEST 1e-9
/* Elements times phases that the slowest engine plays in about five seconds: ngspice at the reference's
 * tolerance, BDF at BDF_FINEST. */
#define COST_NGSPICE 1e4
#define COST_OWN 1e5
#define PHASES_LEAST 8
#define READ_VOLT 0.1 /* [V] at which conductances are compared */
#define LAW_RELTOL 1e-11
#define LAW_PART 1e-6 /* what local errors of that may add up to */

#define WORD(name, word) word,
static const char *const verdict_words[N_VERDICTS] = {VERDICTS(WORD)};

const char *verdict_word(enum verdict verdict)
{
    return verdict_words[verdict];
}

void trial_free(struct trial *t)
{
    for (size_t k = 0; k < t->n; k++) {
        free(t->opinions[k].name);
        case_result_free(&t->opinions[k].result);
    }
    t->n = 0;
}

static void drop_last(struct trial *t)
{
    struct opinion *o = &t->opinions[--t->n];
    free(o->name);
    case_result_free(&o->result);
}

struct opinion *trial_opinion(struct trial *t, const char *name)
{
    struct opinion *o = &t->opinions[t->n++];
    *o = (struct opinion){.name = memory_string(name)};
    return o;
}

void trial_told(struct trial *t, const struct opinion *o, double wall, const struct error *error)
{
    if (o->status == STATUS_INTERRUPTED)
        t->verdict = INTERRUPTED;
    else if (o->status != STATUS_OK && t->verdict == SAME) {
        t->verdict = wall >= RANDOM_TIME ? SLOW : FAILED;
        fail(&t->error, o->status, "%s: %s", o->name, error->text);
    }
}

/* Add what one engine says, or the law (engine NULL). */
static void ask(struct trial *t, const struct study_case *k, const struct engine *engine,
                const struct engine_options *solver)
{
    struct error error = {{0}};
    char *name = engine ? engine_method_title(engine, solver->method) : memory_string("law");
    struct opinion *o = trial_opinion(t, name);
    const double begin = clock_now();
    free(name);
    if (engine) {
        o->reference = strcmp(engine->name, "ngspice") == 0;
        /* of ngspice's states no error is known */
        o->part = o->reference ? CHECK_ENERGY
                               : 2 * fmax(solver->reltol, solver->vntol / CLASSIFIER_INPUT_VOLT);
        o->status = case_run(
            k,
            &(struct case_run_options){
                .engine = engine, .solver = solver, .keep = o->reference, .leaks = !o->reference},
            &o->result, &error);
    } else {
        o->part = LAW_PART;
        o->status = random_law_run(k, LAW_RELTOL, &o->result, &error);
    }
    trial_told(t, o, clock_now() - begin, &error);
}

static struct engine_options reference_options(const struct random_options *o, double reltol)
{
    struct engine_options r = check_reference_options;
    r.reltol = reltol;
    r.interrupted = o->context->interrupted;
    r.time_limit = RANDOM_TIME;
    return r;
}

void trial_differs(struct trial *t, const char *who, const char *what, double by, double most)
{
    if (t->verdict == DIFFERS)
        return;
    t->verdict = DIFFERS;
    fail(&t->error, STATUS_UNTRUSTED, "%s: %s differ by %.2g, expected at most %.2g", who, what, by,
         most);
}

static void differ(struct trial *t, const struct opinion *a, const struct opinion *b,
                   const char *what, double by, double most)
{
    char *who = memory_format("%s and %s", a->name, b->name);
    trial_differs(t, who, what, by, most);
    free(who);
}

static void unsure(struct trial *t, const struct opinion *a, const struct opinion *b,
                   const char *what, double by, double known)
{
    if (t->verdict != SAME)
        return;
    t->verdict = FAILED;
    fail(&t->error, STATUS_UNTRUSTED,
         "%s and %s: %s differ by %.2g, which they say themselves: estimated errors of %.2g",
         a->name, b->name, what, by, known);
}

static double section_total(const struct case_result *o, int section)
{
    double total = 0;
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        if (!isnan(o->energy[section][class]))
            total += fabs(o->energy[section][class]);
    return total;
}

/* Of one class: how far apart, GMIN's part taken or not. */
static double apart(const struct case_result *a, const struct case_result *b, int section,
                    int class)
{
    const double e = a->energy[section][class], f = b->energy[section][class];
    return fmin(fabs(e - f), fmin(fabs(e - a->gmin[section][class] - f),
                                  fabs(e - (f - b->gmin[section][class]))));
}

/* What GMIN takes in a section. */
static double leaks(const struct case_result *o, int section)
{
    double sum = 0;
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        sum += o->gmin[section][class];
    return sum;
}

/* What may differ is what both know of errors.  Besides, GMIN is no part of the circuit, and engines may
 * leave it out: a current that is less by the part `leak' takes two such parts of a power off.  And what
 * is dissipated cannot be known better than the conductances of the states, which are compared by
 * themselves. */
static void compare_energies(struct trial *t, const struct opinion *a, const struct opinion *b,
                             double conductance)
{
    for (int s = SECTION_TRAINING; s < PHASE_SECTIONS; s++) {
        const double total = fmax(section_total(&a->result, s), section_total(&b->result, s)),
                     leak = fmax(leaks(&a->result, s), leaks(&b->result, s)) / total;
        for (int class = 0; class < ENERGY_CLASSES; class ++) {
            const double e = a->result.energy[s][class], f = b->result.energy[s][class],
                         size = fmax(fabs(e), fabs(f));
            if (isnan(e) || isnan(f) || !(size > RANDOM_CLASS_PART * total))
                continue;
            const double known = a->result.error[s][class] + b->result.error[s][class] +
                                 (a->part + b->part + conductance) * size,
                         gmin = 2 * leak * size +
                                fmax(a->result.gmin[s][class], b->result.gmin[s][class]),
                         by = apart(&a->result, &b->result, s, class);
            double most = fmax(fmin(CHECK_ENERGY * size, known), RANDOM_ENERGY_FLOOR * total);
            if (a->coarse || b->coarse)
                most = fmax(most, known);
            most += gmin;
            t->energy = fmax(t->energy, by / size);
            if (by <= most)
                continue;
            char what[64];
            snprintf(what, sizeof what, "energies of %s, %s",
                     energy_class_name((enum energy_class) class),
                     phase_section_name((enum phase_section)s));
            /* an engine that says itself that it does not know is counted apart */
            if (by <= known + gmin)
                unsure(t, a, b, what, by / size, known / size);
            else
                differ(t, a, b, what, by / size, most / size);
        }
    }
}

/* The largest relative difference of a device's conductance in the last states. */
static double conductances_apart(const struct circuit *c, const struct opinion *a,
                                 const struct opinion *b)
{
    double apart = 0;
    for (size_t k = 0; k < c->n_states; k++) {
        const struct dopant *d = c->elements[c->state_elements[k]].dopant;
        const double i = d->model->current(d->constants, READ_VOLT, a->result.states[k]).f,
                     j = d->model->current(d->constants, READ_VOLT, b->result.states[k]).f;
        apart = fmax(apart, fabs(i - j) / fmax(fabs(i), fabs(j)));
    }
    return apart;
}

static void compare(struct trial *t, const struct study_case *k, const struct opinion *a,
                    const struct opinion *b)
{
    const struct circuit *c = k->circuits[CASE_FULL];
    const struct difference d = case_compare(&a->result, &b->result);
    t->state = fmax(t->state, d.state);
    if (!(d.state <= CHECK_STATE)) {
        char what[96];
        snprintf(what, sizeof what, "states of %.64s",
                 c->elements[c->state_elements[d.worst_state]].name);
        differ(t, a, b, what, d.state, CHECK_STATE);
    }
    const bool models = a->result.form != b->result.form;
    const double reading = models ? CHECK_READING_MODEL : CHECK_READING;
    if (a->result.n_phases > 0 && b->result.n_phases > 0 && !(d.reading <= reading)) {
        char what[96];
        snprintf(what, sizeof what, "readings of %.64s",
                 c->probes[k->probes[d.reading_probe]].name);
        differ(t, a, b, what, d.reading, reading);
    }
    compare_energies(t, a, b, conductances_apart(c, a, b));
}

static void compare_all(struct trial *t, const struct study_case *k)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < i; j++)
            if (t->opinions[i].status == STATUS_OK && t->opinions[j].status == STATUS_OK)
                compare(t, k, &t->opinions[i], &t->opinions[j]);
}

/* ngspice, less strictly where its steps have become too small. */
static void ask_reference(struct trial *t, const struct study_case *k,
                          const struct random_options *o)
{
    static const double reltols[] = {REFERENCE_RELTOL, REFERENCE_LOOSER};
    for (size_t i = 0; i < sizeof reltols / sizeof reltols[0]; i++) {
        const struct engine_options solver = reference_options(o, reltols[i]);
        const enum verdict before = t->verdict;
        const double begin = clock_now();
        ask(t, k, engine_find("ngspice"), &solver);
        const struct opinion *last = &t->opinions[t->n - 1];
        if (last->status != STATUS_NUMERICAL || clock_now() - begin >= RANDOM_TIME ||
            i + 1 == sizeof reltols / sizeof reltols[0])
            return;
        drop_last(t);
        t->verdict = before;
    }
}

void trial_ask_all(struct trial *t, const struct study_case *k, enum asked asked,
                   const struct random_options *o)
{
    struct engine_options solver = o->solver;
    solver.interrupted = o->context->interrupted;
    solver.time_limit = RANDOM_TIME;
    for (size_t e = 0; engine_table[e] && t->verdict != INTERRUPTED; e++) {
        const struct engine *engine = engine_table[e];
        if (asked == ASK_IDA && !engine_able(engine, ENGINE_METHODS))
            continue;
        if (strcmp(engine->name, "ngspice") == 0) {
            if (asked != ASK_OWN)
                ask_reference(t, k, o);
            continue;
        }
        for (int m = 0; engine_methods[m] && t->verdict != INTERRUPTED; m++) {
            if (m > 0 && !engine_able(engine, ENGINE_METHODS))
                break;
            struct engine_options own = solver;
            own.method = (enum engine_method)m;
            if (own.method == METHOD_BDF) {
                own.reltol = fmax(BDF_FINEST, BDF_PART * own.reltol);
                own.vntol *= own.reltol / solver.reltol;
                own.abstol *= own.reltol / solver.reltol;
            }
            ask(t, k, engine, &own);
        }
    }
    if (random_law_takes(k) && t->verdict != INTERRUPTED)
        ask(t, k, NULL, NULL);
}

/* ngspice stands alone where all others agree: it is asked again, more strictly. */
static void ask_again(struct trial *t, const struct study_case *k, const struct random_options *o)
{
    struct trial others = *t;
    size_t reference = t->n;
    for (size_t i = 0; i < t->n; i++)
        if (t->opinions[i].reference)
            reference = i;
    if (t->verdict != DIFFERS || reference == t->n)
        return;
    others.verdict = SAME;
    others.opinions[reference].status = STATUS_NUMERICAL;
    others.state = others.energy = 0;
    compare_all(&others, k);
    if (others.verdict != SAME)
        return;
    struct opinion last = t->opinions[t->n - 1];
    struct opinion old = t->opinions[reference];
    const struct engine_options finer = reference_options(o, REFERENCE_FINER);
    /* the new answer takes the old one's place */
    t->opinions[reference] = last;
    t->n--;
    t->verdict = SAME;
    t->state = t->energy = 0;
    free(old.name);
    case_result_free(&old.result);
    ask(t, k, engine_find("ngspice"), &finer);
    /* an engine that has failed still has */
    for (size_t i = 0; i < t->n && t->verdict == SAME; i++)
        if (t->opinions[i].status != STATUS_OK) {
            t->verdict = FAILED;
            fail(&t->error, t->opinions[i].status, "%s failed", t->opinions[i].name);
        }
    if (t->verdict != INTERRUPTED)
        compare_all(t, k);
}

void trial_judge(struct trial *t, const struct study_case *k, const struct random_options *o)
{
    /* what failed does not hide what differs */
    if (t->verdict != INTERRUPTED)
        compare_all(t, k);
    ask_again(t, k, o);
}

static enum verdict verdict_of(enum status status)
{
    return status == STATUS_INTERRUPTED ? INTERRUPTED : status == STATUS_INPUT ? ILLEGAL : FAILED;
}

/* Of a drive that would take too long keep what begins it, and what begins the inference: the phases
 * that are kept are another drive of the same circuit, as good as any.  *kept is to be freed; without it
 * all are. */
static void cut(struct study_case *k, size_t most, struct phase **kept)
{
    const struct drive_log *all = &k->drive;
    size_t n = 0, inference = 0, others = 0;
    *kept = NULL;
    if (all->n <= most)
        return;
    *kept = NEW(most, struct phase);
    for (size_t p = 0; p < all->n; p++)
        inference += all->phases[p].section == SECTION_INFERENCE;
    const size_t most_inference = inference < most / 4 ? inference : most / 4;
    inference = 0;
    for (size_t p = 0; p < all->n && n < most; p++) {
        const bool infers = all->phases[p].section == SECTION_INFERENCE;
        if (infers ? inference < most_inference : others < most - most_inference) {
            (*kept)[n++] = all->phases[p];
            inference += infers;
            others += !infers;
        }
    }
    k->drive.phases = *kept;
    k->drive.n = n;
}

/* The phases that the slowest engine plays in about five seconds. */
static size_t phases_most(const struct study_case *k, bool ngspice)
{
    const double most =
        (ngspice ? COST_NGSPICE : COST_OWN) / (double)k->circuits[CASE_FULL]->n_elements;
    return most < PHASES_LEAST ? PHASES_LEAST : (size_t)most;
}

void trial_testbench(const struct random_testbench *b, const struct random_options *o,
                     struct trial *t)
{
    struct testbench *testbench = NULL;
    struct sample_job job = {0};
    struct study_case k = {0};
    struct error error = {{0}};
    const struct testbench_given given = {0};
    char *text = random_testbench_text(b);
    *t = (struct trial){.verdict = SAME};
    enum status status = testbench_read_text("drawn", text, &given, &testbench, &error);
    if (status == STATUS_OK)
        status = testbench_job(testbench, o->context, NULL, &job, &error);
    if (status == STATUS_OK)
        status = testbench_record(&job, 0, &k, &error);
    if (status == STATUS_OK) {
        const struct drive_log whole = k.drive;
        struct phase *kept;
        t->devices = k.n_devices;
        cut(&k, phases_most(&k, b->kind->ngspice), &kept);
        trial_ask_all(t, &k, b->kind->ngspice ? ASK_ALL : ASK_OWN, o);
        trial_judge(t, &k, o);
        k.drive = whole;
        free(kept);
        case_free(&k);
    } else {
        t->verdict = verdict_of(status);
        t->error = error;
    }
    testbench_job_free(&job);
    testbench_free(testbench);
    free(text);
}
