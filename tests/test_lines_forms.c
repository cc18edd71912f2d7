/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Crossbars as one linear element: an exact answer, the static solver with its own method, closed forms
 * where resistances are 0, powers that add up, and reads one by one. */
#include "base/random.h"
#include "engine/lines/lines_forms.h"
#include "engine/lines/lines_power.h"
#include "testing.h"

static gsl_rng *rng;

static int set_up(void **state)
{
    (void)state;
    rng = random_stream(11, 0, RANDOM_TEST);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

static struct lines_forms *forms_of(const struct lines_array *a)
{
    struct lines_forms *f;
    struct error error = {{0}};
    ASSERT_DONE(lines_forms_new(a, true, &f, &error), error);
    return f;
}

/* 20 to 200 uS, evenly. */
static double *random_devices(size_t n)
{
    double *g = NEW(n, double);
    for (size_t k = 0; k < n; k++)
        g[k] = 20e-6 + 180e-6 * gsl_rng_uniform(rng);
    return g;
}

static double form_of(const struct lines_forms *f, const double *form, const double *v)
{
    double sum = 0;
    for (size_t i = 0; i < f->rows; i++)
        for (size_t k = 0; k < f->rows; k++)
            sum += v[i] * form[i * f->rows + k] * v[k];
    return sum;
}

/* By rational arithmetic, rounded: currents, W, and powers of each class. */
static void test_exact(void **state)
{
    static const double g[] = {100e-6, 20e-6, 55e-6, 35e-6, 80e-6, 10e-6,
                               60e-6,  45e-6, 90e-6, 15e-6, 70e-6, 25e-6};
    static const double v[] = {0.1, 0.05, 0, 0.2};
    static const double currents[] = {1.454748641208161e-05, 1.977128412196318e-05,
                                      1.086686619558194e-05};
    static const double drivers[] = {1.727124053239244e-05, 6.152992558692706e-06,
                                     -6.681012208550551e-08, 2.182821376062710e-05};
    static const double w[4][3] = {{9.849878742264e-05, 1.970573360233e-05, 5.422349401167e-05},
                                   {3.457464104296e-05, 7.902221630087e-05, 9.887565045921e-06},
                                   {5.908112472338e-05, 4.430045137764e-05, 8.865139555396e-05},
                                   {1.484437808834e-05, 6.924799973344e-05, 2.475069271059e-05}};
    static const double power[LINES_CLASSES] = {[LINES_DEVICES] = 6.339001638014856e-06,
                                                [LINES_ROW_SEGMENTS] = 2.593601904546937e-09,
                                                [LINES_DRIVERS] = 4.063152232635632e-08,
                                                [LINES_COLUMN_SEGMENTS] = 3.777234700462952e-09,
                                                [LINES_SENSES] = 1.441243635307548e-08};
    const struct lines_array a = {.rows = 4,
                                  .columns = 3,
                                  .g = g,
                                  .row_ohm = 2,
                                  .column_ohm = 3,
                                  .driver_ohm = 50,
                                  .sense_ohm = 20};
    (void)state;
    struct lines_forms *f = forms_of(&a);
    for (size_t j = 0; j < 3; j++) {
        double sum = 0;
        for (size_t i = 0; i < 4; i++) {
            ASSERT_NEAR(f->w[j * 4 + i], w[i][j], 1e-12 * w[i][j]);
            sum += f->w[j * 4 + i] * v[i];
        }
        ASSERT_NEAR(sum, currents[j], 1e-14 * currents[j]);
    }
    for (size_t i = 0; i < 4; i++) {
        double sum = 0;
        for (size_t k = 0; k < 4; k++)
            sum += f->y[i * 4 + k] * v[k];
        /* row 3's is a difference of terms 100 times as large */
        ASSERT_NEAR(sum, drivers[i], 1e-14 * drivers[3]);
    }
    ASSERT_NEAR(form_of(f, f->y, v), 6.400416433299298e-06, 1e-14 * 6.4e-6);
    for (size_t k = 0; k < LINES_CLASSES; k++)
        ASSERT_NEAR(form_of(f, f->power[k], v), power[k], 1e-12 * power[k]);
    lines_forms_free(f);
}

static const struct lines_array shapes[] = {
    {.rows = 1, .columns = 1, .row_ohm = 2, .column_ohm = 3, .driver_ohm = 4, .sense_ohm = 5},
    {.rows = 1, .columns = 9, .row_ohm = 2, .column_ohm = 2},
    {.rows = 9, .columns = 1, .row_ohm = 2, .column_ohm = 2, .sense_ohm = 100},
    {.rows = 9, .columns = 16, .row_ohm = 1, .column_ohm = 1},
    {.rows = 64, .columns = 10, .row_ohm = 5, .column_ohm = 1, .driver_ohm = 100, .sense_ohm = 100},
    {.rows = 33, .columns = 31, .row_ohm = 500, .column_ohm = 20, .driver_ohm = 1000},
    {.rows = 12, .columns = 12, .row_ohm = 0, .column_ohm = 7, .driver_ohm = 10},
    {.rows = 12, .columns = 12, .row_ohm = 7, .column_ohm = 0, .sense_ohm = 10},
    {.rows = 12, .columns = 12, .driver_ohm = 10, .sense_ohm = 10},
    {.rows = 12, .columns = 12, .row_ohm = 1e-9, .column_ohm = 1e-9},
    {.rows = 64, .columns = 64, .row_ohm = 2, .column_ohm = 2},
};

/* The static solver's W, by conjugate gradients, whose currents come with a bound of their error. */
static void test_solver(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(shapes); n++) {
        struct lines_array a = shapes[n];
        struct lines_reader *reader;
        struct error error = {{0}};
        a.g = random_devices(a.rows * a.columns);
        struct lines_forms *f = forms_of(&a);
        double *unit = NEW(a.rows * a.rows, double), *current = NEW(a.rows * a.columns, double),
               *bound = NEW(a.rows * a.columns, double);
        for (size_t i = 0; i < a.rows; i++)
            unit[i * a.rows + i] = 1;
        struct lines_answer answer = {.current = current, .bound = bound};
        ASSERT_DONE(lines_reader_new(&a, LINES_GRADIENTS, a.rows, false, &reader, &error), error);
        ASSERT_DONE(lines_solve_many(reader, a.rows, unit, 1e-12, &answer, &error), error);
        for (size_t i = 0; i < a.rows; i++)
            for (size_t j = 0; j < a.columns; j++) {
                const double w = f->w[j * a.rows + i];
                /* lines of 1e-9 ohm are beyond what gradients can tell to 1e-11 */
                const double b = a.row_ohm > 0 && a.row_ohm < 1e-6 ? bound[i * a.columns + j] : 0;
                assert_true(w > 0);
                ASSERT_NEAR(w, current[i * a.columns + j], 1e-11 * w + b);
            }
        lines_reader_free(reader);
        lines_forms_free(f);
        free(unit);
        free(current);
        free(bound);
        free((void *)(uintptr_t)a.g);
    }
}

