/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conjugate gradients for lines.h.  With the tridiagonal matrices R of the rows and C of the
 * columns (devices and grounds on their diagonals) and G = diag(g), the system is
 *
 *     R vr - G vc = fr        S vc = fc + G R^-1 fr
 *     C vc - G vr = fc        S = C - G R^-1 G
 *
 * and S is solved with the preconditioner C: the block-Jacobi preconditioned full system is
 * two-cyclic, so that half the iterations do (J. K. Reid, SIAM J. Numer. Anal. 9:325, 1972).
 * Tridiagonal factors are made from conductances to ground, which are sums of positive terms:
 *
 *     ground seen at node j:  h(j) = own(j) + c h(j-1) / (c + h(j-1))     c: a segment
 *     factor:                 e(j) = c / (h(j) + c), at the line's end c / h(j)
 *     solution:               w(j) = e(j) (f(j)/c + w(j-1)), then v(j) = w(j) + e(j) v(j+1)
 *
 * Rows are eliminated LANES at a time, interleaved; columns all at once, row by row. */
#include "engine/lines/lines_internal.h"

#include <math.h>
#include <string.h>

#define ITERATIONS_MAX 20000

static inline pair load(const double *a)
{
    return *(const pair *)a;
}

static inline void store(double *a, pair value)
{
    *(pair *)a = value;
}

static double *row(const struct lines *l, double *padded, size_t i)
{
    return padded + i * l->stride;
}

/* Copy m x n to padded, divided by the unit. */
static void pad(const struct lines *l, const double *from, double *to)
{
    const double inverse = 1 / l->unit;
    for (size_t i = 0; i < l->m; i++)
        for (size_t j = 0; j < l->n; j++)
            row(l, to, i)[j] = from[i * l->n + j] * inverse;
}

static void rows_factor(struct lines *l, const double *ground)
{
    const double inverse = 1 / l->unit;
    for (size_t i0 = 0; i0 < l->m; i0 += LANES) {
        double *factor = row(l, l->row_factor, i0), series[LANES] = {0};
        const size_t lanes = l->m - i0 < LANES ? l->m - i0 : LANES;
        for (size_t j = 0; j < l->n; j++) {
            const double c = j + 1 < l->n ? 1 : 0;
            for (size_t k = 0; k < lanes; k++) {
                const double own = ground[(i0 + k) * l->n + j] * inverse;
                const double h = row(l, l->g, i0 + k)[j] + own + series[k];
                factor[j * LANES + k] = 1 / (h + c);
                series[k] = l->row_siemens > 0 ? h * factor[j * LANES + k] : h;
            }
        }
        for (size_t k = 0; k < lanes; k++)
            l->row_inverse[i0 + k] = 1 / series[k];
    }
}

static void columns_factor(struct lines *l)
{
    double *series = l->carry;
    memset(series, 0, l->stride * sizeof *series);
    for (size_t i = 0; i < l->m; i++) {
        const double *g = row(l, l->g, i), *ground = row(l, l->ground, i);
        double *factor = row(l, l->column_factor, i);
        const double c = i + 1 < l->m ? l->kappa : 0;
        for (size_t j = 0; j < l->n; j++) {
            const double h = g[j] + ground[j] + series[j];
            factor[j] = l->kappa / (h + c);
            series[j] = l->kappa > 0 ? h * factor[j] : h;
        }
    }
    for (size_t j = 0; j < l->n; j++)
        l->column_inverse[j] = 1 / series[j];
}

void lines_gradients_factor(struct lines *l, const struct lines_problem *problem)
{
    pad(l, problem->g, l->g);
    pad(l, problem->column_ground, l->ground);
    rows_factor(l, problem->row_ground);
    columns_factor(l);
}

