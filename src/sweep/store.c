/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/store.h"

#include "base/memory.h"
#include "sweep/store_copy.h"
#include "sweep/store_file.h"

#include <sqlite3.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the file's head, where file(1) and others find it: "slvb". */
#define APPLICATION_ID 0x736c7662

/* Bytes of a value, which no sweep's comes near. */
#define LENGTH_MOST (16 << 20)

#define SWEEP_TABLE                                                                                \
    "CREATE TABLE sweep (title TEXT, identity TEXT, version TEXT, samples INTEGER, inputs "        \
    "INTEGER)"
/* samples: the columns of inputs and outputs stand between these */
#define SAMPLES_BEGIN "CREATE TABLE samples (sample INTEGER PRIMARY KEY"
#define SAMPLES_END ", status TEXT, failure TEXT, wall_s REAL)"

struct store {
    char *path;
    const struct sample_job *job;
    sqlite3 *db;
    sqlite3_stmt *insert;
    int lock;            /* of store_file_lock(), or -1 */
    struct cell *inputs; /* job->n_inputs */
    size_t n_rows;
    double lock_wait;
};

/* What SQLite says, in terms of the file. */
static enum status db_failed(sqlite3 *db, const char *path, double lock_wait, struct error *error)
{
    switch (sqlite3_errcode(db)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(error, STATUS_INPUT,
                    "%s: another process has locked it, and did not let go within %g s", path,
                    lock_wait);
    case SQLITE_NOTADB:
        return fail(error, STATUS_INPUT, "%s: not a file of results that `sweep' made", path);
    case SQLITE_CORRUPT:
        return fail(error, STATUS_INPUT, "%s: damaged: %s", path, sqlite3_errmsg(db));
    case SQLITE_FULL:
        return fail(error, STATUS_INPUT, "%s: No space left on device", path);
    default:
        break;
    }
    const int system = sqlite3_system_errno(db);
    return system ? fail(error, STATUS_INPUT, "%s: %s (%s)", path, sqlite3_errmsg(db),
                         strerror(system))
                  : fail(error, STATUS_INPUT, "%s: %s", path, sqlite3_errmsg(db));
}

static enum status failed(const struct store *s, struct error *error)
{
    return db_failed(s->db, s->path, s->lock_wait, error);
}

static enum status execute(struct store *s, const char *sql, struct error *error)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK : failed(s, error);
}

/* First column of the first row of a query; 0 without a row. */
static enum status query_number(sqlite3 *db, const char *sql, sqlite3_int64 *value)
{
    sqlite3_stmt *q = NULL;
    *value = 0;
    int code = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(q, 0);
    const bool good = code == SQLITE_ROW || code == SQLITE_DONE;
    sqlite3_finalize(q); /* keeps the error code of a failed step */
    return good ? STATUS_OK : STATUS_INPUT;
}

static const char *type_of(const struct sample_column *column)
{
    return column->text ? "TEXT" : "REAL";
}

static enum status create(struct store *s, struct error *error)
{
    const struct sample_job *job = s->job;
    sqlite3_str *sql = sqlite3_str_new(s->db);
    sqlite3_str_appendf(sql,
                        "PRAGMA application_id = %d;" SWEEP_TABLE ";"
                        "INSERT INTO sweep VALUES (%Q, %Q, %Q, %lld, %lld);" SAMPLES_BEGIN,
                        APPLICATION_ID, job->title, job->identity, PACKAGE_VERSION,
                        (long long)job->n, (long long)job->n_inputs);
    for (size_t i = 0; i < job->n_columns; i++)
        sqlite3_str_appendf(sql, ", \"%w\" %s", job->columns[i].name, type_of(&job->columns[i]));
    sqlite3_str_appendall(sql, SAMPLES_END ";");
    char *text = sqlite3_str_finish(sql);
    enum status status = execute(s, text, error);
    sqlite3_free(text);
    return status;
}

/* Where two identities differ: the first line that is not the same. */
static enum status other_sweep(const struct store *s, const char *title, const char *found,
                               struct error *error)
{
    const char *wanted = s->job->identity;
    size_t line = 0;
    for (size_t i = 0; found[i] && found[i] == wanted[i]; i++)
        if (found[i] == '\n')
            line = i + 1;
    const int a = (int)strcspn(found + line, "\n"), b = (int)strcspn(wanted + line, "\n");
    return fail(error, STATUS_INPUT,
                "%s: holds another sweep, '%.80s': it has '%.*s' where this one has '%.*s'",
                s->path, title, a > 200 ? 200 : a, found + line, b > 200 ? 200 : b, wanted + line);
}

