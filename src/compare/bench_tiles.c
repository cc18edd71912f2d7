/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles: CPU time of this process on one thread [s], of one read, image or device; medians of rounds.
 *
 *     tile-read   4,096 reads of a tile of 64 x 64 with their energies by class, by its W and power forms, driven
 *                 by 8 bits, as the reads of one image are; against solutions by KLU's factors of the same equations, four at once
 *     tile-cnn    images through a convolutional network, 105,744 weights on tiles with 8-bit converters;
 *                 against the products of matrices of the same shapes alone, and the network without tiles
 *     tile-write  write and verify of all devices of a pair of 64 x 64 */
#include "base/clock.h"
#include "base/matrix/matrix.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/spice_number.h"
#include "base/statistics.h"
#include "compare/bench.h"
#include "compare/bench_klu.h"
#include "engine/lines/lines_forms.h"
#include "infer/converter.h"
#include "infer/inference.h"
#include "infer/layer/graph_room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 64
#define SEGMENT_OHM 2
#define G_MIN 20e-6
#define G_MAX 200e-6
#define READS 4096
#define READS_AT_ONCE 256 /* stay in the cache */
#define READS_KLU 512     /* so many are timed by KLU, and compared */
#define READ_VOLT 0.1
#define LAST_CODE 255 /* of drivers of 8 bits */
#define READ_TIME 1e-7
#define READ_TARGET 1e-11

#define IMAGES 10000
#define IMAGES_QUICK 1000
#define CALIBRATION 200
#define CONVERTER_BITS 8
#define CNN_SEGMENT_OHM 1

static double *uniform(gsl_rng *rng, size_t n, double low, double high)
{
    double *a = NEW(n, double);
    for (size_t k = 0; k < n; k++)
        a[k] = low + (high - low) * gsl_rng_uniform(rng);
    return a;
}

static gsl_rng *stream(const struct bench_options *o)
{
    return random_stream(o->inputs.training.seed, 0, RANDOM_INITIAL_STATE);
}

static enum status interrupted(const struct bench_options *o, struct error *error)
{
    return o->inputs.interrupted && *o->inputs.interrupted
               ? fail(error, STATUS_INTERRUPTED, "interrupted in %s", BENCH_TILES)
               : STATUS_OK;
}

/* ---------------------------------------------------------------------------------------- read */

struct reading_work {
    double *v, *current, *moments; /* READS x SIDE each, of V; SIDE x SIDE */
    float *room;                   /* of moments */
    double by_class[LINES_CLASSES];
};

/* All that reads give: currents of each, energies of all by class. */
static void read_all(const struct lines_forms *f, struct reading_work *w)
{
    const struct matrix_view columns = {f->w, SIDE, true};
    memset(w->moments, 0, SIDE * SIDE * sizeof *w->moments);
    for (size_t from = 0; from < READS; from += READS_AT_ONCE) {
        const struct matrix_view v = {w->v + from * SIDE, SIDE, false};
        const struct matrix_result current = {
            READS_AT_ONCE, SIDE, SIDE, READ_VOLT, 0, w->current + from * SIDE, SIDE};
        const struct matrix_square square = {READS_AT_ONCE, SIDE, READ_VOLT * READ_VOLT, w->moments,
                                             SIDE};
        matrix_multiply(&v, &columns, &current);
        matrix_add_square_of_codes(&v, LAST_CODE, &square, w->room);
    }
    matrix_mirror(SIDE, SIDE, w->moments);
    for (size_t class = 0; class < LINES_CLASSES; class ++)
        w->by_class[class] = READ_TIME * lines_forms_sum(SIDE, f->power[class], w->moments);
}

struct methods {
    size_t n;
    const char *circuit, *engines[3], *error_of; /* the first is the baseline */
    double error[3];
    struct bench_timing timing[3];
};

static void add_rows(const struct methods *m, struct table *rows)
{
    for (size_t k = 0; k < m->n; k++)
        bench_add_row(rows, &(struct bench_row){.circuit = m->circuit,
                                                .engine = m->engines[k],
                                                .baseline = m->engines[0],
                                                .error = m->error[k],
                                                .error_of = m->error_of,
                                                .timing = &m->timing[k],
                                                .baseline_timing = &m->timing[0],
                                                .target = m->error[k] > 0 ? READ_TARGET : 0,
                                                .model_error = NAN});
}

