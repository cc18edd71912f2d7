/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/temperature.h"

#include "base/spice_number.h"

#include <math.h>
#include <string.h>

enum status temperature_apply(const struct model *m, double kelvin, double *p, struct error *error)
{
    static const struct {
        const char *name;
        bool width; /* proportional to the temperature, else the temperature itself */
    } known[] = {{"vt", true}, {"vton", true}, {"vtoff", true}, {"temp", false}};
    const double ratio = kelvin / TEMPERATURE_NOMINAL;
    size_t found = 0;
    if (!(fabs(kelvin - TEMPERATURE_NOMINAL) > 1e-9))
        return STATUS_OK;
    for (size_t k = 0; k < m->n_parameters; k++)
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strcmp(m->parameters[k].name, known[i].name) == 0) {
                p[k] = known[i].width ? p[k] * ratio : kelvin;
                found++;
            }
    return found > 0 ? STATUS_OK
                     : fail(error, STATUS_INPUT,
                            "circuit.temperature is %g K, but the law of model %s knows no "
                            "temperature, expected %g K",
                            kelvin, m->name, TEMPERATURE_NOMINAL);
}