static enum status compare(struct store *s, struct error *error)
{
    sqlite3_stmt *q = NULL;
    enum status status = STATUS_OK;
    if (sqlite3_prepare_v2(s->db, "SELECT title, identity, version, samples FROM sweep", -1, &q,
                           NULL) != SQLITE_OK)
        return failed(s, error);
    const int code = sqlite3_step(q);
    const char *text[3] = {"", "", ""};
    for (int i = 0; i < 3 && code == SQLITE_ROW; i++)
        text[i] = (const char *)sqlite3_column_text(q, i);
    if (code != SQLITE_ROW || !text[0] || !text[1] || !text[2])
        status = code == SQLITE_ROW || code == SQLITE_DONE
                     ? fail(error, STATUS_INPUT,
                            "%s: damaged: it does not say which sweep it holds", s->path)
                     : failed(s, error);
    else if (strcmp(text[1], s->job->identity) != 0)
        status = other_sweep(s, text[0], text[1], error);
    else if (strcmp(text[2], PACKAGE_VERSION) != 0)
        status = fail(error, STATUS_INPUT, "%s: begun by silverbar %.40s, this is " PACKAGE_VERSION,
                      s->path, text[2]);
    else if (sqlite3_column_int64(q, 3) != (sqlite3_int64)s->job->n)
        status = fail(error, STATUS_INPUT, "%s: of %lld samples, expected %zu", s->path,
                      (long long)sqlite3_column_int64(q, 3), s->job->n);
    sqlite3_finalize(q);
    return status;
}

static enum status check_damage(sqlite3 *db, const char *path, double lock_wait,
                                struct error *error)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    enum status status = STATUS_OK;
    if (code != SQLITE_ROW)
        status = db_failed(db, path, lock_wait, error);
    else if (strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0)
        status = fail(error, STATUS_INPUT, "%s: damaged: %.200s", path,
                      (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return status;
}

/* Is it one of ours?  *tables: how many it has; a file whose making was cut short has none. */
static enum status recognise(sqlite3 *db, const char *path, double lock_wait, sqlite3_int64 *tables,
                             struct error *error)
{
    sqlite3_int64 id;
    if (query_number(db, "SELECT count(*) FROM sqlite_schema", tables) != STATUS_OK ||
        query_number(db, "PRAGMA application_id", &id) != STATUS_OK)
        return db_failed(db, path, lock_wait, error);
    if (*tables > 0 && id != APPLICATION_ID)
        return fail(error, STATUS_INPUT, "%s: not a file of results that `sweep' made", path);
    return STATUS_OK;
}

/* SQLite's advice for files from elsewhere (sqlite.org/security.html): the schema runs nothing. */
static void be_defensive(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_MOST);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, LENGTH_MOST);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0", NULL, NULL, NULL);
}

/* The text of a table's making, in its own words of its columns; to sqlite3_free(). */
static char *samples_text(sqlite3 *db)
{
    sqlite3_stmt *q = NULL;
    sqlite3_str *sql = sqlite3_str_new(db);
    sqlite3_str_appendall(sql, SAMPLES_BEGIN);
    if (sqlite3_prepare_v2(db,
                           "SELECT name, type FROM pragma_table_xinfo('samples') WHERE cid > 0 AND "
                           "cid < (SELECT count(*) FROM pragma_table_xinfo('samples')) - 3",
                           -1, &q, NULL) == SQLITE_OK)
        while (sqlite3_step(q) == SQLITE_ROW)
            sqlite3_str_appendf(sql, ", \"%w\" %s", sqlite3_column_text(q, 0),
                                sqlite3_column_text(q, 1));
    sqlite3_finalize(q);
    sqlite3_str_appendall(sql, SAMPLES_END);
    return sqlite3_str_finish(sql);
}

static bool made_so(sqlite3 *db, const char *name, const char *text)
{
    sqlite3_stmt *q = NULL;
    bool same = false;
    if (text &&
        sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?",
                           -1, &q, NULL) == SQLITE_OK) {
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        const bool row = sqlite3_step(q) == SQLITE_ROW;
        const char *found = row ? (const char *)sqlite3_column_text(q, 0) : NULL;
        same = found && strcmp(found, text) == 0;
    }
    sqlite3_finalize(q);
    return same;
}