/* fractions[READS x SIDE]: of V, of which KLU has the volts. */
static enum status time_read(const struct bench_options *o, const struct lines_forms *f,
                             const struct bench_klu *klu, double *fractions, struct table *rows,
                             struct error *error)
{
    struct methods m = {.n = 2,
                        .circuit = "tile-read-64x64",
                        .engines = {"klu", "tile"},
                        .error_of = "worst current, from klu's"};
    struct reading_work w = {.v = fractions,
                             .current = NEW(READS * SIDE, double),
                             .moments = NEW(SIDE * SIDE, double),
                             .room = NEW((READS_AT_ONCE + SIDE) * SIDE, float)};
    double *current = NEW(READS_KLU * SIDE, double);
    enum status status = STATUS_OK;
    read_all(f, &w); /* its memory is there */
    for (size_t round = 0; round < BENCH_TIMINGS && status == STATUS_OK; round++) {
        double seconds = 0;
        bench_tell(o, "%s: reads, %zu", BENCH_TILES, round + 1);
        status = bench_klu_read(klu, current, &seconds, error);
        bench_add_timing(&m.timing[0], seconds);
        const double begin = clock_cpu();
        read_all(f, &w);
        bench_add_timing(&m.timing[1], (clock_cpu() - begin) / READS);
        if (status == STATUS_OK)
            status = interrupted(o, error);
    }
    for (size_t k = 0; k < READS_KLU * SIDE; k++)
        m.error[1] = fmax(m.error[1], fabs(w.current[k] - current[k]) / current[k]);
    if (status == STATUS_OK)
        add_rows(&m, rows);
    free(w.current);
    free(w.moments);
    free(w.room);
    free(current);
    return status;
}

static enum status bench_tile_read(const struct bench_options *o, struct table *rows,
                                   struct error *error)
{
    gsl_rng *rng = stream(o);
    struct bench_klu klu = {.side = SIDE, .vectors = READS_KLU, .ohm = SEGMENT_OHM};
    klu.g = uniform(rng, SIDE * SIDE, G_MIN, G_MAX);
    double *fractions = uniform(rng, READS * SIDE, 0, 1);
    dac_convert(CONVERTER_BITS, 1, READS * SIDE, fractions, fractions);
    klu.volts = NEW(READS_KLU * SIDE, double);
    for (size_t k = 0; k < READS_KLU * SIDE; k++)
        klu.volts[k] = READ_VOLT * fractions[k];
    gsl_rng_free(rng);
    const struct lines_array array = {.rows = SIDE,
                                      .columns = SIDE,
                                      .g = klu.g,
                                      .row_ohm = SEGMENT_OHM,
                                      .column_ohm = SEGMENT_OHM};
    struct lines_forms *f;
    enum status status = lines_forms_new(&array, true, &f, error);
    if (status == STATUS_OK)
        status = time_read(o, f, &klu, fractions, rows, error);
    lines_forms_free(f);
    free(klu.g);
    free(klu.volts);
    free(fractions);
    return status;
}

/* ----------------------------------------------------------------------------------------- CNN */

/* What follows each product of matrices: its shape, and a pool of 2 x 2 behind a convolution. */
static const struct stage {
    const char *name;
    size_t channels, side; /* of its input; side 1: a plain list */
    size_t columns;        /* channels of its output */
    bool convolution, last;
} stages[] = {{"conv1", 1, 28, 16, true, false},
              {"conv2", 16, 14, 32, true, false},
              {"fc1", 1568, 1, 64, false, false},
              {"fc2", 64, 1, 10, false, true}};
#define STAGES (sizeof stages / sizeof stages[0])

static size_t stage_rows(const struct stage *s)
{
    return s->convolution ? s->channels * 9 : s->channels;
}

static size_t append(struct graph *g, const struct layer_type *type, void *data, size_t value,
                     struct shape shape)
{
    const struct layer_plan plan = {.type = type,
                                    .data = data,
                                    .name = memory_string(type->name),
                                    .op_type = memory_string(type->name),
                                    .n_inputs = 1,
                                    .inputs = &value,
                                    .shape = shape};
    return graph_layer(g, &plan);
}

static size_t append_stage(struct graph *g, const struct stage *s, gsl_rng *rng, size_t value)
{
    const size_t rows = stage_rows(s), half = s->side / 2;
    const double reach = 1 / sqrt((double)rows);
    const struct window_axis axis = {s->side, s->side, 3, 1, 1, 1, 1},
                             pooled = {s->side, half, 2, 2, 1, 0, 0};
    struct matrix_layer *m = NEW(1, struct matrix_layer);
    struct curve_layer *relu = NEW(1, struct curve_layer);
    *m = (struct matrix_layer){.groups = 1,
                               .rows = rows,
                               .columns = s->columns,
                               .weights = uniform(rng, rows * s->columns, -reach, reach),
                               .reads = s->side * s->side,
                               .convolution = s->convolution,
                               .window = {s->channels, {axis, axis}}};
    *relu = (struct curve_layer){.curve = CURVE_RELU, .size = s->columns * s->side * s->side};
    const struct shape shape = s->convolution ? (struct shape){3, {s->columns, s->side, s->side}}
                                              : (struct shape){1, {s->columns}};
    value = append(g, &layer_matrix, m, value, shape);
    if (s->last) {
        free(relu);
        return value;
    }
    value = append(g, &layer_curve, relu, value, shape);
    if (!s->convolution)
        return value;
    struct pool_layer *pool = NEW(1, struct pool_layer);
    *pool = (struct pool_layer){.window = {s->columns, {pooled, pooled}}};
    return append(g, &layer_pool, pool, value, (struct shape){3, {s->columns, half, half}});
}

