/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weight matrices on tiles: with ideal lines and without converters they are the matrices; with lines and
 * converters each read is what the static solver and the tables of codes give for its two tiles; energies
 * are those of lines_power.h, read by read; sums of codes are exact; a room gives what arrays of their own do. */
#include "base/matrix/matrix.h"
#include "base/random.h"
#include "engine/lines/lines_power.h"
#include "infer/converter.h"
#include "infer/inference.h"
#include "infer/layer/graph_room.h"
#include "testing.h"

static gsl_rng *rng;
static const struct random_sample first = {1, 0};

static int set_up(void **state)
{
    (void)state;
    rng = random_stream(5, 0, RANDOM_TEST);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

static double *draw(size_t n, double least)
{
    double *a = NEW(n, double);
    for (size_t k = 0; k < n; k++)
        a[k] = least + (1 - least) * gsl_rng_uniform(rng);
    return a;
}

/* 4 channels of 5 x 5, windows of 3 x 3 in two groups to 6 channels, then 54 to 7. */
static struct graph small_network(void)
{
    struct graph g = {0};
    const struct shape in = {3, {4, 5, 5}}, middle = {3, {6, 3, 3}}, out = {1, {7}};
    const struct window_axis axis = {.in = 5, .out = 3, .kernel = 3, .stride = 1, .dilation = 1};
    struct matrix_layer *conv = NEW(1, struct matrix_layer), *full = NEW(1, struct matrix_layer);
    struct curve_layer *relu = NEW(1, struct curve_layer);
    *conv = (struct matrix_layer){.groups = 2,
                                  .rows = 18,
                                  .columns = 3,
                                  .weights = draw(108, -1),
                                  .bias = draw(6, -1),
                                  .reads = 9,
                                  .convolution = true,
                                  .window = {4, {axis, axis}}};
    *full = (struct matrix_layer){
        .groups = 1, .rows = 54, .columns = 7, .weights = draw(378, -1), .reads = 1};
    *relu = (struct curve_layer){.curve = CURVE_RELU, .size = 54};
    g.input = graph_value(&g, &in);
    size_t value = g.input;
    struct layer_plan plan = {&layer_matrix, conv,  memory_string("conv"), memory_string("Conv"), 1,
                              &value,        middle};
    value = graph_layer(&g, &plan);
    plan = (struct layer_plan){&layer_curve, relu,  memory_string("relu"), memory_string("Relu"), 1,
                               &value,       middle};
    value = graph_layer(&g, &plan);
    plan = (struct layer_plan){&layer_matrix, full, memory_string("full"), memory_string("Gemm"), 1,
                               &value,        out};
    g.output = graph_layer(&g, &plan);
    return g;
}

static const struct tile_options plain = {
    .form = {.rows = 64, .columns = 64},
    .mapping = {.g_min = 20e-6, .g_max = 200e-6},
    .volt = 0.1,
    .adc = {.every = 1},
    .read_time = 1e-7,
};

#define IMAGES 9
static const struct inference_watch quiet;

static struct inference_images images_of(const struct data_set *set)
{
    return (struct inference_images){set, {.scale = 1}, set->n};
}

static struct data_set random_set(void)
{
    return (struct data_set){
        .n = IMAGES, .n_dims = 3, .dims = {4, 5, 5}, .size = 100, .numbers = draw(IMAGES * 100, 0)};
}

static struct inference *calibrated(const struct graph *g, const struct tile_options *o,
                                    const struct data_set *set)
{
    struct inference *f;
    struct error error = {{0}};
    const struct inference_images images = images_of(set);
    ASSERT_DONE(inference_open(g, o, first, &quiet, &f, &error), error);
    ASSERT_DONE(inference_calibrate(f, &images, &quiet, &error), error);
    return f;
}

static void read_all(void *data, const struct products *p)
{
    struct inference *f = data;
    tiled_matrix_read(f->layers[p->layer - f->graph->layers], p, f->energy);
}

/* Tiles of every size and form, scales and pairs give what the network is. */
static void test_ideal(void **state)
{
    static const size_t sides[][2] = {{64, 64}, {5, 2}, {18, 3}, {7, 100}, {1, 1}};
    struct graph g = small_network();
    struct data_set set = random_set();
    double wanted[IMAGES * 7], seen[IMAGES * 7];
    (void)state;
    graph_evaluate(&g, IMAGES, set.numbers, wanted, NULL);
    for (size_t n = 0; n < 12 * COUNT(sides); n++) {
        struct tile_options o = plain;
        o.form.rows = sides[n / 12][0];
        o.form.columns = sides[n / 12][1];
        o.scale = (enum tile_share)(n % 3);
        o.form.subtract = n / 3 % 2 ? TILE_DIGITAL : TILE_ANALOG;
        o.form.fill = n / 6 % 2 ? TILE_PAD : TILE_CUT;
        struct inference *f = calibrated(&g, &o, &set);
        const struct multiplier tiles = {read_all, f};
        graph_evaluate(&g, IMAGES, set.numbers, seen, &tiles);
        for (size_t k = 0; k < COUNT(seen); k++)
            ASSERT_NEAR(seen[k], wanted[k], 1e-12 * 54);
        inference_close(f);
    }
    data_set_free(&set);
    graph_free(&g);
}

static struct lines_array array_of(const struct tile_options *o, const struct tile_pair *p,
                                   const double *g)
{
    return (struct lines_array){.rows = p->rows,
                                .columns = p->columns,
                                .g = g,
                                .row_ohm = o->row_ohm,
                                .column_ohm = o->column_ohm,
                                .driver_ohm = o->driver_ohm,
                                .sense_ohm = o->sense_ohm};
}

/* What a tile's devices are to have, row-major; sign: of the weights that they stand for. */
static double *tile_wants(const struct tiled_matrix *t, const struct tile_pair *p, double sign,
                          double *largest)
{
    const struct matrix_layer *m = t->matrix;
    double *g = NEW(p->rows * p->columns, double), most = 0;
    for (size_t k = 0; k < m->groups * m->rows * m->columns; k++)
        most = fmax(most, fabs(m->weights[k]));
    for (size_t k = 0; k < p->rows * p->columns; k++) {
        const size_t i = p->row + k / p->columns, j = p->column + k % p->columns;
        const double w = sign * m->weights[(p->group * m->columns + j) * m->rows + i] / most;
        g[k] = 20e-6 + 180e-6 * (w > 0 ? w : 0);
    }
    *largest = most;
    return g;
}

/* Currents of one read of a tile of the layer, by the static solver, and the power it takes. */
static void solve_tile(const struct tiled_matrix *t, const struct tile_pair *p, double sign,
                       const double *volts, double *current, double *power)
{
    const struct tile_options *o = t->options;
    const size_t n = p->rows * p->columns;
    double most, *g = tile_wants(t, p, sign, &most), *bound = NEW(p->columns, double),
                 *row = NEW(n, double), *column = NEW(n, double), *device = NEW(n, double);
    const struct lines_array a = array_of(o, p, g);
    struct lines_reader *reader;
    struct error error = {{0}};
    struct lines_answer answer = {current, bound, row, column, 0};
    ASSERT_DONE(lines_reader_new(&a, LINES_GRADIENTS, 1, true, &reader, &error), error);
    ASSERT_DONE(lines_solve_many(reader, 1, volts, 1e-12, &answer, &error), error);
    for (size_t k = 0; k < n; k++)
        device[k] = g[k] * (row[k] - column[k]);
    struct lines_power balance;
    lines_power(&a, volts, row, column, device, &balance);
    *power += balance.delivered;
    lines_reader_free(reader);
    double *const all[] = {g, bound, row, column, device};
    for (size_t k = 0; k < COUNT(all); k++)
        free(all[k]);
}

/* One image through the last layer: 54 inputs, tiles of 20 x 4, lines, 6-bit inputs and 5-bit converters. */
static void test_read(void **state)
{
    struct graph g = small_network();
    struct data_set set = random_set();
    struct tile_options o = plain;
    (void)state;
    o.form = (struct tile_form){.rows = 20, .columns = 4};
    o.row_ohm = 30;
    o.column_ohm = 20;
    o.driver_ohm = 100;
    o.sense_ohm = 50;
    o.dac_bits = 6;
    o.adc.bits = 5;
    o.adc.per = SHARE_TILE;
    o.adc.range = RANGE_QUANTILE;
    o.adc.quantile = 0.9;
    struct inference *f = calibrated(&g, &o, &set);
    struct tiled_matrix *t = f->layers[2];
    double x[54], y[7], wanted[7] = {0}, volts[54], energy = 0, power = 0, most = 0;
    for (size_t k = 0; k < 54; k++)
        x[k] = t->x_max * gsl_rng_uniform(rng);
    for (size_t k = 0; k < t->matrix->rows * t->matrix->columns; k++)
        most = fmax(most, fabs(t->matrix->weights[k]));
    for (size_t k = 0; k < 54; k++)
        volts[k] = 0.1 * floor(x[k] / t->x_max * 63 + 0.5) / 63;
    assert_int_equal(t->n_pairs, 6);
    for (size_t k = 0; k < t->n_pairs; k++) {
        const struct tile_pair *p = &t->pairs[k];
        double plus[4], minus[4];
        solve_tile(t, p, 1, volts + p->row, plus, &power);
        solve_tile(t, p, -1, volts + p->row, minus, &power);
        for (size_t j = 0; j < p->columns; j++) {
            const double range = t->range[p->row / 20 * 7 + p->column + j];
            const struct adc adc = {5, range};
            ASSERT_NEAR(range, t->range[p->row / 20 * 7 + p->column], 0); /* of the tile */
            wanted[p->column + j] += (double)adc_code(&adc, plus[j] - minus[j]) * range / 16 *
                                     t->x_max * most / (0.1 * 180e-6);
        }
    }
    const struct products products = {
        .layer = &g.layers[2], .n = 1, .by_vector = true, .x = x, .y = y};
    tiled_matrix_read(t, &products, &energy);
    for (size_t k = 0; k < 7; k++)
        ASSERT_NEAR(y[k], wanted[k], 1e-10 * fabs(wanted[k]));
    ASSERT_NEAR(energy, power * 1e-7, 1e-11 * energy);
    inference_close(f);
    data_set_free(&set);
    graph_free(&g);
}

/* The law of a device of conductance g at 0.3 V. */
struct bent_cells {
    const struct dopant *dopant;
    double *g, select_ohm;
};

static void bent_law(void *data, size_t n, const double *v, double *current, double *slope)
{
    const struct bent_cells *c = data;
    const struct model *m = c->dopant->model;
    for (size_t k = 0; k < n; k++) { /* W_sdc: proportional to a conductance */
        const double share = c->g[k] * 0.3 / m->current(c->dopant->constants, 0.3, 1).f;
        double low = fmin(v[k], 0), high = fmax(v[k], 0);
        for (size_t s = 0; s < 200 && c->select_ohm > 0; s++) { /* the device's own voltage */
            const double u = (low + high) / 2, i = share * m->current(c->dopant->constants, u, 1).f;
            *(u + c->select_ohm * i < v[k] ? &low : &high) = u;
        }
        const double u = c->select_ohm > 0 ? (low + high) / 2 : v[k];
        const struct model_value i = m->current(c->dopant->constants, u, 1);
        current[k] = share * i.f;
        slope[k] = share * i.df_dv / (1 + c->select_ohm * share * i.df_dv);
    }
}

/* What one read of a tile gives to each column's result, by Newton's method, and the power it takes. */
static void solve_bent(const struct tiled_matrix *t, const struct tile_pair *p, double sign,
                       const double *volts, double *result, double *power)
{
    const struct tile_options *o = t->options;
    const size_t n = p->rows * p->columns;
    double most, *g = tile_wants(t, p, sign, &most), *bound = NEW(p->columns, double),
                 *row = NEW(n, double), *column = NEW(n, double), *device = NEW(n, double),
                 *slope = NEW(n, double), *current = NEW(p->columns, double);
    struct bent_cells cells = {o->dopant, g, o->select_ohm};
    const struct lines_array a = array_of(o, p, g);
    const struct lines_devices devices = {bent_law, &cells};
    struct error error = {{0}};
    struct lines_answer answer = {current, bound, row, column, 0};
    ASSERT_DONE(lines_solve_law(&a, &devices, volts, 1e-13, &answer, &error), error);
    for (size_t k = 0; k < n; k++)
        row[k] -= column[k];
    bent_law(&cells, n, row, device, slope);
    memset(column, 0, n * sizeof *column);
    struct lines_power balance;
    lines_power(&a, volts, row, column, device, &balance);
    *power += balance.delivered;
    for (size_t j = 0; j < p->columns; j++)
        result[p->column + j] += sign * current[j] * t->x_max * most / (o->volt * 180e-6);
    double *const all[] = {g, bound, row, column, device, slope, current};
    for (size_t k = 0; k < COUNT(all); k++)
        free(all[k]);
}

/* n vectors of a layer's last group. */
static void read_bent(struct inference *f, size_t layer, size_t n)
{
    struct tiled_matrix *t = f->layers[layer];
    const size_t rows = t->matrix->rows, columns = t->matrix->columns,
                 group = t->matrix->groups - 1;
    const bool by_vector = !t->matrix->convolution;
    double *x = NEW(n * rows, double), *y = NEW(n * columns, double), *volts = NEW(rows, double),
           *wanted = NEW(columns, double), energy[IMAGES] = {0}, sum = 0, power = 0;
    for (size_t k = 0; k < n * rows; k++)
        x[k] = t->x_max * gsl_rng_uniform(rng);
    const struct products products = {
        .layer = t->layer, .group = group, .n = n, .by_vector = by_vector, .x = x, .y = y};
    tiled_matrix_read(t, &products, energy);
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < rows; i++)
            volts[i] = t->options->volt * x[by_vector ? r * rows + i : i * n + r] / t->x_max;
        memset(wanted, 0, columns * sizeof *wanted);
        for (size_t k = 0; k < t->n_pairs; k++)
            for (int sign = 1; sign >= -1 && t->pairs[k].group == group; sign -= 2)
                solve_bent(t, &t->pairs[k], sign, volts + t->pairs[k].row, wanted, &power);
        for (size_t c = 0; c < columns; c++)
            ASSERT_NEAR(y[by_vector ? r * columns + c : c * n + r], wanted[c],
                        1e-9 * fabs(wanted[c]) + 1e-12);
    }
    for (size_t k = 0; k < IMAGES; k++)
        sum += energy[k];
    ASSERT_NEAR(sum, power * t->options->read_time, 1e-10 * sum);
    free(x);
    free(y);
    free(volts);
    free(wanted);
}

