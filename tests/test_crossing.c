/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device behind its select switch: against the closed form of its law, against GSL's integration of the
 * same series circuit, whose current is found by bisection, and against the whole array in the engine
 * `event`.  Writing: what the programmer is told, stuck devices and their partners, random streams. */
#include "base/spice_number.h"
#include "device/library/library_make.h"
#include "infer/crossing/tile_programming.h"
#include "study/experiment/crossbar_testbench.h"
#include "testing.h"

#include <gsl/gsl_odeiv2.h>

static char *devices;
static struct subcircuit_file *switches;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    char *path = source_path("netlists/switches.sub");
    devices = source_path("devices");
    ASSERT_DONE(subcircuit_read(path, &switches, &error), error);
    free(path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    subcircuit_free(switches);
    free(devices);
    return 0;
}

static struct dopant *dopant_of(const char *name, size_t n, const struct dopant_setting *settings)
{
    struct dopant *d;
    struct error error;
    ASSERT_DONE(dopant_make(name, devices, n, settings, &d, &error), error);
    return d;
}

static struct crossing_switch gate(void)
{
    struct crossing_switch s;
    struct error error;
    ASSERT_DONE(crossing_switch_make(switches, 30e-6, 3.3, TEMPERATURE_NOMINAL, &s, &error), error);
    return s;
}

static double phase(struct crossing *c, struct crossing_phase p)
{
    struct error error;
    double mean;
    ASSERT_DONE(crossing_phase(c, &p, &mean, &error), error);
    return mean;
}

/* -------------------------------------------------------------------------------- closed form */

/* A device alone at a constant voltage: the worked case of the metastable switch, Ron 500 ohm, Roff 1500 ohm,
 * thresholds 0.27 V, tau 0.1 ms, VT 25.7 mV, 0.3 V for 0.2 ms from x = 0.1: a + b = s(0.03/0.0257)/tau +
 * s(-0.57/0.0257)/tau.  x by one step, exactly; energies by as many as the tolerance takes. */
static void test_closed_form(void **state)
{
    static const struct dopant_setting settings[] = {
        {"ron", 500}, {"roff", 1500}, {"von", 0.27}, {"voff", 0.27}, {"tau", 1e-4}, {"vt", 0.0257}};
    struct dopant *d = dopant_of("mms", COUNT(settings), settings);
    struct crossing c = {.circuit = {.device = {d->model, d->constants, 0}}, .reltol = 1e-12};
    (void)state;
    crossing_start(&c, 0.1);
    phase(&c, (struct crossing_phase){0.3, 0, 0, 2e-4, false});
    ASSERT_NEAR(c.at.x, 0.8042034700163452, 1e-14);
    ASSERT_NEAR(c.account.energy[CLASS_MEMRISTOR], 2.491976957890188e-8, 1e-12 * 2.5e-8);
    ASSERT_NEAR(c.account.delivered, c.account.energy[CLASS_MEMRISTOR], 1e-20);
    ASSERT_NEAR(c.account.volt_seconds, 6e-5, 1e-18);
    ASSERT_NEAR(c.account.volt_square, 0.09 * 2e-4, 1e-18);
    dopant_free(d);
}

/* 1 V saturates C within a part of a thousandth of the pulse: few steps, and the closed form's state. */
static void test_saturation(void **state)
{
    struct dopant *d = dopant_of("C", 0, NULL);
    struct crossing c = {.circuit = {.device = {d->model, d->constants, 0}}, .reltol = 1e-6};
    (void)state;
    crossing_start(&c, 0.01);
    phase(&c, (struct crossing_phase){1, 0, 0, 1e-2, false});
    ASSERT_NEAR(c.at.x, 1, 1e-12);
    assert_true(c.steps < 60);
    dopant_free(d);
}

/* ------------------------------------------------------------------------------- derivatives */

/* Solved once more from the solution, where the derivatives then are. */
static struct crossing_point point_at(const struct crossing_circuit *c, double x, double volt,
                                      double on)
{
    struct crossing_point p = {.x = x, .volt = volt, .on = on};
    assert_true(crossing_solve(c, &p));
    assert_true(crossing_solve(c, &p));
    return p;
}