static struct graph make_network(gsl_rng *rng)
{
    struct graph g = {0};
    const struct shape image = {3, {1, 28, 28}}, flat = {1, {1568}};
    g.input = graph_value(&g, &image);
    size_t value = g.input;
    for (size_t k = 0; k < STAGES; k++) {
        if (!stages[k].convolution && stages[k - 1].convolution) {
            struct reshape_layer *reshape = NEW(1, struct reshape_layer);
            reshape->size = 1568;
            value = append(&g, &layer_reshape, reshape, value, flat);
        }
        value = append_stage(&g, &stages[k], rng, value);
    }
    g.output = value;
    return g;
}

/* The products alone, a convolution image by image and a full layer in batches, as the network has them;
 * seconds of an image. */
static double time_products(size_t images, size_t batch, gsl_rng *rng)
{
    double seconds = 0;
    for (size_t k = 0; k < STAGES; k++) {
        const struct stage *s = &stages[k];
        const size_t rows = stage_rows(s), n = s->convolution ? s->side * s->side : batch,
                     calls = s->convolution ? images : (images + batch - 1) / batch;
        double *w = uniform(rng, rows * s->columns, -1, 1), *x = uniform(rng, rows * n, 0, 1),
               *y = NEW(n * s->columns, double);
        const struct matrix_view weights = {w, rows, !s->convolution},
                                 inputs = {x, s->convolution ? n : rows, false};
        const struct matrix_result across = {s->columns, n, rows, 1, 0, y, n},
                                   along = {n, s->columns, rows, 1, 0, y, s->columns};
        const double begin = clock_cpu();
        for (size_t c = 0; c < calls; c++)
            if (s->convolution)
                matrix_multiply(&weights, &inputs, &across);
            else
                matrix_multiply(&inputs, &weights, &along);
        seconds += clock_cpu() - begin;
        free(w);
        free(x);
        free(y);
    }
    return seconds / (double)images;
}

/* The network in double precision, in the same batches; seconds of an image. */
static double time_double(const struct inference *f, const struct inference_images *images)
{
    const struct graph *g = f->graph;
    double *out = NEW(f->batch * g->values[g->output].size, double);
    struct graph_room *room = graph_room_new(g, f->batch);
    const double begin = clock_cpu();
    for (size_t first = 0; first < images->count; first += f->batch) {
        const size_t left = images->count - first, n = left < f->batch ? left : f->batch;
        graph_room_evaluate(room, n, images->set->numbers + first * images->set->size, out, NULL);
    }
    const double seconds = clock_cpu() - begin;
    graph_room_free(room);
    free(out);
    return seconds / (double)images->count;
}

static struct tile_options cnn_options(const struct bench_options *o)
{
    const struct dopant *d = o->inputs.training.classifier.dopant;
    return (struct tile_options){.form = {.rows = SIDE, .columns = SIDE},
                                 .mapping = {.g_min = d->g_min, .g_max = d->g_max},
                                 .row_ohm = CNN_SEGMENT_OHM,
                                 .column_ohm = CNN_SEGMENT_OHM,
                                 .volt = READ_VOLT,
                                 .dac_bits = CONVERTER_BITS,
                                 .adc = {.bits = CONVERTER_BITS, .every = 1},
                                 .read_time = READ_TIME};
}

static enum status time_network(const struct bench_options *o, struct inference *f,
                                const struct inference_images *images, gsl_rng *rng,
                                struct methods *m, struct error *error)
{
    static const struct inference_watch quiet;
    uint32_t *known = NEW(images->count, uint32_t);
    enum status status = STATUS_OK;
    for (size_t round = 0; round < BENCH_TIMINGS && status == STATUS_OK; round++) {
        struct inference_result result = {0};
        bench_tell(o, "%s: images, %zu", BENCH_TILES, round + 1);
        bench_add_timing(&m->timing[0], time_products(images->count, f->batch, rng));
        bench_add_timing(&m->timing[1], time_double(f, images));
        const double begin = clock_cpu();
        status = inference_run(f, images, known, &quiet, &result, error);
        bench_add_timing(&m->timing[2], (clock_cpu() - begin) / (double)images->count);
        inference_result_free(&result);
        if (status == STATUS_OK)
            status = interrupted(o, error);
    }
    free(known);
    return status;
}

