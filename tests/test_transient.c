/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract of engines (engine/transient.h), the same in each: what ends a phase and which reading
 * tells it, from where ports go on, phases of kinds that a controller has added, what is refused. */
#include "base/memory.h"
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "engine/transient.h"
#include "testing.h"

#define EDGE 1e-3 /* [s] */
#define STEP 1e-5 /* [s] no longer step: a stop comes at the first point past its level */
#define STOPS 12

/* A port at 0 V behind two equal resistors: the node between them has half its voltage. */
struct divider {
    struct circuit *circuit;
    size_t node;
    struct ledger *ledger;
    struct drive_log log;
    struct transient *transient;
    struct error error;
};

static void open_divider(struct divider *d, const char *engine, const struct phase_names *names)
{
    struct circuit *c = d->circuit = circuit_new("divider");
    const int in = circuit_node(c, "in"), middle = circuit_node(c, "middle");
    circuit_port(c, "in", in, (struct port_driver){0, false, 0, CLASS_DRIVER});
    circuit_resistor(c, "r1", in, middle, 1e3, CLASS_LINE);
    circuit_resistor(c, "r2", middle, 0, 1e3, CLASS_LINE);
    circuit_voltage_probe(c, "middle", middle);
    d->node = (size_t)middle;
    d->ledger = ledger_new(c, names);
    drive_log_new(&d->log, c);
    static struct recorder recorders[2];
    recorders[0] = ledger_recorder(d->ledger);
    recorders[1] = drive_log_recorder(&d->log);
    struct engine_options o = engine_defaults;
    o.step_max = STEP;
    o.n_recorders = COUNT(recorders);
    o.recorders = recorders;
    ASSERT_DONE(transient_open(engine_find(engine), c, &o, names, &d->transient, &d->error),
                d->error);
}

static struct engine_report close_divider(struct divider *d)
{
    const struct engine_report report = transient_close(d->transient, true);
    ledger_free(d->ledger);
    drive_log_free(&d->log);
    circuit_free(d->circuit);
    return report;
}

static struct reading run(struct divider *d, struct phase p, double volt)
{
    struct drive drive = {.volt = volt};
    struct reading reading;
    p.drive = &drive;
    p.device = -1;
    ASSERT_DONE(transient_phase(d->transient, &p, &reading, &d->error), d->error);
    return reading;
}

/* On a ramp to 1 V the node reaches 0.25 V half way.  Of a dozen stops the one that is crossed is
 * named; the port goes on from where the ramp had come to, and the log says so. */
static void test_which_stop(void **state)
{
    (void)state;
    for (size_t e = 0; engine_names[e]; e++) {
        struct divider d = {0};
        open_divider(&d, engine_names[e], NULL);
        struct phase_stop stops[STOPS];
        for (size_t k = 0; k < STOPS; k++)
            stops[k] = (struct phase_stop){d.node, 0.6, true};
        stops[7].level = 0.25;
        stops[9] = (struct phase_stop){d.node, -0.1, false};
        const struct phase ramp = {.kind = PHASE_SET,
                                   .section = SECTION_TRAINING,
                                   .duration = 2 * EDGE,
                                   .edge = EDGE,
                                   .n_stops = STOPS,
                                   .stops = stops};
        struct reading r = run(&d, ramp, 1);
        assert_int_equal(r.stop, 7);
        assert_true(r.t1 - r.t0 >= EDGE / 2 * (1 - 1e-9) && r.t1 - r.t0 <= EDGE / 2 + STEP);
        const double there = r.values[d.node];
        ASSERT_NEAR(there, 0.5 * (r.t1 - r.t0) / EDGE, 1e-6);
        /* back to 0 V from there: the mean over the last tenth of the ramp is 5 % of where it began */
        const struct phase back = {.section = SECTION_TRAINING, .duration = EDGE, .edge = EDGE};
        r = run(&d, back, 0);
        assert_int_equal(r.stop, -1);
        ASSERT_NEAR(r.mean[0], 0.05 * there, 1e-6);
        ASSERT_NEAR(r.values[d.node], 0, 1e-9);
        assert_int_equal(d.log.n, 2);
        ASSERT_NEAR(d.log.phases[0].drive[0].volt, 2 * there, 1e-6);
        ASSERT_NEAR(d.log.phases[0].edge, d.log.phases[0].duration, 0);
        assert_int_equal(close_divider(&d).phases, 2);
    }
}

/* A phase without edge is at its own voltage throughout, so its reading is. */
static void test_reading_of_a_step(void **state)
{
    (void)state;
    for (size_t e = 0; engine_names[e]; e++) {
        struct divider d = {0};
        open_divider(&d, engine_names[e], NULL);
        for (int k = 0; k < 4; k++) {
            const struct phase step = {
                .kind = PHASE_READ, .section = SECTION_TRAINING, .duration = EDGE};
            const double volt = k % 2 == 0 ? 1 : -0.4;
            ASSERT_NEAR(run(&d, step, volt).mean[0], 0.5 * volt, 1e-6);
        }
        close_divider(&d);
    }
}

/* A pulse without edges takes v^2/R times its length, also where a rest follows that is 1e5 times as long:
 * ngspice needs ramps, which must be short beside both: a third of 1e-5 of the pulse. */
