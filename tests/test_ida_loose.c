/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine `ida` at loose tolerances, where it steps by another method (dirk.h): the drive of a
 * whole training run on CMOS neurons against the run itself at reltol 1e-4. */
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "learn/training.h"
#include "ledger_sections.h"
#include "testing.h"

struct last_values {
    const struct circuit *circuit;
    double *values;
};

static void keep(void *data, const struct interval *i)
{
    struct last_values *l = data;
    memcpy(l->values, i->values, circuit_n_values(l->circuit) * sizeof *l->values);
}

/* A state is held to reltol of itself a step and the errors of steps decay with the state's own
 * relaxation: reltol of a state remains.  Energies of every class within a tenth of reltol, as
 * powers follow settled voltages for most of the time.  In less than half as many steps. */
static void test_loose_replay(void **state)
{
    (void)state;
    struct dopant *dopant;
    struct subcircuit_file *neuron, *switches;
    struct image_pair images;
    struct error error = {{0}};
    struct training_options o = training_defaults();
    char *devices = source_path("devices"), *neuron_path = source_path("netlists/neuron.sub"),
         *switches_path = source_path("netlists/switches.sub");
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    ASSERT_DONE(neuron_read(neuron_path, &neuron, &o.classifier.neuron, &error), error);
    ASSERT_DONE(subcircuit_read(switches_path, &switches, &error), error);
    ASSERT_DONE(images_read("T/X", &images, &error), error);
    o.classifier.dopant = dopant;
    o.classifier.switches = switches;
    o.images = &images;
    o.engine = engine_find("ida");
    struct training t;
    ASSERT_DONE(training_prepare(&o, &t, &error), error);
    const struct circuit *c = t.classifier.circuit;
    struct drive_log log;
    drive_log_new(&log, c);
    struct last_values last = {c, NEW(circuit_n_values(c), double)},
                       played = {c, NEW(circuit_n_values(c), double)};
    const struct recorder recorders[] = {drive_log_recorder(&log), {keep, &last}};
    ASSERT_DONE(training_run(&t, recorders, 2, &error), error);

    struct engine_options loose = engine_defaults;
    struct ledger *ledger = ledger_new(c, NULL);
    const struct recorder replayed[] = {ledger_recorder(ledger), {keep, &played}};
    loose.reltol = 1e-2;
    loose.abstol = 1e-8;
    loose.vntol = 1e-4;
    loose.recorders = replayed;
    loose.n_recorders = 2;
    struct engine_report report;
    const struct controller controller = drive_log_controller(&log);
    ASSERT_DONE(engine_run(o.engine, c, &controller, &loose, &report, &error), error);
    assert_true(2 * report.points < t.report.points);
    for (size_t s = 0; s < c->n_states; s++) {
        const double x = last.values[circuit_state_value(c, (int)s)];
        ASSERT_NEAR(played.values[circuit_state_value(c, (int)s)], x, loose.reltol * x);
    }
    static const struct {
        enum phase_section section;
        enum energy_class class;
    } parts[] = {{SECTION_TRAINING, CLASS_MEMRISTOR},  {SECTION_TRAINING, CLASS_SELECT},
                 {SECTION_TRAINING, CLASS_DRIVER},     {SECTION_TRAINING, CLASS_NEURON},
                 {SECTION_INFERENCE, CLASS_MEMRISTOR}, {SECTION_INFERENCE, CLASS_REFERENCE},
                 {SECTION_INFERENCE, CLASS_DRIVER},    {SECTION_INFERENCE, CLASS_NEURON}};
    for (size_t k = 0; k < COUNT(parts); k++) {
        const double e = ledger_section_class(t.ledger, parts[k].section, parts[k].class);
        assert_true(e > 0);
        ASSERT_NEAR(ledger_section_class(ledger, parts[k].section, parts[k].class), e,
                    0.1 * loose.reltol * e);
    }
    ledger_free(ledger);
    free(last.values);
    free(played.values);
    drive_log_free(&log);
    training_free(&t);
    dopant_free(dopant);
    subcircuit_free(neuron);
    subcircuit_free(switches);
    images_free(&images);
    free(devices);
    free(neuron_path);
    free(switches_path);
}

