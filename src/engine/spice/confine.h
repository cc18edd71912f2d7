/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_ENGINE_SPICE_CONFINE_H
#define SILVERBAR_ENGINE_SPICE_CONFINE_H

#include <stdbool.h>

/* From now on this process and its children open no file, make none and run no program, whatever
 * they are told; what is open stays so.  False: this kernel has no Landlock (Linux 5.13). */
bool confine_files(void);

/* From now on this process makes no file longer, and maps at most three quarters of the machine's
 * memory beside what it has: a deck may ask for any number of points.  (Sanitizers map terabytes:
 * with them the memory is not limited.) */
void confine_sizes(void);

/* Close all that was inherited but two descriptors and the standard ones, and let the standard ones
 * be /dev/null.  False: it cannot be opened. */
bool confine_descriptors(int keep, int keep_too);

#endif
