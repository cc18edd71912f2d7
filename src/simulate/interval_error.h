/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far energies are off because voltages and currents between two points are taken as linear.
 *
 * Where they are smooth, two intervals together are compared with one over both:
 *
 *     error = (E_coarse - E_fine) (h1^2 - h1 h2 + h2^2) / (3 h1 h2),
 *
 * which is exact if voltage and current are parabolas (engine/spice/quadrature.h).  Of it each interval
 * has a part in proportion to h^3.  An interval is in two such pairs, and takes their mean, or the smaller
 * estimate if they contradict each other: at a corner of a source, where a point lies, only the pair
 * that goes across it is wrong.  Steps that differ
 * by more than 4 take the factor of 4: more would multiply the noise of the short one.
 *
 * Where a voltage or a current jumps, so that its slope has the sign of neither neighbour's or is more
 * than twice as steep as both, the points do not say when in the interval it jumped: the energy lies
 * between h p0 and h p1, and the larger distance from these is the error.  Such errors do not cancel. */
#ifndef SILVERBAR_SIMULATE_INTERVAL_ERROR_H
#define SILVERBAR_SIMULATE_INTERVAL_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* Of a terminal, or of a pair of them with one current. */
struct port_value {
    double v, i;
};

/* Energy in an interval of h with linear v and i [J]. */
double interval_linear(double h, struct port_value a, struct port_value b);

struct interval_error;

/* element[n_ports]: which of the n_elements each port belongs to; it stays the caller's. */
struct interval_error *interval_error_new(size_t n_ports, const size_t *element, size_t n_elements);
void interval_error_free(struct interval_error *error);

/* An interval of h > 0 from a[n_ports] to b[n_ports], right after the one before; it is judged when the
 * next one comes. */
void interval_error_take(struct interval_error *error, double h, const struct port_value *a,
                         const struct port_value *b);

/* Forget the intervals that went before: the next one does not follow on them. */
void interval_error_break(struct interval_error *error);

/* Estimate for an element so far [J], >= 0. */
double interval_error_of(const struct interval_error *error, size_t element);

/* The part of it that is from jumps [J]. */
double interval_error_jumps(const struct interval_error *error, size_t element);

#endif
