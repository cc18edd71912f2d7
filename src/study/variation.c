/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/variation.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/spice_number.h"
#include "device/library/library_instance.h"
#include "device/library/library_make.h"
#include "device/temperature.h"

#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SET_MAX 16 /* libraries of a set */
#define DRAWS_MAX 10000
#define READ_VOLT 0.1 /* at which a stuck device has its state's resistance [V] */

static const struct {
    const char *name, *key;
    bool logarithmic;
} varied[VARIED] = {
    [VARY_RON] = {"ron", "variation.ron", true},     [VARY_ROFF] = {"roff", "variation.roff", true},
    [VARY_TAU] = {"tau", "variation.tau", true},     [VARY_VON] = {"von", "variation.von", false},
    [VARY_VOFF] = {"voff", "variation.voff", false},
};

const char *const variation_laws[] = {"normal", "stable", NULL};

/* Exponent, skewness and cut of the resetting threshold: V. Ostrovskii et al., Nanomaterials
 * 12(1):63, 2022; there cycle_von is 0.035 V and cycle_voff, under the law `stable`, 0.013 V. */
const struct variation_options variation_defaults = {
    .set = (char *)"",
    .cycle_alpha = 1.535,
    .cycle_beta = -0.609,
    .cycle_cut = 0.2,
};

/* A nominal device at the circuit's temperature. */
struct nominal {
    const struct dopant *dopant;
    struct dopant *read;      /* owned, or NULL */
    size_t parameter[VARIED]; /* among its model's parameters; n_parameters: it has none */
    double parameters[MODEL_PARAMETERS_MAX];
};

struct variation_source {
    struct variation_options options; /* without texts */
    size_t n;
    struct nominal nominals[SET_MAX]; /* n: the dopant, or the set */
    double factor[VARIED][VARIED];    /* L, lower triangle */
    bool varies, cycles;              /* devices; thresholds from pulse to pulse */
};

static enum status factor(struct variation_source *s, struct error *error)
{
    gsl_matrix *m = gsl_matrix_alloc(VARIED, VARIED);
    gsl_matrix_set_identity(m);
    for (size_t i = 0, k = 0; i < VARIED; i++)
        for (size_t j = i + 1; j < VARIED; j++, k++) {
            gsl_matrix_set(m, i, j, s->options.correlation[k]);
            gsl_matrix_set(m, j, i, s->options.correlation[k]);
        }
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    const bool done = gsl_linalg_cholesky_decomp1(m) == 0;
    gsl_set_error_handler(handler);
    for (size_t i = 0; i < VARIED && done; i++)
        for (size_t j = 0; j <= i; j++)
            s->factor[i][j] = gsl_matrix_get(m, i, j);
    gsl_matrix_free(m);
    return done ? STATUS_OK
                : fail(error, STATUS_INPUT,
                       "variation.corr_*: no such five parameters exist, expected correlations "
                       "whose matrix is positive definite");
}

/* The keys in use against a model's parameters. */
static enum status check_model(const struct variation_source *s, struct nominal *n,
                               struct error *error)
{
    const struct model *m = n->dopant->model;
    const struct {
        const char *key;
        double value;
        int parameter;
    } cycle[] = {{"variation.cycle_von", s->options.cycle_von, VARY_VON},
                 {"variation.cycle_voff", s->options.cycle_voff, VARY_VOFF}};
    const char *missing = NULL, *name = NULL;
    for (int i = 0; i < VARIED; i++) {
        n->parameter[i] = library_parameter(m, varied[i].name);
        if (s->options.sigma[i] > 0 && n->parameter[i] == m->n_parameters) {
            missing = varied[i].key;
            name = varied[i].name;
        }
    }
    for (int i = 0; i < 2; i++)
        if (cycle[i].value > 0 && n->parameter[cycle[i].parameter] == m->n_parameters) {
            missing = cycle[i].key;
            name = varied[cycle[i].parameter].name;
        }
    return missing ? fail(error, STATUS_INPUT,
                          "%s: model %s of device %s has no parameter %s, expected %s: 0", missing,
                          m->name, n->dopant->name, name, missing)
                   : STATUS_OK;
}

static enum status read_set(const char *set, const char *devices, struct variation_source *s,
                            struct error *error)
{
    enum status status = STATUS_OK;
    char *texts = memory_string(set);
    for (char *rest = texts, *name; status == STATUS_OK && (name = strsep(&rest, ","));) {
        name += strspn(name, " ");
        name[strcspn(name, " ")] = 0;
        struct error inner = {{0}};
        if (s->n == SET_MAX)
            status = fail(error, STATUS_INPUT, "variation.set: more than %d devices", SET_MAX);
        else if (dopant_read(name, devices, &s->nominals[s->n].read, &inner) != STATUS_OK)
            status = fail(error, STATUS_INPUT, "variation.set: %s", inner.text);
        if (status == STATUS_OK) {
            s->nominals[s->n].dopant = s->nominals[s->n].read;
            s->n++;
        }
    }
    free(texts);
    return status;
}