/* Central differences of v and i, and of the rate along a ramp and along x: h = 1e-4 of what changes, so the
 * third derivative is left, 1e-8 of it, and rounding by 1e-12; 1e-5 for laws of exp(v/kT). */
static void test_derivatives(void **state)
{
    static const struct dopant_setting sdc = {"sdc", 1};
    const struct crossing_switch select = gate();
    (void)state;
    for (size_t n = 0; n < 4; n++) {
        struct dopant *d = dopant_of("W", n / 2, &sdc);
        const struct crossing_circuit c = {.device = {d->model, d->constants, 0},
                                           .driver_ohm = 300,
                                           .row_ohm = 200,
                                           .column_ohm = 400,
                                           .sense_ohm = 500,
                                           .select = &select};
        const double x = 0.3, volt = n % 2 ? 0.35 : -0.25, on = 2.9, h = 1e-4;
        const struct crossing_point p = point_at(&c, x, volt, on),
                                    near[3][2] = {{point_at(&c, x - h, volt, on),
                                                   point_at(&c, x + h, volt, on)},
                                                  {point_at(&c, x, volt - h, on),
                                                   point_at(&c, x, volt + h, on)},
                                                  {point_at(&c, x, volt, on - h),
                                                   point_at(&c, x, volt, on + h)}};
        const double v[] = {p.v_x, p.v_volt, p.v_on}, i[] = {p.i_x, p.i_volt, p.i_on};
        double f[3];
        for (int k = 0; k < 3; k++) {
            ASSERT_NEAR((near[k][1].v - near[k][0].v) / (2 * h), v[k], 1e-5 * fabs(v[k]));
            ASSERT_NEAR((near[k][1].i - near[k][0].i) / (2 * h), i[k], 1e-5 * fabs(i[k]));
            f[k] =
                (crossing_rate(&c, &near[k][1], 0, 0).f - crossing_rate(&c, &near[k][0], 0, 0).f) /
                (2 * h);
        }
        const struct crossing_rate r = crossing_rate(&c, &p, 2e5, 3e6);
        ASSERT_NEAR(f[0], r.by_x, 1e-5 * fabs(r.by_x));
        ASSERT_NEAR(2e5 * f[1] + 3e6 * f[2], r.by_t, 1e-5 * fabs(r.by_t));
        dopant_free(d);
    }
}

/* ---------------------------------------------------------------------------------------- GSL */

/* The series circuit as it stands in crossing_circuit.h, and what its integration adds up. */
enum { X, DEVICE, SELECT, LINE, DRIVER, SECONDS, CHARGE, N_STATES };
struct series {
    const struct crossing *c;
    double volt, volt_rate, on, on_rate; /* at t = 0 [V], [V/s] */
};

/* Current of the switch from a to b by mos1_currents(). */
static double channels(double a, double b, double on)
{
    const struct mos1_model n = {.type = 1, .vto = 0.5, .kp = 170e-6, .lambda = 0.08, .phi = 0.6},
                            p = {.type = -1, .vto = -0.65, .kp = 58e-6, .lambda = 0.1, .phi = 0.6};
    const struct mos1_geometry g = {30e-6, 1e-6, 1};
    const double at[2][4] = {{a, on, b, 0}, {a, 3.3 - on, b, 3.3}};
    double i[2][4];
    mos1_currents(&n, &g, 0.025, 0, at[0], i[0]);
    mos1_currents(&p, &g, 0.025, 0, at[1], i[1]);
    return i[0][0] + i[1][0];
}

/* v of the device, by halving the interval between 0 and V until it has no doubles inside. */
static double device_volt(const struct crossing_circuit *c, double x, double volt, double on)
{
    double low = fmin(0, volt), high = fmax(0, volt);
    for (int k = 0; k < 60; k++) {
        const double v = 0.5 * (low + high),
                     i = c->device.model->current(c->device.constants, v, x).f,
                     a = 1.65 + volt - (c->driver_ohm + c->row_ohm) * i,
                     b = 1.65 + v + (c->column_ohm + c->sense_ohm) * i;
        *(channels(a, b, on) > i ? &low : &high) = v;
    }
    return 0.5 * (low + high);
}

