/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SILVERBAR_TESTS_LEDGER_SECTIONS_H
#define SILVERBAR_TESTS_LEDGER_SECTIONS_H

#include "engine/ledger.h"

/* Energy of a class in a section [J]. */
static inline double ledger_section_class(const struct ledger *l, int section,
                                          enum energy_class class)
{
    const struct ledger_total t = ledger_section(l, section);
    return ledger_class(&t, class);
}

#endif
