/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ngspice's vectors by name, in letters of either case. */
#ifndef SILVERBAR_SIMULATE_VECTOR_INDEX_H
#define SILVERBAR_SIMULATE_VECTOR_INDEX_H

#include <stddef.h>

struct vector_index;

/* names[n] stay the caller's, and must stay as they are. */
struct vector_index *vector_index_new(size_t n, char *const *names);
void vector_index_free(struct vector_index *index);

/* Position of a vector among the names, or n; of a node's, which of one that is a number is "V(5)"; of
 * the current of a source, "v1#branch". */
size_t vector_of(const struct vector_index *index, const char *name);
size_t vector_of_node(const struct vector_index *index, const char *node);
size_t vector_of_branch(const struct vector_index *index, const char *source);

#endif
