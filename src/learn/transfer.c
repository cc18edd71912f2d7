/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/transfer.h"

#include "base/memory.h"
#include "base/wide.h"

#include <gsl/gsl_fit.h>
#include <gsl/gsl_spline.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS 161       /* steps of 0.025 in s */
#define SETTLE 20e-6     /* [s] a point; the neuron settles within 2 us */
#define EDGE 1e-6        /* [s] */
#define COMMON_STEP 0.25 /* of the common current, in units of s; 0 is one of its points */
#define SOURCE_VOLT 1.0  /* of the testbench's column source for s = 1; large against any offset */

/* Currents into both columns, point after point, and what is read there. */
struct sources {
    size_t n, next;
    double *column, *reference; /* n: in units of s */
    double *out, *supply;       /* n: output [V], current of vdd [A] */
    double *input;              /* n: of the reference amplifier [V] */
    double *column_input;       /* n: of the neuron [V] */
    int column_port, reference_port, output_probe, supply_probe, input_probe, column_probe;
    double ground; /* [V] */
};

static bool step(void *data, const struct reading *reading, struct phase *next)
{
    struct sources *b = data;
    if (reading && b->next > 0) {
        b->out[b->next - 1] = reading->mean[b->output_probe];
        b->supply[b->next - 1] = -reading->mean[b->supply_probe];
        b->input[b->next - 1] = reading->mean[b->input_probe];
        b->column_input[b->next - 1] = reading->mean[b->column_probe];
    }
    if (b->next == b->n)
        return false;
    const bool first = !reading;
    next->kind = PHASE_IDLE;
    next->section = SECTION_START;
    next->duration = first ? 5 * SETTLE : SETTLE;
    next->edge = EDGE;
    next->drive[b->reference_port].volt = b->ground + SOURCE_VOLT * b->reference[b->next];
    if (b->column_port >= 0)
        next->drive[b->column_port].volt = b->ground + SOURCE_VOLT * b->column[b->next];
    if (!first)
        b->next++;
    return true;
}

static struct sources sources_new(size_t n)
{
    return (struct sources){.n = n,
                            .column = NEW(n, double),
                            .reference = NEW(n, double),
                            .out = NEW(n, double),
                            .supply = NEW(n, double),
                            .input = NEW(n, double),
                            .column_input = NEW(n, double)};
}

static void sources_free(struct sources *b)
{
    free(b->column);
    free(b->reference);
    free(b->out);
    free(b->supply);
    free(b->input);
    free(b->column_input);
}

/* Reference amplifier and, if asked for, the neuron, each with a source and a resistor at its column that
 * make 45 mV across rf for s = 1.  Offsets are left out: the behavioural neuron shifts its tables by them,
 * which needs no measurement. */
static enum status play(const struct transfer_testbench *testbench, bool neuron, struct sources *b,
                        struct error *error)
{
    const struct classifier_options *o = testbench->options;
    const double rf = classifier_feedback(o->dopant, testbench->layer);
    const double ohm = SOURCE_VOLT * rf / NEURON_INPUT_SWING;
    struct classifier_options bare = *o;
    bare.curves = NULL;
    bare.offsets = NULL;
    const struct neuron_kind kind = classifier_neuron(&bare, testbench->layer, testbench->neuron);
    struct circuit *c = circuit_new("silverbar neuron testbench");
    c->temperature = o->temperature;
    b->ground = neuron_ground(o->supply);
    neuron_supply(c, o->supply);
    const int reference_column = circuit_node(c, "colref"), reference = circuit_node(c, "ref"),
              column = neuron ? circuit_node(c, "col") : 0,
              out = neuron ? circuit_node(c, "out") : reference;
    /* transistors that differ begin without a current, near to an operating point */
    const double begin = o->mismatch ? 0 : SOURCE_VOLT;
    b->column_port = -1;
    if (neuron) {
        b->column_port = circuit_port(c, "col", column,
                                      (struct port_driver){.ohm = ohm,
                                                           .idle = b->ground + begin * b->column[0],
                                                           .class = CLASS_DRIVER});
        circuit_capacitor(c, "ccol", column, 0, o->column_farad, CLASS_LINE);
    }
    b->reference_port = circuit_port(
        c, "colref", reference_column,
        (struct port_driver){
            .ohm = ohm, .idle = b->ground + begin * b->reference[0], .class = CLASS_DRIVER});
    circuit_capacitor(c, "cref", reference_column, 0, o->column_farad, CLASS_LINE);
    b->output_probe = circuit_voltage_probe(c, "out", out);
    b->input_probe = circuit_voltage_probe(c, "in", reference_column);
    b->column_probe = circuit_voltage_probe(c, "column", column);
    for (size_t k = 0; k < c->n_elements; k++)
        if (strcmp(c->elements[k].name, "vdd") == 0)
            b->supply_probe = circuit_current_probe(c, "supply", (int)k);
    enum status status = neuron_add_reference(
        c, &kind,
        &(struct neuron_terminals){
            .name = "1", .column = reference_column, .output = reference, .rf = rf},
        error);
    if (status == STATUS_OK && neuron)
        status = neuron_add(
            c, &kind,
            &(struct neuron_terminals){
                .name = "1", .column = column, .reference = reference, .output = out, .rf = rf},
            error);
    struct engine_report report;
    struct engine_options quiet = *testbench->solver;
    quiet.n_recorders = 0;
    const struct controller controller = {.step = step, .data = b};
    if (status == STATUS_OK)
        status = engine_run(testbench->engine, c, &controller, &quiet, &report, error);
    circuit_free(c);
    return status;
}

