/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of one spiking circuit's training, for a results folder. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_EXPERIMENT_CSDP_TABLES_H
#define SILVERBAR_STUDY_EXPERIMENT_EXPERIMENT_CSDP_TABLES_H

#include "base/table.h"
#include "spike/csdp.h"

/* A row a presentation; a row a pattern; a row a spike of the first draw and of
 * the last one; a row a device; a row a section and kind of phase. */
struct table *csdp_learning_table(const struct csdp *csdp);
struct table *csdp_patterns_table(const struct csdp *csdp);
struct table *csdp_spikes_table(const struct csdp *csdp);
struct table *csdp_devices_table(const struct csdp *csdp);
struct table *csdp_energy_table(const struct csdp *csdp);

#endif
