/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/deck.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "device/library/library_make.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void write_element(const struct element_text *text, FILE *out)
{
    const struct element *e = &text->elements[text->number];
    const struct element_type *type = element_type(e);
    char value[32];
    if (type->write) {
        type->write(e, text, out);
        return;
    }
    element_write_nodes(text, type->card.n_nodes, out);
    for (int i = 0; i < type->card.n_partners; i++)
        fprintf(out, " %s", text->elements[e->partner[i]].name);
    fprintf(out, " %s\n", number_text(e->value, value));
}

void deck_external(void *data, int element, FILE *out)
{
    (void)data;
    (void)element;
    fputs("external", out);
}

/* A variant, or the object that variants share, and the first memristor that uses it. */
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
    struct element_text text = {
        .elements = c->elements, .node_names = c->node_names, .source = source, .data = data};
    for (size_t i = 0; i < c->n_cards; i++) {
        text.number = c->cards[i].element;
        if (text.number < 0)
            fprintf(out, "%s\n", c->cards[i].text);
        else
            write_element(&text, out);
    }
}
