/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/step_energy.h"

#include "base/memory.h"
#include "base/wide.h"
#include "engine/engine.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A rule is wrong by less than its difference d from a rule of lower degree; by how much less, d tells
 * itself as a part of w, the way of the power times h, to which a constant power adds nothing.  Powers
 * within the step are those of the method's interpolant, so that the error shrinks with h by one power
 * faster than that of the parabola, not by three: of 30 d/w the square root is taken.  That is 1 to 30
 * times the error of memristors' and lines' energies at reltol from 1e-2 to 1e-6, and bounds it where a
 * transistor saturates within the step (tests/test_energy_error.c).  Near a kink of the power d is a
 * thirtieth of w or more, and stays whole. */
#define ESTIMATE_PART 30
#define SIMPSON_PART 0.2 /* part of a likely error, if powers half way are those of a solution */

#define TOTAL_PART 0.1  /* share of a class's mean energy in a step that counts in every step */
#define CLASS_PART 1e-7 /* of what all classes take: a class counts as no less */
#define QUANTUM 1e-24   /* [J] an error below it is none; a thousandth of kT */

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* Steps are accepted by the likely error, which is the rule's own, since powers within the step
 * are those of solutions. */
static inline double estimated(double d, double w, double *likely)
{
    const double part = ESTIMATE_PART * d;
    const double less = sqrt(part / larger(larger(w, part), DBL_MIN));
    *likely = d * less * less * less;
    return d * less;
}

static void find_order(struct step_energy *s, const struct circuit *c)
{
    unsigned char *classes = energy_classes(c);
    size_t n = 0;
    s->order = NEW(c->n_elements, int);
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        for (size_t k = 0; k < c->n_elements; k++)
            if (classes[k] == class)
                s->order[n++] = (int)k;
        s->order_end[class] = n;
    }
    free(classes);
}

void step_energy_new(struct step_energy *s, const struct circuit *c)
{
    *s = (struct step_energy){.circuit = c};
    double **const arrays[] = {&s->energy, &s->estimate, &s->likely, &s->begin,
                               &s->first,  &s->second,   &s->end};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        *arrays[k] = NEW(c->n_elements, double);
    find_order(s, c);
    stored_new(&s->stored, c);
}

void step_energy_free(struct step_energy *s)
{
    double *const arrays[] = {s->energy, s->estimate, s->likely, s->begin,
                              s->first,  s->second,   s->end};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
    free(s->order);
    stored_free(&s->stored);
}

void step_energy_start(struct step_energy *s, const double *values)
{
    stored_book(&s->stored, values, s->energy, s->estimate);
    memset(s->energy, 0, s->circuit->n_elements * sizeof *s->energy);
}

WIDE static void simpson(const struct step_energy *s, double h, double *restrict energy,
                         double *restrict estimate, double *restrict likely)
{
    const double *p0 = s->begin, *p1 = s->first, *p2 = s->end;
    const size_t n = s->circuit->n_elements;
    for (size_t k = 0; k < n; k++) {
        const double trapezoid = 0.5 * h * (p0[k] + p2[k]), sum = (trapezoid + 2 * h * p1[k]) / 3;
        const double most = larger(larger(p0[k], p2[k]), p1[k]),
                     least = smaller(smaller(p0[k], p2[k]), p1[k]);
        double own;
        energy[k] = sum;
        estimate[k] = estimated(fabs(sum - trapezoid), h * (most - least), &own);
        likely[k] = SIMPSON_PART * own;
    }
}

WIDE static void lobatto(const struct step_energy *s, double h, double *restrict energy,
                         double *restrict estimate, double *restrict likely)
{
    /* weights of the rule of degree 2: of the end that gives int p = int of 1 and t right */
    static const double inner = 5.0 / 6, last = 0.5 - 5.0 / 6 * STEP_ENERGY_FIRST;
    const double *p0 = s->begin, *p1 = s->first, *p2 = s->second, *p3 = s->end;
    const size_t n = s->circuit->n_elements;
    for (size_t k = 0; k < n; k++) {
        const double rule = (p0[k] + p3[k] + 5 * (p1[k] + p2[k])) / 12;
        const double parabola = (1 - inner - last) * p0[k] + inner * p1[k] + last * p3[k];
        const double most = larger(larger(p0[k], p3[k]), larger(p1[k], p2[k])),
                     least = smaller(smaller(p0[k], p3[k]), smaller(p1[k], p2[k]));
        double own;
        energy[k] = h * rule;
        estimate[k] = estimated(h * fabs(rule - parabola), h * (most - least), &own);
        likely[k] = own;
    }
}

static void integrate(const struct step_energy *s, double h)
{
    (s->simpson ? simpson : lobatto)(s, h, s->energy, s->estimate, s->likely);
}

/* In four parts that do not wait for each other. */
static void sum_classes(const struct step_energy *s, const double *restrict x, double *sums)
{
    const int *restrict order = s->order;
    size_t k = 0;
    for (int class = 0; class < ENERGY_CLASSES; class ++) {
        const size_t end = s->order_end[class];
        double parts[4] = {0};
        for (; k + 4 <= end; k += 4)
            for (size_t i = 0; i < 4; i++)
                parts[i] += x[order[k + i]];
        for (; k < end; k++)
            parts[0] += x[order[k]];
        sums[class] = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    }
}

void step_energy_step(struct step_energy *s, double h)
{
    integrate(s, h);
    sum_classes(s, s->energy, s->of_step);
    sum_classes(s, s->likely, s->class_likely);
}

void step_energy_given(struct step_energy *s, double h, const double *given)
{
    integrate(s, h);
    for (size_t k = 0; k < s->circuit->n_elements; k++) {
        s->estimate[k] = given[k] - s->energy[k];
        s->energy[k] = given[k];
    }
    sum_classes(s, s->energy, s->of_step);
}

double step_energy_excess(const struct step_energy *s, const double *error, const double *of_step,
                          double h, double reltol)
{
    const double share = TOTAL_PART / (double)(s->steps + 1);
    double all = 0, most = 0;
    for (size_t k = 0; k < ENERGY_CLASSES; k++)
        all += h * fabs(of_step[k]) + share * s->total[k];
    for (size_t k = 0; k < ENERGY_CLASSES; k++) {
        const double of = h * fabs(of_step[k]) + share * s->total[k];
        const double part = h * fabs(error[k]) / (reltol * (of + CLASS_PART * all) + QUANTUM);
        if (!isfinite(part))
            return INFINITY;
        most = fmax(most, part);
    }
    return most;
}

void step_energy_book(struct step_energy *s, const double *values)
{
    for (size_t k = 0; k < ENERGY_CLASSES; k++)
        s->total[k] += fabs(s->of_step[k]);
    s->steps++;
    stored_book(&s->stored, values, s->energy, s->estimate);
    sum_classes(s, s->estimate, s->class_error);
    double *swap = s->begin;
    s->begin = s->end;
    s->end = swap;
}
