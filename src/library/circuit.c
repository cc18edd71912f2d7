/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Circuits through the public header. */
#include "base/memory.h"
#include "library/handle.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 64
#define KELVIN_MIN 125
#define KELVIN_MAX 450

/* What a name may be: it stands in decks. */
static enum status check_name(const char *what, const char *name, struct error *error)
{
    const size_t n = name ? strlen(name) : 0;
    bool good = n > 0 && n <= NAME_MAX_LENGTH;
    for (size_t i = 0; good && i < n; i++)
        good = isalnum((unsigned char)name[i]) || name[i] == '_';
    return good ? STATUS_OK
                : fail(error, STATUS_INPUT,
                       "%s '%.64s', expected a name of 1 to %d letters, digits and _", what,
                       name ? name : "", NAME_MAX_LENGTH);
}

/* May this element be added?  *full: its name with SPICE's letter before it, to free(). */
static enum status check_new(const struct silverbar_circuit *h, char letter, const char *name,
                             char **full, struct error *error)
{
    *full = NULL;
    if (h->in_use)
        return fail(error, STATUS_INPUT,
                    "the circuit has been given to an engine and must not change");
    if (check_name("element", name, error) != STATUS_OK)
        return STATUS_INPUT;
    *full = memory_format("%c%s", letter, name);
    for (size_t k = 0; k < h->circuit->n_elements; k++)
        if (strcasecmp(h->circuit->elements[k].name, *full) == 0)
            return fail(error, STATUS_INPUT, "element '%s' is there already", name);
    return STATUS_OK;
}

static enum status find_node(struct circuit *c, const char *name, int *node, struct error *error)
{
    if (check_name("node", name, error) != STATUS_OK)
        return STATUS_INPUT;
    *node = circuit_node(c, name);
    return STATUS_OK;
}

static enum status check_class(const char *name, int *class, struct error *error)
{
    *class = name ? library_class(name) : -1;
    return *class >= 0 ? STATUS_OK
                       : fail(error, STATUS_INPUT,
                              "energy class '%.40s', expected memristor, select, line, reference, "
                              "neuron or driver",
                              name ? name : "");
}

/* An element of two terminals. */
struct two_terminal {
    char letter;
    enum element_kind kind;
    const char *name, *p, *n;
    double value, least; /* what its value may be at least */
    const char *energy_class;
};

static int add(struct silverbar_circuit *h, const struct two_terminal *t,
               struct silverbar_error *error)
{
    struct error e = {{0}};
    struct element element = {.kind = t->kind, .value = t->value};
    int class = 0;
    char *full;
    enum status status = check_new(h, t->letter, t->name, &full, &e);
    if (status == STATUS_OK && !(t->value >= t->least && isfinite(t->value)))
        status =
            fail(&e, STATUS_INPUT, "%s is %g, expected a number from %g", full, t->value, t->least);
    if (status == STATUS_OK)
        status = check_class(t->energy_class, &class, &e);
    if (status == STATUS_OK)
        status = find_node(h->circuit, t->p, &element.node[0], &e);
    if (status == STATUS_OK)
        status = find_node(h->circuit, t->n, &element.node[1], &e);
    if (status == STATUS_OK) {
        element.class = (enum energy_class) class;
        circuit_add(h->circuit, full, &element, true);
    }
    free(full);
    return library_report(status, &e, error);
}

int silverbar_circuit_new(const char *title, double kelvin, struct silverbar_circuit **circuit,
                          struct silverbar_error *error)
{
    struct error e = {{0}};
    *circuit = NULL;
    if (!(kelvin >= KELVIN_MIN && kelvin <= KELVIN_MAX))
        return library_report(fail(&e, STATUS_INPUT, "a temperature of %g K, expected %d to %d",
                                   kelvin, KELVIN_MIN, KELVIN_MAX),
                              &e, error);
    if (!title || strpbrk(title, "\n\r"))
        return library_report(fail(&e, STATUS_INPUT, "a title that is no line of text"), &e, error);
    *circuit = NEW(1, struct silverbar_circuit);
    (*circuit)->circuit = circuit_new(title);
    (*circuit)->circuit->temperature = kelvin;
    return SILVERBAR_OK;
}

void silverbar_circuit_free(struct silverbar_circuit *h)
{
    if (!h)
        return;
    circuit_free(h->circuit);
    for (size_t k = 0; k < h->n_dopants; k++)
        dopant_free(h->dopants[k]);
    for (size_t k = 0; k < h->n_files; k++)
        subcircuit_free(h->files[k]);
    free(h->dopants);
    free(h->files);
    free(h);
}

int silverbar_add_resistor(struct silverbar_circuit *h, const char *name, const char *p,
                           const char *n, double ohm, const char *energy_class,
                           struct silverbar_error *error)
{
    return add(h,
               &(struct two_terminal){'r', ELEMENT_RESISTOR, name, p, n, ohm, 1e-6, energy_class},
               error);
}

