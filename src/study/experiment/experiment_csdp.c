/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `csdp`: a spiking circuit learns a logic function by contrast. */
#include "base/memory.h"
#include "base/spice_number.h"
#include "compare/cases.h"
#include "learn/training.h"
#include "spike/lif.h"
#include "study/experiment/experiment_csdp_tables.h"
#include "study/experiment/experiments.h"
#include "study/experiment/shared_keys.h"
#include "study/variation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct options {
    struct csdp_options run; /* without what is read from files */
    char *function, *dopant, *neuron;
    int engine;
    struct variation_options variation;
};

static const char *const neuron_names[] = {"behavioural", NULL};

#define AT(field) offsetof(struct options, field)
#define RUN(field) AT(run.field)
#define SOLVER(field) RUN(solver.field)
#define VARY(field) AT(variation.field)
static const struct key keys[] = {
    TEXT_KEY(
        "csdp.function", AT(function),
        "and, or, nand, nor, xor, xnor, or the digits f(00) f(01) f(10) f(11) of a truth table, 8 "
        "of three inputs"),
    COUNT_KEY("csdp.hidden", RUN(hidden), 1, CSDP_HIDDEN_MAX, "neurons"),
    COUNT_KEY("csdp.epochs", RUN(epochs), 1, 1e5, "of the training"),
    COUNT_KEY("csdp.draws", RUN(draws), 1, 1e4,
              "patterns an epoch, each shown with its right and its wrong label"),
    COUNT_KEY("csdp.steps", RUN(steps), 1, 1e4, "time steps a presentation"),
    COUNT_KEY("csdp.repeats", RUN(repeats), 1, 1e4,
              "of a pattern with each label in a test; the mean decides"),
    NUMBER_KEY("csdp.probability", RUN(probability), "1", 1e-3, 1,
               "of a spike on an active line in a time step"),
    NUMBER_KEY("csdp.theta", RUN(theta), "1", 0, 1, "threshold of the goodness, a neuron"),
    NUMBER_KEY("csdp.step", RUN(step), "1", 1e-5, 0.5,
               "share of the window by which a pulse of full width moves a device in its middle"),
    CHOICE_KEY("csdp.modulator", RUN(modulator), csdp_modulators,
               "of updates: how wrong the goodness is, or only whether"),
    CHOICE_KEY("csdp.trace", RUN(trace), csdp_traces, "of updates: as it is, or whether above 1/2"),
    COUNT_KEY("csdp.bits", RUN(bits), 1, CSDP_BITS_MAX, "of a pulse's width"),
    COUNT_KEY("csdp.every", RUN(every), 1, 1e4, "time steps between updates"),
    CHOICE_KEY("csdp.policy", RUN(policy), csdp_policies,
               "which devices of a pair are moved; auto: both, where RESET is slow enough"),
    CHOICE_KEY("csdp.disturb", RUN(disturb), csdp_disturbs,
               "reading outside of the dead zone, and half voltages that move others by a window"),
    FLAG_KEY("csdp.baselines", RUN(baselines),
             "test the untrained circuit too, and train ideal weights by the same spikes"),
    NUMBER_KEY("csdp.read_volt", RUN(read_volt), "V", 1e-3, 1, "of a spike on a row"),
    NUMBER_KEY("csdp.set_volt", RUN(set_volt), "V", 1e-3, 5, "across a device that is set"),
    NUMBER_KEY("csdp.reset_volt", RUN(reset_volt), "V", 0, 5,
               "across a device that is reset; 0: twice the dead zone, or 1.5 times"),
    FLAG_KEY("csdp.gate", RUN(gate), "neurons are on for reading alone"),
    NUMBER_KEY("csdp.wake_time", RUN(wake_time), "s", 1e-7, 1, "that they are on before it"),
    NUMBER_KEY("csdp.integrate_time", RUN(integrate_time), "s", 1e-7, 1, "that neurons integrate"),
    NUMBER_KEY("csdp.sense_time", RUN(sense_time), "s", 1e-7, 1, "until comparators are read"),
    NUMBER_KEY("csdp.fire_time", RUN(fire_time), "s", 1e-7, 1, "of reset and trace"),
    NUMBER_KEY("csdp.step_time", RUN(step_time), "s", 1e-6, 1, "of a time step, with its pulses"),
    NUMBER_KEY("csdp.edge", RUN(edge), "s", 0, 1e-5,
               "of all phases; 0: 0.2 us, or 10 ns where pulses are short"),
    NUMBER_KEY("csdp.feedback", RUN(feedback), "ohm", 0, 1e9,
               "of the transimpedance stages; 0: 81 mV for a synapse of full weight"),
    FILE_KEY("csdp.neuron", AT(neuron), neuron_names, ".sub", "a netlist with .subckt lif"),
    NUMBER_KEY("circuit.row_ohm", RUN(row_ohm), "ohm", 1e-3, 1e5, "driver of a row"),
    NUMBER_KEY("circuit.column_ohm", RUN(column_ohm), "ohm", 1e-3, 1e5, "driver of a column"),
    NUMBER_KEY("circuit.switch_ohm", RUN(switch_ohm), "ohm", 1e-3, 1e5,
               "between a column and its neuron"),
    NUMBER_KEY("circuit.line_row_ohm", RUN(line_row_ohm), "ohm", 0, 1e4,
               "line between neighbouring devices of a row"),
    NUMBER_KEY("circuit.line_column_ohm", RUN(line_column_ohm), "ohm", 0, 1e4, "of a column"),
    NUMBER_KEY("circuit.temperature", RUN(kelvin), "K", 125, 450,
               "kT/q in the devices' laws and the transistors' junctions"),
    PATH_KEY("device.dopant", AT(dopant), library_names_file,
             "device: W, Sn, Cr, C or a .lib file"),
    ENGINE_KEYS(AT(engine), SOLVER),
    WHOLE_KEY("engine.switches", SOLVER(switches), 0, 1e9,
              "engine event: each device is N switches that jump at random; 0: their mean"),
    VARIATION_KEYS(VARY),
};
#define N_KEYS (sizeof keys / sizeof keys[0])

