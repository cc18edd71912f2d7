/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/spice_number.h"
#include "cli/infer/infer_options.h"
#include "cli/infer/infer_programming.h"
#include "cli/infer/infer_tables.h"
#include "cli/input/command.h"
#include "cli/input/data_path.h"
#include "cli/input/interrupt.h"
#include "cli/input/study_inputs.h"
#include "device/library/library.h"
#include "infer/converter.h"
#include "infer/onnx/onnx_graph.h"
#include "learn/conductance_error.h"
#include "report/json.h"
#include "report/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESIDUAL_MOST 1e-10 /* of the account of energy */

enum table_kind { TOTAL, LAYERS, ENERGY, PROGRAMMING, N_TABLES };
static const char *const table_names[N_TABLES] = {"total", "layers", "energy", "programming"};

struct job {
    const struct infer_arguments *a;
    struct graph graph;
    struct data_set images, training; /* training: empty, the images are taken */
    struct dopant *dopant;
    struct tile_writing writing; /* of --map verify */
    struct inference *inference;
    struct inference_result result;
    struct infer_outcome outcome;
    size_t n_tables; /* without the last one where nothing was programmed */
    struct table *tables[N_TABLES];
};

/* -------------------------------------------------------------------------------------- input */

static enum status read_images(const struct job *j, const char *path, struct data_set *set,
                               struct error *error)
{
    const struct shape *s = &j->graph.values[j->graph.input].shape;
    const enum status status = data_set_read(path, set, error);
    if (status != STATUS_OK || data_set_fits(set, s->n, s->d))
        return status;
    const struct shape own = {set->n_dims, {0}};
    struct shape found = own;
    memcpy(found.d, set->dims, set->n_dims * sizeof *set->dims);
    char *wanted = shape_text(s), *text = shape_text(&found);
    fail(error, STATUS_INPUT, "%s: images of %s, expected %s, the network's input", path, text,
         wanted);
    free(wanted);
    free(text);
    return STATUS_INPUT;
}

static enum status read_inputs(struct job *j, struct error *error)
{
    const struct infer_arguments *a = j->a;
    const size_t classes = j->graph.values[j->graph.output].size;
    enum status status = read_images(j, a->data, &j->images, error);
    if (status == STATUS_OK && a->labels)
        status = data_set_read_labels(a->labels, &j->images, error);
    if (status == STATUS_OK && !j->images.labels)
        status = fail(error, STATUS_INPUT, "%s: without labels, expected --labels", a->data);
    if (status == STATUS_OK)
        status = data_set_check_labels(&j->images, a->labels ? a->labels : a->data, classes, error);
    if (status == STATUS_OK && a->calibrate)
        status = read_images(j, a->calibrate, &j->training, error);
    if (status == STATUS_OK && a->n_mean > 0 && a->n_mean != 1 &&
        (j->graph.values[j->graph.input].shape.n != 3 ||
         a->n_mean != j->graph.values[j->graph.input].shape.d[0]))
        status = fail(error, STATUS_INPUT, "--mean of %zu numbers, expected 1, or one a channel",
                      a->n_mean);
    if (status == STATUS_OK && (!a->calibrate || strcmp(a->calibrate, a->data) == 0))
        fprintf(stderr,
                "%s: ranges are set by the test images themselves; --calibrate names training "
                "images\n",
                a->argv[0]);
    return status;
}