static enum status bench_tile_cnn(const struct bench_options *o, struct table *rows,
                                  struct error *error)
{
    static const struct inference_watch quiet;
    const struct tile_options options = cnn_options(o);
    struct methods m = {.n = 3,
                        .circuit = "tile-cnn",
                        .engines = {"products", "network", "tiles"},
                        .error_of = "not compared: converters"};
    gsl_rng *rng = stream(o);
    struct graph g = make_network(rng);
    struct data_set set = {
        .n = o->quick ? IMAGES_QUICK : IMAGES, .n_dims = 3, .dims = {1, 28, 28}, .size = 784};
    set.numbers = uniform(rng, set.n * set.size, 0, 1);
    const struct inference_images all = {&set, {.scale = 1}, set.n},
                                  some = {&set, {.scale = 1}, CALIBRATION};
    struct inference *f = NULL;
    const struct random_sample sample = {o->inputs.training.seed, 0};
    enum status status = inference_open(&g, &options, sample, &quiet, &f, error);
    if (status == STATUS_OK)
        status = inference_calibrate(f, &some, &quiet, error);
    if (status == STATUS_OK)
        status = time_network(o, f, &all, rng, &m, error);
    if (status == STATUS_OK)
        add_rows(&m, rows);
    if (f)
        inference_close(f);
    data_set_free(&set);
    graph_free(&g);
    gsl_rng_free(rng);
    return status;
}

/* --------------------------------------------------------------------------------------- write */

static enum status time_write(const struct bench_options *o, const struct tile_writing *w,
                              const struct tile_task *task, struct bench_timing *timing,
                              struct error *error)
{
    const size_t n = 2 * task->array.rows * task->array.columns;
    enum status status = STATUS_OK;
    for (size_t round = 0; round < BENCH_TIMINGS && status == STATUS_OK; round++) {
        struct tile_programming *done[2] = {NULL, NULL};
        bench_tell(o, "%s: devices, %zu", BENCH_TILES, round + 1);
        const double begin = clock_cpu();
        status = tile_pair_program(w, task, done, error);
        bench_add_timing(timing, (clock_cpu() - begin) / (double)n);
        tile_programming_free(done[0]);
        tile_programming_free(done[1]);
        if (status == STATUS_OK)
            status = interrupted(o, error);
    }
    return status;
}

static enum status bench_tile_write(const struct bench_options *o, struct table *rows,
                                    struct error *error)
{
    const struct dopant *d = o->inputs.training.classifier.dopant;
    struct tile_writing w = tile_writing_defaults();
    struct bench_timing timing = {0};
    gsl_rng *rng = stream(o);
    w.g_min = d->g_min;
    w.g_max = d->g_max;
    w.volt = READ_VOLT;
    double *wanted[2] = {uniform(rng, SIDE * SIDE, w.g_min, w.g_max),
                         uniform(rng, SIDE * SIDE, w.g_min, w.g_max)};
    const struct tile_task task = {.array = {.rows = SIDE,
                                             .columns = SIDE,
                                             .row_ohm = CNN_SEGMENT_OHM,
                                             .column_ohm = CNN_SEGMENT_OHM},
                                   .sample = {o->inputs.training.seed, 0},
                                   .wanted = {wanted[0], wanted[1]}};
    gsl_rng_free(rng);
    enum status status = tile_writing_open(&w, o->inputs.training.classifier.switches, d,
                                           TEMPERATURE_NOMINAL, error);
    if (status == STATUS_OK)
        status = time_write(o, &w, &task, &timing, error);
    if (status == STATUS_OK)
        bench_add_row(rows, &(struct bench_row){.circuit = "tile-write-64x64",
                                                .engine = "tiles",
                                                .baseline = "tiles",
                                                .error_of = "not compared",
                                                .timing = &timing,
                                                .baseline_timing = &timing,
                                                .model_error = NAN});
    free(wanted[0]);
    free(wanted[1]);
    return status;
}

enum status bench_tiles(const struct bench_options *o, struct table *rows, struct error *error)
{
    enum status status = bench_tile_read(o, rows, error);
    if (status == STATUS_OK)
        status = bench_tile_cnn(o, rows, error);
    if (status == STATUS_OK)
        status = bench_tile_write(o, rows, error);
    return status;
}
