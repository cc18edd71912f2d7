/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With U_i in place of the increments k_i, as in Hairer and Wanner's equation (IV.7.25):
 *
 *     (M/(gamma h) - g_y) U_i = g(t + alpha_i h, y + sum a_ij U_j) + M sum (c_ij/h) U_j
 *                               + gamma_i h g_t
 *     y1 = y + sum a_6j U_j + U_6        error = U_6
 *
 * The drive's voltages are linear in t, so that a difference of g over DRIFT of the ramp serves as
 * g_t: its error is DRIFT of the ramp's height over kT/q or an overdrive. */
#include "engine/dae/rosenbrock.h"

#include "base/memory.h"
#include "base/wide.h"
#include "engine/dae/dae_trouble.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DRIFT 1e-6
#define DEFECT_PART 0.05 /* of the tolerance */
#define CORRECTIONS 5
#define STAGE_MAX 1e3 /* [V] the step is beyond its linearization */
#define SETTLING 100
#define SETTLED_PART 1e-3
#define CHANGE_MAX 0.3 /* [V] */

#define GAMMA 0.25
static const double alpha[ROSENBROCK_STAGES] = {0, 0.386, 0.21, 0.63, 1, 1};
static const double gamma_sum[ROSENBROCK_STAGES] = {0.25, -0.1043, 0.1035, -0.03620000000000023,
                                                    0,    0};
static const double a[ROSENBROCK_STAGES][ROSENBROCK_STAGES - 1] = {
    {0},
    {1.544},
    {0.9466785280815826, 0.2557011698983284},
    {3.314825187068521, 2.896124015972201, 0.9986419139977817},
    {1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950},
    {1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1},
};
static const double c[ROSENBROCK_STAGES][ROSENBROCK_STAGES - 1] = {
    {0},
    {-5.6688},
    {-2.430093356833875, -0.2063599157091915},
    {-0.1073529058151375, -9.594562251023355, -20.47028614809616},
    {7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160},
    {8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136,
     -6.058818238834054},
};
/* of the continuous solution */
static const double d2[ROSENBROCK_STAGES - 1] = {10.12623508344586, -7.487995877610167,
                                                 -34.80091861555747, -7.992771707568823,
                                                 1.025137723295662};
static const double d3[ROSENBROCK_STAGES - 1] = {-0.6762803392801253, 6.087714651680015,
                                                 16.43084320892478, 24.76722511418386,
                                                 -6.594389125716872};

bool rosenbrock_new(struct rosenbrock *r, struct dae *d)
{
    *r = (struct rosenbrock){.dae = d, .singular = -1};
    r->lu = sparse_lu_new((int64_t)d->n, d->columns, d->rows);
    r->entries = NEW(d->n_entries + 1, double);
    double **const vectors[] = {&r->y0,    &r->y1,     &r->slope1, &r->residual,
                                &r->drift, &r->point,  &r->defect, &r->begin,
                                &r->mass,  &r->curve2, &r->curve3, &r->drive};
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        *vectors[k] = NEW(d->n, double);
    for (int i = 0; i < ROSENBROCK_STAGES; i++)
        r->stages[i] = NEW(d->n, double);
    r->error = r->stages[ROSENBROCK_STAGES - 1];
    return r->lu != NULL;
}

void rosenbrock_free(struct rosenbrock *r)
{
    double *const vectors[] = {r->y0,     r->y1,     r->slope1, r->residual, r->drift,
                               r->point,  r->defect, r->begin,  r->mass,     r->curve2,
                               r->curve3, r->drive,  r->entries};
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        free(vectors[k]);
    for (int i = 0; i < ROSENBROCK_STAGES; i++)
        free(r->stages[i]);
    sparse_lu_free(r->lu);
}

/* sum over j < m of factors[j] U_j, plus base if there is one -> sum. */
WIDE static void combine(const struct rosenbrock *r, int m, const double *factors,
                         const double *base, double *sum)
{
    const size_t n = r->dae->n;
    if (base)
        memcpy(sum, base, n * sizeof *sum);
    else
        memset(sum, 0, n * sizeof *sum);
    int j = 0;
    for (; j + 1 < m; j += 2) {
        const double f = factors[j], g = factors[j + 1];
        const double *restrict u = r->stages[j], *restrict w = r->stages[j + 1];
        double *restrict s = sum;
        for (size_t k = 0; k < n; k++)
            s[k] += f * u[k] + g * w[k];
    }
    for (; j < m; j++) {
        const double f = factors[j];
        const double *restrict u = r->stages[j];
        double *restrict s = sum;
        for (size_t k = 0; k < n; k++)
            s[k] += f * u[k];
    }
}

