/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which samples of a sweep are still to be handed out: in order, those that came back first. */
#ifndef SILVERBAR_SWEEP_PENDING_H
#define SILVERBAR_SWEEP_PENDING_H

#include <stdbool.h>
#include <stddef.h>

struct pending {
    size_t n, next, n_done;
    unsigned char *done; /* a bit a sample */
    size_t n_back, capacity;
    size_t *back; /* n_back: handed out, and returned */
};

void pending_begin(struct pending *pending, size_t n);
void pending_free(struct pending *pending);

/* False if the sample was done before. */
bool pending_done(struct pending *pending, size_t sample);
bool pending_is_done(const struct pending *pending, size_t sample);

/* False if none is left. */
bool pending_take(struct pending *pending, size_t *sample);
void pending_return(struct pending *pending, size_t sample);

#endif
