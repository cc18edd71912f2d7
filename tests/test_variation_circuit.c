/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A classifier with everything that varies, in all engines: devices of their own, stuck devices, line
 * resistance, supply, temperature, thresholds from pulse to pulse, mismatch and offset.  The drive is
 * short and fixed: pulses and readings of some devices, then some images. */
#include "base/random.h"
#include "base/spice_number.h"
#include "circuit/mismatch.h"
#include "classifier_parts.h"
#include "engine/drive_log.h"
#include "engine/ledger.h"
#include "learn/training.h"
#include "ledger_sections.h"
#include "report/replay.h"
#include "study/variation.h"

static char *devices;

static int set_up(void **state)
{
    devices = source_path("devices");
    return parts_read(state);
}

static int tear_down(void **state)
{
    free(devices);
    return parts_free(state);
}

#define N_DEVICES 30
#define PULSED 6
#define IMAGES 5
static const size_t pulsed[PULSED] = {0, 4, 13, 22, 27, 29};
static const unsigned shown[IMAGES] = {0, 0x1d2, 0x155, 511, 0x0f0};

/* What a run is compared by. */
struct result {
    const struct classifier *k;
    struct variation *variation; /* thresholds are drawn before each pulse; or NULL */
    size_t step;
    double g[PULSED];                      /* readings [S] */
    double hidden[IMAGES][3], out[IMAGES]; /* [V] above signal ground */
    double states[N_DEVICES];              /* at the end; -1: stuck */
    double energy[2][ENERGY_CLASSES];      /* training, inference [J] */
    double *values;
};

static bool drive(void *data, const struct reading *reading, struct phase *p)
{
    struct result *r = data;
    const struct classifier *k = r->k;
    const size_t step = r->step++, first = 1, show = first + 2 * PULSED;
    if (reading && step > first && step <= show && (step - first) % 2 == 0) {
        const struct classifier_address a = classifier_address(k, pulsed[(step - first) / 2 - 1]);
        r->g[(step - first) / 2 - 1] =
            reading->mean[k->layers[a.layer].column_probes[a.column]] / CLASSIFIER_INPUT_VOLT;
    }
    if (reading && step > show) {
        for (size_t j = 0; j < 3; j++)
            r->hidden[step - show - 1][j] =
                reading->mean[k->layers[0].output_probes[j]] - k->ground;
        r->out[step - show - 1] = reading->mean[k->layers[1].output_probes[0]] - k->ground;
    }
    for (size_t i = 0; i < k->circuit->n_ports; i++)
        p->drive[i] = (struct drive){k->circuit->ports[i].idle, false};
    p->edge = 1e-6;
    p->section = SECTION_TRAINING;
    if (step == 0) {
        p->kind = PHASE_IDLE;
        p->section = SECTION_START;
        p->duration = 100e-6;
        return true;
    }
    if (step < show) {
        const size_t n = (step - first) / 2, device = pulsed[n];
        const struct classifier_address a = classifier_address(k, device);
        const struct classifier_layer *l = &k->layers[a.layer];
        const bool pulse = (step - first) % 2 == 0;
        p->device = (int)device;
        p->kind = !pulse ? PHASE_READ : n % 3 == 2 ? PHASE_RESET : PHASE_SET;
        p->duration = pulse ? 1e-3 : 100e-6;
        p->drive[l->row_ports[a.row]].volt = k->ground + (!pulse       ? CLASSIFIER_INPUT_VOLT
                                                          : n % 3 == 2 ? -0.12
                                                                       : 0.32);
        p->drive[l->crossbar.selects[a.row * l->crossbar.columns + a.column]].volt = k->supply;
        if (pulse && r->variation && variation_cycle(r->variation, device))
            p->changed = 1 + k->circuit->elements[classifier_device(k, device)].state;
        return true;
    }
    if (step == show + IMAGES)
        return false;
    p->kind = PHASE_INFER;
    /* what is left on a capacitor that nothing has reached depends on how a run starts: it flows off
     * as the first image connects it */
    p->section = step == show ? SECTION_START : SECTION_INFERENCE;
    p->duration = 20e-6;
    for (size_t l = 0; l < k->n_layers; l++) {
        const struct classifier_layer *layer = &k->layers[l];
        for (size_t i = 0; i < layer->crossbar.rows; i++)
            p->drive[layer->row_ports[i]] =
                l == 0 ? (struct drive){k->ground + CLASSIFIER_INPUT_VOLT *
                                                        image_pixel(shown[step - show], i),
                                        false}
                       : (struct drive){k->ground, true};
        for (size_t j = 0; j < layer->crossbar.columns; j++)
            p->drive[layer->column_ports[j]] = (struct drive){k->ground, true};
        for (size_t n = 0; n < layer->crossbar.rows * layer->crossbar.columns; n++)
            p->drive[layer->crossbar.selects[n]].volt = k->supply;
    }
    p->drive[k->infer_port].volt = k->supply;
    return true;
}