/* The window of conductances, and whether reads leave the devices as they are. */
static enum status read_window(struct job *j, struct tile_mapping *m, struct error *error)
{
    const struct infer_arguments *a = j->a;
    char *devices = data_path("devices");
    const enum status status = dopant_read(a->dopant, devices, &j->dopant, error);
    free(devices);
    if (status != STATUS_OK)
        return status;
    m->g_min = isnan(a->g_min) ? j->dopant->g_min : a->g_min;
    m->g_max = isnan(a->g_max) ? j->dopant->g_max : a->g_max;
    if (!(m->g_min < m->g_max))
        return fail(error, STATUS_INPUT, "window of %g to %g S, expected --gmin below --gmax",
                    m->g_min, m->g_max);
    bool beyond;
    const double x = state_of_conductance(j->dopant, a->tile.volt, m->g_min, &beyond),
                 rate = j->dopant->model->rate(j->dopant->constants, a->tile.volt, x).f;
    if (rate != 0)
        fprintf(stderr,
                "%s: at --volt %g a device's state moves by %.3g a second of reading, beyond "
                "its dead zone; here reads leave devices as they are\n",
                a->argv[0], a->tile.volt, rate);
    return STATUS_OK;
}

/* How devices are programmed: through the switches of the default netlist, within that window. */
static enum status read_writing(struct job *j, struct tile_mapping *m, struct error *error)
{
    struct subcircuit_file *switches;
    char *path = data_path("netlists/switches.sub");
    enum status status = subcircuit_read(path, &switches, error);
    free(path);
    if (status != STATUS_OK)
        return status;
    j->writing = tile_writing_defaults();
    j->writing.device.program.tolerance = m->tolerance;
    j->writing.g_min = m->g_min;
    j->writing.g_max = m->g_max;
    j->writing.volt = j->a->tile.volt;
    j->writing.stop = &interrupt_flag;
    m->writing = &j->writing;
    status = tile_writing_open(&j->writing, switches, j->dopant, TEMPERATURE_NOMINAL, error);
    subcircuit_free(switches);
    return status;
}

/* --------------------------------------------------------------------------------------- work */

static enum status compute(struct job *j, struct error *error)
{
    const struct infer_arguments *a = j->a;
    const bool own = a->calibrate == NULL;
    const struct data_set *training = own ? &j->images : &j->training;
    struct tile_options options = a->tile;
    const struct data_scaling scaling = {a->scale, a->n_mean, a->mean, a->std};
    const struct inference_images images = {
        &j->images, scaling, a->count > 0 && a->count < j->images.n ? a->count : j->images.n};
    const struct inference_images calibration = {
        training, scaling,
        a->calibrate_count > 0 && a->calibrate_count < training->n ? a->calibrate_count
                                                                   : training->n};
    const struct inference_watch watch = {isatty(STDERR_FILENO) ? study_progress : NULL, NULL,
                                          &interrupt_flag};
    enum status status = read_window(j, &options.mapping, error);
    if (status == STATUS_OK && options.mapping.mode == MAP_VERIFY)
        status = read_writing(j, &options.mapping, error);
    if (status == STATUS_OK)
        status = inference_open(&j->graph, &options, a->seed, &j->inference, error);
    if (status == STATUS_OK)
        status = inference_calibrate(j->inference, &calibration, &watch, error);
    if (status == STATUS_OK)
        status = inference_run(j->inference, &images, &watch, &j->result, error);
    if (status != STATUS_OK)
        return status;
    j->outcome =
        (struct infer_outcome){j->inference, &j->result, &j->images,
                               isnan(a->adc_energy) ? adc_energy(a->tile.adc_bits) : a->adc_energy};
    j->tables[TOTAL] = infer_total(&j->outcome);
    j->tables[LAYERS] = infer_layers(&j->outcome);
    j->tables[ENERGY] = infer_energy(&j->outcome);
    j->n_tables = options.mapping.mode == MAP_VERIFY ? N_TABLES : PROGRAMMING;
    if (j->n_tables > PROGRAMMING)
        j->tables[PROGRAMMING] = infer_programming(&j->outcome);
    return STATUS_OK;
}

/* ------------------------------------------------------------------------------------- output */

