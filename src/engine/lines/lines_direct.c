/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elimination for lines.h.  The array is cut across into l slices of s crossings (l the longer
 * side).  In a slice, with the tridiagonal matrix A of the lines across, the voltages u of the
 * lines along (segments of c siemens) and f their sources,
 *
 *     P(t) = D(t) - G A^-1 G - c^2 P(t-1)^-1        D: ground, device and segments of each line
 *     y(t) = P(t)^-1 (f + G A^-1 fa + c y(t-1))     then u(t) = y(t) + c P(t)^-1 u(t+1)
 *
 * Blocks of s x s are inverted by Gauss and Jordan's elimination without pivoting: they are
 * symmetric M-matrices, whose pivots are positive and do not grow.  l s^3 multiplications; banded
 * elimination of the same 2 l s unknowns with bandwidth 2 s takes eight times as many. */
#include "engine/lines/lines_internal.h"

#include <string.h>

/* How m x n lies in slices: element k of slice t is at t * slice + k * across. */
struct view {
    size_t l, s, s_padded, slice, across;
    double c_along, c_across; /* [S] */
};

static struct view view(const struct lines *l)
{
    const bool wide = l->n >= l->m;
    const size_t s = wide ? l->m : l->n;
    return (struct view){
        .l = wide ? l->n : l->m,
        .s = s,
        .s_padded = (s + 3) / 4 * 4,
        .slice = wide ? 1 : l->n,
        .across = wide ? l->n : 1,
        .c_along = wide ? l->row_siemens : l->column_siemens,
        .c_across = wide ? l->column_siemens : l->row_siemens,
    };
}

/* Invert a (s x s_padded) in place. */
static bool invert(double *a, size_t s, size_t s_padded)
{
    for (size_t k = 0; k < s; k++) {
        double *pivot = a + k * s_padded;
        if (!(pivot[k] > 0))
            return false;
        const double d = 1 / pivot[k];
        const pair ds = {d, d};
        pivot[k] = 1;
        for (size_t j = 0; j < s_padded; j += 2)
            *(pair *)(pivot + j) *= ds;
        for (size_t i = 0; i < s; i++) {
            if (i == k)
                continue;
            double *target = a + i * s_padded;
            const double f = target[k];
            const pair fs = {f, f};
            target[k] = 0;
            for (size_t j = 0; j < s_padded; j += 4) {
                *(pair *)(target + j) -= fs * *(const pair *)(pivot + j);
                *(pair *)(target + j + 2) -= fs * *(const pair *)(pivot + j + 2);
            }
        }
    }
    return true;
}

/* Inverse pivots d of a line across: h + c - c^2 d(k-1) without its cancellation. */
static void across_factor(const struct view *w, const double *own, double *d)
{
    double series = 0;
    for (size_t k = 0; k < w->s; k++) {
        const double h = own[k] + series;
        if (k + 1 < w->s) {
            d[k] = 1 / (h + w->c_across);
            series = w->c_across * h * d[k];
        } else {
            d[k] = 1 / h;
        }
    }
}

/* x = A^-1 f. */
static void across_solve(const struct view *w, const double *d, const double *f, double *x)
{
    double before = 0;
    for (size_t k = 0; k < w->s; k++)
        x[k] = before = d[k] * (f[k] + w->c_across * before);
    for (size_t k = w->s - 1; k-- > 0;)
        x[k] += w->c_across * d[k] * x[k + 1];
}

/* p = -G A^-1 G: the inverse has x(k, j) = c d(k) x(k+1, j) above its diagonal. */
static void across_block(const struct view *w, const double *d, const double *g, double *p)
{
    double corner = 0;
    for (size_t j = w->s; j-- > 0;) {
        const double e = w->c_across * d[j];
        corner = d[j] + (j + 1 < w->s ? e * e * corner : 0);
        double x = corner;
        p[j * w->s_padded + j] = -g[j] * g[j] * x;
        for (size_t k = j; k-- > 0;) {
            x *= w->c_across * d[k];
            p[k * w->s_padded + j] = p[j * w->s_padded + k] = -g[k] * g[j] * x;
        }
    }
}

