/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reader for netlist files that designers edit (netlists/ *.sub), and their expansion into a
 * circuit.
 *
 * Taken: .subckt/.ends with numeric default parameters, X with numeric or {name} parameters,
 * the cards of element_table (M: level 1 with w l m), .model NMOS|PMOS, .param name=number, .include of a file in
 * the same folder or below.  Values are numbers with SPICE's scale factors or exactly {name}.
 * A statement that is valid SPICE but not in this list is "unsupported": such a subcircuit can run
 * in ngspice only. */
#ifndef SILVERBAR_CIRCUIT_SUBCIRCUIT_H
#define SILVERBAR_CIRCUIT_SUBCIRCUIT_H

#include "circuit/circuit.h"
#include "circuit/mismatch.h"

struct subcircuit_file;

/* Read a file.  Refuses .control, commands and includes outside the file's folder.  On failure
 * *file is NULL and *error names file and line. */
enum status subcircuit_read(const char *path, struct subcircuit_file **file, struct error *error);
void subcircuit_free(struct subcircuit_file *file);

/* Number of terminals of a subcircuit of the file, or -1: no such subcircuit. */
int subcircuit_terminals(const struct subcircuit_file *file, const char *name);
/* Name of its terminal k, from 0, lower case. */
const char *subcircuit_terminal(const struct subcircuit_file *file, const char *name, int k);

/* "FILE:LINE: .subckt NAME", for messages; to free(). */
char *subcircuit_title(const struct subcircuit_file *file, const char *name);

struct parameter_value {
    const char *name;
    double value;
};

/* STATUS_OK: the subcircuit can run in every engine.  STATUS_INPUT with the reason: it is valid SPICE
 * outside the subset (*unsupported true; ngspice can run it), or malformed (false). */
enum status subcircuit_check(const struct subcircuit_file *file, const char *name,
                             bool *unsupported, struct error *error);

struct subcircuit_instance {
    const struct subcircuit_file *file;
    const char *subcircuit; /* of the file */
    const char *name;       /* "x..." */
    size_t n_nodes;
    const int *nodes; /* n_nodes: its terminals */
    size_t n_parameters;
    const struct parameter_value *parameters; /* n_parameters */
    enum energy_class class;                  /* of every element */
    bool opaque; /* do not expand, but measure its terminals with 0 V sources */
    /* its transistors deviate from their models: all elements stand in the deck by themselves, under
     * the names that they have after expansion, each transistor with a model of its own; NULL: they do
     * not */
    const struct mismatch *mismatch;
};

/* Put it into the circuit, and its card and text into the deck. */
enum status subcircuit_add(struct circuit *circuit, const struct subcircuit_instance *instance,
                           struct error *error);

#endif