/* Are there the two tables as create() makes them, and nothing else: no view, trigger, check, default or
 * computed column?  Then reading them computes nothing. */
static enum status check_layout(sqlite3 *db, const char *path, sqlite3_int64 tables,
                                struct error *error)
{
    const char *wrong = !made_so(db, "sweep", SWEEP_TABLE) ? "sweep" : NULL;
    char *text = wrong ? NULL : samples_text(db);
    if (!wrong && !made_so(db, "samples", text))
        wrong = "samples";
    sqlite3_free(text);
    if (wrong)
        return fail(error, STATUS_INPUT,
                    "%s: %s is not a table of the expected columns, as `sweep' makes it", path,
                    wrong);
    return tables == 2 ? STATUS_OK
                       : fail(error, STATUS_INPUT,
                              "%s: %lld tables, views or indexes, expected sweep and samples only",
                              path, (long long)tables);
}

/* Of a file that is there: nothing of it is believed before. */
static enum status check_file(sqlite3 *db, const char *path, double lock_wait,
                              sqlite3_int64 *tables, struct error *error)
{
    be_defensive(db);
    enum status status = recognise(db, path, lock_wait, tables, error);
    if (status == STATUS_OK && *tables > 0)
        status = check_layout(db, path, *tables, error);
    if (status == STATUS_OK && *tables > 0)
        status = check_damage(db, path, lock_wait, error);
    return status;
}

static enum status begin(struct store *s, struct error *error)
{
    sqlite3_int64 tables;
    enum status status = check_file(s->db, s->path, s->lock_wait, &tables, error);
    if (status == STATUS_OK && tables > 0)
        status = compare(s, error);
    if (status == STATUS_OK)
        status = execute(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
                         error);
    if (status == STATUS_OK && tables == 0)
        status = create(s, error);
    if (status == STATUS_OK)
        status = execute(s, "COMMIT", error);
    return status;
}

static enum status prepare_insert(struct store *s, struct error *error)
{
    const struct sample_job *job = s->job;
    sqlite3_str *sql = sqlite3_str_new(s->db);
    sqlite3_str_appendall(sql, "INSERT INTO samples (sample");
    for (size_t i = 0; i < job->n_columns; i++)
        sqlite3_str_appendf(sql, ", \"%w\"", job->columns[i].name);
    sqlite3_str_appendall(sql, ", status, failure, wall_s) VALUES (?");
    for (size_t i = 0; i < job->n_columns + 3; i++)
        sqlite3_str_appendall(sql, ", ?");
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    const int code =
        sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &s->insert, NULL);
    sqlite3_free(text);
    return code == SQLITE_OK ? STATUS_OK : failed(s, error);
}

enum status store_open(const char *path, const struct sample_job *job,
                       const struct store_options *options, struct store **store,
                       struct error *error)
{
    struct store *s = NEW(1, struct store);
    enum status status = STATUS_OK;
    s->path = memory_string(path);
    s->job = job;
    s->lock_wait = options->lock_wait > 0 ? options->lock_wait : STORE_LOCK_WAIT;
    s->inputs = NEW(job->n_inputs, struct cell);
    s->lock = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const bool made = s->lock >= 0;
    if (!made && errno == EEXIST && options->resume)
        s->lock = open(path, O_RDWR | O_CLOEXEC);
    else if (!made && errno == EEXIST)
        status = fail(error, STATUS_INPUT, "%s: exists; --resume completes the sweep in it", path);
    if (status == STATUS_OK && s->lock < 0)
        status = fail(error, STATUS_INPUT, "%s: %s", path, strerror(errno));
    if (status == STATUS_OK)
        status = store_file_lock(s->lock, path, s->lock_wait, error);
    if (status == STATUS_OK)
        status = store_journal_check(path, error);
    if (status == STATUS_OK) {
        const int code = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL);
        if (code == SQLITE_OK)
            sqlite3_busy_timeout(s->db, (int)(1e3 * s->lock_wait));
        status = code == SQLITE_OK ? begin(s, error) : failed(s, error);
    }
    if (status == STATUS_OK)
        status = prepare_insert(s, error);
    if (status != STATUS_OK) {
        store_close(s, NULL);
        s = NULL;
        if (made)
            store_file_remove(path);
    }
    *store = s;
    return status;
}

