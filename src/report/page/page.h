/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report on a results folder: one HTML file that needs nothing else, made from the folder's own
 * files.  A file that is not there leaves a note in its place; one that is damaged is an error. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_H
#define SILVERBAR_REPORT_PAGE_PAGE_H

#include "base/error.h"

#include <stdio.h>

/* `name` of the folder is shown and stands in commands; it may differ from where it is read. */
enum status page_report(const char *folder, const char *name, FILE *out, struct error *error);

#endif