/* Devices with the read-out of silver chalcogenides, 0.3 V, more vectors than a batch, pairs subtracted before
 * and, behind switches, after; then ideal lines, where at V itself the weights are what they should be. */
static void test_bent(void **state)
{
    struct graph g = small_network();
    struct data_set set = random_set();
    struct tile_options o = plain;
    struct error error = {{0}};
    struct dopant *dopant;
    char *devices = source_path("devices");
    (void)state;
    ASSERT_DONE(dopant_read("W-sdc", devices, &dopant, &error), error);
    o.dopant = dopant;
    o.volt = 0.3;
    o.row_ohm = o.column_ohm = 20;
    o.driver_ohm = o.sense_ohm = 50;
    for (int digital = 0; digital < 2; digital++) {
        o.form = (struct tile_form){
            .rows = 20, .columns = 4, .subtract = digital ? TILE_DIGITAL : TILE_ANALOG};
        o.select_ohm = digital ? 2e3 : 0;
        struct inference *f = calibrated(&g, &o, &set);
        read_bent(f, 0, 37);
        read_bent(f, 2, IMAGES);
        assert_true(f->layers[0]->bend_factor > 0.01 && f->layers[0]->bend_steps > 3);
        inference_close(f);
    }
    o.row_ohm = o.column_ohm = o.driver_ohm = o.sense_ohm = o.select_ohm = 0;
    struct inference *f = calibrated(&g, &o, &set);
    double x[54], bent[7], wanted[7] = {0}, energy = 0;
    const struct products at_volt = {
        .layer = &g.layers[2], .n = 1, .by_vector = true, .x = x, .y = bent};
    for (size_t k = 0; k < 54; k++)
        x[k] = f->layers[2]->x_max;
    tiled_matrix_read(f->layers[2], &at_volt, &energy);
    for (size_t c = 0; c < 7; c++)
        for (size_t i = 0; i < 54; i++)
            wanted[c] += x[i] * f->layers[2]->matrix->weights[c * 54 + i];
    for (size_t c = 0; c < 7; c++)
        ASSERT_NEAR(bent[c], wanted[c], 1e-11 * 54);
    inference_close(f);
    dopant_free(dopant);
    free(devices);
    data_set_free(&set);
    graph_free(&g);
}

