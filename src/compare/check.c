/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/check.h"

#include "base/memory.h"
#include "compare/case_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE "ngspice"

const struct engine_options check_reference_options = {
    .reltol = CHECK_REFERENCE_RELTOL,
    .abstol = 1e-12,
    .vntol = 1e-8,
    .trtol = 1,
    .step_max = 2e-3,
    .edge_parts = CHECK_EDGE_PARTS,
    .time_limit = 3600,
};

enum column {
    CASE,
    ENGINE,
    NEURONS,
    STATE,
    WAVEFORM,
    READING,
    ENERGY,
    ENERGY_OF,
    ACCURACY,
    IMAGES_OTHERWISE,
    WALL,
    VERDICT,
    N_COLUMNS
};

/* What a case of that tolerance of its own, or of none, may differ by. */
static void add_tolerance(struct table *t, const char *what, double own)
{
    table_row(t);
    table_text(t, CASE, what);
    table_text(t, ENGINE, "");
    table_text(t, NEURONS, "");
    table_number(t, STATE, own > 0 ? own : CHECK_STATE);
    table_number(t, WAVEFORM, own > 0 ? own : CHECK_WAVEFORM);
    table_number(t, READING, own > 0 ? own : CHECK_READING);
    table_number(t, ENERGY, own > 0 ? own : CHECK_ENERGY);
    table_text(t, ENERGY_OF, "");
    if (!(own > 0))
        table_number(t, ACCURACY, CHECK_ACCURACY);
    table_text(t, VERDICT, "");
}

static struct table *make_table(void)
{
    static const char *const names[N_COLUMNS] = {
        "case",      "engine",   "neurons",          "state",  "waveform", "reading", "energy",
        "energy_of", "accuracy", "images_otherwise", "wall_s", "verdict"};
    static const int digits[N_COLUMNS] = {0, 0, 0, 2, 2, 2, 2, 0, 4, 0, 3, 0};
    struct table *t = table_new(N_COLUMNS, names, digits);
    add_tolerance(t, "tolerance", 0);
    return t;
}

/* "ok", or which figures are above their tolerance, and where. */
static bool judge(const struct study_case *k, const struct case_result *o,
                  const struct difference *d, char text[256])
{
    const double own = k->tolerance, reading = own > 0                       ? own
                                               : o->form == CASE_BEHAVIOURAL ? CHECK_READING_MODEL
                                                                             : CHECK_READING;
    const struct circuit *c = k->circuits[CASE_FULL];
    const struct phase *phases = k->drive.phases;
    const struct phase_names *names = k->drive.names ? k->drive.names : &phase_names_standard;
    const struct {
        const char *name, *of, *in;
        bool holds;
    } parts[] = {
        {"state", c->n_states > 0 ? c->elements[c->state_elements[d->worst_state]].name : "", NULL,
         d->state <= (own > 0 ? own : CHECK_STATE)},
        {"waveform", c->probes[k->probes[d->waveform_probe]].name,
         names->kinds[phases[d->waveform_phase].kind],
         isnan(d->waveform) || d->waveform <= (own > 0 ? own : CHECK_WAVEFORM)},
        {"reading", c->probes[k->probes[d->reading_probe]].name,
         names->kinds[phases[d->reading_phase].kind], d->reading <= reading},
        {"energy", NULL, NULL, d->energy <= (own > 0 ? own : CHECK_ENERGY)},
        {"accuracy", NULL, NULL, !(d->accuracy > CHECK_ACCURACY)},
    };
    bool all = true;
    text[0] = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t used = strlen(text);
        if (parts[i].holds)
            continue;
        snprintf(text + used, 256 - used, "%s%s%s%s%s%s%s", all ? "fails: " : "; ", parts[i].name,
                 parts[i].of ? " of " : "", parts[i].of ? parts[i].of : "", parts[i].in ? " (" : "",
                 parts[i].in ? parts[i].in : "", parts[i].in ? ")" : "");
        all = false;
    }
    if (all)
        strcpy(text, "ok");
    return all;
}

