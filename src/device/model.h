/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Table of memristor models: what every engine needs to know of a device law
 *
 *     i = i(v, x)      dx/dt = f(v, x)      0 <= x <= 1, x = 1 is ON (low resistance)
 *
 * v = v(p) - v(n) [V] between the two terminals; v > 0 sets (x rises), unless a parameter turns the
 * device round.  A volatile device has hidden states h besides, which its rates depend on:
 *
 *     dx/dt = f0(v, x, h)      dh/dt = f1(v, x, h)      h = 0 at rest, which is where runs begin
 *
 * Models are pure functions of (constants, v, x, h): no state, no allocation, no printing, no
 * clamping. */
#ifndef SILVERBAR_DEVICE_MODEL_H
#define SILVERBAR_DEVICE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#define MODEL_PARAMETERS_MAX 16 /* parameters of one model */
#define MODEL_CONSTANTS_MAX 24  /* numbers that prepare() derives from them */
#define MODEL_HIDDEN_MAX 2      /* hidden states of one model */

struct model_parameter {
    const char *name; /* lower case, as in .lib and .sub */
    const char *unit; /* "ohm", "V", "s", "1" ... */
    const char *meaning;
    double fallback; /* used where a .lib does not give it; NAN: must be given */
    double min, max; /* inclusive bounds */
};

/* Transition rates [1/s] of a state with dx/dt = (1 - x) a(v) - x b(v), and their derivatives by v
 * [1/(V s)]. */
struct two_state {
    double a, da_dv, b, db_dv;
};

/* A function of (v, x) with its two partial derivatives. */
struct model_value {
    double f, df_dv, df_dx;
};

/* Rates of x (index 0) and of hidden state k (index 1 + k) [1/s], and their derivatives by v and by
 * all of these states: df[rate][state].  switching: of one switch, as in f[0] = (1 - x) a - x b; without
 * derivatives. */
struct model_rates {
    double f[1 + MODEL_HIDDEN_MAX], df_dv[1 + MODEL_HIDDEN_MAX];
    double df[1 + MODEL_HIDDEN_MAX][1 + MODEL_HIDDEN_MAX];
    struct two_state switching;
};

struct model {
    const char *name;   /* "mmsdz"; also the name of its subcircuit in devices/NAME.sub */
    const char *title;  /* one line */
    const char *source; /* publication or data behind the equations */
    size_t n_parameters;
    const struct model_parameter *parameters; /* n_parameters */

    /* Constants c[MODEL_CONSTANTS_MAX] from parameters p[n_parameters], once per device. */
    void (*prepare)(const double *p, double *c);

    bool ohmic; /* i = g(x) v without the read-out sdc */

    /* Current [A] into p; df_dv [S], df_dx [A]. */
    struct model_value (*current)(const double *c, double v, double x);

    /* State rate [1/s]; df_dv [1/(V s)], df_dx [1/s].  Of a model with hidden states: where all are
     * 0. */
    struct model_value (*rate)(const double *c, double v, double x);

    /* State after dt seconds at constant v, exact; NULL where there is no closed form. */
    double (*jump)(const double *c, double v, double x, double dt);

    /* Rates of one switch up and down, each a Poisson process at constant v, of which `rate` is the
     * mean over many; NULL where the state is not of that form. */
    struct two_state (*switching)(const double *c, double v);

    /* Of a model with hidden states: how many, the names of their nodes in its subcircuit, and all
     * rates at these states h[n_hidden]. */
    size_t n_hidden;
    const char *const *hidden_nodes; /* n_hidden */
    struct model_rates (*rates)(const double *c, double v, double x, const double *h);

    /* The x at which it stops conducting: tolerances of x are relative to the distance from there;
     * NULL: 0.  And how many switches it is made of; NULL: the law does not say. */
    double (*origin)(const double *c);
    double (*switches)(const double *c);

    /* Index of a parameter whose value does not go with the others', each of them within its bounds,
     * and what is expected of it; n_parameters: all is well.  NULL: nothing to ask. */
    size_t (*unfit)(const double *p, const char **expected);
};

/* Is i = g(x) v with these parameters p[n_parameters]? */
bool model_is_ohmic(const struct model *model, const double *p);

/* model->origin(), or 0. */
double model_origin(const struct model *model, const double *c);

/* model->unfit(), or n_parameters. */
size_t model_unfit(const struct model *model, const double *p, const char **expected);

/* The model of that name (without regard to case), or NULL. */
const struct model *model_find(const char *name);

/* All models, ended by NULL. */
extern const struct model *const model_table[];

#endif
