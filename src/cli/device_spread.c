/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/device_spread.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <stdlib.h>
#include <string.h>

struct device_spread {
    const struct dopant *nominal;
    struct variation_source *source;
    struct variation drawn;
};

/* Standard deviations of the three devices; that of voff, 80 mV, halved: it is not below 1 mV. */
static const struct {
    const char *name;
    int vary;
    double sigma; /* of the logarithm, or [V] */
} spreads[] = {{"ron", VARY_RON, 0.42},
               {"roff", VARY_ROFF, 0.41},
               {"tau", VARY_TAU, 1},
               {"von", VARY_VON, 0.04},
               {"voff", VARY_VOFF, 0.04}};

enum status device_spread_draw(const struct variation_circuit *circuit, size_t n, uint64_t seed,
                               struct device_spread **spread, struct error *error)
{
    const struct model *m = circuit->dopant->model;
    struct variation_options o = variation_defaults;
    struct device_spread *s = NEW(1, struct device_spread);
    bool any = false;
    *spread = NULL;
    s->nominal = circuit->dopant;
    for (size_t i = 0; i < sizeof spreads / sizeof spreads[0]; i++)
        for (size_t k = 0; k < m->n_parameters; k++)
            if (strcmp(m->parameters[k].name, spreads[i].name) == 0) {
                o.sigma[spreads[i].vary] = spreads[i].sigma;
                any = true;
            }
    enum status status =
        any ? variation_open(&o, circuit, &s->source, error)
            : fail(error, STATUS_INPUT,
                   "--variation: model %s has none of ron, roff, tau, von, voff", m->name);
    if (status == STATUS_OK)
        status = variation_draw(s->source, n, 0, (struct random_sample){seed, 0}, &s->drawn, error);
    if (status == STATUS_OK)
        *spread = s;
    else
        device_spread_free(s);
    return status;
}

const struct dopant *device_spread_dopant(const struct device_spread *s, size_t k)
{
    return s->drawn.dopants ? s->drawn.dopants[k] : s->nominal;
}

void device_spread_free(struct device_spread *s)
{
    if (!s)
        return;
    if (s->source) {
        variation_free(&s->drawn);
        variation_close(s->source);
    }
    free(s);
}