/* The largest of x[k] weight[k], 0 for n = 0, and the sum of their squares. */
WIDE static double largest_of(size_t n, const double *restrict x, const double *restrict weight,
                              double *squares)
{
    double sum[4] = {0}, most[4] = {0}; /* four sums do not wait for each other */
    size_t k = 0;
    for (; k + 3 < n; k += 4)
        for (int i = 0; i < 4; i++) {
            const double size = fabs(x[k + (size_t)i]) * weight[k + (size_t)i];
            sum[i] += size * size;
            most[i] = size > most[i] ? size : most[i];
        }
    for (int i = 0; k < n; k++, i++) {
        const double size = fabs(x[k]) * weight[k];
        sum[i] += size * size;
        most[i] = size > most[i] ? size : most[i];
    }
    *squares = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return fmax(fmax(most[0], most[1]), fmax(most[2], most[3]));
}

double rosenbrock_norm(const struct rosenbrock *r, const double *x, const double *weight,
                       double alone, double memory)
{
    const struct dae *d = r->dae;
    const size_t first_kept = dae_first_kept(d);
    double squares, of_states, of_currents;
    const double largest = largest_of(d->n_roots, x, weight, &squares),
                 state =
                     largest_of(d->n - first_kept, x + first_kept, weight + first_kept, &of_states);
    largest_of(first_kept - d->n_roots, x + d->n_roots, weight + d->n_roots, &of_currents);
    const double nodes = sqrt(squares / (double)(d->n_roots + 1));
    return isfinite(squares + of_states + of_currents)
               ? fmax(memory * state, fmax(nodes, alone * fmax(largest, state)))
               : INFINITY;
}

bool rosenbrock_factor(struct rosenbrock *r)
{
    const bool done = sparse_lu_factor(r->lu, r->entries);
    r->singular = done ? -1 : sparse_lu_singular(r->lu);
    return done;
}

void rosenbrock_noise(struct rosenbrock *r, const double *y, double *noise)
{
    const struct dae *d = r->dae;
    memset(noise, 0, d->n * sizeof *noise);
    for (size_t k = 0; k < d->n; k++)
        for (int64_t i = d->columns[k]; i < d->columns[k + 1]; i++)
            noise[d->rows[i]] += DBL_EPSILON * fabs(r->entries[i] * y[k]);
    for (size_t k = 0; k < d->n; k += 2) /* of either sign */
        noise[k] = -noise[k];
    if (r->singular >= 0 || !sparse_lu_solve(r->lu, noise))
        memset(noise, 0, d->n * sizeof *noise);
    for (size_t k = 0; k < d->n; k++)
        noise[k] = fabs(noise[k]);
}

bool rosenbrock_step(struct rosenbrock *r, double t, double h, const double *y)
{
    struct dae *d = r->dae;
    const size_t n = d->n;
    r->h = h;
    r->gamma = GAMMA;
    r->alone = 1;
    memcpy(r->y0, y, n * sizeof *y);
    dae_jacobian(d, t, 1 / (GAMMA * h), y, r->entries);
    if (!rosenbrock_factor(r))
        return false;
    if (!r->known)
        dae_residual(d, t, y, NULL, r->begin);
    r->known = false;
    if (d->ramps) {
        const double ahead = DRIFT * d->edge;
        const double step =
            t + ahead > d->edge ? -ahead : ahead; /* switches open at the ramp's end */
        dae_residual(d, t + step, y, NULL, r->drift);
        for (size_t k = 0; k < n; k++)
            r->drift[k] = (r->drift[k] - r->begin[k]) / step;
    }
    for (int i = 0; i < ROSENBROCK_STAGES; i++) {
        double *u = r->stages[i];
        if (i > 0) {
            combine(r, i, a[i], y, r->point);
            dae_residual(d, t + alpha[i] * h, r->point, NULL, r->residual);
            combine(r, i, c[i], NULL, u);
            dae_mass(d, u, r->mass);
            for (size_t k = 0; k < n; k++)
                u[k] = r->mass[k] / h - r->residual[k];
        } else {
            for (size_t k = 0; k < n; k++)
                u[k] = -r->begin[k];
        }
        if (d->ramps && gamma_sum[i] != 0)
            for (size_t k = 0; k < n; k++)
                u[k] -= gamma_sum[i] * h * r->drift[k];
        if (!sparse_lu_solve(r->lu, u))
            return false;
        double largest = 0;
        for (size_t k = 0; k < d->n_roots; k++)
            if (!(fabs(u[k]) <= largest)) {
                largest = fabs(u[k]);
                r->worst = k;
                if (isnan(largest))
                    return false;
            }
        if (!(largest < STAGE_MAX))
            return false;
    }
    combine(r, ROSENBROCK_STAGES - 1, c[ROSENBROCK_STAGES - 1], NULL, r->slope1);
    for (size_t k = 0; k < n; k++) {
        r->y1[k] = r->point[k] + r->error[k];
        r->slope1[k] = (r->error[k] / GAMMA - r->slope1[k]) / h;
    }
    combine(r, ROSENBROCK_STAGES - 1, d2, NULL, r->curve2);
    combine(r, ROSENBROCK_STAGES - 1, d3, NULL, r->curve3);
    return true;
}