/* Solve the LANES rows from i0 in l->panel, in place. */
static void panel_solve(struct lines *l, size_t i0)
{
    double *x = l->panel;
    pair v[LANES / 2] = {{0}};
    if (!(l->row_siemens > 0)) {
        for (size_t j = 0; j < l->n; j++)
            for (size_t k = 0; k < LANES / 2; k++)
                v[k] += load(x + j * LANES + 2 * k);
        for (size_t k = 0; k < LANES / 2; k++)
            v[k] *= load(l->row_inverse + i0 + 2 * k);
        for (size_t j = 0; j < l->n; j++)
            for (size_t k = 0; k < LANES / 2; k++)
                store(x + j * LANES + 2 * k, v[k]);
        return;
    }
    const double *factor = row(l, l->row_factor, i0);
    pair v0 = {0}, v1 = {0}, v2 = {0}, v3 = {0};
    for (size_t j = 0; j < l->n; j++, x += LANES, factor += LANES) {
        store(x, v0 = load(factor) * (load(x) + v0));
        store(x + 2, v1 = load(factor + 2) * (load(x + 2) + v1));
        store(x + 4, v2 = load(factor + 4) * (load(x + 4) + v2));
        store(x + 6, v3 = load(factor + 6) * (load(x + 6) + v3));
    }
    v0 = v1 = v2 = v3 = (pair){0};
    for (size_t j = l->n; j-- > 0;) {
        x -= LANES, factor -= LANES;
        store(x, v0 = load(x) + load(factor) * v0);
        store(x + 2, v1 = load(x + 2) + load(factor + 2) * v1);
        store(x + 4, v2 = load(x + 4) + load(factor + 4) * v2);
        store(x + 6, v3 = load(x + 6) + load(factor + 6) * v3);
    }
}

/* panel = g p of the LANES rows from i0. */
static void panel_load(struct lines *l, size_t i0)
{
    for (size_t k = 0; k < LANES; k += 2) {
        const double *g = row(l, l->g, i0 + k), *p = row(l, l->p, i0 + k);
        const double *g1 = g + l->stride, *p1 = p + l->stride;
        double *x = l->panel + k;
        for (size_t j = 0; j < l->n; j += 2, x += 2 * LANES) {
            const pair a = load(g + j) * load(p + j), b = load(g1 + j) * load(p1 + j);
            store(x, (pair){a[0], b[0]});
            store(x + LANES, (pair){a[1], b[1]});
        }
    }
}

/* q = S p in row i, of which the panel holds y = R^-1 G p in lane k; adds p q to *sum. */
static void image_row(struct lines *l, size_t i, size_t k, pair *sum)
{
    const double *g = row(l, l->g, i), *p = row(l, l->p, i), *ground = row(l, l->ground, i);
    const double *up = i > 0 && i < l->m ? p - l->stride : p;
    const double *down = i + 1 < l->m ? p + l->stride : p;
    const double *y = l->panel + k;
    double *q = row(l, l->q, i);
    const pair kappa = {l->kappa, l->kappa};
    for (size_t j = 0; j < l->n; j += 2, y += 2 * LANES) {
        const pair v = load(p + j), across = {y[0], y[LANES]};
        const pair along = (v - load(up + j)) + (v - load(down + j));
        const pair i_out = load(ground + j) * v + load(g + j) * (v - across) + kappa * along;
        store(q + j, i_out);
        *sum += i_out * v;
    }
}

/* q = S p; returns p q. */
static double image(struct lines *l)
{
    pair sum = {0};
    for (size_t i0 = 0; i0 < l->m; i0 += LANES) {
        panel_load(l, i0);
        panel_solve(l, i0);
        for (size_t k = 0; k < LANES && i0 + k < l->m; k++)
            image_row(l, i0 + k, k, &sum);
    }
    return sum[0] + sum[1];
}

/* Ideal columns: S acts on one voltage a column, and residuals are sums over it. */
static double ideal_columns_forward(struct lines *l, double alpha, double *norm2)
{
    double rz = 0, *z = l->carry;
    memset(z, 0, l->stride * sizeof *z);
    for (size_t i = 0; i < l->m; i++) {
        double *r = row(l, l->r, i);
        const double *q = row(l, l->q, i);
        for (size_t j = 0; j < l->n; j++)
            z[j] += r[j] -= alpha * q[j];
    }
    *norm2 = 0;
    for (size_t j = 0; j < l->n; j++) {
        *norm2 += z[j] * z[j];
        rz += z[j] * z[j] * l->column_inverse[j];
        z[j] *= l->column_inverse[j];
    }
    return rz;
}

