/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsilverbar: memristor crossbars at circuit level while they learn.
 *
 * A circuit is built from elements and netlists, or comes with a training; an engine runs it phase by
 * phase; every joule is booked by class of element, kind and section of phase.  Units are SI.
 *
 * Functions that can fail return an enum silverbar_status and, where it is not SILVERBAR_OK, leave one
 * line in *error (NULL is allowed).  The library prints nothing and never exits; when memory runs out
 * it calls the handler of silverbar_on_out_of_memory().  Handles are opaque; freeing NULL is allowed.
 * Two handles never disturb each other, but one must not be used by two threads at once.  The engine
 * `ngspice` forks a worker process. */
#ifndef SILVERBAR_H
#define SILVERBAR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined __GNUC__
#define SILVERBAR_API __attribute__((visibility("default")))
#else
#define SILVERBAR_API
#endif

/* As the program's exit status. */
enum silverbar_status {
    SILVERBAR_OK = 0,
    SILVERBAR_NUMERICAL = 1, /* it could not be computed */
    SILVERBAR_INPUT = 2,     /* bad input or usage */
    SILVERBAR_UNTRUSTED = 3, /* computed, but the account or an error estimate is not in order */
    SILVERBAR_INTERRUPTED = 130
};

struct silverbar_error {
    char text[1024];
};

SILVERBAR_API const char *silverbar_version(void);

/* `handler` gets the bytes that were wanted and must not return; NULL (at first): abort(). */
SILVERBAR_API void silverbar_on_out_of_memory(void (*handler)(size_t bytes));

/* --- Circuits.  Nodes are named; "0" is ground.  `energy_class` is what an element's energy is booked
 * under: memristor, select, line, reference, neuron or driver.  Names are unique. */

struct silverbar_circuit;

/* `kelvin`: temperature of devices and transistors. */
SILVERBAR_API int silverbar_circuit_new(const char *title, double kelvin,
                                        struct silverbar_circuit **circuit,
                                        struct silverbar_error *error);
SILVERBAR_API void silverbar_circuit_free(struct silverbar_circuit *circuit);

SILVERBAR_API int silverbar_add_resistor(struct silverbar_circuit *circuit, const char *name,
                                         const char *p, const char *n, double ohm,
                                         const char *energy_class, struct silverbar_error *error);
SILVERBAR_API int silverbar_add_capacitor(struct silverbar_circuit *circuit, const char *name,
                                          const char *p, const char *n, double farad,
                                          const char *energy_class, struct silverbar_error *error);
/* Not for the engine `event`. */
SILVERBAR_API int silverbar_add_inductor(struct silverbar_circuit *circuit, const char *name,
                                         const char *p, const char *n, double henry,
                                         const char *energy_class, struct silverbar_error *error);
SILVERBAR_API int silverbar_add_voltage(struct silverbar_circuit *circuit, const char *name,
                                        const char *p, const char *n, double volt,
                                        const char *energy_class, struct silverbar_error *error);
/* `library`: the name of a device that comes with silverbar ("Cr"), or a FILE.lib; x0: 0 to 1. */
SILVERBAR_API int silverbar_add_memristor(struct silverbar_circuit *circuit, const char *name,
                                          const char *p, const char *n, const char *library,
                                          double x0, struct silverbar_error *error);
/* An instance of subcircuit `subcircuit` of a netlist: nodes[n_nodes] are its terminals.  What the
 * native engines do not take (silverbar(1)) runs in ngspice only. */
SILVERBAR_API int silverbar_add_netlist(struct silverbar_circuit *circuit, const char *name,
                                        const char *file, const char *subcircuit, size_t n_nodes,
                                        const char *const *nodes, const char *energy_class,
                                        struct silverbar_error *error);
/* What the outside drives: a source behind `ohm` at the node, at `idle` volts before the first phase.
 * A port with ohm > 0 may be opened. */
