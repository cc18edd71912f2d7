/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "report/new_file.h"
#include "report/page/page.h"
#include "report/page/page_sweep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct arguments {
    const char *folder, *output;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0,
     "file to write; - is standard output (DIR/report.html or FILE.db.html)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = text;
        break;
    case ARGP_KEY_ARG:
        if (a->folder)
            argp_error(state, "'%s', expected one results folder or file", text);
        a->folder = text;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected a results folder, or a file that `sweep' made");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "DIR|FILE.db",
    "Write the report on a training run or a simulated deck, from the files of its results folder, "
    "or on a sweep, from its file of results, as one HTML file that needs nothing else.",
    NULL,
    NULL,
    NULL};

int command_report(int argc, char **argv)
{
    struct arguments a = {0};
    struct error error = {0};
    struct new_file output;
    arguments_parse(&argp, argc, argv, &a);
    struct stat info;
    const size_t n = strlen(a.folder);
    const bool folder = stat(a.folder, &info) == 0 ? S_ISDIR(info.st_mode)
                                                   : n < 3 || strcmp(a.folder + n - 3, ".db") != 0;
    char *path = a.output ? memory_string(a.output)
                 : folder ? memory_format("%s/report.html", a.folder)
                          : memory_format("%s.html", a.folder);
    enum status status = new_file_begin(strcmp(path, "-") == 0 ? NULL : path, &output, &error);
    if (status == STATUS_OK) {
        status = folder ? page_report(a.folder, a.folder, output.file, &error)
                        : page_sweep_file(a.folder, output.file, &error);
        status = new_file_end(&output, status, &error);
    }
    free(path);
    return status == STATUS_OK ? 0 : command_failed(argv[0], status, &error);
}
