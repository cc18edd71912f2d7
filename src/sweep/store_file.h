/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep's file as the system sees it. */
#ifndef SILVERBAR_SWEEP_STORE_FILE_H
#define SILVERBAR_SWEEP_STORE_FILE_H

#include "base/error.h"

/* Only one sweep may write the file.  Held by the open description, so that the end of this process in
 * whatever way ends it (SQLite's unlocking would end a lock of the process).  Workers of a killed sweep
 * may hold it until they are dead too: it is waited for, `wait` seconds. */
enum status store_file_lock(int descriptor, const char *path, double wait, struct error *error);

/* Remove the file with its journal and logs. */
void store_file_remove(const char *path);

#endif
