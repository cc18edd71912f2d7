/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large components of conductances and memristors only, whose resistors are lines between the
 * devices, are solved as in line_trees.h. Devices that are not ohmic are linearized, as a slope
 * and a source, and Newton's method iterates. A component for which conjugate gradients need too
 * long is eliminated from then on. */
#include "base/memory.h"
#include "base/wide.h"
#include "engine/event/network/line_trees.h"
#include "engine/event/network/network_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NODES_LEAST 32  /* below, elimination is as quick */
#define STRONG 0.1      /* of the strongest resistor at either end: what makes a line */
#define ITERATIONS 60   /* after which elimination would have been quicker */
#define NODES_MOST 5000 /* that are eliminated at all */
#define ITERATIONS_MOST 20000
#define NEWTON_MOST 100
#define CHANGE_MAX 0.3  /* [V] of a node in one step of Newton's method */
#define LINEAR_PART 0.2 /* of the tolerance: error of each linear solution of Newton's method */
#define SURE 4          /* what `bend` may be wrong by */
/* Once a conductance has changed by this part the margin is found again, which line_trees.c lets be off by
 * a factor of 2, (1.17 / 0.83)^2, and `bend` holds no longer. */
#define MARGIN_PART 0.17

/* A conductance that is not the same in every solution. */
struct variable {
    size_t cell, slot;
    int state; /* of a memristor, or -1 */
    double x;  /* for which it holds */
};

struct network_lines {
    struct line_trees *trees;
    int *nodes; /* n: of the circuit, by number in the trees */
    int *known; /* n_ground: of the circuit, at the other end */
    size_t n_curved;
    struct curved {
        size_t cell, slot;
        int a, b;      /* nodes in the trees, or -1: known */
        double source; /* current besides slope times voltage [A] */
    } * curved;        /* memristors that are not ohmic */
    size_t n_variables;
    struct variable *variables;
    bool factored, holds; /* factors; the network's holds are among them */
    size_t n_all;
    double *margin_of; /* n_all, as trees->g: conductances that the margin was found for [S] */
    double bend;       /* last seen: a change is this much of the square of the one before [1/V] */
};

void network_lines_free(struct network_lines *f)
{
    if (!f)
        return;
    line_trees_free(f->trees);
    free(f->nodes);
    free(f->known);
    free(f->variables);
    free(f->curved);
    free(f->margin_of);
    free(f);
}

/* Conductance of what may be a line, else 0. */
static double resistor(const struct network_cell *c)
{
    return c->kind == ELEMENT_RESISTOR ? c->g : 0;
}

/* Which links are strong: resistors that are not weak beside those they meet. */
static struct line_trees_link *find_links(const struct network *n,
                                          const struct network_component *p)
{
    struct line_trees_link *links = NEW(p->n_cells, struct line_trees_link);
    double *top = NEW(p->n_nodes + 1, double); /* of the resistors at each node */
    const struct network_cell *cells = n->cells + p->first_cell;
    for (size_t k = 0; k < p->n_cells; k++)
        for (int end = 0; end < 2; end++)
            top[cells[k].row[end]] = fmax(top[cells[k].row[end]], resistor(&cells[k]));
    for (size_t k = 0; k < p->n_cells; k++) {
        const int a = cells[k].row[0], b = cells[k].row[1];
        const double g = resistor(&cells[k]);
        links[k] = (struct line_trees_link){a, b, g >= STRONG * fmin(top[a], top[b]) ? g : 0};
    }
    free(top);
    return links;
}

static bool suits(const struct network *n, const struct network_component *p)
{
    bool suit = p->n_nodes >= NODES_LEAST && p->n_controls == 0;
    for (size_t k = p->n_links; k < p->n_cells; k++)
        suit &= n->cells[p->first_cell + k].kind == ELEMENT_MEMRISTOR;
    return suit;
}

void network_lines_make(struct network *n, struct network_component *p)
{
    if (!suits(n, p))
        return;
    struct line_trees_link *links = find_links(n, p);
    struct line_trees *trees = line_trees_new(p->n_nodes, p->n_cells, links);
    free(links);
    if (!trees)
        return;
    struct network_lines *f = p->trees = NEW(1, struct network_lines);
    const struct network_cell *cells = n->cells + p->first_cell;
    f->trees = trees;
    f->bend = INFINITY;
    f->n_all = trees->n + trees->n_weak + trees->n_ground;
    f->margin_of = NEW(f->n_all, double);
    f->nodes = NEW(p->n_nodes, int);
    f->known = NEW(trees->n_ground, int);
    f->variables = NEW(p->n_links, struct variable);
    f->curved = NEW(p->n_cells - p->n_links, struct curved);
    for (size_t k = 0; k < p->n_nodes; k++)
        f->nodes[trees->place[k]] = n->order[p->first_node + k];
    for (size_t k = 0; k < trees->n_ground; k++) {
        const struct network_cell *c = &cells[trees->grounds[k]];
        f->known[k] = c->row[0] < (int)p->n_nodes ? c->b : c->a;
    }
    for (size_t k = 0; k < p->n_links; k++) {
        const size_t slot = (size_t)trees->slot[k];
        trees->g[slot] = cells[k].g;
        if (cells[k].kind != ELEMENT_RESISTOR)
            f->variables[f->n_variables++] = (struct variable){k, slot, cells[k].state, NAN};
    }
    const int none = (int)p->n_nodes;
    for (size_t k = p->n_links; k < p->n_cells; k++) {
        const int a = cells[k].row[0], b = cells[k].row[1];
        f->curved[f->n_curved++] =
            (struct curved){k, (size_t)trees->slot[k], a < none ? trees->place[a] : -1,
                            b < none ? trees->place[b] : -1, 0};
    }
}