static const char *neurons(const struct study_case *k, enum case_form form)
{
    return !k->images ? "" : form == CASE_BEHAVIOURAL || k->behavioural ? "behavioural" : "netlist";
}

static bool add_row(struct table *t, const struct study_case *k, const char *engine,
                    const struct case_result *o, const struct difference *d)
{
    char verdict[256], of[64] = "";
    const bool holds = judge(k, o, d, verdict);
    if (d->class >= 0)
        snprintf(of, sizeof of, "%s, %s", energy_class_name((enum energy_class)d->class),
                 phase_section_name((enum phase_section)d->section));
    table_row(t);
    table_text(t, CASE, k->name);
    table_text(t, ENGINE, engine);
    table_text(t, NEURONS, neurons(k, o->form));
    table_number(t, STATE, d->state);
    if (!isnan(d->waveform))
        table_number(t, WAVEFORM, d->waveform);
    table_number(t, READING, d->reading);
    table_number(t, ENERGY, d->energy);
    table_text(t, ENERGY_OF, of);
    if (k->images) {
        table_number(t, ACCURACY, o->accuracy);
        table_number(t, IMAGES_OTHERWISE, (double)d->decisions);
    }
    table_number(t, WALL, o->wall);
    table_text(t, VERDICT, verdict);
    return holds;
}

/* Of an engine that has come to no end. */
static void add_failure(struct table *t, const struct study_case *k, const char *engine,
                        enum case_form form, const struct error *error)
{
    char *verdict = memory_format("fails: %s", error->text);
    table_row(t);
    table_text(t, CASE, k->name);
    table_text(t, ENGINE, engine);
    table_text(t, NEURONS, neurons(k, form));
    table_text(t, ENERGY_OF, "");
    table_text(t, VERDICT, verdict);
    free(verdict);
}

static void tell(const struct check_options *o, const char *name, const char *what)
{
    if (!o->progress)
        return;
    char *text = memory_format("%s: %s", name, what);
    o->progress(o->progress_data, text);
    free(text);
}

/* What the rows of a case are made from. */
struct checking {
    const struct check_options *options;
    const struct study_case *k;
    struct case_result reference;
    struct table *table;
    size_t *failures, *rows;
};

/* The row of an engine with a method: "ida", or "ida-bdf" of a method that is not its first. */
static enum status check_engine(const struct checking *c, const struct engine *e,
                                const struct engine_options *solver, struct error *error)
{
    /* without capacitors there is no settling, and nothing between kinks to compare */
    const bool waveform = engine_able(e, ENGINE_TRANSISTORS) || !case_settles(c->k);
    struct case_result result;
    char *name = engine_method_title(e, solver->method);
    tell(c->options, c->k->name, name);
    const enum status status =
        case_run(c->k,
                 &(struct case_run_options){
                     .engine = e, .solver = solver, .reference = waveform ? &c->reference : NULL},
                 &result, error);
    if (c->k->tile)
        result.vntol = result.abstol = 0; /* nothing hides behind them */
    *c->rows += 1;
    if (status == STATUS_OK) {
        const struct difference d = case_compare(&result, &c->reference);
        *c->failures += !add_row(c->table, c->k, name, &result, &d);
    } else if (status == STATUS_NUMERICAL) {
        add_failure(c->table, c->k, name, result.form, error);
    }
    case_result_free(&result);
    free(name);
    return status;
}

/* The tile as one linear element against ngspice, and the static solver, an independent method, against
 * that. */
static enum status check_tile(const struct checking *c, struct error *error)
{
    struct study_case exact = *c->k;
    struct case_result forms, lines;
    exact.tolerance = CASE_TILE_EXACT;
    enum status status = case_tile_run(c->k, CASE_TILE_FORMS, &forms, error);
    if (status == STATUS_OK) {
        const struct difference d = case_compare(&forms, &c->reference);
        *c->failures += !add_row(c->table, c->k, "tile", &forms, &d);
        status = case_tile_run(c->k, CASE_TILE_GRADIENTS, &lines, error);
        if (status == STATUS_OK) {
            const struct difference e = case_compare(&lines, &forms);
            *c->failures += !add_row(c->table, &exact, "lines, against tile", &lines, &e);
            *c->rows += 2;
        }
        case_result_free(&lines);
    }
    case_result_free(&forms);
    return status;
}

