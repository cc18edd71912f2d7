/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/lines_internal.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CORRECTIONS_MAX 8 /* of one solution, each from the true residual */
#define INNER_PART 0.3    /* of the tolerance, for the residual that the iteration itself keeps */

/* Cost of the two methods in nanoseconds on a 2.x GHz x86-64; only their ratio matters. */
#define COST_CROSSING 4.5      /* conjugate gradients: an iteration, for each padded crossing */
#define COST_GRADIENTS_SETUP 4 /* iterations that factoring and correcting are worth */
#define COST_SLICE 60.         /* elimination: a slice */
#define COST_SLICE_SQUARE 9.   /* for each s^2 of it */
#define COST_SLICE_CUBE 0.42   /* for each s^3 of it */

struct lines *lines_new(size_t rows, size_t columns, double row_ohm, double column_ohm)
{
    struct lines *l = NEW(1, struct lines);
    const size_t mn = rows * columns, s = rows < columns ? rows : columns,
                 longer = rows < columns ? columns : rows, s_even = (s + 1) & ~(size_t)1;
    l->m = rows;
    l->n = columns;
    l->row_siemens = row_ohm > 0 ? 1 / row_ohm : 0;
    l->column_siemens = column_ohm > 0 ? 1 / column_ohm : 0;
    l->unit = row_ohm > 0 ? l->row_siemens : column_ohm > 0 ? l->column_siemens : 1;
    l->kappa = l->column_siemens / l->unit;
    l->m_padded = (rows + LANES - 1) / LANES * LANES;
    l->stride = (columns + 7) / 8 * 8;
    if (l->stride % 64 == 0)
        l->stride += 8; /* rows side by side must not fall on the same lines of the cache */
    const size_t padded = l->m_padded * l->stride;
    double **const padded_arrays[] = {&l->g, &l->ground, &l->row_factor, &l->column_factor,
                                      &l->x, &l->r,      &l->p,          &l->q};
    for (size_t k = 0; k < sizeof padded_arrays / sizeof padded_arrays[0]; k++)
        *padded_arrays[k] = NEW(padded, double);
    l->row_inverse = NEW(l->m_padded, double);
    l->column_inverse = NEW(l->stride, double);
    l->panel = NEW(l->stride * LANES, double);
    l->carry = NEW(l->stride, double);
    l->direct = row_ohm > 0 && column_ohm > 0 && s <= DIRECT_SIDE_MAX;
    if (l->direct) {
        l->inverse = NEW(longer * s * s_even, double);
        l->forward = NEW(longer * s_even, double);
        l->across = NEW(longer * s, double);
        l->slice = NEW(4 * s_even, double);
    }
    double **const arrays[] = {&l->fr, &l->fc, &l->v,       &l->current, &l->slope,
                               &l->dr, &l->dc, &l->trial_r, &l->trial_c};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        *arrays[k] = NEW(mn, double);
    l->grounded = NEW(rows + columns, bool);
    return l;
}

void lines_free(struct lines *l)
{
    if (!l)
        return;
    double *const arrays[] = {l->g,      l->ground,  l->row_factor,  l->column_factor,
                              l->x,      l->r,       l->p,           l->q,
                              l->fr,     l->fc,      l->row_inverse, l->column_inverse,
                              l->v,      l->panel,   l->carry,       l->inverse,
                              l->dr,     l->dc,      l->forward,     l->across,
                              l->slice,  l->current, l->slope,       l->trial_r,
                              l->trial_c};
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
        free(arrays[k]);
    free(l->grounded);
    free(l);
}

/* All numbers of an array m x n from `least` to what double can hold; NULL is fine. */
static enum status check(const struct lines *l, const double *a, double least, const char *what,
                         const char *unit, struct error *error)
{
    for (size_t k = 0; a && k < l->m * l->n; k++)
        if (!(a[k] >= least && a[k] <= DBL_MAX))
            return fail(error, STATUS_INPUT, "crossing (%zu, %zu): %s is %g %s, expected %s number",
                        k / l->n + 1, k % l->n + 1, what, a[k], unit,
                        least < 0 ? "a finite" : "a positive");
    return STATUS_OK;
}

enum status lines_check(struct lines *l, const struct lines_problem *p, double tolerance,
                        const double *vr, const double *vc, struct error *error)
{
    if (!(tolerance > 0 && tolerance < 1))
        return fail(error, STATUS_INPUT, "tolerance is %g, expected more than 0 and less than 1",
                    tolerance);
    const struct {
        const double *a;
        double least;
        const char *what, *unit;
    } arrays[] = {{p->g, 0, "device conductance", "S"},
                  {p->row_ground, 0, "row's ground", "S"},
                  {p->column_ground, 0, "column's ground", "S"},
                  {p->row_source, -DBL_MAX, "row's source", "A"},
                  {p->column_source, -DBL_MAX, "column's source", "A"},
                  {vr, -DBL_MAX, "guess of the row's voltage", "V"},
                  {vc, -DBL_MAX, "guess of the column's voltage", "V"}};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0] && status == STATUS_OK; k++)
        status = check(l, arrays[k].a, arrays[k].least, arrays[k].what, arrays[k].unit, error);
    return status;
}