static int derivatives(double t, const double y[], double dy[], void *data)
{
    const struct series *s = data;
    const struct crossing_circuit *c = &s->c->circuit;
    const double volt = s->volt + s->volt_rate * t, on = s->on + s->on_rate * t,
                 v = device_volt(c, y[X], volt, on),
                 i = c->device.model->current(c->device.constants, v, y[X]).f,
                 line = (c->row_ohm + c->column_ohm) * i * i,
                 driver = (c->driver_ohm + c->sense_ohm) * i * i;
    dy[X] = c->device.model->rate(c->device.constants, v, y[X]).f;
    dy[DEVICE] = v * i;
    dy[SELECT] = volt * i - v * i - line - driver;
    dy[LINE] = line;
    dy[DRIVER] = driver;
    dy[SECONDS] = fabs(v);
    dy[CHARGE] = i;
    return GSL_SUCCESS;
}

/* One phase: its edge, its hold; what has flown in its last tenth goes into y[CHARGE]. */
static void integrate(struct series *s, const struct crossing_phase *p, double y[N_STATES])
{
    const gsl_odeiv2_system system = {derivatives, NULL, N_STATES, s};
    const double ends[] = {p->edge, fmax(0.9 * p->duration, p->edge), p->duration};
    double begin = 0;
    for (int k = 0; k < 3; k++) {
        s->volt_rate = k == 0 ? (p->volt - s->volt) / p->edge : 0;
        s->on_rate = k == 0 ? (p->on - s->on) / p->edge : 0;
        gsl_odeiv2_driver *d = gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd,
                                                             0.01 * p->edge, 1e-16, 1e-11);
        double t = 0;
        y[CHARGE] = 0;
        if (ends[k] > begin)
            assert_int_equal(gsl_odeiv2_driver_apply(d, &t, ends[k] - begin, y), GSL_SUCCESS);
        gsl_odeiv2_driver_free(d);
        s->volt = p->volt;
        s->on = p->on;
        begin = ends[k];
    }
}

/* Selected by a reading, set, read, reset across 0 V, read, set by a short pulse, deselected.  1e-7 of
 * states and energies at a tolerance of 1e-9 a step: edges take some ten steps, pulses some twenty. */
static void against_gsl(const char *name, size_t n, const struct dopant_setting *settings,
                        double set, double reset)
{
    const struct crossing_phase phases[] = {
        {0.1, 3.3, 1e-6, 1e-4, true}, {set, 3.3, 1e-6, 1e-2, false},
        {0.1, 3.3, 1e-6, 1e-4, true}, {-reset, 3.3, 1e-6, 1e-5, false},
        {0.1, 3.3, 1e-6, 1e-4, true}, {set, 3.3, 1e-6, 1e-5, false},
        {0.1, 3.3, 1e-6, 1e-4, true}, {0.1, 0, 1e-6, 1e-6, false},
    };
    const struct crossing_switch select = gate();
    struct dopant *d = dopant_of(name, n, settings);
    struct crossing c = {.circuit = {.device = {d->model, d->constants, 0},
                                     .driver_ohm = 50,
                                     .row_ohm = 40,
                                     .column_ohm = 25,
                                     .sense_ohm = 80,
                                     .select = &select},
                         .reltol = 1e-9};
    double y[N_STATES] = {0.01}, moved = 0, x = y[X];
    struct series s = {.c = &c};
    crossing_start(&c, y[X]);
    for (size_t k = 0; k < COUNT(phases); k++) {
        const double mean = phase(&c, phases[k]);
        integrate(&s, &phases[k], y);
        ASSERT_NEAR(c.at.x, y[X], 1e-7 * y[X]);
        if (phases[k].reads) /* its last tenth is 10 us */
            ASSERT_NEAR(mean, y[CHARGE] / 1e-5, 1e-7 * mean);
        moved = fmax(moved, fabs(y[X] / x - 1));
        x = y[X];
    }
    const double *e = c.account.energy;
    ASSERT_NEAR(e[CLASS_MEMRISTOR], y[DEVICE], 1e-7 * y[DEVICE]);
    ASSERT_NEAR(e[CLASS_SELECT], y[SELECT], 1e-6 * y[SELECT]);
    ASSERT_NEAR(e[CLASS_LINE], y[LINE], 1e-7 * y[LINE]);
    ASSERT_NEAR(e[CLASS_DRIVER], y[DRIVER], 1e-7 * y[DRIVER]);
    ASSERT_NEAR(c.account.volt_seconds, y[SECONDS], 1e-4 * y[SECONDS]);
    assert_true(moved > 0.05); /* the law is seen at work */
    dopant_free(d);
}

