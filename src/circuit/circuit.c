/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/circuit.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char *lower(char *text)
{
    for (char *p = text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return text;
}

struct circuit *circuit_new(const char *title)
{
    struct circuit *c = NEW(1, struct circuit);
    c->title = memory_string(title);
    c->temperature = TEMPERATURE_NOMINAL;
    c->node_names = memory_grow(NULL, &c->capacity.nodes, 1, sizeof *c->node_names);
    c->node_names[0] = memory_string("0");
    c->n_nodes = 1;
    return c;
}

static void free_strings(char **strings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(strings[i]);
    free(strings);
}

void circuit_free(struct circuit *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_elements; i++) {
        free(c->elements[i].name);
        free(c->elements[i].table.x);
        free(c->elements[i].table.y);
    }
    for (size_t i = 0; i < c->n_ports; i++)
        free(c->ports[i].name);
    for (size_t i = 0; i < c->n_probes; i++)
        free(c->probes[i].name);
    for (size_t i = 0; i < c->n_cards; i++)
        free(c->cards[i].text);
    for (size_t i = 0; i < c->n_models; i++)
        free(c->models[i]);
    for (size_t i = 0; i < c->n_owned; i++)
        free(c->owned[i]);
    free_strings(c->node_names, c->n_nodes);
    free_strings(c->state_names, c->n_states);
    free_strings(c->hidden_names, c->n_hidden);
    free_strings(c->texts, c->n_texts);
    free(c->branch_elements);
    free(c->state_elements);
    free(c->hidden_elements);
    free(c->elements);
    free(c->ports);
    free(c->probes);
    free(c->cards);
    free(c->models);
    free(c->slots);
    free(c->owned);
    free(c->title);
    free(c);
}

size_t circuit_n_values(const struct circuit *c)
{
    return circuit_hidden_value(c, (int)c->n_hidden);
}

/* Slot of the name in the hash table: the one that holds it, or the free one that would. */
static int *node_slot(const struct circuit *c, const char *key)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a (Fowler, Noll, Vo) */
    for (const char *p = key; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211U;
    size_t k = (size_t)(hash ^ hash >> 32) & (c->n_slots - 1);
    while (c->slots[k] && strcmp(c->node_names[c->slots[k]], key) != 0)
        k = (k + 1) & (c->n_slots - 1);
    return &c->slots[k];
}

/* Keep half of the table free. */
static void grow_slots(struct circuit *c)
{
    if (2 * c->n_nodes < c->n_slots)
        return;
    free(c->slots);
    c->n_slots = c->n_slots ? 2 * c->n_slots : 64;
    c->slots = NEW(c->n_slots, int);
    for (size_t i = 1; i < c->n_nodes; i++)
        *node_slot(c, c->node_names[i]) = (int)i;
}

int circuit_node(struct circuit *c, const char *name)
{
    char *key = lower(memory_string(name));
    grow_slots(c);
    const bool ground = strcmp(key, "0") == 0 || strcmp(key, "gnd") == 0;
    int *slot = ground ? NULL : node_slot(c, key);
    if (ground || *slot) {
        free(key);
        return ground ? 0 : *slot;
    }
    c->node_names =
        memory_grow(c->node_names, &c->capacity.nodes, c->n_nodes + 1, sizeof *c->node_names);
    c->node_names[c->n_nodes] = key;
    return *slot = (int)c->n_nodes++;
}

int circuit_nodef(struct circuit *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *name = memory_vformat(format, args);
    va_end(args);
    int node = circuit_node(c, name);
    free(name);
    return node;
}

void *circuit_own(struct circuit *c, void *memory)
{
    c->owned = memory_grow(c->owned, &c->capacity.owned, c->n_owned + 1, sizeof *c->owned);
    return c->owned[c->n_owned++] = memory;
}

static void add_card(struct circuit *c, int element, char *text)
{
    c->cards = memory_grow(c->cards, &c->capacity.cards, c->n_cards + 1, sizeof *c->cards);
    c->cards[c->n_cards++] = (struct deck_card){.element = element, .text = text};
}

void circuit_card(struct circuit *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = memory_vformat(format, args);
    va_end(args);
    add_card(c, -1, text);
}

void circuit_text(struct circuit *c, const char *text)
{
    for (size_t i = 0; i < c->n_texts; i++)
        if (strcmp(c->texts[i], text) == 0)
            return;
    c->texts = memory_grow(c->texts, &c->capacity.texts, c->n_texts + 1, sizeof *c->texts);
    c->texts[c->n_texts++] = memory_string(text);
}

/* The hidden states of the memristor of that number. */
static void add_hidden(struct circuit *c, int number)
{
    struct element *e = &c->elements[number];
    const struct dopant *d = e->dopant;
    if (d->model->n_hidden == 0)
        return;
    const size_t first = c->n_hidden;
    size_t capacity = c->capacity.hidden;
    c->n_hidden += d->model->n_hidden;
    c->hidden_elements =
        memory_grow(c->hidden_elements, &capacity, c->n_hidden, sizeof *c->hidden_elements);
    c->hidden_names =
        memory_grow(c->hidden_names, &c->capacity.hidden, c->n_hidden, sizeof *c->hidden_names);
    for (size_t k = first; k < c->n_hidden; k++) {
        c->hidden_elements[k] = number;
        c->hidden_names[k] = lower(
            memory_format("%s.%s.%s", e->name, d->instance, d->model->hidden_nodes[k - first]));
    }
    e->hidden = (int)first;
}