/* A transconductor without capacitors inside, switched to a membrane of 56 pF while `int` is high and to
 * v(mid) else, a comparator, and a reset: its mirrors turn over within picoseconds when it is switched. */
static const char integrator[] = ".include neuron.sub\n"
                                 ".subckt integrator col mem out int clear high mid vdd vss\n"
                                 "xt col in pb bias mid vdd vss tia rf=5k\n"
                                 "mtail tail bias vss vss nch w=3u l=1u\n"
                                 "m1 a in tail vss nch w=1u l=1u\n"
                                 "m2 b mid tail vss nch w=1u l=1u\n"
                                 "m3 a a vdd vdd pch w=3u l=1u\n"
                                 "m4 b b vdd vdd pch w=3u l=1u\n"
                                 "m5 c b vdd vdd pch w=3u l=1u\n"
                                 "m6 cur cas c vdd pch w=3u l=1u\n"
                                 "m7 d a vdd vdd pch w=3u l=1u\n"
                                 "m8 e cas d vdd pch w=3u l=1u\n"
                                 "m9 e e f vss nch w=1.5u l=1u\n"
                                 "m10 f f vss vss nch w=1.5u l=1u\n"
                                 "m11 cur e g vss nch w=1.5u l=1u\n"
                                 "m12 g f vss vss nch w=1.5u l=1u\n"
                                 "rcas cas vss 200k\n"
                                 "mcas cas cas vdd vdd pch w=0.8u l=1u\n"
                                 "eoff off vss vdd int 1\n"
                                 "m13 cur int mem vss nch w=2u l=1u\n"
                                 "m14 cur off mem vdd pch w=4u l=1u\n"
                                 "m15 cur off mid vss nch w=2u l=1u\n"
                                 "cmem mem vss 56p\n"
                                 "m16 tail2 bias vss vss nch w=1.5u l=1u\n"
                                 "m17 qa mem tail2 vss nch w=4u l=1u\n"
                                 "m18 qb high tail2 vss nch w=4u l=1u\n"
                                 "m19 qa qa vdd vdd pch w=2u l=1u\n"
                                 "m20 qb qa vdd vdd pch w=2u l=1u\n"
                                 "cq qb vss 20f\n"
                                 "m21 out qb vdd vdd pch w=3u l=1u\n"
                                 "m22 out qb vss vss nch w=1u l=1u\n"
                                 "cout out vss 20f\n"
                                 "m23 mem clear mid vss nch w=2u l=1u\n"
                                 ".ends\n";

enum { INT, CLEAR, IN, INTEGRATOR_PORTS };
static struct circuit *integrator_circuit(const struct subcircuit_file *file)
{
    struct circuit *c = circuit_new("integrator");
    struct error error = {{0}};
    const int vdd = circuit_node(c, "vdd"), mid = circuit_node(c, "mid"),
              high = circuit_node(c, "high"), row = circuit_node(c, "row"),
              col = circuit_node(c, "col"), mem = circuit_node(c, "mem"),
              out = circuit_node(c, "out");
    circuit_voltage(c, "vvdd", vdd, 0, 3.3, CLASS_NEURON);
    circuit_voltage(c, "vmid", mid, 0, 1.65, CLASS_NEURON);
    circuit_voltage(c, "vhigh", high, 0, 1.95, CLASS_NEURON);
    circuit_logic_port(c, "int");
    circuit_logic_port(c, "clear");
    const struct port_driver driver = {50, false, 1.65, CLASS_DRIVER};
    circuit_port(c, "in", row, driver);
    circuit_resistor(c, "r1", row, col, 2000, CLASS_MEMRISTOR);
    const int nodes[] = {col, mem, out, circuit_node(c, "int"), circuit_node(c, "clear"), high,
                         mid, vdd, 0};
    ASSERT_DONE(subcircuit_add(c,
                               &(struct subcircuit_instance){.file = file,
                                                             .subcircuit = "integrator",
                                                             .name = "x1",
                                                             .n_nodes = COUNT(nodes),
                                                             .nodes = nodes,
                                                             .class = CLASS_NEURON},
                               &error),
                error);
    return c;
}