static void test_gsl(void **state)
{
    static const struct dopant_setting sdc = {"sdc", 1};
    (void)state;
    against_gsl("Cr", 0, NULL, 0.3, 0.2);
    against_gsl("W", 0, NULL, 0.25, 0.06);
    against_gsl("C", 0, NULL, 0.24, 0.05);
    against_gsl("W", 1, &sdc, 0.25, 0.06);
}

/* ----------------------------------------------------------------------------- the whole array */

#define SIDE 8

static struct tile_writing writing_of(const struct dopant *d)
{
    struct tile_writing w = tile_writing_defaults();
    struct error error;
    w.g_min = d->g_min;
    w.g_max = d->g_max;
    w.volt = 0.1;
    ASSERT_DONE(tile_writing_open(&w, switches, d, TEMPERATURE_NOMINAL, &error), error);
    return w;
}

static void run_whole(const struct dopant *d, struct variation *variation,
                      struct crossbar_testbench *b)
{
    struct error error;
    struct crossbar_testbench_options o = {.rows = SIDE,
                                           .columns = SIDE,
                                           .row_ohm = 3,
                                           .column_ohm = 2,
                                           .driver_ohm = 50,
                                           .select_width = 30e-6,
                                           .supply = 3.3,
                                           .scheme = SCHEME_SELECT,
                                           .dopant = d,
                                           .switches = switches,
                                           .kelvin = TEMPERATURE_NOMINAL,
                                           .program = program_defaults,
                                           .read_volt = 0.1,
                                           .read_time = 1e-4,
                                           .edge = 1e-6,
                                           .engine = engine_find("event"),
                                           .solver = engine_defaults,
                                           .variation = variation,
                                           .seed = 1};
    o.solver.reltol = 1e-6;
    o.solver.vntol = 1e-8;
    o.solver.abstol = 1e-14;
    ASSERT_DONE(crossbar_testbench_run(&o, b, &error), error);
}

/* G+ of a pair, from x = 0 as in the array.  1e-5 of states and of classes, by tolerances of 1e-6 a step on
 * both sides; the account of `event` closes to 2e-6 where its devices draw least. */
