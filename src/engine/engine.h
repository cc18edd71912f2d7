/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract between engines and the rest: phases in, readings and intervals out.
 *
 * A phase is what the outside world applies until something is decided.  Ports ramp linearly from
 * their last value during the phase's edge time and then hold.  An engine opens a circuit, runs one
 * phase after the other, and closes (transient.h); engine_run() lets a controller decide on each next
 * phase from the reading of the last one.  Recorders get every interval with its energies as the
 * engine integrated them. */
#ifndef SILVERBAR_ENGINE_ENGINE_H
#define SILVERBAR_ENGINE_ENGINE_H

#include "circuit/circuit.h"

#include <stdint.h>

/* The kinds of phases that every controller knows; it may add its own behind them. */
#define PHASE_KIND_LIST(S)                                                                         \
    S(PHASE_IDLE, "idle")                                                                          \
    S(PHASE_ERASE, "erase")                                                                        \
    S(PHASE_SET, "set")                                                                            \
    S(PHASE_RESET, "reset")                                                                        \
    S(PHASE_READ, "read")                                                                          \
    S(PHASE_INFER, "infer")
#define PHASE_KIND_ENUM(name, text) name,
enum phase_kind { PHASE_KIND_LIST(PHASE_KIND_ENUM) PHASE_KINDS };
#undef PHASE_KIND_ENUM
const char *phase_kind_name(enum phase_kind kind);

/* Which total a phase is booked under; a controller may add its own behind these, too. */
#define PHASE_SECTION_LIST(S)                                                                      \
    S(SECTION_START, "start")                                                                      \
    S(SECTION_TRAINING, "training")                                                                \
    S(SECTION_INFERENCE, "inference")                                                              \
    S(SECTION_AFTER, "after")
#define PHASE_SECTION_ENUM(name, text) name,
enum phase_section { PHASE_SECTION_LIST(PHASE_SECTION_ENUM) PHASE_SECTIONS };
#undef PHASE_SECTION_ENUM
const char *phase_section_name(enum phase_section section);

/* What a run's phases are called, by kind and section: the names above first, then those that its
 * controller adds. */
#define PHASE_KINDS_MAX 16
#define PHASE_SECTIONS_MAX 8
struct phase_names {
    size_t n_kinds, n_sections;  /* at most the two limits */
    const char *const *kinds;    /* n_kinds */
    const char *const *sections; /* n_sections */
};
extern const struct phase_names phase_names_standard;

/* What a port does: a voltage [V], or open (its voltage then stays what it was). */
struct drive {
    double volt;
    bool open;
};

/* A value whose crossing of `level` ends a phase early, at the first accepted point past it.  A value that
 * is past the level when the phase begins has to come back before it can cross. */
struct phase_stop {
    size_t value; /* index into the array of values */
    double level;
    bool rising;
};

struct phase {
    int kind, section; /* enum phase_kind, enum phase_section, or what the controller has added */
    double duration;   /* [s], edge included */
    double edge;       /* [s] */
    int device;        /* which device it addresses, or -1: for messages and records */
    int changed;       /* 1 + state of the memristor whose constants the controller changed, or 0 */
    struct drive *drive; /* n_ports; the run's array, as the last phase left it */
    size_t n_stops;
    const struct phase_stop *stops;  /* n_stops; the controller's, until the phase has ended */
    const struct phase_names *names; /* of the run */
};

/* Write "at t = ... s, set phase of device ..." into text, for messages; phase NULL: none has begun.
 * Returns text. */
#define PHASE_PLACE_SIZE 160
const char *phase_place(const struct circuit *circuit, const struct phase *phase, double t,
                        char text[PHASE_PLACE_SIZE]);

/* All that a controller is told of the phase that has ended. */
struct reading {
    double t0, t1;        /* [s] as they were */
    const double *mean;   /* n_probes: time average over the last 10 % of the phase */
    const double *values; /* circuit_n_values(): at its end */
    int stop;             /* which of its stops has ended it, or -1: it took its time */
};

/* Fills in *next after a phase (`reading` is NULL before the first).  True: run it; false: done. */
typedef bool controller_step(void *data, const struct reading *reading, struct phase *next);

struct controller {
    controller_step *step;
    void *data;
    const struct phase_names *names; /* of its phases; NULL: phase_names_standard */
};

struct interval {
    double t0, t1;        /* [s] */
    const double *values; /* at t1: circuit_n_values() */
    /* n_elements: absorbed by each element since energies were given last [J].  NULL: they come with
     * a later interval of the phase; one that ends a phase always has them. */
    const double *energy;
    /* ENERGY_CLASSES: estimated error of those, sources apart [J], signed; with energy */
    const double *class_error;
    const struct phase *phase;
    bool ends_phase;
};

/* What the interval says that an element has absorbed [J]. */
static inline double interval_energy(const struct interval *i, size_t element)
{
    return i->energy ? i->energy[element] : 0;
}

/* The class of each element (n_elements; to free()); ENERGY_CLASSES for sources and boundaries, which the
 * ledger books separately. */
unsigned char *energy_classes(const struct circuit *circuit);

