/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/folder.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/unfinished.h"
#include "circuit/deck.h"
#include "engine/spice/ngspice.h"
#include "report/page/page.h"
#include "study/experiment/learning.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct content {
    const struct folder *folder;
    const struct training *training;
    const struct manifest *manifest;
    struct error *error;
};

void folder_abandon(struct folder *f)
{
    struct error ignored;
    raw_close(f->raw, &ignored);
    replay_free(f->replay);
    phases_free(f->phases);
    if (f->temporary)
        directory_remove(f->temporary);
    if (f->path && f->lock >= 0)
        close(f->lock);
    free(f->temporary);
    free(f->path);
    *f = (struct folder){.lock = -1};
}

enum status folder_begin(const char *path, const struct training *t, struct folder *f,
                         struct error *error)
{
    struct stat info;
    *f = (struct folder){.lock = -1};
    if (lstat(path, &info) == 0)
        return fail(error, STATUS_INPUT, "%s: exists, expected the name of a folder to be made",
                    path);
    if (errno != ENOENT)
        return fail(error, STATUS_INPUT, "%s: cannot be made: %s", path, strerror(errno));
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    f->path = memory_string_n(path, n);
    char *prefix = memory_format("%s.unfinished-", f->path);
    enum status status = STATUS_OK;
    f->lock = unfinished_folder(prefix, &f->temporary);
    free(prefix);
    if (f->lock < 0)
        status = fail(error, STATUS_INPUT, "%s: cannot be made: %s", path, strerror(errno));
    const mode_t mask = umask(0); /* can only be read by setting it */
    umask(mask);
    if (status == STATUS_OK && chmod(f->temporary, 0777 & ~mask) != 0)
        status = fail(error, STATUS_INPUT, "%s: %s", path, strerror(errno));
    char *raw = memory_format("%s/waveforms.raw", f->temporary ? f->temporary : "");
    if (status == STATUS_OK)
        status = raw_open(raw, t->classifier.circuit, "silverbar training run", &f->raw, error);
    free(raw);
    if (status == STATUS_OK)
        f->replay = replay_new(t->classifier.circuit);
    if (status == STATUS_OK)
        f->phases = phases_new(t->classifier.circuit);
    else
        folder_abandon(f);
    return status;
}

size_t folder_recorders(struct folder *f, struct recorder *recorders)
{
    recorders[0] = raw_recorder(f->raw);
    recorders[1] = replay_recorder(f->replay);
    recorders[2] = phases_recorder(f->phases);
    return FOLDER_RECORDERS;
}

static enum status write_summary(const struct content *c, FILE *out)
{
    json_write_summary(c->manifest->summary, out);
    return STATUS_OK;
}

static enum status write_manifest(const struct content *c, FILE *out)
{
    return json_write_manifest(c->manifest, out, c->error);
}

static enum status write_energy(const struct content *c, FILE *out)
{
    static const char *const names[] = {"section", "phase", "class", "energy_J"};
    struct table *table = table_new(4, names, NULL);
    const struct ledger *ledger = c->training->ledger;
    const struct phase_names *phases = ledger->names;
    for (int s = 0; s < (int)phases->n_sections; s++) {
        const struct ledger_total total = ledger_section(ledger, s);
        for (int k = 0; k < (int)phases->n_kinds; k++)
            for (int class = 0; class < ENERGY_CLASSES; class ++) {
                if (total.t0 < 0 || ledger_kind(&total, k) == 0)
                    continue;
                table_row(table);
                table_text(table, 0, phases->sections[s]);
                table_text(table, 1, phases->kinds[k]);
                table_text(table, 2, energy_class_name((enum energy_class) class));
                table_number(table, 3, total.by_class[k][class]);
            }
    }
    table_csv(table, out);
    table_free(table);
    return STATUS_OK;
}

static enum status write_elements(const struct content *c, FILE *out)
{
    static const char *const names[] = {"element", "class", "training_J", "inference_J"};
    const struct circuit *circuit = c->training->classifier.circuit;
    const struct ledger *ledger = c->training->ledger;
    struct table *table = table_new(4, names, NULL);
    for (size_t k = 0; k < circuit->n_elements; k++) {
        const struct element *e = &circuit->elements[k];
        table_row(table);
        table_text(table, 0, e->name);
        table_text(table, 1,
                   e->boundary            ? "boundary"
                   : element_is_source(e) ? "source"
                                          : energy_class_name(e->class));
        table_number(table, 2, ledger_element(ledger, SECTION_TRAINING, k));
        table_number(table, 3, ledger_element(ledger, SECTION_INFERENCE, k));
    }
    table_csv(table, out);
    table_free(table);
    return STATUS_OK;
}

