/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the form in library.h.  One pass over the cards: the outer .subckt, the one instance of a
 * model in it, nested .subckt blocks (the models' text) that are only counted and named, .ends. */
#include "device/library/library.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "device/library/library_card.h"
#include "device/library/library_find.h"
#include "device/library/library_instance.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NESTING_MAX 8

struct reader {
    struct dopant *dopant;
    struct error *error;
    char *port[2];           /* of the outer .subckt */
    char *open[NESTING_MAX]; /* names of the open .subckt blocks */
    int nesting;             /* how many are open */
    int instance_line;       /* 0: no instance yet */
    int window_line;         /* of the last *@ line; 0: none */
    bool ended;              /* .ends of the outer .subckt seen */
};

/* What ngspice takes as the name of a subcircuit; it does not find "W-vteam". */
static bool is_name(const char *name)
{
    if (!isalpha((unsigned char)*name))
        return false;
    while (isalnum((unsigned char)*name) || *name == '_')
        name++;
    return !*name;
}

static enum status read_outer(struct reader *r, const struct card *card)
{
    struct dopant *d = r->dopant;
    double x0;
    if (d->name)
        return fail_at(r->error, card->path, card->line,
                       "found a second .subckt '%s', expected one in a library",
                       card_token(card, 1));
    if (card->depth > 0)
        return fail_at(r->error, card->path, card->line,
                       "found .subckt '%s' included outside of the dopant's, expected inside",
                       card_token(card, 1));
    if (!is_name(card_token(card, 1)))
        return fail_at(r->error, card->path, card->line,
                       "found .subckt name '%s', expected letters, digits and '_' only",
                       card_token(card, 1));
    if (card->n != 7 || strcasecmp(card_token(card, 4), "x0") != 0 || !card_assigns(card, 4) ||
        strcasecmp(card_token(card, 2), card_token(card, 3)) == 0)
        return fail_at(r->error, card->path, card->line,
                       "found .subckt '%s' with other ports or parameters, expected "
                       "'.subckt NAME p n x0=NUMBER'",
                       card_token(card, 1));
    if (!spice_number(card_token(card, 6), &x0) || !(x0 >= 0 && x0 <= 1))
        return fail_at(r->error, card->path, card_line(card, 6),
                       "found x0=%s, expected a number from 0 to 1", card_token(card, 6));
    d->name = memory_string(card_token(card, 1));
    r->port[0] = memory_string(card_token(card, 2));
    r->port[1] = memory_string(card_token(card, 3));
    return STATUS_OK;
}

static enum status open_subckt(struct reader *r, const struct card *card)
{
    if (card->n < 2)
        return fail_at(r->error, card->path, card->line, "found .subckt without a name");
    if (r->nesting == NESTING_MAX)
        return fail_at(r->error, card->path, card->line,
                       "found .subckt blocks nested deeper than %d", NESTING_MAX);
    if (r->nesting == 0) {
        enum status status = read_outer(r, card);
        if (status != STATUS_OK)
            return status;
    }
    r->open[r->nesting++] = memory_string(card_token(card, 1));
    return STATUS_OK;
}

static enum status close_subckt(struct reader *r, const struct card *card)
{
    if (r->nesting == 0 || (r->nesting == 1 && card->depth > 0))
        return fail_at(r->error, card->path, card->line, "found .ends without its .subckt");
    char *name = r->open[r->nesting - 1];
    if (card->n > 1 && strcasecmp(card_token(card, 1), name) != 0)
        return fail_at(r->error, card->path, card->line, "found .ends %s, expected .ends %s",
                       card_token(card, 1), name);
    free(name);
    r->ended = --r->nesting == 0;
    return STATUS_OK;
}

static enum status read_annotation(struct reader *r, const struct card *card)
{
    const char *first = card_token(card, 0);
    size_t at = first[2] ? 0 : 1; /* "*@ gmin 5u" or "*@gmin 5u" */
    const char *name = at ? card_token(card, 1) : first + 2;
    double *target = strcasecmp(name, "gmin") == 0   ? &r->dopant->g_min
                     : strcasecmp(name, "gmax") == 0 ? &r->dopant->g_max
                                                     : NULL;
    double value;
    if (!target || card->n != at + 2)
        return fail_at(r->error, card->path, card->line,
                       "found '*@ %s', expected '*@ gmin NUMBER' or '*@ gmax NUMBER'", name);
    if (*target != 0)
        return fail_at(r->error, card->path, card->line, "found '*@ %s' a second time", name);
    if (!spice_number(card_token(card, at + 1), &value) || !(value > 0))
        return fail_at(r->error, card->path, card->line,
                       "found %s %s, expected a positive number [S]", name,
                       card_token(card, at + 1));
    *target = value;
    r->window_line = card->line;
    return STATUS_OK;
}

static enum status read_card(struct reader *r, const struct card *card)
{
    const char *first = card_token(card, 0);
    if (strncmp(first, "*@", 2) == 0)
        return card->depth == 0 && r->nesting < 2 ? read_annotation(r, card) : STATUS_OK;
    if (strcasecmp(first, ".subckt") == 0)
        return open_subckt(r, card);
    if (strcasecmp(first, ".ends") == 0)
        return close_subckt(r, card);
    if (r->nesting == 0)
        return fail_at(r->error, card->path, card->line,
                       "found '%s' outside of .subckt, expected nothing there", first);
    if (r->nesting > 1)
        return STATUS_OK;
    if (r->instance_line > 0)
        return fail_at(r->error, card->path, card->line,
                       "found a second element '%s', expected one instance of a model", first);
    r->instance_line = card->line;
    return library_instance_read(r->dopant, card, r->port, r->error);
}

/* Whether a .subckt after the outer one has that name. */
static bool defines(const struct library_text *text, const char *name)
{
    struct card card = {0};
    size_t count = 0;
    bool found = false;
    for (size_t next = 0; !found && card_next(text, &next, &card);)
        if (strcasecmp(card_token(&card, 0), ".subckt") == 0)
            found = count++ > 0 && strcasecmp(card_token(&card, 1), name) == 0;
    card_clear(&card);
    return found;
}

/* What can only be judged when all is read. */
static enum status check(struct reader *r, const struct library_text *text)
{
    struct dopant *d = r->dopant;
    const char *path = d->path;
    if (!d->name)
        return fail(r->error, STATUS_INPUT, "%s: found no .subckt, expected one", path);
    if (!r->ended)
        return fail(r->error, STATUS_INPUT,
                    "%s: found the end of the file, expected .ends for '%s'", path,
                    r->open[r->nesting - 1]);
    if (!d->model)
        return fail(r->error, STATUS_INPUT,
                    "%s: found no instance in .subckt '%s', expected 'xm p n x MODEL ...'", path,
                    d->name);
    if (!defines(text, d->model->name))
        return fail_at(r->error, path, r->instance_line,
                       "found no .subckt %s in '%s', expected '.include %s.sub'", d->model->name,
                       d->name, d->model->name);
    const size_t k_on = library_parameter(d->model, "ron"),
                 k_off = library_parameter(d->model, "roff");
    const bool has_ends = k_on < d->model->n_parameters && k_off < d->model->n_parameters;
    const double ron = has_ends ? d->parameters[k_on] : 0,
                 roff = has_ends ? d->parameters[k_off] : INFINITY;
    if (!(ron < roff))
        return fail_at(r->error, path, r->instance_line,
                       "found ron=%g and roff=%g, expected ron < roff", ron, roff);
    const char *expected;
    const size_t unfit = model_unfit(d->model, d->parameters, &expected);
    if (unfit < d->model->n_parameters)
        return fail_at(r->error, path, r->instance_line, "found %s=%g, expected %s",
                       d->model->parameters[unfit].name, d->parameters[unfit], expected);
    if (r->window_line == 0)
        return STATUS_OK;
    if (d->g_min == 0 || d->g_max == 0 || !(d->g_min < d->g_max))
        return fail_at(r->error, path, r->window_line,
                       "found gmin %g and gmax %g, expected both and gmin < gmax", d->g_min,
                       d->g_max);
    if (d->g_min < 1 / roff || d->g_max > 1 / ron)
        return fail_at(r->error, path, r->window_line,
                       "found window %g to %g S, expected inside 1/roff to 1/ron, %g to %g S",
                       d->g_min, d->g_max, 1 / roff, 1 / ron);
    return STATUS_OK;
}

static enum status read_text(struct dopant *dopant, const struct library_text *text,
                             struct error *error)
{
    struct reader r = {.dopant = dopant, .error = error};
    struct card card = {0};
    enum status status = STATUS_OK;
    for (size_t next = 0; status == STATUS_OK && card_next(text, &next, &card);)
        status = read_card(&r, &card);
    if (status == STATUS_OK)
        status = check(&r, text);
    card_clear(&card);
    for (int i = 0; i < r.nesting; i++)
        free(r.open[i]);
    free(r.port[0]);
    free(r.port[1]);
    return status;
}

enum status dopant_read(const char *what, const char *directory, struct dopant **dopant,
                        struct error *error)
{
    struct dopant *d = NEW(1, struct dopant);
    struct library_text *text = NULL;
    enum status status = library_find(what, directory, &d->path, error);
    if (status == STATUS_OK)
        status = library_text_read(d->path, &text, error);
    if (status == STATUS_OK)
        status = read_text(d, text, error);
    if (status == STATUS_OK) {
        d->text = library_text_join(text);
        d->model->prepare(d->parameters, d->constants);
    } else {
        dopant_free(d);
        d = NULL;
    }
    library_text_free(text);
    *dopant = d;
    return status;
}

void dopant_free(struct dopant *dopant)
{
    if (!dopant)
        return;
    free(dopant->name);
    free(dopant->path);
    free(dopant->text);
    free(dopant->state_node);
    free(dopant->instance);
    free(dopant);
}
