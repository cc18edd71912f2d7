/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/dae/ida_run.h"

#include <math.h>
#include <string.h>

#define POWER_CORRECTIONS 4 /* of the solution for its powers */
#define CORRECTION_MAX 30   /* tolerances that the first of them may be long */
#define POWER_PART 0.1      /* of the error of energies that the last of them may leave */
/* part of reltol that a step's likely error of a class's energy may take */
#define ENERGY_PART 1.0

/* The circuit at time t, from `between'.  Without `power' voltages, states and, where a probe reads
 * one, currents. */
void ida_find_values(struct run *r, double t, double *residual, double *power)
{
    if (power || r->probes_currents)
        dae_values(r->dae, t, r->between, r->between_slope, residual, power);
    else
        dae_voltages(r->dae, t, r->between);
}

/* At t0 + part h of the step that ends at r->end. */
void ida_evaluate_between(struct run *r, double t0, double part, double *residual, double *power)
{
    const double t = t0 + part * (r->end - t0);
    if (r->multistep)
        idas_between(r->idas, t, r->between, r->between_slope);
    else
        rosenbrock_between(&r->rosenbrock, part, r->between, r->between_slope);
    ida_find_values(r, t, residual, power);
}

/* The circuit's last evaluation is that of the end of the step. */
void ida_keep_end(struct run *r)
{
    memcpy(r->end_values, r->dae->values, circuit_n_values(r->circuit) * sizeof *r->end_values);
    memcpy(r->end_resting, r->dae->resting, r->circuit->n_nodes * sizeof *r->end_resting);
}

/* The solution at t, y, whose powers are of the last evaluation, would move by `change`: Newton's method
 * goes on for as long as powers would move too.  residual, change: n, or one array.  *moved: has it?
 * Returns what the powers' errors, kept over the step, may come to in units of what is allowed. */
struct moving {
    double t, *y, *slope, *residual, *change, *power;
};
static double settle_powers(struct run *r, const struct moving *m, bool *moved)
{
    const double reltol = ENERGY_PART * r->options->reltol;
    double of[ENERGY_CLASSES], moves[ENERGY_CLASSES], before = CORRECTION_MAX;
    for (int i = 0;; i++) {
        power_change_classes(&r->power_change, m->power, m->change, of, moves);
        const double excess = step_energy_excess(&r->energy, moves, of, r->rosenbrock.h, reltol);
        *moved = i > 0;
        if (excess <= POWER_PART || i == POWER_CORRECTIONS)
            return excess;
        const double norm = rosenbrock_norm(&r->rosenbrock, m->change, r->weight, 1, 1);
        if (!(norm <= before))
            return INFINITY;
        before = norm;
        rosenbrock_move(&r->rosenbrock, m->change, m->y, m->slope);
        dae_values(r->dae, m->t, m->y, m->slope, m->residual, m->power);
        if (m->change != m->residual)
            memcpy(m->change, m->residual, r->dae->n * sizeof *m->change);
        if (!rosenbrock_solve(&r->rosenbrock, m->change))
            return INFINITY;
    }
}

/* Powers at t0 + part h, of the continuous solution, which *wrong puts back on the equations, or finds that
 * it need not. */
static double powers_between(struct run *r, double t0, double part, double *power, bool *wrong)
{
    ida_evaluate_between(r, t0, part, *wrong ? r->residual : NULL, power);
    if (!*wrong)
        return 0;
    if (!rosenbrock_solve(&r->rosenbrock, r->residual))
        return INFINITY;
    const struct moving m = {
        t0 + part * (r->end - t0), r->between, r->between_slope, r->residual, r->residual, power};
    return settle_powers(r, &m, wrong);
}

/* Energies of the step from t0 to r->end that a one-step method has tried; values and powers at
 * r->end are computed. `kink`: the drive has a kink at t0, where capacitor currents jump.
 * Returns the energies' error in units of the allowed one. */
double ida_find_energies(struct run *r, double t0, bool kink)
{
    struct rosenbrock *method = &r->rosenbrock;
    struct step_energy *e = &r->energy;
    const struct moving end = {r->end,           method->y1,     method->slope1,
                               method->residual, method->defect, e->end};
    bool wrong;
    double excess = settle_powers(r, &end, &wrong);
    ida_keep_end(r);
    if (kink && r->phase->changed) {
        ida_evaluate_between(r, t0, 0, NULL, e->begin);
    } else if (kink) {
        rosenbrock_between(method, 0, r->between, r->between_slope);
        dae_kink_powers(r->dae, r->resting, r->values, r->between_slope, e->begin);
    }
    wrong = true;
    excess =
        fmax(excess, powers_between(r, t0, r->loose ? 0.5 : STEP_ENERGY_FIRST, e->first, &wrong));
    if (!r->loose)
        excess = fmax(excess, powers_between(r, t0, STEP_ENERGY_SECOND, e->second, &wrong));
    step_energy_step(e, r->end - t0);
    return fmax(excess, step_energy_excess(e, e->class_likely, e->of_step, 1,
                                           ENERGY_PART * r->options->reltol));
}
