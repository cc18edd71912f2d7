/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dopants that are not a file: a library with other parameters, or a bare model with all of its
 * own; and a dopant's text as a library of its own. */
#ifndef SILVERBAR_DEVICE_LIBRARY_LIBRARY_MAKE_H
#define SILVERBAR_DEVICE_LIBRARY_LIBRARY_MAKE_H

#include "device/library/library.h"

#include <stdio.h>

struct dopant_setting {
    const char *name; /* of a parameter, any case */
    double value;
};

/* As dopant_read(), where `what` may also be the name of a model, which must then get all that has
 * no fallback; and with n parameters set.  Errors name parameter and bounds. */
enum status dopant_make(const char *what, const char *directory, size_t n,
                        const struct dopant_setting *settings, struct dopant **dopant,
                        struct error *error);

struct dopant_plan {
    const char *name, *comment; /* comment: lines that start with '*', or "" */
    const struct model *model;
    const double *parameters; /* model->n_parameters, within their bounds */
};

/* The dopant of the plan.  The model's subcircuit is read from `directory` into its text, before which
 * the comment stands. */
enum status dopant_new(const struct dopant_plan *plan, const char *directory,
                       struct dopant **dopant, struct error *error);

/* The same device with other parameters p[n_parameters], made without a file or a text: a variant
 * of `base`, which must outlive it.  Values out of bounds are the caller's to refuse
 * (dopant_out_of_bounds()).  dopant_free() it. */
struct dopant *dopant_variant(const struct dopant *base, const char *name, const double *p);

/* Set all parameters of a variant anew. */
void dopant_vary(struct dopant *variant, const double *p);

/* Index of the first of p[n_parameters] that is outside of the model's bounds, or n_parameters;
 * ron >= roff counts as roff's. */
size_t dopant_out_of_bounds(const struct model *model, const double *p);

/* The subcircuits that the dopant's text has inside (its model and what that includes), to be
 * written once before variants of it; and a variant's own .subckt, which calls the model. */
void dopant_write_models(const struct dopant *dopant, FILE *out);
void dopant_write_variant(const struct dopant *variant, FILE *out);

#endif
