/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/event/network/elimination.h"

#include "base/memory.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

void elimination_free(struct elimination *e)
{
    if (!e)
        return;
    free(e->pivot);
    free(e->lower);
    free(e->below);
    free(e->targets);
    free(e);
}

/* n rows of n bits. */
struct bits {
    size_t n, words; /* 64-bit words a row */
    uint64_t *word;
};

static uint64_t *bits_row(const struct bits *b, size_t row)
{
    return b->word + row * b->words;
}

static bool bit(const struct bits *b, size_t row, size_t column)
{
    return bits_row(b, row)[column / 64] >> column % 64 & 1;
}

static void set_bit(struct bits *b, size_t row, size_t column)
{
    bits_row(b, row)[column / 64] |= (uint64_t)1 << column % 64;
}

/* The first column from `column` on that is set; n: there is none. */
static size_t next_bit(const struct bits *b, size_t row, size_t column)
{
    const uint64_t *word = bits_row(b, row);
    for (size_t w = column / 64; w < b->words; w++) {
        const uint64_t rest = w == column / 64 ? word[w] >> column % 64 << column % 64 : word[w];
        if (rest)
            return 64 * w + (size_t)__builtin_ctzll(rest);
    }
    return b->n;
}

static size_t count_bits(const struct bits *b, size_t row)
{
    size_t count = 0;
    for (size_t w = 0; w < b->words; w++)
        count += (size_t)__builtin_popcountll(bits_row(b, row)[w]);
    return count;
}

static struct bits make_bits(const struct elimination_pattern *p, bool symmetric)
{
    struct bits b = {p->n, (p->n + 63) / 64, NULL};
    b.word = NEW(p->n * b.words, uint64_t);
    for (size_t k = 0; k < p->n_entries; k++) {
        const size_t row = (size_t)p->entries[k].row, column = (size_t)p->entries[k].column;
        set_bit(&b, row, column);
        if (symmetric)
            set_bit(&b, column, row);
    }
    return b;
}

static void clear_bit(struct bits *b, size_t row, size_t column)
{
    bits_row(b, row)[column / 64] &= ~((uint64_t)1 << column % 64);
}

void elimination_order(const struct elimination_pattern *p, int *order)
{
    struct bits graph = make_bits(p, true);
    const size_t n = p->n;
    size_t *degree = NEW(n, size_t);
    bool *done = NEW(n, bool);
    for (size_t i = 0; i < n; i++) {
        clear_bit(&graph, i, i);
        degree[i] = count_bits(&graph, i);
    }
    for (size_t k = 0; k < n; k++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (!done[i] && (best == n || degree[i] < degree[best]))
                best = i;
        done[best] = true;
        order[k] = (int)best;
        /* what it touched sees each other from now on, and it no longer */
        for (size_t i = next_bit(&graph, best, 0); i < n; i = next_bit(&graph, best, i + 1)) {
            for (size_t w = 0; w < graph.words; w++)
                bits_row(&graph, i)[w] |= bits_row(&graph, best)[w];
            clear_bit(&graph, i, i);
            clear_bit(&graph, i, best);
            degree[i] = count_bits(&graph, i);
        }
    }
    free(graph.word);
    free(degree);
    free(done);
}

/* Fill the pattern. */
static void fill(struct bits *b)
{
    for (size_t k = 0; k < b->n; k++) {
        set_bit(b, k, k);
        const size_t first = (k + 1) / 64;
        for (size_t i = k + 1; i < b->n; i++) {
            if (!bit(b, i, k))
                continue;
            for (size_t w = first; w < b->words; w++) {
                const uint64_t right = bits_row(b, k)[w];
                bits_row(b, i)[w] |= w == first ? right >> (k + 1) % 64 << (k + 1) % 64 : right;
            }
        }
    }
}

/* Entries are numbered row after row. */
struct numbers {
    struct bits bits;
    size_t *before; /* n x words: entries before each word */
};