static enum status write_devices(const struct content *c, FILE *out)
{
    static const char *const names[] = {
        "name",    "layer",    "row",           "column", "target_S",        "initial_S",
        "final_S", "device_S", "after_infer_S", "pulses", "within_tolerance"};
    const struct training *t = c->training;
    struct table *table = table_new(sizeof names / sizeof names[0], names, NULL);
    for (size_t k = 0; k < t->n_devices; k++) {
        const struct training_device *d = &t->devices[k];
        const double numbers[] = {(double)d->address.layer + 1,
                                  (double)d->address.row + 1,
                                  (double)d->address.column + 1,
                                  d->target,
                                  d->initial,
                                  d->final,
                                  d->device_final,
                                  d->after_infer,
                                  (double)d->pulses,
                                  t->options.rule->in_place ? NAN : d->within_tolerance};
        table_row(table);
        table_text(table, 0,
                   t->classifier.circuit->elements[classifier_device(&t->classifier, k)].name);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            table_number(table, 1 + i, numbers[i]);
    }
    table_csv(table, out);
    table_free(table);
    return STATUS_OK;
}

static enum status write_pulses(const struct content *c, FILE *out)
{
    static const char *const names[] = {"t_s",     "device",   "kind",    "amplitude_V",
                                        "width_s", "before_S", "after_S", "energy_J"};
    const struct training *t = c->training;
    struct table *table = table_new(sizeof names / sizeof names[0], names, NULL);
    for (size_t k = 0; k < t->n_pulses; k++) {
        const struct training_pulse *p = &t->pulses[k];
        table_row(table);
        table_number(table, 0, p->t);
        table_text(
            table, 1,
            t->classifier.circuit->elements[classifier_device(&t->classifier, p->device)].name);
        table_text(table, 2, phase_kind_name(p->kind));
        table_number(table, 3, p->amplitude);
        table_number(table, 4, p->width);
        table_number(table, 5, p->before);
        table_number(table, 6, p->after);
        table_number(table, 7, p->energy);
    }
    table_csv(table, out);
    table_free(table);
    return STATUS_OK;
}

static enum status write_images(const struct content *c, FILE *out)
{
    const struct training *t = c->training;
    static const char *const names[] = {"image",  "pixels",       "output",     "class",
                                        "nearer", "given_nearer", "given_other"};
    struct table *table = table_new(sizeof names / sizeof names[0], names, NULL);
    double weight[IMAGE_CLASSES][IMAGE_COUNT];
    images_weights(t->options.images, t->options.noise, weight);
    for (unsigned image = 0; image < IMAGE_COUNT; image++) {
        char pixels[IMAGE_PIXELS + 3], *p = pixels;
        for (size_t i = 0; i < IMAGE_PIXELS; i++) {
            if (i > 0 && i % 3 == 0)
                *p++ = '/';
            *p++ = image_pixel(image, i) ? '1' : '0';
        }
        *p = 0;
        table_row(table);
        table_number(table, 0, image);
        table_text(table, 1, pixels);
        table_number(table, 2, t->outputs[image]);
        table_text(table, 3, t->options.images->classes[t->decision[image]].name);
        const double given[] = {IMAGE_CLASSES * weight[0][image], IMAGE_CLASSES * weight[1][image]};
        const bool second = given[1] > given[0];
        if (fabs(given[1] - given[0]) > 1e-9 * (given[0] + given[1]))
            table_text(table, 4, t->options.images->classes[second].name);
        table_number(table, 5, given[second]);
        table_number(table, 6, given[!second]);
    }
    table_csv(table, out);
    table_free(table);
    return STATUS_OK;
}

