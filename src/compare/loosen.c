/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare/loosen.h"

#include <math.h>

double loosen_tolerance(int k)
{
    return k % 2 == 0 ? pow(10, -k / 2.0) : sqrt(10) * pow(10, -(k + 1) / 2.0);
}

enum status loosen(const struct loosen_options *o, struct loosen_result *r, struct error *error)
{
    double before = INFINITY; /* error at the next looser tolerance, if it holds */
    *r = (struct loosen_result){.found = INFINITY};
    for (int k = o->first; k <= o->last; k++) {
        double found = INFINITY;
        const enum status status = o->run(o->data, loosen_tolerance(k), &found, error);
        r->steps++;
        if (status == STATUS_NUMERICAL)
            found = INFINITY;
        else if (status != STATUS_OK)
            return status;
        if (found <= o->target && before <= o->target) {
            r->reltol = loosen_tolerance(k - 1);
            r->found = before;
            r->holds = true;
            break;
        }
        if (found < r->found) {
            r->reltol = loosen_tolerance(k);
            r->found = found;
        }
        before = found;
        r->holds = k == o->last && found <= o->target;
        if (r->holds) {
            r->reltol = loosen_tolerance(k);
            r->found = found;
        }
    }
    if (isinf(r->found))
        return STATUS_NUMERICAL;
    if (error)
        error->text[0] = 0;
    return STATUS_OK;
}
