/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a device's .lib are refused with a message, or become a model with parameters within their
 * bounds, whose text has nothing that ngspice would obey. */
#include "base/memory.h"
#include "base/text_file.h"
#include "device/library/library.h"
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void use(const struct dopant *d)
{
    assert(d->model && d->text && d->name[0]);
    for (size_t k = 0; k < d->model->n_parameters; k++) {
        const struct model_parameter *p = &d->model->parameters[k];
        assert(d->parameters[k] >= p->min && d->parameters[k] <= p->max);
    }
    assert(!strcasestr(d->text, "\n.control") && !strcasestr(d->text, "\n.include"));
    d->model->current(d->constants, 0.1, 0.5);
    d->model->rate(d->constants, 0.1, 0.5);
}

/* A .lib includes its model from its own folder. */
static void copy_model(const char *models, const char *name)
{
    struct error error = {0};
    struct text_file *model;
    char *path = memory_format("%s/%s", models, name);
    const enum status status = text_file_read(path, &model, &error);
    assert(status == STATUS_OK);
    free(fuzz_file(name, (const uint8_t *)model->text, model->size));
    text_file_free(model);
    free(path);
}

void fuzz_library(const uint8_t *bytes, size_t n)
{
    static bool copied;
    const char *root = getenv("SB_SRC");
    char *path = fuzz_file("device.lib", bytes, n);
    char *models = memory_format("%s/devices", root && *root ? root : ".");
    if (!copied) {
        copy_model(models, "mmsdz.sub");
        copy_model(models, "vteam.sub");
        copied = true;
    }
    struct error error = {0};
    struct dopant *dopant;
    const enum status status = dopant_read(path, models, &dopant, &error);
    assert(status == STATUS_OK || (status == STATUS_INPUT && error.text[0] && !dopant));
    if (dopant)
        use(dopant);
    dopant_free(dopant);
    free(models);
    free(path);
}