static void watch(void *data, const struct interval *i)
{
    struct result *r = data;
    memcpy(r->values, i->values, circuit_n_values(r->k->circuit) * sizeof *r->values);
}

static struct engine_options tight(void)
{
    struct engine_options o = engine_defaults;
    o.reltol = 1e-6;
    o.vntol = 1e-8;
    o.abstol = 1e-12;
    o.trtol = 1; /* at 7 ngspice's own error of a state after a reset is 4 times as large */
    return o;
}

static struct result run(const char *engine, const struct classifier *k, struct variation *v,
                         const struct recorder *more)
{
    struct result r = {.k = k, .variation = v, .values = NEW(circuit_n_values(k->circuit), double)};
    struct ledger *ledger = ledger_new(k->circuit, NULL);
    const struct recorder recorders[3] = {
        ledger_recorder(ledger), {watch, &r}, more ? *more : (struct recorder){0}};
    struct engine_options o = tight();
    o.recorders = recorders;
    o.n_recorders = more ? 3 : 2;
    const struct controller controller = {.step = drive, .data = &r};
    struct engine_report report;
    struct error error = {{0}};
    if (engine_run(engine_find(engine), k->circuit, &controller, &o, &report, &error) != STATUS_OK)
        fail_msg("%s: %s", engine, error.text);
    for (size_t n = 0; n < N_DEVICES; n++) {
        const struct element *e = &k->circuit->elements[classifier_device(k, n)];
        r.states[n] = e->state < 0 ? -1 : r.values[circuit_state_value(k->circuit, e->state)];
    }
    for (int c = 0; c < ENERGY_CLASSES; c++) {
        r.energy[0][c] = ledger_section_class(ledger, SECTION_TRAINING, (enum energy_class)c);
        r.energy[1][c] = ledger_section_class(ledger, SECTION_INFERENCE, (enum energy_class)c);
    }
    assert_true(ledger_residual_array(ledger) < 1e-3 && ledger_residual_supply(ledger) < 1e-3);
    ledger_free(ledger);
    free(r.values);
    r.values = NULL;
    return r;
}

/* States, readings and energies of the classes listed within 1e-3, the figure of
 * the engines' own comparison in the whole training run; outputs within `volt`; energies of the
 * images within `infer`. */
static void compare(const struct result *a, const struct result *b, double volt, double infer,
                    const enum energy_class *classes, size_t n_classes)
{
    for (size_t n = 0; n < N_DEVICES; n++)
        ASSERT_NEAR(a->states[n], b->states[n], 1e-3 * fabs(b->states[n]));
    for (size_t n = 0; n < PULSED; n++)
        ASSERT_NEAR(a->g[n], b->g[n], 1e-3 * b->g[n]);
    for (size_t n = 0; n < IMAGES; n++) {
        for (size_t j = 0; j < 3; j++)
            ASSERT_NEAR(a->hidden[n][j], b->hidden[n][j], volt);
        ASSERT_NEAR(a->out[n], b->out[n], volt);
    }
    for (size_t c = 0; c < n_classes; c++)
        for (int s = classes[c] == CLASS_REFERENCE; s < 2; s++)
            ASSERT_NEAR(a->energy[s][classes[c]], b->energy[s][classes[c]],
                        (s == 0 ? 1e-3 : infer) * b->energy[s][classes[c]]);
}

