/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <time.h>

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double clock_now(void)
{
    return now(CLOCK_MONOTONIC);
}

double clock_cpu(void)
{
    return now(CLOCK_PROCESS_CPUTIME_ID);
}
