/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/experiment/volatile_testbench.h"

#include "base/random.h"

#include <math.h>

struct volatile_testbench volatile_testbench_defaults(void)
{
    struct volatile_testbench b = {.law = volatile_titania, .resistance = 5e3};
    b.law.kappa_v = 10;
    b.law.rth = 4e4;
    return b;
}

enum status volatile_testbench_check(const struct volatile_testbench *b, struct error *error)
{
    const struct volatile_law *l = &b->law;
    if (floor(l->n) != l->n)
        return fail(error, STATUS_INPUT, "device.n: found %g, expected a whole number", l->n);
    if (!(l->nth <= l->n))
        return fail(error, STATUS_INPUT, "device.nth: found %g, expected at most device.n, %g",
                    l->nth, l->n);
    return STATUS_OK;
}

struct volatile_device volatile_testbench_device(const struct volatile_testbench *b, uint64_t seed,
                                                 uint32_t replica, unsigned trial)
{
    struct volatile_device d = {.law = &b->law, .method = (enum volatile_method)b->method};
    d.n = volatile_count(&b->law, b->resistance);
    if (d.method != VOLATILE_MEAN)
        d.rng = random_stream(seed, replica, (enum random_purpose)(RANDOM_VOLATILE + trial));
    return d;
}

double volatile_pulse_volt(const struct volatile_pulses *p, size_t k)
{
    return p->first + (double)k * p->step;
}

struct table *volatile_readings(void)
{
    static const char *const names[] = {"t_s",      "voltage_V", "current_A", "resistance_ohm",
                                        "switches", "rho",       "phi"};
    return table_new(sizeof names / sizeof names[0], names, NULL);
}

void volatile_read(struct table *readings, const struct volatile_device *d)
{
    const double g = volatile_conductance(d->law, d->n);
    const double values[] = {
        d->t, d->v, g * d->v, 1 / g, d->n, (1 + d->rho_v) * (1 + d->rho_i) - 1, volatile_phi(d)};
    table_row(readings);
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        table_number(readings, k, values[k]);
}

void volatile_add_detail(struct experiment_detail *detail, const char *name, struct table *table)
{
    detail->names[detail->n] = name;
    detail->tables[detail->n++] = table;
}

void volatile_close(void *shared)
{
    (void)shared;
}