static void against_event(const char *name)
{
    struct dopant *d = dopant_of(name, 0, NULL);
    struct error error;
    struct variation_source *source;
    struct variation variation;
    const struct variation_circuit circuit = {d, devices, TEMPERATURE_NOMINAL, NULL};
    struct crossbar_testbench b;
    double wanted[SIDE * SIDE];
    ASSERT_DONE(variation_open(&variation_defaults, &circuit, &source, &error), error);
    ASSERT_DONE(
        variation_draw(source, SIDE * SIDE, 0, (struct random_sample){1, 0}, &variation, &error),
        error);
    run_whole(d, &variation, &b);
    struct tile_writing w = writing_of(d);
    w.x0_max = 0;
    w.reltol = 1e-6;
    for (size_t k = 0; k < SIDE * SIDE; k++)
        wanted[k] = b.done[k].target;
    const struct tile_task task = {.array = {.rows = SIDE,
                                             .columns = SIDE,
                                             .row_ohm = 3,
                                             .column_ohm = 2,
                                             .driver_ohm = 50,
                                             .sense_ohm = 50},
                                   .wanted = {wanted, wanted}};
    struct tile_programming *done[2];
    ASSERT_DONE(tile_pair_program(&w, &task, done, &error), error);
    for (size_t k = 0; k < SIDE * SIDE; k++) {
        const struct tile_device *t = &done[0]->devices[k];
        const double g = d->model->current(d->constants, 0.1, t->x).f / 0.1;
        ASSERT_NEAR(g, b.done[k].end, 1e-5 * g);
        ASSERT_NEAR(t->verified, b.done[k].verified, 1e-5 * t->verified);
        assert_int_equal(t->pulses, b.done[k].pulses);
        assert_int_equal(t->settled, b.done[k].settled);
    }
    ASSERT_NEAR(done[0]->time, b.time, 1e-12 * b.time);
    const struct ledger_total total = ledger_section(b.ledger, SECTION_TRAINING);
    for (int e = 0; e < ENERGY_CLASSES; e++) {
        const double whole = ledger_class(&total, (enum energy_class)e);
        ASSERT_NEAR(done[0]->energy[e], whole, 1e-5 * whole);
    }
    tile_programming_free(done[0]);
    tile_programming_free(done[1]);
    crossbar_testbench_free(&b);
    variation_free(&variation);
    variation_close(source);
    dopant_free(d);
}

static void test_event(void **state)
{
    (void)state;
    against_event("Cr");
    against_event("W");
    against_event("C");
}

/* ------------------------------------------------------------------------------------- writing */

/* A pair of 3 x 4 tiles; all weights are 1/2 of the window, w > 0. */
#define PLACES 12
struct pair {
    double wanted[2][PLACES];
    struct tile_task task;
    struct tile_programming *done[2];
};

static void pair_program(const struct tile_writing *w, struct pair *p)
{
    struct error error;
    for (size_t k = 0; k < PLACES; k++) {
        p->wanted[0][k] = 0.5 * (w->g_min + w->g_max);
        p->wanted[1][k] = w->g_min;
    }
    p->task.array = (struct lines_array){
        .rows = 3, .columns = 4, .row_ohm = 1, .column_ohm = 1, .driver_ohm = 20, .sense_ohm = 30};
    p->task.sample = (struct random_sample){7, 2};
    p->task.wanted[0] = p->wanted[0];
    p->task.wanted[1] = p->wanted[1];
    ASSERT_DONE(tile_pair_program(w, &p->task, p->done, &error), error);
}

static void pair_free(struct pair *p)
{
    tile_programming_free(p->done[0]);
    tile_programming_free(p->done[1]);
}

/* What stands at a place follows from its state by hand: device and switch in series, then the lines.  At 1 mV
 * the switch has its resistance at 0 V, at 0.1 V a twentieth more. */
static void test_tile(void **state)
{
    struct dopant *d = dopant_of("W", 0, NULL);
    struct tile_writing w = writing_of(d);
    double ohm;
    struct error error;
    struct pair p = {.task.number = 0};
    struct programming_total total = {0};
    (void)state;
    ASSERT_DONE(crossbar_switch_resistance(switches, 30e-6, 3.3, 1.65, &ohm, &error), error);
    w.volt = 1e-3;
    pair_program(&w, &p);
    for (size_t k = 0; k < 2 * PLACES; k++) {
        const struct tile_device *t = &p.done[k / PLACES]->devices[k % PLACES];
        const double own = d->model->current(d->constants, 0.1, t->x).f / 0.1,
                     lines = 50. + (double)(k % 4 + 1) + (double)(3 - k % PLACES / 4);
        assert_true(t->settled && t->truly && !t->compensates);
        ASSERT_NEAR(t->g, 1 / (1 / own + ohm), 1e-3 * ohm * own * own);
        ASSERT_NEAR(t->verified, 1 / (1 / t->g + lines), 0.06 * ohm * t->g * t->g);
        ASSERT_NEAR(t->verified, t->target, w.device.program.tolerance * t->target);
    }
    programming_total_add(&total, p.done[0]);
    programming_total_add(&total, p.done[1]);
    ASSERT_NEAR(total.devices, 2 * PLACES, 0);
    ASSERT_NEAR(total.not_settled, 0, 0);
    ASSERT_NEAR(total.time, p.done[0]->time + p.done[1]->time, 1e-15);
    double heat = 0;
    for (int e = 0; e < ENERGY_CLASSES; e++)
        heat += total.energy[e];
    ASSERT_NEAR(heat, total.delivered, 1e-12 * heat);
    pair_free(&p);
    dopant_free(d);
}

