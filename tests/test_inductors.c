/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inductors in the engines that solve for them, against closed forms: a tank that rings, its energy
 * going to and fro between coil and capacitor, and the account of both in the ledger. */
#include "engine/ledger.h"
#include "report/replay.h"
#include "testing.h"

#define HENRY 1e-3
#define FARAD 1e-9
#define OHM 50.0  /* of the driver */
#define VOLT 0.5  /* of the driver */
#define PERIODS 5 /* of ringing */

static const char *const engines[] = {"ida", "ngspice"};

/* Phases that drive port 0, the last point of each, and the largest misses of a law. */
struct run {
    size_t n, next;
    struct {
        double volt, duration, edge;
        bool open;
    } phases[4];
    const struct circuit *circuit;
    /* the law of the phase that is running, told each of its points */
    void (*point)(struct run *run, double since, const double *values);
    size_t n_points;
    double t0; /* of the phase [s] */
    double begin[4], miss;
    struct replay *replay;
    double *end; /* values at the last point, or NULL */
};

static bool next_phase(void *data, const struct reading *reading, struct phase *next)
{
    struct run *r = data;
    (void)reading;
    if (r->next == r->n)
        return false;
    next->kind = PHASE_SET;
    next->section = SECTION_TRAINING;
    next->drive[0] = (struct drive){r->phases[r->next].volt, r->phases[r->next].open};
    next->duration = r->phases[r->next].duration;
    next->edge = r->phases[r->next].edge;
    r->next++;
    r->n_points = 0;
    return true;
}

static void take(void *data, const struct interval *i)
{
    struct run *r = data;
    if (r->n_points++ == 0)
        r->t0 = i->t0;
    if (r->end)
        memcpy(r->end, i->values, circuit_n_values(r->circuit) * sizeof *r->end);
    if (r->next == r->n && i->t1 > i->t0)
        r->point(r, i->t1 - r->t0, i->values);
}

/* Run it; returns the ledger. */
static struct ledger *run(const char *engine, struct run *r, struct engine_options o)
{
    struct error error = {{0}};
    struct engine_report report;
    struct ledger *ledger = ledger_new(r->circuit, NULL);
    replay_free(r->replay);
    r->replay = replay_new(r->circuit);
    const struct recorder recorders[] = {
        ledger_recorder(ledger), {take, r}, replay_recorder(r->replay)};
    const struct controller controller = {.step = next_phase, .data = r};
    o.recorders = recorders;
    o.n_recorders = COUNT(recorders);
    r->next = 0;
    ASSERT_DONE(engine_run(engine_find(engine), r->circuit, &controller, &o, &report, &error),
                error);
    return ledger;
}

/* Run the engine's drive as a deck of its own in stock ngspice, which prints the energy of the class. */
static double replayed(const struct replay *replay, const struct engine_options *o,
                       enum energy_class class)
{
    char *text = NULL, *folder = folder_make(), line[400];
    char *const key = memory_format("energy_training_%s = ", energy_class_name(class));
    size_t size = 0;
    double energy = NAN;
    FILE *out = open_memstream(&text, &size);
    replay_write(replay, o, out);
    fclose(out);
    char *path = file_write(folder, "replay.cir", text, size);
    char *command = memory_format("cd %s && ngspice -b replay.cir 2>&1", folder);
    FILE *in = popen(command, "r");
    while (fgets(line, sizeof line, in))
        if (strncmp(line, key, strlen(key)) == 0)
            energy = atof(line + strlen(key));
    pclose(in);
    free(command);
    free(path);
    free(key);
    free(text);
    folder_remove(folder);
    return energy;
}

static int inductor(struct circuit *c, const char *name, int p, int n, double henry)
{
    return circuit_add(
        c, name,
        &(struct element){
            .kind = ELEMENT_INDUCTOR, .class = CLASS_LINE, .node = {p, n}, .value = henry},
        true);
}

/* From the first point behind the opening, where the tank has v and i: with w = 1/sqrt(LC) and
 * Z = sqrt(L/C), v = (v0 cos wt - i0 Z sin wt) e, i = (i0 cos wt + v0/Z sin wt) e, where the open switch
 * of 1 Gohm damps by e = exp(-t/(2RC)). */
