/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/library/library_make.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "device/library/library_instance.h"
#include "device/library/library_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INSTANCE "xm" /* of the model, and its state's node: in all subcircuits made here */
#define STATE_NODE "x"

/* The instance's card, continued over lines of at most four parameters. */
static char *instance_card(const struct model *m, const double *p)
{
    char *card = memory_format(INSTANCE " p n " STATE_NODE " %s x0={x0}", m->name);
    for (size_t k = 0; k < m->n_parameters; k++) {
        char number[32];
        char *longer = memory_format("%s%s%s=%s", card, k % 4 ? " " : "\n+ ", m->parameters[k].name,
                                     number_text(p[k], number));
        free(card);
        card = longer;
    }
    return card;
}

enum status dopant_new(const struct dopant_plan *plan, const char *directory,
                       struct dopant **dopant, struct error *error)
{
    const struct model *m = plan->model;
    const double *p = plan->parameters;
    const char *name = plan->name;
    *dopant = NULL;
    char *path = memory_format("%s/%s.sub", directory, m->name);
    struct library_text *text;
    enum status status = library_text_read(path, &text, error);
    free(path);
    if (status != STATUS_OK)
        return status;
    struct dopant *d = NEW(1, struct dopant);
    char *card = instance_card(m, p), *sub = library_text_join(text);
    d->name = memory_string(name);
    d->path = memory_string(name);
    d->text = memory_format("%s.subckt %s p n x0=0.01\n%s%s\n.ends %s\n", plan->comment, name, sub,
                            card, name);
    d->instance = memory_string(INSTANCE);
    d->state_node = memory_string(STATE_NODE);
    d->model = m;
    memcpy(d->parameters, p, m->n_parameters * sizeof *p);
    m->prepare(d->parameters, d->constants);
    free(card);
    free(sub);
    library_text_free(text);
    *dopant = d;
    return STATUS_OK;
}

static enum status set(const struct model *m, double *p, const struct dopant_setting *s,
                       struct error *error)
{
    const size_t k = library_parameter(m, s->name);
    if (k == m->n_parameters) {
        char *known = memory_string("");
        for (size_t j = 0; j < m->n_parameters; j++) {
            char *longer = memory_format("%s %s", known, m->parameters[j].name);
            free(known);
            known = longer;
        }
        fail(error, STATUS_INPUT, "found unknown parameter '%s' of model %s, expected one of%s",
             s->name, m->name, known);
        free(known);
        return STATUS_INPUT;
    }
    const struct model_parameter *q = &m->parameters[k];
    if (!(s->value >= q->min && s->value <= q->max))
        return fail(error, STATUS_INPUT, "found %s=%g of model %s, expected %g to %g [%s]", q->name,
                    s->value, m->name, q->min, q->max, q->unit);
    p[k] = s->value;
    return STATUS_OK;
}

static enum status complete(const struct model *m, const double *p, struct error *error)
{
    for (size_t k = 0; k < m->n_parameters; k++)
        if (isnan(p[k]))
            return fail(error, STATUS_INPUT,
                        "found no parameter '%s' of model %s, expected %s (%s) [%s]",
                        m->parameters[k].name, m->name, m->parameters[k].name,
                        m->parameters[k].meaning, m->parameters[k].unit);
    const size_t on = library_parameter(m, "ron"), off = library_parameter(m, "roff");
    if (on < m->n_parameters && off < m->n_parameters && !(p[on] < p[off]))
        return fail(error, STATUS_INPUT, "found ron=%g and roff=%g, expected ron < roff", p[on],
                    p[off]);
    const char *expected;
    const size_t unfit = model_unfit(m, p, &expected);
    if (unfit < m->n_parameters)
        return fail(error, STATUS_INPUT, "found %s=%g of model %s, expected %s",
                    m->parameters[unfit].name, p[unfit], m->name, expected);
    return STATUS_OK;
}

enum status dopant_make(const char *what, const char *directory, size_t n,
                        const struct dopant_setting *settings, struct dopant **dopant,
                        struct error *error)
{
    struct dopant *base = NULL;
    const struct model *m = model_find(what);
    double p[MODEL_PARAMETERS_MAX];
    *dopant = NULL;
    if (!m) {
        enum status status = dopant_read(what, directory, &base, error);
        if (status != STATUS_OK || n == 0) {
            *dopant = base;
            return status;
        }
        m = base->model;
    }
    for (size_t k = 0; k < m->n_parameters; k++)
        p[k] = base ? base->parameters[k] : m->parameters[k].fallback;
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        status = set(m, p, &settings[k], error);
    if (status == STATUS_OK)
        status = complete(m, p, error);
    /* a model's own name is that of its subcircuit */
    char *name = base ? memory_string(base->name) : memory_format("%s_device", m->name);
    if (status == STATUS_OK)
        status = dopant_new(
            &(struct dopant_plan){.name = name, .comment = "", .model = m, .parameters = p},
            directory, dopant, error);
    if (*dopant && base) {
        (*dopant)->g_min = base->g_min;
        (*dopant)->g_max = base->g_max;
    }
    free(name);
    dopant_free(base);
    return status;
}

struct dopant *dopant_variant(const struct dopant *base, const char *name, const double *p)
{
    struct dopant *d = NEW(1, struct dopant);
    d->name = memory_string(name);
    d->path = memory_string(base->path);
    d->instance = memory_string(INSTANCE);
    d->state_node = memory_string(STATE_NODE);
    d->base = base->base ? base->base : base;
    d->model = base->model;
    d->g_min = base->g_min;
    d->g_max = base->g_max;
    dopant_vary(d, p);
    return d;
}

void dopant_vary(struct dopant *d, const double *p)
{
    memcpy(d->parameters, p, d->model->n_parameters * sizeof *p);
    d->model->prepare(d->parameters, d->constants);
}

size_t dopant_out_of_bounds(const struct model *m, const double *p)
{
    size_t k = 0;
    while (k < m->n_parameters && p[k] >= m->parameters[k].min && p[k] <= m->parameters[k].max)
        k++;
    const size_t on = library_parameter(m, "ron"), off = library_parameter(m, "roff");
    if (k == m->n_parameters && on < k && off < k && !(p[on] < p[off]))
        return off;
    const char *expected;
    return k == m->n_parameters ? model_unfit(m, p, &expected) : k;
}

void dopant_write_models(const struct dopant *d, FILE *out)
{
    int depth = 0;
    for (const char *line = d->text; *line;) {
        const size_t n = strcspn(line, "\n"), length = n + (line[n] == '\n');
        const char *card = line + strspn(line, " \t");
        const bool begins = strncasecmp(card, ".subckt", 7) == 0,
                   ends = strncasecmp(card, ".ends", 5) == 0;
        depth += begins;
        if (depth > 1)
            fwrite(line, 1, length, out);
        depth -= ends;
        line += length;
    }
}

void dopant_write_variant(const struct dopant *d, FILE *out)
{
    char *card = instance_card(d->model, d->parameters);
    fprintf(out, ".subckt %s p n x0=0.01\n%s\n.ends %s\n", d->name, card, d->name);
    free(card);
}
