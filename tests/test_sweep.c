/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeps: whatever is killed, locked or full, a row is a function of its sample alone.  The law of
 * the samples is a closed form, so every table is compared with what it must be, not with another
 * run.  Equality is of bytes: nothing here may depend on who computed a row. */
#include "base/clock.h"
#include "sweep/sweep.h"
#include "testing.h"

#include <sqlite3.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- a job with all that can happen ---- */

enum misfortune { NOTHING, FAILS, UNTRUSTED, DIES, LEAVES, HANGS };

struct law {
    size_t first;     /* sample of the first misfortune; the others follow */
    bool misfortunes; /* or none */
    double seconds;   /* that a sample takes */
};

static const struct sample_column columns[] = {
    {"half", false}, {"name, of it", true}, {"root", false}, {"text", true}};

static enum misfortune misfortune_of(const struct law *law, size_t sample)
{
    return law->misfortunes && sample >= law->first && sample <= law->first + HANGS - 1
               ? (enum misfortune)(sample - law->first + 1)
               : NOTHING;
}

static void inputs(void *data, size_t sample, struct cell *row)
{
    (void)data;
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = (double)sample / 2};
    row[1] = (struct cell){.kind = CELL_TEXT, .text = memory_format("it's \"%zu\"", sample)};
}

static void pass_time(double seconds)
{
    const struct timespec t = {(time_t)seconds, (long)(1e9 * fmod(seconds, 1))};
    if (seconds > 0)
        nanosleep(&t, NULL);
}

static enum status run(void *data, size_t sample, struct cell *row, struct error *error)
{
    const struct law *law = data;
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = sqrt((double)sample) / 3};
    pass_time(law->seconds);
    switch (misfortune_of(law, sample)) {
    case FAILS:
        return (fail)(error, STATUS_NUMERICAL, "no convergence, says \"%zu\"", sample);
    case UNTRUSTED:
        return (fail)(error, STATUS_UNTRUSTED, "residual too large");
    case DIES:
        raise(SIGKILL);
        break;
    case LEAVES:
        _exit(7);
    case HANGS:
        pause();
        break;
    case NOTHING:
        break;
    }
    if (sample % 3 > 0)
        row[1] = (struct cell){.kind = CELL_TEXT, .text = memory_format("line\nof %zu", sample)};
    return STATUS_OK;
}

static struct sample_job job_of(size_t n, struct law *law)
{
    return (struct sample_job){.n = n,
                               .n_inputs = 2,
                               .n_columns = COUNT(columns),
                               .columns = columns,
                               .title = "a test",
                               .identity = "law: root\nseed: 1\n",
                               .time_limit = law->misfortunes ? 2 : 60,
                               .data = law,
                               .inputs = inputs,
                               .run = run};
}

/* What the table must be, as CSV, from the law alone. */
static char *expected_csv(const struct sample_job *job)
{
    static const char *const names[] = {"sample", "half",   "name, of it", "root",
                                        "text",   "status", "failure"};
    struct law *law = job->data;
    struct table *t = table_new(COUNT(names), names, NULL);
    char text[128];
    for (size_t i = 0; i < job->n; i++) {
        const enum misfortune m = misfortune_of(law, i);
        table_row(t);
        table_number(t, 0, (double)i);
        table_number(t, 1, (double)i / 2);
        snprintf(text, sizeof text, "it's \"%zu\"", i);
        table_text(t, 2, text);
        if (m < DIES)
            table_number(t, 3, sqrt((double)i) / 3);
        snprintf(text, sizeof text, "line\nof %zu", i);
        if (m == NOTHING && i % 3 > 0)
            table_text(t, 4, text);
        static const char *const words[] = {"done",    "failed",  "untrusted",
                                            "crashed", "crashed", "late"};
        table_text(t, 5, words[m]);
        snprintf(text, sizeof text, "no convergence, says \"%zu\"", i);
        const char *const failures[] = {NULL,
                                        text,
                                        "residual too large",
                                        "crashed: signal 9",
                                        "crashed: its process ended with exit status 7",
                                        "time limit of 2 s passed"};
        if (failures[m])
            table_text(t, 6, failures[m]);
    }
    char *csv = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&csv, &size);
    table_csv(t, out);
    fclose(out);
    table_free(t);
    return csv;
}

static char *stored_csv(const char *path)
{
    struct error error = {0};
    struct table *t = NULL;
    ASSERT_DONE(store_table(path, false, &t, NULL, &error), error);
    char *csv = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&csv, &size);
    table_csv(t, out);
    fclose(out);
    table_free(t);
    return csv;
}

