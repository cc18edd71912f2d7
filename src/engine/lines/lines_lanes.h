/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loops of lines_lockstep.c for LANES vectors side by side; included once for each number, with
 * LANES and NAME(identifier) defined.  A lane holds one number of each vector; arrays of lanes are
 * m x n. */

typedef double NAME(lane)
    __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));
#define lane NAME(lane)

struct NAME(work) {
    lane *x, *r, *p, *q; /* m x n */
    lane *volts, *line;  /* m: of the drivers; ABREAST x n */
};

/* x = R^-1 x of `count` rows from i on, x: count x n.  A row is one chain of dependent operations, so
 * ABREAST of them run side by side. */
static inline __attribute__((always_inline)) void
NAME(rows_along)(const struct lines_lockstep *l, size_t i, const size_t count, lane *x)
{
    const size_t n = l->n;
    const double *e = l->row_factor + i * n;
    lane v[ABREAST] = {{0}};
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < count; k++)
            x[k * n + j] = v[k] = e[k * n + j] * (x[k * n + j] + v[k]);
    for (size_t k = 0; k < count; k++)
        v[k] = (lane){0};
    for (size_t j = n; j-- > 0;)
        for (size_t k = 0; k < count; k++)
            x[k * n + j] = v[k] = x[k * n + j] + e[k * n + j] * v[k];
}

static inline __attribute__((always_inline)) void NAME(rows_solve)(const struct lines_lockstep *l,
                                                                   size_t i, size_t count, lane *x)
{
    const size_t n = l->n;
    if (!l->ideal_rows && count == ABREAST) {
        NAME(rows_along)(l, i, ABREAST, x);
        return;
    }
    for (size_t k = 0; k < count; k++, x += n) {
        lane v = {0};
        if (!l->ideal_rows) {
            NAME(rows_along)(l, i + k, 1, x);
            continue;
        }
        for (size_t j = 0; j < n; j++)
            v += x[j];
        v *= l->row_inverse[i + k];
        for (size_t j = 0; j < n; j++)
            x[j] = v;
    }
}

/* to = column_unit G R^-1 (f + G vc); vc NULL: zeros; vr: R^-1 (f + G vc), or NULL. */
WIDE static void NAME(gather)(const struct lines_lockstep *l, const struct NAME(work) * w,
                              const lane *vc, lane *vr, lane *to)
{
    const size_t n = l->n;
    lane *y = w->line;
    for (size_t i = 0; i < l->m; i += ABREAST) {
        const size_t count = l->m - i < ABREAST ? l->m - i : ABREAST;
        const double *g = l->g + i * n;
        for (size_t k = 0; k < count * n; k++) {
            y[k] = (lane){0};
            if (l->fixed_rows)
                y[k] = w->volts[i + k / n];
            else if (vc)
                y[k] = vc[i * n + k] * (g[k] * l->row_unit);
        }
        for (size_t k = 0; k < count && !l->fixed_rows; k++)
            y[k * n] += w->volts[i + k] * (l->driver * l->row_unit);
        if (!l->fixed_rows)
            NAME(rows_solve)(l, i, count, y);
        for (size_t k = 0; k < count * n; k++)
            to[i * n + k] = y[k] * (g[k] * l->column_unit);
        if (vr)
            memcpy(vr + i * n, y, count * n * sizeof *y);
    }
}

/* x = C^-1 x */
WIDE static void NAME(columns_solve)(const struct lines_lockstep *l, const struct NAME(work) * w,
                                     lane *x)
{
    const size_t m = l->m, n = l->n;
    lane *sum = w->line;
    memset(sum, 0, n * sizeof *sum);
    for (size_t i = 0; i < m; i++, x += n) {
        const double *e = l->column_factor + i * n;
        for (size_t j = 0; j < n; j++)
            if (l->ideal_columns)
                sum[j] += x[j];
            else
                x[j] = sum[j] = e[j] * (x[j] + sum[j]);
    }
    for (size_t j = 0; j < n; j++)
        sum[j] *= l->ideal_columns ? l->column_inverse[j] : 0;
    for (size_t i = m; i-- > 0;) {
        const double *e = l->column_factor + i * n;
        x -= n;
        for (size_t j = 0; j < n; j++) {
            if (!l->ideal_columns)
                sum[j] = x[j] + e[j] * sum[j];
            x[j] = sum[j];
        }
    }
}

