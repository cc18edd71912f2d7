/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report on images through a network on tiles, made from a folder of `silverbar infer': accuracy, what
 * each imperfection costs, energy by class and layer, codes of the converters, the worst tile. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_INFERENCE_H
#define SILVERBAR_REPORT_PAGE_PAGE_INFERENCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

/* Is the folder one of `silverbar infer'?  Has a folder of `silverbar run' such tables? */
bool page_inference_is(const char *folder);
bool page_inference_has(const char *folder);

enum status page_inference(const char *folder, const char *name, FILE *out, struct error *error);

/* The parts alone, from the tables that there are. */
enum status page_inference_parts(const char *folder, FILE *out, struct error *error);

#endif