/* A netlist that does not do what a layer needs. */
static enum status unfit(const struct transfer_testbench *b, const char *subcircuit,
                         struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static enum status unfit(const struct transfer_testbench *b, const char *subcircuit,
                         struct error *error, const char *format, ...)
{
    const struct classifier_options *o = b->options;
    char *title = subcircuit_title(o->neuron.file, subcircuit);
    struct error what;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what.text, sizeof what.text, format, arguments);
    va_end(arguments);
    fail(error, STATUS_NUMERICAL, "%s in layer %zu (circuit.sizes: %zu inputs, %zu neurons): %s",
         title, b->layer + 1, o->sizes[b->layer], o->sizes[b->layer + 1], what.text);
    free(title);
    return STATUS_NUMERICAL;
}

/* Make the measured curve monotone: ripples within the solver's tolerance may let it fall. */
static enum status smooth(const struct transfer_testbench *b, struct transfer_table *t,
                          struct error *error)
{
    for (size_t i = 1; i < t->n; i++) {
        if (t->y[i] < t->y[i - 1] - 1e-3)
            return unfit(b, "neuron", error,
                         "its transfer falls from %.4f to %.4f at s = %.3f, expected a monotone "
                         "curve",
                         t->y[i - 1], t->y[i], t->x[i]);
        if (t->y[i] < t->y[i - 1])
            t->y[i] = t->y[i - 1];
    }
    if (!(t->y[0] < 0.25 && t->y[t->n - 1] > 0.75))
        return unfit(b, "neuron", error,
                     "its transfer runs from %.3f to %.3f, expected about 0 to 1", t->y[0],
                     t->y[t->n - 1]);
    return STATUS_OK;
}

/* Sweep s over the measured range, with the reference at its common current. */
static struct sources sweep(const struct classifier_options *o, double lit_rows)
{
    const struct dopant *d = o->dopant;
    struct sources b = sources_new(POINTS);
    for (size_t i = 0; i < POINTS; i++) {
        b.reference[i] = lit_rows * (d->g_max + d->g_min) / (d->g_max - d->g_min);
        b.column[i] = b.reference[i] + TRANSFER_RANGE * (2.0 * (double)i / (POINTS - 1) - 1);
    }
    return b;
}

static struct transfer_table table_new_points(size_t n)
{
    return (struct transfer_table){n, NEW(n, double), NEW(n, double)};
}

static enum status measure(const struct transfer_testbench *testbench, struct transfer *transfer,
                           struct error *error)
{
    *transfer = (struct transfer){0};
    struct transfer_table *t = &transfer->curve.transfer, *sigmoid = &transfer->curve.sigmoid;
    *t = table_new_points(POINTS);
    *sigmoid = table_new_points(POINTS);
    struct sources b = sweep(testbench->options, testbench->lit_rows);
    enum status status = play(testbench, true, &b, error);
    for (size_t i = 0; i < POINTS && status == STATUS_OK; i++) {
        t->x[i] = sigmoid->x[i] = b.column[i] - b.reference[i];
        t->y[i] = 0.5 + (b.out[i] - b.ground) / NEURON_OUTPUT_SWING;
        sigmoid->y[i] = b.supply[i]; /* of everything; what the rest takes is taken off later */
    }
    sources_free(&b);
    return status == STATUS_OK ? smooth(testbench, t, error) : status;
}

/* Gain and offset of an amplifier, out = gain (in + offset), by least squares. */
static void find_line(size_t n, const double *in, const double *out, double *gain, double *offset)
{
    double constant, cov00, cov01, cov11, sumsq;
    gsl_fit_linear(in, 1, out, 1, n, &constant, gain, &cov00, &cov01, &cov11, &sumsq);
    *offset = constant / *gain;
}