bool lines_direct_factor(struct lines *l, const struct lines_problem *problem)
{
    const struct view w = view(l);
    const bool wide = l->n >= l->m;
    const double *ground_along = wide ? problem->row_ground : problem->column_ground;
    const double *ground_across = wide ? problem->column_ground : problem->row_ground;
    double *g = l->slice, *own = l->slice + w.s_padded;
    for (size_t t = 0; t < w.l; t++) {
        double *p = l->inverse + t * w.s * w.s_padded, *d = l->across + t * w.s;
        for (size_t k = 0; k < w.s; k++) {
            const size_t at = t * w.slice + k * w.across;
            g[k] = problem->g[at];
            own[k] = g[k] + ground_across[at];
        }
        across_factor(&w, own, d);
        across_block(&w, d, g, p);
        const double segments = w.c_along * (double)((t > 0) + (t + 1 < w.l));
        for (size_t k = 0; k < w.s; k++) {
            const size_t at = t * w.slice + k * w.across;
            p[k * w.s_padded + k] += g[k] + segments + ground_along[at];
        }
        if (t > 0) {
            const pair c2 = {w.c_along * w.c_along, w.c_along * w.c_along};
            const double *before = p - w.s * w.s_padded;
            for (size_t k = 0; k < w.s * w.s_padded; k += 2)
                *(pair *)(p + k) -= c2 * *(const pair *)(before + k);
        }
        if (!invert(p, w.s, w.s_padded))
            return false;
    }
    return true;
}

/* y = P^-1 f; f has s_padded entries. */
static void apply(const struct view *w, const double *p, const double *f, double *y)
{
    for (size_t k = 0; k < w->s; k++, p += w->s_padded) {
        pair sum = {0}, other = {0};
        for (size_t j = 0; j < w->s_padded; j += 4) {
            sum += *(const pair *)(p + j) * *(const pair *)(f + j);
            other += *(const pair *)(p + j + 2) * *(const pair *)(f + j + 2);
        }
        sum += other;
        y[k] = sum[0] + sum[1];
    }
}

void lines_direct_correct(struct lines *l, const double *g, double *vr, double *vc)
{
    const struct view w = view(l);
    const bool wide = l->n >= l->m;
    const double *f_along = wide ? l->fr : l->fc, *f_across = wide ? l->fc : l->fr;
    double *v_along = wide ? vr : vc, *v_across = wide ? vc : vr;
    double *f = l->slice, *x = f + w.s_padded, *u = x + w.s_padded, *step = u + w.s_padded;
    memset(f, 0, 4 * w.s_padded * sizeof *f);
    for (size_t t = 0; t < w.l; t++) {
        double *y = l->forward + t * w.s_padded;
        const double *before = t > 0 ? y - w.s_padded : NULL;
        for (size_t k = 0; k < w.s; k++)
            f[k] = f_across[t * w.slice + k * w.across];
        across_solve(&w, l->across + t * w.s, f, x);
        for (size_t k = 0; k < w.s; k++) {
            const size_t at = t * w.slice + k * w.across;
            f[k] = f_along[at] + g[at] * x[k] + (before ? w.c_along * before[k] : 0);
        }
        apply(&w, l->inverse + t * w.s * w.s_padded, f, y);
    }
    for (size_t t = w.l; t-- > 0;) {
        apply(&w, l->inverse + t * w.s * w.s_padded, u, step);
        for (size_t k = 0; k < w.s; k++) {
            const size_t at = t * w.slice + k * w.across;
            u[k] = l->forward[t * w.s_padded + k] + (t + 1 < w.l ? w.c_along * step[k] : 0);
            v_along[at] += u[k];
            f[k] = f_across[at] + g[at] * u[k];
        }
        across_solve(&w, l->across + t * w.s, f, x);
        for (size_t k = 0; k < w.s; k++)
            v_across[t * w.slice + k * w.across] += x[k];
    }
}
