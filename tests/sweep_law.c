/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep whose samples follow a law of their number and take a given time; some fail, crash or take
 * too long.  Usage: sweep_law FILE.db SAMPLES SECONDS MISFORTUNES JOBS RESUME SILENCE [IDENTITY]
 * Not a test: tests start it, under mpirun too. */
#include "base/memory.h"
#include "base/random.h"
#include "cli/input/command.h"
#include "cli/input/interrupt.h"
#include "cli/input/sweep_job.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct law {
    double seconds;
    bool misfortunes;
};

static const struct sample_column columns[] = {{"x", false}, {"y", false}, {"word", true}};

int command_failed(const char *name, enum status status, const struct error *error)
{
    fprintf(stderr, "%s: %s\n", name, error->text);
    return (int)status;
}

static void inputs(void *data, size_t sample, struct cell *row)
{
    (void)data;
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = (double)(sample / 10)};
}

static enum status run(void *data, size_t sample, struct cell *row, struct error *error)
{
    const struct law *law = data;
    gsl_rng *random = random_stream(1, (uint32_t)sample, RANDOM_TEST);
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = gsl_rng_uniform(random)};
    gsl_rng_free(random);
    const struct timespec t = {(time_t)law->seconds, (long)(1e9 * fmod(law->seconds, 1))};
    if (law->seconds > 0)
        nanosleep(&t, NULL);
    switch (law->misfortunes ? sample % 40 : 0) {
    case 7:
        return fail(error, STATUS_NUMERICAL, "sample %zu, on purpose", sample);
    case 17:
        raise(SIGKILL);
        break;
    case 27:
        pause();
        break;
    default:
        break;
    }
    row[1] = (struct cell){.kind = CELL_TEXT, .text = memory_format("s%zu", sample)};
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    struct ranks ranks;
    struct error error = {0};
    if (argc != 8 && argc != 9)
        return STATUS_INPUT;
    struct law law = {.seconds = atof(argv[3]), .misfortunes = atoi(argv[4]) != 0};
    const struct sample_job job = {.n = (size_t)atol(argv[2]),
                                   .n_inputs = 1,
                                   .n_columns = 3,
                                   .columns = columns,
                                   .title = "law",
                                   .identity = argc == 9 ? argv[8] : "law",
                                   .time_limit = 2 + 2 * law.seconds,
                                   .data = &law,
                                   .inputs = inputs,
                                   .run = run};
    const struct sweep_command command = {.name = "sweep_law",
                                          .output = argv[1],
                                          .jobs = (size_t)atol(argv[5]),
                                          .resume = atoi(argv[6]) != 0,
                                          .silence = atof(argv[7])};
    signal(SIGPIPE, SIG_IGN);
    interrupt_watch();
    const enum status status = ranks_begin(&ranks, &error);
    return status == STATUS_OK ? sweep_job_run(&command, &ranks, status, &job, &error)
                               : command_failed(command.name, status, &error);
}