/* r -= alpha q, then half of z = C^-1 r, left in q; returns r z, which that half gives. */
static double columns_forward(struct lines *l, double alpha, double *norm2)
{
    if (!(l->kappa > 0))
        return ideal_columns_forward(l, alpha, norm2);
    const pair alphas = {alpha, alpha}, inverse = {1 / l->kappa, 1 / l->kappa};
    pair rz = {0}, rr = {0};
    const double *before = l->carry; /* w of the row above */
    memset(l->carry, 0, l->stride * sizeof *l->carry);
    for (size_t i = 0; i < l->m; i++) {
        double *r = row(l, l->r, i), *q = row(l, l->q, i);
        const double *factor = row(l, l->column_factor, i);
        for (size_t j = 0; j < l->n; j += 2) {
            const pair f = load(r + j) - alphas * load(q + j);
            const pair u = inverse * f + load(before + j), w = load(factor + j) * u;
            store(r + j, f);
            store(q + j, w);
            rz += u * w;
            rr += f * f;
        }
        before = q;
    }
    *norm2 = rr[0] + rr[1];
    return l->kappa * (rz[0] + rz[1]);
}

/* x += alpha p; the other half of z = C^-1 r; p = z + beta p. */
static void columns_backward(struct lines *l, double alpha, double beta)
{
    const pair alphas = {alpha, alpha}, betas = {beta, beta};
    const bool ideal = !(l->kappa > 0);
    double *z = l->carry;
    if (!ideal)
        memset(z, 0, l->stride * sizeof *z);
    for (size_t i = l->m; i-- > 0;) {
        double *x = row(l, l->x, i), *p = row(l, l->p, i);
        const double *factor = row(l, l->column_factor, i), *w = row(l, l->q, i);
        for (size_t j = 0; j < l->n; j += 2) {
            const pair before = load(p + j);
            pair v = load(z + j);
            if (!ideal)
                v = load(w + j) + load(factor + j) * v;
            store(x + j, load(x + j) + alphas * before);
            store(p + j, v + betas * before);
            store(z + j, v);
        }
    }
}

/* panel = fr + g x of the LANES rows from i0 (x NULL: fr), solved. */
static void panel_start(struct lines *l, size_t i0, const double *x)
{
    for (size_t k = 0; k < LANES; k++)
        for (size_t j = 0; j < l->n; j++) {
            const size_t i = i0 + k, at = i * l->stride + j;
            double f = i < l->m ? l->fr[i * l->n + j] / l->unit : 0;
            if (x && i < l->m)
                f += l->g[at] * x[at];
            l->panel[j * LANES + k] = f;
        }
    panel_solve(l, i0);
}

/* x = 0, r = fc + G R^-1 fr. */
static void start(struct lines *l)
{
    for (size_t i0 = 0; i0 < l->m; i0 += LANES) {
        panel_start(l, i0, NULL);
        for (size_t i = i0; i < l->m && i < i0 + LANES; i++)
            for (size_t j = 0; j < l->n; j++) {
                const size_t at = i * l->stride + j;
                l->x[at] = l->p[at] = l->q[at] = 0;
                l->r[at] = l->fc[i * l->n + j] / l->unit + l->g[at] * l->panel[j * LANES + i - i0];
            }
    }
}

/* vr, vc += R^-1 (fr + G x), x. */
static void finish(struct lines *l, double *vr, double *vc)
{
    for (size_t i0 = 0; i0 < l->m; i0 += LANES) {
        panel_start(l, i0, l->x);
        for (size_t i = i0; i < l->m && i < i0 + LANES; i++)
            for (size_t j = 0; j < l->n; j++) {
                vr[i * l->n + j] += l->panel[j * LANES + i - i0];
                vc[i * l->n + j] += l->x[i * l->stride + j];
            }
    }
}

bool lines_gradients_correct(struct lines *l, double wanted, double *vr, double *vc,
                             size_t *iterations)
{
    const double wanted2 = wanted / l->unit * (wanted / l->unit);
    double norm2, alpha = 0, beta = 0;
    start(l);
    double rz = columns_forward(l, 0, &norm2);
    bool done = norm2 <= wanted2;
    for (size_t k = 0; !done && k < ITERATIONS_MAX; k++) {
        columns_backward(l, alpha, beta);
        alpha = rz / image(l);
        if (!isfinite(alpha) || !(alpha > 0))
            break;
        const double before = rz;
        rz = columns_forward(l, alpha, &norm2);
        beta = rz / before;
        done = norm2 <= wanted2;
        ++*iterations;
    }
    if (done)
        for (size_t k = 0; k < l->m * l->stride; k++)
            l->x[k] += alpha * l->p[k];
    finish(l, vr, vc);
    return done;
}