static void assert_complete(const char *path, const struct sample_job *job)
{
    char *wanted = expected_csv(job), *found = stored_csv(path);
    assert_string_equal(found, wanted);
    free(wanted);
    free(found);
}

static enum status sweep(const struct sample_job *job, const char *path, size_t jobs, bool resume,
                         struct sweep_report *report, struct error *error)
{
    const struct sweep_options options = {.jobs = jobs,
                                          .store = {.resume = resume, .lock_wait = 0.3}};
    struct sweep_report unused;
    *error = (struct error){0};
    return sweep_run(job, path, &options, report ? report : &unused, error);
}

/* ---- tests ---- */

static void test_rows(void **state)
{
    (void)state;
    struct law law = {0};
    const struct sample_job job = job_of(10, &law);
    struct sample_row row = sample_row_compute(&job, 4), back;
    struct row_bytes bytes = {0};
    row.failure = memory_string("");
    row_encode(&row, &bytes);
    row_encode(&row, &bytes);
    const size_t half = bytes.n / 2;
    for (size_t n = 0; n < half; n++) /* a part of a row is no row yet */
        assert_int_equal(row_decode(bytes.bytes, n, 10, 2, &back), 0);
    assert_int_equal(row_decode(bytes.bytes, bytes.n, 10, 2, &back), half);
    assert_int_equal(back.sample, 4);
    assert_true(back.outputs[0].number == row.outputs[0].number);
    assert_string_equal(back.outputs[1].text, row.outputs[1].text);
    assert_string_equal(back.failure, "");
    sample_row_free(&back);
    assert_int_equal(row_decode(bytes.bytes, bytes.n, 4, 2, &back), ROW_BAD);
    assert_int_equal(row_decode(bytes.bytes, bytes.n, 10, 3, &back), ROW_BAD);
    for (size_t i = 0; i < half; i++) { /* one wrong byte: no crash, whatever it says */
        bytes.bytes[i] ^= 0x40;
        const size_t used = row_decode(bytes.bytes, bytes.n, 10, 2, &back);
        if (used != 0 && used != ROW_BAD)
            sample_row_free(&back);
        bytes.bytes[i] ^= 0x40;
    }
    free(bytes.bytes);
    sample_row_free(&row);
}

static void test_any_number_of_workers(void **state)
{
    (void)state;
    char *folder = folder_make();
    struct law law = {.first = 20, .misfortunes = true};
    const struct sample_job job = job_of(60, &law);
    for (size_t jobs = 1; jobs <= 3; jobs++) {
        char *path = memory_format("%s/%zu.db", folder, jobs);
        struct sweep_report report;
        struct error error;
        ASSERT_DONE(sweep(&job, path, jobs, false, &report, &error), error);
        assert_int_equal(report.end.done, 60);
        assert_int_equal(report.end.failures, HANGS);
        assert_complete(path, &job);
        free(path);
    }
    folder_remove(folder);
}

/* A process that sweeps; it counts as a test's only through its file. */
static pid_t sweep_in_child(const struct sample_job *job, const char *path, size_t jobs)
{
    const pid_t process = fork();
    if (process == 0) {
        struct error error;
        _exit(sweep(job, path, jobs, true, NULL, &error));
    }
    assert_true(process > 0);
    return process;
}

static int status_of(pid_t process)
{
    int how;
    assert_int_equal(waitpid(process, &how, 0), process);
    return how;
}

/* Killed after 0, 5, 10 ... ms, in the midst of whatever that hits, and resumed each time.  With 3
 * ms a sample and two workers the whole takes 300 ms, and some of it is always left. */
static void test_kill_and_resume(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/killed.db", folder);
    struct law law = {.seconds = 0.003};
    const struct sample_job job = job_of(200, &law);
    struct error error;
    size_t killed = 0;
    for (int i = 0; i < 20; i++) {
        const pid_t process = sweep_in_child(&job, path, 2);
        pass_time(0.001 * i);
        kill(process, SIGKILL);
        const int how = status_of(process);
        killed += WIFSIGNALED(how);
        assert_true(WIFSIGNALED(how) || WEXITSTATUS(how) == 0);
    }
    assert_true(killed > 10);
    ASSERT_DONE(sweep(&job, path, 2, true, NULL, &error), error);
    assert_complete(path, &job);
    free(path);
    folder_remove(folder);
}

/* The same with commits in between: what was reported done is there after the kill. */
static void on_progress(void *data, const struct sweep_progress *progress)
{
    const int to = *(const int *)data;
    assert_int_equal(write(to, &progress->done, sizeof progress->done), sizeof progress->done);
}