/* Devices of their own constants: each is programmed through its own law and window.  One whose OFF state
 * conducts 40 uS and one whose ON state conducts 50 uS end there, the others settle. */
static void test_own_laws(void **state)
{
    struct dopant *d = dopant_of("W", 0, NULL), *variants[2][PLACES];
    struct tile_writing w = writing_of(d);
    struct crossing_device own[2][PLACES];
    struct pair p = {.task = {.devices = {own[0], own[1]}}};
    double q[MODEL_PARAMETERS_MAX];
    (void)state;
    w.compensate = false;
    for (size_t k = 0; k < 2 * PLACES; k++) {
        memcpy(q, d->parameters, sizeof q);
        q[0] *= 1 + 0.02 * (double)k; /* ron */
        q[0] = k == 3 ? 1 / 50e-6 : q[0];
        q[1] = k == PLACES + 6 ? 1 / 40e-6 : q[1]; /* roff */
        variants[k / PLACES][k % PLACES] = dopant_variant(d, "own", q);
        own[k / PLACES][k % PLACES] =
            (struct crossing_device){d->model, variants[k / PLACES][k % PLACES]->constants, 0};
    }
    pair_program(&w, &p);
    for (size_t k = 0; k < 2 * PLACES; k++) {
        const struct tile_device *t = &p.done[k / PLACES]->devices[k % PLACES];
        const double g =
            d->model->current(own[k / PLACES][k % PLACES].constants, 0.1, t->x).f / 0.1;
        assert_int_equal(t->settled, k != 3 && k != PLACES + 6);
        ASSERT_NEAR(1 / t->g, 1 / g + 137,
                    5); /* the switch: 131 ohm at 0 V, a twentieth more at 0.1 V */
        dopant_free(variants[k / PLACES][k % PLACES]);
    }
    ASSERT_NEAR(p.done[0]->devices[3].x, 1, 1e-6);
    ASSERT_NEAR(p.done[1]->devices[6].x, 0, 1e-4); /* the last reading sets a little */
    pair_free(&p);
    dopant_free(d);
}

/* Stuck: at g_max in G- with room above G+, at g_min in G+, and both. */
static void test_stuck(void **state)
{
    struct dopant *d = dopant_of("W", 0, NULL);
    struct tile_writing w = writing_of(d);
    struct crossing_device own[2][PLACES];
    struct pair p = {.task = {.devices = {own[0], own[1]}}};
    (void)state;
    for (size_t k = 0; k < 2 * PLACES; k++)
        own[k / PLACES][k % PLACES] = w.nominal;
    own[1][1].stuck_ohm = 1 / (0.4 * w.g_max); /* G+ shall be 0.4 + 0.45 of g_max */
    own[0][5].stuck_ohm = 1 / w.g_min;         /* G- would have to be below the window */
    own[0][7].stuck_ohm = 1 / w.g_max;         /* G- shall be g_max - (G+ - G-) */
    own[0][8].stuck_ohm = own[1][8].stuck_ohm = 1 / w.g_max;
    pair_program(&w, &p);
    const struct tile_device *plus = p.done[0]->devices, *minus = p.done[1]->devices;
    for (size_t k = 0; k < PLACES; k++) {
        const bool off = plus[k].settled != minus[k].settled;
        assert_int_equal(off, k == 1 || k == 5 || k == 7);
        assert_int_equal(plus[k].compensates, k == 1);
        assert_int_equal(minus[k].compensates, k == 5 || k == 7 || k == 8);
    }
    const double difference = p.wanted[0][0] - p.wanted[1][0];
    assert_int_equal(minus[1].pulses, w.device.program.pulse_limit);
    ASSERT_NEAR(plus[1].target, minus[1].verified + difference, 1e-15);
    ASSERT_NEAR(plus[1].verified - minus[1].verified, difference, 0.05 * plus[1].target);
    ASSERT_NEAR(minus[5].target, w.g_min, 0);
    ASSERT_NEAR(minus[7].target, plus[7].verified - difference, 1e-15);
    ASSERT_NEAR(minus[7].verified, minus[7].target, 0.05 * minus[7].target);
    pair_free(&p);
    w.compensate = false;
    pair_program(&w, &p);
    ASSERT_NEAR(p.done[0]->devices[1].target, p.wanted[0][1], 0);
    pair_free(&p);
    dopant_free(d);
}

