/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/crossing/crossing_write.h"

#include <math.h>

/* A crossing without a switch has no control line either. */
static double line_on(const struct crossing *c)
{
    return c->circuit.select ? c->circuit.select->supply : 0;
}

static enum status read_path(struct crossing *c, const struct crossing_writing *w, gsl_rng *noise,
                             struct crossing_written *r, struct error *error)
{
    const struct crossing_phase p = {w->read_volt, line_on(c), w->edge, w->read_time, true};
    double mean;
    const enum status status = crossing_phase(c, &p, &mean, error);
    if (status != STATUS_OK)
        return status;
    r->time += p.duration;
    r->path = mean / w->read_volt;
    r->verified = instrument_read(&w->instrument, noise, r->path, w->full_scale);
    return STATUS_OK;
}

static enum status apply(struct crossing *c, const struct crossing_writing *w, size_t device,
                         const struct program_pulse *pulse, struct crossing_written *r,
                         struct error *error)
{
    const double volt =
        instrument_amplitude(&w->instrument, pulse->amplitude, w->program.amplitude_limit);
    const struct crossing_phase p = {pulse->direction == PROGRAM_SET ? volt : -volt, line_on(c),
                                     w->edge, pulse->width, false};
    double unused;
    if (w->before_pulse)
        w->before_pulse(w->data, device);
    r->time += p.duration;
    r->pulses[pulse->direction]++;
    return crossing_phase(c, &p, &unused, error);
}

enum status crossing_write(struct crossing *c, const struct crossing_writing *w,
                           const struct crossing_turn *turn, gsl_rng *noise,
                           struct crossing_written *r, struct error *error)
{
    struct programmer programmer;
    struct program_pulse pulse;
    *r = (struct crossing_written){0};
    programmer_start(&programmer, &w->program, turn->target);
    c->at.volt = turn->after_row_mate ? w->read_volt : 0;
    enum status status = read_path(c, w, noise, r, error);
    r->initial = r->verified;
    while (status == STATUS_OK && programmer_next(&programmer, r->verified, &pulse)) {
        status = apply(c, w, turn->device, &pulse, r, error);
        if (status == STATUS_OK)
            status = read_path(c, w, noise, r, error);
    }
    if (status != STATUS_OK)
        return status;
    r->settled = programmer.settled;
    r->truly = fabs(r->path / turn->target - 1) <= w->program.tolerance;
    const struct crossing_phase leave = {turn->before_row_mate ? w->read_volt : 0, 0, w->edge,
                                         w->edge, false};
    double unused;
    return crossing_phase(c, &leave, &unused, error);
}
