/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_ENGINE_SPICE_CONFINE_H
#define SILVERBAR_ENGINE_SPICE_CONFINE_H

#include <stdbool.h>

/* Has this kernel Landlock?  If not, call the handler of confine_on_absence() with a message, once in all
 * processes that come from the one that named the handler. */
bool confine_tell(void);
void confine_on_absence(void (*handler)(const char *text));

/* Has this kernel Landlock?  Calls no handler. */
bool confine_kernel_can(void);

/* From now on neither this process nor its children can open or make a file or run a program; open
 * files stay open.  False: this kernel has no Landlock (Linux 5.13). */
bool confine_files(void);

/* From now on this process can call nothing of the kernel that opens, makes or names a file, starts a
 * process, or reaches another process or a network; threads and memory stay possible.  False: this system
 * has no seccomp filters, or this architecture has no list of calls here. */
bool confine_calls(void);

/* From now on this process can make no file longer, and can map at most three quarters of the machine's
 * memory in addition to its present mappings, because a deck may ask for any number of points.  With
 * sanitizers, which map terabytes, memory is not limited. */
void confine_sizes(void);

/* From now on getpid() returns -id in this process and its children.  ngspice seeds the Gaussian numbers
 * of its noise sources with getpid(), so runs with the same id have the same noise.  id: 1 to 4095, the
 * largest error number of the kernel.  False: this system has no seccomp filters. */
#define CONFINE_ID_MOST 4095
bool confine_process_id(int id);

/* Close all inherited descriptors except the two given ones, and make the standard ones /dev/null.
 * False: /dev/null cannot be opened. */
bool confine_descriptors(int keep, int keep_too);

#endif
