/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

FILE *gnuplot_script(struct error *error)
{
    const int memory = memfd_create("gnuplot", MFD_CLOEXEC);
    FILE *file = memory < 0 ? NULL : fdopen(memory, "w+");
    if (!file) {
        fail(error, STATUS_INPUT, "no memory for a picture: %s", strerror(errno));
        if (memory >= 0)
            close(memory);
    }
    return file;
}

/* With the commands from `in` and the picture to `out`. */
static enum status run(FILE *in, const char *folder, FILE *out, struct error *error)
{
    posix_spawn_file_actions_t actions;
    char *const argv[] = {(char *)"gnuplot", (char *)"-d", (char *)"-", NULL};
    pid_t child;
    int state = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    if (folder)
        posix_spawn_file_actions_addchdir_np(&actions, folder);
    const int failure = posix_spawnp(&child, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure)
        return fail(error, STATUS_INPUT,
                    "gnuplot: cannot be started: %s (Debian's package is gnuplot-nox)",
                    strerror(failure));
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return fail(error, STATUS_NUMERICAL, "gnuplot: failed to draw");
    return STATUS_OK;
}

enum status gnuplot_draw(FILE *script, const char *folder, FILE *out, struct error *error)
{
    if (fflush(script) != 0 || ferror(script))
        return fail(error, STATUS_INPUT, "gnuplot's commands: %s", strerror(errno));
    rewind(script);
    FILE *picture = gnuplot_script(error);
    if (!picture)
        return STATUS_INPUT;
    char buffer[1 << 14];
    const enum status status = run(script, folder, picture, error);
    rewind(picture);
    for (size_t n; status == STATUS_OK && (n = fread(buffer, 1, sizeof buffer, picture)) > 0;)
        fwrite(buffer, 1, n, out);
    fclose(picture);
    return status;
}
