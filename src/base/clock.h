/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_BASE_CLOCK_H
#define SILVERBAR_BASE_CLOCK_H

/* Wall time since some fixed moment [s]; never goes back. */
double clock_now(void);

#endif
