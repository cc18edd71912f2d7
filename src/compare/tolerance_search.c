/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/tolerance_search.h"

#include <math.h>

double tolerance_search_at(int k)
{
    return k % 2 == 0 ? pow(10, -k / 2.0) : sqrt(10) * pow(10, -(k + 1) / 2.0);
}

enum status tolerance_search(const struct tolerance_search_options *o, struct tolerance_found *r,
                             struct error *error)
{
    double before = INFINITY; /* error at the next looser tolerance, if it holds */
    *r = (struct tolerance_found){.found = INFINITY};
    for (int k = o->first; k <= o->last; k++) {
        double found = INFINITY;
        const enum status status = o->run(o->data, tolerance_search_at(k), &found, error);
        r->steps++;
        if (status == STATUS_NUMERICAL)
            found = INFINITY;
        else if (status != STATUS_OK)
            return status;
        if (found <= o->target && before <= o->target) {
            r->reltol = tolerance_search_at(k - 1);
            r->found = before;
            r->holds = true;
            break;
        }
        if (found < r->found) {
            r->reltol = tolerance_search_at(k);
            r->found = found;
        }
        before = found;
        r->holds = k == o->last && found <= o->target;
        if (r->holds) {
            r->reltol = tolerance_search_at(k);
            r->found = found;
        }
    }
    if (isinf(r->found))
        return STATUS_NUMERICAL;
    if (error)
        error->text[0] = 0;
    return STATUS_OK;
}