static enum status check_gain(const struct transfer_testbench *b, const char *subcircuit,
                              double gain, struct error *error)
{
    return gain > 1 ? STATUS_OK
                    : unfit(b, subcircuit, error,
                            "its amplifier's gain is %g over the currents of all inputs, expected "
                            "more than 1; fewer inputs may help",
                            gain);
}

/* Gain and offset of the reference amplifier.  A systematic offset is common to all amplifiers, so it does
 * not change the differences of their outputs. */
static void find_reference(const struct sources *alone, double *gain, double *offset)
{
    const size_t n = alone->n;
    double *in = NEW(n, double), *out = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        in[i] = alone->ground - alone->input[i];
        out[i] = alone->out[i] - alone->ground;
    }
    find_line(n, in, out, gain, offset);
    free(in);
    free(out);
}

/* Gain and offset of the neuron's own amplifier where its transistors differ.  Its output is not read, but
 * follows from its column: rf carries all of the column's current. */
static void find_own(const struct sources *both, struct neuron_curve *curve)
{
    const size_t n = both->n;
    double *in = NEW(n, double), *out = NEW(n, double);
    for (size_t i = 0; i < n; i++) {
        in[i] = both->ground - both->column_input[i];
        out[i] = -in[i] - NEURON_INPUT_SWING * (both->column[i] + in[i] / SOURCE_VOLT);
    }
    find_line(n, in, out, &curve->gain, &curve->offset);
    free(in);
    free(out);
}

static enum status measure_supply(const struct transfer_testbench *testbench,
                                  struct transfer *transfer, struct error *error)
{
    const struct classifier_options *o = testbench->options;
    struct neuron_curve *curve = &transfer->curve;
    const struct dopant *d = o->dopant;
    const double span = 0.5 * (d->g_max - d->g_min), rows = (double)o->sizes[testbench->layer];
    const size_t n = (size_t)ceil((rows * d->g_max / span + 2 * TRANSFER_RANGE) / COMMON_STEP) + 1;
    struct sources alone = sources_new(n), both = sources_new(n);
    for (size_t i = 0; i < n; i++)
        alone.reference[i] = both.reference[i] = both.column[i] =
            COMMON_STEP * (double)i - TRANSFER_RANGE;
    enum status status = play(testbench, false, &alone, error);
    if (status == STATUS_OK)
        status = play(testbench, true, &both, error);
    if (status == STATUS_OK) {
        find_reference(&alone, &curve->reference_gain, &curve->reference_offset);
        status = check_gain(testbench, "refamp", curve->reference_gain, error);
    }
    curve->gain = curve->reference_gain;
    curve->offset = curve->reference_offset;
    if (status == STATUS_OK && o->mismatch) {
        find_own(&both, curve);
        status = check_gain(testbench, "neuron", curve->gain, error);
    }
    curve->reference = table_new_points(n);
    curve->amplifier = table_new_points(n);
    for (size_t i = 0; i < n; i++) {
        /* more current into the column lowers the output: the table rises with the output */
        const size_t k = n - 1 - i;
        curve->reference.x[k] = curve->amplifier.x[k] = -NEURON_INPUT_SWING * both.reference[i];
        curve->reference.y[k] = alone.supply[i] - neuron_supply_current(o->supply);
        curve->amplifier.y[k] = both.supply[i] - alone.supply[i];
    }
    /* what is left of the sweep of s is the sigmoid's */
    const double common = testbench->lit_rows * (d->g_max + d->g_min) / (d->g_max - d->g_min);
    double unused;
    for (size_t i = 0; i < curve->sigmoid.n; i++) {
        const double u = -NEURON_INPUT_SWING * common,
                     v = -NEURON_INPUT_SWING * (common + curve->sigmoid.x[i]);
        curve->sigmoid.y[i] -= neuron_supply_current(o->supply) +
                               transfer_table_value(&curve->reference, u, &unused) +
                               transfer_table_value(&curve->amplifier, v, &unused);
    }
    sources_free(&alone);
    sources_free(&both);
    return status;
}

/* All neurons of the layer alike. */
static struct classifier_options alike(const struct classifier_options *o)
{
    struct classifier_options nominal = *o;
    nominal.mismatch = NULL;
    return nominal;
}

enum status transfer_measure(const struct transfer_testbench *testbench, struct transfer *transfer,
                             struct error *error)
{
    const struct classifier_options nominal = alike(testbench->options);
    struct transfer_testbench of_nominal = *testbench;
    of_nominal.options = &nominal;
    const enum status status = measure(&of_nominal, transfer, error);
    if (status == STATUS_OK)
        transfer_interpolate(transfer);
    else
        transfer_free(transfer);
    return status;
}

