/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report on the results of a user's deck, made from their folder. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_SIM_H
#define SILVERBAR_REPORT_PAGE_PAGE_SIM_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

/* Is the folder one of `silverbar sim'? */
bool page_sim_is(const char *folder);

enum status page_sim(const char *folder, const char *name, FILE *out, struct error *error);

#endif