enum status store_samples(struct store *s, void (*each)(void *data, size_t sample, bool failure),
                          void *data, struct error *error)
{
    sqlite3_stmt *q = NULL;
    int code =
        sqlite3_prepare_v2(s->db, "SELECT sample, status <> 'done' FROM samples", -1, &q, NULL);
    s->n_rows = 0;
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(q);
        if (code != SQLITE_ROW)
            break;
        const sqlite3_int64 sample = sqlite3_column_int64(q, 0);
        if (sample < 0 || (size_t)sample >= s->job->n) {
            sqlite3_finalize(q);
            return fail(error, STATUS_INPUT, "%s: damaged: sample %lld of %zu", s->path,
                        (long long)sample, s->job->n);
        }
        s->n_rows++;
        each(data, (size_t)sample, sqlite3_column_int(q, 1));
    }
    const enum status status = code == SQLITE_DONE ? STATUS_OK : failed(s, error);
    sqlite3_finalize(q);
    return status;
}

static void bind_cell(sqlite3_stmt *q, int at, const struct cell *cell)
{
    if (cell->kind == CELL_NUMBER && !isnan(cell->number))
        sqlite3_bind_double(q, at, cell->number);
    else if (cell->kind == CELL_TEXT)
        sqlite3_bind_text(q, at, cell->text, -1, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(q, at);
}

static int add_row(struct store *s, const struct sample_row *row)
{
    const struct sample_job *job = s->job;
    const size_t n_outputs = job->n_columns - job->n_inputs;
    int at = 1;
    sqlite3_bind_int64(s->insert, at++, (sqlite3_int64)row->sample);
    memset(s->inputs, 0, job->n_inputs * sizeof *s->inputs);
    job->inputs(job->data, row->sample, s->inputs);
    for (size_t i = 0; i < job->n_inputs; i++) {
        bind_cell(s->insert, at++, &s->inputs[i]);
        free(s->inputs[i].text);
    }
    for (size_t i = 0; i < n_outputs; i++)
        bind_cell(s->insert, at++, i < row->n ? &row->outputs[i] : &(struct cell){0});
    sqlite3_bind_text(s->insert, at++, row_state_word(row->state), -1, SQLITE_STATIC);
    sqlite3_bind_text(s->insert, at++, row->failure, -1, SQLITE_TRANSIENT);
    sqlite3_bind_double(s->insert, at++, row->wall);
    sqlite3_step(s->insert);
    return sqlite3_reset(s->insert);
}

enum status store_add(struct store *s, size_t n, const struct sample_row *rows, struct error *error)
{
    if (n == 0)
        return STATUS_OK;
    enum status status = execute(s, "BEGIN IMMEDIATE", error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < n && status == STATUS_OK; i++)
        if (add_row(s, &rows[i]) != SQLITE_OK)
            status = failed(s, error);
    if (status == STATUS_OK)
        status = execute(s, "COMMIT", error);
    if (status == STATUS_OK)
        s->n_rows += n;
    else
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

void store_forked(struct store *s)
{
    if (s->lock >= 0)
        close(s->lock);
}

enum status store_close(struct store *s, struct error *error)
{
    enum status status = STATUS_OK;
    if (!s)
        return status;
    sqlite3_finalize(s->insert);
    if (s->n_rows == s->job->n) {
        const int code = sqlite3_exec(s->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
        if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED)
            status = failed(s, error); /* where somebody reads, the log stays */
    }
    sqlite3_close(s->db);
    if (s->lock >= 0)
        close(s->lock); /* not before: it would end SQLite's locks too */
    free(s->inputs);
    free(s->path);
    free(s);
    return status;
}

static int read_rows(sqlite3_stmt *q, size_t n, const size_t *columns, struct table *table)
{
    int code;
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        table_row(table);
        for (size_t k = 0; k < n; k++) {
            const int i = (int)columns[k];
            const int type = sqlite3_column_type(q, i);
            if (type == SQLITE_TEXT)
                table_text(table, k, (const char *)sqlite3_column_text(q, i));
            else if (type != SQLITE_NULL)
                table_number(table, k, sqlite3_column_double(q, i));
        }
    }
    return code;
}

/* A file that is read, or a copy of it. */
struct reader {
    sqlite3 *db;
    struct store_copy copy; /* or none */
};

static void close_reader(struct reader *r)
{
    sqlite3_close(r->db);
    store_copy_remove(&r->copy);
    *r = (struct reader){0};
}

static enum status try_reader(struct reader *r, const char *path, struct error *error)
{
    sqlite3_int64 tables = 0;
    const int code = r->copy.path
                         ? sqlite3_open_v2(r->copy.path, &r->db, SQLITE_OPEN_READWRITE, NULL)
                         : sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READONLY, NULL);
    sqlite3_busy_timeout(r->db, (int)(1e3 * STORE_LOCK_WAIT));
    const enum status status = code == SQLITE_OK
                                   ? check_file(r->db, path, STORE_LOCK_WAIT, &tables, error)
                                   : db_failed(r->db, path, STORE_LOCK_WAIT, error);
    return status == STATUS_OK && tables == 0
               ? fail(error, STATUS_INPUT, "%s: not a file of results that `sweep' made", path)
               : status;
}