/* The key by which devices change from pulse to pulse, or NULL. */
static const char *cycle_key(const struct variation_options *o)
{
    return o->cycle_von > 0    ? "variation.cycle_von"
           : o->cycle_voff > 0 ? "variation.cycle_voff"
                               : NULL;
}

enum status variation_replays(const struct variation_options *o, struct error *error)
{
    const char *key = cycle_key(o);
    return key ? fail(error, STATUS_INPUT,
                      "%s changes devices from pulse to pulse, so that no drive can be played "
                      "again, "
                      "expected %s: 0",
                      key, key)
               : STATUS_OK;
}

static enum status check_engine(const struct variation_options *o, const struct engine *engine,
                                struct error *error)
{
    const char *key = cycle_key(o);
    if (key && engine && !engine_able(engine, ENGINE_CHANGES_DEVICES)) {
        char *able = engines_able(ENGINE_CHANGES_DEVICES);
        fail(error, STATUS_INPUT,
             "%s with engine %s, whose deck cannot change a device from pulse to pulse, expected "
             "engine %s",
             key, engine->name, able);
        free(able);
        return STATUS_INPUT;
    }
    if (o->stuck_on + o->stuck_off > 1)
        return fail(error, STATUS_INPUT,
                    "variation.stuck_on %g and variation.stuck_off %g, expected at most 1 together",
                    o->stuck_on, o->stuck_off);
    return STATUS_OK;
}

enum status variation_open(const struct variation_options *o,
                           const struct variation_circuit *circuit,
                           struct variation_source **source, struct error *error)
{
    struct variation_source *s = *source = NEW(1, struct variation_source);
    s->options = *o;
    s->options.set = NULL;
    const bool set = o->set && *o->set;
    if (!set)
        s->nominals[s->n++].dopant = circuit->dopant;
    enum status status = check_engine(o, circuit->engine, error);
    if (status == STATUS_OK && set)
        status = read_set(o->set, circuit->devices, s, error);
    if (status == STATUS_OK)
        status = factor(s, error);
    s->cycles = o->cycle_von > 0 || o->cycle_voff > 0;
    s->varies = set || s->cycles || fabs(circuit->kelvin - TEMPERATURE_NOMINAL) > 1e-9;
    for (int i = 0; i < VARIED; i++)
        s->varies |= o->sigma[i] > 0;
    for (size_t k = 0; k < s->n && status == STATUS_OK; k++) {
        struct nominal *n = &s->nominals[k];
        memcpy(n->parameters, n->dopant->parameters, sizeof n->parameters);
        status = temperature_apply(n->dopant->model, circuit->kelvin, n->parameters, error);
        if (status == STATUS_OK)
            status = check_model(s, n, error);
    }
    if (status != STATUS_OK) {
        variation_close(s);
        *source = NULL;
    }
    return status;
}

void variation_close(struct variation_source *s)
{
    for (size_t k = 0; s && k < s->n; k++)
        dopant_free(s->nominals[k].read);
    free(s);
}

/* Parameters of one device; *redrawn counts what was out of bounds. */
static enum status draw_parameters(const struct variation_source *s, const struct nominal *n,
                                   gsl_rng *rng, double *p, size_t *redrawn, struct error *error)
{
    const struct model *m = n->dopant->model;
    size_t bad = 0;
    for (int k = 0; k < DRAWS_MAX; k++) {
        double normal[VARIED];
        for (int i = 0; i < VARIED; i++)
            normal[i] = gsl_ran_ugaussian(rng);
        memcpy(p, n->parameters, sizeof n->parameters);
        for (int i = 0; i < VARIED; i++) {
            double z = 0;
            for (int j = 0; j <= i; j++)
                z += s->factor[i][j] * normal[j];
            if (!(s->options.sigma[i] > 0))
                continue;
            double *value = &p[n->parameter[i]];
            *value = varied[i].logarithmic ? *value * exp(s->options.sigma[i] * z)
                                           : *value + s->options.sigma[i] * z;
        }
        bad = dopant_out_of_bounds(m, p);
        if (bad == m->n_parameters)
            return STATUS_OK;
        ++*redrawn;
    }
    return fail(error, STATUS_INPUT,
                "variation: %d draws of a device of model %s are all out of bounds, the last with "
                "%s=%g, expected %g to %g [%s] and ron < roff",
                DRAWS_MAX, m->name, m->parameters[bad].name, p[bad], m->parameters[bad].min,
                m->parameters[bad].max, m->parameters[bad].unit);
}