/* Steps of 100 us by a clock: integrate, hold, clear now and then; inputs by a stream. */
struct clocked {
    uint64_t seed;
    int next;
};
static double draw(struct clocked *k)
{
    k->seed = k->seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(k->seed >> 11) * 0x1p-53;
}
static bool clocked_step(void *data, const struct reading *reading, struct phase *p)
{
    struct clocked *k = data;
    (void)reading;
    if (k->next == 60)
        return false;
    const int part = k->next++ % 3;
    p->kind = PHASE_READ;
    p->section = SECTION_TRAINING;
    p->edge = 0.2e-6;
    p->duration = part == 0 ? 10e-6 : part == 1 ? 2e-6 : 80e-6;
    p->drive[INT] = (struct drive){part == 0 ? 3.3 : 0, false};
    p->drive[CLEAR] = (struct drive){part == 1 && draw(k) < 0.4 ? 3.3 : 0, false};
    p->drive[IN] = (struct drive){part == 0 ? 1.65 - 0.15 * draw(k) : 1.65, false};
    return true;
}

static void run_clocked(const struct circuit *c, double reltol, uint64_t seed, double *energy,
                        size_t *points)
{
    struct clocked k = {seed, 0};
    struct engine_options o = engine_defaults;
    struct ledger *ledger = ledger_new(c, NULL);
    const struct recorder recorder = ledger_recorder(ledger);
    o.reltol = reltol;
    o.recorders = &recorder;
    o.n_recorders = 1;
    struct engine_report report;
    struct error error = {{0}};
    ASSERT_DONE(engine_run(engine_find("ida"), c, &(struct controller){clocked_step, &k, NULL}, &o,
                           &report, &error),
                error);
    *energy = ledger_section_class(ledger, SECTION_TRAINING, CLASS_NEURON);
    *points = report.points;
    ledger_free(ledger);
}

/* Where Newton's method finds no way for the long steps of the loose method, the other goes on: no step
 * collapses, and no tolerance makes more of them than a tighter one. */
static void test_clocked(void **state)
{
    (void)state;
    char *folder = folder_make(),
         *path = file_write(folder, "integrator.sub", integrator, sizeof integrator - 1);
    char *neuron = source_path("netlists/neuron.sub"), text[1 << 14];
    FILE *in = fopen(neuron, "rb");
    assert_non_null(in);
    char *copy = file_write(folder, "neuron.sub", text, fread(text, 1, sizeof text, in));
    assert_true(feof(in));
    fclose(in);
    struct subcircuit_file *file;
    struct error error = {{0}};
    ASSERT_DONE(subcircuit_read(path, &file, &error), error);
    struct circuit *c = integrator_circuit(file);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double tight, energy;
        size_t tight_points, points;
        run_clocked(c, 1e-5, seed, &tight, &tight_points);
        static const double reltols[] = {1e-2, 3e-3, 1e-3};
        for (size_t k = 0; k < COUNT(reltols); k++) {
            run_clocked(c, reltols[k], seed, &energy, &points);
            ASSERT_NEAR(energy, tight, reltols[k] * tight);
            assert_true(points < tight_points);
        }
    }
    circuit_free(c);
    subcircuit_free(file);
    free(path);
    free(copy);
    free(neuron);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loose_replay),
                                       cmocka_unit_test(test_clocked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
