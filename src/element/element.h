/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of circuit elements.  A kind is one file that ends in its entry of element_table: how netlists
 * and decks write it, what current flows where, what it stores and absorbs, which law engines
 * assemble.  Engines, reader, deck, ledger and replay ask the entry; a new kind is its file, its line
 * in ELEMENT_LIST, and tests/test_elements.c covers it. */
#ifndef SILVERBAR_ELEMENT_ELEMENT_H
#define SILVERBAR_ELEMENT_ELEMENT_H

#include "device/library/library.h"
#include "device/mos1.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* SPICE's default GMIN [S], which lies across every bulk diode. */
#define CIRCUIT_GMIN 1e-12
/* An open switch [ohm]. */
#define CIRCUIT_R_OPEN 1e9

/* What a joule is booked under. */
#define ENERGY_CLASS_LIST(S)                                                                       \
    S(CLASS_MEMRISTOR, "memristor")                                                                \
    S(CLASS_SELECT, "select")                                                                      \
    S(CLASS_LINE, "line")                                                                          \
    S(CLASS_REFERENCE, "reference")                                                                \
    S(CLASS_NEURON, "neuron")                                                                      \
    S(CLASS_DRIVER, "driver")
#define ENERGY_CLASS_ENUM(name, text) name,
enum energy_class { ENERGY_CLASS_LIST(ENERGY_CLASS_ENUM) ENERGY_CLASSES };
#undef ENERGY_CLASS_ENUM
const char *energy_class_name(enum energy_class class);

/* All kinds, in the order of element_table: ELEMENT_<first> and the entry element_<second>. */
#define ELEMENT_LIST(E)                                                                            \
    E(RESISTOR, resistor)                                                                          \
    E(CAPACITOR, capacitor)                                                                        \
    E(VOLTAGE, voltage)                                                                            \
    E(CURRENT, current)                                                                            \
    E(VCVS, vcvs)                                                                                  \
    E(VCCS, vccs)                                                                                  \
    E(SWITCH, switch)                                                                              \
    E(MOSFET, mosfet)                                                                              \
    E(MEMRISTOR, memristor)                                                                        \
    E(TRANSFER, transfer)                                                                          \
    E(INDUCTOR, inductor)                                                                          \
    E(COUPLING, coupling)                                                                          \
    E(OPAQUE, opaque)
#define ELEMENT_ENUM(kind, entry) ELEMENT_##kind,
enum element_kind { ELEMENT_LIST(ELEMENT_ENUM) ELEMENT_KINDS };
#undef ELEMENT_ENUM

/* A monotone table, n >= 2 points with rising x. */
struct transfer_table {
    size_t n;
    double *x, *y; /* n each */
};

#define ELEMENT_NODES 4
#define ELEMENT_PARTNERS 2

struct element {
    enum element_kind kind;
    enum energy_class class;
    char *name;       /* as SPICE shows it after expansion, lower case: "rrow3", "m.xn1.m2" */
    const char *file; /* netlist that says it, owned by the circuit; NULL: none */
    int line;         /* of that; opaque: the first that only SPICE understands */
    int node[ELEMENT_NODES];
    double value;  /* in the unit that the kind's file says */
    int branch;    /* number of its branch current, or -1 */
    int state;     /* number of its state, or -1 */
    int hidden;    /* number of the first of its hidden states, or -1 */
    bool external; /* voltage source set by the outside world */
    bool boundary; /* 0 V source between the array side (node 0) and the supply side (node 1) */
    double x0;     /* memristor: initial state */
    const struct dopant *dopant;
    struct mos1_geometry geometry;
    const struct mos1_model *mos;
    struct transfer_table table;
    int partner[ELEMENT_PARTNERS]; /* other elements that its card names */
    size_t n_terminals;            /* opaque: number of terminals */
    const int *ammeters;  /* opaque: elements (0 V sources) in series with them, n_terminals */
    const int *terminals; /* opaque: nodes inside those ammeters, n_terminals */
};