/* What drivers deliver is what all classes turn into heat, entry by entry of the forms. */
static void test_sum(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(shapes); n++) {
        struct lines_array a = shapes[n];
        a.g = random_devices(a.rows * a.columns);
        struct lines_forms *f = forms_of(&a);
        double most = 0;
        for (size_t k = 0; k < a.rows * a.rows; k++)
            most = fmax(most, fabs(f->y[k]));
        for (size_t k = 0; k < a.rows * a.rows; k++) {
            double sum = 0;
            for (size_t c = 0; c < LINES_CLASSES; c++)
                sum += f->power[c][k];
            ASSERT_NEAR(sum, f->y[k], 1e-13 * most);
        }
        /* a class without resistance turns nothing into heat */
        for (size_t k = 0; k < a.rows * a.rows; k++)
            if (!(a.row_ohm > 0))
                ASSERT_NEAR(f->power[LINES_ROW_SEGMENTS][k], 0, 0);
        lines_forms_free(f);
        free((void *)(uintptr_t)a.g);
    }
}

/* Ideal lines: W is the devices', and each form a sum of squares known by hand. */
static void test_ideal(void **state)
{
    struct lines_array a = {.rows = 5, .columns = 4};
    (void)state;
    a.g = random_devices(20);
    struct lines_forms *f = forms_of(&a);
    for (size_t i = 0; i < 5; i++) {
        double sum = 0;
        for (size_t j = 0; j < 4; j++) {
            ASSERT_NEAR(f->w[j * 5 + i], a.g[i * 4 + j], 0);
            sum += a.g[i * 4 + j];
        }
        for (size_t k = 0; k < 5; k++) {
            ASSERT_NEAR(f->y[i * 5 + k], i == k ? sum : 0, 1e-15 * sum);
            ASSERT_NEAR(f->power[LINES_DEVICES][i * 5 + k], i == k ? sum : 0, 1e-15 * sum);
        }
    }
    lines_forms_free(f);
    /* drivers of R alone: column currents divide by 1 + R times the row's sum */
    a.driver_ohm = 1000;
    f = forms_of(&a);
    for (size_t i = 0; i < 5; i++) {
        double sum = 0;
        for (size_t j = 0; j < 4; j++)
            sum += a.g[i * 4 + j];
        const double part = 1 / (1 + 1000 * sum), current = sum * part;
        for (size_t j = 0; j < 4; j++)
            ASSERT_NEAR(f->w[j * 5 + i], a.g[i * 4 + j] * part, 1e-15 * a.g[i * 4 + j]);
        ASSERT_NEAR(f->power[LINES_DRIVERS][i * 6], 1000 * current * current, 1e-14 * current);
    }
    lines_forms_free(f);
    free((void *)(uintptr_t)a.g);
}