static void ring(struct run *r, double since, const double *values)
{
    const double edge = r->phases[1].edge, t = since - r->begin[2];
    const double v = values[1], i = values[circuit_branch_value(r->circuit, 0)];
    const double w = 1 / sqrt(HENRY * FARAD), z = sqrt(HENRY / FARAD);
    if (since <= edge * 1.5 || r->begin[3] == 0) {
        r->begin[0] = v, r->begin[1] = i, r->begin[2] = since;
        r->begin[3] = since > edge * 1.5;
        return;
    }
    const double e = exp(-t / (2 * CIRCUIT_R_OPEN * FARAD)), v0 = r->begin[0], i0 = r->begin[1];
    const double v1 = e * (v0 * cos(w * t) - i0 * z * sin(w * t)),
                 i1 = e * (i0 * cos(w * t) + v0 / z * sin(w * t));
    r->miss = fmax(r->miss, fmax(fabs(v - v1), z * fabs(i - i1)));
}

/* A tank that a driver has charged with VOLT/OHM is let go.  It swings by VOLT/OHM sqrt(L/C) = 10 V, less
 * what the opening takes.  ida at 1e-7: a hundred tolerances after 5 periods.  ngspice's method, Gear of
 * order 2 with step h, is late by (wh)^2/3 a radian, or 1.3e-3 in 5 periods of 500 steps. */
static void test_tank(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(engines); k++) {
        const double period = 2 * M_PI * sqrt(HENRY * FARAD),
                     swing = VOLT / OHM * sqrt(HENRY / FARAD);
        const bool native = strcmp(engines[k], "ida") == 0;
        struct circuit *c = circuit_new("tank");
        const int a = circuit_node(c, "a");
        const int l = inductor(c, "l1", a, 0, HENRY);
        circuit_port(c, "in", a,
                     (struct port_driver){.ohm = OHM, .openable = true, .class = CLASS_DRIVER});
        const int farad = circuit_capacitor(c, "c1", a, 0, FARAD, CLASS_LINE);
        struct run r = {
            .n = 2,
            .phases = {{VOLT, 25 * HENRY / OHM, 1e-7, false}, {VOLT, PERIODS * period, 1e-8, true}},
            .circuit = c,
            .point = ring};
        struct engine_options o = engine_defaults;
        o.reltol = native ? 1e-7 : 1e-5;
        o.vntol = native ? 1e-8 : 1e-6;
        if (!native)
            o.step_max = period / 500;
        struct ledger *ledger = run(engines[k], &r, o);
        assert_true(r.n_points > 20);
        assert_true(swing > 9.9);
        if (!(r.miss < (native ? 1e-5 : 5e-3) * swing))
            fail_msg("%s: misses by %g V of %g V", engines[k], r.miss, swing);
        /* both begin empty: what they hold is what the ledger has */
        const struct ledger_total t = ledger_section(ledger, SECTION_TRAINING);
        const double in_l = ledger_element(ledger, SECTION_TRAINING, (size_t)l),
                     in_c = ledger_element(ledger, SECTION_TRAINING, (size_t)farad),
                     held = 0.5 * HENRY * pow(VOLT / OHM, 2);
        /* the opening takes less than its edge's part of a period */
        ASSERT_NEAR(in_l + in_c, held, 5e-3 * held);
        ASSERT_NEAR(ledger_energy(&t), t.delivered, (native ? 1e-5 : 1e-3) * t.delivered);
        /* class line is the coil and the capacitor; stock ngspice steps as it does here */
        if (native && system("command -v ngspice >/dev/null") == 0) {
            o.reltol = 1e-5;
            o.vntol = 1e-6;
            o.step_max = period / 500;
            ASSERT_NEAR(replayed(r.replay, &o, CLASS_LINE), in_l + in_c, 1e-2 * held);
        }
        replay_free(r.replay);
        ledger_free(ledger);
        circuit_free(c);
    }
}

/* Primary L1 behind OHM on a source of 1 V, secondary L2 with a load. */
#define L1 1e-3
#define L2 4e-3
#define LOAD 200.0
#define K 0.9

