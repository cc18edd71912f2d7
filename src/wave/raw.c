/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wave/raw.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_WIDTH 12 /* digits kept free for the number of points */

struct raw_writer {
    const struct circuit *circuit;
    FILE *file;
    char *path;
    long count_at; /* where the number of points stands */
    size_t n_points, n_values;
    size_t *values;    /* n_values: indices into the array of values, voltages first */
    size_t n_voltages; /* of them */
    double *row;       /* 1 + n_values + n_states */
    int failure;       /* errno of the first write that failed, or 0 */
};

static void choose(struct raw_writer *w)
{
    const struct circuit *c = w->circuit;
    bool *gate_driver = NEW(c->n_elements, bool);
    circuit_gate_drivers(c, gate_driver);
    w->values = NEW(circuit_n_values(c), size_t);
    for (size_t i = 1; i < c->n_nodes; i++)
        if (!strchr(c->node_names[i], '.'))
            w->values[w->n_values++] = i;
    w->n_voltages = w->n_values;
    for (size_t b = 0; b < c->n_branches; b++) {
        const int e = c->branch_elements[b];
        if (element_type(&c->elements[e])->shows_current && !gate_driver[e] &&
            !strchr(c->elements[e].name, '.'))
            w->values[w->n_values++] = circuit_branch_value(c, (int)b);
    }
    for (size_t s = 0; s < c->n_states; s++)
        w->values[w->n_values++] = circuit_state_value(c, (int)s);
    for (size_t s = 0; s < c->n_hidden; s++)
        w->values[w->n_values++] = circuit_hidden_value(c, (int)s);
    free(gate_driver);
}

/* Of the states behind the branch currents. */
static const char *state_name(const struct circuit *c, size_t s)
{
    return s < c->n_states ? c->state_names[s] : c->hidden_names[s - c->n_states];
}

static void write_header(struct raw_writer *w, const char *title)
{
    const struct circuit *c = w->circuit;
    size_t number = 0;
    fprintf(w->file, "Title: %s\nPlotname: Transient Analysis\nFlags: real\nNo. Variables: %zu\n",
            title, 1 + w->n_values + c->n_states);
    fputs("No. Points: ", w->file);
    w->count_at = ftell(w->file);
    fprintf(w->file, "%-*d\nVariables:\n\t%zu\ttime\ttime\n", COUNT_WIDTH, 0, number++);
    for (size_t k = 0; k < w->n_values; k++) {
        const size_t v = w->values[k];
        if (v < c->n_nodes)
            fprintf(w->file, "\t%zu\tv(%s)\tvoltage\n", number++, c->node_names[v]);
        else if (v < c->n_nodes + c->n_branches)
            fprintf(w->file, "\t%zu\ti(%s)\tcurrent\n", number++,
                    c->elements[c->branch_elements[v - c->n_nodes]].name);
        else
            fprintf(w->file, "\t%zu\tv(%s)\tvoltage\n", number++,
                    state_name(c, v - c->n_nodes - c->n_branches));
    }
    for (size_t s = 0; s < c->n_states; s++)
        fprintf(w->file, "\t%zu\ti(%s)\tcurrent\n", number++,
                c->elements[c->state_elements[s]].name);
    fputs("Binary:\n", w->file);
}

enum status raw_open(const char *path, const struct circuit *c, const char *title,
                     struct raw_writer **writer, struct error *error)
{
    *writer = NULL;
    FILE *file = fopen(path, "wb");
    if (!file)
        return fail(error, STATUS_INPUT, "%s: cannot be written: %s", path, strerror(errno));
    struct raw_writer *w = *writer = NEW(1, struct raw_writer);
    w->circuit = c;
    w->file = file;
    w->path = memory_string(path);
    choose(w);
    w->row = NEW(1 + w->n_values + c->n_states, double);
    write_header(w, title);
    return STATUS_OK;
}

static void take(void *data, const struct interval *i)
{
    struct raw_writer *w = data;
    const struct circuit *c = w->circuit;
    double *row = w->row;
    *row++ = i->t1;
    for (size_t k = 0; k < w->n_values; k++)
        *row++ = i->values[w->values[k]];
    for (size_t s = 0; s < c->n_states; s++) {
        const struct element *e = &c->elements[c->state_elements[s]];
        const double v = i->values[e->node[0]] - i->values[e->node[1]];
        const double x = i->values[circuit_state_value(c, (int)s)];
        *row++ = e->dopant->model->current(e->dopant->constants, v, x).f;
    }
    if (w->failure)
        return;
    if (fwrite(w->row, (size_t)(row - w->row) * sizeof *row, 1, w->file) == 1)
        w->n_points++;
    else
        w->failure = errno;
}

struct recorder raw_recorder(struct raw_writer *w)
{
    return (struct recorder){take, w};
}

enum status raw_close(struct raw_writer *w, struct error *error)
{
    if (!w)
        return STATUS_OK;
    enum status status = STATUS_OK;
    bool failed = w->failure || ferror(w->file) || fseek(w->file, w->count_at, SEEK_SET) != 0 ||
                  fprintf(w->file, "%-*zu", COUNT_WIDTH, w->n_points) < 0;
    failed = fclose(w->file) != 0 || failed;
    if (failed)
        status = fail(error, STATUS_INPUT, "%s: write error: %s", w->path,
                      strerror(w->failure ? w->failure : errno));
    free(w->path);
    free(w->values);
    free(w->row);
    free(w);
    return status;
}
