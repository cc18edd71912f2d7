/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A behavioural transfer: v(0,1) = table(v(2,3)), linear between its points and level outside. */
#include "base/spice_number.h"
#include "element/element.h"

double transfer_table_value(const struct transfer_table *t, double x, double *slope)
{
    *slope = 0;
    if (x <= t->x[0])
        return t->y[0];
    if (x >= t->x[t->n - 1])
        return t->y[t->n - 1];
    /* measured tables are evenly spaced: the guess is right, or next to it */
    const size_t last = t->n - 1;
    size_t low = (size_t)((x - t->x[0]) / (t->x[last] - t->x[0]) * (double)last);
    low = low < last ? low : last - 1;
    while (t->x[low] > x)
        low--;
    while (t->x[low + 1] <= x)
        low++;
    const size_t high = low + 1;
    *slope = (t->y[high] - t->y[low]) / (t->x[high] - t->x[low]);
    return t->y[low] + *slope * (x - t->x[low]);
}

static double follows(const struct element *e, double control, double *slope)
{
    return transfer_table_value(&e->table, control, slope);
}

/* ngspice goes on along the last segments, so that one more point at either end makes them level. */
static void write(const struct element *e, const struct element_text *text, FILE *out)
{
    const struct transfer_table *t = &e->table;
    const double span = t->x[t->n - 1] - t->x[0];
    char x[32], y[32];
    element_write_nodes(text, 2, out);
    fprintf(out, " v=pwl(v(%s,%s), %s, %s", text->node_names[e->node[2]],
            text->node_names[e->node[3]], number_text(t->x[0] - span, x), number_text(t->y[0], y));
    for (size_t i = 0; i < t->n; i++)
        fprintf(out, "%s, %s, %s", i % 4 == 0 ? "\n+" : "", number_text(t->x[i], x),
                number_text(t->y[i], y));
    fprintf(out, ", %s, %s)\n", number_text(t->x[t->n - 1] + span, x),
            number_text(t->y[t->n - 1], y));
}

const struct element_type element_transfer = {
    .name = "transfer",
    .law = LAW_BRANCH,
    .carries = {true, true},
    .through = {0, 1},
    .rest = REST_FOLLOWS,
    .control = {2, 3},
    .controlled = true,
    .power = element_branch_power,
    .follows = follows,
    .write = write,
};
