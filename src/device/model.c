/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/model.h"

#include "device/model/models.h"

#include <strings.h>

const struct model *const model_table[] = {
    &model_mmsdz, /* the default */
    &model_mms,      &model_gmms,     &model_mmsx,       &model_vteam2,   &model_vteam, &model_team,
    &model_yakopcic, &model_iondrift, &model_metaswitch, &model_volatile, NULL,
};

bool model_is_ohmic(const struct model *m, const double *p)
{
    return m->ohmic && !(p[m->n_parameters - 1] > 0); /* SDC_PARAMETER */
}

double model_origin(const struct model *m, const double *c)
{
    return m->origin ? m->origin(c) : 0;
}

size_t model_unfit(const struct model *m, const double *p, const char **expected)
{
    return m->unfit ? m->unfit(p, expected) : m->n_parameters;
}

const struct model *model_find(const char *name)
{
    for (const struct model *const *m = model_table; *m; m++)
        if (strcasecmp((*m)->name, name) == 0)
            return *m;
    return NULL;
}
