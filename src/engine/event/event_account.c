/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/event_account.h"

#include "base/memory.h"
#include "base/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES 4 /* sums by class that do not wait for each other */

static void powers_new(struct event_powers *p, size_t n)
{
    *p = (struct event_powers){NEW(n, double), NEW(n, double), NEW(n, double)};
}

static void powers_free(struct event_powers *p)
{
    free(p->volt);
    free(p->ampere);
    free(p->power);
}

static void flows_new(struct event_flows *f, size_t n)
{
    *f = (struct event_flows){NEW(n, int), NEW(n, int), NEW(n, int), NEW(n, double)};
}

static void flows_free(struct event_flows *f)
{
    free(f->class);
    free(f->p);
    free(f->q);
    free(f->leak);
}

void event_account_new(struct event_account *a, const struct circuit *c, struct network *n)
{
    *a = (struct event_account){.network = n, .n_elements = c->n_elements};
    powers_new(&a->begin, c->n_elements);
    powers_new(&a->middle, c->n_elements);
    powers_new(&a->end, c->n_elements);
    flows_new(&a->flows, c->n_elements);
    double **const arrays[] = {&a->step, &a->estimate, &a->taken, &a->error,
                               &a->idle, &a->resting,  &a->energy};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        *arrays[k] = NEW(c->n_elements, double);
    a->classes = energy_classes(c);
    for (size_t k = 0; k < c->n_elements; k++) /* booked by what they store */
        if (element_type(&c->elements[k])->law == LAW_CAPACITANCE)
            a->classes[k] = ENERGY_CLASSES;
    stored_new(&a->stored, c);
    event_leaks_new(&a->leaks, n);
}

void event_account_free(struct event_account *a)
{
    powers_free(&a->begin);
    powers_free(&a->middle);
    powers_free(&a->end);
    flows_free(&a->flows);
    double *const arrays[] = {a->step, a->estimate, a->taken, a->error,
                              a->idle, a->resting,  a->energy};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
    free(a->classes);
    event_leaks_free(&a->leaks);
    stored_free(&a->stored);
}

void event_account_start(struct event_account *a)
{
    stored_book(&a->stored, a->network->values, a->energy, NULL);
    event_leaks_take(&a->leaks, a->network->values, 0);
    event_account_booked(a);
}

void event_account_leave(struct event_account *a)
{
    const struct network *n = a->network;
    event_account_book(a);
    for (size_t k = 0; k < n->n_flows; k++) {
        a->idle[n->flows[k].element] = a->begin.power[k];
        a->resting[n->flows[k].element] = a->begin.ampere[k];
    }
}

void event_account_enter(struct event_account *a, bool new_pattern)
{
    const struct network *n = a->network;
    for (size_t k = 0; k < n->n_flows; k++) {
        const struct network_flow *f = &n->flows[k];
        a->flows.class[k] = a->classes[f->element];
        a->flows.p[k] = f->p;
        a->flows.q[k] = f->n;
        a->flows.leak[k] = n->leak_power[f->element];
        a->begin.power[k] = a->idle[f->element];
        a->begin.volt[k] = n->values[f->p] - n->values[f->n];
        a->begin.ampere[k] = a->resting[f->element];
    }
    if (new_pattern) {
        memcpy(a->idle, n->leak_power, a->n_elements * sizeof *a->idle);
        memset(a->resting, 0, a->n_elements * sizeof *a->resting);
    }
    for (size_t k = 0; k < n->n_flows; k++)
        a->idle[n->flows[k].element] = 0;
}

WIDE static void find_powers(const struct event_flows *f, size_t n, const double *restrict v,
                             struct event_powers *at)
{
    const int *restrict p = f->p, *restrict q = f->q;
    const double *restrict leak = f->leak, *restrict ampere = at->ampere;
    double *restrict volt = at->volt, *restrict power = at->power;
    for (size_t k = 0; k < n; k++) {
        volt[k] = v[p[k]] - v[q[k]];
        power[k] = volt[k] * ampere[k] + leak[k];
    }
}

void event_account_find(const struct event_account *a, struct event_powers *at)
{
    struct network *n = a->network;
    network_currents(n, at->ampere);
    find_powers(&a->flows, n->n_flows, n->values, at);
}

/* What still powers have absorbed. */
static void take_still(struct event_account *a)
{
    double *restrict taken = a->taken;
    const double *restrict power = a->begin.power, h = a->still_for;
    if (!(h > 0))
        return;
    for (size_t k = 0; k < a->network->n_flows; k++)
        taken[k] += h * power[k];
    a->still_for = 0;
}

void event_account_begin(struct event_account *a)
{
    take_still(a);
    event_account_find(a, &a->begin);
}

WIDE static void straight(const struct event_account *a, double h, double bend,
                          double *restrict step, double *restrict estimate)
{
    const struct event_powers p = a->begin, q = a->end;
    const size_t n = a->network->n_flows;
    for (size_t k = 0; k < n; k++) {
        const double dv = q.volt[k] - p.volt[k], di = q.ampere[k] - p.ampere[k];
        const double v = 0.5 * (q.volt[k] + p.volt[k]), i = 0.5 * (q.ampere[k] + p.ampere[k]);
        step[k] = h * (0.5 * (p.power[k] + q.power[k]) - dv * di / 6);
        estimate[k] = h * bend / 2 * (fabs(v * di) + fabs(i * dv));
    }
}