/* Event has no capacitors: of the 20 us of an image its neurons need none to settle. */
#define SETTLING 1e-2

static const enum energy_class array_classes[] = {CLASS_MEMRISTOR, CLASS_SELECT, CLASS_LINE,
                                                  CLASS_REFERENCE, CLASS_DRIVER};

struct setting {
    struct variation_source *source;
    struct variation variation;
    struct classifier_options options;
    double x0[N_DEVICES];
};

static struct setting *setting_new(const struct variation_options *o, double kelvin,
                                   uint32_t replica)
{
    struct setting *b = NEW(1, struct setting);
    struct error error = {{0}};
    b->options = classifier_defaults;
    const struct variation_circuit circuit = {dopant, devices, kelvin, NULL};
    ASSERT_DONE(variation_open(o, &circuit, &b->source, &error), error);
    ASSERT_DONE(variation_draw(b->source, N_DEVICES, classifier_amplifiers(&b->options),
                               (struct random_sample){1, replica}, &b->variation, &error),
                error);
    struct training_options t = {.classifier = b->options};
    variation_apply(&b->variation, &t);
    b->options = t.classifier;
    for (size_t n = 0; n < N_DEVICES; n++)
        b->x0[n] = 0.02 + 0.01 * (double)(n % 7);
    b->options.dopant = dopant;
    b->options.neuron.file = neuron;
    b->options.switches = switches;
    b->options.temperature = kelvin;
    b->options.x0 = b->x0;
    return b;
}

static struct classifier build(const struct setting *b)
{
    struct classifier k;
    struct error error = {{0}};
    ASSERT_DONE(classifier_build(&b->options, &k, &error), error);
    return k;
}

static void setting_free(struct setting *b)
{
    variation_free(&b->variation);
    variation_close(b->source);
    free(b);
}

/* All of it but the transistors, in the first replica that has devices stuck both ways. */
static struct setting *everything(void)
{
    struct variation_options o = variation_defaults;
    o.sigma[VARY_RON] = o.sigma[VARY_ROFF] = 0.2;
    o.sigma[VARY_TAU] = 0.4;
    o.sigma[VARY_VON] = 0.02;
    o.sigma[VARY_VOFF] = 0.02;
    o.correlation[0] = 0.5;
    o.stuck_on = 0.08;
    o.stuck_off = 0.08;
    struct setting *b = NULL;
    for (uint32_t replica = 0; !b || b->variation.n_stuck_on == 0 || b->variation.n_stuck_off == 0;
         replica++) {
        if (b)
            setting_free(b);
        b = setting_new(&o, 330, replica);
    }
    b->options.line_row_ohm = 5;
    b->options.line_column_ohm = 8;
    b->options.supply = 3.1;
    return b;
}

/* The transistors' circuit in ida against ngspice, both at reltol 1e-6; ngspice reads the deck: 20 uV of
 * 60 mV at the outputs, as in test_ida. */
static void test_engines(void **state)
{
    (void)state;
    struct setting *b = everything();
    struct classifier k = build(b);
    const struct result ngspice = run("ngspice", &k, NULL, NULL), ida = run("ida", &k, NULL, NULL);
    double moved = 0;
    for (size_t n = 0; n < N_DEVICES; n++)
        moved = fmax(moved, fabs(ida.states[n] - b->x0[n]) * (ida.states[n] >= 0));
    assert_true(moved > 0.05);
    assert_true(ida.energy[0][CLASS_LINE] > 1e-11 && ida.energy[1][CLASS_LINE] > 1e-11);
    compare(&ida, &ngspice, 20e-6, 1e-3, array_classes, COUNT(array_classes));
    classifier_free(&k);
    setting_free(b);
}

static struct transfer_testbench measuring(const struct setting *b, size_t layer, size_t j)
{
    return (struct transfer_testbench){.options = &b->options,
                                       .layer = layer,
                                       .neuron = j,
                                       .lit_rows = layer == 0 ? TRANSFER_COMMON_ROWS : 0,
                                       .engine = engine_find("ida"),
                                       .solver = &engine_defaults};
}

/* The curve of ideal neurons is enough here: the same behavioural circuit in event and in ida.  Event
 * has no capacitors: outputs agree where they have settled. */
