/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Voltages, widths and edges of a training's pulses from the dopant's law. */
#include "learn/conductance_error.h"
#include "spike/csdp.h"
#include "spike/lif.h"

#include <math.h>
#include <string.h>

const char *const csdp_policies[] = {"auto", "both", "set", "reset", NULL};
const char *const csdp_modulators[] = {"sigmoid", "comparator", NULL};
const char *const csdp_traces[] = {"analogue", "binary", NULL};
const char *const csdp_disturbs[] = {"refuse", "allow", NULL};

/* The window's ends and its middle, as states of the device. */
struct window {
    double low, high, middle;
};

static enum status find_window(const struct csdp_options *o, struct window *w, struct error *error)
{
    const struct dopant *d = o->dopant;
    bool below, above, beyond;
    *w = (struct window){0};
    if (!(d->g_min > 0 && d->g_max > d->g_min))
        return fail(error, STATUS_INPUT,
                    "%s: dopant %s gives no conductance window, expected lines '*@ gmin' and "
                    "'*@ gmax'",
                    d->path, d->name);
    w->low = state_of_conductance(d, o->read_volt, d->g_min, &below);
    w->high = state_of_conductance(d, o->read_volt, d->g_max, &above);
    w->middle = state_of_conductance(d, o->read_volt, 0.5 * (d->g_min + d->g_max), &beyond);
    if (below || above || beyond)
        return fail(
            error, STATUS_INPUT,
            "%s: dopant %s does not reach its window from %g to %g S at csdp.read_volt %g V",
            d->path, d->name, d->g_min, d->g_max, o->read_volt);
    return STATUS_OK;
}

static double rate(const struct dopant *d, double v, double x)
{
    return d->model->rate(d->constants, v, x).f;
}

/* The dead zone [V], or 0. */
static double dead_zone(const struct dopant *d)
{
    for (size_t k = 0; k < d->model->n_parameters; k++)
        if (strcmp(d->model->parameters[k].name, "vdz") == 0)
            return d->parameters[k];
    return 0;
}

/* Time in which a pulse of v moves the state in the window's middle by the step [s]; 0: it does not move it
 * that way. */
static double full_width(const struct csdp_options *o, const struct window *w, double v)
{
    const double r = rate(o->dopant, v, w->middle);
    return r * v > 0 ? o->step * (w->high - w->low) / fabs(r) : 0;
}

static double unit(const struct csdp_options *o, double width)
{
    return width / (double)((1u << o->bits) - 1);
}

/* The longest of our two edges that so short a pulse takes, or that of the options; 0: none. */
static double edge_for(const struct csdp_options *o, double shortest)
{
    static const double edges[] = {0.2e-6, 10e-9};
    if (o->edge > 0)
        return shortest >= CSDP_EDGES * o->edge ? o->edge : 0;
    for (size_t k = 0; k < 2; k++)
        if (shortest >= CSDP_EDGES * edges[k])
            return edges[k];
    return 0;
}

/* RESET at twice the dead zone, whose half does not disturb, or nearer to it where that is too fast. */
static bool choose_reset(const struct csdp_options *o, const struct window *w,
                         struct csdp_timing *t)
{
    static const double zones[] = {2, 1.5};
    const double zone = dead_zone(o->dopant);
    for (size_t k = 0; k < (o->reset_volt > 0 ? 1 : 2); k++) {
        const double v = o->reset_volt > 0 ? o->reset_volt : zones[k] * zone,
                     width = full_width(o, w, -v),
                     edge =
                         edge_for(o, unit(o, t->set_width > 0 ? fmin(width, t->set_width) : width));
        if (width > 0 && edge > 0) {
            t->reset_volt = v;
            t->reset_width = width;
            t->edge = edge;
            return true;
        }
        t->reset_volt = v; /* for the message */
        t->reset_width = width;
    }
    return false;
}

static enum status too_short(const struct csdp_options *o, const char *key, double volt,
                             double width, struct error *error)
{
    if (!(width > 0))
        return fail(error, STATUS_INPUT, "csdp.%s: %g V does not move devices of dopant %s%s", key,
                    volt, o->dopant->name,
                    volt > 0 ? "" : ", which has no dead zone to take it from; expected a value");
    return fail(
        error, STATUS_INPUT,
        "csdp.%s: at %g V a pulse of full width takes %g s and its unit at csdp.bits %zu %g "
        "s, expected at least %d edges of %g s; a lower voltage, fewer bits, a shorter "
        "csdp.edge or csdp.policy %s help",
        key, volt, width, o->bits, unit(o, width), CSDP_EDGES, o->edge > 0 ? o->edge : 10e-9,
        strcmp(key, "set_volt") == 0 ? "reset" : "set");
}