/* Every line must reach ground: through its own, or through devices and other lines. */
enum status lines_grounded(struct lines *l, const struct lines_problem *p, const double *g,
                           struct error *error)
{
    const size_t m = l->m, n = l->n;
    bool *row = l->grounded, *column = l->grounded + m;
    size_t left = m + n, before;
    memset(l->grounded, 0, (m + n) * sizeof *l->grounded);
    for (size_t k = 0; k < m * n; k++) {
        row[k / n] |= p->row_ground && p->row_ground[k] > 0;
        column[k % n] |= p->column_ground && p->column_ground[k] > 0;
    }
    for (size_t k = 0; k < m + n; k++)
        left -= l->grounded[k];
    do {
        before = left;
        for (size_t k = 0; left > 0 && k < m * n; k++)
            if (g[k] > 0 && row[k / n] != column[k % n]) {
                row[k / n] = column[k % n] = true;
                left--;
            }
    } while (left > 0 && left < before);
    for (size_t k = 0; k < m + n; k++)
        if (!l->grounded[k])
            return fail(error, STATUS_INPUT,
                        "%s %zu floats: it has no path to ground, nor has any line that its "
                        "devices reach",
                        k < m ? "row" : "column", k < m ? k + 1 : k - m + 1);
    return STATUS_OK;
}

/* One node: what flows in and the size of the terms. */
struct node {
    double sum, size;
};

static inline struct node node(double ground, double source, double v, double c, double a, double b)
{
    return (struct node){source - ground * v - c * ((v - a) + (v - b)),
                         fabs(source) + (2 * ground + 4 * c) * fabs(v)};
}

double lines_residual(const struct lines *l, const struct lines_problem *p, const double *current,
                      const double *vr, const double *vc, double *fr, double *fc, double *rounding)
{
    const size_t m = l->m, n = l->n;
    const bool row_ideal = !(l->row_siemens > 0), column_ideal = !(l->column_siemens > 0);
    double norm2 = 0, size2 = 0;
    if (column_ideal)
        memset(fc, 0, n * sizeof *fc);
    for (size_t i = 0; i < m; i++) {
        struct node line = {0};
        for (size_t j = 0; j < n; j++) {
            const size_t k = i * n + j;
            const double v = vr[k], w = vc[k], g = p->g ? p->g[k] : 0;
            const double device = current ? current[k] : g * (v - w);
            const double terms = fabs(device) + 2 * g * (fabs(v) + fabs(w));
            struct node r =
                node(p->row_ground ? p->row_ground[k] : 0, p->row_source ? p->row_source[k] : 0, v,
                     l->row_siemens, j > 0 ? vr[k - 1] : v, j + 1 < n ? vr[k + 1] : v);
            struct node c = node(p->column_ground ? p->column_ground[k] : 0,
                                 p->column_source ? p->column_source[k] : 0, w, l->column_siemens,
                                 i > 0 ? vc[k - n] : w, i + 1 < m ? vc[k + n] : w);
            r.sum -= device, r.size += terms;
            c.sum += device, c.size += terms;
            size2 += r.size * r.size + c.size * c.size;
            fr[k] = row_ideal ? 0 : r.sum;
            line.sum += r.sum;
            norm2 += fr[k] * fr[k];
            if (column_ideal) {
                fc[j] += c.sum;
                if (i > 0)
                    fc[k] = 0;
            } else {
                fc[k] = c.sum;
                norm2 += c.sum * c.sum;
            }
        }
        if (row_ideal) {
            fr[i * n] = line.sum;
            norm2 += line.sum * line.sum;
        }
    }
    for (size_t j = 0; column_ideal && j < n; j++)
        norm2 += fc[j] * fc[j];
    *rounding = DBL_EPSILON / 2 * sqrt(size2);
    return sqrt(norm2);
}

/* 2-norm of the sources [A], summed over ideal lines. */
double lines_sources(const struct lines *l, const struct lines_problem *p)
{
    const size_t m = l->m, n = l->n;
    double norm2 = 0;
    if (p->row_source)
        for (size_t i = 0; i < m; i++) {
            double line = 0;
            for (size_t j = 0; j < n; j++) {
                const double f = p->row_source[i * n + j];
                line += f;
                norm2 += l->row_siemens > 0 ? f * f : 0;
            }
            norm2 += l->row_siemens > 0 ? 0 : line * line;
        }
    if (p->column_source && l->column_siemens > 0)
        for (size_t k = 0; k < m * n; k++)
            norm2 += p->column_source[k] * p->column_source[k];
    if (p->column_source && !(l->column_siemens > 0))
        for (size_t j = 0; j < n; j++) {
            double line = 0;
            for (size_t i = 0; i < m; i++)
                line += p->column_source[i * n + j];
            norm2 += line * line;
        }
    return sqrt(norm2);
}