/* Resistance of a device whose state stays at x. */
static double stuck_ohm(const struct model *m, const double *p, double x)
{
    double constants[MODEL_CONSTANTS_MAX];
    m->prepare(p, constants);
    return READ_VOLT / m->current(constants, READ_VOLT, x).f;
}

static void draw_stuck(struct variation *v, size_t k, const struct model *m, uint64_t seed,
                       uint32_t replica)
{
    const struct variation_options *o = &v->source->options;
    gsl_rng *rng = random_stream(seed, replica, (enum random_purpose)(RANDOM_STUCK + (int)k));
    const double u = gsl_rng_uniform(rng);
    gsl_rng_free(rng);
    const bool on = u < o->stuck_on, off = u >= 1 - o->stuck_off;
    if (on || off)
        v->stuck_ohm[k] = stuck_ohm(m, v->devices[k].parameters, on);
    v->n_stuck_on += on;
    v->n_stuck_off += off && !on;
}

static enum status draw_device(struct variation *v, size_t k, uint64_t seed, uint32_t replica,
                               struct error *error)
{
    const struct variation_source *s = v->source;
    struct variation_device *d = &v->devices[k];
    gsl_rng *rng = random_stream(seed, replica, (enum random_purpose)(RANDOM_VARIATION + (int)k));
    const struct nominal *n = &s->nominals[gsl_rng_uniform_int(rng, s->n)];
    enum status status = draw_parameters(s, n, rng, d->parameters, &v->redrawn, error);
    gsl_rng_free(rng);
    if (status == STATUS_OK && v->stuck_ohm)
        draw_stuck(v, k, n->dopant->model, seed, replica);
    if (status != STATUS_OK || !s->varies)
        return status;
    char *name = memory_format("%s_d%zu", n->dopant->name, k + 1);
    v->dopants[k] = d->dopant = dopant_variant(n->dopant, name, d->parameters);
    free(name);
    if (s->cycles)
        d->cycle = random_stream(seed, replica, (enum random_purpose)(RANDOM_CYCLE + (int)k));
    return STATUS_OK;
}

static void draw_amplifiers(struct variation *v, uint64_t seed, uint32_t replica)
{
    const struct variation_options *o = &v->source->options;
    if (o->a_vt > 0 || o->a_beta > 0)
        v->mismatch = NEW(v->n_amplifiers, struct mismatch);
    if (o->offset > 0)
        v->offsets = NEW(v->n_amplifiers, double);
    for (size_t k = 0; k < v->n_amplifiers; k++) {
        if (v->mismatch)
            v->mismatch[k] = (struct mismatch){o->a_vt, o->a_beta, seed, replica, (unsigned)k};
        if (!v->offsets)
            continue;
        gsl_rng *rng = random_stream(seed, replica, (enum random_purpose)(RANDOM_OFFSET + (int)k));
        v->offsets[k] = gsl_ran_gaussian(rng, o->offset);
        gsl_rng_free(rng);
    }
}

enum status variation_draw(const struct variation_source *s, size_t n, size_t n_amplifiers,
                           struct random_sample sample, struct variation *v, struct error *error)
{
    *v = (struct variation){.source = s, .n = n, .n_amplifiers = n_amplifiers};
    v->devices = NEW(n, struct variation_device);
    if (s->varies)
        v->dopants = NEW(n, const struct dopant *);
    if (s->options.stuck_on > 0 || s->options.stuck_off > 0)
        v->stuck_ohm = NEW(n, double);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        status = draw_device(v, k, sample.seed, sample.replica, error);
    if (status == STATUS_OK)
        draw_amplifiers(v, sample.seed, sample.replica);
    else
        variation_free(v);
    return status;
}

void variation_free(struct variation *v)
{
    for (size_t k = 0; k < v->n && v->devices; k++) {
        dopant_free(v->devices[k].dopant);
        if (v->devices[k].cycle)
            gsl_rng_free(v->devices[k].cycle);
    }
    free(v->devices);
    free(v->dopants);
    free(v->stuck_ohm);
    free(v->offsets);
    free(v->mismatch);
    *v = (struct variation){0};
}

void variation_apply(struct variation *v, struct training_options *o)
{
    o->classifier.dopants = v->dopants;
    o->classifier.stuck_ohm = v->stuck_ohm;
    o->classifier.offsets = v->offsets;
    o->classifier.mismatch = v->mismatch;
    o->before_pulse = v->source->cycles ? variation_cycle : NULL;
    o->before_pulse_data = v;
}

