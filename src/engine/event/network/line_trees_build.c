/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbering of line_trees.h: trees, their two colours, and runs of nodes whose parents follow each
 * other. */
#include "engine/event/network/line_trees.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Which links are in the trees: the strongest that close no ring (J. B. Kruskal, Proc. Am. Math.
 * Soc. 7:48, 1956). */
struct candidate {
    double strong;
    size_t link;
};

static int by_strength(const void *a, const void *b)
{
    const struct candidate *p = a, *q = b;
    return p->strong > q->strong   ? -1
           : p->strong < q->strong ? 1
                                   : (p->link > q->link) - (p->link < q->link);
}

static int find_tree(int *above, int i)
{
    while (above[i] != i)
        i = above[i] = above[above[i]];
    return i;
}

/* While line trees are made. */
struct plan {
    size_t n, n_links;
    const struct line_trees_link *links;
    bool *in_tree;             /* n_links */
    int *tree;                 /* n: a node that stands for its tree */
    int *colour;               /* n, of such nodes: 0 red, 1 black, -1 not known yet */
    int *first_link, *at;      /* n + 1, 2 n_links: links at every node */
    int *parent, *parent_link; /* n: of the caller's nodes, or -1 */
    int *sequence;             /* n: the caller's nodes, from the roots on */
};

static bool inside(const struct plan *p, int node)
{
    return (size_t)node < p->n;
}

static void find_trees(struct plan *p)
{
    struct candidate *list = NEW(p->n_links, struct candidate);
    size_t count = 0;
    for (size_t k = 0; k < p->n_links; k++) {
        const struct line_trees_link *l = &p->links[k];
        if (l->strong > 0 && inside(p, l->a) && inside(p, l->b))
            list[count++] = (struct candidate){l->strong, k};
    }
    qsort(list, count, sizeof *list, by_strength);
    for (size_t i = 0; i < p->n; i++)
        p->tree[i] = (int)i;
    for (size_t k = 0; k < count; k++) {
        const struct line_trees_link *l = &p->links[list[k].link];
        const int a = find_tree(p->tree, l->a), b = find_tree(p->tree, l->b);
        p->in_tree[list[k].link] = a != b;
        p->tree[a] = b;
    }
    for (size_t i = 0; i < p->n; i++)
        p->tree[i] = find_tree(p->tree, (int)i);
    free(list);
}

static void find_links(struct plan *p)
{
    int *next = NEW(p->n, int);
    for (size_t k = 0; k < p->n_links; k++)
        for (int end = 0; end < 2; end++) {
            const int node = end ? p->links[k].b : p->links[k].a;
            if (inside(p, node))
                p->first_link[node + 1]++;
        }
    for (size_t i = 0; i < p->n; i++)
        p->first_link[i + 1] += p->first_link[i];
    memcpy(next, p->first_link, p->n * sizeof *next);
    for (size_t k = 0; k < p->n_links; k++)
        for (int end = 0; end < 2; end++) {
            const int node = end ? p->links[k].b : p->links[k].a;
            if (inside(p, node))
                p->at[next[node]++] = (int)k;
        }
    free(next);
}

static int other_end(const struct plan *p, int link, int node)
{
    return p->links[link].a == node ? p->links[link].b : p->links[link].a;
}

/* Give the node's tree a colour; false: it has the other one. */
static bool paint(struct plan *p, int node, int colour)
{
    int *of = &p->colour[p->tree[node]];
    if (*of < 0)
        *of = colour;
    return *of == colour;
}

/* Walk through each connected part, in trees first: parents, and colours across weak links. */
static bool find_colours(struct plan *p)
{
    bool *seen = NEW(p->n, bool);
    int *queue = NEW(p->n, int);
    bool fits = true;
    for (size_t i = 0; i < p->n; i++)
        p->colour[i] = -1;
    for (size_t start = 0; start < p->n && fits; start++) {
        if (seen[start])
            continue;
        size_t head = 0, tail = 0;
        queue[tail++] = (int)start;
        seen[start] = true;
        fits = paint(p, (int)start, p->colour[p->tree[start]] == 1);
        while (head < tail && fits) {
            const int node = queue[head++], colour = p->colour[p->tree[node]];
            for (int k = p->first_link[node]; k < p->first_link[node + 1]; k++) {
                const int link = p->at[k], other = other_end(p, link, node);
                if (!inside(p, other))
                    continue;
                fits &= paint(p, other, p->in_tree[link] ? colour : 1 - colour);
                if (!seen[other])
                    queue[tail++] = other;
                seen[other] = true;
            }
        }
    }
    size_t n_black = 0;
    for (size_t i = 0; i < p->n; i++)
        n_black += p->colour[p->tree[i]] == 1;
    for (size_t i = 0; i < p->n && 2 * n_black > p->n; i++) /* the iteration is on the fewer ones */
        if (p->tree[i] == (int)i)
            p->colour[i] = 1 - p->colour[i];
    free(seen);
    free(queue);
    return fits;
}