static enum status choose_pulses(const struct csdp_options *o, const struct window *w,
                                 struct csdp_timing *t, struct error *error)
{
    t->policy = o->policy;
    t->set_volt = o->set_volt;
    if (o->policy != CSDP_RESET) {
        t->set_width = full_width(o, w, o->set_volt);
        t->edge = edge_for(o, unit(o, t->set_width));
        if (!(t->set_width > 0 && t->edge > 0))
            return too_short(o, "set_volt", o->set_volt, t->set_width, error);
    }
    if (o->policy != CSDP_SET) {
        if (choose_reset(o, w, t)) {
            if (o->policy == CSDP_AUTO)
                t->policy = CSDP_BOTH;
            return STATUS_OK;
        }
        if (o->policy != CSDP_AUTO || o->reset_volt > 0)
            return too_short(o, "reset_volt", t->reset_volt, t->reset_width, error);
        t->policy = CSDP_SET;
    }
    t->reset_volt = t->reset_width = 0;
    return STATUS_OK;
}

/* Largest rate in the window, shares of the window a second. */
static double disturb_rate(const struct dopant *d, const struct window *w, double v)
{
    return fmax(fabs(rate(d, v, w->low)), fabs(rate(d, v, w->high))) / (w->high - w->low);
}

static enum status check_disturb(const struct csdp_options *o, const struct window *w,
                                 struct csdp_timing *t, struct error *error)
{
    const double steps = (double)csdp_presentations(o) * (double)o->steps;
    t->read_drift =
        fmax(disturb_rate(o->dopant, w, o->read_volt), disturb_rate(o->dopant, w, -o->read_volt)) *
        steps * o->integrate_time * o->probability;
    t->half_drift = steps / (double)o->every *
                    (t->set_width * disturb_rate(o->dopant, w, 0.5 * t->set_volt) +
                     t->reset_width * disturb_rate(o->dopant, w, -0.5 * t->reset_volt));
    if (o->disturb == CSDP_ALLOW)
        return STATUS_OK;
    if (t->read_drift > 0)
        return fail(
            error, STATUS_INPUT,
            "csdp.read_volt %g V moves devices of dopant %s, by up to %.3g of their window in "
            "the training; expected a voltage inside of a dead zone%s; csdp.disturb allow "
            "runs it",
            o->read_volt, o->dopant->name, t->read_drift,
            dead_zone(o->dopant) > 0 ? "" : ", which this dopant does not have");
    if (t->half_drift > 1)
        return fail(
            error, STATUS_INPUT,
            "csdp.set_volt %g V and csdp.reset_volt %g V: half of them, which other devices of "
            "the row and column see, moves those by up to %.3g of their window in the "
            "training, expected at most 1; csdp.disturb allow runs it",
            t->set_volt, t->reset_volt, t->half_drift);
    return STATUS_OK;
}

static enum status check_times(const struct csdp_options *o, const struct csdp_timing *t,
                               struct error *error)
{
    const struct {
        const char *name;
        double time;
    } phases[] = {{"integrate_time", o->integrate_time},
                  {"sense_time", o->sense_time},
                  {"fire_time", o->fire_time},
                  {"wake_time", o->wake_time}};
    const size_t n = o->gate ? 4 : 3;
    double reading = 0;
    for (size_t k = 0; k < n; k++) {
        reading += phases[k].time;
        if (!(phases[k].time >= CSDP_EDGES * t->edge))
            return fail(error, STATUS_INPUT, "csdp.%s is %g s, expected at least %d edges of %g s",
                        phases[k].name, phases[k].time, CSDP_EDGES, t->edge);
    }
    const double sum = reading + t->set_width + t->reset_width + CSDP_EDGES * t->edge;
    if (sum > o->step_time)
        return fail(
            error, STATUS_INPUT,
            "csdp.step_time is %g s, expected at least %g s: %sintegrate, sense and fire take "
            "%g s, pulses of full width %g s (SET) and %g s (RESET), %d edges %g s",
            o->step_time, sum, o->gate ? "wake, " : "", reading, t->set_width, t->reset_width,
            CSDP_EDGES, CSDP_EDGES * t->edge);
    return STATUS_OK;
}

enum status csdp_timing(const struct csdp_options *o, struct csdp_timing *t, struct error *error)
{
    struct window w;
    *t = (struct csdp_timing){0};
    enum status status = find_window(o, &w, error);
    if (status == STATUS_OK)
        status = choose_pulses(o, &w, t, error);
    if (status == STATUS_OK)
        status = check_disturb(o, &w, t, error);
    if (status == STATUS_OK)
        status = check_times(o, t, error);
    t->feedback = o->feedback > 0
                      ? o->feedback
                      : LIF_FULL_SWING / (o->read_volt * (o->dopant->g_max - o->dopant->g_min));
    return status;
}

size_t csdp_presentations(const struct csdp_options *o)
{
    return 2 * o->epochs * o->draws;
}

size_t csdp_test_presentations(const struct csdp_options *o)
{
    return 2 * o->table.n_patterns * o->repeats;
}