enum status transfer_measure_supply(const struct transfer_testbench *testbench,
                                    struct transfer *transfer, struct error *error)
{
    const struct classifier_options nominal = alike(testbench->options);
    struct transfer_testbench of_nominal = *testbench;
    of_nominal.options = &nominal;
    return measure_supply(&of_nominal, transfer, error);
}

enum status transfer_measure_neuron(const struct transfer_testbench *testbench,
                                    struct transfer *transfer, struct error *error)
{
    enum status status = measure(testbench, transfer, error);
    if (status == STATUS_OK)
        status = measure_supply(testbench, transfer, error);
    if (status != STATUS_OK) {
        transfer_free(transfer);
        return status;
    }
    /* in the testbench the amplifiers' offsets move the columns, so the sources drive less current */
    const struct neuron_curve *curve = &transfer->curve;
    for (size_t i = 0; i < POINTS; i++) {
        const double s = (curve->offset - curve->reference_offset) / SOURCE_VOLT;
        curve->transfer.x[i] -= s;
        curve->sigmoid.x[i] -= s;
    }
    transfer_interpolate(transfer);
    return STATUS_OK;
}

void transfer_interpolate(struct transfer *t)
{
    const struct transfer_table *h = &t->curve.transfer;
    gsl_spline *spline = gsl_spline_alloc(gsl_interp_steffen, h->n);
    gsl_spline_init(spline, h->x, h->y, h->n);
    t->cubic = memory_new(h->n, sizeof *t->cubic);
    t->per_s = (double)(h->n - 1) / (h->x[h->n - 1] - h->x[0]);
    for (size_t i = 0; i + 1 < h->n; i++) {
        /* the cubic with the spline's values and slopes at both ends is the spline */
        const double dx = h->x[i + 1] - h->x[i], rise = (h->y[i + 1] - h->y[i]) / dx;
        const double d0 = gsl_spline_eval_deriv(spline, h->x[i], NULL),
                     d1 = gsl_spline_eval_deriv(spline, h->x[i + 1], NULL);
        t->cubic[i][0] = h->y[i];
        t->cubic[i][1] = d0;
        t->cubic[i][2] = (3 * rise - 2 * d0 - d1) / dx;
        t->cubic[i][3] = (d0 + d1 - 2 * rise) / (dx * dx);
    }
    gsl_spline_free(spline);
}

void transfer_free(struct transfer *t)
{
    neuron_curve_free(&t->curve);
    free(t->cubic);
    *t = (struct transfer){0};
}

WIDE void transfer_values(const struct transfer *t, size_t n, const double *restrict s,
                          double *restrict h, double *restrict slope)
{
    const struct transfer_table *table = &t->curve.transfer;
    const double *restrict x = table->x, (*restrict cubic)[4] = (const double(*)[4])t->cubic;
    const int last = (int)table->n - 1;
    const double low = x[0], high = x[last], y0 = table->y[0], y1 = table->y[last],
                 per_s = t->per_s;
    for (size_t k = 0; k < n; k++) {
        /* the points are evenly spaced */
        const bool inside = s[k] > low && s[k] < high;
        const int segment = inside ? (int)((s[k] - low) * per_s) : 0,
                  i = segment < last ? segment : last - 1;
        const double *c = cubic[i], d = s[k] - x[i];
        const double y = c[0] + d * (c[1] + d * (c[2] + d * c[3])),
                     dy = c[1] + d * (2 * c[2] + d * (3 * c[3]));
        h[k] = inside ? y : s[k] <= low ? y0 : y1;
        slope[k] = inside ? dy : 0;
    }
}

#define HALVINGS 40 /* of an interval between two points: to 1e-14 of s */

double transfer_slope_at(const struct transfer *t, double h)
{
    const struct transfer_table *table = &t->curve.transfer;
    size_t low = 0, high = table->n - 1;
    h = fmin(table->y[high], fmax(table->y[0], h));
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        *(table->y[middle] <= h ? &low : &high) = middle;
    }
    /* ends of the range count as inside: their slope is what the cubic has there */
    const double *c = t->cubic[low];
    double left = 0, right = table->x[high] - table->x[low];
    for (int i = 0; i < HALVINGS; i++) {
        const double d = 0.5 * (left + right);
        const double y = c[0] + d * (c[1] + d * (c[2] + d * c[3]));
        *(y <= h ? &left : &right) = d;
    }
    return fmax(0, c[1] + left * (2 * c[2] + left * (3 * c[3])));
}

double transfer_steepest(const struct transfer *t)
{
    double most = 0;
    for (size_t i = 0; i + 1 < t->curve.transfer.n; i++)
        most = fmax(most, t->cubic[i][1]);
    return most;
}