void network_changed(struct network *n, int state)
{
    for (size_t i = 0; i < n->n_components; i++) {
        struct network_component *p = &n->components[i];
        struct network_lines *f = p->trees;
        for (size_t k = p->first_cell; k < p->first_cell + p->n_cells; k++)
            if (n->cells[k].state == state)
                n->cells[k].x = NAN;
        for (size_t k = 0; f && k < f->n_variables; k++)
            if (f->variables[k].state == state)
                f->variables[k].x = NAN;
    }
}

/* A switch that moves bends the ways of all voltages. */
void network_lines_conductances(const struct network *n, struct network_component *p)
{
    struct network_lines *f = p->trees;
    const double *v = n->values;
    for (size_t k = 0; k < f->n_variables; k++) {
        struct variable *u = &f->variables[k];
        const double x = u->state >= 0 ? v[u->state] : 0;
        if (u->state >= 0 && x >= u->x && x <= u->x)
            continue;
        struct network_cell *c = &n->cells[p->first_cell + u->cell];
        const double g =
            u->state >= 0
                ? c->element->dopant->model->current(c->element->dopant->constants, 1, x).f
                : switch_conductance(c->element->value, v[c->c] - v[c->d]);
        u->x = x;
        if (g >= c->g && g <= c->g && f->factored)
            continue;
        c->g = p->links[u->cell].g = f->trees->g[u->slot] = g;
        f->factored = false;
        if (u->state >= 0)
            continue;
        p->way = p->bent = 1;
    }
}

/* Currents into the nodes through what leads to known ones. */
static void set_currents(const struct network *n, const struct network_lines *f)
{
    struct line_trees *trees = f->trees;
    const double *ground = trees->g + trees->n + trees->n_weak;
    memset(trees->f, 0, trees->n * sizeof *trees->f);
    for (size_t k = 0; k < trees->n_ground; k++)
        trees->f[trees->ground[k]] += ground[k] * n->values[f->known[k]];
    for (size_t k = 0; n->charges && k < trees->n; k++)
        trees->f[k] -= n->enter[f->nodes[k]];
}

/* Slopes and sources of the devices at the present voltages; false: one is not finite.  A slope may
 * be negative, as a state that is tried may be outside of [0, 1], while the lines outweigh it. */
static bool set_slopes(const struct network *n, const struct network_component *p)
{
    struct network_lines *f = p->trees;
    const double *v = n->values;
    for (size_t k = 0; k < f->n_curved; k++) {
        struct curved *u = &f->curved[k];
        const struct network_cell *c = &n->cells[p->first_cell + u->cell];
        const struct dopant *d = c->element->dopant;
        const double volt = v[c->a] - v[c->b];
        const struct model_value i = d->model->current(d->constants, volt, v[c->state]);
        if (!isfinite(i.df_dv))
            return false;
        f->trees->g[u->slot] = i.df_dv;
        u->source = i.f - i.df_dv * volt;
    }
    return true;
}

WIDE static bool margin_holds(const struct network_lines *f)
{
    const double *restrict g = f->trees->g, *restrict of = f->margin_of;
    const size_t n = f->n_all;
    long holds = 0;
    for (size_t k = 0; k < n; k++)
        holds += fabs(g[k] - of[k]) <= MARGIN_PART * fabs(of[k]);
    return holds == (long)n;
}

void network_lines_unfactor(struct network_lines *f)
{
    f->factored = false;
}

static bool factor(const struct network *n, struct network_lines *f)
{
    if (f->factored)
        return true;
    if (n->holds || f->holds)
        for (size_t k = 0; k < f->trees->n; k++)
            f->trees->hold[k] = n->holds ? n->hold[f->nodes[k]] : 0;
    f->holds = n->holds;
    f->factored = line_trees_factor(f->trees);
    if (!f->factored || margin_holds(f))
        return f->factored;
    line_trees_margin(f->trees);
    f->bend = INFINITY; /* what was seen was another network's */
    memcpy(f->margin_of, f->trees->g, f->n_all * sizeof *f->margin_of);
    return true;
}

