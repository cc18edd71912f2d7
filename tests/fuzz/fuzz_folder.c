/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of a results folder, each behind a line "==> NAME": a page is made of them, or they are refused
 * with a message. */
#include "base/memory.h"
#include "fuzz.h"
#include "report/json.h"
#include "report/page/page.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
    "summary.json", "manifest.json", "energy.csv",     "phases.csv",   "devices.csv",
    "pulses.csv",   "images.csv",    "transfer.csv",   "epochs.csv",   "waveforms.raw",
    "samples.csv",  "points.csv",    "testbench.yaml", "trace.csv",    "simulation.json",
    "deck.csv",     "analyses.csv",  "values.csv",     "measures.csv", "account.csv",
    "course.csv"};
#define N_NAMES (sizeof names / sizeof names[0])
static const char mark[] = "==> ";
#define MARK (sizeof mark - 1)

static void remove_files(void)
{
    for (size_t k = 0; k < N_NAMES; k++) {
        char *path = memory_format("%s/%s", fuzz_home(), names[k]);
        unlink(path);
        free(path);
    }
}

/* The file that a line "==> NAME" begins, or NULL. */
static const char *name_at(const uint8_t *bytes, size_t n)
{
    for (size_t k = 0; n > MARK && memcmp(bytes, mark, MARK) == 0 && k < N_NAMES; k++) {
        const size_t m = strlen(names[k]);
        if (n > MARK + m && memcmp(bytes + MARK, names[k], m) == 0 && bytes[MARK + m] == '\n')
            return names[k];
    }
    return NULL;
}

static void write_files(const uint8_t *bytes, size_t n)
{
    const char *name = "summary.json";
    size_t begin = 0;
    for (size_t i = 0; i <= n; i++) {
        const char *next = i == n                           ? ""
                           : i == 0 || bytes[i - 1] == '\n' ? name_at(bytes + i, n - i)
                                                            : NULL;
        if (!next)
            continue;
        free(fuzz_file(name, bytes + begin, i - begin));
        name = next;
        begin = i == n ? n : i + MARK + strlen(name) + 1;
    }
}

static void check(enum status status, const struct error *error)
{
    assert(status == STATUS_OK || (status == STATUS_INPUT && error->text[0]));
}

void fuzz_folder(const uint8_t *bytes, size_t n)
{
    struct error error = {0};
    struct summary summary;
    struct table *table;
    remove_files();
    write_files(bytes, n);
    char *path = memory_format("%s/summary.json", fuzz_home());
    check(json_read_summary(path, &summary, &error), &error);
    summary_free(&summary);
    check(json_read_flat(path, &table, &error), &error);
    table_free(table);
    free(path);
    FILE *out = fopen("/dev/null", "w");
    assert(out);
    check(page_report(fuzz_home(), "a", out, &error), &error);
    fclose(out);
    remove_files();
}
