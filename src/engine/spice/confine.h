/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_ENGINE_SPICE_CONFINE_H
#define SILVERBAR_ENGINE_SPICE_CONFINE_H

#include <stdbool.h>

/* Has this kernel Landlock?  If not, tell the handler of confine_on_absence(), at most once in all
 * processes that come from the one that named it. */
bool confine_tell(void);
void confine_on_absence(void (*handler)(const char *text));

/* The same, and nobody is told. */
bool confine_kernel_can(void);

/* From now on this process and its children open no file, make none and run no program, whatever
 * they are told; what is open stays so.  False: this kernel has no Landlock (Linux 5.13). */
bool confine_files(void);

/* From now on this process calls nothing of the kernel that opens, makes or names a file, starts a
 * process, reaches another one or a network; threads and memory stay.  False: this system has no
 * seccomp filters, or this architecture none here. */
bool confine_calls(void);

/* From now on this process makes no file longer, and maps at most three quarters of the machine's
 * memory beside what it has: a deck may ask for any number of points.  (Sanitizers map terabytes:
 * with them the memory is not limited.) */
void confine_sizes(void);

/* From now on getpid() says -id in this process and its children: ngspice seeds the Gaussian numbers of
 * its noise sources with it.  False: this system has no seccomp filters.  (An error number of the
 * kernel is at most 4095.) */
#define CONFINE_ID_MOST 4095
bool confine_process_id(int id);

/* Close all that was inherited but two descriptors and the standard ones, and let the standard ones
 * be /dev/null.  False: it cannot be opened. */
bool confine_descriptors(int keep, int keep_too);

#endif
