/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The circuit in memory: the one description from which the SPICE deck is written and which the
 * native engines assemble.
 *
 * Unknowns are laid out in one array of values: node voltages [V] first (node 0 is ground and
 * always 0), then the branch currents [A] of voltage-type elements (flowing from the first node
 * through the element to the second, as SPICE counts them), then the memristors' states x, one a
 * device, then their hidden states (model.h). */
#ifndef SILVERBAR_CIRCUIT_CIRCUIT_H
#define SILVERBAR_CIRCUIT_CIRCUIT_H

#include "element/element.h"

/* A port is driven from outside: a voltage source behind a resistance, which may be opened. */
struct port {
    char *name;
    int source;  /* element: external voltage source */
    int enable;  /* element: external source (0 or 1 V) that closes its switch, or -1: never open */
    bool logic;  /* a gate: drawn as a digital line */
    double idle; /* [V] before the first phase */
};

/* A quantity that a controller may read. */
struct probe {
    char *name;
    bool current; /* of a branch [A]; else the voltage of a node [V] */
    int number;   /* of that branch or node */
};

struct subcircuit_file;

struct circuit {
    char *title;
    size_t n_nodes, n_branches, n_states, n_hidden, n_elements, n_ports, n_probes;
    char **node_names;        /* n_nodes, lower case; [0] is "0" */
    char **state_names;       /* n_states: SPICE's name of the state node */
    char **hidden_names;      /* n_hidden: the same of the hidden states' nodes */
    int *branch_elements;     /* n_branches: the element of each branch */
    int *state_elements;      /* n_states */
    int *hidden_elements;     /* n_hidden */
    struct element *elements; /* n_elements */
    struct port *ports;       /* n_ports */
    struct probe *probes;     /* n_probes */
    double temperature;       /* [K] */
    size_t n_slots;
    int *slots; /* n_slots, a power of two or 0: hash table of node numbers by name, 0: free */

    /* For the deck: what stands at top level, in order, and the text of the subcircuits used. */
    struct deck_card *cards;
    size_t n_cards;
    char **texts; /* n_texts: whole .subckt texts */
    size_t n_texts;

    struct {
        size_t nodes, elements, ports, probes, cards, texts, branches, states, hidden, models,
            owned;
    } capacity;
    struct mos1_model **models; /* n_models, owned: elements point to them */
    size_t n_models;
    void **owned; /* n_owned: other memory that goes with the circuit */
    size_t n_owned;
};

struct deck_card {
    int element; /* number of an element written as itself, or -1 */
    char *text;  /* else: a literal line (an instance, a comment) */
};

struct circuit *circuit_new(const char *title);
void circuit_free(struct circuit *circuit);

/* Length of the array of values; indices of branch currents, states and hidden states in it. */
size_t circuit_n_values(const struct circuit *circuit);
static inline size_t circuit_branch_value(const struct circuit *c, int branch)
{
    return c->n_nodes + (size_t)branch;
}
static inline size_t circuit_state_value(const struct circuit *c, int state)
{
    return c->n_nodes + c->n_branches + (size_t)state;
}
static inline size_t circuit_hidden_value(const struct circuit *c, int hidden)
{
    return circuit_state_value(c, (int)c->n_states) + (size_t)hidden;
}

/* Number of the node of that name (any case), which is made if it is new; "0" and "gnd" are 0. */
int circuit_node(struct circuit *circuit, const char *name);
/* The same with printf formatting. */
int circuit_nodef(struct circuit *circuit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append an element (copied; `name` is copied and made lower case; branch and state are numbered
 * here) and return its number.  `card`: write it at top level of the deck. */
int circuit_add(struct circuit *circuit, const char *name, const struct element *element,
                bool card);

/* A literal line of the deck, and a text of subcircuits (each text once). */
void circuit_card(struct circuit *circuit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void circuit_text(struct circuit *circuit, const char *text);

/* Memory that circuit_free() shall free; returns it. */
void *circuit_own(struct circuit *circuit, void *memory);

/* Convenience for builders; each returns the element's number. */
int circuit_resistor(struct circuit *c, const char *name, int p, int n, double ohm,
                     enum energy_class class);
int circuit_capacitor(struct circuit *c, const char *name, int p, int n, double farad,
                      enum energy_class class);
int circuit_voltage(struct circuit *c, const char *name, int p, int n, double volt,
                    enum energy_class class);
/* A 0 V source from the array side p to the supply side n, which measures the current between them. */
int circuit_boundary(struct circuit *c, const char *name, int p, int n);
/* A memristor instance "x<name>" of the dopant between p and n, in state x0. */
int circuit_memristor(struct circuit *c, const char *name, int p, int n,
                      const struct dopant *dopant, double x0);

struct port_driver {
    double ohm;    /* 0: none */
    bool openable; /* a switch of that on-resistance, which the port's enable source closes */
    double idle;   /* before the first phase [V] */
    enum energy_class class; /* of source, resistor and switch */
};
/* A port driving `node` through that; returns the port's number. */
int circuit_port(struct circuit *c, const char *name, int node, struct port_driver driver);
/* A port that drives the gates at the node of its own name; 0 V before the first phase. */
int circuit_logic_port(struct circuit *c, const char *name);

/* Is the current through this voltage-type element zero by construction, because its first node
 * meets nothing but gates and control terminals?  idle: n_elements flags. */
void circuit_gate_drivers(const struct circuit *circuit, bool *gate_driver);

/* Register a probe of a node's voltage, or of the current through a voltage-type element, and return its
 * number; circuit_probe_value(): its index in the array of values of the finished circuit. */
int circuit_voltage_probe(struct circuit *c, const char *name, int node);
int circuit_current_probe(struct circuit *c, const char *name, int element);
size_t circuit_probe_value(const struct circuit *c, int probe);

/* The values as a point for the elements' laws, with kT/q at the circuit's temperature. */
struct element_point circuit_point(const struct circuit *circuit, const double *values);

/* Power absorbed by every element [W] at the given values, by its own law (element_type.power).
 * power: n_elements. */
void circuit_power(const struct circuit *circuit, const double *values, double *power);

#endif