static void test_nothing_reported_is_lost(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/reported.db", folder);
    struct law law = {.seconds = 0.01};
    const struct sample_job job = job_of(400, &law);
    struct sweep_report report;
    struct error error;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    const pid_t process = fork();
    if (process == 0) {
        const struct sweep_options options = {.jobs = 2,
                                              .store = {.resume = true},
                                              .progress = on_progress,
                                              .progress_data = &pipes[1]};
        sweep_run(&job, path, &options, &report, &error);
        _exit(0);
    }
    close(pipes[1]);
    size_t reported = 0;
    while (reported < 50)
        assert_int_equal(read(pipes[0], &reported, sizeof reported), sizeof reported);
    kill(process, SIGKILL);
    assert_true(WIFSIGNALED(status_of(process)));
    for (size_t more; read(pipes[0], &more, sizeof more) == sizeof more;)
        reported = more;
    close(pipes[0]);
    assert_true(reported >= 50 && reported < 400);
    struct table *t;
    size_t samples;
    ASSERT_DONE(store_table(path, true, &t, &samples, &error), error);
    assert_int_equal(samples, 400);
    assert_true(t->n_rows >= reported);
    assert_string_equal(t->names[t->n_columns - 1], "wall_s");
    const size_t there = t->n_rows;
    table_free(t);
    ASSERT_DONE(sweep(&job, path, 2, true, &report, &error), error);
    assert_int_equal(report.rows, 400 - there);
    assert_complete(path, &job);
    free(path);
    folder_remove(folder);
}

/* Children of a process, from /proc: the workers of a sweep. */
static size_t children_of(pid_t parent, pid_t *children, size_t most)
{
    char *path = memory_format("/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *in = fopen(path, "r");
    size_t n = 0;
    int child;
    while (in && n < most && fscanf(in, "%d", &child) == 1)
        children[n++] = child;
    if (in)
        fclose(in);
    free(path);
    return n;
}

static bool has_ended(pid_t process)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == process;
}

static void test_killed_workers(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/workers.db", folder);
    struct law law = {.seconds = 0.01};
    const struct sample_job job = job_of(150, &law);
    const pid_t process = sweep_in_child(&job, path, 3);
    size_t killed = 0;
    for (int i = 0; i < 400 && killed < 6 && !has_ended(process); i++) {
        pid_t workers[8];
        pass_time(0.05);
        const size_t n = children_of(process, workers, 8);
        if (n > 0)
            killed += kill(workers[(size_t)i % n], SIGKILL) == 0;
    }
    assert_int_equal(status_of(process), 0);
    assert_true(killed >= 3);
    assert_complete(path, &job);
    free(path);
    folder_remove(folder);
}

static volatile int interrupt;

static void on_signal(int number)
{
    (void)number;
    interrupt = 1;
}

static void test_interrupt(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/interrupted.db", folder);
    struct law law = {.seconds = 0.2};
    const struct sample_job job = job_of(30, &law);
    const struct sweep_options options = {.jobs = 2, .interrupted = &interrupt};
    struct sweep_report report;
    struct error error = {0};
    signal(SIGALRM, on_signal);
    interrupt = 0;
    ualarm(300000, 0);
    const double begin = clock_now();
    assert_int_equal(sweep_run(&job, path, &options, &report, &error), STATUS_INTERRUPTED);
    /* two rows in 0.2 s if workers start at once, and two that are in flight at 0.3 s; all take 3 s */
    assert_true(clock_now() - begin < 2);
    assert_true(report.end.done >= 2 && report.end.done <= 4);
    char *told = memory_format("%zu of 30 samples", report.end.done);
    ASSERT_NAMES(error.text, "--resume");
    ASSERT_NAMES(error.text, told);
    free(told);
    const size_t done = report.end.done;
    ASSERT_DONE(sweep(&job, path, 8, true, &report, &error), error);
    assert_int_equal(report.rows, 30 - done);
    assert_complete(path, &job);
    signal(SIGALRM, SIG_DFL);
    free(path);
    folder_remove(folder);
}