/* Ideal lines: the variance of a column's current is sum (sigma i)^2 over its devices; stuck devices are
 * resistors, whose power is known. */
static void test_bent_devices(void **state)
{
    enum { READS = 600 };
    struct graph g = small_network();
    struct data_set set = random_set();
    struct tile_options o = plain;
    struct error error = {{0}};
    struct dopant *dopant;
    char *devices = source_path("devices");
    (void)state;
    ASSERT_DONE(dopant_read("W-sdc", devices, &dopant, &error), error);
    o.dopant = dopant;
    o.volt = 0.3;
    o.read_noise = 0.03;
    struct inference *f = calibrated(&g, &o, &set);
    struct tiled_matrix *t = f->layers[2];
    double *x = NEW(READS * 54, double), *y = NEW(READS * 7, double), *energy = NEW(READS, double);
    double squares = 0, mean = 0, wanted = 0, most = 0;
    const struct products products = {
        .layer = &g.layers[2], .n = READS, .by_vector = true, .x = x, .y = y};
    for (size_t k = 0; k < READS * 54; k++)
        x[k] = t->x_max;
    for (size_t k = 0; k < 378; k++)
        most = fmax(most, fabs(t->matrix->weights[k]));
    tiled_matrix_read(t, &products, energy);
    for (size_t r = 0; r < READS; r++)
        mean += y[r * 7] / READS;
    for (size_t r = 0; r < READS; r++)
        squares += (y[r * 7] - mean) * (y[r * 7] - mean) / (READS - 1);
    for (size_t i = 0; i < 54; i++) { /* of both devices, in units of w_max / span */
        const double share = fabs(t->matrix->weights[i]) / most, span = 180e-6;
        wanted += pow(20e-6 + span * share, 2) + pow(20e-6, 2);
    }
    wanted *= pow(0.03 * most * t->x_max / 180e-6, 2);
    ASSERT_NEAR(squares, wanted, 5 * sqrt(2.0 / READS) * wanted);
    inference_close(f);
    o.read_noise = 0;
    o.mapping.stuck_on = 1;
    f = calibrated(&g, &o, &set);
    const struct products one = {.layer = &g.layers[2], .n = 1, .by_vector = true, .x = x, .y = y};
    for (size_t k = 0; k < 54; k++)
        x[k] = f->layers[2]->x_max / 2;
    *energy = 0;
    tiled_matrix_read(f->layers[2], &one, energy);
    ASSERT_NEAR(*energy, 2 * 378 * 200e-6 * 0.15 * 0.15 * 1e-7, 1e-12 * *energy);
    inference_close(f);
    o.select_ohm = 5e3; /* as much again in each switch */
    f = calibrated(&g, &o, &set);
    *energy = 0;
    tiled_matrix_read(f->layers[2], &one, energy);
    ASSERT_NEAR(*energy, 2 * 378 * 100e-6 * 0.15 * 0.15 * 1e-7, 1e-12 * *energy);
    double heat = 0, selects = 0;
    for (size_t k = 0; k < f->layers[2]->n_pairs; k++) {
        const struct tile_energy e = tiled_matrix_energy(f->layers[2], k);
        heat += e.by_class[LINES_DEVICES];
        selects += e.by_class[LINES_SELECTS];
    }
    ASSERT_NEAR(heat, *energy / 2, 1e-12 * *energy);
    ASSERT_NEAR(selects, *energy / 2, 1e-12 * *energy);
    inference_close(f);
    free(x);
    free(y);
    free(energy);
    dopant_free(dopant);
    free(devices);
    data_set_free(&set);
    graph_free(&g);
}

