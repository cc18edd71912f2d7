/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/published.h"

#include <stddef.h>
#include <string.h>

/* The paper gives time and energy for chromium, programmed to weights found offline. */
static const struct published published[] = {
    {.dopant = "Cr",
     .material = "chromium",
     .source = "Eslami et al., arXiv:2408.14680",
     .time = "2.4 s",
     .energy = "18.9 mJ",
     .accuracy = "up to 97 %"},
};

const struct published *published_find(const char *dopant, bool in_place)
{
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        if (!in_place && strcmp(published[i].dopant, dopant) == 0)
            return &published[i];
    return NULL;
}
