/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for what the event engine cannot solve: which node, which device, at what voltage and state. */
#ifndef SILVERBAR_ENGINE_EVENT_EVENT_TROUBLE_H
#define SILVERBAR_ENGINE_EVENT_EVENT_TROUBLE_H

#include "engine/event/event_step.h"

#define EVENT_TROUBLE_SIZE 200

/* A step had no solution, or its error is not finite: "the law of xm1 gives nan at 0.8 V, state 0.3",
 * or "the node voltages have no solution around node out, 1.2 V".  Returns text. */
const char *event_no_solution(const struct event_steps *steps, char text[EVENT_TROUBLE_SIZE]);

/* A state outside [0, 1] by more than `slack`.  False: none. */
bool event_state_outside(const struct event_steps *steps, double slack,
                         char text[EVENT_TROUBLE_SIZE]);

/* `what`, and the device that holds steps short: "what; xm1 moves by 1e9/s at 0.8 V, state 0.3". */
const char *event_fastest(const struct event_steps *steps, const char *what,
                          char text[EVENT_TROUBLE_SIZE]);

/* The first node from which no direct current could leave whatever is switched on, as a failure. */
enum status event_floating(const struct network *network, struct error *error);

#endif
