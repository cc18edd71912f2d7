/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_tile_nodes.h"

#include "base/memory.h"
#include "engine/dae/sparse_lu.h"

#include <stdlib.h>
#include <string.h>

#define REFINEMENTS 4 /* each divides the error by 1e7 or more */

/* A node: an unknown, or (unknown < 0) at a known voltage. */
struct node {
    int64_t unknown;
    double volt;
};

struct entry {
    int64_t column, row;
    double value;
};

struct equations {
    const struct lines_array *array;
    const struct random_tile_nodes *nodes;
    int64_t n;
    size_t n_entries;
    struct entry *entries; /* room for all */
    double *
        right; /* n: what flows into a node and is not yet balanced; solve() makes it a change of x */
    long double *x; /* n: voltages.  A segment's is a small difference of them. */
};

static struct node fixed(double volt)
{
    return (struct node){-1, volt};
}

/* A line of 0 ohm is one node, which is its source where nothing lies between. */
static struct node row_node(const struct equations *q, size_t i, size_t j)
{
    const struct lines_array *a = q->array;
    if (a->row_ohm > 0)
        return (struct node){(int64_t)(i * a->columns + j), 0};
    return a->driver_ohm > 0 ? (struct node){(int64_t)(i * a->columns), 0}
                             : fixed(q->nodes->volts[i]);
}

static struct node column_node(const struct equations *q, size_t i, size_t j)
{
    const struct lines_array *a = q->array;
    const int64_t first = (int64_t)(a->rows * a->columns);
    if (a->column_ohm > 0)
        return (struct node){first + (int64_t)(i * a->columns + j), 0};
    return a->sense_ohm > 0 ? (struct node){first + (int64_t)j, 0}
                            : fixed(q->nodes->sense ? q->nodes->sense[j] : 0);
}

static void add(struct equations *q, int64_t row, int64_t column, double value)
{
    q->entries[q->n_entries++] = (struct entry){column, row, value};
}

static void stamp(struct equations *q, struct node a, struct node b, double g)
{
    if (a.unknown >= 0)
        add(q, a.unknown, a.unknown, g);
    if (b.unknown >= 0)
        add(q, b.unknown, b.unknown, g);
    if (a.unknown >= 0 && b.unknown >= 0) {
        add(q, a.unknown, b.unknown, -g);
        add(q, b.unknown, a.unknown, -g);
    }
}

/* What flows into both ends at the voltages x, branch by branch: a diagonal of the matrix has lost what a
 * device adds to a line of 1e5 times its conductance. */
static void balance(struct equations *q, struct node a, struct node b, double g)
{
    const long double va = a.unknown < 0 ? a.volt : q->x[a.unknown],
                      vb = b.unknown < 0 ? b.volt : q->x[b.unknown];
    const double i = (double)(g * (vb - va));
    if (a.unknown >= 0)
        q->right[a.unknown] += i;
    if (b.unknown >= 0)
        q->right[b.unknown] -= i;
}

typedef void visit(struct equations *q, struct node a, struct node b, double g);

static void all_branches(struct equations *q, visit *branch)
{
    const struct lines_array *a = q->array;
    const double near = a->driver_ohm + a->row_ohm, end = a->sense_ohm + a->column_ohm;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            const struct node row = row_node(q, i, j), column = column_node(q, i, j);
            branch(q, row, column, a->g[i * a->columns + j]);
            if (j == 0 && near > 0)
                branch(q, row, fixed(q->nodes->volts[i]), 1 / near);
            if (j > 0 && a->row_ohm > 0)
                branch(q, row, row_node(q, i, j - 1), 1 / a->row_ohm);
            if (i > 0 && a->column_ohm > 0)
                branch(q, column, column_node(q, i - 1, j), 1 / a->column_ohm);
            if (i + 1 == a->rows && end > 0)
                branch(q, column, fixed(q->nodes->sense ? q->nodes->sense[j] : 0), 1 / end);
        }
}

static void stamp_all(struct equations *q)
{
    all_branches(q, stamp);
    /* nodes that nothing uses, of lines that are one node */
    bool *used = NEW((size_t)q->n, bool);
    for (size_t k = 0; k < q->n_entries; k++)
        used[q->entries[k].row] = true;
    for (int64_t k = 0; k < q->n; k++)
        if (!used[k])
            add(q, k, k, 1);
    free(used);
}

static int in_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->column != y->column ? (x->column > y->column) - (x->column < y->column)
                                  : (x->row > y->row) - (x->row < y->row);
}

/* The entries as columns of the matrix, whose factors are returned; NULL: singular. */
static struct sparse_lu *factor(struct equations *q)
{
    int64_t *columns = NEW((size_t)q->n + 1, int64_t), *rows = NEW(q->n_entries, int64_t), n = 0;
    double *values = NEW(q->n_entries, double);
    qsort(q->entries, q->n_entries, sizeof *q->entries, in_order);
    for (size_t k = 0; k < q->n_entries; k++) {
        const struct entry *e = &q->entries[k];
        if (k > 0 && in_order(e, e - 1) == 0) {
            values[n - 1] += e->value;
            continue;
        }
        rows[n] = e->row;
        values[n++] = e->value;
        columns[e->column + 1] = n;
    }
    struct sparse_lu *lu = sparse_lu_new(q->n, columns, rows);
    if (lu && !sparse_lu_factor(lu, values)) {
        sparse_lu_free(lu);
        lu = NULL;
    }
    free(columns);
    free(rows);
    free(values);
    return lu;
}

/* Factors, and steps of iterative refinement. */
static bool solve(struct equations *q)
{
    struct sparse_lu *lu = factor(q);
    bool done = lu;
    for (int step = 0; step < REFINEMENTS && done; step++) {
        memset(q->right, 0, (size_t)q->n * sizeof *q->right);
        all_branches(q, balance);
        done = sparse_lu_solve(lu, q->right);
        for (int64_t k = 0; k < q->n && done; k++)
            q->x[k] += q->right[k];
    }
    if (lu)
        sparse_lu_free(lu);
    return done;
}

bool random_tile_solve(const struct lines_array *a, const struct random_tile_nodes *nodes)
{
    const size_t cells = a->rows * a->columns;
    struct equations q = {.array = a, .nodes = nodes, .n = (int64_t)(2 * cells)};
    q.entries = NEW(4 * 5 * cells + 2 * cells, struct entry);
    q.right = NEW(2 * cells, double);
    q.x = NEW(2 * cells, long double);
    stamp_all(&q);
    const bool done = solve(&q);
    for (size_t k = 0; k < cells; k++) {
        const struct node row = row_node(&q, k / a->columns, k % a->columns),
                          column = column_node(&q, k / a->columns, k % a->columns);
        nodes->row_volt[k] = row.unknown < 0 ? row.volt : (double)q.x[row.unknown];
        nodes->column_volt[k] = column.unknown < 0 ? column.volt : (double)q.x[column.unknown];
    }
    free(q.entries);
    free(q.right);
    free(q.x);
    return done;
}
