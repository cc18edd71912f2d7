/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/library/library_instance.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t library_parameter(const struct model *model, const char *name)
{
    size_t k = 0;
    while (k < model->n_parameters && strcasecmp(model->parameters[k].name, name) != 0)
        k++;
    return k;
}

static enum status read_parameter(struct dopant *d, const struct card *card, size_t i,
                                  struct error *error)
{
    const char *name = card_token(card, i), *value = card_token(card, i + 2);
    size_t k = library_parameter(d->model, name);
    int line = card_line(card, i);
    if (k == d->model->n_parameters) {
        char known[256] = "";
        for (size_t j = 0; j < d->model->n_parameters; j++)
            snprintf(known + strlen(known), sizeof known - strlen(known), " %s",
                     d->model->parameters[j].name);
        return fail_at(error, card->path, line,
                       "found unknown parameter '%s' of model %s, expected one of x0%s", name,
                       d->model->name, known);
    }
    const struct model_parameter *p = &d->model->parameters[k];
    if (!isnan(d->parameters[k]))
        return fail_at(error, card->path, line, "found parameter '%s' a second time", name);
    double number;
    if (!spice_number(value, &number))
        return fail_at(error, card->path, card_line(card, i + 2),
                       "found %s=%s, expected a number [%s]", p->name, value, p->unit);
    if (!(number >= p->min && number <= p->max))
        return fail_at(error, card->path, card_line(card, i + 2),
                       "found %s=%s, expected %g to %g [%s]", p->name, value, p->min, p->max,
                       p->unit);
    d->parameters[k] = number;
    return STATUS_OK;
}

/* All "name=value" of the instance, then fallbacks for what it does not give. */
static enum status read_parameters(struct dopant *d, const struct card *card, struct error *error)
{
    bool has_x0 = false;
    for (size_t k = 0; k < MODEL_PARAMETERS_MAX; k++)
        d->parameters[k] = NAN;
    for (size_t i = 5; i < card->n; i += 3) {
        if (!card_assigns(card, i))
            return fail_at(error, card->path, card_line(card, i), "found '%s', expected name=value",
                           card_token(card, i));
        enum status status = STATUS_OK;
        if (strcasecmp(card_token(card, i), "x0") != 0)
            status = read_parameter(d, card, i, error);
        else if (has_x0)
            status = fail_at(error, card->path, card_line(card, i),
                             "found parameter 'x0' a second time");
        else if (strcasecmp(card_token(card, i + 2), "{x0}") != 0)
            status = fail_at(error, card->path, card_line(card, i), "found x0=%s, expected x0={x0}",
                             card_token(card, i + 2));
        else
            has_x0 = true;
        if (status != STATUS_OK)
            return status;
    }
    if (!has_x0)
        return fail_at(error, card->path, card->line,
                       "found an instance without x0, expected x0={x0}");
    for (size_t k = 0; k < d->model->n_parameters; k++) {
        const struct model_parameter *p = &d->model->parameters[k];
        if (isnan(d->parameters[k]) && isnan(p->fallback))
            return fail_at(error, card->path, card->line,
                           "found no parameter '%s' of model %s, expected %s (%s) [%s]", p->name,
                           d->model->name, p->name, p->meaning, p->unit);
        if (isnan(d->parameters[k]))
            d->parameters[k] = p->fallback;
    }
    return STATUS_OK;
}

static char *lower_copy(const char *text)
{
    char *copy = memory_string(text);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

enum status library_instance_read(struct dopant *d, const struct card *card, char *const ports[2],
                                  struct error *error)
{
    const char *first = card_token(card, 0), *state = card_token(card, 3);
    if (tolower((unsigned char)*first) != 'x')
        return fail_at(error, card->path, card->line,
                       "found '%s', expected one instance of a model, 'xm p n x MODEL ...'", first);
    if (card->n < 5 || strcasecmp(card_token(card, 1), ports[0]) != 0 ||
        strcasecmp(card_token(card, 2), ports[1]) != 0)
        return fail_at(error, card->path, card->line,
                       "found '%s %s %s', expected the ports '%s %s', a state node and a model",
                       first, card_token(card, 1), card_token(card, 2), ports[0], ports[1]);
    if (strcasecmp(state, ports[0]) == 0 || strcasecmp(state, ports[1]) == 0 ||
        strcmp(state, "0") == 0 || strcasecmp(state, "gnd") == 0)
        return fail_at(error, card->path, card_line(card, 3),
                       "found '%s' as state node, expected a node of its own", state);
    d->model = model_find(card_token(card, 4));
    if (!d->model) {
        char known[256] = "";
        for (const struct model *const *m = model_table; *m; m++)
            snprintf(known + strlen(known), sizeof known - strlen(known), " %s", (*m)->name);
        return fail_at(error, card->path, card_line(card, 4),
                       "found unknown model '%s', expected one of%s", card_token(card, 4), known);
    }
    d->state_node = lower_copy(state);
    d->instance = lower_copy(first);
    return read_parameters(d, card, error);
}