static void test_event(void **state)
{
    (void)state;
    struct setting *b = everything();
    struct transfer transfers[2];
    struct neuron_curve curves[2];
    struct error error = {{0}};
    for (size_t l = 0; l < 2; l++) {
        const struct transfer_testbench of = measuring(b, l, 0);
        ASSERT_DONE(transfer_measure(&of, &transfers[l], &error), error);
        ASSERT_DONE(transfer_measure_supply(&of, &transfers[l], &error), error);
        curves[l] = transfers[l].curve;
    }
    b->options.curves = curves;
    struct classifier k = build(b);
    const struct result event = run("event", &k, NULL, NULL), ida = run("ida", &k, NULL, NULL);
    compare(&event, &ida, 20e-6, SETTLING, array_classes, COUNT(array_classes));
    classifier_free(&k);
    for (size_t l = 0; l < 2; l++)
        transfer_free(&transfers[l]);
    setting_free(b);
}

/* A line of no resistance is no line: the same circuit, element by element, as without lines. */
static void test_no_lines(void **state)
{
    (void)state;
    struct setting *b = setting_new(&variation_defaults, TEMPERATURE_NOMINAL, 0);
    struct classifier k = build(b);
    const size_t ideal = k.circuit->n_elements;
    classifier_free(&k);
    b->options.line_row_ohm = 1;
    k = build(b);
    assert_int_equal(k.circuit->n_elements, ideal + 27 + 3);
    classifier_free(&k);
    b->options.line_row_ohm = 0;
    b->options.line_column_ohm = 1;
    k = build(b);
    assert_int_equal(k.circuit->n_elements, ideal + 27 + 3 + 9 + 3); /* the reference's, too */
    classifier_free(&k);
    setting_free(b);
}

/* Thresholds that are drawn anew for each pulse: the same in event and ida, which take turns with the
 * same streams, and different from fixed ones; ngspice says that it cannot. */
static void test_cycle(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    o.cycle_von = 0.03;
    o.cycle_voff = 0.02;
    struct result results[3];
    static const char *const engines[3] = {"event", "ida", "ida"};
    for (int i = 0; i < 3; i++) {
        struct setting *b = setting_new(&o, TEMPERATURE_NOMINAL, 2);
        struct transfer t;
        struct error error = {{0}};
        const struct transfer_testbench of = measuring(b, 1, 0);
        ASSERT_DONE(transfer_measure(&of, &t, &error), error);
        ASSERT_DONE(transfer_measure_supply(&of, &t, &error), error);
        const struct neuron_curve curves[2] = {t.curve, t.curve};
        b->options.curves = curves;
        struct classifier k = build(b);
        results[i] = run(engines[i], &k, i < 2 ? &b->variation : NULL, NULL);
        assert_int_equal(b->variation.cycle_pulses, i < 2 ? PULSED : 0);
        if (i == 0) {
            struct result r = {.k = &k,
                               .variation = &b->variation,
                               .values = NEW(circuit_n_values(k.circuit), double)};
            const struct controller controller = {.step = drive, .data = &r};
            struct engine_report report;
            assert_int_equal(engine_run(engine_find("ngspice"), k.circuit, &controller,
                                        &engine_defaults, &report, &error),
                             STATUS_INPUT);
            ASSERT_NAMES(error.text, "xm1_1_1");
            ASSERT_NAMES(error.text, "--engine ida or event");
            free(r.values);
        }
        classifier_free(&k);
        transfer_free(&t);
        setting_free(b);
    }
    compare(&results[0], &results[1], 20e-6, SETTLING, array_classes, 2);
    double differs = 0;
    for (size_t n = 0; n < PULSED; n++)
        differs = fmax(differs, fabs(results[1].g[n] / results[2].g[n] - 1));
    assert_true(differs > 0.05);
}

/* Mismatch and offset on the transistors themselves: ida against ngspice, which reads one model a
 * transistor from the deck; and the event engine, whose neurons are measured one by one on these
 * transistors.  What the latter loses is stated: at most 1 mV of the outputs' 60 mV (their supply's
 * current, their bend with the common mode), where leaving mismatch out costs ten times as much. */
