/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the far slice to the near one, with D = diag(g) of slice t and T the conductance matrix of its
 * line across (segments, and end_ohm at its last node):
 *
 *     M = (T + D)^-1                 S = D - D M D              o = D M e_last / end_ohm
 *     P = S + Y(t+1)                 A = (1 + ohm P)^-1         ohm: near_ohm at slice 0, else along_ohm
 *     Y(t) = P A                     W <- [o; W] A
 *
 * Y is the conductance matrix that slice t-1 (or the ports) sees behind `ohm`.
 *
 * No number is ever subtracted (W. K. Grassmann, M. I. Taksar, D. P. Heyman, Oper. Res. 33:1107,
 * 1985; C. O'Cinneide, Numer. Math. 65:109, 1993): a conductance matrix is kept as its links
 * between nodes and its links to ground, all positive, and the diagonal is their sum.  Of S the
 * links are g(a) M(a,b) g(b) and the grounds are o; of Y they are A(a,b)/ohm and A times the
 * grounds of P.  So every entry of W has a relative error of a few roundings, even where the
 * matrix is so badly conditioned that ordinary elimination loses all digits. */
#include "engine/lines/lines_elimination.h"

#include "base/memory.h"
#include "base/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef double four __attribute__((vector_size(32), aligned(8), may_alias));

void lines_slices_of_columns(const struct lines_array *a, bool steps, struct lines_slices *w)
{
    const size_t m = a->rows, n = a->columns;
    *w = (struct lines_slices){.l = n,
                               .s = m,
                               .stride = (m + 3) / 4 * 4,
                               .near_ohm = a->driver_ohm + a->row_ohm,
                               .along_ohm = a->row_ohm,
                               .across_ohm = a->column_ohm,
                               .end_ohm = a->sense_ohm + a->column_ohm,
                               .port_open = a->row_open,
                               .end_open = a->column_open};
    const size_t size = n * w->stride;
    w->g = NEW(size, double);
    w->transfer = NEW(size, double);
    w->pivot = NEW(size, double);
    w->near = NEW(size, double);
    w->step = steps ? NEW(size * m, double) : NULL;
}

void lines_slices_free(struct lines_slices *w)
{
    free(w->g);
    free(w->transfer);
    free(w->pivot);
    free(w->near);
    free(w->step);
}

static bool end_is_open(const struct lines_slices *w, size_t t)
{
    return w->end_open && w->end_open[t];
}

/* pivot: inverse pivots of the line across; grounds: g M e_last / end_ohm; adds g M g to `links`. */
static void across_links(const struct lines_slices *w, size_t t, double *grounds, double *links)
{
    const size_t s = w->s;
    const double *g = w->g + t * w->stride;
    double *pivot = w->pivot + t * w->stride;
    if (!(w->end_ohm > 0) && !end_is_open(w, t)) { /* the line is at the potential of its end */
        for (size_t k = 0; k < s; k++)
            grounds[k] = g[k];
        return;
    }
    const double end = end_is_open(w, t) ? 0 : 1 / w->end_ohm;
    if (!(w->across_ohm > 0)) { /* one node */
        double sum = end;
        for (size_t k = 0; k < s; k++)
            sum += g[k];
        pivot[0] = 1 / sum;
        for (size_t a = 0; a < s; a++) {
            grounds[a] = g[a] * end / sum;
            for (size_t b = 0; b < s; b++)
                links[a * w->stride + b] += b == a ? 0 : g[a] * (g[b] / sum);
        }
        return;
    }
    const double c = 1 / w->across_ohm;
    double series = 0;
    for (size_t k = 0; k + 1 < s; k++) {
        const double h = g[k] + series;
        pivot[k] = 1 / (h + c);
        series = c * h * pivot[k];
    }
    pivot[s - 1] = 1 / (g[s - 1] + end + series);
    /* column b of M: M(b,b) from below, then upwards M(a,b) = c pivot(a) M(a+1,b) */
    double corner = 0;
    for (size_t b = s; b-- > 0;) {
        const double e = c * pivot[b];
        corner = pivot[b] + (b + 1 < s ? e * e * corner : 0);
        double x = corner;
        if (b + 1 == s)
            grounds[b] = g[b] * x * end;
        for (size_t a = b; a-- > 0;) {
            x *= c * pivot[a];
            const double link = g[a] * x * g[b];
            links[a * w->stride + b] += link;
            links[b * w->stride + a] += link;
            if (b + 1 == s)
                grounds[a] = g[a] * x * end;
        }
    }
}

/* Invert in place the matrix with links a (s x stride, symmetric; its diagonal is not read) and
 * grounds hold[s]; t[stride]: workspace.  Rows already processed hold the inverse, all entries
 * positive. */
WIDE static bool invert(double *a, double *hold, double *t, size_t s, size_t stride)
{
    for (size_t k = 0; k < s; k++) {
        double *row = a + k * stride, sum = hold[k];
        for (size_t b = k + 1; b < s; b++)
            sum += row[b];
        const double d = 1 / sum;
        if (!(d > 0 && sum > 0))
            return false;
        row[k] = 0;
        const four ds = {d, d, d, d};
        for (size_t j = 0; j < stride; j += 4)
            *(four *)(t + j) = *(const four *)(row + j) * ds;
        for (size_t i = 0; i < s; i++) {
            const double f = row[i];
            double *target = a + i * stride;
            if (i == k || f == 0)
                continue;
            const four fs = {f, f, f, f};
            for (size_t j = 0; j < stride; j += 4)
                *(four *)(target + j) += fs * *(const four *)(t + j);
            target[k] = t[i];
        }
        for (size_t i = k + 1; i < s; i++)
            hold[i] += t[i] * hold[k];
        memcpy(row, t, stride * sizeof *row);
        row[k] = d;
    }
    return true;
}

/* x <- x a for n rows, four at a time so that a is read once for four; a: s x stride; t[4 stride]:
 * workspace. */
WIDE static void multiply_rows(double *x, size_t n, const double *a, double *t, size_t s,
                               size_t stride)
{
    for (size_t i = 0; i < n; i += 4, x += 4 * stride) {
        const size_t last = n - i < 4 ? n - i - 1 : 3;
        const double *x0 = x, *x1 = x + (last < 1 ? last : 1) * stride,
                     *x2 = x + (last < 2 ? last : 2) * stride, *x3 = x + last * stride;
        for (size_t j = 0; j < stride; j += 4) {
            four y0 = {0}, y1 = {0}, y2 = {0}, y3 = {0};
            for (size_t k = 0; k < s; k++) {
                const four b = *(const four *)(a + k * stride + j);
                y0 += (four){x0[k], x0[k], x0[k], x0[k]} * b;
                y1 += (four){x1[k], x1[k], x1[k], x1[k]} * b;
                y2 += (four){x2[k], x2[k], x2[k], x2[k]} * b;
                y3 += (four){x3[k], x3[k], x3[k], x3[k]} * b;
            }
            *(four *)(t + j) = y0;
            *(four *)(t + stride + j) = y1;
            *(four *)(t + 2 * stride + j) = y2;
            *(four *)(t + 3 * stride + j) = y3;
        }
        memcpy(x, t, (last + 1) * stride * sizeof *x);
    }
}

/* Rows without a driver: star to mesh, one after another, at the first slice.  follow[f s + b]: voltage of open
 * node f for 1 V at node b, of those that are not yet eliminated. */
static void float_ports(struct lines_slices *w, double *links, double *grounds, double *follow)
{
    const size_t s = w->s, stride = w->stride;
    for (size_t f = 0; f < s; f++) {
        double *own = links + f * stride, sum = grounds[f];
        if (!w->port_open[f])
            continue;
        for (size_t b = 0; b < s; b++)
            sum += b == f ? 0 : own[b];
        for (size_t b = 0; b < s; b++)
            follow[f * s + b] = b != f && sum > 0 ? own[b] / sum : 0;
        for (size_t a = 0; a < s; a++) {
            const double from = a == f ? 0 : links[a * stride + f];
            for (size_t b = 0; b < s; b++)
                links[a * stride + b] += from * follow[f * s + b];
            grounds[a] += sum > 0 ? from * grounds[f] / sum : 0;
        }
        for (size_t t = 0; t < w->l; t++) {
            double *o = w->transfer + t * stride;
            for (size_t b = 0; b < s; b++)
                o[b] += o[f] * follow[f * s + b];
            o[f] = 0;
        }
        for (size_t b = 0; b < s; b++)
            own[b] = links[b * stride + f] = 0;
        grounds[f] = 0;
    }
}

/* What those rows' nodes are for the ports, from what they are for the others. */
static void step_of_floating(const struct lines_slices *w, const double *follow)
{
    const size_t s = w->s, stride = w->stride;
    for (size_t f = s; f-- > 0;) {
        double *row = w->step + f * stride;
        if (!w->port_open[f])
            continue;
        memset(row, 0, stride * sizeof *row);
        for (size_t b = 0; b < s; b++)
            for (size_t k = 0; k < s; k++)
                row[k] += follow[f * s + b] * w->step[b * stride + k];
    }
}

/* One slice: links and grounds of Y(t+1) in, of Y(t) out. */
static bool eliminate(struct lines_slices *w, size_t at, double *links, double *grounds,
                      double *work, double *follow)
{
    const size_t s = w->s, stride = w->stride;
    double *a = work, *hold = a + s * stride, *t = hold + stride;
    double *o = w->transfer + at * stride;
    across_links(w, at, o, links);
    for (size_t k = 0; k < s; k++)
        grounds[k] += o[k];
    memcpy(w->near + at * stride, o, stride * sizeof *o);
    if (at == 0 && follow)
        float_ports(w, links, grounds, follow);
    const double ohm = at > 0 ? w->along_ohm : w->near_ohm;
    if (!(ohm > 0)) {
        if (w->step) {
            double *step = w->step + at * s * stride;
            for (size_t k = 0; k < s; k++)
                step[k * stride + k] = 1;
        }
        return true;
    }
    for (size_t k = 0; k < s * stride; k++)
        a[k] = ohm * links[k];
    for (size_t k = 0; k < s; k++)
        hold[k] = 1 + ohm * grounds[k];
    if (!invert(a, hold, t, s, stride))
        return false;
    multiply_rows(o, w->l - at, a, t, s, stride);
    multiply_rows(grounds, 1, a, t, s, stride); /* A is symmetric */
    const double siemens = 1 / ohm;
    for (size_t k = 0; k < s * stride; k++)
        links[k] = a[k] * siemens;
    for (size_t k = 0; k < s; k++)
        links[k * stride + k] = 0;
    if (w->step)
        memcpy(w->step + at * s * stride, a, s * stride * sizeof *a);
    return true;
}

bool lines_eliminate(struct lines_slices *w)
{
    const size_t block = w->s * w->stride;
    double *links = NEW(block, double), *grounds = NEW(w->stride, double);
    double *work = NEW(block + 6 * w->stride, double),
           *follow = w->port_open ? NEW(w->s * w->s, double) : NULL;
    bool done = true;
    for (size_t t = w->l; t-- > 0 && done;)
        done = eliminate(w, t, links, grounds, work, follow);
    if (done && w->step && follow)
        step_of_floating(w, follow);
    free(follow);
    free(links);
    free(grounds);
    free(work);
    return done;
}

WIDE void lines_scaled_sum(size_t n, double f, const double *x, double factor, const double *before,
                           double *y)
{
    for (size_t k = 0; k < n; k++)
        y[k] = f * (x[k] + (before ? factor * before[k] : 0));
}

void lines_slices_across(const struct lines_slices *w, size_t t, size_t n, size_t stride, double *x)
{
    const size_t s = w->s;
    const double *pivot = w->pivot + t * w->stride;
    if (!(w->end_ohm > 0) && !end_is_open(w, t)) { /* at the end's 0 V */
        for (size_t k = 0; k < s; k++)
            memset(x + k * stride, 0, n * sizeof *x);
        return;
    }
    if (!(w->across_ohm > 0)) { /* one node */
        for (size_t k = 1; k < s; k++)
            lines_scaled_sum(n, 1, x, 1, x + k * stride, x);
        lines_scaled_sum(n, pivot[0], x, 0, NULL, x);
        for (size_t k = 1; k < s; k++)
            memcpy(x + k * stride, x, n * sizeof *x);
        return;
    }
    const double segment = 1 / w->across_ohm;
    lines_scaled_sum(n, pivot[0], x, 0, NULL, x);
    for (size_t k = 1; k < s; k++)
        lines_scaled_sum(n, pivot[k], x + k * stride, segment, x + (k - 1) * stride,
                         x + k * stride);
    for (size_t k = s - 1; k-- > 0;)
        lines_scaled_sum(n, 1, x + k * stride, segment * pivot[k], x + (k + 1) * stride,
                         x + k * stride);
}

/* y = A x, x and y: s x LOCKSTEP. */
WIDE static void apply(const double *a, size_t s, size_t stride, const double *x, double *y)
{
    for (size_t k = 0; k < s; k++, a += stride, y += LOCKSTEP) {
        four low = {0}, high = {0};
        for (size_t j = 0; j < s; j++) {
            const four f = {a[j], a[j], a[j], a[j]};
            low += f * *(const four *)(x + j * LOCKSTEP);
            high += f * *(const four *)(x + j * LOCKSTEP + 4);
        }
        *(four *)y = low;
        *(four *)(y + 4) = high;
    }
}

/* x = M (D u + v e_last / end_ohm) */
static void across_solve(const struct lines_slices *w, size_t t, const double *u, const double *v,
                         double *x)
{
    const double *g = w->g + t * w->stride, *pivot = w->pivot + t * w->stride;
    const size_t s = w->s;
    for (size_t lane = 0; lane < LOCKSTEP; lane++) {
        if (!(w->end_ohm > 0)) {
            for (size_t k = 0; k < s; k++)
                x[k * LOCKSTEP + lane] = v[lane];
            continue;
        }
        const double into = v[lane] / w->end_ohm;
        if (!(w->across_ohm > 0)) {
            double sum = into;
            for (size_t k = 0; k < s; k++)
                sum += g[k] * u[k * LOCKSTEP + lane];
            for (size_t k = 0; k < s; k++)
                x[k * LOCKSTEP + lane] = sum * pivot[0];
            continue;
        }
        const double c = 1 / w->across_ohm;
        double before = 0;
        for (size_t k = 0; k < s; k++) {
            const double f = g[k] * u[k * LOCKSTEP + lane] + (k + 1 == s ? into : 0);
            x[k * LOCKSTEP + lane] = before = pivot[k] * (f + c * before);
        }
        for (size_t k = s - 1; k-- > 0;)
            x[k * LOCKSTEP + lane] += c * pivot[k] * x[(k + 1) * LOCKSTEP + lane];
    }
}

/* With the sources' currents into the nodes along, F = o v + (what comes from farther slices),
 *
 *     F(t) = near(t) v(t) + A(t+1) F(t+1)        then u(t) = A(t) (u(t-1) + ohm F(t)). */
void lines_slices_voltages(const struct lines_slices *w, const double *port, const double *end,
                           double *along, double *across, double *work)
{
    const size_t s = w->s, lanes = s * LOCKSTEP;
    double *f = work, *x = work + w->l * lanes, *moved = x + lanes;
    for (size_t t = w->l; t-- > 0;) {
        double *own = f + t * lanes;
        if (t + 1 < w->l)
            apply(w->step + (t + 1) * s * w->stride, s, w->stride, own + lanes, moved);
        else
            memset(moved, 0, lanes * sizeof *moved);
        for (size_t k = 0; k < s; k++)
            for (size_t lane = 0; lane < LOCKSTEP; lane++)
                own[k * LOCKSTEP + lane] = w->near[t * w->stride + k] * end[t * LOCKSTEP + lane] +
                                           moved[k * LOCKSTEP + lane];
    }
    for (size_t t = 0; t < w->l; t++) {
        const double *before = t > 0 ? along + (t - 1) * lanes : port;
        const double ohm = t > 0 ? w->along_ohm : w->near_ohm;
        for (size_t k = 0; k < lanes; k++)
            x[k] = before[k] + ohm * f[t * lanes + k];
        apply(w->step + t * s * w->stride, s, w->stride, x, along + t * lanes);
        across_solve(w, t, along + t * lanes, end + t * LOCKSTEP, across + t * lanes);
    }
}
