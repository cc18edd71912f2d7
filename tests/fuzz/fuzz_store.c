/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep's file of results: bytes that begin as an SQLite file are one, others are statements that make
 * one.  Its rows are read and a page is made of them, it is resumed, or it is refused with a message. */
#include "base/memory.h"
#include "fuzz.h"
#include "report/page/page_sweep.h"
#include "sweep/store.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_WAIT 0.01 /* [s] */

/* Statements stay within the file. */
static int allow(void *data, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)data, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_ATTACH ? SQLITE_DENY : SQLITE_OK;
}

static int stop(void *data)
{
    (void)data;
    return 1;
}

static char *make(const uint8_t *bytes, size_t n)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    static const char head[] = "SQLite format 3";
    char *path = memory_format("%s/a.db", fuzz_home());
    for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
        char *old = memory_format("%s%s", path, endings[k]);
        unlink(old);
        free(old);
    }
    if (n >= sizeof head && memcmp(bytes, head, sizeof head) == 0) {
        free(path);
        return fuzz_file("a.db", bytes, n);
    }
    sqlite3 *db;
    char *statements = memory_string_n((const char *)bytes, n);
    if (sqlite3_open(path, &db) == SQLITE_OK) {
        sqlite3_set_authorizer(db, allow, NULL);
        sqlite3_progress_handler(db, 100000, stop, NULL);
        sqlite3_exec(db, statements, NULL, NULL, NULL);
    }
    sqlite3_close(db);
    free(statements);
    return path;
}

static void check(enum status status, const struct error *error)
{
    assert(status == STATUS_OK ||
           ((status == STATUS_INPUT || status == STATUS_NUMERICAL) && error->text[0]));
}

static void inputs(void *data, size_t sample, struct cell *row)
{
    (void)data;
    row[0] = (struct cell){.kind = CELL_NUMBER, .number = (double)sample};
}

static void each(void *data, size_t sample, bool failure)
{
    const struct sample_job *job = data;
    assert(sample < job->n && (failure || !failure));
}

static void resume(const char *path)
{
    static const struct sample_column columns[] = {
        {"replica", false}, {"x", false}, {"word", true}};
    struct sample_job job = {.n = 4,
                             .n_inputs = 1,
                             .n_columns = 3,
                             .columns = columns,
                             .title = "fuzz",
                             .identity = "a: 1\n",
                             .inputs = inputs};
    const struct store_options options = {true, LOCK_WAIT};
    struct error error = {0};
    struct store *store;
    enum status status = store_open(path, &job, &options, &store, &error);
    check(status, &error);
    assert((status == STATUS_OK) == (store != NULL));
    if (store)
        check(store_samples(store, each, &job, &error), &error);
    store_close(store, NULL);
}

void fuzz_store(const uint8_t *bytes, size_t n)
{
    char *path = make(bytes, n);
    struct error error = {0};
    struct store_info info;
    struct table *table;
    size_t samples;
    check(store_info_read(path, &info, &error), &error);
    store_info_free(&info);
    enum status status = store_table(path, true, &table, &samples, &error);
    check(status, &error);
    assert((status == STATUS_OK) == (table != NULL) && (!table || samples <= INT64_MAX));
    table_free(table);
    FILE *out = fopen("/dev/null", "w");
    assert(out);
    check(page_sweep_file(path, out, &error), &error);
    fclose(out);
    resume(path);
    free(path);
}
