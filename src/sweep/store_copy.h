/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of an SQLite file, and of the journal and log beside it, in a private folder below TMPDIR.  To
 * read what a killed sweep has left, its last step has to be completed or undone, which neither
 * read-only media nor a reader's rights allow. */
#ifndef SILVERBAR_SWEEP_STORE_COPY_H
#define SILVERBAR_SWEEP_STORE_COPY_H

#include "base/error.h"

struct store_copy {
    char *folder, *path; /* NULL: there is none */
    int lock;
};

/* On failure there is none. */
enum status store_copy_make(const char *path, struct store_copy *copy, struct error *error);
void store_copy_remove(struct store_copy *copy);

/* Refuse a journal that names another one: SQLite would read that, and could remove it. */
enum status store_journal_check(const char *path, struct error *error);

#endif
