/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parent's side of a worker process with a private folder and two pipes.  Reading ends at the time
 * limit and when the user interrupts; worker_link_end() removes process, pipes and folder in any case. */
#ifndef SILVERBAR_ENGINE_SPICE_WORKER_LINK_H
#define SILVERBAR_ENGINE_SPICE_WORKER_LINK_H

#include "engine/engine.h"

#include <signal.h>
#include <sys/types.h>

#define WORKER_LINK_BUFFER (1u << 16)

struct worker_link {
    /* given */
    double time_limit;               /* wall seconds */
    double spent;                    /* wall seconds used before */
    volatile const int *interrupted; /* or NULL */
    const char *(*place)(const void *data, char text[PHASE_PLACE_SIZE]); /* for messages */
    const void *place_data;
    struct error *error;
    /* its own */
    pid_t pid; /* 0: none runs */
    int in, out;
    char *directory; /* or NULL */
    int lock;        /* of the folder, see base/unfinished.h */
    double deadline;
    struct sigaction before; /* of SIGPIPE, to be restored */
    unsigned char buffer[WORKER_LINK_BUFFER];
    size_t buffered, taken;
};

/* May a worker that is confined get this deck?  It must pass the screen.  Where the kernel has no Landlock,
 * confine_tell() is called, and code models are refused too. */
enum status worker_link_screen(char *const *lines, struct error *error);

/* The worker's main function, called in the new process; must not return. */
typedef void worker_body(const void *data, const char *directory, int in, int out);

/* Start it.  After this, also on failure, worker_link_end() must follow. */
enum status worker_link_start(struct worker_link *link, worker_body *body, const void *data);

/* Read n bytes.  Fails with a message if the worker dies, the time limit passes or the user interrupts. */
enum status worker_link_receive(struct worker_link *link, void *bytes, size_t n);

enum status worker_link_send(struct worker_link *link, const void *bytes, size_t n);

/* End the worker, gently if status is STATUS_OK, and remove its folder. */
void worker_link_end(struct worker_link *link, enum status status);

#endif
