/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_deck_native.h"

#include "base/memory.h"

#include <stdlib.h>

enum energy_class random_card_class(char letter)
{
    return letter == 'R'   ? CLASS_LINE
           : letter == 'M' ? CLASS_NEURON
           : letter == 'X' ? CLASS_MEMRISTOR
                           : CLASS_REFERENCE;
}

static int by_time(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double volt_at(const struct random_card *c, double t)
{
    for (size_t i = 1; i < c->n_points; i++)
        if (t <= c->t[i])
            return c->volt[i - 1] +
                   (c->volt[i] - c->volt[i - 1]) * (t - c->t[i - 1]) / (c->t[i] - c->t[i - 1]);
    return c->volt[c->n_points - 1];
}

/* Phases from corner to corner of any source: all go straight from one to the next. */
static void add_phases(const struct random_deck *d, struct study_case *k)
{
    size_t n = 0, ports = 0;
    double *corners = NEW(d->n * RANDOM_DECK_POINTS + 1, double), t = 0;
    for (size_t i = 0; i < d->n; i++)
        for (size_t p = 0; d->cards[i].letter == 'V' && p < d->cards[i].n_points; p++)
            corners[n++] = d->cards[i].t[p];
    corners[n++] = d->stop;
    qsort(corners, n, sizeof *corners, by_time);
    drive_log_new(&k->drive, k->circuits[CASE_FULL]);
    for (size_t c = 0; c < n; c++) {
        const double span = corners[c] - t;
        if (!(span > 1e-9 * d->stop))
            continue;
        struct phase *phase = drive_log_append(
            &k->drive, k->circuits[CASE_FULL],
            &(struct phase){
                .kind = PHASE_SET, .section = SECTION_TRAINING, .duration = span, .edge = span});
        t = corners[c];
        ports = 0;
        for (size_t i = 0; i < d->n; i++)
            if (d->cards[i].letter == 'V')
                phase->drive[ports++].volt = volt_at(&d->cards[i], t);
    }
    free(corners);
}

void random_native_free(struct random_native *v)
{
    case_free(&v->k);
    subcircuit_free(v->file);
    for (size_t i = 0; i < v->n; i++)
        dopant_free(v->dopants[i]);
    free(v->dopants);
    free(v->probes);
}

enum status random_native_build(const struct random_deck *d, const char *cell, const char *devices,
                                struct random_native *v, struct error *error)
{
    struct circuit *c = circuit_new("drawn at random");
    char name[16];
    int *nodes = NEW((size_t)d->n_nodes, int);
    *v = (struct random_native){.dopants = NEW(d->n, struct dopant *), .n = d->n};
    v->k = (struct study_case){.name = "deck", .circuits = {c}, .output_probe = -1};
    for (int n = 0; n < d->n_nodes; n++)
        nodes[n] = circuit_node(c, random_node_name(n + 1, name));
    for (size_t i = 0; i < d->n; i++)
        if (d->cards[i].letter == 'V')
            circuit_port(c, d->cards[i].name, nodes[d->cards[i].node[0] - 1],
                         (struct port_driver){.class = CLASS_DRIVER});
    enum status status = subcircuit_read(cell, &v->file, error);
    if (status == STATUS_OK)
        status = subcircuit_add(c,
                                &(struct subcircuit_instance){.file = v->file,
                                                              .subcircuit = "cell",
                                                              .name = "xcell",
                                                              .n_nodes = (size_t)d->n_nodes,
                                                              .nodes = nodes,
                                                              .class = CLASS_REFERENCE},
                                error);
    for (size_t i = 0; i < d->n && status == STATUS_OK; i++) {
        const struct random_card *x = &d->cards[i];
        if (x->letter != 'X')
            continue;
        status = dopant_read(x->model, devices, &v->dopants[i], error);
        if (status == STATUS_OK)
            circuit_memristor(c, x->name, x->node[0] ? nodes[x->node[0] - 1] : 0,
                              x->node[1] ? nodes[x->node[1] - 1] : 0, v->dopants[i], x->value);
    }
    for (size_t e = 0; e < c->n_elements; e++)
        if (c->elements[e].kind == ELEMENT_RESISTOR)
            c->elements[e].class = random_card_class('R');
        else if (c->elements[e].kind == ELEMENT_MOSFET)
            c->elements[e].class = random_card_class('M');
        else if (c->elements[e].kind == ELEMENT_MEMRISTOR)
            c->elements[e].class = random_card_class('X');
    v->probes = NEW((size_t)d->n_nodes, int);
    for (int n = 0; n < d->n_nodes; n++)
        v->probes[n] = circuit_voltage_probe(c, c->node_names[nodes[n]], nodes[n]);
    v->k.probes = v->probes;
    v->k.n_probes = (size_t)d->n_nodes;
    add_phases(d, &v->k);
    free(nodes);
    return status;
}