static void test_short_pulse(void **state)
{
    (void)state;
    const double pulse = 1e-6, rest = 0.1;
    for (size_t e = 0; engine_names[e]; e++) {
        struct divider d = {0};
        open_divider(&d, engine_names[e], NULL);
        run(&d, (struct phase){.section = SECTION_TRAINING, .duration = rest}, 0);
        run(&d, (struct phase){.section = SECTION_TRAINING, .duration = pulse}, 1);
        run(&d, (struct phase){.section = SECTION_TRAINING, .duration = rest}, 0);
        const double energy = ledger_element(d.ledger, SECTION_TRAINING, 1) +
                              ledger_element(d.ledger, SECTION_TRAINING, 2);
        ASSERT_NEAR(energy / (pulse / 2e3), 1, 4e-6);
        close_divider(&d);
    }
}

/* A value that is past the level when the phase begins does not end it; it does once it has been back:
 * a port that steps to 1 V and later to 0.2 V is past 0.05 V, but not below 0.25 V before. */
static void test_crossed_in_phase(void **state)
{
    (void)state;
    for (size_t e = 0; engine_names[e]; e++) {
        struct divider d = {0};
        open_divider(&d, engine_names[e], NULL);
        struct phase_stop stop = {d.node, 0.05, true};
        struct phase p = {.section = SECTION_TRAINING, .duration = EDGE, .edge = EDGE / 10};
        assert_int_equal(run(&d, p, 1).stop, -1);
        p.n_stops = 1;
        p.stops = &stop;
        struct reading r = run(&d, p, 0.2); /* from 0.5 V to 0.1 V at the node */
        assert_int_equal(r.stop, -1);
        ASSERT_NEAR(r.t1 - r.t0, EDGE, 1e-9);
        stop = (struct phase_stop){d.node, 0.05, false};
        assert_int_equal(run(&d, p, 0).stop, 0);
        close_divider(&d);
    }
}

/* Kinds and sections of the controller's own: the account has them, and messages. */
static void test_own_kinds(void **state)
{
    (void)state;
    enum { INTEGRATE = PHASE_KINDS, SENSE };
    enum { SPIKES = PHASE_SECTIONS };
    const char *kinds[] = {"idle", "erase", "set", "reset", "read", "infer", "integrate", "sense"};
    const char *sections[] = {"start", "training", "inference", "after", "spikes"};
    const struct phase_names names = {COUNT(kinds), COUNT(sections), kinds, sections};
    for (int k = 0; k < PHASE_KINDS; k++)
        assert_string_equal(kinds[k], phase_kind_name((enum phase_kind)k));
    for (size_t e = 0; engine_names[e]; e++) {
        struct divider d = {0};
        open_divider(&d, engine_names[e], &names);
        const struct phase integrate = {.kind = INTEGRATE,
                                        .section = SPIKES,
                                        .duration = EDGE,
                                        .edge = 1e-9},
                           sense = {.kind = SENSE, .section = SPIKES, .duration = EDGE};
        run(&d, integrate, 1);
        run(&d, sense, 1);
        const struct ledger_total t = ledger_section(d.ledger, SPIKES);
        /* 1 V on 2 kohm for 1 ms: 0.5 uJ each */
        ASSERT_NEAR(ledger_kind(&t, INTEGRATE), 5e-7, 5e-12);
        ASSERT_NEAR(ledger_kind(&t, SENSE), 5e-7, 5e-12);
        ASSERT_NEAR(ledger_energy(&t), 1e-6, 1e-11);
        struct phase wrong = sense;
        struct reading reading;
        wrong.edge = 2 * EDGE;
        wrong.drive = &(struct drive){.volt = 0};
        wrong.device = -1;
        assert_int_equal(transient_phase(d.transient, &wrong, &reading, &d.error), STATUS_INPUT);
        ASSERT_NAMES(d.error.text, "longer than its phase");
        ASSERT_NAMES(d.error.text, "sense phase");
        close_divider(&d);
    }
}

/* What no engine runs. */
static void test_refused(void **state)
{
    (void)state;
    const struct {
        double duration, edge, volt;
        size_t value; /* of a stop */
        enum status status;
        const char *text;
    } cases[] = {
        {EDGE, 2 * EDGE, 0, 1, STATUS_INPUT, "longer than its phase of 0.001 s"},
        {-EDGE, 0, 0, 1, STATUS_NUMERICAL, "a phase of -0.001 s"},
        {EDGE, NAN, 0, 1, STATUS_NUMERICAL, "edges of nan s"},
        {EDGE, 0, INFINITY, 1, STATUS_NUMERICAL, "port in shall be driven with inf V"},
        {EDGE, 0, 0, 0, STATUS_INPUT, "not solved for"},
        {EDGE, 0, 0, 1000, STATUS_INPUT, "not solved for"},
    };
    for (size_t e = 0; engine_names[e]; e++)
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct divider d = {0};
            open_divider(&d, engine_names[e], NULL);
            const struct phase_stop stop = {cases[i].value == 1 ? d.node : cases[i].value, 9, true};
            const struct phase p = {.duration = cases[i].duration,
                                    .edge = cases[i].edge,
                                    .device = -1,
                                    .drive = &(struct drive){.volt = cases[i].volt},
                                    .n_stops = 1,
                                    .stops = &stop};
            struct reading reading;
            assert_int_equal(transient_phase(d.transient, &p, &reading, &d.error), cases[i].status);
            ASSERT_NAMES(d.error.text, cases[i].text);
            close_divider(&d);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_stop),  cmocka_unit_test(test_reading_of_a_step),
        cmocka_unit_test(test_short_pulse), cmocka_unit_test(test_crossed_in_phase),
        cmocka_unit_test(test_own_kinds),   cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