/* Open a file to read it; on failure there is nothing to close. */
static enum status open_reader(const char *path, struct reader *r, struct error *error)
{
    struct stat info;
    *r = (struct reader){0};
    if (stat(path, &info) != 0) /* SQLite says less */
        return fail(error, STATUS_INPUT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return fail(error, STATUS_INPUT, "%s: not a regular file", path);
    if (store_journal_check(path, error) != STATUS_OK)
        return STATUS_INPUT;
    enum status status = try_reader(r, path, error);
    const int code = status == STATUS_OK ? SQLITE_OK : sqlite3_errcode(r->db);
    if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN) { /* its journal or log needs writing */
        close_reader(r);
        status = store_copy_make(path, &r->copy, error);
        if (status == STATUS_OK)
            status = try_reader(r, path, error);
    }
    if (status != STATUS_OK)
        close_reader(r);
    return status;
}

enum status store_info_read(const char *path, struct store_info *info, struct error *error)
{
    struct reader r;
    sqlite3_stmt *q = NULL;
    *info = (struct store_info){0};
    enum status status = open_reader(path, &r, error);
    if (status != STATUS_OK)
        return status;
    if (sqlite3_prepare_v2(r.db, "SELECT title, identity, version, samples, inputs FROM sweep", -1,
                           &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW) {
        char **const texts[] = {&info->title, &info->identity, &info->version};
        for (int i = 0; i < 3; i++) {
            const unsigned char *text = sqlite3_column_text(q, i);
            *texts[i] = memory_string(text ? (const char *)text : "");
        }
        info->n_samples = (size_t)sqlite3_column_int64(q, 3);
        info->n_inputs = (size_t)sqlite3_column_int64(q, 4);
    } else {
        status = db_failed(r.db, path, STORE_LOCK_WAIT, error);
    }
    sqlite3_finalize(q);
    close_reader(&r);
    return status;
}

void store_info_free(struct store_info *info)
{
    free(info->title);
    free(info->identity);
    free(info->version);
    *info = (struct store_info){0};
}

enum status store_table(const char *path, bool with_wall, struct table **table, size_t *samples,
                        struct error *error)
{
    struct reader r;
    sqlite3_stmt *q = NULL;
    sqlite3_int64 total = 0;
    *table = NULL;
    enum status status = open_reader(path, &r, error);
    if (status != STATUS_OK)
        return status;
    if (query_number(r.db, "SELECT samples FROM sweep", &total) != STATUS_OK ||
        sqlite3_prepare_v2(r.db, "SELECT * FROM samples ORDER BY sample", -1, &q, NULL) !=
            SQLITE_OK)
        status = db_failed(r.db, path, STORE_LOCK_WAIT, error);
    else if (total < 0)
        status = fail(error, STATUS_INPUT, "%s: damaged: of %lld samples", path, (long long)total);
    if (status == STATUS_OK) {
        const size_t n = (size_t)sqlite3_column_count(q);
        const char **names = NEW(n, const char *);
        size_t *columns = NEW(n, size_t), kept = 0;
        for (size_t i = 0; i < n; i++) {
            names[kept] = sqlite3_column_name(q, (int)i);
            columns[kept] = i;
            kept += with_wall || strcmp(names[kept], "wall_s") != 0;
        }
        *table = table_new(kept, names, NULL);
        if (read_rows(q, kept, columns, *table) != SQLITE_DONE) {
            status = db_failed(r.db, path, STORE_LOCK_WAIT, error);
            table_free(*table);
            *table = NULL;
        }
        free(names);
        free(columns);
    }
    if (samples)
        *samples = (size_t)total;
    sqlite3_finalize(q);
    close_reader(&r);
    return status;
}
