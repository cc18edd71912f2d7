/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where devices/ and netlists/ are. */
#ifndef SILVERBAR_BASE_DATA_PATH_H
#define SILVERBAR_BASE_DATA_PATH_H

/* Path of a file or folder of the package's data ("devices", "netlists/neuron.sub"), to be freed:
 * in $SILVERBAR_DATA; else, for a binary in its build folder, in the source; else where it was
 * installed, found from the binary's own folder so that an installation can be moved.  binary: the
 * program or the library that asks, or NULL if that is not known. */
char *data_path_for(const char *binary, const char *name);

#endif