static void defaults(void *options)
{
    struct options *o = options;
    *o = (struct options){.function = (char *)"xor",
                          .dopant = (char *)"Cr",
                          .neuron = (char *)"behavioural",
                          .engine = engine_index("event"),
                          .variation = variation_defaults,
                          .run = {.hidden = 32,
                                  .epochs = 100,
                                  .draws = 4,
                                  .steps = 40,
                                  .repeats = 3,
                                  .probability = 0.6,
                                  .theta = 0.08,
                                  .step = 0.0033,
                                  .bits = 3,
                                  .every = 4,
                                  .baselines = true,
                                  .read_volt = 0.036,
                                  .set_volt = 0.25,
                                  .gate = true,
                                  .wake_time = 2e-6,
                                  .integrate_time = 10e-6,
                                  .sense_time = 2e-6,
                                  .fire_time = 2e-6,
                                  .step_time = 100e-6,
                                  .row_ohm = 5,
                                  .column_ohm = 10,
                                  .switch_ohm = 10,
                                  .kelvin = TEMPERATURE_NOMINAL,
                                  .solver = engine_defaults}};
}

enum {
    SOLVED,
    RIGHT,
    PATTERNS,
    MARGIN,
    UNTRAINED_RIGHT,
    UNTRAINED_SOLVED,
    UNTRAINED_MARGIN,
    IDEAL_RIGHT,
    IDEAL_SOLVED,
    IDEAL_MARGIN,
    TIME,
    STEPS,
    SPIKES,
    PULSE_PHASES,
    PULSES,
    ENERGY,
    ENERGY_BY_CLASS,
    ENERGY_BY_KIND = ENERGY_BY_CLASS + ENERGY_CLASSES,
    READING = ENERGY_BY_KIND,
    SETTING,
    RESETTING,
    DECISION,
    DECISION_MEMRISTOR,
    PLUS,
    MINUS,
    READ_DRIFT,
    HALF_DRIFT,
    RESIDUAL,
    VARIATION,
    N_OUTPUTS = VARIATION + VARIATION_N_COLUMNS
};

