/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report on a testbench that was run, made from its results folder: of many samples as of a
 * sweep, of one its outputs and what its tables tell, drawn. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_RUN_H
#define SILVERBAR_REPORT_PAGE_PAGE_RUN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

/* Is the folder one of `silverbar run'? */
bool page_run_is(const char *folder);

enum status page_run(const char *folder, const char *name, FILE *out, struct error *error);

/* Any other folder with tables but no summary.json: all of them, drawn. */
bool page_tables_is(const char *folder);
enum status page_tables(const char *folder, const char *name, FILE *out, struct error *error);

#endif
