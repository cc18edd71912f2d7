/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work in a process of its own, which a time limit and the user's interruption end whatever it does. */
#ifndef SILVERBAR_CLI_INPUT_APART_H
#define SILVERBAR_CLI_INPUT_APART_H

#include "base/error.h"

/* What it does; its standard output is ours. */
typedef enum status apart_body(void *data, struct error *error);

/* Its status and text; what it changes in memory is lost.  limit [s], 0: none.  STATUS_NUMERICAL: the limit
 * has passed, or the process has crashed.  STATUS_INTERRUPTED: interrupt_flag was set, and it has not
 * ended by itself within a second. */
enum status apart_run(apart_body *body, void *data, double limit, struct error *error);

#endif