static const struct sample_column outputs[N_OUTPUTS] = {
    [SOLVED] = {"solved", false},
    [RIGHT] = {"patterns_right", false},
    [PATTERNS] = {"patterns", false},
    [MARGIN] = {"margin", false},
    [UNTRAINED_RIGHT] = {"untrained_right", false},
    [UNTRAINED_SOLVED] = {"untrained_solved", false},
    [UNTRAINED_MARGIN] = {"untrained_margin", false},
    [IDEAL_RIGHT] = {"ideal_right", false},
    [IDEAL_SOLVED] = {"ideal_solved", false},
    [IDEAL_MARGIN] = {"ideal_margin", false},
    [TIME] = {"training_time_s", false},
    [STEPS] = {"steps", false},
    [SPIKES] = {"spikes", false},
    [PULSE_PHASES] = {"pulse_phases", false},
    [PULSES] = {"pulses", false},
    [ENERGY] = {"energy_J", false},
    [ENERGY_BY_CLASS + CLASS_MEMRISTOR] = {"energy_memristor_J", false},
    [ENERGY_BY_CLASS + CLASS_SELECT] = {"energy_select_J", false},
    [ENERGY_BY_CLASS + CLASS_LINE] = {"energy_line_J", false},
    [ENERGY_BY_CLASS + CLASS_REFERENCE] = {"energy_reference_J", false},
    [ENERGY_BY_CLASS + CLASS_NEURON] = {"energy_neuron_J", false},
    [ENERGY_BY_CLASS + CLASS_DRIVER] = {"energy_driver_J", false},
    [READING] = {"energy_integrate_J", false},
    [SETTING] = {"energy_set_J", false},
    [RESETTING] = {"energy_reset_J", false},
    [DECISION] = {"decision_energy_J", false},
    [DECISION_MEMRISTOR] = {"decision_memristor_J", false},
    [PLUS] = {"conductance_plus_S", false},
    [MINUS] = {"conductance_minus_S", false},
    [READ_DRIFT] = {"read_drift", false},
    [HALF_DRIFT] = {"half_drift", false},
    [RESIDUAL] = {"residual_array", false},
    [VARIATION] = VARIATION_COLUMNS(NUMBER_COLUMN),
};

/* Files read and what devices are drawn from, for one set of the keys below. */
struct setup {
    char *signature;
    struct dopant *dopant;
    struct subcircuit_file *neuron;
    struct variation_source *source;
};

struct shared {
    struct experiment_context context;
    size_t n, capacity;
    struct setup *setups; /* n */
};

static const char *const setup_sections[] = {"variation.",  "device.",     "circuit.temperature",
                                             "csdp.neuron", "engine.name", NULL};

static const struct setup *find_setup(const struct shared *s, const struct options *o)
{
    const struct setup *found = NULL;
    char *wanted = keys_signature(keys, N_KEYS, o, setup_sections);
    for (size_t i = 0; i < s->n && !found; i++)
        if (strcmp(s->setups[i].signature, wanted) == 0)
            found = &s->setups[i];
    free(wanted);
    return found;
}

static void free_setup(struct setup *setup)
{
    variation_close(setup->source);
    subcircuit_free(setup->neuron);
    dopant_free(setup->dopant);
    free(setup->signature);
}

static void close_csdp(void *shared)
{
    struct shared *s = shared;
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        free_setup(&s->setups[i]);
    free(s->setups);
    free(s);
}

static enum status make_setup(const struct shared *s, const struct options *o, struct setup *setup,
                              struct error *error)
{
    enum status status = dopant_read(o->dopant, s->context.devices, &setup->dopant, error);
    if (status == STATUS_OK && strcmp(o->neuron, neuron_names[0]) != 0)
        status = subcircuit_read(o->neuron, &setup->neuron, error);
    if (status == STATUS_OK)
        status = lif_check(setup->neuron, error);
    if (status == STATUS_OK)
        status = variation_open(&o->variation,
                                &(struct variation_circuit){setup->dopant, s->context.devices,
                                                            o->run.kelvin, engine_table[o->engine]},
                                &setup->source, error);
    if (status == STATUS_OK)
        setup->signature = keys_signature(keys, N_KEYS, o, setup_sections);
    return status;
}