/* What one vector's codes give and take: as voltages, bit by bit, and as times. */
struct coded {
    double y[7], energy;
    struct tile_energy by_class;
};

static struct coded read_coded(const struct graph *g, const struct data_set *set,
                               struct tile_options *o, enum tile_encoding encoding, const double *x)
{
    struct coded c = {{0}, 0, {{0}, 0}};
    o->encoding = encoding;
    struct inference *f = calibrated(g, o, set);
    struct tiled_matrix *t = f->layers[2];
    double scaled[54];
    for (size_t k = 0; k < 54; k++)
        scaled[k] = x[k] * t->x_max;
    const struct products p = {
        .layer = &g->layers[2], .n = 1, .by_vector = true, .x = scaled, .y = c.y};
    tiled_matrix_read(t, &p, &c.energy);
    for (size_t k = 0; k < t->n_pairs; k++) {
        const struct tile_energy e = tiled_matrix_energy(t, k);
        for (size_t i = 0; i < LINES_CLASSES; i++)
            c.by_class.by_class[i] += e.by_class[i];
        c.by_class.delivered += e.delivered;
    }
    inference_close(f);
    return c;
}

static double heat_of(const struct coded *c)
{
    double sum = 0;
    for (size_t i = 0; i < LINES_CLASSES; i++)
        sum += c->by_class.by_class[i];
    return sum;
}

