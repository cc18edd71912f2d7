/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which samples of a sweep are still to be handed out: in order, those that came back first. */
#ifndef SILVERBAR_SWEEP_TODO_H
#define SILVERBAR_SWEEP_TODO_H

#include <stdbool.h>
#include <stddef.h>

struct todo {
    size_t n, next, n_done;
    unsigned char *done; /* a bit a sample */
    size_t n_back, capacity;
    size_t *back; /* n_back: handed out, and returned */
};

void todo_begin(struct todo *todo, size_t n);
void todo_free(struct todo *todo);

/* False if the sample was done before. */
bool todo_done(struct todo *todo, size_t sample);
bool todo_is_done(const struct todo *todo, size_t sample);

/* False if none is left. */
bool todo_take(struct todo *todo, size_t *sample);
void todo_return(struct todo *todo, size_t sample);

#endif
