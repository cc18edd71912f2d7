/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "report/new_file.h"
#include "study/experiment/testbench.h"
#include "study/random/random_law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPINIONS_MAX 8
#define DRAWS_MAX 100         /* of one testbench, until it is legal */
#define SIMPLER_MAX 60        /* runs that look for a simpler testbench */
#define REFERENCE_RELTOL 1e-7 /* of ngspice at first, and where it stands alone */
#define REFERENCE_FINER 1e-8
/* BDF's tolerance relative to that of the others: it bounds a small class's energy in each step alone, and
 * 3e-3 of one was missing at 1e-6.  At 1e-8 arrays of a thousand devices take minutes. */
#define BDF_PART 0.1
#define BDF_FINEST 1e-9
#define LAW_RELTOL 1e-11
#define LAW_PART 1e-6 /* what local errors of that may add up to */

enum verdict { SAME, DIFFERS, FAILED, ILLEGAL, INTERRUPTED };

struct opinion {
    char *name; /* of the engine with its method, or "law" */
    enum status status;
    double part; /* error of a class of energy that its tolerances alone may leave */
    bool reference;
    struct case_result result;
};

/* What came of one testbench. */
struct trial {
    enum verdict verdict;
    size_t n, devices;
    struct opinion opinions[OPINIONS_MAX]; /* n */
    double state, energy;                  /* largest differences of a pair */
    struct error error;                    /* its text: of a difference or failure */
};

static void trial_free(struct trial *t)
{
    for (size_t k = 0; k < t->n; k++) {
        free(t->opinions[k].name);
        case_result_free(&t->opinions[k].result);
    }
    t->n = 0;
}

/* Add what one engine says, or the law. */
static void ask(struct trial *t, const struct study_case *k, const struct engine *engine,
                const struct engine_options *solver)
{
    struct opinion *o = &t->opinions[t->n++];
    struct error error = {{0}};
    if (engine) {
        o->reference = strcmp(engine->name, "ngspice") == 0;
        o->name = engine_method_title(engine, solver->method);
        /* of ngspice's states no error is known */
        o->part = o->reference ? CHECK_ENERGY
                               : 2 * fmax(solver->reltol, solver->vntol / CLASSIFIER_INPUT_VOLT);
        o->status = case_run(
            k, &(struct case_run_options){.engine = engine, .solver = solver, .keep = o->reference},
            &o->result, &error);
    } else {
        o->name = memory_string("law");
        o->part = LAW_PART;
        o->status = random_law_run(k, LAW_RELTOL, &o->result, &error);
    }
    if (o->status == STATUS_INTERRUPTED)
        t->verdict = INTERRUPTED;
    else if (o->status != STATUS_OK && t->verdict == SAME) {
        t->verdict = FAILED;
        fail(&t->error, o->status, "%s: %s", o->name, error.text);
    }
}

static struct engine_options reference_options(const struct random_options *o, double reltol)
{
    struct engine_options r = check_reference_options;
    r.reltol = reltol;
    r.interrupted = o->context->interrupted;
    r.time_limit = RANDOM_TIME;
    return r;
}

static void differ(struct trial *t, const struct opinion *a, const struct opinion *b,
                   const char *what, double by, double most)
{
    if (t->verdict == DIFFERS)
        return;
    t->verdict = DIFFERS;
    fail(&t->error, STATUS_UNTRUSTED, "%s and %s: %s differ by %.2g, expected at most %.2g",
         a->name, b->name, what, by, most);
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

static void compare_energies(struct trial *t, const struct opinion *a, const struct opinion *b)
{
    for (int s = SECTION_TRAINING; s < PHASE_SECTIONS; s++) {
        const double total = fmax(section_total(&a->result, s), section_total(&b->result, s));
        for (int class = 0; class < ENERGY_CLASSES; class ++) {
            const double e = a->result.energy[s][class], f = b->result.energy[s][class],
                         size = fmax(fabs(e), fabs(f));
            if (isnan(e) || isnan(f) || !(size > RANDOM_CLASS_PART * total))
                continue;
            const double known = a->result.error[s][class] + b->result.error[s][class] +
                                 (a->part + b->part) * size,
                         most = fmax(fmin(CHECK_ENERGY * size, known), RANDOM_ENERGY_FLOOR * total),
                         by = apart(&a->result, &b->result, s, class);
            t->energy = fmax(t->energy, by / size);
            if (by <= most)
                continue;
            char what[64];
            snprintf(what, sizeof what, "energies of %s, %s",
                     energy_class_name((enum energy_class) class),
                     phase_section_name((enum phase_section)s));
            differ(t, a, b, what, by / size, most / size);
        }
    }
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
    compare_energies(t, a, b);
}

static void compare_all(struct trial *t, const struct study_case *k)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < i; j++)
            if (t->opinions[i].status == STATUS_OK && t->opinions[j].status == STATUS_OK)
                compare(t, k, &t->opinions[i], &t->opinions[j]);
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

