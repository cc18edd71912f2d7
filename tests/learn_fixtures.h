/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile image files, a simulated branch (device and 500 ohm), and the ideal neuron. */
#ifndef SILVERBAR_TESTS_LEARN_FIXTURES_H
#define SILVERBAR_TESTS_LEARN_FIXTURES_H

#include "device/library/library.h"
#include "learn/program.h"
#include "learn/targets.h"
#include "learn/transfer.h"
#include "testing.h"

static const struct {
    const char *text, *part;
} bad_images[] = {
#define T "class t\n111\n010\n010\n"
#define X "class x\n101\n010\n101\n"
    {"", " 0 class"},
    {"\n\n", " 0 class"},
    {T, "1 class"},
    {T "class x\n", "1 class"},
    {"class t\n" X, "class t has no image"},
    {T X "class y\n111\n111\n111\n", ":9: a third class"},
    {"111\n", ":1: '111', expected a line \"class NAME\""},
    {"class \n", ":1: class without a name"},
    {"class\n", ":1:"},
    {"class t\n111\n010\n\n010\n" X, ":4: image ends after 2 lines"},
    {"class t\n111\n" X, ":3: image ends after 1 line,"},
    {"class t\n1110\n", ":2: '1110', expected three pixels"},
    {"class t\n11\n", ":2: '11', expected three pixels"},
    {"class t\n1 1\n", ":2: '1 1'"},
    {"class t\n12 1\n", ":2: '12 1'"},
    {"class t\n111x\n", ":2: '111x'"},
    {T X "101", "image ends after 1 line"},
    {T "class u\n111\n010\n010\n", "same image"},
#undef T
#undef X
};

struct expected_pulse {
    double reading; /* in units of the target */
    enum program_direction direction;
    double amplitude; /* [V]; 0: none, the device is settled */
};

#define SERIES_OHM 500

static inline double branch_conductance(const struct dopant *d, double x)
{
    return 1 / (1 / d->model->current(d->constants, 0.1, x).f * 0.1 + SERIES_OHM);
}

/* The state after a pulse of `volt` across device and series resistance: exact jumps at the
 * divider's voltage, in 400 parts. */
static inline double branch_pulse(const struct dopant *d, double x, double volt, double width)
{
    for (int i = 0; i < 400; i++) {
        const double ohm = 0.1 / d->model->current(d->constants, 0.1, x).f;
        x = d->model->jump(d->constants, volt * ohm / (ohm + SERIES_OHM), x, width / 400);
    }
    return x;
}

/* h = 1/(1 + exp(-6 s)), tabulated as a measurement would be. */
static inline struct transfer ideal_transfer(void)
{
    enum { N = 161 };
    struct transfer t = {.curve.transfer = {N, NEW(N, double), NEW(N, double)}};
    for (int i = 0; i < N; i++) {
        t.curve.transfer.x[i] = TRANSFER_RANGE * (2.0 * i / (N - 1) - 1);
        t.curve.transfer.y[i] = 1 / (1 + exp(-6 * t.curve.transfer.x[i]));
    }
    transfer_interpolate(&t);
    return t;
}

/* h(s) and its derivative. */
static inline double transfer_value(const struct transfer *t, double s, double *slope)
{
    double h;
    transfer_values(t, 1, &s, &h, slope);
    return h;
}

/* Output of the network of these weights for an image, by the formulas of learn/targets.h. */
static inline double network_output(const struct targets_options *o, const double *w,
                                    unsigned image)
{
    double signal[IMAGE_PIXELS], slope;
    for (size_t i = 0; i < o->sizes[0]; i++)
        signal[i] = image_pixel(image, i);
    for (size_t l = 0; l < o->n_layers; l++) {
        const size_t m = o->sizes[l], n = o->sizes[l + 1];
        double next[IMAGE_PIXELS] = {0};
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < m; i++)
                next[j] += w[i * n + j] * signal[i];
            next[j] = transfer_value(&o->transfer[l], next[j], &slope) - 0.5;
        }
        memcpy(signal, next, sizeof signal);
        w += m * n;
    }
    return signal[0] + 0.5;
}

#endif
