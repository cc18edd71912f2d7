/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contrastive learning from spikes (signal-dependent plasticity, CSDP) on a crossbar of differential
 * memristor synapses with clocked leaky integrate-and-fire neurons.
 *
 * In each time step, of the trace z_j of neuron j, which is 1 after a spike and decays,
 *
 *     g = sum z_j^2      p = 1/(1 + exp(theta - g))      w_j = z_j |p - c|
 *
 * with c = 1 in a positive presentation and 0 in a negative one, and where line i has spiked, weights
 * move by an amount proportional to w_j: up if c = 1, down if c = 0.  That sign is the same for all synapses, so
 * that an update is one outer product: the rows of all lines that have spiked are driven at once, and
 * column j for a time w_j.  Nothing is addressed or read singly.  The label that gives the larger mean
 * of g is the decision.
 *
 * Source of the rule: A. Ororbia, arXiv:2303.18187; of the system: C. Merkel, A. Ororbia,
 * arXiv:2409.10887, whose circuits, values and results are not public: those here are our own. */
#ifndef SILVERBAR_SPIKE_CSDP_H
#define SILVERBAR_SPIKE_CSDP_H

#include "circuit/crossbar.h"
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "spike/presentation.h"

enum csdp_policy { CSDP_AUTO, CSDP_BOTH, CSDP_SET, CSDP_RESET };
enum csdp_modulator { CSDP_SIGMOID, CSDP_COMPARATOR };
enum csdp_trace { CSDP_ANALOGUE, CSDP_BINARY };
enum csdp_disturb { CSDP_REFUSE, CSDP_ALLOW };
extern const char *const csdp_policies[],
    *const csdp_modulators[], *const csdp_traces[], *const csdp_disturbs[]; /* ended by NULL */

#define CSDP_HIDDEN_MAX 256
#define CSDP_BITS_MAX 8
#define CSDP_EDGES 10 /* of the shortest pulse, at least */

struct csdp_options {
    struct truth_table table;
    size_t hidden;               /* neurons */
    size_t epochs, draws, steps; /* draws an epoch, time steps a presentation */
    size_t repeats;              /* of every pattern and label in a test */
    double probability;          /* of a spike on an active line */
    double theta;                /* threshold of g, a neuron */
    double step; /* the window's share by which a pulse of full width moves a conductance there */
    int modulator, trace, policy, disturb;
    size_t bits, every; /* of a pulse's width; updates come every so many steps */
    bool baselines;     /* untrained, and ideal weights */

    double read_volt, set_volt, reset_volt; /* [V]; reset_volt 0: by the dopant */
    bool gate; /* neurons are on for reading alone, from wake_time before it */
    double wake_time, integrate_time, sense_time, fire_time, step_time; /* [s] */
    double edge;                                                        /* [s]; 0: by the dopant */
    double row_ohm, column_ohm;                                         /* drivers */
    double line_row_ohm, line_column_ohm;                               /* segments of lines */
    double switch_ohm; /* between a column and its neuron */
    double feedback;   /* of the transimpedance stages [ohm]; 0: by the dopant's window */

    const struct dopant *dopant;
    const struct dopant *const *dopants;  /* devices of their own; or NULL */
    const double *stuck_ohm;              /* or NULL */
    const struct subcircuit_file *neuron; /* .subckt lif; NULL: behavioural */
    double kelvin;
    const struct engine *engine;
    struct engine_options solver;
    struct drive_log *drive; /* is made, and records the run; or NULL */
    struct random_sample sample;
    void (*progress)(void *data, size_t presentation, size_t n); /* or NULL */
    void *progress_data;
};

