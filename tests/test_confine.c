/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds a worker beside the screen: filters of system calls, and no start file of anyone's home,
 * whatever the password entry says. */
#include "engine/spice/confine.h"
#include "simulate/deck_run.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *home;

/* In place of the C library's: ngspice takes the home from it. */
struct passwd *getpwuid(uid_t id)
{
    static struct passwd entry;
    entry = (struct passwd){.pw_name = (char[]){"someone"}, .pw_dir = home, .pw_uid = id};
    return &entry;
}

/* --- filters of system calls, tried in a child that ends with the number of what did not hold */

static void *thread(void *data)
{
    return data;
}

static int calls_are_refused(void)
{
    char *path = memory_format("%s/made", home);
    int pipes[2];
    pthread_t one;
    if (pipe(pipes) != 0 || !confine_calls())
        return 1;
    if (open("/etc/passwd", O_RDONLY) >= 0 || open(path, O_WRONLY | O_CREAT, 0600) >= 0)
        return 2;
    if (unlink(home) == 0 || mkdir(path, 0700) == 0 || chdir("/") == 0 || truncate(home, 0) == 0)
        return 3;
    execl("/bin/false", "false", (char *)NULL); /* would end with status 1 */
    if (fork() >= 0 || vfork() >= 0)
        return 4;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
        return 5;
    if (kill(getppid(), 0) == 0)
        return 6;
    /* what a simulation needs stays */
    void *volatile some = malloc(16u << 20);
    char byte;
    if (!some || write(pipes[1], "x", 1) != 1 || read(pipes[0], &byte, 1) != 1)
        return 7;
    return pthread_create(&one, NULL, thread, NULL) == 0 && pthread_join(one, NULL) == 0 ? 0 : 8;
}

static void filters(void **state)
{
    (void)state;
    int result;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0)
        _exit(calls_are_refused());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

/* --- the start file */

static enum status take_plot(void *data, const char *title, bool complex, size_t n,
                             char *const *names, struct error *error)
{
    (void)data, (void)title, (void)complex, (void)n, (void)names, (void)error;
    return STATUS_OK;
}

static enum status take_point(void *data, const double *values, struct error *error)
{
    (void)values, (void)error;
    ++*(size_t *)data;
    return STATUS_OK;
}

static void take_text(void *data, const char *text)
{
    (void)data, (void)text;
}

static size_t points(bool trusted)
{
    static const char text[] = "t\nv1 a 0 sin(0 1 1k)\nr1 a 0 1k\n.tran 10u 1m\n";
    size_t n = 0;
    struct user_deck *deck;
    struct error error = {{0}};
    char *path = file_write(home, "a.cir", text, strlen(text));
    ASSERT_DONE(user_deck_read(path, trusted, &deck, &error), error);
    const struct deck_taker taker = {take_plot, take_point, take_text, take_text, NULL, &n};
    const struct deck_run_options options = {.trusted = trusted, .seed = 1, .time_limit = 60};
    ASSERT_DONE(deck_run(deck, 0, &options, &taker, &error), error);
    user_deck_free(deck);
    free(path);
    return n;
}

static void start_file_of_the_home(void **state)
{
    (void)state;
    static const char *const lines[] = {"quit\n", "set interp\n", "shell touch ran\n", NULL};
    const size_t wanted = points(false);
    assert_true(wanted > 50);
    char *path = NULL;
    for (size_t i = 0; lines[i]; i++)
        for (int trusted = 0; trusted < 2; trusted++) {
            free(path);
            path = file_write(home, ".spiceinit", lines[i], strlen(lines[i]));
            assert_int_equal(points(trusted), wanted);
        }
    unlink(path);
    free(path);
    path = memory_format("%s/ran", home);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access("ran", F_OK), 0);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),
        cmocka_unit_test(start_file_of_the_home),
    };
    home = folder_make();
    const int failed = cmocka_run_group_tests_name("confine", tests, NULL, NULL);
    folder_remove(home);
    return failed;
}