/* Where the law is broken most. */
enum status lines_unsolved(const struct lines *l, const char *what, double residual,
                           struct error *error)
{
    size_t worst = 0;
    double most = -1;
    for (size_t k = 0; k < 2 * l->m * l->n; k++) {
        const double f = fabs(k % 2 ? l->fc[k / 2] : l->fr[k / 2]);
        if (!(f <= most)) {
            worst = k;
            most = f;
        }
        if (isnan(f))
            break;
    }
    return fail(error, STATUS_NUMERICAL,
                "%s: residual %.2g of the sources, most at the %s of crossing (%zu, %zu), %g A",
                what, residual, worst % 2 ? "column" : "row", worst / 2 / l->n + 1,
                worst / 2 % l->n + 1, most);
}

/* A guess must have one voltage on an ideal line: that of its first node. */
void lines_level(const struct lines *l, double *vr, double *vc)
{
    for (size_t i = 0; i < l->m; i++)
        for (size_t j = 0; j < l->n; j++) {
            const size_t k = i * l->n + j;
            vr[k] = l->row_siemens > 0 ? vr[k] : vr[i * l->n];
            vc[k] = l->column_siemens > 0 ? vc[k] : vc[j];
        }
}

/* Smallest eigenvalue of a line of n nodes, driven at one end [S]; its grounds alone if ideal. */
static double softest(double siemens, size_t n, double ground)
{
    const double k = M_PI_2 / (double)n;
    return siemens > 0 ? siemens * k * k : ground / (double)n;
}

/* Is elimination cheaper?  Conjugate gradients gain (sqrt(c) - 1)/(sqrt(c) + 1) an iteration, with
 * c = 1/(1 - a b), where a = g/(g + softest mode of a row), b the same of a column, for the mean
 * conductance g. */
static bool direct_is_cheaper(const struct lines *l, const struct lines_problem *p, double gain)
{
    if (!l->direct)
        return false;
    const size_t mn = l->m * l->n;
    double g = 0;
    for (size_t k = 0; k < mn; k++)
        g += p->g[k];
    g /= (double)mn;
    const double a = g / (g + softest(l->row_siemens, l->n, 0)),
                 b = g / (g + softest(l->column_siemens, l->m, 0));
    const double iterations = fmin(1 + 0.5 * log(2 * gain) / sqrt(1 - a * b), 2 * (double)mn);
    const double s = (double)(l->m < l->n ? l->m : l->n), slices = (double)mn / s;
    return slices * (COST_SLICE + COST_SLICE_SQUARE * s * s + COST_SLICE_CUBE * s * s * s) <
           COST_CROSSING * (double)(l->m_padded * l->stride) * (iterations + COST_GRADIENTS_SETUP);
}

enum status lines_correct(struct lines *l, const struct lines_problem *p, double tolerance,
                          double *vr, double *vc, struct lines_report *report, struct error *error)
{
    const double sources = lines_sources(l, p), wanted = tolerance * sources;
    if (sources == 0) {
        memset(vr, 0, l->m * l->n * sizeof *vr);
        memset(vc, 0, l->m * l->n * sizeof *vc);
        report->residual = 0;
        return STATUS_OK;
    }
    if (!(l->row_siemens > 0) || !(l->column_siemens > 0))
        lines_level(l, vr, vc);
    double rounding, norm = lines_residual(l, p, NULL, vr, vc, l->fr, l->fc, &rounding);
    bool factored = false;
    for (int k = 0; k < CORRECTIONS_MAX && !(norm <= fmax(wanted, rounding)); k++) {
        if (!factored) {
            report->direct = direct_is_cheaper(l, p, norm / wanted) && lines_direct_factor(l, p);
            if (!report->direct)
                lines_gradients_factor(l, p);
            factored = true;
        }
        if (report->direct)
            lines_direct_correct(l, p->g, vr, vc);
        else if (!lines_gradients_correct(l, INNER_PART * fmax(wanted, rounding), vr, vc,
                                          &report->iterations))
            k = CORRECTIONS_MAX;
        norm = lines_residual(l, p, NULL, vr, vc, l->fr, l->fc, &rounding);
    }
    report->residual = norm / sources;
    if (norm <= fmax(wanted, rounding))
        return STATUS_OK;
    return lines_unsolved(l, "crossbar not solved", report->residual, error);
}

enum status lines_solve(struct lines *l, const struct lines_problem *p, double tolerance,
                        double *vr, double *vc, struct lines_report *report, struct error *error)
{
    *report = (struct lines_report){0};
    enum status status = lines_check(l, p, tolerance, vr, vc, error);
    if (status == STATUS_OK)
        status = lines_grounded(l, p, p->g, error);
    if (status != STATUS_OK)
        return status;
    return lines_correct(l, p, tolerance, vr, vc, report, error);
}
