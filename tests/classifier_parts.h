/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a classifier is made of: the device, the neuron and the switches that ship with the program,
 * as fixtures of a group of tests. */
#ifndef SILVERBAR_TESTS_CLASSIFIER_PARTS_H
#define SILVERBAR_TESTS_CLASSIFIER_PARTS_H

#include "circuit/classifier.h"
#include "testing.h"

static struct dopant *dopant;
static struct subcircuit_file *neuron, *switches;

static inline int parts_read(void **state)
{
    (void)state;
    struct error error;
    char *devices = source_path("devices"), *neuron_path = source_path("netlists/neuron.sub"),
         *switches_path = source_path("netlists/switches.sub");
    ASSERT_DONE(dopant_read("Cr", devices, &dopant, &error), error);
    ASSERT_DONE(subcircuit_read(neuron_path, &neuron, &error), error);
    ASSERT_DONE(subcircuit_read(switches_path, &switches, &error), error);
    free(devices);
    free(neuron_path);
    free(switches_path);
    return 0;
}

static inline int parts_free(void **state)
{
    (void)state;
    dopant_free(dopant);
    subcircuit_free(neuron);
    subcircuit_free(switches);
    return 0;
}

/* The default classifier of these parts, its devices in the states x0. */
static inline struct classifier_options parts_options(const double *x0)
{
    struct classifier_options o = classifier_defaults;
    o.dopant = dopant;
    o.neuron.file = neuron;
    o.switches = switches;
    o.x0 = x0;
    return o;
}

#endif
