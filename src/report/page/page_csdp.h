/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a page shows of a spiking circuit's training: goodness of its presentations, margins of the patterns,
 * rasters of spikes, maps of the conductances, energy by kind of phase. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_CSDP_H
#define SILVERBAR_REPORT_PAGE_PAGE_CSDP_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

/* Has a folder of `silverbar csdp' or `run' such tables? */
bool page_csdp_has(const char *folder);
enum status page_csdp_parts(const char *folder, FILE *out, struct error *error);

#endif
