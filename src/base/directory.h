/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_BASE_DIRECTORY_H
#define SILVERBAR_BASE_DIRECTORY_H

/* Remove a folder and the files in it (not folders); what cannot be removed stays. */
void directory_remove(const char *path);

#endif