/* Tolerances of an engine under test. */
static struct engine_options solver_of(const struct check_options *o, const struct engine *e,
                                       double reference)
{
    struct engine_options solver = o->solver;
    if (e == engine_find(REFERENCE) && !o->reltol_given && reference < solver.reltol)
        solver = case_tolerances(reference);
    solver.time_limit = o->solver.time_limit;
    solver.interrupted = o->inputs.interrupted;
    return solver;
}

static enum status check_case(struct checking c, const struct study_case *k, struct error *error)
{
    const struct check_options *o = c.options;
    c.k = k;
    struct engine_options tight = check_reference_options;
    tight.interrupted = o->inputs.interrupted;
    tight.time_limit = o->solver.time_limit;
    if (k->tolerance > 0)
        add_tolerance(c.table, "tolerance of tiles", k->tolerance);
    tight.reltol = o->reference > 0 ? o->reference
                   : k == o->given  ? CHECK_REFERENCE_GIVEN
                                    : CHECK_REFERENCE_RELTOL;
    char *what = memory_format("reference, ngspice at reltol %g", tight.reltol);
    tell(o, k->name, what);
    free(what);
    enum status failed = STATUS_OK;
    enum status status =
        case_run(k,
                 &(struct case_run_options){
                     .engine = engine_find(REFERENCE), .solver = &tight, .keep = true},
                 &c.reference, error);
    if (status == STATUS_NUMERICAL) {
        const struct error why = *error;
        fail(error, status, "%s; this is the reference, whose tolerance is --reference", why.text);
    }
    if (k->tile) {
        c.reference.vntol = c.reference.abstol = 0;
        if (status == STATUS_OK)
            status = check_tile(&c, error);
    }
    for (size_t i = 0; engine_table[i] && status == STATUS_OK; i++) {
        const struct engine *e = engine_table[i];
        struct engine_options solver = solver_of(o, e, tight.reltol);
        for (int m = 0; engine_methods[m] && status == STATUS_OK; m++) {
            if (m > 0 && !engine_able(e, ENGINE_METHODS))
                break;
            solver.method = (enum engine_method)m;
            struct error why;
            status = check_engine(&c, e, &solver, &why);
            if (status == STATUS_OK)
                continue;
            if (failed != STATUS_NUMERICAL)
                *error = why;
            if (status == STATUS_NUMERICAL) { /* the others' rows are worth having */
                failed = status;
                status = STATUS_OK;
            }
        }
    }
    case_result_free(&c.reference);
    return status == STATUS_OK ? failed : status;
}

enum status check_run(const struct check_options *o, struct table **table, struct error *error)
{
    struct case_recording recording = {0};
    size_t failures = 0, rows = 0;
    enum status status = STATUS_OK;
    *table = make_table();
    const struct checking c = {.options = o, .table = *table, .failures = &failures, .rows = &rows};
    if (o->given)
        status = check_case(c, o->given, error);
    enum status failed = STATUS_OK; /* of a case that is not the last */
    for (size_t i = 0; i < o->n_cases && status == STATUS_OK && !o->given; i++) {
        struct study_case k;
        struct error why;
        tell(o, o->cases[i]->name, "building");
        status = case_build(o->cases[i], &o->inputs, &recording, &k, &why);
        if (status == STATUS_OK) {
            status = check_case(c, &k, &why);
            case_free(&k);
        }
        if (status != STATUS_OK && failed != STATUS_NUMERICAL)
            *error = why;
        if (status == STATUS_NUMERICAL) {
            failed = status;
            status = STATUS_OK;
        }
    }
    if (status == STATUS_OK)
        status = failed;
    case_recording_free(&recording);
    if (status == STATUS_OK && failures > 0)
        return fail(error, STATUS_UNTRUSTED, "%zu of %zu rows are above their tolerance", failures,
                    rows);
    return status;
}
