/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/deck.h"

#include "base/spice_number.h"

#include <assert.h>

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
    case ELEMENT_OPAQUE:
        assert(!"these come from subcircuits, which have cards of their own");
        break;
    }
}

void deck_external(void *data, int element, FILE *out)
{
    (void)data;
    (void)element;
    fputs("external", out);
}

void deck_write(const struct circuit *c, deck_source *source, void *data, FILE *out)
{
    fprintf(out, "* %s\n", c->title);
    for (size_t i = 0; i < c->n_texts; i++)
        fprintf(out, "\n%s", c->texts[i]);
    fputc('\n', out);
    for (size_t i = 0; i < c->n_cards; i++) {
        if (c->cards[i].element < 0)
            fprintf(out, "%s\n", c->cards[i].text);
        else
            write_element(c, c->cards[i].element, source, data, out);
    }
}
