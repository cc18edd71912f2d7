/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who watches an inference, and may stop it. */
#ifndef SILVERBAR_INFER_WATCH_H
#define SILVERBAR_INFER_WATCH_H

/* NULL members: nobody is told, nothing stops. */
struct inference_watch {
    void (*progress)(void *data, const char *text); /* one line; NULL: end of it */
    void *data;
    const volatile int *stop;
};

#endif
