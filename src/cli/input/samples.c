/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/samples.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/unfinished.h"
#include "cli/input/interrupt.h"
#include "cli/input/study_inputs.h"
#include "sweep/store_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show_progress(void *data, const struct sweep_progress *p)
{
    (void)data;
    char *text = isfinite(p->remaining)
                     ? memory_format("%zu of %zu samples, %zu failed, %.1f/s, %.0f s left", p->done,
                                     p->total, p->failures, p->rate, p->remaining)
                     : memory_format("%zu of %zu samples", p->done, p->total);
    study_progress(NULL, text);
    free(text);
}

enum status samples_compute(const struct sample_job *job, const struct samples_options *o,
                            struct table **samples, struct error *error)
{
    const struct sweep_options sweep = {
        .jobs = o->jobs,
        .store = {.resume = o->resume},
        .interrupted = &interrupt_flag,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
    };
    char *folder = NULL;
    struct sweep_report report;
    size_t total;
    *samples = NULL;
    const int lock = o->store ? -1 : unfinished_scratch(&folder, error);
    if (!o->store && lock < 0)
        return STATUS_INPUT;
    char *path = o->store ? memory_string(o->store) : memory_format("%s/samples.db", folder);
    enum status status = sweep_run(job, path, &sweep, &report, error);
    if (sweep.progress)
        study_progress(NULL, NULL);
    if (status == STATUS_OK)
        status = store_table(path, false, samples, &total, error);
    if (!o->store) {
        directory_remove(folder);
        close(lock);
    }
    free(path);
    free(folder);
    return status;
}

void samples_done(const struct samples_options *o)
{
    if (o->store)
        store_file_remove(o->store);
}