/* One linear solution from the voltages in values[] to trees->v. */
static bool solve_linear(const struct network *n, struct network_lines *f, double tolerance)
{
    struct line_trees *trees = f->trees;
    if (!factor(n, f))
        return false;
    set_currents(n, f);
    for (size_t k = 0; k < f->n_curved; k++) {
        const struct curved *u = &f->curved[k];
        if (u->a >= 0)
            trees->f[u->a] -= u->source;
        if (u->b >= 0)
            trees->f[u->b] += u->source;
    }
    for (size_t i = trees->n_red; i < trees->n; i++)
        trees->v[i] = n->values[f->nodes[i]];
    return line_trees_solve(trees, tolerance,
                            trees->n <= NODES_MOST ? ITERATIONS : ITERATIONS_MOST);
}

/* Set values[] to the solution, by at most CHANGE_MAX a node; returns the largest change [V];
 * NaN stays. */
static double take_voltages(struct network *n, const struct network_lines *f)
{
    const struct line_trees *trees = f->trees;
    double largest = 0;
    for (size_t i = 0; i < trees->n; i++) {
        double *v = &n->values[f->nodes[i]];
        const double change = trees->v[i] - *v, size = fabs(change);
        if (!(size <= largest))
            largest = size;
        *v = size <= CHANGE_MAX ? trees->v[i] : *v + copysign(CHANGE_MAX, change);
    }
    return largest;
}

static bool newton(struct network *n, struct network_component *p, double tolerance, bool *holds)
{
    struct network_lines *f = p->trees;
    double before = 0;
    for (int i = 0; i < NEWTON_MOST; i++) {
        *holds = !set_slopes(n, p);
        if (*holds)
            return false; /* nothing solves that */
        f->factored = false;
        if (!solve_linear(n, f, LINEAR_PART * tolerance))
            return false;
        const double largest = take_voltages(n, f);
        *(i == 0 ? &p->way : &p->bent) += largest;
        if (before > 0)
            f->bend = largest / (before * before);
        if (largest <= tolerance || SURE * f->bend * largest * largest <= tolerance)
            return true;
        if (!isfinite(largest))
            return false;
        before = largest <= CHANGE_MAX ? largest : 0;
    }
    return false;
}

bool network_lines_solve(struct network *n, struct network_component *p, double tolerance,
                         bool *holds)
{
    struct network_lines *f = p->trees;
    bool solved;
    *holds = false;
    p->left = tolerance;
    network_lines_conductances(n, p);
    if (f->n_curved > 0) {
        solved = newton(n, p, tolerance, holds);
    } else {
        solved = solve_linear(n, f, tolerance);
        for (size_t i = 0; i < f->trees->n && solved; i++)
            n->values[f->nodes[i]] = f->trees->v[i];
    }
    *holds |= solved || f->trees->n > NODES_MOST;
    return solved;
}

void network_eliminate(struct network *n, struct network_component *p)
{
    const size_t size = p->n_nodes;
    const int none = (int)size;
    struct network_cell *cells = n->cells + p->first_cell;
    struct elimination_pattern pattern = {
        .n = size, .entries = NEW(2 * p->n_cells, struct elimination_position)};
    int *order = NEW(size, int), *row = NEW(size + 1, int), *nodes = NEW(size, int);
    for (size_t k = 0; k < p->n_cells; k++)
        if (cells[k].row[0] < none && cells[k].row[1] < none)
            pattern.entries[pattern.n_entries++] =
                (struct elimination_position){cells[k].row[0], cells[k].row[1]};
    elimination_order(&pattern, order);
    row[size] = none;
    for (size_t i = 0; i < size; i++) {
        row[order[i]] = (int)i;
        nodes[i] = n->order[p->first_node + (size_t)order[i]];
    }
    memcpy(n->order + p->first_node, nodes, size * sizeof *nodes);
    for (size_t k = 0, half = pattern.n_entries; k < half; k++) {
        struct elimination_position *e = &pattern.entries[k];
        *e = (struct elimination_position){row[e->row], row[e->column]};
        pattern.entries[half + k] = (struct elimination_position){e->column, e->row};
    }
    pattern.n_entries *= 2;
    p->elimination = elimination_new(&pattern);
    network_factors_new(n, p);
    for (size_t k = 0; k < p->n_cells; k++)
        for (int i = 0; i < 2; i++) {
            cells[k].row[i] = row[cells[k].row[i]];
            if (k < p->n_links)
                p->links[k].row[i] = cells[k].row[i];
        }
    for (size_t k = 0; k < p->n_cells; k++)
        for (int i = 0; i < 4; i++) {
            const int a = cells[k].row[i / 2], b = cells[k].row[i % 2];
            cells[k].at[i] = a < none && b < none
                                 ? elimination_place(p->elimination, (size_t)a, (size_t)b)
                                 : (int)p->elimination->n_entries;
        }
    free(pattern.entries);
    free(order);
    free(row);
    free(nodes);
}
