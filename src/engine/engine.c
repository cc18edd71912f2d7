/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/engine.h"

#include "base/memory.h"
#include "engine/dae/ida.h"
#include "engine/event/event.h"
#include "engine/spice/ngspice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(name, text) text,
static const char *const kinds[] = {PHASE_KIND_LIST(TEXT)};
static const char *const sections[] = {PHASE_SECTION_LIST(TEXT)};

const struct phase_names phase_names_standard = {PHASE_KINDS, PHASE_SECTIONS, kinds, sections};

const char *phase_kind_name(enum phase_kind kind)
{
    return kinds[kind];
}

const char *phase_section_name(enum phase_section section)
{
    return sections[section];
}

const struct engine_options engine_defaults = {
    .reltol = 1e-4,
    .abstol = 1e-10,
    .vntol = 1e-6,
    .trtol = 7,
    .step_max = 2e-3,
    .time_limit = 3600,
};

#define ENGINE_LIST(E) E(ngspice) E(ida) E(event)
#define ENGINE(name) &engine_##name,
#define NAME(name) #name,
const struct engine *const engine_table[] = {ENGINE_LIST(ENGINE) NULL};
const char *const engine_names[] = {ENGINE_LIST(NAME) NULL};

const char *const engine_methods[] = {"onestep", "bdf", NULL};

int engine_index(const char *name)
{
    int i = 0;
    while (engine_names[i] && strcmp(engine_names[i], name) != 0)
        i++;
    return i;
}

const struct engine *engine_find(const char *name)
{
    return engine_table[engine_index(name)];
}

unsigned char *energy_classes(const struct circuit *c)
{
    unsigned char *classes = NEW(c->n_elements, unsigned char);
    for (size_t k = 0; k < c->n_elements; k++) {
        const struct element *e = &c->elements[k];
        const bool apart = e->boundary || element_is_source(e);
        classes[k] = (unsigned char)(apart ? ENERGY_CLASSES : (int)e->class);
    }
    return classes;
}

void energy_sum_classes(size_t n_elements, const unsigned char *classes, const double *error,
                        double class_error[ENERGY_CLASSES])
{
    double even[ENERGY_CLASSES + 1] = {0}, odd[ENERGY_CLASSES + 1] = {0}; /* do not wait */
    size_t k = 0;
    for (; k + 1 < n_elements; k += 2) {
        even[classes[k]] += error[k];
        odd[classes[k + 1]] += error[k + 1];
    }
    if (k < n_elements)
        even[classes[k]] += error[k];
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        class_error[class] = even[class] + odd[class];
}

char *engine_method_title(const struct engine *engine, enum engine_method method)
{
    return method == METHOD_ONESTEP ? memory_string(engine->name)
                                    : memory_format("%s-%s", engine->name, engine_methods[method]);
}

char *engines_able(enum engine_ability ability)
{
    char *text = NULL;
    for (size_t i = 0; engine_table[i]; i++) {
        if (!engine_able(engine_table[i], ability))
            continue;
        char *longer =
            memory_format("%s%s%s", text ? text : "", text ? " or " : "", engine_table[i]->name);
        free(text);
        text = longer;
    }
    return text ? text : memory_string("none");
}

enum status engine_takes_method(const struct engine *engine, enum engine_method method,
                                struct error *error)
{
    if (method == METHOD_ONESTEP || engine_able(engine, ENGINE_METHODS))
        return STATUS_OK;
    char *able = engines_able(ENGINE_METHODS);
    fail(error, STATUS_INPUT, "engine.method %s with engine %s, expected engine.name: %s",
         engine_methods[method], engine->name, able);
    free(able);
    return STATUS_INPUT;
}

enum status engine_takes_switches(const struct engine *engine, double switches, struct error *error)
{
    if (!(switches > 0) || engine_able(engine, ENGINE_SWITCHES))
        return STATUS_OK;
    char *able = engines_able(ENGINE_SWITCHES);
    fail(error, STATUS_INPUT, "engine.switches with engine %s, expected engine.name: %s",
         engine->name, able);
    free(able);
    return STATUS_INPUT;
}

enum status engine_switches_replay(double switches, struct error *error)
{
    return switches > 0
               ? fail(error, STATUS_INPUT,
                      "engine.switches: devices that jump at random do not follow a drive twice, "
                      "expected engine.switches: 0")
               : STATUS_OK;
}

enum status fail_unable(struct error *error, enum engine_ability ability, const char *format, ...)
{
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *able = engines_able(ability);
    fail(error, STATUS_INPUT, "%s; use --engine %s", text, able);
    free(able);
    return STATUS_INPUT;
}

enum status fail_unable_element(struct error *error, enum engine_ability ability,
                                const struct element *element, const char *what)
{
    struct error text;
    element_fail(&text, element, what);
    return fail_unable(error, ability, "%s", text.text);
}

/* Name of a device by its number in the order of the circuit; stuck devices are counted too. */
static const char *device_name(const struct circuit *c, int device)
{
    for (size_t k = 0; k < c->n_elements; k++)
        if (c->elements[k].class == CLASS_MEMRISTOR && device-- == 0)
            return c->elements[k].name;
    return "unknown";
}

const char *phase_place(const struct circuit *c, const struct phase *p, double t,
                        char text[PHASE_PLACE_SIZE])
{
    if (!p)
        snprintf(text, PHASE_PLACE_SIZE, "before the first phase");
    else if (p->device < 0)
        snprintf(text, PHASE_PLACE_SIZE, "at t = %.9g s, %s phase", t, p->names->kinds[p->kind]);
    else
        snprintf(text, PHASE_PLACE_SIZE, "at t = %.9g s, %s phase of device %s", t,
                 p->names->kinds[p->kind], device_name(c, p->device));
    return text;
}