/* Deviation of a threshold [V], drawn anew beyond the cut. */
static double deviation(const struct variation_options *o, gsl_rng *rng, int parameter,
                        size_t *redrawn)
{
    for (;; ++*redrawn) {
        const double d = parameter == VARY_VON ? gsl_ran_gaussian(rng, o->cycle_von)
                         : o->cycle_law == CYCLE_STABLE
                             ? -gsl_ran_levy_skew(rng, o->cycle_voff, o->cycle_alpha, o->cycle_beta)
                             : gsl_ran_gaussian(rng, o->cycle_voff);
        if (fabs(d) <= o->cycle_cut)
            return d;
    }
}

bool variation_cycle(void *variation, size_t device)
{
    struct variation *v = variation;
    struct variation_device *d = &v->devices[device];
    const struct variation_source *s = v->source;
    if (!d->cycle || (v->stuck_ohm && v->stuck_ohm[device] > 0))
        return false;
    const struct model *m = d->dopant->model;
    const size_t von = library_parameter(m, varied[VARY_VON].name),
                 voff = library_parameter(m, varied[VARY_VOFF].name);
    double p[MODEL_PARAMETERS_MAX];
    memcpy(p, d->parameters, sizeof p);
    /* the device's own thresholds are within bounds, and so is every second draw or more */
    for (bool again = true; again; v->cycle_redrawn += again) {
        if (s->options.cycle_von > 0)
            p[von] =
                d->parameters[von] + deviation(&s->options, d->cycle, VARY_VON, &v->cycle_redrawn);
        if (s->options.cycle_voff > 0)
            p[voff] = d->parameters[voff] +
                      deviation(&s->options, d->cycle, VARY_VOFF, &v->cycle_redrawn);
        again = dopant_out_of_bounds(m, p) < m->n_parameters;
    }
    v->cycle_pulses++;
    dopant_vary(d->dopant, p);
    return true;
}

static const struct model *device_model(const struct variation *v, size_t k)
{
    const struct dopant *d = v->devices[k].dopant;
    return d ? d->model : v->source->nominals[0].dopant->model;
}

static bool is_stuck(const struct variation *v, size_t k)
{
    return v->stuck_ohm && v->stuck_ohm[k] > 0;
}

void variation_means(const struct variation *v, double means[VARIED])
{
    for (int i = 0; i < VARIED; i++) {
        double sum = 0;
        size_t n = 0;
        for (size_t k = 0; k < v->n; k++) {
            const struct variation_device *d = &v->devices[k];
            const struct model *m = device_model(v, k);
            const size_t index = library_parameter(m, varied[i].name);
            if (index == m->n_parameters || is_stuck(v, k))
                continue;
            sum += varied[i].logarithmic ? log(d->parameters[index]) : d->parameters[index];
            n++;
        }
        means[i] = n == 0 ? NAN : varied[i].logarithmic ? exp(sum / (double)n) : sum / (double)n;
    }
}

void variation_cells(const struct variation *v, struct cell *cells)
{
    double means[VARIED];
    variation_means(v, means);
    const double values[VARIATION_N_COLUMNS] = {
        [VARIATION_STUCK_ON] = (double)v->n_stuck_on,
        [VARIATION_STUCK_OFF] = (double)v->n_stuck_off,
        [VARIATION_REDRAWN] = (double)v->redrawn,
        [VARIATION_CYCLE_REDRAWN] = (double)v->cycle_redrawn,
        [VARIATION_RON_MEAN] = means[VARY_RON],
        [VARIATION_ROFF_MEAN] = means[VARY_ROFF],
        [VARIATION_TAU_MEAN] = means[VARY_TAU],
        [VARIATION_VON_MEAN] = means[VARY_VON],
        [VARIATION_VOFF_MEAN] = means[VARY_VOFF],
    };
    for (int i = 0; i < VARIATION_N_COLUMNS; i++)
        if (isfinite(values[i]))
            cells[i] = (struct cell){.kind = CELL_NUMBER, .number = values[i]};
}

struct table *variation_table(const struct variation *v)
{
    static const char *const names[] = {"device", "dopant", "ron_ohm", "roff_ohm",
                                        "tau_s",  "von_V",  "voff_V",  "stuck_ohm"};
    struct table *table = table_new(3 + VARIED, names, NULL);
    for (size_t k = 0; k < v->n; k++) {
        const struct model *m = device_model(v, k);
        const struct dopant *d = v->devices[k].dopant;
        table_row(table);
        table_number(table, 0, (double)k + 1);
        table_text(table, 1, (d ? d->base : v->source->nominals[0].dopant)->name);
        for (int i = 0; i < VARIED; i++) {
            const size_t index = library_parameter(m, varied[i].name);
            if (index < m->n_parameters)
                table_number(table, 2 + (size_t)i, v->devices[k].parameters[index]);
        }
        if (is_stuck(v, k))
            table_number(table, 2 + VARIED, v->stuck_ohm[k]);
    }
    return table;
}