int silverbar_add_capacitor(struct silverbar_circuit *h, const char *name, const char *p,
                            const char *n, double farad, const char *energy_class,
                            struct silverbar_error *error)
{
    return add(h,
               &(struct two_terminal){'c', ELEMENT_CAPACITOR, name, p, n, farad, 0, energy_class},
               error);
}

int silverbar_add_inductor(struct silverbar_circuit *h, const char *name, const char *p,
                           const char *n, double henry, const char *energy_class,
                           struct silverbar_error *error)
{
    return add(
        h, &(struct two_terminal){'l', ELEMENT_INDUCTOR, name, p, n, henry, 1e-18, energy_class},
        error);
}

int silverbar_add_voltage(struct silverbar_circuit *h, const char *name, const char *p,
                          const char *n, double volt, const char *energy_class,
                          struct silverbar_error *error)
{
    return add(h,
               &(struct two_terminal){'v', ELEMENT_VOLTAGE, name, p, n, volt, -1e6, energy_class},
               error);
}

/* The library of that name or path, read once. */
static enum status find_dopant(struct silverbar_circuit *h, const char *library,
                               const struct dopant **dopant, struct error *error)
{
    struct dopant *d;
    char *devices = library_data("devices");
    const enum status status = dopant_read(library, devices, &d, error);
    free(devices);
    if (status != STATUS_OK)
        return status;
    for (size_t k = 0; k < h->n_dopants; k++)
        if (strcmp(h->dopants[k]->path, d->path) == 0) {
            dopant_free(d);
            *dopant = h->dopants[k];
            return STATUS_OK;
        }
    h->dopants =
        memory_grow(h->dopants, &h->dopants_capacity, h->n_dopants + 1, sizeof(struct dopant *));
    *dopant = h->dopants[h->n_dopants++] = d;
    return STATUS_OK;
}

int silverbar_add_memristor(struct silverbar_circuit *h, const char *name, const char *p,
                            const char *n, const char *library, double x0,
                            struct silverbar_error *error)
{
    const locale_t before = library_enter();
    struct error e = {{0}};
    const struct dopant *dopant = NULL;
    int nodes[2] = {0};
    char *full;
    enum status status = check_new(h, 'x', name, &full, &e);
    if (status == STATUS_OK && !(x0 >= 0 && x0 <= 1))
        status = fail(&e, STATUS_INPUT, "%s: a state of %g, expected 0 to 1", full, x0);
    if (status == STATUS_OK && !library)
        status = fail(&e, STATUS_INPUT, "%s: no library", full);
    if (status == STATUS_OK)
        status = find_dopant(h, library, &dopant, &e);
    if (status == STATUS_OK)
        status = find_node(h->circuit, p, &nodes[0], &e);
    if (status == STATUS_OK)
        status = find_node(h->circuit, n, &nodes[1], &e);
    if (status == STATUS_OK)
        circuit_memristor(h->circuit, full, nodes[0], nodes[1], dopant, x0);
    free(full);
    library_leave(before);
    return library_report(status, &e, error);
}

/* An instance of a netlist, under way. */
struct instance {
    const char *name, *file, *subcircuit, *energy_class;
    size_t n_nodes;
    const char *const *nodes;
};

static enum status add_netlist(struct silverbar_circuit *h, const struct instance *i,
                               struct error *error)
{
    struct subcircuit_file *file;
    int class = 0, *nodes;
    enum status status = check_class(i->energy_class, &class, error);
    if (status == STATUS_OK && (!i->file || !i->subcircuit))
        status = fail(error, STATUS_INPUT, "instance %s has no file or no subcircuit", i->name);
    if (status == STATUS_OK)
        status = subcircuit_read(i->file, &file, error);
    if (status != STATUS_OK)
        return status;
    h->files =
        memory_grow(h->files, &h->files_capacity, h->n_files + 1, sizeof(struct subcircuit_file *));
    h->files[h->n_files++] = file;
    const int terminals = subcircuit_terminals(file, i->subcircuit);
    if (terminals < 0)
        return fail(error, STATUS_INPUT, "%s: no .subckt %.64s", i->file, i->subcircuit);
    if ((size_t)terminals != i->n_nodes)
        return fail(error, STATUS_INPUT, "%s: .subckt %s has %d terminals, found %zu nodes",
                    i->file, i->subcircuit, terminals, i->n_nodes);
    bool unsupported;
    struct error reason = {{0}};
    const bool opaque =
        subcircuit_check(file, i->subcircuit, &unsupported, &reason) != STATUS_OK && unsupported;
    nodes = NEW(i->n_nodes, int);
    for (size_t k = 0; k < i->n_nodes && status == STATUS_OK; k++)
        status = find_node(h->circuit, i->nodes[k], &nodes[k], error);
    if (status == STATUS_OK)
        status = subcircuit_add(h->circuit,
                                &(struct subcircuit_instance){.file = file,
                                                              .subcircuit = i->subcircuit,
                                                              .name = i->name,
                                                              .n_nodes = i->n_nodes,
                                                              .nodes = nodes,
                                                              .class = (enum energy_class) class,
                                                              .opaque = opaque},
                                error);
    free(nodes);
    return status;
}

