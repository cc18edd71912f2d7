/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/interrupt.h"

#include <signal.h>

volatile int interrupt_flag;

void interrupt_on_signal(int number)
{
    (void)number;
    interrupt_flag = 1;
}

void interrupt_watch(void)
{
    const struct sigaction action = {.sa_handler = interrupt_on_signal,
                                     .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, 0);
    sigaction(SIGTERM, &action, 0);
    sigaction(SIGHUP, &action, 0);
}
