/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_BASE_CLOCK_H
#define SILVERBAR_BASE_CLOCK_H

/* Wall time since some fixed moment [s]; never goes back. */
double clock_now(void);

/* Time that all threads of this process have had of processors [s]. */
double clock_cpu(void);

#endif
