/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/tile_deck.h"

#include "base/spice_number.h"
#include "circuit/deck.h"

#include <string.h>

#define TERMS 16 /* of a sum, in a line: ngspice evaluates longer ones by deeper recursion */

/* The sums that are printed, by class of the resistor and the first letters of its name. */
static const struct sum {
    const char *name;
    enum energy_class class;
    const char *prefix;
} sums[] = {
    {"p_devices", CLASS_MEMRISTOR, "rm"}, {"p_row_segments", CLASS_LINE, "rr"},
    {"p_drivers", CLASS_DRIVER, "rr"},    {"p_column_segments", CLASS_LINE, "rc"},
    {"p_senses", CLASS_DRIVER, "rc"},
};
#define N_SUMS (sizeof sums / sizeof sums[0])

struct drive {
    const struct circuit *circuit;
    const struct crossbar *tile;
    const double *volts;
};

static void source(void *data, int element, FILE *out)
{
    const struct drive *d = data;
    double volt = 0;
    char text[32];
    for (size_t i = 0; i < d->tile->rows; i++)
        if (d->circuit->ports[d->tile->row_ports[i]].source == element)
            volt = d->volts[i];
    fprintf(out, "dc %s", number_text(volt, text));
}

static void write_sum(const struct circuit *c, const struct sum *sum, FILE *out)
{
    size_t terms = 0;
    fprintf(out, "let %s = 0\n", sum->name);
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        if (e->kind != ELEMENT_RESISTOR || e->class != sum->class ||
            strncmp(e->name, sum->prefix, strlen(sum->prefix)) != 0)
            continue;
        if (terms++ % TERMS == 0)
            fprintf(out, "%slet %s = %s", terms > 1 ? "\n" : "", sum->name, sum->name);
        fprintf(out, " + @%s[p]", e->name);
    }
    fputs(terms > 0 ? "\n" : "", out);
}

/* Currents of all sources of one side, "i_r1" from "vr1", and what the rows' sources deliver. */
static void write_currents(const struct drive *d, FILE *out)
{
    char text[32];
    for (size_t j = 0; j < d->tile->columns; j++)
        fprintf(out, "let i_c%zu = i(vc%zu)\n", j + 1, j + 1);
    fputs("let p_delivered = 0\n", out);
    for (size_t i = 0; i < d->tile->rows; i++) {
        fprintf(out, "let i_r%zu = -i(vr%zu)\n", i + 1, i + 1);
        fprintf(out, "let p_delivered = p_delivered + (%s) * i_r%zu\n",
                number_text(d->volts[i], text), i + 1);
    }
}

static void write_control(const struct drive *d, FILE *out)
{
    fputs("\n.options reltol=1e-12 abstol=1e-18 vntol=1e-15\n.control\nset numdgt=15\nop\n", out);
    for (size_t k = 0; k < N_SUMS; k++)
        write_sum(d->circuit, &sums[k], out);
    write_currents(d, out);
    for (size_t j = 0; j < d->tile->columns; j++)
        fprintf(out, "print i_c%zu\n", j + 1);
    for (size_t i = 0; i < d->tile->rows; i++)
        fprintf(out, "print i_r%zu\n", i + 1);
    for (size_t k = 0; k < N_SUMS; k++)
        fprintf(out, "print %s\n", sums[k].name);
    fputs("print p_delivered\nquit\n.endc\n.end\n", out);
}

enum status tile_deck_write(const struct crossbar_options *o, const double *volts, FILE *out,
                            struct error *error)
{
    struct crossbar tile;
    struct circuit *c = circuit_new("tile of memristors, one read");
    const enum status status = crossbar_build(c, o, &tile, error);
    if (status == STATUS_OK) {
        struct drive d = {c, &tile, volts};
        deck_write(c, source, &d, out);
        write_control(&d, out);
    }
    circuit_free(c);
    return status;
}