/* Without converters of currents all encodings give the same results.  Reads of bits take the sum of binary
 * reads' energies, times that of binary reads between the ends of pulses: both by reads of amplitudes that
 * are 0 or 1. */
static void test_encodings(void **state)
{
    struct graph g = small_network();
    struct data_set set = random_set();
    struct tile_options o = plain;
    double x[54], binary[54];
    (void)state;
    o.form = (struct tile_form){.rows = 20, .columns = 4};
    o.row_ohm = o.column_ohm = 20;
    o.driver_ohm = o.sense_ohm = 50;
    o.dac_bits = 3;
    for (size_t k = 0; k < 54; k++)
        x[k] = (double)gsl_rng_uniform_int(rng, 8) / 7;
    const struct coded volts = read_coded(&g, &set, &o, ENCODING_AMPLITUDE, x),
                       bits = read_coded(&g, &set, &o, ENCODING_BITS, x),
                       widths = read_coded(&g, &set, &o, ENCODING_WIDTH, x);
    double of_bits = 0, of_widths = 0, sums[7] = {0};
    for (unsigned bit = 0; bit < 3; bit++) {
        for (size_t k = 0; k < 54; k++)
            binary[k] = (double)((unsigned)(7 * x[k] + 0.5) >> bit & 1);
        const struct coded one = read_coded(&g, &set, &o, ENCODING_AMPLITUDE, binary);
        of_bits += one.energy;
        for (size_t c = 0; c < 7; c++)
            sums[c] += ldexp(1, (int)bit) / 7 * one.y[c];
    }
    for (int level = 1; level < 8; level++) { /* the seventh that ends at this level */
        for (size_t k = 0; k < 54; k++)
            binary[k] = 7 * x[k] > level - 0.5;
        of_widths += read_coded(&g, &set, &o, ENCODING_AMPLITUDE, binary).energy / 7;
    }
    for (size_t c = 0; c < 7; c++) {
        ASSERT_NEAR(bits.y[c], volts.y[c], 1e-12 * 54);
        ASSERT_NEAR(bits.y[c], sums[c], 1e-12 * 54);
        ASSERT_NEAR(widths.y[c], volts.y[c], 1e-13 * 54);
    }
    ASSERT_NEAR(bits.energy, of_bits, 1e-12 * of_bits);
    ASSERT_NEAR(widths.energy, of_widths, 1e-12 * of_widths);
    ASSERT_NEAR(heat_of(&bits), bits.energy, 1e-12 * of_bits);
    ASSERT_NEAR(heat_of(&widths), widths.energy, 1e-12 * of_widths);
    assert_true(volts.energy < widths.energy && widths.energy < bits.energy);
    data_set_free(&set);
    graph_free(&g);
}

