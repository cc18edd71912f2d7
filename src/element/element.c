/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "element/element.h"

#define ELEMENT_DECLARE(kind, entry) extern const struct element_type element_##entry;
ELEMENT_LIST(ELEMENT_DECLARE)

#define ELEMENT_ENTRY(kind, entry) [ELEMENT_##kind] = &element_##entry,
const struct element_type *const element_table[ELEMENT_KINDS] = {ELEMENT_LIST(ELEMENT_ENTRY)};

const char *energy_class_name(enum energy_class class)
{
#define CLASS_NAME(name, text) text,
    static const char *const names[] = {ENERGY_CLASS_LIST(CLASS_NAME)};
#undef CLASS_NAME
    return names[class];
}

enum status element_fail(struct error *error, const struct element *e, const char *what)
{
    return e->file ? fail_at(error, e->file, e->line, "%s%s", e->name, what)
                   : fail(error, STATUS_INPUT, "%s%s", e->name, what);
}

double element_branch_power(const struct element *e, const struct element_point *at)
{
    return element_volt(e, at) * at->branch[e->branch];
}

void element_write_nodes(const struct element_text *text, int n, FILE *out)
{
    const struct element *e = &text->elements[text->number];
    fputs(e->name, out);
    for (int i = 0; i < n; i++)
        fprintf(out, " %s", text->node_names[e->node[i]]);
}

void element_write_volt(const struct element_text *text, int node, FILE *out)
{
    if (node)
        fprintf(out, "v(%s)", text->node_names[node]);
    else
        fputc('0', out);
}

void element_write_across(const struct element_text *text, FILE *out)
{
    const struct element *e = &text->elements[text->number];
    fputc('(', out);
    element_write_volt(text, e->node[0], out);
    fputs(" - ", out);
    element_write_volt(text, e->node[1], out);
    fputc(')', out);
}
