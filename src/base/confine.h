/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_BASE_CONFINE_H
#define SILVERBAR_BASE_CONFINE_H

#include <stdbool.h>

/* From now on this process and its children open no file, make none and run no program, whatever
 * they are told; what is open stays so.  False: this kernel has no Landlock (Linux 5.13). */
bool confine_files(void);

#endif