/* Biases in rows of their own: in the conv layer, of two groups, and by vector; all scales, two phases, tiles
 * that hold biases alone. */
static void test_biases(void **state)
{
    struct graph g = small_network();
    struct data_set set = random_set();
    double wanted[IMAGES * 7], seen[IMAGES * 7];
    struct matrix_layer *full = matrix_layer_of(&g.layers[2]);
    (void)state;
    full->bias = draw(7, -1);
    graph_evaluate(&g, IMAGES, set.numbers, wanted, NULL);
    for (size_t n = 0; n < 24; n++) {
        struct tile_options o = plain;
        o.form = (struct tile_form){.rows = n % 2 ? 18 : 64, .columns = 4, .bias_rows = 3};
        o.scale = (enum tile_share)(n / 2 % 3);
        o.encoding = n / 6 % 2 ? ENCODING_BITS : ENCODING_AMPLITUDE;
        o.dac_bits = n / 6 % 2 ? 24 : 0;
        o.form.subtract = n / 12 ? TILE_DIGITAL : TILE_ANALOG;
        struct inference *f = calibrated(&g, &o, &set);
        const struct multiplier tiles = {read_all, f};
        graph_evaluate(&g, IMAGES, set.numbers, seen, &tiles);
        for (size_t k = 0; k < COUNT(seen); k++)
            ASSERT_NEAR(seen[k], wanted[k], n / 6 % 2 ? 1e-4 : 1e-11);
        assert_int_equal(f->layers[0]->rows, 21);
        assert_int_equal(f->layers[0]->row_tiles, n % 2 ? 2 : 1);
        assert_true(tiled_matrix_energy(f->layers[0], f->layers[0]->n_pairs - 1).delivered > 0);
        inference_close(f);
    }
    full->bias[3] = 1e3; /* more than the largest weight by more than X */
    struct tile_options o = plain;
    struct inference *f;
    struct error error = {{0}};
    const struct inference_images images = images_of(&set);
    o.form.bias_rows = 1;
    ASSERT_DONE(inference_open(&g, &o, first, &quiet, &f, &error), error);
    assert_int_equal(inference_calibrate(f, &images, &quiet, &error), STATUS_INPUT);
    assert_non_null(strstr(error.text, "tile.bias_rows"));
    inference_close(f);
    data_set_free(&set);
    graph_free(&g);
}

/* Over all reads: images, tiles and classes add up to the same energy. */
static void test_energy(void **state)
{
    struct graph g = small_network();
    struct data_set set = random_set();
    const struct inference_images images = images_of(&set);
    struct tile_options o = plain;
    struct inference_result r;
    struct error error = {{0}};
    (void)state;
    o.form = (struct tile_form){.rows = 10, .columns = 4, .fill = TILE_PAD};
    o.row_ohm = o.column_ohm = 20;
    o.driver_ohm = o.sense_ohm = 50;
    o.select_ohm = 500;
    o.open_rows = o.open_columns = 0.1;
    o.dac_bits = o.adc.bits = 8;
    struct inference *f = calibrated(&g, &o, &set);
    uint32_t by_float[IMAGES];
    ASSERT_DONE(inference_by_float(&g, &images, &quiet, by_float, &error), error);
    ASSERT_DONE(inference_run(f, &images, by_float, &quiet, &r, &error), error);
    double by_image = 0, by_tile = 0, by_class = 0, conversions = 0;
    for (size_t k = 0; k < r.n; k++)
        by_image += r.energy[k];
    for (size_t l = 0; l < g.n_layers; l++)
        for (size_t k = 0; f->layers[l] && k < f->layers[l]->n_pairs; k++) {
            const struct tile_energy e = tiled_matrix_energy(f->layers[l], k);
            by_tile += e.delivered;
            for (size_t c = 0; c < LINES_CLASSES; c++) {
                assert_true(e.by_class[c] > 0);
                by_class += e.by_class[c];
            }
            conversions += f->layers[l]->pairs[k].converted;
        }
    ASSERT_NEAR(by_image, by_tile, 1e-12 * by_tile);
    ASSERT_NEAR(by_class, by_tile, 1e-12 * by_tile);
    /* 2 groups x 9 reads x 2 rows of tiles x 3 columns, 6 rows of tiles x 7 columns */
    ASSERT_NEAR(conversions, IMAGES * (108 + 42), 0);
    inference_result_free(&r);
    inference_close(f);
    data_set_free(&set);
    graph_free(&g);
}