/* q = column_unit S p, or C p (`schur` false); *pq = p q. */
WIDE static void NAME(image)(const struct lines_lockstep *l, bool schur, const lane *p, lane *q,
                             lane *y, double pq[LANES])
{
    const size_t m = l->m, n = l->n;
    const double along = l->ideal_columns ? 0 : 1;
    lane sum = {0};
    for (size_t i = 0; i < m; i++) {
        const double *g = l->g + i * n;
        const lane *own = p + i * n, *up = i > 0 ? own - n : own, *down = i + 1 < m ? own + n : own;
        lane *row = y + i % ABREAST * n;
        if (i % ABREAST == 0) {
            const size_t count = m - i < ABREAST ? m - i : ABREAST;
            for (size_t k = 0; k < count * n; k++)
                y[k] = own[k] * (schur ? g[k] * l->row_unit : 0);
            if (schur)
                NAME(rows_solve)(l, i, count, y);
        }
        const double ground = i + 1 == m ? l->sense * l->column_unit : 0;
        for (size_t j = 0; j < n; j++) {
            const lane v = own[j];
            const lane out = v * ground + (v - row[j]) * (g[j] * l->column_unit) +
                             ((v - up[j]) + (v - down[j])) * along;
            q[i * n + j] = out;
            sum += v * out;
        }
    }
    memcpy(pq, &sum, sizeof sum);
}

/* r -= alpha q, then half of z = C^-1 r, left in q (ideal columns: all of it, in w->line); *rz = r z. */
WIDE static void NAME(forward)(const struct lines_lockstep *l, const struct NAME(work) * w,
                               const double alpha[LANES], double rz[LANES])
{
    const size_t m = l->m, n = l->n;
    lane sums = {0}, a, *sum = w->line;
    memcpy(&a, alpha, sizeof a);
    memset(sum, 0, n * sizeof *sum);
    for (size_t i = 0; i < m; i++) {
        const double *e = l->column_factor + i * n;
        lane *r = w->r + i * n, *q = w->q + i * n;
        for (size_t j = 0; j < n; j++) {
            const lane left = r[j] - a * q[j], u = left + sum[j];
            r[j] = left;
            sum[j] = u;
            if (!l->ideal_columns) {
                q[j] = sum[j] = e[j] * u;
                sums += u * sum[j];
            }
        }
    }
    for (size_t j = 0; j < n && l->ideal_columns; j++) {
        const lane z = sum[j] * l->column_inverse[j];
        sums += sum[j] * z;
        sum[j] = z;
    }
    memcpy(rz, &sums, sizeof sums);
}

/* x += alpha p; the other half of z; p = z + beta p; *norm = sum of (z / first)^2. */
WIDE static void NAME(backward)(const struct lines_lockstep *l, const struct NAME(work) * w,
                                const double alpha[LANES], const double beta[LANES],
                                double norm[LANES])
{
    const size_t n = l->n;
    lane squares = {0}, a, b, *sum = w->line;
    memcpy(&a, alpha, sizeof a);
    memcpy(&b, beta, sizeof b);
    if (!l->ideal_columns)
        memset(sum, 0, n * sizeof *sum);
    for (size_t i = l->m; i-- > 0;) {
        const double *e = l->column_factor + i * n, *inverse = l->first_inverse + i * n;
        lane *x = w->x + i * n, *p = w->p + i * n;
        const lane *q = w->q + i * n;
        for (size_t j = 0; j < n; j++) {
            lane z = sum[j];
            if (!l->ideal_columns)
                z = sum[j] = q[j] + e[j] * z;
            const lane part = z * inverse[j];
            squares += part * part;
            x[j] += a * p[j];
            p[j] = z + b * p[j];
        }
    }
    memcpy(norm, &squares, sizeof squares);
}