/* Through the tree from a node, nearest first; from[]: the node before.  Returns the last. */
static int walk_tree(const struct plan *p, int start, int *queue, int *from)
{
    size_t head = 0, tail = 0;
    queue[tail++] = start;
    from[start] = -1;
    while (head < tail) {
        const int node = queue[head++];
        for (int k = p->first_link[node]; k < p->first_link[node + 1]; k++) {
            const int other = other_end(p, p->at[k], node);
            if (!p->in_tree[p->at[k]] || other == from[node])
                continue;
            from[other] = node;
            queue[tail++] = other;
        }
    }
    return queue[tail - 1];
}

/* Roots of the trees of one colour: the middle of each one's longest way, so that what has to wait
 * for each other is short. */
static size_t find_roots(struct plan *p, int colour, size_t tail)
{
    bool *rooted = NEW(p->n, bool);
    int *queue = NEW(p->n, int), *from = NEW(p->n, int);
    for (size_t i = 0; i < p->n; i++) {
        if (p->colour[p->tree[i]] != colour || rooted[p->tree[i]])
            continue;
        rooted[p->tree[i]] = true;
        const int end = walk_tree(p, walk_tree(p, (int)i, queue, from), queue, from);
        int root = end, length = 0;
        for (int node = end; from[node] >= 0; node = from[node])
            if (++length % 2 == 0)
                root = from[root];
        p->parent[root] = -1;
        p->sequence[tail++] = root;
    }
    free(rooted);
    free(queue);
    free(from);
    return tail;
}

/* The next child of a node, or -1. */
static int next_child(const struct plan *p, int node, int *next)
{
    for (; next[node] < p->first_link[node + 1]; next[node]++) {
        const int link = p->at[next[node]];
        if (p->in_tree[link] && link != p->parent_link[node])
            return p->at[next[node]++];
    }
    return -1;
}

/* Nodes from the roots on, level after level, those of one colour: the first children of a level in
 * the order of their parents, then the second ones, so that alike trees are numbered alike. */
static size_t walk_trees(struct plan *p, int colour, size_t tail)
{
    int *next = NEW(p->n, int);
    memcpy(next, p->first_link, p->n * sizeof *next);
    size_t begin = tail, end = tail = find_roots(p, colour, tail);
    while (begin < end) {
        for (bool more = true; more;) {
            more = false;
            for (size_t k = begin; k < end; k++) {
                const int node = p->sequence[k], link = next_child(p, node, next);
                if (link < 0)
                    continue;
                const int other = other_end(p, link, node);
                p->parent[other] = node;
                p->parent_link[other] = link;
                p->sequence[tail++] = other;
                more = true;
            }
        }
        begin = end;
        end = tail;
    }
    free(next);
    return tail;
}

static void find_runs(struct line_trees *f, const int *parent)
{
    f->runs = NEW(f->n, struct line_trees_run);
    for (size_t i = 0; i < f->n; i++) {
        struct line_trees_run *run = f->n_runs > 0 ? &f->runs[f->n_runs - 1] : NULL;
        const bool root = parent[i] < 0;
        const bool goes_on =
            run && i != f->n_red &&
            (run->parents == f->n ? root
                                  : !root && run->parents + (i - run->begin) == (size_t)parent[i]);
        if (goes_on) {
            run->end++;
            continue;
        }
        f->runs[f->n_runs++] = (struct line_trees_run){i, i + 1, root ? f->n : (size_t)parent[i]};
        f->n_red_runs += i < f->n_red;
    }
}

/* Both ends of a weak link; false: it is none. */
static bool weak_ends(const struct line_trees *f, const struct plan *p, size_t link,
                      struct line_trees_ends *ends)
{
    const int a = p->links[link].a, b = p->links[link].b;
    if (!inside(p, a) || !inside(p, b) || p->in_tree[link])
        return false;
    const bool a_red = (size_t)f->place[a] < f->n_red;
    *ends = (struct line_trees_ends){f->place[a_red ? a : b], f->place[a_red ? b : a]};
    return true;
}

/* Places of weak links, in the order of their red nodes. */
static void sort_weak(struct line_trees *f, const struct plan *p)
{
    size_t *next = NEW(f->n_red + 1, size_t);
    struct line_trees_ends ends;
    for (size_t k = 0; k < p->n_links; k++)
        if (weak_ends(f, p, k, &ends))
            next[ends.red + 1]++;
    for (size_t i = 0; i < f->n_red; i++)
        next[i + 1] += next[i];
    for (size_t k = 0; k < p->n_links; k++) {
        if (!weak_ends(f, p, k, &ends))
            continue;
        const size_t place = next[ends.red]++;
        f->weak[place] = ends;
        f->slot[k] = (int)(f->n + place);
    }
    free(next);
}