/* The edge is a step at its middle, to within its part of the time constants.  With
 * L di/dt = (V - R1 i1, -R2 i2), L = (L1 M; M L2): i2 = V M/(det (s1 - s2)) (e^(s2 t) - e^(s1 t)) and so on;
 * s1, s2: roots of det s^2 + (R1 L2 + R2 L1) s + R1 R2 = 0.  i2 flows from the dot out of the load. */
static void couple(struct run *r, double since, const double *values)
{
    const double m = K * sqrt(L1 * L2), det = L1 * L2 - m * m, b = OHM * L2 + LOAD * L1;
    const double root = sqrt(b * b - 4 * det * OHM * LOAD), s1 = (-b + root) / (2 * det),
                 s2 = (-b - root) / (2 * det), t = since - 0.5 * r->phases[0].edge;
    if (since < 5e-7)
        return;
    /* i1 starts from 0 with slope V L2/det and ends at V/R1 */
    const double rise = L2 / det, end = 1 / OHM;
    const double p = (rise + end * s2) / (s1 - s2), q = -end - p;
    const double i1 = end + p * exp(s1 * t) + q * exp(s2 * t),
                 i2 = -m / det * (exp(s1 * t) - exp(s2 * t)) / (s1 - s2);
    const double v2 = values[2];
    r->miss = fmax(r->miss, fabs(values[circuit_branch_value(r->circuit, 0)] - i1) * OHM);
    r->miss = fmax(r->miss, fabs(values[circuit_branch_value(r->circuit, 1)] - i2) * LOAD);
    r->miss = fmax(r->miss, fabs(v2 + LOAD * i2));
}

/* A step on a loaded transformer: currents of either side by the two exponentials; at the end the
 * ledger has L1 i1^2/2 + L2 i2^2/2 + M i1 i2 in the two inductors and nothing in the coupling, half of
 * the last part each.  5 ns of edge against 4 us, the shorter time constant: squared over 24, 1e-7. */
static void test_transformer(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(engines); k++) {
        const bool native = strcmp(engines[k], "ida") == 0;
        struct circuit *c = circuit_new("transformer");
        const int a = circuit_node(c, "a"), s = circuit_node(c, "s");
        const int l1 = inductor(c, "l1", a, 0, L1), l2 = inductor(c, "l2", s, 0, L2);
        c->elements[l2].class = CLASS_REFERENCE;
        const int pair = circuit_add(
            c, "k1",
            &(struct element){
                .kind = ELEMENT_COUPLING, .class = CLASS_LINE, .value = K, .partner = {l1, l2}},
            true);
        circuit_port(c, "in", a, (struct port_driver){.ohm = OHM, .class = CLASS_DRIVER});
        circuit_resistor(c, "rload", s, 0, LOAD, CLASS_MEMRISTOR);
        struct run r = {.n = 1, .phases = {{1, 3e-5, 5e-9, false}}, .circuit = c, .point = couple};
        struct engine_options o = engine_defaults;
        o.reltol = native ? 1e-7 : 1e-6;
        o.vntol = 1e-8;
        o.abstol = 1e-12;
        o.step_max = native ? 1e-6 : 3e-8;
        double *end = NEW(circuit_n_values(c), double);
        r.end = end;
        struct ledger *ledger = run(engines[k], &r, o);
        if (!(r.miss < (native ? 1e-5 : 1e-3)))
            fail_msg("%s: misses by %g V of 1 V", engines[k], r.miss);
        const double i1 = end[circuit_branch_value(c, 0)], i2 = end[circuit_branch_value(c, 1)],
                     both = K * sqrt(L1 * L2) * i1 * i2;
        const double in_l1 = ledger_element(ledger, SECTION_TRAINING, (size_t)l1),
                     in_l2 = ledger_element(ledger, SECTION_TRAINING, (size_t)l2),
                     in_k = ledger_element(ledger, SECTION_TRAINING, (size_t)pair),
                     w1 = 0.5 * (L1 * i1 * i1 + both), w2 = 0.5 * (L2 * i2 * i2 + both);
        const struct ledger_total t = ledger_section(ledger, SECTION_TRAINING);
        assert_true(fabs(both) > 0.1 * w1);
        ASSERT_NEAR(in_l1, w1, 1e-9 * fabs(w1));
        ASSERT_NEAR(in_l2, w2, 1e-9 * fabs(w1));
        ASSERT_NEAR(in_k, 0, 0);
        ASSERT_NEAR(ledger_energy(&t), t.delivered, (native ? 1e-5 : 1e-3) * t.delivered);
        if (native && system("command -v ngspice >/dev/null") == 0) {
            o.reltol = 1e-6;
            o.step_max = 3e-8;
            ASSERT_NEAR(replayed(r.replay, &o, CLASS_LINE), w1, 1e-3 * fabs(w1));
            ASSERT_NEAR(replayed(r.replay, &o, CLASS_REFERENCE), w2, 1e-3 * fabs(w1));
        }
        replay_free(r.replay);
        ledger_free(ledger);
        circuit_free(c);
        free(end);
    }
}

