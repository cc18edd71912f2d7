/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published figures that stand beside a run's, without a verdict. */
#ifndef SILVERBAR_REPORT_PUBLISHED_H
#define SILVERBAR_REPORT_PUBLISHED_H

#include <stdbool.h>

struct published {
    const char *dopant;   /* as in a summary */
    const char *material; /* and in words */
    const char *source;
    const char *time, *energy, *accuracy;
};

/* Those of the dopant under the rule `target`; in_place: of a rule that learns in place.  NULL: there
 * are none. */
const struct published *published_find(const char *dopant, bool in_place);

#endif
