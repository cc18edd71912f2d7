/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what programming the tiles took, of `silverbar infer --map verify`. */
#ifndef SILVERBAR_CLI_INFER_INFER_PROGRAMMING_H
#define SILVERBAR_CLI_INFER_INFER_PROGRAMMING_H

#include "cli/infer/infer_tables.h"

struct table *infer_programming(const struct infer_outcome *outcome);       /* by layer, then all */
struct table *infer_programming_tiles(const struct infer_outcome *outcome); /* a row a tile */

/* The first one with its columns as rows, for people; of NULL: NULL. */
struct table *infer_programming_across(const struct table *table);

#endif
