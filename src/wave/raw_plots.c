/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wave/raw_plots.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_WIDTH 12 /* digits kept free for the number of points */

struct raw_plots {
    FILE *file;
    char *path;
    bool begun;
    long count_at;   /* where the number of points of this plot stands */
    size_t n_points; /* of it */
    size_t row;      /* numbers of a point */
    int failure;     /* errno of the first write that failed, or 0 */
};

enum status raw_plots_open(const char *path, struct raw_plots **plots, struct error *error)
{
    *plots = NULL;
    FILE *file = fopen(path, "wb");
    if (!file)
        return fail(error, STATUS_INPUT, "%s: cannot be written: %s", path, strerror(errno));
    *plots = NEW(1, struct raw_plots);
    (*plots)->file = file;
    (*plots)->path = memory_string(path);
    return STATUS_OK;
}

static void note_failure(struct raw_plots *p, bool failed)
{
    if (failed && !p->failure)
        p->failure = errno ? errno : EIO;
}

static void complete(struct raw_plots *p)
{
    if (p->begun)
        note_failure(p, fseek(p->file, p->count_at, SEEK_SET) != 0 ||
                            fprintf(p->file, "%-*zu", COUNT_WIDTH, p->n_points) < 0 ||
                            fseek(p->file, 0, SEEK_END) != 0);
    p->begun = false;
}

void raw_plots_begin(struct raw_plots *p, const char *title, const char *name, bool complex,
                     size_t n, const struct raw_plot_variable *variables)
{
    complete(p);
    p->begun = true;
    p->n_points = 0;
    p->row = complex ? 2 * n : n;
    fprintf(p->file, "Title: %s\nPlotname: %s\nFlags: %s\nNo. Variables: %zu\nNo. Points: ", title,
            name, complex ? "complex" : "real", n);
    p->count_at = ftell(p->file);
    fprintf(p->file, "%-*d\nVariables:\n", COUNT_WIDTH, 0);
    for (size_t i = 0; i < n; i++)
        fprintf(p->file, "\t%zu\t%s\t%s\n", i, variables[i].name, variables[i].type);
    fputs("Binary:\n", p->file);
    note_failure(p, ferror(p->file) != 0);
}

void raw_plots_point(struct raw_plots *p, const double *values)
{
    if (p->failure)
        return;
    note_failure(p, fwrite(values, sizeof *values, p->row, p->file) != p->row);
    p->n_points++;
}

enum status raw_plots_close(struct raw_plots *p, struct error *error)
{
    if (!p)
        return STATUS_OK;
    enum status status = STATUS_OK;
    complete(p);
    note_failure(p, fclose(p->file) != 0);
    if (p->failure)
        status = fail(error, STATUS_INPUT, "%s: write error: %s", p->path, strerror(p->failure));
    free(p->path);
    free(p);
    return status;
}