/* 1,000 random reads of a 64 x 64 array: powers one by one, by the static solver, and their mean by
 * one form each. */
static void test_reads(void **state)
{
    enum { READS = 1000, M = 64 };
    struct lines_array a = {
        .rows = M, .columns = M, .row_ohm = 2, .column_ohm = 2, .driver_ohm = 50, .sense_ohm = 50};
    struct error error = {{0}};
    struct lines_reader *reader;
    (void)state;
    a.g = random_devices(M * M);
    struct lines_forms *f = forms_of(&a);
    double *v = NEW(READS * M, double), *c = NEW(M * M, double), *current = NEW(M, double),
           *bound = NEW(M, double), *row = NEW(M * M, double), *column = NEW(M * M, double),
           *device = NEW(M * M, double), sum[LINES_CLASSES] = {0}, delivered = 0;
    ASSERT_DONE(lines_reader_new(&a, LINES_ELIMINATION, READS, true, &reader, &error), error);
    for (size_t r = 0; r < READS; r++) {
        double *volts = v + r * M;
        for (size_t i = 0; i < M; i++)
            volts[i] = gsl_rng_uniform(rng) < 0.3 ? 0 : 0.1 * gsl_rng_uniform(rng);
        struct lines_answer answer = {current, bound, row, column, 0};
        ASSERT_DONE(lines_solve_many(reader, 1, volts, 1e-12, &answer, &error), error);
        for (size_t k = 0; k < M * M; k++)
            device[k] = a.g[k] * (row[k] - column[k]);
        struct lines_power p;
        lines_power(&a, volts, row, column, device, &p);
        const double single[LINES_CLASSES] = {[LINES_DEVICES] = p.devices,
                                              [LINES_ROW_SEGMENTS] = p.row_lines,
                                              [LINES_DRIVERS] = p.drivers,
                                              [LINES_COLUMN_SEGMENTS] = p.column_lines,
                                              [LINES_SENSES] = p.senses};
        for (size_t k = 0; k < LINES_CLASSES; k++) {
            sum[k] += single[k];
            if (r % 100 == 0)
                ASSERT_NEAR(form_of(f, f->power[k], volts), single[k], 1e-12 * single[k]);
        }
        delivered += p.delivered;
        for (size_t i = 0; i < M; i++)
            for (size_t k = 0; k < M; k++)
                c[i * M + k] += volts[i] * volts[k];
    }
    double heat = 0;
    for (size_t k = 0; k < LINES_CLASSES; k++) {
        ASSERT_NEAR(lines_forms_sum(M, f->power[k], c), sum[k], 1e-12 * sum[k]);
        heat += lines_forms_sum(M, f->power[k], c);
    }
    ASSERT_NEAR(lines_forms_sum(M, f->y, c), delivered, 1e-12 * delivered);
    ASSERT_NEAR(heat, delivered, 1e-12 * delivered);
    lines_reader_free(reader);
    lines_forms_free(f);
    double *const all[] = {v, c, current, bound, row, column, device};
    for (size_t k = 0; k < COUNT(all); k++)
        free(all[k]);
    free((void *)(uintptr_t)a.g);
}

