/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/inputs.h"

#include "cli/data_path.h"

#include <stdlib.h>

enum status inputs_read(struct inputs *in, struct error *error)
{
    char *devices = data_path("devices"), *switches = data_path("netlists/switches.sub"),
         *neuron = data_path("netlists/neuron.sub");
    *in = (struct inputs){0};
    enum status status = dopant_read("Cr", devices, &in->dopant, error);
    if (status == STATUS_OK)
        status = subcircuit_read(switches, &in->switches, error);
    if (status == STATUS_OK)
        status = neuron_read(neuron, &in->neuron, &in->cases.neuron, error);
    if (status == STATUS_OK)
        status = images_read("T/X", &in->images, error);
    in->cases.dopant = in->dopant;
    in->cases.switches = in->switches;
    in->cases.images = &in->images;
    free(devices);
    free(switches);
    free(neuron);
    return status;
}

void inputs_free(struct inputs *in)
{
    dopant_free(in->dopant);
    subcircuit_free(in->switches);
    subcircuit_free(in->neuron);
    images_free(&in->images);
}
