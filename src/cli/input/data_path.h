/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where devices/ and netlists/ are. */
#ifndef SILVERBAR_CLI_INPUT_DATA_PATH_H
#define SILVERBAR_CLI_INPUT_DATA_PATH_H

/* Path of a file or folder of the package's data ("devices", "netlists/neuron.sub"), to be freed:
 * in $SILVERBAR_DATA; else, for a program run from its build folder, in the source; else where it
 * was installed, found from the program's own place so that an installation can be moved. */
char *data_path(const char *name);

#endif