SILVERBAR_API int silverbar_add_port(struct silverbar_circuit *circuit, const char *name,
                                     const char *node, double ohm, double idle,
                                     struct silverbar_error *error);
/* What a phase reads: the voltage of a node, or the current [A] through a voltage source of that name
 * (of a port: its name), from its first node to its second. */
SILVERBAR_API int silverbar_add_voltage_probe(struct silverbar_circuit *circuit, const char *name,
                                              const char *node, struct silverbar_error *error);
SILVERBAR_API int silverbar_add_current_probe(struct silverbar_circuit *circuit, const char *name,
                                              const char *source, struct silverbar_error *error);

/* How many there are of each, their names (NULL: no such number), and the number of a name, or -1. */
enum silverbar_part { SILVERBAR_PORT, SILVERBAR_PROBE, SILVERBAR_NODE, SILVERBAR_DEVICE };
SILVERBAR_API size_t silverbar_count(const struct silverbar_circuit *circuit,
                                     enum silverbar_part part);
SILVERBAR_API const char *silverbar_name(const struct silverbar_circuit *circuit,
                                         enum silverbar_part part, size_t number);
SILVERBAR_API int silverbar_number(const struct silverbar_circuit *circuit,
                                   enum silverbar_part part, const char *name);

/* --- Engines. */

struct silverbar_options {
    double reltol;     /* relative tolerance, 1e-9 to 0.1; 0: 1e-4 */
    double abstol;     /* of currents [A]; 0: 1e-10 */
    double vntol;      /* of voltages [V] and states; 0: 1e-6 */
    double step_max;   /* longest step [s]; 0: 2e-3 */
    double time_limit; /* of the whole run [s of the clock on the wall]; 0: 3600 */
};

struct silverbar_engine;

/* `name`: ngspice, ida or event.  options: NULL: all defaults.  The circuit stays the caller's, must
 * not change from here on, and outlives the engine.  All ports are at their idle voltage. */
SILVERBAR_API int silverbar_engine_open(const struct silverbar_circuit *circuit, const char *name,
                                        const struct silverbar_options *options,
                                        struct silverbar_engine **engine,
                                        struct silverbar_error *error);
SILVERBAR_API void silverbar_engine_close(struct silverbar_engine *engine);

/* What a port will do in the next phase: a voltage, or open. */
SILVERBAR_API int silverbar_drive(struct silverbar_engine *engine, size_t port, double volt,
                                  struct silverbar_error *error);
SILVERBAR_API int silverbar_open_port(struct silverbar_engine *engine, size_t port,
                                      struct silverbar_error *error);

/* A quantity whose crossing of a level ends a phase: a node's voltage or a device's state. */
struct silverbar_stop {
    enum silverbar_part part; /* SILVERBAR_NODE or SILVERBAR_DEVICE */
    size_t number;
    double level;
    int rising;
};

/* Run a phase: ports ramp to their drive during `edge`, then hold until `duration` [s] is over or one
 * of stops[n_stops] is crossed.  `kind`: idle, erase, set, reset, read or infer; `section`: training,
 * inference or after: what the energies are booked under.  *stopped (or NULL): the stop, or -1. */
SILVERBAR_API int silverbar_phase(struct silverbar_engine *engine, const char *kind,
                                  const char *section, double duration, double edge, size_t n_stops,
                                  const struct silverbar_stop *stops, int *stopped,
                                  struct silverbar_error *error);

/* Where the run is [s]; of the last phase: mean of a probe over its last tenth; at its end: voltage of
 * a node, state of a device.  NAN: no such number, or no phase yet. */
SILVERBAR_API double silverbar_time(const struct silverbar_engine *engine);
SILVERBAR_API double silverbar_reading(const struct silverbar_engine *engine, size_t probe);
SILVERBAR_API double silverbar_voltage(const struct silverbar_engine *engine, size_t node);
SILVERBAR_API double silverbar_state(const struct silverbar_engine *engine, size_t device);