/* x += the answer to r, until the sum of (z / first)^2 is target^2 in all lanes. */
static bool NAME(gradients)(const struct lines_lockstep *l, const struct NAME(work) * w,
                            const double *target, size_t *iterations)
{
    double alpha[LANES] = {0}, beta[LANES] = {0}, rz[LANES], before[LANES], norm[LANES], pq[LANES];
    memset(w->p, 0, l->m * l->n * sizeof *w->p);
    memset(w->q, 0, l->m * l->n * sizeof *w->q);
    NAME(forward)(l, w, alpha, rz);
    for (size_t k = 0; k < ITERATIONS_MAX; k++) {
        NAME(backward)(l, w, alpha, beta, norm);
        bool done = true;
        for (int a = 0; a < LANES; a++)
            done = done && norm[a] <= target[a] * target[a];
        if (done)
            return true;
        NAME(image)(l, true, w->p, w->q, w->line, pq);
        for (int a = 0; a < LANES; a++) {
            alpha[a] = pq[a] > 0 ? rz[a] / pq[a] : 0;
            before[a] = rz[a];
        }
        NAME(forward)(l, w, alpha, rz);
        for (int a = 0; a < LANES; a++)
            beta[a] = before[a] > 0 ? rz[a] / before[a] : 0;
        ++*iterations;
    }
    return false;
}

/* zeta: largest |q - x| over the weights. */
static void NAME(changes)(const struct lines_lockstep *l, const struct NAME(work) * w, double *zeta)
{
    for (int a = 0; a < LANES; a++)
        zeta[a] = 0;
    for (size_t k = 0; k < l->m * l->n; k++)
        for (int a = 0; a < LANES; a++) {
            const double z = fabs(w->q[k][a] - w->x[k][a]);
            const double part = z > 0 ? z / l->weight[k] : 0;
            if (!(part <= zeta[a]))
                zeta[a] = part;
        }
}

/* The weights and mu from lane 0, whose sweep from x is in q. */
static void NAME(weigh)(struct lines_lockstep *l, const struct NAME(work) * w)
{
    double mu = 1;
    for (size_t k = 0; k < l->m * l->n; k++) {
        const double x = w->x[k][0], rise = l->first[k] - (w->q[k][0] - x);
        l->weight[k] = x;
        if (x > 0 || rise < 0)
            mu = fmin(mu, x > 0 ? rise / x : 0);
    }
    l->mu = mu > 0 ? mu * (1 - MU_ROUNDING) : 0;
}

/* r = C (q - x), from which the iteration goes on. */
static void NAME(restart)(const struct lines_lockstep *l, const struct NAME(work) * w)
{
    double unused[LANES];
    for (size_t k = 0; k < l->m * l->n; k++)
        w->p[k] = w->q[k] - w->x[k];
    NAME(image)(l, false, w->p, w->r, w->line, unused);
}

static void NAME(emit)(const struct lines_lockstep *l, const struct NAME(work) * w,
                       const struct block *b)
{
    const size_t m = l->m, n = l->n;
    for (size_t v = 0; v < b->count; v++) {
        const size_t a = v + b->weigh;
        for (size_t k = 0; k < m * n; k++) {
            if (b->row_volt)
                b->row_volt[v * m * n + k] = w->p[k][a];
            if (b->column_volt)
                b->column_volt[v * m * n + k] = l->fixed_columns ? 0 : w->q[k][a];
        }
    }
}

/* Current of column j in lane a: of the last sweep. */
static double NAME(current)(const struct lines_lockstep *l, const struct NAME(work) * w, size_t j,
                            size_t a)
{
    double sum = 0;
    for (size_t i = 0; l->fixed_columns && i < l->m; i++)
        sum += l->g[i * l->n + j] * w->p[i * l->n + j][a];
    return l->fixed_columns ? sum : l->sense * w->q[(l->m - 1) * l->n + j][a];
}

/* Currents and bounds of the last sweep; tightens the targets of the lanes that need more; true: none does. */
static bool NAME(judge)(const struct lines_lockstep *l, const struct NAME(work) * w,
                        const struct block *b, double *target, double *before)
{
    const double round = lines_rounding_part(l->m, l->n);
    double zeta[LANES] = {0};
    bool good = true;
    if (!(l->fixed_columns || l->fixed_rows))
        NAME(changes)(l, w, zeta);
    for (size_t v = 0; v < b->count; v++) {
        const size_t a = v + b->weigh;
        const double part = zeta[a] * (1 - l->mu) / l->mu + round;
        bool enough = true;
        for (size_t j = 0; j < l->n; j++) {
            const double current = NAME(current)(l, w, j, a), bound = part * l->reach[j];
            b->current[v * l->n + j] = current;
            b->bound[v * l->n + j] = bound;
            enough = enough && bound <= b->tolerance * fabs(current);
        }
        /* a change that no longer falls is the sweep's own rounding */
        if (!enough && zeta[a] < FALLS * before[a]) {
            target[a] = fmax(target[a] * TIGHTER, TARGET_LEAST);
            good = false;
        }
        before[a] = zeta[a];
    }
    return good;
}

