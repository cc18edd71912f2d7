/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/lines/lines_internal.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CORRECTIONS_MAX 8 /* restarts of one solution, each from the recomputed residual */
#define INNER_PART 0.3 /* of the wanted residual: the recursive residual drifts from the true one */

#define TIGHTENINGS_MAX 12 /* of the wanted residual, until the bound of the currents is met */
#define UNKNOWN_PART 1e-4  /* by which the wanted residual is tightened while no current flows */
#define ROUNDING_MOST 1e-8 /* of the sources: rounding excuses no residual above it */
#define NUMBER_MAX 1e100   /* of an input: squares must not overflow */

/* Cost of the two methods [ns], measured on one x86-64 core near 3 GHz.  Only their ratio is used. */
#define COST_CROSSING 3.      /* conjugate gradients: of an iteration, for each padded crossing */
#define COST_SETUP 5.         /* factoring and correcting cost as much as so many iterations */
#define COST_SLICE 60.        /* elimination: a slice, */
#define COST_SLICE_SQUARE 3.5 /* for each s^2 of it */
#define COST_SLICE_CUBE 0.4   /* for each s^3 of it */

struct lines *lines_new(size_t rows, size_t columns, double row_ohm, double column_ohm)
{
    struct lines *l = NEW(1, struct lines);
    const size_t mn = rows * columns, s = rows < columns ? rows : columns,
                 longer = rows < columns ? columns : rows, s_padded = (s + 3) / 4 * 4;
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
        l->inverse = NEW(longer * s * s_padded, double);
        l->forward = NEW(longer * s_padded, double);
        l->across = NEW(longer * s, double);
        l->slice = NEW(4 * s_padded, double);
    }
    double **const arrays[] = {&l->zeros, &l->fr, &l->fc, &l->v,       &l->current,
                               &l->slope, &l->dr, &l->dc, &l->trial_r, &l->trial_c};
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
    free(l->zeros);
    free(l->grounded);
    free(l);
}

struct lines_problem lines_filled(const struct lines *l, const struct lines_problem *p)
{
    return (struct lines_problem){
        .g = p->g ? p->g : l->zeros,
        .row_ground = p->row_ground ? p->row_ground : l->zeros,
        .column_ground = p->column_ground ? p->column_ground : l->zeros,
        .row_source = p->row_source ? p->row_source : l->zeros,
        .column_source = p->column_source ? p->column_source : l->zeros,
    };
}

static inline pair load(const double *a)
{
    pair p;
    memcpy(&p, a, sizeof p); /* m x n arrays need not be aligned */
    return p;
}

static inline void store(double *a, pair value)
{
    memcpy(a, &value, sizeof value);
}

/* STATUS_INPUT unless all m x n numbers lie between `least` and NUMBER_MAX.  The sum of squares and the
 * sign bits decide for good arrays; the search for the culprit runs only for others. */
static enum status check(const struct lines *l, const double *a, double least, const char *what,
                         const char *unit, struct error *error)
{
    const size_t n = l->m * l->n;
    pair square = {0};
    pair_mask signs = {0}; /* the sign bits of all */
    size_t k = 0;
    for (; k + 2 <= n; k += 2) {
        const pair v = load(a + k);
        square += v * v;
        signs |= (pair_mask)v;
    }
    const bool good = square[0] + square[1] <= NUMBER_MAX * NUMBER_MAX &&
                      (least < 0 || (signs[0] | signs[1]) >= 0);
    for (k = good ? k : 0; k < n && a[k] >= least && a[k] <= NUMBER_MAX;)
        k++;
    if (k == n)
        return STATUS_OK;
    return fail(error, STATUS_INPUT, "crossing (%zu, %zu): %s is %g %s, expected a %s up to %g",
                k / l->n + 1, k % l->n + 1, what, a[k], unit,
                least < 0 ? "number" : "positive number", NUMBER_MAX);
}

enum status lines_check(struct lines *l, const struct lines_problem *p, double tolerance,
                        const struct lines_voltages *v, struct error *error)
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
                  {p->row_source, -NUMBER_MAX, "row's source", "A"},
                  {p->column_source, -NUMBER_MAX, "column's source", "A"},
                  {v->row, -NUMBER_MAX, "guess of the row's voltage", "V"},
                  {v->column, -NUMBER_MAX, "guess of the column's voltage", "V"}};
    enum status status = STATUS_OK;
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0] && status == STATUS_OK; k++)
        status = check(l, arrays[k].a, arrays[k].least, arrays[k].what, arrays[k].unit, error);
    return status;
}

