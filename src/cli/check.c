/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/interrupt.h"
#include "report/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a user decides by: the conductance of a device, an energy, a class.  A tenth of a per cent is
 * less than any of them is known to outside of a simulator. */
#define TOLERANCE 1e-3
/* An image is shown for 5 us, half of which a CMOS neuron takes to settle; an engine without
 * capacitors does not know that, so its energy of inference is held to less. */
#define TOLERANCE_STATIC 2e-2
#define REFERENCE "ngspice"
#define REFERENCE_RELTOL 1e-6
#define REFERENCE_VNTOL 1e-8  /* [V] */
#define REFERENCE_ABSTOL 1e-12 /* [A] */
#define DEVICE_PULSES 24
#define ARRAY_PULSES 12

enum { FORM_TEXT, FORM_CSV, FORM_JSON };
enum { CASE_DEVICE = 1, CASE_CROSSBAR = 2, CASE_BEHAVIOURAL = 4, CASE_CLASSIFIER = 8 };

struct arguments {
    int form, cases;
};

static const char *const case_names[] = {"device", "crossbar", "behavioural", "classifier", NULL};

static const struct argp_option options[] = {
    {"case", 'c', "NAME", 0, "device, crossbar, behavioural or classifier; may be repeated (all)",
     0},
    {"csv", 'v', NULL, 0, "print CSV", 0},
    {"json", 'j', NULL, 0, "print JSON", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'c':
        a->cases |= 1 << argument_choice(state, "--case", text, case_names);
        break;
    case 'v':
        a->form = FORM_CSV;
        break;
    case 'j':
        a->form = FORM_JSON;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s', expected options only", text);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    NULL,
    "Play the same drive in every engine and compare with ngspice at reltol 1e-6: the largest "
    "relative difference of a conductance and of the energy of a class in training and in "
    "inference, the root mean square of a waveform over time in parts of its swing, and the number "
    "of images that are decided otherwise.\vEverything must be within 1e-3, decisions equal.  An "
    "engine without capacitors has no waveform inside of a phase: its readings at the end of "
    "phases are compared, and they and the energy of inferences, in which CMOS neurons settle, "
    "are held to 2e-2.  ngspice's own row is what its default tolerances give; it is not judged.\n"
    "Exit status: 0 all within, 3 not, 1 could not be computed, 2 bad usage.",
    NULL,
    NULL,
    NULL};

enum column { C_CASE, C_ENGINE, C_CONDUCTANCE, C_TRAINING, C_CLASS, C_INFERENCE, C_WAVEFORM,
              C_READING, C_DECISIONS, C_TIME, C_VERDICT, N_COLUMNS };

static struct table *make_table(void)
{
    static const char *const names[N_COLUMNS] = {
        "case",     "engine",  "conductance", "energy_training", "worst_class", "energy_inference",
        "waveform", "reading", "decisions",   "wall_s",          "verdict"};
    static const int digits[N_COLUMNS] = {0, 0, 2, 2, 0, 2, 2, 2, 0, 3, 0};
    return table_new(N_COLUMNS, names, digits);
}

/* A row; false: something judged is out of tolerance. */
static bool add_row(struct table *t, const struct engine_case *c, const struct engine *engine,
                    const struct case_run *run, const struct case_run *reference)
{
    struct case_difference d;
    case_compare(c, run, reference, &d);
    const bool judged = strcmp(engine->name, REFERENCE) != 0;
    const double inference = engine->behavioural ? TOLERANCE_STATIC : TOLERANCE;
    const bool good = d.conductance <= TOLERANCE && d.training <= TOLERANCE &&
                      (engine->behavioural || d.waveform <= TOLERANCE) &&
                      d.inference <= inference && d.reading <= inference && d.decisions < 1;
    table_row(t);
    table_text(t, C_CASE, c->name);
    table_text(t, C_ENGINE, engine->name);
    table_number(t, C_CONDUCTANCE, d.conductance);
    table_number(t, C_TRAINING, d.training);
    table_text(t, C_CLASS, energy_class_name(d.training_class));
    if (c->output >= 0)
        table_number(t, C_INFERENCE, d.inference);
    if (!engine->behavioural)
        table_number(t, C_WAVEFORM, d.waveform);
    table_number(t, C_READING, d.reading);
    if (c->output >= 0)
        table_number(t, C_DECISIONS, d.decisions);
    table_number(t, C_TIME, run->wall);
    table_text(t, C_VERDICT, judged ? good ? "within" : "OUTSIDE" : "defaults");
    return good || !judged;
}

static void progress(const struct engine_case *c, const char *engine)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%-34s %-10s", c->name, engine);
}

static enum status check_case(struct engine_case *c, struct table *t, bool *good,
                              struct error *error)
{
    struct engine_options o = engine_defaults;
    o.interrupted = &interrupt_flag;
    struct engine_options tight = o;
    tight.reltol = REFERENCE_RELTOL;
    tight.vntol = REFERENCE_VNTOL;
    tight.abstol = REFERENCE_ABSTOL;
    tight.trtol = 1;
    tight.step_max = c->fine_step;
    struct case_run reference, run;
    progress(c, "reference");
    enum status status = case_play(c, engine_find(REFERENCE), &tight, true, &reference, error);
    for (const struct engine *const *e = engine_table; *e && status == STATUS_OK; e++) {
        progress(c, (*e)->name);
        status = case_play(c, *e, &o, true, &run, error);
        if (status != STATUS_OK)
            break;
        *good &= add_row(t, c, *e, &run, &reference);
        case_run_free(&run);
    }
    case_run_free(&reference);
    return status;
}

static enum status make_case(const struct inputs *in, int which, struct engine_case *c,
                             struct error *error)
{
    switch (which) {
    case CASE_DEVICE:
        return case_device(&in->cases, DEVICE_PULSES, c, error);
    case CASE_CROSSBAR:
        return case_array(&in->cases, 3, 9, ARRAY_PULSES, true, c, error);
    default:
        return case_classifier(&in->cases, which == CASE_CLASSIFIER, c, error);
    }
}

int command_check(int argc, char **argv)
{
    struct arguments a = {0};
    struct error error = {0};
    struct inputs in;
    bool good = true;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.cases == 0)
        a.cases = CASE_DEVICE | CASE_CROSSBAR | CASE_BEHAVIOURAL | CASE_CLASSIFIER;
    interrupt_watch();
    struct table *t = make_table();
    enum status status = inputs_read(&in, &error);
    for (int which = CASE_DEVICE; which <= CASE_CLASSIFIER && status == STATUS_OK; which *= 2) {
        struct engine_case c = {0};
        if (!(a.cases & which))
            continue;
        status = make_case(&in, which, &c, &error);
        if (status == STATUS_OK)
            status = check_case(&c, t, &good, &error);
        case_free(&c);
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%50s\r", "");
    inputs_free(&in);
    if (status == STATUS_OK) {
        if (a.form == FORM_CSV)
            table_csv(t, stdout);
        else if (a.form == FORM_JSON)
            json_write_table(t, stdout);
        else
            table_print(t, stdout);
    }
    table_free(t);
    if (status == STATUS_OK && !good)
        status = fail(&error, STATUS_UNTRUSTED,
                      "a difference is larger than %g, or an image is decided otherwise",
                      TOLERANCE);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