/* One point of a circuit's solution, and its elements. */
struct element_point {
    const struct element *elements;
    const double *v;      /* by node [V] */
    const double *branch; /* by element.branch [A], from node 0 through the element to node 1 */
    const double *state;  /* by element.state */
    double thermal;       /* kT/q [V] */
};
static inline double element_volt(const struct element *e, const struct element_point *at)
{
    return at->v[e->node[0]] - at->v[e->node[1]];
}
static inline double element_control(const struct element *e, const struct element_point *at)
{
    return at->v[e->node[2]] - at->v[e->node[3]];
}

/* STATUS_INPUT with its name, and `what` behind that, in the place where its netlist says it. */
enum status element_fail(struct error *error, const struct element *e, const char *what);

/* Where an element's card or its terms of a replay deck are written from. */
struct element_text {
    const struct element *elements;
    char *const *node_names;
    int number; /* of the element */
    /* writes what follows the nodes of an external source */
    void (*source)(void *data, int element, FILE *out);
    void *data;
    bool carries;              /* replay: it does not drive gates only: i(name) is saved */
    const char *const *feeder; /* replay: by node, the source that alone feeds it, or NULL */
};
/* Its name and first n nodes. */
void element_write_nodes(const struct element_text *text, int n, FILE *out);
/* "v(node)", of ground "0"; and "(v(a) - v(b))" of its nodes 0 and 1. */
void element_write_volt(const struct element_text *text, int node, FILE *out);
void element_write_across(const struct element_text *text, FILE *out);

/* How netlists write it: NAME nodes... value, or NAME nodes... model parameter=value... */
struct element_parameter {
    const char *name;
    size_t offset; /* of a double > 0 in struct element */
};
struct element_card {
    char letter;          /* of names; 0: netlists have no card of this kind */
    const char *note;     /* on the letter, for the list of what is taken: " (level 1)", or NULL */
    const char *expected; /* words behind the name */
    int n_nodes;
    int n_partners;            /* names of other elements, behind the nodes, */
    enum element_kind partner; /* and of which kind */
    bool dc;                   /* "dc" may stand before the value */
    bool model;         /* a model's name stands in the value's place, and parameters behind it */
    const char *range;  /* where the value has bounds: "a positive one" */
    double least, most; /* where it has bounds: the value lies between them */
    size_t n_parameters;
    const struct element_parameter *parameters;
};

/* The form of its law: which array of equations an engine puts it into.  u: v(0,1); w: v(2,3). */
enum element_law {
    LAW_CONDUCTANCE,      /* i = u/value */
    LAW_CAPACITANCE,      /* i = value du/dt */
    LAW_SOURCE,           /* i = value */
    LAW_TRANSCONDUCTANCE, /* i = value w */
    LAW_SWITCH,           /* i = u switch_conductance(value, w) */
    LAW_TRANSISTOR,       /* mos1.h */
    LAW_MEMORY,  /* i = dopant's current(u, x), dx/dt = its rate(u, x), or rates(u, x, h) */
    LAW_VOLTAGE, /* u is given */
    LAW_BRANCH,  /* u = follows(w) + d(flux)/dt; its current is an unknown */
    LAW_NONE,    /* it carries no current; its fluxes act in others */
    LAW_NETLIST, /* SPICE alone knows it */
    ELEMENT_LAWS
};

/* What becomes of it where only node voltages at rest are solved for (engine/event). */
enum element_rest {
    REST_OPEN,     /* no current flows */
    REST_TIES,     /* its ends have a known voltage between them */
    REST_FOLLOWS,  /* the same, by a voltage elsewhere */
    REST_CONDUCTS, /* current flows between its nodes through[] */
    REST_REFUSED   /* `refusal` says why */
};

/* The voltage v(0,1) of element `of` holds d(henry i)/dt, i the branch current of element `by`. */
#define ELEMENT_FLUXES 2
struct element_flux {
    int of, by;
    double henry;
};

/* A part of what an element stores, and the element in which it is booked. */
#define ELEMENT_SHARES 2
struct element_share {
    int element;
    double joule;
};

struct element_type {
    const char *name; /* "resistor" */
    struct element_card card;
    struct element initial; /* what a netlist's card does not say */

    enum element_law law;
    bool carries[ELEMENT_NODES]; /* current flows through this terminal */
    bool source;                 /* what it absorbs is the negative of a delivery */
    bool shows_current;          /* waveforms and replay show its branch current */
    /* Nodes of a voltage whose product with a current is its power, for quadrature; equal: none. */
    int across[2];
    bool
        leaks; /* GMIN lies from node 3 to nodes 0 and 2, and its power is not that product alone */

