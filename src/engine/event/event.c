/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A phase is cut where its drive has a kink, and where the reading's window begins.  In a piece in
 * which neither a source nor a state moves nothing is computed but power times time.  Otherwise
 * steps are as long as the states' tolerance lets them be; a phase that stops at a level is ended
 * by shortening its last step until it passes the level by less than the tolerance.  Capacitors are
 * charged at once (event_charges.h), or have a memory (event_memory.h). */
#include "engine/event/event.h"

#include "base/memory.h"
#include "engine/event/event_charges.h"
#include "engine/event/event_memory_rule.h"
#include "engine/event/event_step.h"
#include "engine/event/event_trouble.h"
#include "engine/transient.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAFETY 0.9
#define GROWTH 5.0
#define SHRINK 0.1
#define STEPS_MAX 100000 /* of one piece: no endless loop */
#define READING_STEPS                                                                              \
    8 /* at least, while sources move in the reading's window: it is a trapezoid */
#define SEARCHES_MAX 40  /* for the moment of a stop */
#define SEARCH_PART 1e-9 /* of a step: so well it is known where a value jumps */

struct run {
    struct transient *transient;
    const struct circuit *circuit;
    const struct engine_options *options;
    struct error *error;
    struct network *network;
    struct event_steps steps;
    struct event_charges charges;
    struct event_rule rule;
    double t, phase_begin, stretch_begin;
    bool stays;                /* no voltage has moved since stretch_begin */
    const struct phase *phase; /* that runs */
};

static enum status give_up(struct run *r, const char *what)
{
    char *able = engines_able(ENGINE_TRANSISTORS),
         *option = memory_format("--reltol or --engine %s", able);
    transient_fail(r->transient, r->t, what, option, r->error);
    free(option);
    free(able);
    return STATUS_NUMERICAL;
}

/* The network has no solution, or a step's error is not finite: often a law that is not. */
static enum status no_solution(struct run *r)
{
    char text[EVENT_TROUBLE_SIZE];
    return give_up(r, event_no_solution(&r->steps, text));
}

static enum status too_short(struct run *r, const char *what)
{
    char text[EVENT_TROUBLE_SIZE];
    return give_up(r, event_fastest(&r->steps, what, text));
}

static void record(struct run *r, double t0, bool ends)
{
    struct event_steps *s = &r->steps;
    if (ends)
        event_account_hand_out(&s->account);
    transient_record(r->transient,
                     &(struct transient_step){t0, r->t, r->network->values,
                                              ends ? s->account.energy : NULL,
                                              ends ? s->account.class_error : NULL, ends});
    if (ends)
        event_account_booked(&s->account);
}

/* A state outside [0, 1] by more than the tolerance is no solution. */
static enum status check_states(struct run *r)
{
    const double slack = 10 * (r->options->reltol + r->options->vntol);
    char text[EVENT_TROUBLE_SIZE];
    return event_state_outside(&r->steps, slack, text) ? give_up(r, text) : STATUS_OK;
}

static double passed(const struct run *r)
{
    return transient_passed(r->transient, r->network->values);
}

/* Try a step; one without a solution, or whose error is not finite, has an infinite one. */
static double try_step(struct run *r, double h)
{
    double error;
    return event_steps_try(&r->steps, r->t, h, &error) && isfinite(error) ? error : INFINITY;
}

/* The step [t, t + h] has an error of at most 1 and passes a stop: find the shorter step that
 * just passes it. A shorter step is solved anew and may have a larger error; it is then
 * shortened until its error *error is at most 1 again, and may end before the stop: *ended is
 * false. */
static enum status find_stop(struct run *r, double *h, double *error, bool *ended)
{
    double low = 0, high = *h;
    bool doubtful = false;
    for (int i = 0;; i++) {
        const bool good = *error <= 1;
        const double over = good ? passed(r) : 0;
        *ended = good && over >= 0;
        if (good && (i >= SEARCHES_MAX || (doubtful && !*ended) ||
                     (*ended && (over <= r->options->vntol || high - low <= SEARCH_PART * *h))))
            return STATUS_OK;
        doubtful |= !good;
        *(good && !*ended ? &low : &high) = *h;
        if (!(high > EVENT_STEP_PART * (r->t + high)))
            return isfinite(*error) ? too_short(r, "the step has collapsed") : no_solution(r);
        event_steps_back(&r->steps);
        if (!good && low > 0) {
            *h = low; /* which was good */
            low = 0;
        } else {
            *h = 0.5 * (low + high);
        }
        *error = try_step(r, *h);
    }
}

/* Factor by which a step should be longer after this error, which goes with the third power of
 * the step. */
static double growth(double error)
{
    return SAFETY / cbrt(fmax(error, 1e-6));
}

