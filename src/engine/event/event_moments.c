/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_moments.h"

#include "base/memory.h"
#include "engine/event/event_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SMALL 0.5      /* norm of z up to which series are summed: */
#define TERMS 16       /* SMALL^TERMS/TERMS! is 1e-18 */
#define DOUBLINGS 1000 /* z beyond 2^1000 is infinite */

void event_phis_new(struct event_phis *p, size_t n)
{
    for (int k = 0; k < EVENT_PHIS; k++)
        p->of[k] = NEW(n * n, double);
}

void event_phis_free(struct event_phis *p)
{
    for (int k = 0; k < EVENT_PHIS; k++)
        free(p->of[k]);
}

/* c = a b */
static void multiply(size_t n, const double *a, const double *b, double *c)
{
    memset(c, 0, n * n * sizeof *c);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < n; j++)
                c[i * n + j] += a[i * n + k] * b[k * n + j];
}

/* The largest sum of a row's sizes. */
static double norm(size_t n, const double *z)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += fabs(z[i * n + j]);
        most = fmax(most, sum);
    }
    return most;
}

/* Halvings after which z is small: at least `least`. */
static int halvings(double size, int least)
{
    int p = 0;
    while (p < DOUBLINGS && (p < least || size > SMALL)) {
        size *= 0.5;
        p++;
    }
    return p;
}

/* next = 1/k! + z of */
static void raise_order(size_t n, const double *z, const double *of, double part, double *next)
{
    multiply(n, z, of, next);
    for (size_t i = 0; i < n; i++)
        next[i * n + i] += part;
}

/* phi_3 = sum of z^k/(k + 3)!, by Horner's scheme, and the others from it. */
static void series(size_t n, const double *z, struct event_phis *p, double *scratch)
{
    double factorial = 6;
    for (int k = 4; k < TERMS + 3; k++)
        factorial *= k;
    memset(p->of[3], 0, n * n * sizeof *p->of[3]);
    for (int k = TERMS + 2; k >= 3; k--) {
        raise_order(n, z, p->of[3], 1 / factorial, scratch);
        memcpy(p->of[3], scratch, n * n * sizeof *scratch);
        factorial /= k;
    }
    raise_order(n, z, p->of[3], 0.5, p->of[2]);
    raise_order(n, z, p->of[2], 1, p->of[1]);
    raise_order(n, z, p->of[1], 1, p->of[0]);
}

static void twice(size_t n, struct event_phis *p, double *scratch)
{
    static const double weights[EVENT_PHIS][EVENT_PHIS] = {{0}, {0, 1}, {0, 1, 1}, {0, 0.5, 1, 1}};
    for (int k = EVENT_PHIS - 1; k >= 0; k--) {
        multiply(n, p->of[0], p->of[k], scratch);
        for (size_t i = 0; i < n * n; i++) {
            for (int j = 1; j <= k; j++)
                scratch[i] += weights[k][j] * p->of[j][i];
            p->of[k][i] = ldexp(scratch[i], -k);
        }
    }
}

/* Of one state. */
static void find_scalar(double z, struct event_phis *p)
{
    const struct event_phi at = phi(z);
    *p->of[0] = exp(z);
    *p->of[1] = at.one;
    *p->of[2] = at.two;
    *p->of[3] = at.three;
}

void event_phis_find(size_t n, const double *l, double h, struct event_phis *whole,
                     struct event_phis *half)
{
    if (n == 1) {
        find_scalar(*l * h, whole);
        find_scalar(*l * h / 2, half);
        return;
    }
    const int p = halvings(norm(n, l) * h, 1);
    double *z = NEW(n * n, double), *scratch = NEW(n * n, double);
    for (size_t i = 0; i < n * n; i++)
        z[i] = ldexp(l[i] * h, -p);
    series(n, z, whole, scratch);
    for (int k = 0; k < p; k++) {
        if (k == p - 1)
            for (int i = 0; i < EVENT_PHIS; i++)
                memcpy(half->of[i], whole->of[i], n * n * sizeof *z);
        twice(n, whole, scratch);
    }
    free(z);
    free(scratch);
}

void event_moments_new(struct event_moments *m, size_t n)
{
    *m = (struct event_moments){n, NEW(n, double), NEW(n, double), NEW(n * n, double)};
}

void event_moments_free(struct event_moments *m)
{
    free(m->one);
    free(m->along);
    free(m->both);
}