static void print(const struct job *j)
{
    if (j->a->form == INFER_JSON) {
        json_write_tables(j->n_tables, table_names, j->tables, stdout);
        return;
    }
    struct table *upright = infer_upright(j->tables[TOTAL]),
                 *across = infer_programming_across(j->tables[PROGRAMMING]);
    const struct table *const people[N_TABLES] = {upright, j->tables[LAYERS], j->tables[ENERGY],
                                                  across};
    for (size_t k = 0; k < j->n_tables; k++) {
        if (k > 0)
            putchar('\n');
        if (j->a->form == INFER_CSV)
            table_csv(j->tables[k], stdout);
        else
            table_print(people[k], stdout);
    }
    table_free(upright);
    table_free(across);
}

static enum status write_manifest(const struct job *j, const struct new_folder *o,
                                  struct error *error)
{
    const struct infer_arguments *a = j->a;
    const char *const paths[] = {a->model, a->data, a->labels, a->calibrate, j->dopant->path};
    const char *inputs[sizeof paths / sizeof paths[0]];
    size_t n = 0;
    for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++)
        if (paths[k])
            inputs[n++] = paths[k];
    const struct manifest manifest = {
        .argc = a->argc, .argv = a->argv, .n_inputs = n, .inputs = inputs};
    FILE *out = new_folder_open(o, "manifest.json", error);
    if (!out)
        return STATUS_INPUT;
    return new_folder_close(out, "manifest.json", json_write_manifest(&manifest, out, error),
                            error);
}

static enum status save(const struct job *j, struct new_folder *o, struct error *error)
{
    const bool programmed = j->n_tables > PROGRAMMING;
    struct table *const tables[] = {infer_total(&j->outcome),
                                    infer_layers(&j->outcome),
                                    infer_energy(&j->outcome),
                                    infer_tiles(&j->outcome),
                                    infer_confusion(&j->outcome),
                                    infer_images(&j->outcome),
                                    programmed ? infer_programming(&j->outcome) : NULL,
                                    programmed ? infer_programming_tiles(&j->outcome) : NULL};
    static const char *const names[] = {"total.csv",       "layers.csv",           "energy.csv",
                                        "tiles.csv",       "confusion.csv",        "images.csv",
                                        "programming.csv", "programming_tiles.csv"};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++) {
        if (status == STATUS_OK && tables[k])
            status = output_table(o, names[k], tables[k], error);
        table_free(tables[k]);
    }
    if (status == STATUS_OK)
        status = output_tables(o, "summary.json", j->n_tables, table_names, j->tables, error);
    if (status == STATUS_OK)
        status = write_manifest(j, o, error);
    return status == STATUS_OK ? new_folder_end(o, error) : status;
}

static enum status run(struct job *j, struct new_folder *folder, struct error *error)
{
    enum status status = onnx_graph_read(j->a->model, &j->graph, error);
    if (status == STATUS_OK)
        status = read_inputs(j, error);
    if (status == STATUS_OK && j->a->output)
        status = new_folder_begin(j->a->output, folder, error);
    if (status == STATUS_OK)
        status = compute(j, error);
    if (status == STATUS_OK && j->a->output)
        status = save(j, folder, error);
    if (status != STATUS_OK)
        return status;
    print(j);
    const double residual = infer_residual(&j->outcome);
    return residual <= RESIDUAL_MOST
               ? STATUS_OK
               : fail(error, STATUS_UNTRUSTED,
                      "the account of energy does not close: residual %.2g, expected up to %.2g",
                      residual, RESIDUAL_MOST);
}

int command_infer(int argc, char **argv)
{
    struct infer_arguments a;
    struct job j = {.a = &a};
    struct new_folder folder = {0};
    struct error error = {{0}};
    infer_options_parse(argc, argv, &a);
    interrupt_watch();
    const enum status status = run(&j, &folder, &error);
    new_folder_abandon(&folder);
    for (size_t k = 0; k < N_TABLES; k++)
        table_free(j.tables[k]);
    inference_result_free(&j.result);
    inference_close(j.inference);
    dopant_free(j.dopant);
    data_set_free(&j.images);
    data_set_free(&j.training);
    graph_free(&j.graph);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