/* i = V/R (1 - e^(-t R/L)), the source's edge as a step at its middle. */
static void charge(struct run *r, double since, const double *values)
{
    const double t = since - 0.5 * r->phases[0].edge;
    if (since > 5e-7)
        r->miss = fmax(r->miss, fabs(values[circuit_branch_value(r->circuit, 0)] * OHM - 1 +
                                     exp(-t * OHM / HENRY)));
}

/* Two inductors in series are one of their sum, although the node between them has no current of its
 * own to be solved from (index 2): half of the voltage stands there. */
static void test_series(void **state)
{
    (void)state;
    struct circuit *c = circuit_new("series");
    const int a = circuit_node(c, "a"), b = circuit_node(c, "b");
    inductor(c, "l1", a, b, 0.5 * HENRY);
    inductor(c, "l2", b, 0, 0.5 * HENRY);
    circuit_port(c, "in", a, (struct port_driver){.ohm = OHM, .class = CLASS_DRIVER});
    double *end = NEW(circuit_n_values(c), double);
    struct run r = {
        .n = 1, .phases = {{1, 5e-5, 5e-9, false}}, .circuit = c, .point = charge, .end = end};
    struct engine_options o = engine_defaults;
    o.reltol = 1e-7;
    o.abstol = 1e-12;
    struct ledger *ledger = run("ida", &r, o);
    assert_true(r.n_points > 5);
    if (!(r.miss < 1e-5))
        fail_msg("misses by %g V of 1 V", r.miss);
    ASSERT_NEAR(end[b], 0.5 * end[a], 1e-5);
    replay_free(r.replay);
    ledger_free(ledger);
    free(end);
    circuit_free(c);
}

/* |k| = 1 gives no solution; three couplings of 0.9, 0.9 and -0.9 give energy without end. */
static void test_too_strong(void **state)
{
    (void)state;
    static const double strengths[2][3] = {{1, 0, 0}, {0.9, 0.9, -0.9}};
    for (int trial = 0; trial < 2; trial++) {
        struct circuit *c = circuit_new("too strong");
        int l[3];
        circuit_port(c, "in", circuit_node(c, "a"),
                     (struct port_driver){.ohm = OHM, .class = CLASS_DRIVER});
        for (int i = 0; i < 3; i++) {
            char *name = memory_format("l%d", i);
            l[i] = inductor(c, name, circuit_node(c, "a"), circuit_nodef(c, "b%d", i), L1);
            name[0] = 'r';
            circuit_resistor(c, name, circuit_nodef(c, "b%d", i), 0, OHM, CLASS_LINE);
            free(name);
        }
        for (int i = 0; i < 3; i++) {
            char *name = memory_format("k%d", i);
            circuit_add(c, name,
                        &(struct element){.kind = ELEMENT_COUPLING,
                                          .value = strengths[trial][i],
                                          .partner = {l[i], l[(i + 1) % 3]}},
                        true);
            free(name);
        }
        struct error error = {{0}};
        struct run r = {.n = 1, .phases = {{1, 1e-5, 1e-6, false}}, .circuit = c, .point = couple};
        struct engine_report report;
        const struct controller controller = {.step = next_phase, .data = &r};
        assert_int_equal(
            engine_run(engine_find("ida"), c, &controller, &engine_defaults, &report, &error),
            STATUS_INPUT);
        ASSERT_NAMES(error.text, "coupled too strongly");
        circuit_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tank), cmocka_unit_test(test_transformer),
        cmocka_unit_test(test_series), cmocka_unit_test(test_too_strong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