/* The options of a run, without its sample. */
static enum status complete(const struct shared *s, const struct options *o,
                            struct csdp_options *run, struct error *error)
{
    const struct setup *setup = find_setup(s, o);
    *run = o->run;
    run->dopant = setup->dopant;
    run->neuron = setup->neuron;
    run->engine = engine_table[o->engine];
    run->solver.interrupted = s->context.interrupted;
    return truth_table_read(o->function, &run->table, error);
}

static enum status check_engine(const struct options *o, struct error *error)
{
    const struct engine *engine = engine_table[o->engine];
    if (o->run.solver.switches > 0 && !engine_able(engine, ENGINE_SWITCHES))
        return fail_unable(error, ENGINE_SWITCHES, "engine.switches with engine %s", engine->name);
    return engine_takes_method(engine, o->run.solver.method, error);
}

static enum status open_csdp(const void *options, const struct experiment_context *context,
                             void **shared, struct error *error)
{
    const struct options *o = options;
    struct shared *s = *shared;
    if (!s)
        *shared = s = NEW(1, struct shared);
    s->context = *context;
    enum status status = check_engine(o, error);
    if (status == STATUS_OK && !find_setup(s, o)) {
        struct setup setup = {0};
        status = make_setup(s, o, &setup, error);
        if (status != STATUS_OK) {
            free_setup(&setup);
            return status;
        }
        s->setups = memory_grow(s->setups, &s->capacity, s->n + 1, sizeof *s->setups);
        s->setups[s->n++] = setup;
    }
    struct csdp_options run;
    struct csdp_timing timing;
    if (status == STATUS_OK)
        status = complete(s, o, &run, error);
    return status == STATUS_OK ? csdp_timing(&run, &timing, error) : status;
}

/* Mean final conductance of plus or minus devices [S]. */
static double mean_conductance(const struct csdp *s, bool minus)
{
    const size_t n = s->options.hidden;
    double sum = 0;
    for (size_t k = 0; k < s->n_rows * n; k++)
        sum += (k / n % 2 == 1) == minus ? s->final[k] : 0;
    return sum / (double)(s->n_rows / 2 * n);
}

static void fill_outputs(const struct csdp *s, const struct variation *variation,
                         struct cell *cells)
{
    const struct ledger_total training = ledger_section(s->ledger, SECTION_TRAINING),
                              test = ledger_section(s->ledger, SECTION_INFERENCE);
    const size_t n = s->trained.n_patterns;
    const double patterns = (double)n;
    double v[VARIATION] = {
        [SOLVED] = s->trained.right == n,
        [RIGHT] = (double)s->trained.right,
        [PATTERNS] = patterns,
        [MARGIN] = s->trained.margin,
        [UNTRAINED_RIGHT] = s->options.baselines ? (double)s->untrained.right : NAN,
        [UNTRAINED_SOLVED] = s->options.baselines ? s->untrained.right == n : NAN,
        [UNTRAINED_MARGIN] = s->options.baselines ? s->untrained.margin : NAN,
        [IDEAL_RIGHT] = s->options.baselines ? (double)s->ideal.right : NAN,
        [IDEAL_SOLVED] = s->options.baselines ? s->ideal.right == n : NAN,
        [IDEAL_MARGIN] = s->options.baselines ? s->ideal.margin : NAN,
        [TIME] = training.t1 - training.t0,
        [STEPS] = (double)s->steps,
        [SPIKES] = (double)s->spikes,
        [PULSE_PHASES] = (double)s->updates,
        [PULSES] = (double)s->pulses,
        [ENERGY] = ledger_energy(&training),
        [READING] = ledger_kind(&training, CSDP_INTEGRATE),
        [SETTING] = ledger_kind(&training, PHASE_SET),
        [RESETTING] = ledger_kind(&training, PHASE_RESET),
        [DECISION] = ledger_energy(&test) / patterns,
        [DECISION_MEMRISTOR] = ledger_class(&test, CLASS_MEMRISTOR) / patterns,
        [PLUS] = mean_conductance(s, false),
        [MINUS] = mean_conductance(s, true),
        [READ_DRIFT] = s->timing.read_drift,
        [HALF_DRIFT] = s->timing.half_drift,
        [RESIDUAL] = ledger_residual_array(s->ledger),
    };
    for (int c = 0; c < ENERGY_CLASSES; c++)
        v[ENERGY_BY_CLASS + c] = ledger_class(&training, (enum energy_class)c);
    for (int i = 0; i < VARIATION; i++)
        if (isfinite(v[i]))
            cells[i] = (struct cell){.kind = CELL_NUMBER, .number = v[i]};
    variation_cells(variation, cells + VARIATION);
}