static int number(const struct numbers *m, size_t row, size_t column)
{
    const size_t w = column / 64;
    const uint64_t word = bits_row(&m->bits, row)[w],
                   left = word & (((uint64_t)1 << column % 64) - 1);
    return (int)(m->before[row * m->bits.words + w] + (size_t)__builtin_popcountll(left));
}

struct elimination *elimination_new(const struct elimination_pattern *p)
{
    struct elimination *e = NEW(1, struct elimination);
    const size_t n = e->n = p->n;
    struct numbers m = {.bits = make_bits(p, false)};
    fill(&m.bits);
    m.before = NEW(n * m.bits.words, size_t);
    for (size_t k = 0; k < n * m.bits.words; k++) {
        m.before[k] = e->n_entries;
        e->n_entries += (size_t)__builtin_popcountll(m.bits.word[k]);
    }
    e->pivot = NEW(n, int);
    e->lower = NEW(2 * (n + 1), size_t);
    e->upper = e->lower + n + 1;
    e->below = NEW(2 * e->n_entries, struct elimination_entry);
    e->right = e->below + e->n_entries;
    size_t n_targets = 0;
    for (size_t k = 0; k < n; k++) {
        e->pivot[k] = number(&m, k, k);
        e->lower[k + 1] = e->lower[k];
        e->upper[k + 1] = e->upper[k];
        for (size_t i = k + 1; i < n; i++)
            if (bit(&m.bits, i, k))
                e->below[e->lower[k + 1]++] = (struct elimination_entry){number(&m, i, k), (int)i};
        for (size_t i = next_bit(&m.bits, k, k + 1); i < n; i = next_bit(&m.bits, k, i + 1))
            e->right[e->upper[k + 1]++] = (struct elimination_entry){number(&m, k, i), (int)i};
        n_targets += (e->lower[k + 1] - e->lower[k]) * (e->upper[k + 1] - e->upper[k]);
    }
    e->targets = NEW(n_targets, int);
    int *target = e->targets;
    for (size_t k = 0; k < n; k++)
        for (size_t i = e->lower[k]; i < e->lower[k + 1]; i++)
            for (size_t j = e->upper[k]; j < e->upper[k + 1]; j++)
                *target++ = number(&m, (size_t)e->below[i].index, (size_t)e->right[j].index);
    free(m.bits.word);
    free(m.before);
    return e;
}

int elimination_place(const struct elimination *e, size_t row, size_t column)
{
    if (row == column)
        return e->pivot[row];
    const bool below = row > column;
    const size_t k = below ? column : row, *bounds = below ? e->lower : e->upper;
    const struct elimination_entry *list = below ? e->below : e->right;
    for (size_t i = bounds[k]; i < bounds[k + 1]; i++)
        if ((size_t)list[i].index == (below ? row : column))
            return list[i].place;
    return (int)e->n_entries;
}

bool elimination_factor(const struct elimination *e, double *a)
{
    const int *target = e->targets;
    for (size_t k = 0; k < e->n; k++) {
        const double inverse = 1 / a[e->pivot[k]];
        if (!isfinite(inverse))
            return false;
        a[e->pivot[k]] = inverse;
        for (size_t i = e->lower[k]; i < e->lower[k + 1]; i++) {
            const double factor = a[e->below[i].place] *= inverse;
            for (size_t j = e->upper[k]; j < e->upper[k + 1]; j++)
                a[*target++] -= factor * a[e->right[j].place];
        }
    }
    return true;
}

void elimination_solve(const struct elimination *e, const double *a, double *x)
{
    for (size_t k = 0; k < e->n; k++)
        for (size_t i = e->lower[k]; i < e->lower[k + 1]; i++)
            x[e->below[i].index] -= a[e->below[i].place] * x[k];
    for (size_t k = e->n; k-- > 0;) {
        double sum = x[k];
        for (size_t j = e->upper[k]; j < e->upper[k + 1]; j++)
            sum -= a[e->right[j].place] * x[e->right[j].index];
        x[k] = sum * a[e->pivot[k]];
    }
}
