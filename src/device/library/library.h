/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dopant: one devices/NAME.lib file, read for the native engines and as text for SPICE.
 *
 *     .subckt Cr p n x0=0.01
 *     .include mmsdz.sub
 *     xm p n x mmsdz x0={x0} ron=300 roff=220k von=0.404 ...
 *     .ends
 *
 * The file's `*@ name value` comment lines carry what SPICE does not need: the conductance window
 * `*@ gmin 50u` and `*@ gmax 500u` [S] that weights use. */
#ifndef SILVERBAR_DEVICE_LIBRARY_LIBRARY_H
#define SILVERBAR_DEVICE_LIBRARY_LIBRARY_H

#include "base/error.h"
#include "device/model.h"

struct dopant {
    char *name; /* of the .subckt, as written */
    char *path; /* of the file it came from */
    /* the file with its .include lines replaced by the files' text: goes into decks; NULL for a
     * variant, whose text library_make.h writes */
    char *text;
    const struct dopant *base; /* of a variant */
    char *instance;            /* of the model inside the .subckt, lower case: "xm" */
    char *state_node; /* path of the state node below an instance, lower case: "xm.x" or "x" */
    const struct model *model;
    double parameters[MODEL_PARAMETERS_MAX]; /* in the order of model->parameters */
    double constants[MODEL_CONSTANTS_MAX];   /* from model->prepare */
    double g_min, g_max; /* [S] conductance window for weights; 0 if not given */
};

/* Read `what`: a path (if it has a '/' or ends in ".lib") or the name of a dopant, looked for as
 * NAME.lib in `directory` (without regard to case).  Errors name file, line, parameter and what was
 * expected.  On failure *dopant is NULL. */
enum status dopant_read(const char *what, const char *directory, struct dopant **dopant,
                        struct error *error);
void dopant_free(struct dopant *dopant);

#endif