static void test_refused(void **state)
{
    const double g[] = {1e-6, -1e-6};
    struct lines_array a = {.rows = 1, .columns = 2, .g = g};
    struct lines_forms *f;
    struct error error = {{0}};
    (void)state;
    assert_int_equal(lines_forms_new(&a, true, &f, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "row 1, column 2: conductance is -1e-06 S");
    assert_null(f);
}

/* Lines without driver or sense, and switches in series with devices, against the static solver with the grounds
 * that are left. */
static void assert_open(const struct lines_array *a, double switch_ohm)
{
    const size_t m = a->rows, n = a->columns, cells = m * n;
    double *grounds[2] = {NEW(cells, double), NEW(cells, double)}, *source = NEW(cells, double),
           *row = NEW(cells, double), *column = NEW(cells, double), *device = NEW(cells, double),
           *part = NEW(cells, double), *g = NEW(cells, double), volts[16], selects = 0;
    for (size_t i = 0; i < m; i++) {
        volts[i] = a->row_open[i] ? 0 : gsl_rng_uniform(rng) - 0.3;
        grounds[0][i * n] = a->row_open[i] ? 0 : 1 / (a->driver_ohm + a->row_ohm);
        source[i * n] = volts[i] * grounds[0][i * n];
    }
    for (size_t j = 0; j < n; j++)
        grounds[1][(m - 1) * n + j] = a->column_open[j] ? 0 : 1 / (a->sense_ohm + a->column_ohm);
    for (size_t k = 0; k < cells; k++) {
        g[k] = a->g[k] / (1 + a->g[k] * switch_ohm);
        part[k] = g[k] / a->g[k];
    }
    struct lines_array reduced = *a;
    reduced.g = g;
    reduced.part = part;
    struct lines *lines = lines_new(m, n, a->row_ohm, a->column_ohm);
    const struct lines_problem p = {
        .g = g, .row_ground = grounds[0], .column_ground = grounds[1], .row_source = source};
    const struct lines_voltages v = {row, column};
    struct lines_report report;
    struct error error = {{0}};
    ASSERT_DONE(lines_solve(lines, &p, 1e-13, &v, &report, &error), error);
    for (size_t k = 0; k < cells; k++) {
        device[k] = g[k] * (row[k] - column[k]);
        selects += switch_ohm * device[k] * device[k];
    }
    struct lines_power power;
    lines_power(a, volts, row, column, device, &power);
    struct lines_forms *f = forms_of(&reduced);
    for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t i = 0; i < m; i++)
            sum += f->w[j * m + i] * volts[i];
        ASSERT_NEAR(sum,
                    a->column_open[j] ? 0 : column[(m - 1) * n + j] * grounds[1][(m - 1) * n + j],
                    1e-16);
    }
    const double expected[] = {power.devices - selects, power.row_lines, power.drivers,
                               power.column_lines,      power.senses,    selects};
    for (size_t k = 0; k < COUNT(expected); k++)
        ASSERT_NEAR(form_of(f, f->power[k], volts), expected[k], 1e-9 * power.delivered);
    ASSERT_NEAR(form_of(f, f->y, volts), power.delivered, 1e-10 * power.delivered);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < m && a->row_open[i]; k++)
            assert_true(fabs(f->y[i * m + k]) < 1e-17 && fabs(f->w[k % n * m + i]) <= 0);
    lines_forms_free(f);
    lines_free(lines);
    double *const all[] = {grounds[0], grounds[1], source, row, column, device, part, g};
    for (size_t k = 0; k < COUNT(all); k++)
        free(all[k]);
}