/* What follows from the options and the dopant. */
struct csdp_timing {
    int policy;                        /* not CSDP_AUTO */
    double set_volt, reset_volt, edge; /* [V], [V], [s] */
    double set_width, reset_width;     /* of full width [s]; 0: there is none */
    double feedback;                   /* [ohm] */
    double read_drift;                 /* by reading, shares of the window in the whole training */
    double half_drift; /* by half of the voltages, of a device that always sees it */
};
/* STATUS_INPUT names the key and what was expected. */
enum status csdp_timing(const struct csdp_options *options, struct csdp_timing *timing,
                        struct error *error);

/* Presentations of a training; of a test. */
size_t csdp_presentations(const struct csdp_options *options);
size_t csdp_test_presentations(const struct csdp_options *options);

/* Goodness of every pattern with each label, mean over a test's steps and repeats. */
struct csdp_test {
    size_t n_patterns, right;
    double goodness[TRUTH_PATTERNS_MAX][2];
    double margin; /* least over patterns of right label less wrong label */
};
/* From those sums. */
void csdp_test_rate(const struct truth_table *table, double n, struct csdp_test *test);

/* A presentation as it went. */
struct csdp_record {
    struct presentation shown;
    double goodness; /* mean over its steps */
    unsigned spikes; /* of neurons */
};

/* A spike of the training's first draw or of its last one. */
struct csdp_spike {
    size_t presentation, step, number; /* from 0; number of the line or neuron */
    bool neuron;
};

/* Kinds of phases beside the standard ones; the section of the test before the training. */
enum csdp_kind {
    CSDP_CLEAR = PHASE_KINDS,
    CSDP_WAKE,
    CSDP_INTEGRATE,
    CSDP_SENSE,
    CSDP_FIRE,
    CSDP_KINDS
};
enum csdp_section { CSDP_UNTRAINED = PHASE_SECTIONS, CSDP_SECTIONS };
extern const struct phase_names csdp_names;

struct csdp {
    struct csdp_options options;
    struct csdp_timing timing;
    struct circuit *circuit;
    size_t n_rows;                       /* two a line: its plus and its minus row */
    const int *row_ports, *column_ports; /* n_rows, hidden */
    const int *devices;                  /* n_rows x hidden */
    int connect;                         /* logic ports: column switches, */
    int integrate, on;                   /* of the neurons: transconductors, supplies, */
    int *fire;                           /* hidden: reset and trace of a neuron; the circuit's */
    int trace_source;                    /* port: what `fire` charges traces to */
    int *compare_probes, *trace_probes;  /* hidden */
    double ground, logic;                /* [V]; logic: of the neurons' switches */
    double compare_level;                /* [V] */

    struct csdp_test untrained, trained, ideal;
    struct csdp_record *records; /* csdp_presentations() */
    size_t n_shown, shown_capacity;
    struct csdp_spike *shown; /* n_shown, in order of time */
    size_t steps, spikes, updates,
        pulses;              /* of the training; phases of pulses, pulses of devices */
    double *initial, *final; /* n_rows x hidden: conductances at the read voltage [S] */
    struct ledger *ledger;
    struct engine_report report;
};

/* Build, train, test.  *csdp is to be freed after success alone. */
enum status csdp_run(const struct csdp_options *options, struct csdp *csdp, struct error *error);
void csdp_free(struct csdp *csdp);

/* The circuit of csdp->options: fills in what follows it in the struct down to compare_level.  x0:
 * initial states, n_rows x hidden. */
enum status csdp_build(struct csdp *csdp, const double *x0, struct error *error);

/* Initial conductances of differential devices, uniform in the middle half of the window [S]: g, rows x
 * hidden. */
void csdp_initial(const struct csdp_options *options, double *g);

/* The same presentations and spikes with ideal weights, which begin where `g` is; trained and tested. */
void csdp_ideal(const struct csdp_options *options, const double *g, struct csdp_test *test);

/* The part |p - c| of an update, and the width of a column's pulse in units of full/(2^bits - 1). */
double csdp_modulation(const struct csdp_options *options, double goodness, bool positive);
unsigned csdp_width(const struct csdp_options *options, double trace, double modulation);

#endif