/* q = c1 u + c2 u^2 + ..., c1 = a, c2 = (z a + b)/2, c(k+1) = z ck/(k + 1). */
static void scalar_series(struct event_moments *m, double z, double a, double b)
{
    double c[TERMS + 1] = {0, a, 0.5 * (z * a + b)};
    for (int k = 2; k < TERMS; k++)
        c[k + 1] = z * c[k] / (k + 1);
    *m->one = *m->along = *m->both = 0;
    for (int k = 1; k <= TERMS; k++) {
        *m->one += c[k] / (k + 1);
        *m->along += c[k] / (k + 2);
        for (int j = 1; j <= TERMS; j++)
            *m->both += c[k] * c[j] / (k + j + 1);
    }
}

/* From the equation: z times the integral of u q is q(1) - that of q - a/2 - b/3, and so on. */
static void scalar(struct event_moments *m, double z, double a, double b)
{
    if (fabs(z) <= SMALL) {
        scalar_series(m, z, a, b);
        return;
    }
    const struct event_phi p = phi(z);
    const double end = a * p.one + b * p.two;
    *m->one = a * p.two + b * p.three;
    *m->along = (end - *m->one - a / 2 - b / 3) / z;
    *m->both = (end * end / 2 - a * *m->one - b * *m->along) / z;
}

/* With y = (q, u, 1), n + 2 of them: dy/du = matrix y. */
struct augmented {
    size_t n;       /* of y */
    double *matrix; /* times 2^-p */
    double *carry;  /* y(u + 2^-p) = carry y(u) */
    double *sum;    /* n x n: integral of y y over 2^-p */
    double *scratch, *other;
};

static void augment(struct augmented *g, const double *z, const double *a, const double *b, int p)
{
    const size_t n = g->n - 2;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            g->matrix[i * g->n + j] = ldexp(z[i * n + j], -p);
        g->matrix[i * g->n + n] = ldexp(b[i], -p);
        g->matrix[i * g->n + n + 1] = ldexp(a[i], -p);
    }
    g->matrix[n * g->n + n + 1] = ldexp(1, -p);
}

/* carry = exp(matrix) by Horner's scheme. */
static void find_carry(struct augmented *g)
{
    const size_t n = g->n;
    for (size_t i = 0; i < n; i++)
        g->carry[i * n + i] = 1;
    for (int k = TERMS + 2; k >= 1; k--) {
        multiply(n, g->matrix, g->carry, g->scratch);
        for (size_t i = 0; i < n * n; i++)
            g->carry[i] = g->scratch[i] / k;
        for (size_t i = 0; i < n; i++)
            g->carry[i * n + i] += 1;
    }
}

/* The first integral, from the series of y: its coefficients are the rows of c. */
static void first_sum(struct augmented *g, int p)
{
    const size_t n = g->n;
    double *c = NEW((TERMS + 1) * n, double);
    c[n - 1] = 1;
    for (size_t k = 0; k < TERMS; k++)
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += g->matrix[i * n + j] * c[k * n + j];
            c[(k + 1) * n + i] = sum / (double)(k + 1);
        }
    for (size_t k = 0; k <= TERMS; k++)
        for (size_t l = 0; l <= TERMS; l++)
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++)
                    g->sum[i * n + j] +=
                        ldexp(c[k * n + i] * c[l * n + j], -p) / (double)(k + l + 1);
    free(c);
}

/* sum += carry sum carry', carry = carry carry */
static void double_sum(struct augmented *g)
{
    const size_t n = g->n;
    multiply(n, g->carry, g->sum, g->scratch);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < n; k++)
                g->sum[i * n + j] += g->scratch[i * n + k] * g->carry[j * n + k];
    multiply(n, g->carry, g->carry, g->other);
    memcpy(g->carry, g->other, n * n * sizeof *g->carry);
}

void event_moments_find(struct event_moments *m, const double *z, const double *a, const double *b)
{
    if (m->n == 1) {
        scalar(m, *z, *a, *b);
        return;
    }
    const size_t n = m->n + 2;
    const int p = halvings(norm(m->n, z), 0);
    struct augmented g = {n,
                          NEW(n * n, double),
                          NEW(n * n, double),
                          NEW(n * n, double),
                          NEW(n * n, double),
                          NEW(n * n, double)};
    augment(&g, z, a, b, p);
    find_carry(&g);
    first_sum(&g, p);
    for (int k = 0; k < p; k++)
        double_sum(&g);
    for (size_t i = 0; i < m->n; i++) {
        m->one[i] = g.sum[i * n + n - 1];
        m->along[i] = g.sum[i * n + n - 2];
        for (size_t j = 0; j < m->n; j++)
            m->both[i * m->n + j] = g.sum[i * n + j];
    }
    free(g.matrix);
    free(g.carry);
    free(g.sum);
    free(g.scratch);
    free(g.other);
}
