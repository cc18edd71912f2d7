/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_CLI_INPUT_DATA_PATH_H
#define SILVERBAR_CLI_INPUT_DATA_PATH_H

/* As data_path_for() of this program (base/data_path.h). */
char *data_path(const char *name);

#endif