/* Open lines at the limits of their formulas: a column without line and sense resistance is as one behind
 * 1e-7 ohm, a part 1e-7 of its currents' resistances of 1 ohm and more; and an open row all of whose devices
 * are 0 S carries nothing, and the others what they carry without it. */
static void test_open_limits(void **state)
{
    static const size_t sides[][2] = {{3, 4}, {4, 3}};
    (void)state;
    for (size_t n = 0; n < COUNT(sides); n++) {
        const size_t rows = sides[n][0], columns = sides[n][1];
        double *g = random_devices(rows * columns);
        const bool column_open[4] = {false, true}, row_open[4] = {true};
        memset(g, 0, columns * sizeof *g);
        struct lines_array a = {.rows = rows,
                                .columns = columns,
                                .g = g,
                                .driver_ohm = 10,
                                .row_ohm = 1,
                                .row_open = row_open,
                                .column_open = column_open};
        struct lines_forms *ideal = forms_of(&a);
        a.sense_ohm = 1e-7;
        struct lines_forms *near = forms_of(&a);
        a.g = g + columns;
        a.rows--;
        a.row_open = NULL;
        struct lines_forms *less = forms_of(&a);
        for (size_t j = 0; j < columns; j++)
            for (size_t i = 0; i < rows; i++) {
                const double w = near->w[j * rows + i];
                ASSERT_NEAR(ideal->w[j * rows + i], w, 1e-7 * w);
                ASSERT_NEAR(w, i > 0 ? less->w[j * (rows - 1) + i - 1] : 0, 1e-12 * w);
                assert_int_equal(w > 0, i > 0 && j != 1);
            }
        lines_forms_free(ideal);
        lines_forms_free(near);
        lines_forms_free(less);
        free(g);
    }
}

static void test_open(void **state)
{
    static const size_t sides[][2] = {{5, 7}, {7, 5}, {12, 4}, {2, 2}};
    static const double ohms[][4] = {{2, 3, 50, 20}, {30, 0, 0, 20}, {0, 5, 50, 0}, {0, 0, 9, 7}};
    (void)state;
    for (size_t n = 0; n < 3 * COUNT(sides) * COUNT(ohms); n++) {
        const size_t *side = sides[n / 3 % COUNT(sides)];
        const double *ohm = ohms[n / 3 / COUNT(sides)];
        bool row_open[16] = {0}, column_open[16] = {0};
        double *g = random_devices(side[0] * side[1]);
        for (size_t k = 0; k < 16; k++) {
            row_open[k] = n % 3 != 1 && k > 0 && gsl_rng_uniform(rng) < 0.5;
            column_open[k] = n % 3 != 0 && k > 0 && gsl_rng_uniform(rng) < 0.5;
        }
        row_open[1] = n % 3 != 1;
        column_open[1] = n % 3 != 0;
        const struct lines_array a = {.rows = side[0],
                                      .columns = side[1],
                                      .g = g,
                                      .row_ohm = ohm[0],
                                      .column_ohm = ohm[1],
                                      .driver_ohm = ohm[2],
                                      .sense_ohm = ohm[3],
                                      .row_open = row_open,
                                      .column_open = column_open};
        assert_open(&a, n % 2 ? 3e3 : 0);
        free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),       cmocka_unit_test(test_solver),
        cmocka_unit_test(test_sum),         cmocka_unit_test(test_ideal),
        cmocka_unit_test(test_reads),       cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_limits), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