/* Add up the elements' errors [J] by the classes of energy_classes(). */
void energy_sum_classes(size_t n_elements, const unsigned char *classes, const double *error,
                        double class_error[ENERGY_CLASSES]);

/* Called for the initial point (t0 = t1, energies 0, phase not ended) and every interval after. */
struct recorder {
    void (*take)(void *data, const struct interval *interval);
    void *data;
};

/* Integrator of the engine `ida`; other engines have only one and ignore it. */
enum engine_method {
    METHOD_ONESTEP, /* its own one-step methods (rosenbrock.h, dirk.h) */
    METHOD_BDF,     /* SUNDIALS IDAS, an independent integrator of the same equations (idas.h) */
};
extern const char *const engine_methods[]; /* their names, ended by NULL */

struct engine_options {
    enum engine_method method;
    double reltol;
    double abstol; /* [A] */
    double vntol;  /* [V] and state */
    double trtol;
    double step_max;     /* longest time step [s] */
    unsigned edge_parts; /* ngspice: it must have points at the ends of so many parts of an edge */
    double time_limit;   /* wall seconds for the whole run */
    double switches;     /* of a stochastic device, event only; 0: their mean */
    uint64_t seed;       /* with `sample`: of the switches' streams */
    uint32_t sample;
    size_t n_recorders;
    const struct recorder *recorders;
    volatile const int *interrupted; /* becomes nonzero when the user wants to stop; may be NULL */
};

extern const struct engine_options engine_defaults;

/* How the operating point of a run was found: the method (operating_point.h), the steps tried on its path,
 * and all iterations of Newton's method.  NULL: the engine computes no operating point. */
struct operating_report {
    const char *method;
    size_t steps, iterations;
};

/* Counts and times of a run. */
struct engine_report {
    size_t points, phases;
    double time;          /* simulated [s] */
    double wall;          /* of the transient [s] */
    double callback_wall; /* of it inside our callbacks [s] */
    struct operating_report operating;
};

/* Abilities that not every engine has. */
enum engine_ability {
    ENGINE_SWITCHES = 1,         /* stochastic devices of engine_options.switches */
    ENGINE_CHANGES_DEVICES = 2,  /* phase.changed: constants of a device, from phase to phase */
    ENGINE_STARTS_FROM_ZERO = 4, /* it begins with all nodes at 0 V, without an operating point */
    /* transistors that are no switches, capacitors, and sources anywhere; without it, neurons must be
     * behavioural and no latency can be measured */
    ENGINE_TRANSISTORS = 8,
    ENGINE_SUBCIRCUITS = 16, /* netlists that only SPICE understands */
    ENGINE_METHODS = 32,     /* engine_options.method */
};

struct transient;

/* An engine's part of a transient, called by transient.c only. */
struct engine {
    const char *name;
    const char *title;
    unsigned abilities; /* enum engine_ability, together by | */
    /* Set up t->state and find the point at which the run begins, which is recorded. */
    enum status (*open)(struct transient *t, struct error *error);
    /* Run t->phase, which was checked, from t->t on. */
    enum status (*phase)(struct transient *t, struct error *error);
    /* Fill in what it knows of t->report, free t->state; after a failure of `open`, too.  `done`: the
     * run has not failed. */
    void (*close)(struct transient *t, bool done);
};

/* Run the circuit until the controller is done.  *report is filled in whatever happens. */
enum status engine_run(const struct engine *engine, const struct circuit *circuit,
                       const struct controller *controller, const struct engine_options *options,
                       struct engine_report *report, struct error *error);

/* All engines and their names, in the same order, each ended by NULL. */
extern const struct engine *const engine_table[];
extern const char *const engine_names[];

/* The engine of that name, or NULL; its index in both lists, or the index of their final NULL. */
const struct engine *engine_find(const char *name);
int engine_index(const char *name);

static inline bool engine_able(const struct engine *engine, enum engine_ability ability)
{
    return (engine->abilities & (unsigned)ability) != 0;
}

/* The name in tables of a run by that method: "ida" for the first method, "ida-bdf" for another; to
 * free(). */
char *engine_method_title(const struct engine *engine, enum engine_method method);

/* Check of the key engine.method: STATUS_INPUT if an engine without ENGINE_METHODS is given any method
 * but the first. */
enum status engine_takes_method(const struct engine *engine, enum engine_method method,
                                struct error *error);

/* The same of engine.switches by ENGINE_SWITCHES; and where a drive is to be followed twice, which devices
 * that jump at random do not. */
enum status engine_takes_switches(const struct engine *engine, double switches,
                                  struct error *error);
enum status engine_switches_replay(double switches, struct error *error);

/* "ida or event": the engines of this ability, for messages; to free(). */
char *engines_able(enum engine_ability ability);

/* fail() with STATUS_INPUT, and "; use --engine ida or event" after the text. */
enum status fail_unable(struct error *error, enum engine_ability ability, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of an element, with where its netlist says it; `what` goes on behind its name. */
enum status fail_unable_element(struct error *error, enum engine_ability ability,
                                const struct element *element, const char *what);

#endif
