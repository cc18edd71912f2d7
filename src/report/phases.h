/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of a run as they went: when, what for, and where their energy went. */
#ifndef SILVERBAR_REPORT_PHASES_H
#define SILVERBAR_REPORT_PHASES_H

#include "engine/ledger.h"

#include <stdio.h>

struct phases {
    const struct circuit *circuit;
    const struct phase_names *names; /* of the run */
    size_t n, capacity;
    struct phase_record {
        double t0, t1;                   /* [s] */
        int kind, section, device;       /* as in struct phase */
        double by_class[ENERGY_CLASSES]; /* [J] */
    } * records;
    bool running; /* the last record's phase has not ended */
};

struct phases *phases_new(const struct circuit *circuit);
void phases_free(struct phases *phases);
struct recorder phases_recorder(struct phases *phases);

/* As CSV; device_name(data, device) names the devices. */
void phases_write(const struct phases *phases, const char *(*device_name)(const void *, int),
                  const void *data, FILE *out);

#endif