/* Energies so far [J], of sections, kinds and classes as named above; NULL: of all.  Absorbed by
 * elements, sources apart; delivered by sources; and their error as the engine estimates it (of all
 * kinds).  NAN: no such name. */
SILVERBAR_API double silverbar_energy(const struct silverbar_engine *engine, const char *section,
                                      const char *kind, const char *energy_class);
SILVERBAR_API double silverbar_energy_error(const struct silverbar_engine *engine,
                                            const char *section, const char *energy_class);
SILVERBAR_API double silverbar_delivered(const struct silverbar_engine *engine,
                                         const char *section);

/* --- Training a classifier: a testbench of the experiment `training`. */

struct silverbar_training;

/* file: a testbench, or NULL: the defaults.  settings[n_settings]: "KEY=VALUE", as --set.  `sample`:
 * of the testbench.  The circuit is built and the neurons are measured. */
SILVERBAR_API int silverbar_training_open(const char *file, size_t n_settings,
                                          const char *const *settings, size_t sample,
                                          struct silverbar_training **training,
                                          struct silverbar_error *error);
SILVERBAR_API void silverbar_training_close(struct silverbar_training *training);

/* Train by the testbench's rule and classify all images.  `progress` (or NULL) is told where it is;
 * what it returns ends the run, unless it is 0.  SILVERBAR_UNTRUSTED: it has run, but the account does
 * not close.  A training runs once, by this or by one's own rule. */
SILVERBAR_API int silverbar_training_run(struct silverbar_training *training,
                                         int (*progress)(void *data, size_t device, size_t pulses,
                                                         double seconds, double joule),
                                         void *data, struct silverbar_error *error);

/* A figure of summary.json by its name there, after a run; NAN: no such figure. */
SILVERBAR_API double silverbar_training_figure(const struct silverbar_training *training,
                                               const char *name);

/* A rule of one's own: devices in the order of programming, of `layer`, `row` and `column` from 0;
 * images of pixels[n_inputs], 0 to 1, and outputs[n_outputs], 0 to 1. */
SILVERBAR_API size_t silverbar_training_devices(const struct silverbar_training *training);
SILVERBAR_API size_t silverbar_training_inputs(const struct silverbar_training *training);
SILVERBAR_API size_t silverbar_training_outputs(const struct silverbar_training *training);
SILVERBAR_API int silverbar_training_place(const struct silverbar_training *training, size_t device,
                                           size_t *layer, size_t *row, size_t *column);
/* The images to be told apart: pixels[n_inputs] of image `number` (from 0) of class 0 or 1;
 * SILVERBAR_INPUT: there is none. */
SILVERBAR_API int silverbar_training_image(const struct silverbar_training *training, size_t class_,
                                           size_t number, double *pixels);

/* Show an image to the neurons; pulse a device (volt > 0: SET, < 0: RESET; edges included); read its
 * branch conductance [S] as the instrument does.  Shows are booked under inference, the rest under
 * training. */
SILVERBAR_API int silverbar_training_show(struct silverbar_training *training, const double *pixels,
                                          double *outputs, struct silverbar_error *error);
SILVERBAR_API int silverbar_training_pulse(struct silverbar_training *training, size_t device,
                                           double volt, double width,
                                           struct silverbar_error *error);
SILVERBAR_API int silverbar_training_read(struct silverbar_training *training, size_t device,
                                          double *siemens, struct silverbar_error *error);

/* As of an engine: the account of a training, and its time [s]. */
SILVERBAR_API double silverbar_training_energy(const struct silverbar_training *training,
                                               const char *section, const char *kind,
                                               const char *energy_class);
SILVERBAR_API double silverbar_training_delivered(const struct silverbar_training *training,
                                                  const char *section);
SILVERBAR_API double silverbar_training_time(const struct silverbar_training *training);

#ifdef __cplusplus
}
#endif

#endif
