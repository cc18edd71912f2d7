/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/input/arguments.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/sweep_job.h"
#include "cli/input/testbench_input.h"

#include <signal.h>

struct arguments {
    const char *file;
    struct sweep_command command;
    struct testbench_input input;
};

enum option_key { KEY_RESUME = 256, KEY_SET, KEY_SILENCE };

static const struct argp_option options[] = {
    {"output", 'o', "FILE.db", 0, "file of results", 0},
    {"jobs", 'j', "N", 0, "worker processes; without it as many as processors, or 1 a rank", 0},
    {"resume", KEY_RESUME, NULL, 0, "complete the sweep in the file; begin it if there is none", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "value of a key in place of the file's; may be repeated", 0},
    {"silence", KEY_SILENCE, "SECONDS", 0,
     "under mpirun: after how long without a sign of life a rank is given up", 0},
    {0},
};

static struct arguments defaults(void)
{
    return (struct arguments){.command.silence = RANK_SILENCE};
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        if (!*text)
            argp_error(state, "-o '', expected the name of a file");
        a->command.output = text;
        break;
    case 'j':
        a->command.jobs = argument_count(state, "--jobs", text, CREW_SEATS_MAX);
        if (a->command.jobs == 0)
            argp_error(state, "--jobs '%s', expected a whole number from 1 to %d", text,
                       CREW_SEATS_MAX);
        break;
    case KEY_RESUME:
        a->command.resume = true;
        break;
    case KEY_SET:
        testbench_input_setting(&a->input, text);
        break;
    case KEY_SILENCE:
        a->command.silence = argument_number(state, "--silence", text, 2, 1e6);
        break;
    case ARGP_KEY_ARG:
        if (a->file)
            argp_error(state, "'%s', expected one testbench", text);
        a->file = text;
        break;
    case ARGP_KEY_END:
        if (!a->file)
            argp_error(state, "no testbench, expected FILE.yaml");
        if (!a->command.output)
            argp_error(state, "no -o FILE.db, expected a file for the results");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static char *add_default(int key, const char *text, void *input)
{
    (void)input;
    return key == KEY_SILENCE ? memory_format("%s (%g)", text, RANK_SILENCE) : (char *)text;
}

static const struct argp argp = {
    options,
    parse,
    "FILE.yaml",
    "Compute all samples of a testbench in worker processes; under mpirun, in those of all ranks "
    "but "
    "the first.  The rows are kept in an SQLite file; `silverbar table' prints them.\v"
    "Exit status: 0 every sample has its row, 1 could not be computed, 2 bad input or usage, or "
    "the "
    "file could not be written; 130 interrupted: --resume completes it.",
    NULL,
    add_default,
    NULL};

int command_sweep(int argc, char **argv)
{
    struct arguments a = defaults();
    struct error error = {0};
    struct ranks ranks;
    arguments_parse(&argp, argc, argv, &a);
    a.command.name = argv[0];
    enum status status = ranks_begin(&ranks, &error);
    if (status != STATUS_OK)
        return command_failed(argv[0], status, &error);
    interrupt_watch();
    if (ranks.n > 1) /* which mpirun passes on, and gives time for */
        signal(SIGUSR1, ranks.rank == 0 ? interrupt_on_signal : SIG_IGN);
    status = testbench_input_open(&a.input, a.file, &error);
    a.input.context.progress = NULL; /* that of the sweep is enough */
    const int result = sweep_job_run(&a.command, &ranks, status, &a.input.job, &error);
    testbench_input_free(&a.input);
    return result;
}