static void expect(const struct sample_job *job, const char *path, bool resume, const char *text)
{
    struct error error;
    assert_int_equal(sweep(job, path, 1, resume, NULL, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, path);
    ASSERT_NAMES(error.text, text);
}

static void test_wrong_files(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/a.db", folder);
    struct law law = {0};
    struct sample_job job = job_of(20, &law);
    struct error error;
    ASSERT_DONE(sweep(&job, path, 1, true, NULL, &error), error); /* to be resumed: begins */
    expect(&job, path, false, "exists; --resume");
    struct sample_job other = job;
    other.identity = "law: root\nseed: 2\n";
    expect(&other, path, true, "it has 'seed: 1' where this one has 'seed: 2'");
    other = job;
    other.n = 21;
    expect(&other, path, true, "of 20 samples, expected 21");
    assert_complete(path, &job);

    char *text = file_write(folder, "text.db", "id,value\n1,2\n", 13);
    expect(&job, text, true, "not a file of results");
    struct table *t;
    assert_int_equal(store_table(text, false, &t, NULL, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "not a file of results");
    assert_null(t);
    assert_int_equal(store_table(folder, false, &t, NULL, &error), STATUS_INPUT);
    char *none = memory_format("%s/none/a.db", folder);
    expect(&job, none, false, "No such file or directory");
    assert_int_equal(store_table(none, false, &t, NULL, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "No such file or directory");

    /* every page but the first overwritten: found before anything is written */
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    fseek(file, 4096, SEEK_SET);
    for (long i = 4096; i < size; i++)
        fputc(0xa5, file);
    fclose(file);
    expect(&job, path, true, "damaged");
    assert_int_equal(store_table(path, false, &t, NULL, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "damaged");
    free(none);
    free(text);
    free(path);
    folder_remove(folder);
}

/* Change a sweep's file by other means than a sweep: SQL, after which the process is killed. */
static void change(const char *path, const char *sql)
{
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *db;
        sqlite3_open(path, &db);
        sqlite3_exec(db, sql, NULL, NULL, NULL);
        raise(SIGKILL);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* What a schema may hold to run or to grow is refused before a row is read, and before one is written. */
static void test_files_from_elsewhere(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *text;
    } hostile[] = {
        {"DROP TABLE samples; CREATE VIEW samples AS WITH RECURSIVE c(sample) AS (SELECT 1 UNION "
         "ALL "
         "SELECT sample + 1 FROM c) SELECT sample, 'done' AS status FROM c",
         "samples is not a table of the expected columns"},
        {"ALTER TABLE samples ADD COLUMN x TEXT AS (hex(zeroblob(300000000)))",
         "samples is not a table of the expected columns"},
        {"DROP TABLE sweep; CREATE TABLE sweep (title, identity, version, samples, inputs)",
         "sweep is not a table of the expected columns"},
        {"ALTER TABLE samples RENAME COLUMN status TO state", "samples is not a table"},
        {"CREATE TABLE other (a)", "3 tables, views or indexes"},
        {"CREATE VIEW other AS SELECT 1", "3 tables, views or indexes"},
        {"CREATE TRIGGER other AFTER INSERT ON samples BEGIN DELETE FROM sweep; END",
         "3 tables, views or indexes"},
        {"PRAGMA application_id = 7", "not a file of results"},
    };
    char *folder = folder_make();
    struct law law = {0};
    struct sample_job job = job_of(20, &law);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char *path = memory_format("%s/%zu.db", folder, i);
        struct error error;
        struct table *t;
        struct store_info info;
        ASSERT_DONE(sweep(&job, path, 1, false, NULL, &error), error);
        change(path, hostile[i].sql);
        assert_int_equal(store_table(path, false, &t, NULL, &error), STATUS_INPUT);
        ASSERT_NAMES(error.text, hostile[i].text);
        assert_int_equal(store_info_read(path, &info, &error), STATUS_INPUT);
        expect(&job, path, true, hostile[i].text);
        free(path);
    }
    folder_remove(folder);
}

/* Killed in the middle of a change: the journal is to be rolled back, which a reader does in a copy. */
static void test_hot_journal(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/a.db", folder),
         *journal = memory_format("%s-journal", path);
    struct law law = {0};
    struct sample_job job = job_of(20, &law);
    struct error error;
    struct table *t;
    ASSERT_DONE(sweep(&job, path, 1, false, NULL, &error), error);
    change(path,
           "PRAGMA cache_size = 1; BEGIN; UPDATE samples SET failure = hex(zeroblob(100000))");
    assert_int_equal(access(journal, F_OK), 0);
    assert_complete(path, &job);
    assert_int_equal(access(journal, F_OK), 0); /* nothing was written there */

    /* a journal that names another one, which SQLite would read and remove */
    FILE *file = fopen(journal, "ab");
    assert_non_null(file);
    static const char name[] = "/etc/passwd\0\0\0\0\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
    fwrite(name, 1, sizeof name - 1, file);
    fclose(file);
    assert_int_equal(store_table(path, false, &t, NULL, &error), STATUS_INPUT);
    ASSERT_NAMES(error.text, "its journal names another one");
    expect(&job, path, true, "its journal names another one");
    free(journal);
    free(path);
    folder_remove(folder);
}

/* Wait until there are so many rows, 10 s at most; how many there are. */
static size_t await_rows(const char *path, size_t wanted)
{
    size_t n = 0;
    for (int i = 0; i < 1000 && n < wanted; i++) {
        struct table *t;
        struct error error;
        pass_time(0.01);
        if (store_table(path, false, &t, NULL, &error) == STATUS_OK) /* else not made yet */
            n = t->n_rows;
        table_free(t);
    }
    return n;
}

static void test_two_sweeps(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/two.db", folder);
    struct law law = {.seconds = 0.02};
    const struct sample_job job = job_of(100, &law);
    const pid_t first = sweep_in_child(&job, path, 1);
    assert_true(await_rows(path, 1) >= 1);
    expect(&job, path, true, "another sweep is writing it");
    assert_int_equal(status_of(first), 0);
    assert_complete(path, &job);
    free(path);
    folder_remove(folder);
}

static sqlite3 *lock_file(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

/* Another process that writes: waited for if it lets go, else the sweep ends, without the rows that
 * it could not write and with all that it did. */
static void test_locked(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/locked.db", folder);
    struct law law = {.seconds = 0.02};
    const struct sample_job job = job_of(120, &law);
    for (int waits = 0; waits < 2; waits++) {
        const pid_t process = sweep_in_child(&job, path, 1);
        struct table *t;
        struct error error;
        const size_t before = await_rows(path, 3);
        assert_true(before >= 3 && before < 120);
        sqlite3 *db = lock_file(path);
        pass_time(waits == 0 ? 0.1 : 2); /* of the 0.3 s that sweep() waits */
        sqlite3_close(db);
        assert_int_equal(WEXITSTATUS(status_of(process)), waits == 0 ? STATUS_OK : STATUS_INPUT);
        ASSERT_DONE(store_table(path, false, &t, NULL, &error), error);
        assert_true(waits == 0 ? t->n_rows == 120 : t->n_rows >= before && t->n_rows < 120);
        table_free(t);
        if (waits == 0)
            unlink(path);
    }
    sqlite3 *db = lock_file(path);
    expect(&job, path, true, "another process has locked it, and did not let go within 0.3 s");
    sqlite3_close(db);
    struct error error;
    ASSERT_DONE(sweep(&job, path, 2, true, NULL, &error), error);
    assert_complete(path, &job);
    free(path);
    folder_remove(folder);
}

/* A disk that is full after some commits: RLIMIT_FSIZE stands for it, as in cli_full_disk.sh.  What
 * was committed stays, and once there is room the sweep is completed. */
static void test_full_disk(void **state)
{
    (void)state;
    char *folder = folder_make(), *path = memory_format("%s/full.db", folder);
    struct law law = {.seconds = 0.002}; /* at most 2000 rows of about 100 bytes a commit */
    const struct sample_job job = job_of(6000, &law);
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    const pid_t process = fork();
    if (process == 0) {
        struct sweep_report report;
        struct error error = {0};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){400000, 400000});
        const struct sweep_options options = {.jobs = 4};
        const enum status status = sweep_run(&job, path, &options, &report, &error);
        const bool told = write(pipes[1], &report.end.done, sizeof report.end.done) > 0 &&
                          write(pipes[1], error.text, strlen(error.text) + 1) > 0;
        _exit(told ? (int)status : 99);
    }
    close(pipes[1]);
    size_t reported;
    char text[1024] = "";
    assert_int_equal(read(pipes[0], &reported, sizeof reported), sizeof reported);
    assert_true(read(pipes[0], text, sizeof text - 1) > 0);
    close(pipes[0]);
    assert_int_equal(WEXITSTATUS(status_of(process)), STATUS_INPUT);
    ASSERT_NAMES(text, path);
    struct table *t;
    struct error error;
    ASSERT_DONE(store_table(path, false, &t, NULL, &error), error);
    printf("# full: %s; reported %zu, stored %zu\n", text, reported, t->n_rows);
    assert_true(reported > 0 && t->n_rows == reported && reported < 6000);
    table_free(t);
    law.seconds = 0;
    ASSERT_DONE(sweep(&job, path, 2, true, NULL, &error), error);
    assert_complete(path, &job);
    free(path);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_any_number_of_workers),
        cmocka_unit_test(test_kill_and_resume),
        cmocka_unit_test(test_nothing_reported_is_lost),
        cmocka_unit_test(test_killed_workers),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_files_from_elsewhere),
        cmocka_unit_test(test_hot_journal),
        cmocka_unit_test(test_two_sweeps),
        cmocka_unit_test(test_locked),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