static enum status write_transfer(const struct content *c, FILE *out)
{
    static const char *const names[] = {"layer", "s", "h"};
    const struct training *t = c->training;
    struct table *table = table_new(3, names, NULL);
    for (size_t l = 0; l < t->classifier.n_layers; l++)
        for (size_t i = 0; i < t->transfer[l].curve.transfer.n; i++) {
            table_row(table);
            table_number(table, 0, (double)l + 1);
            table_number(table, 1, t->transfer[l].curve.transfer.x[i]);
            table_number(table, 2, t->transfer[l].curve.transfer.y[i]);
        }
    table_csv(table, out);
    table_free(table);
    return STATUS_OK;
}

static const char *device_name(const void *data, int device)
{
    const struct classifier *k = data;
    return k->circuit->elements[classifier_device(k, (size_t)device)].name;
}

static enum status write_phases(const struct content *c, FILE *out)
{
    phases_write(c->folder->phases, device_name, &c->training->classifier, out);
    return STATUS_OK;
}

static enum status write_circuit(const struct content *c, FILE *out)
{
    deck_write(c->training->classifier.circuit, deck_external, NULL, out);
    fputc('\n', out);
    ngspice_write_analysis(&c->training->options.solver, c->training->classifier.circuit,
                           c->training->report.time, out);
    fputs(".end\n", out);
    return STATUS_OK;
}

static enum status write_replay(const struct content *c, FILE *out)
{
    replay_write(c->folder->replay, &c->training->options.solver, out);
    return STATUS_OK;
}

static enum status write_epochs(const struct content *c, FILE *out)
{
    struct table *table = learning_epochs(c->training);
    table_csv(table, out);
    table_free(table);
    return STATUS_OK;
}

static bool learns_in_place(const struct training *t)
{
    return t->options.rule->in_place;
}

/* A deck has one set of constants a device, so it cannot follow ones that change from pulse to pulse. */
static bool replays(const struct training *t)
{
    return !t->options.before_pulse;
}

/* From the files that stand there before it. */
static enum status write_report(const struct content *c, FILE *out)
{
    return page_report(c->folder->temporary, c->folder->path, out, c->error);
}

static const struct {
    const char *name;
    enum status (*write)(const struct content *content, FILE *out);
    bool (*wanted)(const struct training *training); /* NULL: always */
} files[] = {
    {"summary.json", write_summary, NULL}, {"manifest.json", write_manifest, NULL},
    {"energy.csv", write_energy, NULL},    {"elements.csv", write_elements, NULL},
    {"devices.csv", write_devices, NULL},  {"pulses.csv", write_pulses, NULL},
    {"images.csv", write_images, NULL},    {"transfer.csv", write_transfer, NULL},
    {"phases.csv", write_phases, NULL},    {"circuit.cir", write_circuit, NULL},
    {"replay.cir", write_replay, replays}, {"epochs.csv", write_epochs, learns_in_place},
    {"report.html", write_report, NULL},
};

static enum status write_file(const struct content *content, size_t number)
{
    char *path = memory_format("%s/%s", content->folder->temporary, files[number].name);
    FILE *out = fopen(path, "w");
    enum status status = out ? files[number].write(content, out)
                             : fail(content->error, STATUS_INPUT, "%s: cannot be written: %s", path,
                                    strerror(errno));
    const bool failed = out && (fflush(out) != 0 || ferror(out));
    if (status == STATUS_OK && failed)
        status = fail(content->error, STATUS_INPUT, "%s: write error: %s", path, strerror(errno));
    if (out && fclose(out) != 0 && status == STATUS_OK)
        status = fail(content->error, STATUS_INPUT, "%s: write error: %s", path, strerror(errno));
    free(path);
    return status;
}

enum status folder_complete(struct folder *f, const struct training *t,
                            const struct manifest *manifest, struct error *error)
{
    const struct content content = {f, t, manifest, error};
    enum status status = raw_close(f->raw, error);
    f->raw = NULL;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && status == STATUS_OK; i++)
        if (!files[i].wanted || files[i].wanted(t))
            status = write_file(&content, i);
    if (status == STATUS_OK &&
        renameat2(AT_FDCWD, f->temporary, AT_FDCWD, f->path, RENAME_NOREPLACE) != 0)
        status = fail(error, STATUS_INPUT, "%s: cannot be made: %s", f->path, strerror(errno));
    if (status == STATUS_OK) {
        free(f->temporary);
        f->temporary = NULL;
    }
    folder_abandon(f);
    return status;
}