static void ask_all(struct trial *t, const struct study_case *k, const struct random_testbench *b,
                    const struct random_options *o)
{
    struct engine_options solver = o->solver;
    solver.interrupted = o->context->interrupted;
    solver.time_limit = RANDOM_TIME;
    for (size_t e = 0; engine_table[e] && t->verdict != INTERRUPTED; e++) {
        const struct engine *engine = engine_table[e];
        if (strcmp(engine->name, "ngspice") == 0) {
            const struct engine_options tight = reference_options(o, REFERENCE_RELTOL);
            if (b->kind->ngspice)
                ask(t, k, engine, &tight);
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

static enum verdict verdict_of(enum status status)
{
    return status == STATUS_INTERRUPTED ? INTERRUPTED : status == STATUS_INPUT ? ILLEGAL : FAILED;
}

/* Try the testbench; *t is to be freed in any case. */
static void try(const struct random_testbench *b, const struct random_options *o, struct trial *t)
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
        t->devices = k.n_devices;
        ask_all(t, &k, b, o);
        /* what failed does not hide what differs */
        if (t->verdict != INTERRUPTED)
            compare_all(t, &k);
        ask_again(t, &k, o);
        case_free(&k);
    } else {
        t->verdict = verdict_of(status);
        t->error = error;
    }
    testbench_job_free(&job);
    testbench_free(testbench);
    free(text);
}

/* Make a testbench that differs as simple as can be while it differs. */
static void simplify(struct random_testbench *b, const struct random_options *o, struct trial *t)
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
            try(&other, o, &now);
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

static enum status write_testbench(const struct random_testbench *b, const char *path,
                                   const char *what, struct error *error)
{
    struct new_file out;
    const enum status status = new_file_begin(path, &out, error);
    if (status != STATUS_OK)
        return status;
    char *text = random_testbench_text(b);
    fprintf(out.file, "# %s\n%s", what, text);
    free(text);
    return new_file_end(&out, STATUS_OK, error);
}

/* Of one kind. */
struct tally {
    size_t tried, same, differ, failed, illegal, most_devices;
    double state, energy, wall;
};

enum {
    KIND,
    TITLE,
    TRIED,
    SAME_AS,
    DIFFER,
    FAIL,
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
                                       [SAME_AS] = (double)a->same,
                                       [DIFFER] = (double)a->differ,
                                       [FAIL] = (double)a->failed,
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

/* Of what differs or failed: simplify, write, add a row. */
static enum status report(struct random_testbench *b, size_t number, const struct random_options *o,
                          struct trial *t, struct table *found, struct error *error)
{
    if (t->verdict == DIFFERS)
        simplify(b, o, t);
    char *name =
             memory_format("%s-%llu-%zu.yaml", b->kind->name, (unsigned long long)o->seed, number),
         *path = o->folder ? memory_format("%s/%s", o->folder, name) : memory_string(name);
    const enum status status = write_testbench(b, path, t->error.text, error);
    table_row(found);
    table_text(found, 0, name);
    table_text(found, 1, t->verdict == DIFFERS ? "differs" : "failed");
    table_text(found, 2, t->error.text);
    free(name);
    free(path);
    return status;
}

static enum status try_number(size_t number, const struct random_options *o, struct tally *tally,
                              struct table *found, struct error *error)
{
    const struct random_kind *kind = kind_at(o, number);
    struct tally *a = &tally[kind - random_kinds];
    struct random_testbench b = {0};
    struct trial t = {0};
    enum status status = STATUS_OK;
    const double begin = clock_now();
    for (unsigned again = 0; again < DRAWS_MAX; again++) {
        random_testbench_free(&b);
        trial_free(&t);
        b = random_testbench_draw(kind, o->seed, (uint32_t)number, again);
        try(&b, o, &t);
        if (t.verdict != ILLEGAL)
            break;
        a->illegal++;
    }
    if (t.verdict == INTERRUPTED) {
        status = fail(error, STATUS_INTERRUPTED, "interrupted after %zu testbenches", number);
    } else {
        a->tried++;
        a->same += t.verdict == SAME;
        a->differ += t.verdict == DIFFERS;
        a->failed += t.verdict == FAILED || t.verdict == ILLEGAL;
        a->most_devices = t.devices > a->most_devices ? t.devices : a->most_devices;
        a->state = fmax(a->state, t.state);
        a->energy = fmax(a->energy, t.energy);
        if (t.verdict != SAME)
            status = report(&b, number, o, &t, found, error);
    }
    a->wall += clock_now() - begin;
    random_testbench_free(&b);
    trial_free(&t);
    return status;
}

enum status random_check_run(const struct random_options *o, struct table **table,
                             struct table **found, struct error *error)
{
    static const char *const names[N_COLUMNS] = {"kind",        "circuits",     "tried",
                                                 "same",        "differ",       "failed",
                                                 "drawn_again", "most_devices", "state",
                                                 "energy",      "wall_s"},
                             *const found_names[] = {"testbench", "verdict", "what"};
    static const int digits[N_COLUMNS] = {[STATE] = 2, [ENERGY] = 2, [WALL] = 3};
    struct tally tally[16] = {{0}};
    size_t differ = 0, failed = 0, tried = 0;
    enum status status = STATUS_OK;
    *table = table_new(N_COLUMNS, names, digits);
    *found = table_new(3, found_names, NULL);
    for (size_t i = 0; i < o->n && status == STATUS_OK; i++) {
        if (o->progress) {
            char *text = memory_format("%zu of %zu, %zu found", i, o->n, (*found)->n_rows);
            o->progress(o->progress_data, text);
            free(text);
        }
        status = try_number(i, o, tally, *found, error);
    }
    for (const struct random_kind *k = random_kinds; k->name; k++) {
        const struct tally *a = &tally[k - random_kinds];
        if (!o->kind || strcmp(k->name, o->kind) == 0)
            add_tally(*table, k, a);
        differ += a->differ;
        failed += a->failed;
        tried += a->tried;
    }
    if (status == STATUS_OK && differ > 0)
        return fail(error, STATUS_UNTRUSTED, "%zu of %zu testbenches differ", differ, tried);
    if (status == STATUS_OK && (double)failed > RANDOM_FAILED_PART * (double)tried)
        return fail(error, STATUS_UNTRUSTED,
                    "%zu of %zu testbenches failed by themselves, expected at most %g %%", failed,
                    tried, 100 * RANDOM_FAILED_PART);
    return status;
}