/* A ramp or a hold begins, and has ended. */
static void begin_stretch(struct run *r)
{
    event_charges_begin(&r->charges, &r->steps);
    r->stretch_begin = r->t;
    r->stays = !r->steps.moving;
}
static enum status end_stretch(struct run *r)
{
    const double h = r->t - r->stretch_begin;
    const enum event_stretch stretch = r->steps.moving ? EVENT_RAMP : EVENT_HOLD;
    struct event_leaks *leaks = &r->steps.account.leaks;
    if (r->stays) { /* nothing is charged either */
        event_leaks_stay(leaks, h);
        return STATUS_OK;
    }
    event_leaks_take(leaks, r->network->values, h);
    return event_charges_end(&r->charges, &r->steps, stretch, h) ? STATUS_OK : no_solution(r);
}

/* A phase has ended: is what charging leaves out too much? */
static enum status check_charging(struct run *r)
{
    const double hold = r->t - r->phase_begin - r->phase->edge;
    char text[EVENT_TROUBLE_SIZE];
    if (!event_charges_felt(&r->charges, &r->steps, fmax(0, hold), text))
        return STATUS_OK;
    char *able = engines_able(ENGINE_TRANSISTORS), *option = memory_format("--engine %s", able);
    transient_fail(r->transient, r->t, text, option, r->error);
    free(option);
    free(able);
    return STATUS_NUMERICAL;
}

/* From r->t to t_end, where the drive is smooth.  *ended: a stop has ended the phase. */
static enum status piece(struct run *r, double t_end, bool last, bool *ended)
{
    struct event_steps *s = &r->steps;
    double h = t_end - r->t;
    s->memory.reads = s->memory.n > 0 && r->circuit->n_probes > 0 &&
                      t_end > r->phase_begin + (1 - READING_PART) * r->phase->duration;
    s->simple = true;
    for (int count = 0; r->t < t_end; count++) {
        const enum status checked = transient_check(r->transient, r->t, r->error);
        if (checked != STATUS_OK)
            return checked;
        if (count > STEPS_MAX)
            return too_short(r, "too many steps");
        h = fmin(h, r->options->step_max);
        const double left = t_end - r->t;
        if (h > left * (1 - 1e-9))
            h = left;
        else if (h > 0.5 * left)
            h = 0.5 * left;
        double error = try_step(r, h);
        if (!(error <= 1)) {
            /* a step far too long takes states, or Newton's method, where nothing can be solved */
            const double shorter = h * fmax(SHRINK, growth(error));
            if (!(shorter > EVENT_STEP_PART * (r->t + shorter)))
                return isfinite(error) ? too_short(r, "the step has collapsed") : no_solution(r);
            event_steps_back(s);
            s->simple = false;
            h = shorter;
            continue;
        }
        const double t0 = r->t;
        *ended = passed(r) >= 0;
        if (*ended) {
            const enum status status = find_stop(r, &h, &error, ended);
            if (status != STATUS_OK)
                return status;
        }
        if (!event_steps_accept(s, t0, h))
            return no_solution(r);
        r->stays &= s->still;
        r->t = !*ended && h >= left ? t_end : t0 + h;
        enum status status = check_states(r);
        *ended = transient_stopped(r->transient, r->network->values);
        const bool ends = *ended || (last && r->t >= t_end);
        event_charges_step(&r->charges, s, r->t - t0);
        if (status == STATUS_OK && ends)
            status = end_stretch(r);
        if (status == STATUS_OK && ends)
            status = check_charging(r);
        if (status != STATUS_OK)
            return status;
        record(r, t0, ends);
        if (s->memory.reads)
            probe_points_add(&r->transient->probes, 0.5 * (t0 + r->t), event_memory_reading(s));
        probe_points_add(&r->transient->probes, r->t, r->network->values);
        if (*ended)
            break;
        h *= fmin(GROWTH, growth(error));
    }
    return STATUS_OK;
}

/* Capacitors that are too slow for this phase get a memory. */
static enum status choose_memory(struct run *r)
{
    bool chosen;
    const enum status status = event_rule_phase(&r->rule, &r->steps, r->phase, &chosen, r->error);
    if (status == STATUS_OK && chosen)
        event_charges_choose(&r->charges, r->rule.n, r->rule.elements);
    return status;
}