/* What the weights reach at the outputs. */
static void NAME(reach)(struct lines_lockstep *l, const struct NAME(work) * w)
{
    for (size_t j = 0; j < l->n; j++)
        l->reach[j] =
            REACH * fmax(NAME(current)(l, w, j, 0),
                         l->fixed_columns ? 0 : l->sense * w->x[(l->m - 1) * l->n + j][0]);
}

/* Where the iteration begins: r, `first`, and how far each lane should go. */
static void NAME(begin)(struct lines_lockstep *l, const struct NAME(work) * w,
                        const struct block *b, double *target)
{
    const size_t mn = l->m * l->n;
    memset(w->x, 0, mn * sizeof *w->x);
    NAME(gather)(l, w, NULL, NULL, w->r);
    memcpy(w->q, w->r, mn * sizeof *w->q);
    NAME(columns_solve)(l, w, w->q);
    for (size_t k = 0; b->weigh && k < mn; k++) {
        l->first[k] = w->q[k][0];
        l->first_inverse[k] = l->first[k] > 0 ? 1 / l->first[k] : 0;
    }
    for (size_t a = 0; a < LANES; a++) {
        double share = 1;
        for (size_t j = 0; j < l->n; j++) {
            const size_t k = (l->m - 1) * l->n + j;
            share = fmin(share, l->first[k] > 0 ? fabs(w->q[k][a]) / l->first[k] : 1);
        }
        target[a] = b->weigh && a == 0         ? WEIGHT_TARGET
                    : a >= b->count + b->weigh ? 1
                                               : fmax(PART * b->tolerance * share, TARGET_LEAST);
    }
}

/* At most LANES vectors, with that of the weights in lane 0 if these are not known. */
static enum status NAME(solve)(struct lines_lockstep *l, const struct block *b, size_t *iterations,
                               struct error *error)
{
    const size_t m = l->m, n = l->n, mn = m * n;
    lane *const room = (lane *)l->work;
    const struct NAME(work)
        w = {room, room + mn, room + 2 * mn, room + 3 * mn, room + 4 * mn, room + 4 * mn + m};
    const bool exact = l->fixed_rows || l->fixed_columns;
    double target[LANES], before[LANES];
    bool done = false, converged = true;
    size_t passes = 0;
    memset(w.volts, 0, m * sizeof *w.volts);
    for (size_t a = 0; a < LANES; a++)
        before[a] = INFINITY;
    for (size_t i = 0; i < m; i++) {
        if (b->weigh)
            w.volts[i][0] = b->envelope[i];
        for (size_t v = 0; v < b->count; v++)
            w.volts[i][v + b->weigh] = b->volts[v * m + i];
    }
    if (!exact)
        NAME(begin)(l, &w, b, target);
    while (!done && converged && passes++ < PASSES_MAX) {
        if (!exact)
            converged = NAME(gradients)(l, &w, target, iterations);
        NAME(gather)(l, &w, exact ? NULL : w.x, w.p, w.q);
        if (!l->fixed_columns)
            NAME(columns_solve)(l, &w, w.q);
        if (b->weigh && passes == 1) {
            NAME(reach)(l, &w);
            if (!exact)
                NAME(weigh)(l, &w);
            else
                l->mu = 1;
        }
        done = l->mu > 0 && NAME(judge)(l, &w, b, target, before);
        if (!done)
            NAME(restart)(l, &w);
    }
    if (done)
        NAME(emit)(l, &w, b);
    return done ? STATUS_OK
                : fail(error, STATUS_NUMERICAL,
                       "static read: the error of the currents has no bound after %zu iterations",
                       *iterations);
}

#undef lane