/* The sample's options, which borrow its variation. */
static enum status draw(const struct shared *s, const struct options *o,
                        struct random_sample sample, struct csdp_options *run,
                        struct variation *variation, struct error *error)
{
    enum status status = complete(s, o, run, error);
    if (status == STATUS_OK)
        status =
            variation_draw(find_setup(s, o)->source, 2 * spike_lines(&run->table) * run->hidden, 0,
                           sample, variation, error);
    run->sample = sample;
    run->dopants = variation->dopants;
    run->stuck_ohm = variation->stuck_ohm;
    return status;
}

static void progress(void *data, size_t presentation, size_t n)
{
    const struct experiment_context *c = data;
    if (presentation % 20 != 0 && presentation != n)
        return;
    char *text = memory_format("%zu of %zu presentations", presentation, n);
    c->progress(c->progress_data, text);
    free(text);
}

static enum status run_csdp(void *shared, const void *options, struct random_sample sample,
                            struct cell *cells, struct experiment_detail *detail,
                            struct error *error)
{
    struct shared *s = shared;
    struct csdp_options run;
    struct variation variation = {0};
    enum status status = draw(s, options, sample, &run, &variation, error);
    if (status != STATUS_OK)
        return status;
    if (s->context.progress) {
        run.progress = progress;
        run.progress_data = &s->context;
    }
    struct csdp csdp;
    status = csdp_run(&run, &csdp, error);
    if (status == STATUS_OK) {
        fill_outputs(&csdp, &variation, cells);
        if (detail)
            *detail = (struct experiment_detail){
                .n = 6,
                .names = {"learning", "patterns", "devices", "energy", "variation", "spikes"},
                .tables = {csdp_learning_table(&csdp), csdp_patterns_table(&csdp),
                           csdp_devices_table(&csdp), csdp_energy_table(&csdp),
                           variation_table(&variation), csdp_spikes_table(&csdp)}};
        status = training_account_closes(ledger_residual_array(csdp.ledger), error);
        csdp_free(&csdp);
    }
    variation_free(&variation);
    return status;
}

struct owner {
    struct csdp csdp;
    struct drive_log drive;
    struct variation variation;
};

static void release(void *data)
{
    struct owner *owner = data;
    csdp_free(&owner->csdp);
    drive_log_free(&owner->drive);
    variation_free(&owner->variation);
    free(owner);
}

static enum status record(void *shared, const void *options, struct random_sample sample,
                          struct study_case *k, struct error *error)
{
    const struct options *o = options;
    struct csdp_options run;
    enum status status = variation_replays(&o->variation, error);
    if (status != STATUS_OK)
        return status;
    struct owner *owner = NEW(1, struct owner);
    status = draw(shared, o, sample, &run, &owner->variation, error);
    run.drive = &owner->drive;
    run.baselines = false;
    if (status == STATUS_OK)
        status = csdp_run(&run, &owner->csdp, error);
    if (status != STATUS_OK) {
        release(owner);
        return status;
    }
    const struct csdp *s = &owner->csdp;
    *k = case_of_run(s->circuit, &owner->drive, owner, release);
    k->n_probes = s->options.hidden;
    k->probes = s->trace_probes;
    k->n_devices = s->n_rows * s->options.hidden;
    k->n_pulses = s->pulses;
    return STATUS_OK;
}

const struct experiment experiment_csdp = {
    .name = "csdp",
    .title = "a crossbar of differential synapses with spiking neurons learns a logic function",
    .n_keys = N_KEYS,
    .keys = keys,
    .options_size = sizeof(struct options),
    .defaults = defaults,
    .n_outputs = N_OUTPUTS,
    .outputs = outputs,
    .open = open_csdp,
    .run = run_csdp,
    .close = close_csdp,
    .record = record,
};