/* What shares a range: all of a layer, nothing, or the columns of a tile. */
static void test_ranges(void **state)
{
    struct graph g = small_network();
    struct data_set set = random_set();
    (void)state;
    for (int share = SHARE_LAYER; share <= SHARE_TILE; share++) {
        struct tile_options o = plain;
        o.form = (struct tile_form){.rows = 30, .columns = 4};
        o.adc.bits = 24;
        o.adc.per = (enum tile_share)share;
        struct inference *f = calibrated(&g, &o, &set);
        const struct tiled_matrix *t = f->layers[2];
        size_t different = 0;
        for (size_t k = 1; k < 14; k++)
            different += t->range[k] < t->range[k - 1] || t->range[k] > t->range[k - 1];
        /* one range; 14 columns; 4 tiles */
        assert_int_equal(different, share == SHARE_LAYER ? 0 : share == SHARE_COLUMN ? 13 : 3);
        inference_close(f);
    }
    data_set_free(&set);
    graph_free(&g);
}

static void test_mapping(void **state)
{
    const struct tile_mapping ideal = {.g_min = 10e-6, .g_max = 110e-6, .tolerance = 0.5},
                              levels = {.g_min = 10e-6, .g_max = 110e-6, .levels = 5},
                              error = {.mode = MAP_ERROR, .tolerance = 0.05};
    double least = 1, most = 0, sum = 0;
    (void)state;
    ASSERT_NEAR(tile_conductance(&ideal, 0.3), 40e-6, 1e-18);
    /* 10, 35, 60, 85, 110 uS */
    ASSERT_NEAR(tile_conductance(&levels, 0.12), 10e-6, 1e-18);
    ASSERT_NEAR(tile_conductance(&levels, 0.13), 35e-6, 1e-18);
    ASSERT_NEAR(tile_conductance(&levels, 1), 110e-6, 1e-18);
    for (int k = 0; k < 20000; k++) {
        const double part = tile_programmed(&error, 60e-6, rng) / 60e-6 - 1;
        least = fmin(least, part);
        most = fmax(most, part);
        sum += part * part;
    }
    /* uniform in +-0.05: its ends are reached to 20 in 20,000, its variance is 0.05^2 / 3, known to 1 % */
    assert_true(least >= -0.05 && least < -0.0499 && most <= 0.05 && most > 0.0499);
    ASSERT_NEAR(sum / 20000, 0.0025 / 3, 0.04 * 0.0025 / 3);
}

/* Inputs of both signs: refused, or the network as it is by two reads, whose energies add. */
static void test_signed(void **state)
{
    struct graph g = small_network();
    struct data_set set = random_set();
    const struct inference_images images = images_of(&set);
    struct tile_options o = plain;
    struct inference *f;
    struct error error = {{0}};
    double wanted[IMAGES * 7], seen[IMAGES * 7];
    (void)state;
    set.numbers[17] = -0.5;
    ASSERT_DONE(inference_open(&g, &o, first, &quiet, &f, &error), error);
    assert_int_equal(inference_calibrate(f, &images, &quiet, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "layer 'conv' (Conv): inputs down to -0.5");
    inference_close(f);
    for (size_t k = 0; k < IMAGES * 100; k++)
        set.numbers[k] -= k % 3 == 0 ? 0.7 : 0;
    o.sign = SIGNED_TWO_PHASES;
    o.form.rows = 7;
    graph_evaluate(&g, IMAGES, set.numbers, wanted, NULL);
    f = calibrated(&g, &o, &set);
    assert_int_equal(f->layers[0]->phases, 2);
    assert_int_equal(f->layers[2]->phases, 1); /* behind Relu */
    const struct multiplier tiles = {read_all, f};
    graph_evaluate(&g, IMAGES, set.numbers, seen, &tiles);
    for (size_t k = 0; k < COUNT(seen); k++)
        ASSERT_NEAR(seen[k], wanted[k], 1e-12 * 54);
    /* ideal lines take the same whatever the signs are */
    double energy[2], flat[100];
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < 100; i++)
            flat[i] = k == 0 ? set.numbers[i] : fabs(set.numbers[i]);
        memset(f->energy, 0, f->batch * sizeof *f->energy);
        double y[54];
        const struct evaluation e = {
            .images = 1, .inputs = (const double *[]){flat}, .output = y, .multiplier = &tiles};
        g.layers[0].type->evaluate(&g.layers[0], &e);
        energy[k] = f->energy[0];
    }
    ASSERT_NEAR(energy[0], energy[1], 1e-12 * energy[1]);
    inference_close(f);
    data_set_free(&set);
    graph_free(&g);
}

