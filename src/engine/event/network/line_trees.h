/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Node voltages of a network of conductances in which the strong links form trees - the lines of a
 * crossbar with their drivers - and every other link leads from a red tree to a black one: a device
 * from its row to its column.  With R and C the matrices of all red and all black trees (weak links
 * and grounds on their diagonals) and G the weak links,
 *
 *     R u - G x   = fr        S x = fc + G' R^-1 fr
 *     C x - G' u  = fc        S = C - G' R^-1 G
 *
 * is solved by conjugate gradients on the black voltages x with C as preconditioner, as in lines.h,
 * for trees of any shape and links that are there or not.  Trees are eliminated exactly, from their
 * leaves, without fill.  Nodes are numbered so that the parents of consecutive nodes are
 * consecutive wherever trees are alike, and are taken in pairs there. */
#ifndef SILVERBAR_ENGINE_EVENT_NETWORK_LINE_TREES_H
#define SILVERBAR_ENGINE_EVENT_NETWORK_LINE_TREES_H

#include <stdbool.h>
#include <stddef.h>

struct line_trees_link {
    int a, b;      /* nodes 0 to n - 1; n or more: a node whose voltage is known, at most one */
    double strong; /* [S] if it may be part of a tree, else 0 */
};

struct line_trees {
    size_t n, n_red; /* nodes: the red ones are numbered first, children before parents */
    int *place;      /* n: number of each of the caller's nodes */

    size_t n_links, n_weak, n_ground;
    int *slot; /* n_links: place of each link's conductance in g */
    double *g; /* [S]: n of nodes to their parents (0: a root), n_weak, n_ground */
    struct line_trees_ends {
        int red, black;
    } * weak;   /* n_weak, in the order of red nodes */
    int *black; /* n_weak: the same ones' black nodes */
    size_t n_blocks;
    struct line_trees_block {
        size_t begin, end;
    } * blocks;   /* weak links whose red nodes follow each other */
    int *ground;  /* n_ground: node */
    int *grounds; /* n_ground: the link */

    size_t n_runs, n_red_runs; /* red ones first */
    struct line_trees_run {
        size_t begin, end, parents; /* node begin + k has the parent parents + k; n: roots */
    } * runs;

    double
        *hold; /* n: conductance to a node of 0 V beside the links [S], which the caller may set */
    double *own;             /* n: conductance to all but other nodes of its tree [S] */
    double *ratio, *inverse; /* n: factors */
    double *f;               /* n: currents into the nodes [A], which the caller sets */
    double *v;               /* n: voltages [V], of the black ones also the guess */
    double *y, *p, *cp, *r;  /* n: scratch */
    double margin;           /* by line_trees_margin() */
    size_t iterations;       /* of the last solution */
};

/* NULL: the strong links leave nothing that two colours can tell apart. */
struct line_trees *line_trees_new(size_t n, size_t n_links, const struct line_trees_link *links);
void line_trees_free(struct line_trees *trees);

/* Factors for the conductances in g; false: a tree that nothing holds. */
bool line_trees_factor(struct line_trees *trees);

/* How much smaller than the error a change may be: with M = C^-1 G' R^-1 G, which has no negative
 * entry, an error e and the change z = C^-1 S e = (I - M) e that it would make,
 *
 *     max |e| <= max |z| / margin        margin = min of (I - M) 1 = C^-1 (hc + G' R^-1 hr)
 *
 * where hr, hc are the conductances to known nodes.  It is near 1 where all lines are held, and small
 * where lines hang on devices alone.  After line_trees_factor(), and again when conductances have changed
 * much; what is kept is on the safe side. */
void line_trees_margin(struct line_trees *trees);

/* Solve for the currents f to errors of no more than `tolerance` [V]; false: not within `most`
 * iterations. */
bool line_trees_solve(struct line_trees *trees, double tolerance, size_t most);

#endif
