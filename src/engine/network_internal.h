/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of network.h only. */
#ifndef SILVERBAR_ENGINE_NETWORK_INTERNAL_H
#define SILVERBAR_ENGINE_NETWORK_INTERNAL_H

#include "engine/network.h"

/* Free the components of the present pattern. */
void network_pattern_free(struct network *network);

#endif