static void test_mismatch(void **state)
{
    (void)state;
    struct variation_options o = variation_defaults;
    o.a_vt = 4e-9;
    o.a_beta = 1e-8;
    o.offset = 1e-3;
    struct setting *b = setting_new(&o, TEMPERATURE_NOMINAL, 0);
    struct classifier k = build(b);
    const struct result ngspice = run("ngspice", &k, NULL, NULL), ida = run("ida", &k, NULL, NULL);
    compare(&ida, &ngspice, 20e-6, 1e-3, array_classes, 2);
    classifier_free(&k);

    struct transfer own[4];
    struct neuron_curve curves[4];
    struct error error = {{0}};
    for (size_t n = 0; n < 4; n++) {
        const struct transfer_testbench of = measuring(b, n / 3, n % 3);
        ASSERT_DONE(transfer_measure_neuron(&of, &own[n], &error), error);
        curves[n] = own[n].curve;
    }
    b->options.curves = curves;
    b->options.own_curves = true;
    k = build(b);
    const struct result event = run("event", &k, NULL, NULL);
    classifier_free(&k);
    for (size_t n = 0; n < 4; n++)
        transfer_free(&own[n]);
    b->options.curves = NULL;
    b->options.own_curves = false;
    b->options.mismatch = NULL;
    b->options.offsets = NULL;
    k = build(b);
    const struct result nominal = run("ida", &k, NULL, NULL);
    classifier_free(&k);
    double error_event = 0, effect = 0;
    for (size_t n = 0; n < IMAGES; n++)
        for (size_t j = 0; j < 3; j++) {
            error_event = fmax(error_event, fabs(event.hidden[n][j] - ida.hidden[n][j]));
            effect = fmax(effect, fabs(nominal.hidden[n][j] - ida.hidden[n][j]));
        }
    print_message("event: %.3g mV, without mismatch: %.3g mV\n", 1e3 * error_event, 1e3 * effect);
    assert_true(error_event < 1e-3);
    assert_true(effect > 10 * error_event);
    setting_free(b);
}

/* The bulk diode of a transistor carries m IS (e^(u q/kT) - 1): at 360 K in ida and in ngspice, whose
 * deck says temp and tnom, against that formula.  1e-4: what 1 kohm, GMIN and SPICE's tolerance
 * leave. */
static void test_temperature(void **state)
{
    (void)state;
    static const struct {
        const char *engine;
        double kelvin;
    } cases[] = {{"ida", 360}, {"ngspice", 360}, {"ida", TEMPERATURE_NOMINAL}};
    double volt[COUNT(cases)];
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[] = ".model n NMOS LEVEL=1 VTO=0.5 KP=170u\n.subckt d b\nm1 0 0 0 b n w=1u l=1u\n"
                      "r1 b 0 1meg\n.ends\n";
        char *folder = folder_make(), *path = file_write(folder, "d.sub", text, strlen(text));
        struct subcircuit_file *file;
        struct error error = {{0}};
        ASSERT_DONE(subcircuit_read(path, &file, &error), error);
        struct circuit *c = circuit_new("diode");
        c->temperature = cases[i].kelvin;
        const int node = circuit_node(c, "b");
        circuit_port(c, "in", node, (struct port_driver){.ohm = 10e3, .class = CLASS_DRIVER});
        circuit_voltage_probe(c, "b", node);
        ASSERT_DONE(subcircuit_add(c,
                                   &(struct subcircuit_instance){.file = file,
                                                                 .subcircuit = "d",
                                                                 .name = "xd",
                                                                 .n_nodes = 1,
                                                                 .nodes = &node,
                                                                 .class = CLASS_NEURON},
                                   &error),
                    error);
        struct drive up = {.volt = 1};
        struct phase phase = {.kind = PHASE_IDLE,
                              .section = SECTION_TRAINING,
                              .duration = 1e-3,
                              .edge = 1e-6,
                              .device = -1,
                              .drive = &up};
        struct drive_log log = {.n_ports = 1, .n = 1, .phases = &phase};
        const struct controller controller = drive_log_controller(&log);
        struct result r = {.values = NEW(circuit_n_values(c), double)};
        const struct classifier k = {.circuit = c};
        r.k = &k;
        const struct recorder recorder = {watch, &r};
        struct engine_options o = tight();
        o.recorders = &recorder;
        o.n_recorders = 1;
        struct engine_report report;
        ASSERT_DONE(engine_run(engine_find(cases[i].engine), c, &controller, &o, &report, &error),
                    error);
        volt[i] = r.values[node];
        const double vt = BOLTZMANN * cases[i].kelvin / ELECTRON_CHARGE;
        const double current = (1 - volt[i]) / 10e3 - volt[i] / 1e6;
        ASSERT_NEAR(2e-14 * expm1(volt[i] / vt), current, 1e-4 * current);
        free(r.values);
        circuit_free(c);
        subcircuit_free(file);
        free(path);
        folder_remove(folder);
    }
    assert_true(volt[0] - volt[2] > 0.1); /* IS is held: more volts a decade */
}

