/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Solutions of linear equations with constant coefficients, for states that act on each other.
 *
 * With z = l h, n x n, stored row by row, the functions
 *
 *     phi_0 = exp z,   phi_k = (phi_(k-1) - 1/(k-1)!)/z
 *
 * come from their series at z/2^p, small, and p doublings (the solution over twice the time is the
 * first half's, carried on, and the second half's):
 *
 *     phi_k(2 z) = 2^-k (phi_0 phi_k + sum of phi_j/(k - j)!, j = 1 ... k)
 *
 * No eigenvalues are asked for, so that l may be singular or without symmetry. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_MOMENTS_H
#define SILVERBAR_ENGINE_EVENT_EVENT_MOMENTS_H

#include <stddef.h>

#define EVENT_PHIS 4
struct event_phis {
    double *of[EVENT_PHIS]; /* n x n each: phi_0 to phi_3 */
};

void event_phis_new(struct event_phis *phis, size_t n);
void event_phis_free(struct event_phis *phis);

/* Those of l h and of l h/2. */
void event_phis_find(size_t n, const double *l, double h, struct event_phis *whole,
                     struct event_phis *half);

/* Of the solution q(u), 0 <= u <= 1, of dq/du = z q + a + b u, q(0) = 0: integrals over u from 0 to 1. */
struct event_moments {
    size_t n;
    double *one;   /* n: of q */
    double *along; /* n: of u q */
    double *both;  /* n x n: of q q */
};

void event_moments_new(struct event_moments *moments, size_t n);
void event_moments_free(struct event_moments *moments);
void event_moments_find(struct event_moments *moments, const double *z, const double *a,
                        const double *b);

#endif
