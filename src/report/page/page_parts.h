/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a training run's report, each from the tables that it needs; and those that all
 * reports have. */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_PARTS_H
#define SILVERBAR_REPORT_PAGE_PAGE_PARTS_H

#include "base/table.h"
#include "report/summary.h"

#include <stdio.h>

struct page_data {
    struct summary summary;
    /* as the files of that name; NULL where there is none */
    struct table *energy, *phases, *devices, *pulses, *images, *transfer;
    struct table *epochs; /* there: weights were learned in place, targets are where they started */
};

void page_headline(const struct page_data *data, FILE *out);
void page_energy(const struct page_data *data, FILE *out);
void page_devices(const struct page_data *data, FILE *out);
void page_images(const struct page_data *data, FILE *out);
void page_transfer(const struct page_data *data, FILE *out);

/* A JSON file of the folder as a table of two columns; a note if it is not there. */
enum status page_json(const char *folder, const char *name, FILE *out, struct error *error);
void page_footer(FILE *out);

#endif