    int through[2],
        control[2];  /* numbers of nodes: where its direct current flows, what it depends on */
    bool controlled; /* it depends on the voltages of control[] */
    bool derives;    /* node 0 is v(1) + value w where only gates hang on it: no unknown */
    enum element_rest rest;
    const char *uncontrolled; /* why no control that is solved for will do, or NULL: it will */
    const char *refusal;      /* why engines refuse it, behind "element NAME ", or NULL */

    /* Power absorbed [W]; of what is stored nothing, as its energy is known exactly, and of a boundary
     * source the power that crosses it against node 0.  NULL: 0. */
    double (*power)(const struct element *e, const struct element_point *at);
    /* Currents into the four nodes [A].  NULL: power / u into node 0 and out of node 1. */
    void (*currents)(const struct element *e, const struct element_point *at,
                     double i[ELEMENT_NODES]);
    /* Stored energy, in at most ELEMENT_SHARES shares; returns how many.  NULL: stores nothing. */
    size_t (*stored)(int number, const struct element_point *at,
                     struct element_share share[ELEMENT_SHARES]);
    /* Fluxes of branches, symmetric in `of` and `by`; returns how many.  NULL: none. */
    size_t (*fluxes)(int number, const struct element *elements,
                     struct element_flux flux[ELEMENT_FLUXES]);
    /* The part of u that follows the control w, and its derivative; of LAW_BRANCH. */
    double (*follows)(const struct element *e, double control, double *slope);

    /* Its card; NULL: name, the card's nodes and partners, value. */
    void (*write)(const struct element *e, const struct element_text *text, FILE *out);
    /* What the replay deck saves, and the lines that add to p_<class>, dissipated power [W], or to
     * w_<class>, stored energy [J]; of class neuron, sources alone take off what they deliver.  NULL:
     * nothing. */
    void (*replay_save)(const struct element *e, const struct element_text *text, FILE *out);
    void (*replay_power)(const struct element *e, const struct element_text *text, FILE *out);
};

extern const struct element_type *const element_table[ELEMENT_KINDS];

static inline const struct element_type *element_type(const struct element *e)
{
    return element_table[e->kind];
}
/* Has it a branch current among the unknowns? */
static inline bool element_has_branch(enum element_kind kind)
{
    const enum element_law law = element_table[kind]->law;
    return law == LAW_VOLTAGE || law == LAW_BRANCH;
}
static inline bool element_has_state(enum element_kind kind)
{
    return element_table[kind]->law == LAW_MEMORY;
}
/* Is it booked by what it stores? */
static inline bool element_stores(const struct element *e)
{
    return element_type(e)->stored != NULL;
}

/* Is the element a source whose absorbed power is the negative of a delivery? */
static inline bool element_is_source(const struct element *e)
{
    return element_type(e)->source && !e->boundary;
}
/* Does it belong to the array side (drivers, lines, switches, memristors, references)? */
static inline bool element_in_array(const struct element *e)
{
    return e->class != CLASS_NEURON && !e->boundary;
}

/* Conductance of a switch [S] at a control voltage, which a port drives between 0 and 1 V. */
static inline double switch_conductance(double r_on, double control)
{
    control = control < 0 ? 0 : control > 1 ? 1 : control;
    return 1 / CIRCUIT_R_OPEN + (1 / r_on - 1 / CIRCUIT_R_OPEN) * control;
}

/* Value and slope of a table at x; constant outside of it. */
double transfer_table_value(const struct transfer_table *table, double x, double *slope);

/* type->follows(), for the engines' loops without a call of the linear kind. */
static inline double element_follows(const struct element *e, double control, double *slope)
{
    if (e->kind != ELEMENT_VCVS)
        return element_type(e)->follows(e, control, slope);
    *slope = e->value;
    return e->value * control;
}

/* What a linear element stores more at x than at `from', volts or amperes: value x^2 / 2 [J]. */
static inline double element_stored_change(double value, double from, double x)
{
    return 0.5 * value * (x - from) * (x + from);
}

/* Power of an element with a branch: v(0,1) times its current. */
double element_branch_power(const struct element *e, const struct element_point *at);

#endif