/* Sums of products of codes are whole numbers: exact, whatever the signs, in both layouts, and where each
 * product is the largest. */
static void test_codes(void **state)
{
    enum { N = 7, K = 600, LAST = 255 };
    double upright[K * N], across[N * K];
    float *room = NEW((K + N) * N, float);
    (void)state;
    assert_int_equal(matrix_exact_codes(LAST), 258);
    for (size_t round = 0; round < 3; round++) {
        int code[K * N];
        for (size_t k = 0; k < K * N; k++) {
            code[k] = round == 0   ? LAST
                      : round == 1 ? (int)gsl_rng_uniform_int(rng, LAST + 1)
                                   : (int)gsl_rng_uniform_int(rng, 2 * LAST + 1) - LAST;
            upright[k] = across[k % N * K + k / N] = (double)code[k] / LAST;
        }
        const struct matrix_view views[] = {{upright, N, false}, {across, K, true}};
        for (size_t v = 0; v < 2; v++) {
            double c[N * N];
            for (size_t k = 0; k < N * N; k++)
                c[k] = 77;
            const struct matrix_square square = {K, N, (double)LAST * LAST, c, N};
            matrix_add_square_of_codes(&views[v], LAST, &square, room);
            for (size_t i = 0; i < N; i++)
                for (size_t j = 0; j < N; j++) {
                    long sum = 77;
                    for (size_t k = 0; k < K && j >= i; k++)
                        sum += (long)code[k * N + i] * code[k * N + j];
                    ASSERT_NEAR(c[i * N + j], (double)sum, 0);
                }
        }
    }
    free(room);
}

static void evaluate_all(const struct graph *g, size_t layer, size_t images, const double **inputs,
                         double *output)
{
    const struct evaluation e = {.images = images, .inputs = inputs, .output = output};
    g->layers[layer].type->evaluate(&g->layers[layer], &e);
}

static size_t append(struct graph *g, const struct layer_type *type, void *data, size_t n,
                     const size_t *inputs, size_t size)
{
    const struct layer_plan plan = {.type = type,
                                    .data = data,
                                    .name = memory_string(type->name),
                                    .op_type = memory_string(type->name),
                                    .n_inputs = n,
                                    .inputs = inputs,
                                    .shape = {1, {size}}};
    return graph_layer(g, &plan);
}

/* More images than are evaluated together before the full layer, and values that live on: as each layer
 * gives them when every value has an array of its own. */
static void test_room(void **state)
{
    enum { MANY = 500 };
    struct graph g = small_network(); /* convolution, curve, full; values 0 to 3 */
    struct concat_layer *concat = NEW(1, struct concat_layer);
    struct curve_layer *last = NEW(1, struct curve_layer);
    double *in = draw(MANY * 100, -1), *a = NEW(MANY * 54, double), *b = NEW(MANY * 54, double),
           *c = NEW(MANY * 7, double), *d = NEW(MANY * 115, double), *out = NEW(MANY * 115, double);
    (void)state;
    *concat = (struct concat_layer){1, NEW(3, size_t)};
    concat->inner[0] = concat->inner[2] = 54;
    concat->inner[1] = 7;
    *last = (struct curve_layer){.curve = CURVE_LEAKY, .size = 115, .low = 0.25};
    g.output = append(&g, &layer_concat, concat, 3, (size_t[]){1, 3, 2}, 115);
    g.output = append(&g, &layer_curve, last, 1, &g.output, 115);
    evaluate_all(&g, 0, MANY, (const double *[]){in}, a);
    evaluate_all(&g, 1, MANY, (const double *[]){a}, b);
    evaluate_all(&g, 2, MANY, (const double *[]){b}, c);
    evaluate_all(&g, 3, MANY, (const double *[]){a, c, b}, d);
    struct graph_room *room = graph_room_new(&g, MANY);
    for (size_t n = MANY; n > 0; n = n == MANY ? 3 : 0) { /* the room is used again */
        evaluate_all(&g, 2, n, (const double *[]){b}, c);
        evaluate_all(&g, 3, n, (const double *[]){a, c, b}, d);
        graph_room_evaluate(room, n, in, out, NULL);
        for (size_t k = 0; k < n * 115; k++)
            ASSERT_NEAR(out[k], d[k] > 0 ? d[k] : 0.25 * d[k], 0);
    }
    graph_room_free(room);
    graph_free(&g);
    double *const arrays[] = {in, a, b, c, d, out};
    for (size_t k = 0; k < COUNT(arrays); k++)
        free(arrays[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ideal),     cmocka_unit_test(test_read),
        cmocka_unit_test(test_encodings), cmocka_unit_test(test_biases),
        cmocka_unit_test(test_bent),      cmocka_unit_test(test_bent_devices),
        cmocka_unit_test(test_energy),    cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_mapping),   cmocka_unit_test(test_signed),
        cmocka_unit_test(test_codes),     cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
