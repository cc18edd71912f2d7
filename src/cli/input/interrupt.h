/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIGINT, SIGTERM and SIGHUP as a flag that long work looks at. */
#ifndef SILVERBAR_CLI_INPUT_INTERRUPT_H
#define SILVERBAR_CLI_INPUT_INTERRUPT_H

/* Nonzero once the user wants to stop. */
extern volatile int interrupt_flag;

/* From now on, the first signal sets the flag; the second one ends the program. */
void interrupt_watch(void);

/* Sets the flag, for other signals. */
void interrupt_on_signal(int number);

#endif