int circuit_add(struct circuit *c, const char *name, const struct element *element, bool card)
{
    c->elements =
        memory_grow(c->elements, &c->capacity.elements, c->n_elements + 1, sizeof *c->elements);
    const int number = (int)c->n_elements++;
    struct element *e = &c->elements[number];
    *e = *element;
    e->name = lower(memory_string(name));
    e->branch = e->state = e->hidden = -1;
    if (element_has_branch(e->kind)) {
        c->branch_elements = memory_grow(c->branch_elements, &c->capacity.branches,
                                         c->n_branches + 1, sizeof *c->branch_elements);
        c->branch_elements[c->n_branches] = number;
        e->branch = (int)c->n_branches++;
    }
    if (element_has_state(e->kind)) {
        size_t capacity = c->capacity.states;
        c->state_elements =
            memory_grow(c->state_elements, &capacity, c->n_states + 1, sizeof *c->state_elements);
        c->state_names = memory_grow(c->state_names, &c->capacity.states, c->n_states + 1,
                                     sizeof *c->state_names);
        c->state_elements[c->n_states] = number;
        c->state_names[c->n_states] = lower(memory_format("%s.%s", e->name, e->dopant->state_node));
        e->state = (int)c->n_states++;
        add_hidden(c, number);
    }
    if (card)
        add_card(c, number, NULL);
    return number;
}

int circuit_resistor(struct circuit *c, const char *name, int p, int n, double ohm,
                     enum energy_class class)
{
    struct element e = {ELEMENT_RESISTOR, .class = class, .node = {p, n}, .value = ohm};
    return circuit_add(c, name, &e, true);
}

int circuit_capacitor(struct circuit *c, const char *name, int p, int n, double farad,
                      enum energy_class class)
{
    struct element e = {ELEMENT_CAPACITOR, .class = class, .node = {p, n}, .value = farad};
    return circuit_add(c, name, &e, true);
}

int circuit_voltage(struct circuit *c, const char *name, int p, int n, double volt,
                    enum energy_class class)
{
    struct element e = {ELEMENT_VOLTAGE, .class = class, .node = {p, n}, .value = volt};
    return circuit_add(c, name, &e, true);
}

int circuit_boundary(struct circuit *c, const char *name, int p, int n)
{
    struct element e = {ELEMENT_VOLTAGE, .class = CLASS_LINE, .node = {p, n}, .boundary = true};
    return circuit_add(c, name, &e, true);
}

int circuit_memristor(struct circuit *c, const char *name, int p, int n,
                      const struct dopant *dopant, double x0)
{
    struct element e = {ELEMENT_MEMRISTOR, .class = CLASS_MEMRISTOR, .node = {p, n},
                        .dopant = dopant, .x0 = x0};
    if (dopant->text) /* variants are written by the deck */
        circuit_text(c, dopant->text);
    return circuit_add(c, name, &e, true);
}

static int external(struct circuit *c, const char *name, int node, enum energy_class class)
{
    struct element e = {ELEMENT_VOLTAGE, .class = class, .node = {node, 0}, .external = true};
    return circuit_add(c, name, &e, true);
}

static int add_port(struct circuit *c, const char *name, int source, int enable, bool logic,
                    double idle)
{
    c->ports = memory_grow(c->ports, &c->capacity.ports, c->n_ports + 1, sizeof *c->ports);
    c->ports[c->n_ports] = (struct port){memory_string(name), source, enable, logic, idle};
    return (int)c->n_ports++;
}

int circuit_port(struct circuit *c, const char *name, int node, struct port_driver driver)
{
    char *element = memory_format("v%s", name);
    const double r = driver.ohm;
    int inner = r > 0 ? circuit_nodef(c, "%s_drive", name) : node;
    int source = external(c, element, inner, driver.class), enable = -1;
    free(element);
    if (driver.openable) {
        int gate = circuit_nodef(c, "%s_close", name);
        struct element s = {ELEMENT_SWITCH, .class = driver.class, .node = {inner, node, gate, 0},
                            .value = r};
        element = memory_format("v%s_close", name);
        enable = external(c, element, gate, driver.class);
        free(element);
        element = memory_format("b%s", name);
        circuit_add(c, element, &s, true);
        free(element);
    } else if (r > 0) {
        element = memory_format("r%s", name);
        circuit_resistor(c, element, inner, node, r, driver.class);
        free(element);
    }
    return add_port(c, name, source, enable, false, driver.idle);
}

int circuit_logic_port(struct circuit *c, const char *name)
{
    char *element = memory_format("v%s", name);
    int source = external(c, element, circuit_node(c, name), CLASS_DRIVER);
    free(element);
    return add_port(c, name, source, -1, true, 0);
}

void circuit_gate_drivers(const struct circuit *c, bool *gate_driver)
{
    int *contacts = NEW(c->n_nodes, int); /* terminals that carry current, a node */
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        for (int i = 0; i < ELEMENT_NODES; i++)
            contacts[e->node[i]] += element_type(e)->carries[i];
        for (size_t i = 0; i < e->n_terminals; i++)
            contacts[e->terminals[i]]++;
    }
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        gate_driver[k] = e->branch >= 0 && e->node[0] != 0 && contacts[e->node[0]] == 1;
    }
    free(contacts);
}

static int add_probe(struct circuit *c, const char *name, bool current, int number)
{
    c->probes = memory_grow(c->probes, &c->capacity.probes, c->n_probes + 1, sizeof *c->probes);
    c->probes[c->n_probes] = (struct probe){memory_string(name), current, number};
    return (int)c->n_probes++;
}

int circuit_voltage_probe(struct circuit *c, const char *name, int node)
{
    return add_probe(c, name, false, node);
}

int circuit_current_probe(struct circuit *c, const char *name, int element)
{
    return add_probe(c, name, true, c->elements[element].branch);
}

size_t circuit_probe_value(const struct circuit *c, int probe)
{
    const struct probe *p = &c->probes[probe];
    return p->current ? circuit_branch_value(c, p->number) : (size_t)p->number;
}