int silverbar_add_netlist(struct silverbar_circuit *h, const char *name, const char *file,
                          const char *subcircuit, size_t n_nodes, const char *const *nodes,
                          const char *energy_class, struct silverbar_error *error)
{
    const locale_t before = library_enter();
    struct error e = {{0}};
    char *full;
    enum status status = check_new(h, 'x', name, &full, &e);
    if (status == STATUS_OK)
        status = add_netlist(
            h, &(struct instance){full, file, subcircuit, energy_class, n_nodes, nodes}, &e);
    free(full);
    library_leave(before);
    return library_report(status, &e, error);
}

int silverbar_add_port(struct silverbar_circuit *h, const char *name, const char *node, double ohm,
                       double idle, struct silverbar_error *error)
{
    struct error e = {{0}};
    int number = 0;
    char *full;
    enum status status = check_new(h, 'v', name, &full, &e);
    if (status == STATUS_OK && !(ohm >= 0 && isfinite(ohm) && isfinite(idle)))
        status = fail(&e, STATUS_INPUT, "port %s of %g ohm at %g V, expected finite numbers", name,
                      ohm, idle);
    if (status == STATUS_OK)
        status = find_node(h->circuit, node, &number, &e);
    if (status == STATUS_OK && number == 0)
        status = fail(&e, STATUS_INPUT, "port %s at ground", name);
    if (status == STATUS_OK)
        circuit_port(h->circuit, name, number,
                     (struct port_driver){
                         .ohm = ohm, .openable = ohm > 0, .idle = idle, .class = CLASS_DRIVER});
    free(full);
    return library_report(status, &e, error);
}

static enum status check_probe(const struct silverbar_circuit *h, const char *name,
                               struct error *error)
{
    if (h->in_use)
        return fail(error, STATUS_INPUT,
                    "the circuit has been given to an engine and must not change");
    return check_name("probe", name, error);
}

int silverbar_add_voltage_probe(struct silverbar_circuit *h, const char *name, const char *node,
                                struct silverbar_error *error)
{
    struct error e = {{0}};
    int number;
    enum status status = check_probe(h, name, &e);
    if (status == STATUS_OK && silverbar_number(h, SILVERBAR_NODE, node) < 0)
        status = fail(&e, STATUS_INPUT, "no node '%.64s' for probe %s", node, name);
    if (status == STATUS_OK)
        status = find_node(h->circuit, node, &number, &e);
    if (status == STATUS_OK)
        circuit_voltage_probe(h->circuit, name, number);
    return library_report(status, &e, error);
}

int silverbar_add_current_probe(struct silverbar_circuit *h, const char *name, const char *source,
                                struct silverbar_error *error)
{
    struct error e = {{0}};
    const struct circuit *c = h->circuit;
    enum status status = check_probe(h, name, &e);
    size_t k = 0;
    while (status == STATUS_OK && k < c->n_elements &&
           !(c->elements[k].kind == ELEMENT_VOLTAGE && c->elements[k].name[0] == 'v' &&
             strcasecmp(c->elements[k].name + 1, source) == 0))
        k++;
    if (status == STATUS_OK && k == c->n_elements)
        status =
            fail(&e, STATUS_INPUT, "no voltage source or port '%.64s' for probe %s", source, name);
    if (status == STATUS_OK)
        circuit_current_probe(h->circuit, name, (int)k);
    return library_report(status, &e, error);
}

size_t silverbar_count(const struct silverbar_circuit *h, enum silverbar_part part)
{
    const struct circuit *c = h->circuit;
    return part == SILVERBAR_PORT     ? c->n_ports
           : part == SILVERBAR_PROBE  ? c->n_probes
           : part == SILVERBAR_NODE   ? c->n_nodes
           : part == SILVERBAR_DEVICE ? c->n_states
                                      : 0;
}

const char *silverbar_name(const struct silverbar_circuit *h, enum silverbar_part part,
                           size_t number)
{
    const struct circuit *c = h->circuit;
    if (number >= silverbar_count(h, part))
        return NULL;
    return part == SILVERBAR_PORT    ? c->ports[number].name
           : part == SILVERBAR_PROBE ? c->probes[number].name
           : part == SILVERBAR_NODE  ? c->node_names[number]
                                     : c->elements[c->state_elements[number]].name + 1;
}

int silverbar_number(const struct silverbar_circuit *h, enum silverbar_part part, const char *name)
{
    for (size_t k = 0; name && k < silverbar_count(h, part); k++)
        if (strcasecmp(silverbar_name(h, part, k), name) == 0)
            return (int)k;
    return -1;
}
