/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instance card of a dopant: 'xm p n x MODEL x0={x0} name=number ...' */
#ifndef SILVERBAR_DEVICE_LIBRARY_LIBRARY_INSTANCE_H
#define SILVERBAR_DEVICE_LIBRARY_LIBRARY_INSTANCE_H

#include "device/library/library.h"
#include "device/library/library_card.h"

/* Fill in model, parameters and state_node of *dopant.  `ports` are the dopant's two terminals. */
enum status library_instance_read(struct dopant *dopant, const struct card *card,
                                  char *const ports[2], struct error *error);

/* Index of a parameter without regard to case, or n_parameters. */
size_t library_parameter(const struct model *model, const char *name);

#endif
