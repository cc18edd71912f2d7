/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/transfer.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define POINTS 161      /* steps of 0.025 in s */
#define SETTLE 20e-6    /* [s] a point; the neuron settles within 2 us */
#define EDGE 1e-6       /* [s] */
#define SOURCE_VOLT 1.0 /* of the bench's column source for s = 1; large against any offset */

struct bench {
    struct transfer_table *table;
    int column_port, output_probe;
    double common; /* s that both columns carry */
    size_t next;
};

static double grid(size_t i)
{
    return TRANSFER_RANGE * (2.0 * (double)i / (POINTS - 1) - 1);
}

static bool step(void *data, const struct reading *reading, struct phase *next)
{
    struct bench *b = data;
    if (reading && b->next > 0) {
        b->table->x[b->next - 1] = grid(b->next - 1);
        b->table->y[b->next - 1] =
            0.5 + (reading->mean[b->output_probe] - NEURON_GROUND) / NEURON_OUTPUT_SWING;
    }
    if (b->next == POINTS)
        return false;
    const bool first = !reading;
    next->kind = PHASE_IDLE;
    next->section = SECTION_START;
    next->duration = first ? 5 * SETTLE : SETTLE;
    next->edge = EDGE;
    next->drive[b->column_port].volt =
        NEURON_GROUND + SOURCE_VOLT * (b->common + grid(first ? 0 : b->next));
    if (!first)
        b->next++;
    return true;
}

/* The curve is measured; small ripples of the solver's tolerance must not make it fall. */
static enum status smooth(struct transfer_table *t, struct error *error)
{
    for (size_t i = 1; i < t->n; i++) {
        if (t->y[i] < t->y[i - 1] - 1e-3)
            return fail(error, STATUS_NUMERICAL,
                        "the neuron's transfer falls from %.4f to %.4f at s = %.3f, expected a "
                        "monotone curve",
                        t->y[i - 1], t->y[i], t->x[i]);
        if (t->y[i] < t->y[i - 1])
            t->y[i] = t->y[i - 1];
    }
    if (!(t->y[0] < 0.25 && t->y[t->n - 1] > 0.75))
        return fail(error, STATUS_NUMERICAL,
                    "the neuron's transfer runs from %.3f to %.3f, expected about 0 to 1", t->y[0],
                    t->y[t->n - 1]);
    return STATUS_OK;
}

enum status transfer_measure(const struct classifier_options *o, size_t layer, double lit_rows,
                             const struct engine *engine,
                             const struct engine_options *engine_options, struct transfer *transfer,
                             struct error *error)
{
    const struct dopant *d = o->dopant;
    const double span = 0.5 * (d->g_max - d->g_min), mean = 0.5 * (d->g_max + d->g_min);
    const double rf = classifier_feedback(d, layer);
    const double ohm = SOURCE_VOLT * rf / NEURON_INPUT_SWING; /* s = 1 gives 45 mV over rf */
    struct bench b = {.table = &transfer->table, .common = lit_rows * mean / span};
    *transfer = (struct transfer){0};
    transfer->table = (struct transfer_table){POINTS, NEW(POINTS, double), NEW(POINTS, double)};
    struct circuit *c = circuit_new("silverbar neuron bench");
    neuron_supply(c);
    const int column = circuit_node(c, "col"), reference_column = circuit_node(c, "colref"),
              reference = circuit_node(c, "ref"), out = circuit_node(c, "out");
    const double bias = NEURON_GROUND + SOURCE_VOLT * b.common;
    b.column_port = circuit_port(c, "col", column, ohm, false, bias, CLASS_DRIVER);
    circuit_port(c, "colref", reference_column, ohm, false, bias, CLASS_DRIVER);
    circuit_capacitor(c, "ccol", column, 0, o->column_farad, CLASS_LINE);
    circuit_capacitor(c, "cref", reference_column, 0, o->column_farad, CLASS_LINE);
    b.output_probe = circuit_voltage_probe(c, "out", out);
    enum status status =
        neuron_add_reference(c, &o->neuron, "1", reference_column, reference, rf, error);
    if (status == STATUS_OK)
        status = neuron_add(c, &o->neuron, "1", column, reference, out, rf, error);
    struct engine_report report;
    struct engine_options quiet = *engine_options;
    quiet.n_recorders = 0;
    const struct controller controller = {step, &b};
    if (status == STATUS_OK)
        status = engine->run(c, &controller, &quiet, &report, error);
    circuit_free(c);
    if (status == STATUS_OK)
        status = smooth(&transfer->table, error);
    if (status == STATUS_OK) {
        transfer->spline = gsl_spline_alloc(gsl_interp_steffen, POINTS);
        gsl_spline_init(transfer->spline, transfer->table.x, transfer->table.y, POINTS);
    } else {
        transfer_free(transfer);
    }
    return status;
}

void transfer_free(struct transfer *t)
{
    free(t->table.x);
    free(t->table.y);
    if (t->spline)
        gsl_spline_free(t->spline);
    *t = (struct transfer){0};
}

double transfer_value(const struct transfer *t, double s, double *slope)
{
    const size_t last = t->table.n - 1;
    if (s <= t->table.x[0] || s >= t->table.x[last]) {
        *slope = 0;
        return t->table.y[s <= t->table.x[0] ? 0 : last];
    }
    *slope = gsl_spline_eval_deriv(t->spline, s, NULL);
    return gsl_spline_eval(t->spline, s, NULL);
}