/* Noise of readings makes settled and truly settled two things.  Streams are those of the pair's number,
 * whatever was programmed before. */
static void test_streams(void **state)
{
    struct dopant *d = dopant_of("Cr", 0, NULL);
    struct tile_writing w = writing_of(d);
    struct pair a = {.task.number = 3}, b = {.task.number = 4}, again = {.task.number = 3};
    size_t apart = 0;
    (void)state;
    w.device.instrument = (struct instrument){.read_noise = 0.05, .adc_bits = 10, .dac_bits = 10};
    pair_program(&w, &a);
    pair_program(&w, &b);
    pair_program(&w, &again);
    for (size_t k = 0; k < 2 * PLACES; k++) {
        const struct tile_device *t = &a.done[k / PLACES]->devices[k % PLACES],
                                 *u = &b.done[k / PLACES]->devices[k % PLACES],
                                 *v = &again.done[k / PLACES]->devices[k % PLACES];
        assert_memory_equal(t, v, sizeof *t);
        assert_true(t->x < u->x || t->x > u->x);
        apart += t->settled != t->truly;
    }
    assert_true(apart > 0);
    pair_free(&a);
    pair_free(&b);
    pair_free(&again);
    dopant_free(d);
}

/* Pulses shorter than their edges, in the message the device. */
static void test_edges(void **state)
{
    struct dopant *d = dopant_of("W", 0, NULL);
    struct tile_writing w = writing_of(d);
    struct error error;
    struct tile_programming *done[2];
    const double wanted = 1e-4;
    const struct tile_task task = {
        .array = {.rows = 1, .columns = 1}, .wanted = {&wanted, &wanted}, .number = 4};
    (void)state;
    w.device.program.width = 0.5 * w.device.edge;
    assert_int_equal(tile_pair_program(&w, &task, done, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "tile G+ of pair 5, device (1, 1): an edge of 1e-06 s is longer");
    tile_programming_free(done[0]);
    tile_programming_free(done[1]);
    dopant_free(d);
}

/* A gate of other elements cannot be taken. */
static void test_refused(void **state)
{
    static const char text[] = "* a gate\n.subckt tgate a b on vdd vss w=1u\nr1 a b 100\n"
                               "e1 x vss vdd on 1\n.ends\n";
    struct error error;
    struct subcircuit_file *file;
    struct crossing_switch made;
    char *folder = folder_make(), *path = file_write(folder, "gate.sub", text, sizeof text - 1);
    (void)state;
    ASSERT_DONE(subcircuit_read(path, &file, &error), error);
    assert_int_equal(crossing_switch_make(file, 1e-6, 3.3, TEMPERATURE_NOMINAL, &made, &error),
                     STATUS_INPUT);
    ASSERT_NAMES(error.text, "transistors between a and b");
    subcircuit_free(file);
    folder_remove(folder);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_form), cmocka_unit_test(test_saturation),
        cmocka_unit_test(test_derivatives), cmocka_unit_test(test_own_laws),
        cmocka_unit_test(test_gsl),         cmocka_unit_test(test_event),
        cmocka_unit_test(test_tile),        cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_streams),     cmocka_unit_test(test_edges),
        cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