void event_account_straight(struct event_account *a, double h, double bend)
{
    straight(a, h, bend, a->step, a->estimate);
}

struct even {
    double mean, spread;
};
WIDE static void even(const struct event_account *a, double h, struct even way,
                      double *restrict step, double *restrict estimate)
{
    const struct event_powers p = a->begin, q = a->end;
    const size_t n = a->network->n_flows;
    for (size_t k = 0; k < n; k++) {
        const double dv = q.volt[k] - p.volt[k], di = q.ampere[k] - p.ampere[k];
        step[k] = h * (p.power[k] + way.mean * (q.power[k] - p.power[k]) - dv * di / 6);
        estimate[k] = h * (way.spread * fabs(q.power[k] - p.power[k]) + fabs(dv * di));
    }
}

void event_account_even(struct event_account *a, double h, double mean, double spread)
{
    even(a, h, (struct even){mean, spread}, a->step, a->estimate);
}

WIDE static void simpson(const struct event_account *a, double h, double late,
                         double *restrict step, double *restrict estimate)
{
    const double *p0 = a->begin.power, *pm = a->middle.power, *p1 = a->end.power;
    const size_t n = a->network->n_flows;
    for (size_t k = 0; k < n; k++) {
        const double half = pm[k] + late * (p1[k] - p0[k]);
        const double sum = h / 6 * (p0[k] + 4 * half + p1[k]);
        step[k] = sum;
        estimate[k] = fabs(0.5 * h * (p0[k] + p1[k]) - sum);
    }
}

void event_account_simpson(struct event_account *a, double h, double late)
{
    simpson(a, h, late, a->step, a->estimate);
}

WIDE static void ramp(const struct event_account *a, double h, double *restrict step,
                      double *restrict estimate)
{
    const struct event_powers p = a->begin, m = a->middle, q = a->end;
    const size_t n = a->network->n_flows;
    for (size_t k = 0; k < n; k++) {
        const double b = 2 * (p.volt[k] + q.volt[k]) - 4 * m.volt[k],
                     c = 2 * (p.ampere[k] + q.ampere[k]) - 4 * m.ampere[k];
        step[k] = h / 6 * (p.power[k] + 4 * m.power[k] + q.power[k]);
        estimate[k] = h / 120 * fabs(b * c);
    }
}

void event_account_ramp(struct event_account *a, double h)
{
    ramp(a, h, a->step, a->estimate);
}

void event_account_doubt(struct event_account *a, size_t flow, double error)
{
    a->estimate[flow] = fmax(a->estimate[flow], error);
}

WIDE void event_account_doubt_part(struct event_account *a, size_t first, size_t end, double part)
{
    const double *restrict step = a->step;
    double *restrict estimate = a->estimate;
    for (size_t k = first; k < end; k++) {
        const double error = part * fabs(step[k]);
        estimate[k] = error > estimate[k] ? error : estimate[k];
    }
}

WIDE void event_account_accept(struct event_account *a, double h)
{
    double *restrict taken = a->taken, *restrict error = a->error;
    const double *restrict step = a->step, *restrict estimate = a->estimate;
    const size_t n = a->network->n_flows;
    take_still(a);
    for (size_t k = 0; k < n; k++) {
        taken[k] += step[k];
        error[k] += estimate[k];
    }
    a->idle_for += h;
    const struct event_powers swap = a->begin;
    a->begin = a->end;
    a->end = swap;
}

void event_account_still(struct event_account *a, double h)
{
    a->still_for += h;
    a->idle_for += h;
}

WIDE void event_account_book(struct event_account *a)
{
    const struct network *n = a->network;
    double *restrict energy = a->energy, sums[LANES][ENERGY_CLASSES + 1] = {{0}};
    const double *restrict idle = a->idle, h = a->idle_for;
    take_still(a);
    const size_t n_elements = a->n_elements;
    for (size_t k = 0; k < n_elements; k++)
        energy[k] += h * idle[k];
    a->idle_for = 0;
    const size_t n_flows = n->n_flows;
    for (size_t k = 0; k < n_flows; k++)
        energy[n->flows[k].element] += a->taken[k];
    size_t k = 0;
    for (; k + LANES <= n_flows; k += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            sums[lane][a->flows.class[k + lane]] += a->error[k + lane];
    for (; k < n_flows; k++)
        sums[k % LANES][a->flows.class[k]] += a->error[k];
    for (int class = 0; class <= ENERGY_CLASSES; class ++)
        for (int lane = 0; lane < LANES; lane++)
            a->class_error[class] += sums[lane][class];
    memset(a->taken, 0, n->n_flows * sizeof *a->taken);
    memset(a->error, 0, n->n_flows * sizeof *a->error);
}

void event_account_hand_out(struct event_account *a)
{
    event_account_book(a);
    event_leaks_hand_out(&a->leaks, a->energy);
    stored_book(&a->stored, a->network->values, a->energy, NULL);
}

void event_account_booked(struct event_account *a)
{
    memset(a->energy, 0, a->n_elements * sizeof *a->energy);
    memset(a->class_error, 0, sizeof a->class_error);
}