/* The replay deck of a varied run in stock ngspice: every state where ida had it. */
static void test_stock_ngspice(void **state)
{
    (void)state;
    if (system("command -v ngspice >/dev/null 2>&1") != 0)
        skip();
    struct setting *b = everything();
    struct classifier k = build(b);
    struct replay *replay = replay_new(k.circuit);
    const struct recorder recorder = replay_recorder(replay);
    const struct result ida = run("ida", &k, NULL, &recorder);
    char *folder = folder_make(), *path = memory_format("%s/replay.cir", folder),
         *command = memory_format("cd %s && ngspice -b replay.cir 2>/dev/null", folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    const struct engine_options options = tight();
    replay_write(replay, &options, out);
    fclose(out);
    FILE *in = popen(command, "r");
    assert_non_null(in);
    size_t found = 0;
    for (char line[512]; fgets(line, sizeof line, in);)
        for (size_t n = 0; n < N_DEVICES; n++) {
            char *name =
                memory_format("state_end_%s =", k.circuit->elements[classifier_device(&k, n)].name);
            if (strncmp(line, name, strlen(name)) == 0) {
                const double x = strtod(line + strlen(name), NULL);
                ASSERT_NEAR(ida.states[n], x, 1e-3 * x);
                found++;
            }
            free(name);
        }
    assert_int_equal(pclose(in), 0);
    assert_int_equal(found, k.circuit->n_states);
    assert_true(found < N_DEVICES);
    free(path);
    free(command);
    folder_remove(folder);
    replay_free(replay);
    classifier_free(&k);
    setting_free(b);
}

/* Pelgrom's law: two transistors differ by A/sqrt(W L), so that one differs from the nominal one by
 * A/sqrt(2 W L) (M. J. M. Pelgrom et al., IEEE J. Solid-State Circuits 24:1433, 1989).  The spread of 4000
 * draws is known to 1/sqrt(8000) = 1.1 % of itself; 4 of those are allowed. */
static void test_pelgrom(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    const struct mismatch m = {.a_vt = 5e-9, .a_beta = 1e-8, .seed = 4};
    const struct mos1_geometry g = {.w = 4e-6, .l = 1e-6, .m = 2};
    struct mismatch_draw *draw = mismatch_begin(&m);
    double vto = 0, kp = 0;
    for (int k = 0; k < DRAWS; k++) {
        struct mos1_model model = {.type = 1, .vto = 0.5, .kp = 1e-4};
        assert_true(mismatch_next(draw, &g, &model));
        vto += pow(model.vto - 0.5, 2) / DRAWS;
        kp += pow(model.kp / 1e-4 - 1, 2) / DRAWS;
    }
    mismatch_end(draw);
    const double root = sqrt(2 * g.m * g.w * g.l);
    ASSERT_NEAR(sqrt(vto) * root / m.a_vt, 1, 0.045);
    ASSERT_NEAR(sqrt(kp) * root / m.a_beta, 1, 0.045);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pelgrom),     cmocka_unit_test(test_engines),
        cmocka_unit_test(test_event),       cmocka_unit_test(test_no_lines),
        cmocka_unit_test(test_cycle),       cmocka_unit_test(test_mismatch),
        cmocka_unit_test(test_temperature), cmocka_unit_test(test_stock_ngspice),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
