/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "library/handle.h"

#include "base/data_path.h"
#include "base/memory.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *silverbar_version(void)
{
    return PACKAGE_VERSION;
}

void silverbar_on_out_of_memory(void (*handler)(size_t bytes))
{
    memory_on_failure(handler);
}

locale_t library_enter(void)
{
    static locale_t plain; /* made once and kept; two threads may both make it */
    if (!plain)
        plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return plain ? uselocale(plain) : (locale_t)0;
}

void library_leave(locale_t before)
{
    if (before)
        uselocale(before);
}

int library_report(enum status status, const struct error *from, struct silverbar_error *to)
{
    if (to && status != STATUS_OK)
        snprintf(to->text, sizeof to->text, "%s", from->text);
    return (int)status;
}

int library_name(const char *const *names, size_t n, const char *name)
{
    for (size_t k = 0; k < n; k++)
        if (strcmp(names[k], name) == 0)
            return (int)k;
    return -1;
}

int library_class(const char *name)
{
    for (int class = 0; class < ENERGY_CLASSES; class ++)
        if (strcmp(energy_class_name((enum energy_class) class), name) == 0)
            return class;
    return -1;
}

double library_energy(const struct ledger *l, const char *section, const char *kind,
                      const char *energy_class)
{
    const struct phase_names *names = l->names;
    const int only = section ? library_name(names->sections, names->n_sections, section) : 0,
              only_kind = kind ? library_name(names->kinds, names->n_kinds, kind) : 0,
              only_class = energy_class ? library_class(energy_class) : 0;
    double sum = 0;
    if (only < 0 || only_kind < 0 || only_class < 0)
        return NAN;
    for (int s = 0; s < (int)names->n_sections; s++) {
        if (section && s != only)
            continue;
        const struct ledger_total t = ledger_section(l, s);
        for (int k = 0; k < (int)names->n_kinds; k++)
            for (int c = 0; c < ENERGY_CLASSES; c++)
                if ((!kind || k == only_kind) && (!energy_class || c == only_class))
                    sum += t.by_class[k][c];
    }
    return sum;
}

double library_delivered(const struct ledger *l, const char *section)
{
    const struct phase_names *names = l->names;
    const int only = section ? library_name(names->sections, names->n_sections, section) : 0;
    double sum = only < 0 ? NAN : 0;
    for (int s = 0; s < (int)names->n_sections; s++)
        if (!section || s == only)
            sum += ledger_section(l, s).delivered;
    return sum;
}

char *library_data(const char *name)
{
    static const char here = 0; /* lies in the library */
    Dl_info self;
    return data_path_for(dladdr(&here, &self) ? self.dli_fname : NULL, name);
}