/* Weak links whose red nodes follow each other. */
static void find_blocks(struct line_trees *f)
{
    f->black = NEW(f->n_weak, int);
    f->blocks = NEW(f->n_weak, struct line_trees_block);
    for (size_t k = 0; k < f->n_weak; k++) {
        f->black[k] = f->weak[k].black;
        if (k > 0 && f->weak[k].red == f->weak[k - 1].red + 1)
            f->blocks[f->n_blocks - 1].end++;
        else
            f->blocks[f->n_blocks++] = (struct line_trees_block){k, k + 1};
    }
}

/* Places of all conductances. */
static void find_slots(struct line_trees *f, const struct plan *p)
{
    for (size_t k = 0; k < p->n_links; k++) {
        const bool a = inside(p, p->links[k].a), b = inside(p, p->links[k].b);
        f->n_weak += a && b && !p->in_tree[k];
        f->n_ground += a != b;
    }
    f->weak = NEW(f->n_weak, struct line_trees_ends);
    f->ground = NEW(f->n_ground, int);
    f->grounds = NEW(f->n_ground, int);
    f->slot = NEW(p->n_links, int);
    f->g = NEW(f->n + f->n_weak + f->n_ground + 1, double); /* the last: of links without an end */
    size_t ground = 0;
    for (size_t k = 0; k < p->n_links; k++) {
        const int a = p->links[k].a, b = p->links[k].b;
        if (inside(p, a) != inside(p, b)) {
            f->ground[ground] = f->place[inside(p, a) ? a : b];
            f->grounds[ground] = (int)k;
            f->slot[k] = (int)(f->n + f->n_weak + ground++);
        } else if (!inside(p, a)) {
            f->slot[k] = (int)(f->n + f->n_weak + f->n_ground);
        } else if (p->in_tree[k]) {
            f->slot[k] = f->place[p->parent_link[a] == (int)k ? a : b];
        }
    }
    sort_weak(f, p);
    find_blocks(f);
}

static struct line_trees *make(struct plan *p)
{
    struct line_trees *f = NEW(1, struct line_trees);
    const size_t n = f->n = p->n;
    f->n_links = p->n_links;
    f->margin = 1;
    for (size_t i = 0; i < n; i++)
        p->parent_link[i] = -1;
    f->n_red = walk_trees(p, 0, 0);
    walk_trees(p, 1, f->n_red);
    f->place = NEW(n, int);
    int *parent = NEW(n, int);
    for (size_t k = 0; k < n; k++)
        f->place[p->sequence[k]] = (int)(k < f->n_red ? f->n_red - 1 - k : n - 1 - (k - f->n_red));
    for (size_t i = 0; i < n; i++)
        parent[f->place[i]] = p->parent[i] < 0 ? -1 : f->place[p->parent[i]];
    find_runs(f, parent);
    find_slots(f, p);
    free(parent);
    double **const vectors[] = {&f->hold, &f->own, &f->ratio, &f->inverse, &f->f,
                                &f->v,    &f->y,   &f->p,     &f->cp,      &f->r};
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        *vectors[k] = NEW(n, double);
    return f;
}

struct line_trees *line_trees_new(size_t n, size_t n_links, const struct line_trees_link *links)
{
    struct plan p = {.n = n,
                     .n_links = n_links,
                     .links = links,
                     .in_tree = NEW(n_links, bool),
                     .tree = NEW(n, int),
                     .colour = NEW(n, int),
                     .first_link = NEW(n + 1, int),
                     .at = NEW(2 * n_links, int),
                     .parent = NEW(n, int),
                     .parent_link = NEW(n, int),
                     .sequence = NEW(n, int)};
    find_trees(&p);
    find_links(&p);
    struct line_trees *f = find_colours(&p) ? make(&p) : NULL;
    free(p.in_tree);
    free(p.tree);
    free(p.colour);
    free(p.first_link);
    free(p.at);
    free(p.parent);
    free(p.parent_link);
    free(p.sequence);
    return f;
}

void line_trees_free(struct line_trees *f)
{
    if (!f)
        return;
    free(f->place);
    free(f->slot);
    free(f->g);
    free(f->weak);
    free(f->black);
    free(f->blocks);
    free(f->ground);
    free(f->grounds);
    free(f->runs);
    free(f->hold);
    free(f->own);
    free(f->ratio);
    free(f->inverse);
    free(f->f);
    free(f->v);
    free(f->y);
    free(f->p);
    free(f->cp);
    free(f->r);
    free(f);
}
