/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Factors of a tree are those of lines_gradients.c, with h the conductance to ground that a node
 * sees besides its parent, c that to its parent:
 *
 *     h = own + sum over children of c h / (c + h)       inverse = 1/(h + c)   ratio = c inverse
 *     up:    f(parent) += ratio f        down:  v = inverse f + ratio v(parent)
 *
 * Conjugate gradients keep cp = C p, as C z = r is known. */
#include "engine/event/network/line_trees.h"

#include "base/wide.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define SWEEPS 0.9 /* margin above which these do as well as conjugate gradients, for less */
#define SURE 2     /* by so much the margin may have come nearer to 0 or to 1 since it was found */

/* Two neighbours at once; not aligned. */
typedef double pair __attribute__((vector_size(16), aligned(8), may_alias));

static inline pair load(const double *a)
{
    return *(const pair *)a;
}

static inline void store(double *a, pair value)
{
    *(pair *)a = value;
}

bool line_trees_factor(struct line_trees *f)
{
    const double *trunk = f->g, *weak = f->g + f->n, *ground = weak + f->n_weak;
    double *h = f->y; /* own conductances, then with those of children */
    memcpy(f->own, f->hold, f->n * sizeof *f->own);
    for (size_t k = 0; k < f->n_ground; k++)
        f->own[f->ground[k]] += ground[k];
    for (size_t k = 0; k < f->n_weak; k++) {
        f->own[f->weak[k].red] += weak[k];
        f->own[f->weak[k].black] += weak[k];
    }
    memcpy(h, f->own, f->n * sizeof *h);
    double *inverse = f->inverse, *ratio = f->ratio;
    for (size_t r = 0; r < f->n_runs; r++) {
        const struct line_trees_run run = f->runs[r];
        const bool roots = run.parents == f->n;
        const size_t up = roots ? 0 : run.parents - run.begin;
        const pair one = {1, 1};
        size_t i = run.begin;
        for (; up >= 2 && i + 1 < run.end; i += 2) {
            const pair c = load(trunk + i), own = load(h + i), part = one / (own + c);
            store(inverse + i, part);
            store(ratio + i, c * part);
            store(h + up + i, load(h + up + i) + own * (c * part));
        }
        for (; i < run.end; i++) {
            inverse[i] = 1 / (h[i] + trunk[i]);
            ratio[i] = trunk[i] * inverse[i];
            if (!roots)
                h[up + i] += h[i] * ratio[i];
            else if (!isfinite(inverse[i]))
                return false;
        }
    }
    return true;
}

/* In the trees of these runs, y = the voltages for currents y; returns the sum of their products. */
static double solve_trees(const struct line_trees *f, size_t first, size_t end, double *y)
{
    const double *ratio = f->ratio, *inverse = f->inverse;
    pair sum = {0};
    double rest = 0;
    for (size_t r = first; r < end; r++) {
        const struct line_trees_run run = f->runs[r];
        size_t i = run.begin;
        if (run.parents == f->n)
            continue;
        double *parent = y + (run.parents - run.begin);
        if (parent >= y + 2)
            for (; i + 1 < run.end; i += 2)
                store(parent + i, load(parent + i) + load(ratio + i) * load(y + i));
        for (; i < run.end; i++)
            parent[i] += ratio[i] * y[i];
    }
    for (size_t r = end; r-- > first;) {
        const struct line_trees_run run = f->runs[r];
        if (run.parents == f->n) {
            for (size_t i = run.begin; i < run.end; i++) {
                const double own = inverse[i] * y[i];
                rest += own * y[i];
                y[i] = own;
            }
            continue;
        }
        const double *parent = y + (run.parents - run.begin);
        size_t i = run.end;
        if (parent >= y + 2)
            for (; i >= run.begin + 2; i -= 2) {
                const pair in = load(y + i - 2), own = load(inverse + i - 2) * in;
                sum += own * in;
                store(y + i - 2, own + load(ratio + i - 2) * load(parent + i - 2));
            }
        for (; i > run.begin; i--) {
            const double own = inverse[i - 1] * y[i - 1];
            rest += own * y[i - 1];
            y[i - 1] = own + ratio[i - 1] * parent[i - 1];
        }
    }
    return sum[0] + sum[1] + rest;
}

/* to[k] += g[k] from[at[k]] */
WIDE static void add_from(size_t n, const double *restrict g, const int *restrict at,
                          const double *restrict from, double *restrict to)
{
    for (size_t k = 0; k < n; k++)
        to[k] += g[k] * from[at[k]];
}

/* to(red) += G from(black) */
static void add_black(const struct line_trees *f, const double *from, double *to)
{
    const double *g = f->g + f->n;
    for (size_t i = 0; i < f->n_blocks; i++) {
        const size_t k = f->blocks[i].begin;
        add_from(f->blocks[i].end - k, g + k, f->black + k, from, to + f->weak[k].red);
    }
}

/* to(black) += part G' from(red) */
static void add_red(const struct line_trees *f, const double *from, double part, double *to)
{
    const double *g = f->g + f->n;
    for (size_t k = 0; k < f->n_weak; k++)
        to[f->weak[k].black] += part * g[k] * from[f->weak[k].red];
}

/* Red voltages at the black ones. */
static void find_red(struct line_trees *f)
{
    memcpy(f->v, f->f, f->n_red * sizeof *f->v);
    add_black(f, f->v, f->v);
    solve_trees(f, 0, f->n_red_runs, f->v);
}

