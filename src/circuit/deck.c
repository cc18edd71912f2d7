/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/deck.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "device/library/library_make.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void write_nodes(const struct circuit *c, const struct element *e, int n, FILE *out)
{
    fputs(e->name, out);
    for (int i = 0; i < n; i++)
        fprintf(out, " %s", c->node_names[e->node[i]]);
}

/* ngspice goes on along the last segments, so that one more point at either end makes them level. */
static void write_table(const struct circuit *c, const struct element *e, FILE *out)
{
    const struct transfer_table *t = &e->table;
    const double span = t->x[t->n - 1] - t->x[0];
    char x[32], y[32];
    fprintf(out, " v=pwl(v(%s,%s), %s, %s", c->node_names[e->node[2]], c->node_names[e->node[3]],
            number_text(t->x[0] - span, x), number_text(t->y[0], y));
    for (size_t i = 0; i < t->n; i++)
        fprintf(out, "%s, %s, %s", i % 4 == 0 ? "\n+" : "", number_text(t->x[i], x),
                number_text(t->y[i], y));
    fprintf(out, ", %s, %s)\n", number_text(t->x[t->n - 1] + span, x),
            number_text(t->y[t->n - 1], y));
}

/* A transistor that has a model of its own. */
static void write_mosfet(const struct circuit *c, int number, FILE *out)
{
    const struct element *e = &c->elements[number];
    const struct mos1_model *m = e->mos;
    const struct {
        const char *name;
        double value;
    } model[] = {{"vto", m->vto},     {"kp", m->kp},   {"lambda", m->lambda},
                 {"gamma", m->gamma}, {"phi", m->phi}, {"is", m->is}},
      geometry[] = {{"w", e->geometry.w}, {"l", e->geometry.l}, {"m", e->geometry.m}};
    char text[32];
    fprintf(out, ".model mm%d %s level=1", number, m->type > 0 ? "nmos" : "pmos");
    for (size_t i = 0; i < sizeof model / sizeof model[0]; i++)
        fprintf(out, " %s=%s", model[i].name, number_text(model[i].value, text));
    fputc('\n', out);
    write_nodes(c, e, 4, out);
    fprintf(out, " mm%d", number);
    for (size_t i = 0; i < sizeof geometry / sizeof geometry[0]; i++)
        fprintf(out, " %s=%s", geometry[i].name, number_text(geometry[i].value, text));
    fputc('\n', out);
}

static void write_element(const struct circuit *c, int number, deck_source *source, void *data,
                          FILE *out)
{
    const struct element *e = &c->elements[number];
    char value[32], off[32];
    number_text(e->value, value);
    switch (e->kind) {
    case ELEMENT_RESISTOR:
    case ELEMENT_CAPACITOR:
        write_nodes(c, e, 2, out);
        fprintf(out, " %s\n", value);
        break;
    case ELEMENT_VOLTAGE:
    case ELEMENT_CURRENT:
        write_nodes(c, e, 2, out);
        fputc(' ', out);
        if (e->external)
            source(data, number, out);
        else
            fprintf(out, "dc %s", value);
        fputc('\n', out);
        break;
    case ELEMENT_VCVS:
    case ELEMENT_VCCS:
        write_nodes(c, e, 4, out);
        fprintf(out, " %s\n", value);
        break;
    case ELEMENT_SWITCH:
        write_nodes(c, e, 2, out);
        fprintf(out, " i=v(%s,%s)*(%s+%s*v(%s,%s))\n", c->node_names[e->node[0]],
                c->node_names[e->node[1]], number_text(1 / CIRCUIT_R_OPEN, off),
                number_text(1 / e->value - 1 / CIRCUIT_R_OPEN, value), c->node_names[e->node[2]],
                c->node_names[e->node[3]]);
        break;
    case ELEMENT_MEMRISTOR:
        write_nodes(c, e, 2, out);
        fprintf(out, " %s x0=%s\n", e->dopant->name, number_text(e->x0, value));
        break;
    case ELEMENT_TRANSFER:
        write_nodes(c, e, 2, out);
        write_table(c, e, out);
        break;
    case ELEMENT_MOSFET:
        write_mosfet(c, number, out);
        break;
    case ELEMENT_OPAQUE:
        assert(!"it comes from a subcircuit, which has a card of its own");
        break;
    }
}

void deck_external(void *data, int element, FILE *out)
{
    (void)data;
    (void)element;
    fputs("external", out);
}

/* A variant, or what variants share, by the first memristor that uses it. */
struct use {
    const void *what;
    size_t first;
};

static int by_what(const void *a, const void *b)
{
    const struct use *p = a, *q = b;
    if (p->what != q->what)
        return (uintptr_t)p->what < (uintptr_t)q->what ? -1 : 1;
    return (p->first > q->first) - (p->first < q->first);
}

static int by_first(const void *a, const void *b)
{
    const struct use *p = a, *q = b;
    return (p->first > q->first) - (p->first < q->first);
}

/* Keep each once, in the order of the circuit; returns how many are left. */
static size_t unique(struct use *uses, size_t n)
{
    size_t kept = 0;
    qsort(uses, n, sizeof *uses, by_what);
    for (size_t k = 0; k < n; k++)
        if (k == 0 || uses[k].what != uses[k - 1].what)
            uses[kept++] = uses[k];
    qsort(uses, kept, sizeof *uses, by_first);
    return kept;
}

static char *models_text(const struct dopant *base)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        memory_new(SIZE_MAX, 1);
    dopant_write_models(base, out);
    fclose(out);
    return text;
}

/* Dopants that have no file: their models' subcircuits, each text once, then one subcircuit each. */
static void write_variants(const struct circuit *c, FILE *out)
{
    struct use *variants = NEW(c->n_states, struct use), *bases = NEW(c->n_states, struct use);
    size_t n = 0;
    for (size_t s = 0; s < c->n_states; s++) {
        const struct dopant *d = c->elements[c->state_elements[s]].dopant;
        if (!d->base)
            continue;
        variants[n] = (struct use){d, n};
        bases[n] = (struct use){d->base, n};
        n++;
    }
    const size_t n_variants = unique(variants, n), n_bases = unique(bases, n);
    char **texts = NEW(n_bases, char *);
    for (size_t k = 0; k < n_bases; k++) {
        size_t same = 0;
        texts[k] = models_text(bases[k].what);
        while (strcmp(texts[same], texts[k]) != 0)
            same++;
        if (same == k)
            fprintf(out, "\n%s", texts[k]);
    }
    for (size_t k = 0; k < n_variants; k++) {
        fputs(k == 0 ? "\n" : "", out);
        dopant_write_variant(variants[k].what, out);
    }
    for (size_t k = 0; k < n_bases; k++)
        free(texts[k]);
    free(texts);
    free(variants);
    free(bases);
}

void deck_write(const struct circuit *c, deck_source *source, void *data, FILE *out)
{
    fprintf(out, "* %s\n", c->title);
    for (size_t i = 0; i < c->n_texts; i++)
        fprintf(out, "\n%s", c->texts[i]);
    write_variants(c, out);
    fputc('\n', out);
    for (size_t i = 0; i < c->n_cards; i++) {
        if (c->cards[i].element < 0)
            fprintf(out, "%s\n", c->cards[i].text);
        else
            write_element(c, c->cards[i].element, source, data, out);
    }
}