bool rosenbrock_values(struct rosenbrock *r, double t1, const double *weight, double *power)
{
    struct dae *d = r->dae;
    double before = INFINITY;
    for (int i = 0; i <= CORRECTIONS; i++) {
        dae_values(d, t1, r->y1, r->slope1, r->residual, power);
        memcpy(r->defect, r->residual, d->n * sizeof *r->defect);
        if (before < INFINITY && i > 1) {
            dae_jacobian(d, t1, 1 / (r->gamma * r->h), r->y1, r->entries);
            r->factored = r->h;
            if (!rosenbrock_factor(r))
                return false;
        }
        if (!sparse_lu_solve(r->lu, r->defect))
            return false;
        const double norm = rosenbrock_norm(r, r->defect, weight, r->alone, 1);
        if (isinf(norm))
            break;
        r->matrix = norm <= DEFECT_PART;
        if (r->matrix)
            return true;
        before = norm;
        for (size_t k = 0; k < d->n; k++) {
            r->y1[k] -= r->defect[k];
            r->slope1[k] -= r->defect[k] / (r->gamma * r->h);
        }
    }
    r->worst = dae_largest(d, r->defect, weight);
    return false;
}

bool rosenbrock_solve(const struct rosenbrock *r, double *residual)
{
    return r->matrix && sparse_lu_solve(r->lu, residual);
}

void rosenbrock_move(const struct rosenbrock *r, const double *change, double *y, double *slope)
{
    const double speed = 1 / (r->gamma * r->h);
    for (size_t k = 0; k < r->dae->n; k++) {
        y[k] -= change[k];
        slope[k] -= speed * change[k];
    }
}

bool rosenbrock_settle(struct rosenbrock *r, double t, double h, const double *y,
                       const double *weight, double *power)
{
    struct dae *d = r->dae;
    const size_t size = d->n * sizeof *y;
    double norm = INFINITY;
    r->h = h;
    r->factored = 0;
    r->matrix = false;
    r->alone = 1;
    r->known = false;
    memcpy(r->y0, y, size);
    memcpy(r->y1, y, size);
    memset(r->slope1, 0, size);
    memset(r->curve2, 0, size);
    memset(r->curve3, 0, size);
    r->gamma = 1;
    for (int i = 0; i < SETTLING && norm > SETTLED_PART; i++) {
        dae_jacobian(d, t + h, 1 / h, r->y1, r->entries);
        dae_residual(d, t + h, r->y1, r->slope1, r->defect);
        if (!rosenbrock_factor(r) || !sparse_lu_solve(r->lu, r->defect))
            return false;
        norm = 0;
        for (size_t k = 0; k < d->n; k++) {
            double change = r->defect[k];
            if (!isfinite(change))
                return false;
            if (k < d->n_roots && fabs(change) > CHANGE_MAX)
                change = copysign(CHANGE_MAX, change);
            r->y1[k] -= change;
            r->slope1[k] -= change / h;
            norm = fmax(norm, fabs(change) * weight[k]);
        }
    }
    dae_values(d, t + h, r->y1, r->slope1, r->residual, power);
    return norm <= SETTLED_PART;
}

void rosenbrock_accept(struct rosenbrock *r)
{
    dae_mass(r->dae, r->slope1, r->mass);
    for (size_t k = 0; k < r->dae->n; k++)
        r->begin[k] = r->residual[k] - r->mass[k];
    r->known = true;
}

void rosenbrock_kink(struct rosenbrock *r)
{
    dae_drive_currents(r->dae, r->point);
    for (size_t k = 0; k < r->dae->n_roots; k++)
        r->begin[k] += r->point[k] - r->drive[k];
    memcpy(r->drive, r->point, r->dae->n_roots * sizeof *r->drive);
}

WIDE void rosenbrock_between(const struct rosenbrock *r, double part, double *restrict y,
                             double *restrict slope)
{
    const double s = part, rest = 1 - part;
    const double *restrict y0 = r->y0, *restrict y1 = r->y1, *restrict p = r->curve2,
                           *restrict q = r->curve3;
    const double speed = 1 / r->h, linear = 1 - 2 * s, square = s * (2 - 3 * s);
    for (size_t k = 0; k < r->dae->n; k++) {
        y[k] = rest * y0[k] + s * (y1[k] + rest * (p[k] + s * q[k]));
        slope[k] = (y1[k] - y0[k] + linear * p[k] + square * q[k]) * speed;
    }
}

bool rosenbrock_correct(struct rosenbrock *r, double t, const double *weight, double *y,
                        double *slope)
{
    double *change = r->defect, before = INFINITY;
    for (int i = 0; i <= CORRECTIONS && r->matrix; i++) {
        dae_residual(r->dae, t, y, slope, change);
        if (!sparse_lu_solve(r->lu, change))
            return false;
        const double norm = rosenbrock_norm(r, change, weight, 1, 1);
        if (!(norm < before))
            return false;
        for (size_t k = 0; k < r->dae->n; k++) {
            y[k] -= change[k];
            slope[k] -= change[k] / (r->gamma * r->h);
        }
        if (norm <= 1)
            return true;
        before = 0.5 * norm;
    }
    return false;
}