/* A line that reaches ground neither itself nor through devices and other lines has no voltage. */
enum status lines_grounded(struct lines *l, const struct lines_problem *p, const double *g,
                           struct error *error)
{
    const size_t m = l->m, n = l->n;
    bool *row = l->grounded, *column = l->grounded + m;
    size_t left = m + n, before;
    memset(l->grounded, 0, (m + n) * sizeof *l->grounded);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            row[i] |= p->row_ground[i * n + j] > 0;
            column[j] |= p->column_ground[i * n + j] > 0;
        }
    for (size_t k = 0; k < m + n; k++)
        left -= l->grounded[k];
    do {
        before = left;
        for (size_t i = 0; left > 0 && i < m; i++)
            for (size_t j = 0; j < n; j++)
                if (g[i * n + j] > 0 && row[i] != column[j]) {
                    row[i] = column[j] = true;
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

static double norm2(const double *f, size_t n)
{
    pair even = {0}, odd = {0};
    size_t k = 0;
    for (; k + 4 <= n; k += 4) {
        even += load(f + k) * load(f + k);
        odd += load(f + k + 2) * load(f + k + 2);
    }
    even += odd;
    double sum = even[0] + even[1];
    for (; k < n; k++)
        sum += f[k] * f[k];
    return sum;
}

/* Add up f over the nodes of each ideal line into its first node; returns the squared norm of f. */
static double sum_lines(const struct lines *l, double *f, bool rows, double siemens)
{
    const size_t lines = rows ? l->m : l->n, nodes = rows ? l->n : l->m;
    for (size_t a = 0; siemens == 0 && a < lines; a++) {
        double *first = f + a * (rows ? l->n : 1);
        for (size_t b = 1; b < nodes; b++) {
            double *node = first + b * (rows ? 1 : l->n);
            *first += *node;
            *node = 0;
        }
    }
    return norm2(f, l->m * l->n);
}

double lines_residual(struct lines *l, const struct lines_problem *p, const double *current,
                      const struct lines_voltages *at)
{
    const double *vr = at->row, *vc = at->column;
    double *fr = l->fr, *fc = l->fc;
    const size_t m = l->m, n = l->n;
    const double cr = l->row_siemens, cc = l->column_siemens;
    const pair crs = {cr, cr}, ccs = {cc, cc};
    for (size_t i = 0; i < m; i++) {
        const size_t above = i > 0 ? n : 0, below = i + 1 < m ? n : 0;
        for (size_t j = 0; j < n;) {
            const size_t k = i * n + j;
            if (j > 0 && j + 2 < n) { /* two whose neighbours are in memory */
                const pair v = load(vr + k), w = load(vc + k);
                pair device = load(p->g + k) * (v - w);
                if (current)
                    device = load(current + k);
                store(fr + k, load(p->row_source + k) - load(p->row_ground + k) * v - device -
                                  crs * ((v - load(vr + k - 1)) + (v - load(vr + k + 1))));
                store(fc + k, load(p->column_source + k) - load(p->column_ground + k) * w + device -
                                  ccs * ((w - load(vc + k - above)) + (w - load(vc + k + below))));
                j += 2;
                continue;
            }
            const double v = vr[k], w = vc[k];
            const double left = j > 0 ? vr[k - 1] : v, right = j + 1 < n ? vr[k + 1] : v;
            const double device = current ? current[k] : p->g[k] * (v - w);
            fr[k] =
                p->row_source[k] - p->row_ground[k] * v - device - cr * ((v - left) + (v - right));
            fc[k] = p->column_source[k] - p->column_ground[k] * w + device -
                    cc * ((w - vc[k - above]) + (w - vc[k + below]));
            j++;
        }
    }
    return sqrt(sum_lines(l, fr, true, cr) + sum_lines(l, fc, false, cc));
}

bool lines_bounded(const struct lines *l, const struct lines_problem *p, double tolerance,
                   const double *vc, double *bound, double *smallest)
{
    *bound = 0;
    *smallest = INFINITY;
    for (size_t k = 0; k < l->m * l->n; k++) {
        const double out = fabs(p->column_ground[k] * vc[k]);
        *bound += fabs(l->fr[k]) + fabs(l->fc[k]);
        *smallest = out > 0 ? fmin(*smallest, out) : *smallest;
    }
    return *smallest < INFINITY && *bound <= tolerance * *smallest;
}

double lines_rounding(const struct lines *l, const struct lines_problem *p, double sources,
                      const struct lines_voltages *at)
{
    double size2 = 0;
    for (size_t k = 0; k < l->m * l->n; k++) {
        const double v = fabs(at->row[k]), w = fabs(at->column[k]), device = 3 * p->g[k] * (v + w);
        const double row =
            device + fabs(p->row_source[k]) + (2 * p->row_ground[k] + 4 * l->row_siemens) * v;
        const double column = device + fabs(p->column_source[k]) +
                              (2 * p->column_ground[k] + 4 * l->column_siemens) * w;
        size2 += row * row + column * column;
    }
    return fmin(DBL_EPSILON / 2 * sqrt(size2), ROUNDING_MOST * sources);
}

double lines_sources(struct lines *l, const struct lines_problem *p)
{
    const size_t bytes = l->m * l->n * sizeof *l->fr;
    memcpy(l->fr, p->row_source, bytes);
    memcpy(l->fc, p->column_source, bytes);
    return sqrt(sum_lines(l, l->fr, true, l->row_siemens) +
                sum_lines(l, l->fc, false, l->column_siemens));
}

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

void lines_level(const struct lines *l, const struct lines_voltages *v)
{
    double *vr = v->row, *vc = v->column;
    for (size_t i = 0; i < l->m; i++)
        for (size_t j = 0; j < l->n; j++) {
            const size_t k = i * l->n + j;
            vr[k] = l->row_siemens > 0 ? vr[k] : vr[i * l->n];
            vc[k] = l->column_siemens > 0 ? vc[k] : vc[j];
        }
}

/* Smallest eigenvalue of a line of n nodes that is driven at one end [S]. */
static double softest(double siemens, size_t n)
{
    const double k = M_PI_2 / (double)n;
    return siemens * k * k;
}

/* Compares estimated costs.  An iteration of conjugate gradients reduces the error by
 * (sqrt(c) - 1)/(sqrt(c) + 1) with c = 1/(1 - a b), a = g/(g + softest mode of a row) and b the same
 * for a column, for the mean conductance g; the residual has to fall by the factor `gain`. */
static bool direct_is_cheaper(const struct lines *l, const struct lines_problem *p, double gain)
{
    if (!l->direct)
        return false;
    const size_t mn = l->m * l->n;
    double g = 0;
    for (size_t k = 0; k < mn; k++)
        g += p->g[k];
    g /= (double)mn;
    const double a = g / (g + softest(l->row_siemens, l->n)),
                 b = g / (g + softest(l->column_siemens, l->m));
    const double iterations = fmin(1 + 0.5 * log(2 * gain) / sqrt(1 - a * b), 2 * (double)mn);
    const double s = (double)(l->m < l->n ? l->m : l->n), slices = (double)mn / s;
    return slices * (COST_SLICE + COST_SLICE_SQUARE * s * s + COST_SLICE_CUBE * s * s * s) <
           COST_CROSSING * (double)(l->m_padded * l->stride) * (iterations + COST_SETUP);
}

enum status lines_correct(struct lines *l, const struct lines_problem *p, double tolerance,
                          const struct lines_voltages *v, struct lines_report *report,
                          struct error *error)
{
    double *vr = v->row, *vc = v->column;
    const double sources = lines_sources(l, p), wanted = tolerance * sources;
    if (sources == 0) {
        memset(vr, 0, l->m * l->n * sizeof *vr);
        memset(vc, 0, l->m * l->n * sizeof *vc);
        report->residual = 0;
        return STATUS_OK;
    }
    if (!(l->row_siemens > 0) || !(l->column_siemens > 0))
        lines_level(l, v);
    double norm = lines_residual(l, p, NULL, v);
    for (int k = 0; k < CORRECTIONS_MAX && !(norm <= wanted); k++) {
        if (k == 0) {
            report->direct = direct_is_cheaper(l, p, norm / wanted) && lines_direct_factor(l, p);
            if (!report->direct)
                lines_gradients_factor(l, p);
        }
        if (report->direct)
            lines_direct_correct(l, p->g, vr, vc);
        else if (!lines_gradients_correct(l, INNER_PART * wanted, vr, vc, &report->iterations))
            k = CORRECTIONS_MAX;
        const double before = norm;
        norm = lines_residual(l, p, NULL, v);
        if (!(norm <= 0.5 * before) || (norm > wanted && norm <= lines_rounding(l, p, sources, v)))
            break;
    }
    report->residual = norm / sources;
    if (norm <= wanted || norm <= lines_rounding(l, p, sources, v))
        return STATUS_OK;
    return lines_unsolved(l, "crossbar not solved", report->residual, error);
}

enum status lines_solve(struct lines *l, const struct lines_problem *p, double tolerance,
                        const struct lines_voltages *v, struct lines_report *report,
                        struct error *error)
{
    *report = (struct lines_report){0};
    const struct lines_problem full = lines_filled(l, p);
    enum status status = lines_check(l, &full, tolerance, v, error);
    if (status == STATUS_OK)
        status = lines_grounded(l, &full, full.g, error);
    if (status != STATUS_OK)
        return status;
    const double sources = lines_sources(l, &full);
    double residual = tolerance, smallest;
    for (int k = 0; k < TIGHTENINGS_MAX; k++) {
        status = lines_correct(l, &full, residual, v, report, error);
        if (status != STATUS_OK || report->residual == 0 ||
            lines_bounded(l, &full, tolerance, v->column, &report->bound, &smallest) ||
            report->residual * sources <= lines_rounding(l, &full, sources, v))
            break;
        /* without a current into ground there is nothing to compare the bound with */
        residual *= smallest < INFINITY ? 0.3 * tolerance * smallest / report->bound : UNKNOWN_PART;
    }
    return status;
}