/* to = C from, of the black nodes: what leaves each. */
static void image(const struct line_trees *f, const double *from, double *to)
{
    memset(to + f->n_red, 0, (f->n - f->n_red) * sizeof *to);
    for (size_t r = f->n_red_runs; r < f->n_runs; r++) {
        const struct line_trees_run *run = &f->runs[r];
        const bool roots = run->parents == f->n;
        for (size_t i = run->begin; i < run->end; i++) {
            const size_t parent = roots ? i : run->parents + (i - run->begin);
            const double along = f->g[i] * (from[i] - from[parent]);
            to[i] += f->own[i] * from[i] + along;
            to[parent] -= along;
        }
    }
}

void line_trees_margin(struct line_trees *f)
{
    double *y = f->y;
    const double *ground = f->g + f->n + f->n_weak;
    memset(y, 0, f->n * sizeof *y);
    for (size_t k = 0; k < f->n_ground; k++)
        y[f->ground[k]] += ground[k];
    solve_trees(f, 0, f->n_red_runs, y);
    add_red(f, y, 1, y);
    solve_trees(f, f->n_red_runs, f->n_runs, y);
    double margin = 1;
    for (size_t i = f->n_red; i < f->n; i++)
        margin = fmin(margin, fmax(y[i], DBL_EPSILON));
    f->margin = fmax(margin / SURE, 1 - SURE * (1 - margin));
}

/* The largest size of n numbers; NaN stays.  Without their signs numbers are in the order of their bits, with
 * NaN behind infinity, and integers have a maximum that registers of several take. */
WIDE static double largest_size(const double *z, size_t n)
{
    int64_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t bits;
        memcpy(&bits, &z[i], sizeof bits);
        bits &= INT64_MAX;
        largest = bits > largest ? bits : largest;
    }
    double size;
    memcpy(&size, &largest, sizeof size);
    return size;
}

static double largest_black(const struct line_trees *f, const double *z)
{
    return largest_size(z + f->n_red, f->n - f->n_red);
}

/* y += a x */
static void add_part(size_t n, double a, const double *x, double *y)
{
    const pair part = {a, a};
    size_t i = 0;
    for (; i + 1 < n; i += 2)
        store(y + i, load(y + i) + part * load(x + i));
    for (; i < n; i++)
        y[i] += a * x[i];
}

/* x += z, where z is the last change.  Now or, with the red voltages found again, by the next one,
 * errors are within the tolerance; false: they are not. */
static bool finish(struct line_trees *f, double largest, double tolerance)
{
    const bool now = largest <= f->margin * tolerance;
    if (!now && !((1 - f->margin) * largest <= f->margin * tolerance))
        return false;
    add_part(f->n - f->n_red, 1, f->y + f->n_red, f->v + f->n_red);
    if (!now)
        find_red(f);
    return true;
}

/* p = z + beta p, cp = r + beta cp; returns p cp. */
static double turn(size_t n, double beta, const double *z, const double *r, double *p, double *cp)
{
    const pair betas = {beta, beta};
    pair sum = {0};
    double rest = 0;
    size_t i = 0;
    for (; i + 1 < n; i += 2) {
        const pair next = load(z + i) + betas * load(p + i), c = load(r + i) + betas * load(cp + i);
        store(p + i, next);
        store(cp + i, c);
        sum += next * c;
    }
    for (; i < n; i++) {
        p[i] = z[i] + beta * p[i];
        cp[i] = r[i] + beta * cp[i];
        rest += p[i] * cp[i];
    }
    return sum[0] + sum[1] + rest;
}

/* The red voltages at the present black ones, then z = the change of these; returns the largest. */
static double sweep(struct line_trees *f)
{
    double *z = f->y;
    find_red(f);
    memcpy(z + f->n_red, f->f + f->n_red, (f->n - f->n_red) * sizeof *z);
    add_red(f, f->v, 1, z);
    solve_trees(f, f->n_red_runs, f->n_runs, z);
    add_part(f->n - f->n_red, -1, f->v + f->n_red, z + f->n_red);
    return largest_black(f, z);
}

bool line_trees_solve(struct line_trees *f, double tolerance, size_t most)
{
    const size_t first = f->n_red, n = f->n, bytes = (n - first) * sizeof(double);
    double *x = f->v, *w = f->y, *z = f->y, *p = f->p, *cp = f->cp, *r = f->r;
    f->iterations = 0;
    double largest = sweep(f);
    /* one sweep after the other, where each shrinks errors that much */
    for (; f->margin > SWEEPS && !finish(f, largest, tolerance); f->iterations++) {
        if (f->iterations == most || !isfinite(largest))
            return false;
        add_part(n - first, 1, z + first, x + first);
        largest = sweep(f);
    }
    if (f->margin > SWEEPS || finish(f, largest, tolerance))
        return true;
    image(f, z, r);
    memcpy(p + first, z + first, bytes);
    memcpy(cp + first, r + first, bytes);
    double rz = 0;
    for (size_t i = first; i < n; i++)
        rz += r[i] * z[i];
    double pcp = rz;
    while (f->iterations < most && isfinite(largest)) {
        memset(w, 0, first * sizeof *w);
        add_black(f, p, w);
        const double alpha = rz / (pcp - solve_trees(f, 0, f->n_red_runs, w));
        add_part(first, alpha, w, x);
        add_part(n - first, alpha, p + first, x + first);
        add_part(n - first, -alpha, cp + first, r + first);
        add_red(f, w, alpha, r);
        memcpy(z + first, r + first, bytes);
        const double before = rz;
        rz = solve_trees(f, f->n_red_runs, f->n_runs, z);
        largest = largest_black(f, z);
        f->iterations++;
        if (finish(f, largest, tolerance))
            return true;
        pcp = turn(n - first, rz / before, z + first, r + first, p + first, cp + first);
    }
    return false;
}
