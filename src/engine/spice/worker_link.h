/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker process with a private folder and two pipes, seen from its parent: started, read from
 * with an eye on the clock and on the user, told, and cleared away whatever happened to it. */
#ifndef SILVERBAR_ENGINE_SPICE_WORKER_LINK_H
#define SILVERBAR_ENGINE_SPICE_WORKER_LINK_H

#include "engine/engine.h"

#include <limits.h>
#include <signal.h>
#include <sys/types.h>

#define WORKER_LINK_BUFFER (1u << 16)

struct worker_link {
    /* given */
    double time_limit;                                                   /* wall seconds */
    double spent;                                                        /* of them already */
    volatile const int *interrupted;                                     /* or NULL */
    const char *(*place)(const void *data, char text[PHASE_PLACE_SIZE]); /* for messages */
    const void *place_data;
    struct error *error;
    /* its own */
    pid_t pid; /* 0: none runs */
    int in, out;
    char *directory; /* or NULL */
    int lock;        /* descriptor that shows that the folder is used */
    double deadline;
    struct sigaction before; /* what SIGPIPE did */
    unsigned char buffer[WORKER_LINK_BUFFER];
    size_t buffered, taken;
};

/* May a worker that is shut in get this deck?  It passes the screen; where the kernel has no Landlock,
 * this is told (confine_tell()), and code models are refused too. */
enum status worker_link_screen(char *const *lines, struct error *error);

/* What the worker does, in a process of its own; must not return. */
typedef void worker_body(const void *data, const char *directory, int in, int out);

/* Start it.  After this, also on failure, worker_link_end() must follow. */
enum status worker_link_start(struct worker_link *link, worker_body *body, const void *data);

/* Read n bytes; its death, the time limit and the user's wish end this with a message. */
enum status worker_link_receive(struct worker_link *link, void *bytes, size_t n);

enum status worker_link_send(struct worker_link *link, const void *bytes, size_t n);

/* End the worker, gently if status is STATUS_OK, and remove its folder. */
void worker_link_end(struct worker_link *link, enum status status);

#endif
