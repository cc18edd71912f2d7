/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/phases.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>

struct phases *phases_new(const struct circuit *c)
{
    struct phases *p = NEW(1, struct phases);
    p->circuit = c;
    return p;
}

void phases_free(struct phases *p)
{
    if (!p)
        return;
    free(p->records);
    free(p);
}

static void take(void *data, const struct interval *i)
{
    struct phases *p = data;
    const struct circuit *c = p->circuit;
    if (i->t1 <= i->t0)
        return;
    if (!p->running) {
        p->records = memory_grow(p->records, &p->capacity, p->n + 1, sizeof *p->records);
        p->names = i->phase->names;
        p->records[p->n++] = (struct phase_record){.t0 = i->t0,
                                                   .kind = i->phase->kind,
                                                   .section = i->phase->section,
                                                   .device = i->phase->device};
    }
    struct phase_record *r = &p->records[p->n - 1];
    for (size_t k = 0; i->energy && k < c->n_elements; k++)
        if (!c->elements[k].boundary && !element_is_source(&c->elements[k]))
            r->by_class[c->elements[k].class] += i->energy[k];
    r->t1 = i->t1;
    p->running = !i->ends_phase;
}

struct recorder phases_recorder(struct phases *p)
{
    return (struct recorder){take, p};
}

void phases_write(const struct phases *p, const char *(*device_name)(const void *, int),
                  const void *data, FILE *out)
{
    const char *names[5 + ENERGY_CLASSES] = {"t0_s", "t1_s", "section", "phase", "device"};
    char *made[ENERGY_CLASSES];
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        names[5 + class] = made[class] =
            memory_format("%s_J", energy_class_name((enum energy_class) class));
    struct table *t = table_new(5 + ENERGY_CLASSES, names, NULL);
    for (size_t i = 0; i < p->n; i++) {
        const struct phase_record *r = &p->records[i];
        table_row(t);
        table_number(t, 0, r->t0);
        table_number(t, 1, r->t1);
        table_text(t, 2, p->names->sections[r->section]);
        table_text(t, 3, p->names->kinds[r->kind]);
        if (r->device >= 0)
            table_text(t, 4, device_name(data, r->device));
        for (size_t class = 0; class < ENERGY_CLASSES; class ++)
            table_number(t, 5 + class, r->by_class[class]);
    }
    table_csv(t, out);
    table_free(t);
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        free(made[class]);
}