static enum status run_phase(struct transient *t, struct error *error)
{
    struct run *r = t->state;
    struct network *n = r->network;
    const size_t size = r->circuit->n_elements * sizeof *n->from;
    r->error = error;
    r->phase = &t->phase;
    if (r->phase->changed)
        event_steps_changed(&r->steps, r->phase->changed - 1);
    memcpy(n->from, t->from, size);
    memcpy(n->to, t->to, size);
    n->t0 = r->phase_begin = r->t;
    n->edge = r->phase->edge;
    const double end = r->phase_begin + r->phase->duration, ramp = r->phase_begin + r->phase->edge,
                 window = end - READING_PART * r->phase->duration;
    bool ended = false;
    enum status status = STATUS_OK;
    if (network_phase(n))
        event_steps_pattern(&r->steps);
    status = choose_memory(r);
    if (status != STATUS_OK)
        return status;
    if (ramp > r->t) {
        event_steps_begin(&r->steps, true);
        begin_stretch(r);
        const double first = fmin(window, ramp);
        status = piece(r, first, first >= end, &ended);
        for (int k = 1; k <= READING_STEPS && r->t < ramp && status == STATUS_OK && !ended; k++)
            status = piece(r, k < READING_STEPS ? first + k * (ramp - first) / READING_STEPS : ramp,
                           ramp >= end && k == READING_STEPS, &ended);
    } else {
        event_steps_begin(&r->steps, true);
        begin_stretch(r);
        if (!event_steps_settle(&r->steps, r->t))
            return no_solution(r);
        transient_jumped(t, n->values);
    }
    if (status == STATUS_OK && !ended && r->t < end)
        status = end_stretch(r);
    if (status != STATUS_OK || ended || end <= r->t)
        return status;
    event_steps_begin(&r->steps, false);
    begin_stretch(r);
    if (window > r->t && !event_steps_rest(&r->steps, end - r->t))
        status = piece(r, window, false, &ended);
    if (status == STATUS_OK && !ended)
        status = piece(r, end, true, &ended);
    return status;
}

/* At rest: all ports at their idle voltage and closed. */
static enum status start(struct run *r)
{
    struct network *n = r->network;
    memcpy(n->from, r->transient->from, r->circuit->n_elements * sizeof *n->from);
    memcpy(n->to, r->transient->to, r->circuit->n_elements * sizeof *n->to);
    network_phase(n);
    event_steps_pattern(&r->steps);
    event_steps_begin(&r->steps, true);
    if (!event_steps_settle(&r->steps, 0))
        return no_solution(r);
    network_leakage(n);
    event_leaks_rest(&r->steps.account.leaks, n);
    r->steps.new_pattern = true;
    event_steps_begin(&r->steps, true);
    if (!event_steps_settle(&r->steps, 0))
        return no_solution(r);
    event_account_start(&r->steps.account);
    record(r, 0, false);
    return STATUS_OK;
}

static enum status check_switches(const struct run *r)
{
    for (size_t k = 0; k < r->steps.n_devices && r->options->switches > 0; k++) {
        const struct event_device *d = &r->steps.devices[k];
        const double own = d->model->switches ? d->model->switches(d->constants) : 0;
        if (own > 0 && (own < r->options->switches || own > r->options->switches))
            return fail(
                r->error, STATUS_INPUT,
                "%s: found switches %.10g, expected %.10g, as many as its law has (n), or 0, "
                "their mean",
                r->network->branches[d->branch].element->name, r->options->switches, own);
        if (!d->model->switching && !(own > 0))
            return fail(r->error, STATUS_INPUT,
                        "%s: model %s is not made of switches, so they cannot be counted",
                        r->network->branches[d->branch].element->name, d->model->name);
    }
    return STATUS_OK;
}

static enum status open_run(struct transient *t, struct error *error)
{
    struct run *r = t->state = NEW(1, struct run);
    r->transient = t;
    r->circuit = t->circuit;
    r->options = &t->options;
    r->error = error;
    r->phase = &t->phase;
    r->network = network_new(t->circuit, error);
    if (!r->network)
        return STATUS_INPUT;
    event_steps_new(&r->steps, t->circuit, r->network, r->options);
    event_charges_new(&r->charges, t->circuit);
    event_rule_new(&r->rule, t->circuit);
    enum status status = event_floating(r->network, error);
    if (status == STATUS_OK)
        status = check_switches(r);
    return status == STATUS_OK ? start(r) : status;
}

static void close_run(struct transient *t, bool done)
{
    struct run *r = t->state;
    (void)done;
    if (!r)
        return;
    if (r->network)
        event_steps_free(&r->steps);
    event_charges_free(&r->charges);
    event_rule_free(&r->rule);
    network_free(r->network);
    free(r);
}

const struct engine engine_event = {
    .name = "event",
    .title =
        "from input edge to input edge: neurons by their transfer, fast capacitors charge at once",
    .abilities = ENGINE_SWITCHES | ENGINE_CHANGES_DEVICES,
    .open = open_run,
    .phase = run_phase,
    .close = close_run,
};
