/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/fit_drift.h"

#include "base/memory.h"
#include "report/json.h"

#include <math.h>
#include <stdlib.h>

const struct drift_request drift_request_defaults = {
    .options = {DRIFT_NTH, DRIFT_GSTEP, DRIFT_GPAR, DRIFT_TEMPERATURE},

    .n_intervals = 3,
    .interval = {1e3, 5e3, 1e4},
    .n_voff = 1,
    .voff = {0.05},
};

static void add_rows(struct table *t, const struct drift_request *q, double interval,
                     const struct drift *d)
{
    for (size_t k = 0; k < q->n_voff; k++) {
        const double values[] = {interval,
                                 (double)d->pairs,
                                 d->a,
                                 d->a_error,
                                 q->voff[k],
                                 drift_barrier(&q->options, d->a, interval, q->voff[k]),
                                 d->mae_conductance,
                                 d->mae_resistance,
                                 d->mae_stretched,
                                 d->b,
                                 d->tau,
                                 d->beta};
        table_row(t);
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
            if (isfinite(values[j]))
                table_number(t, j, values[j]);
    }
}

static enum status read_drift(const char *path, unsigned columns, struct trace *t,
                              struct error *error)
{
    const enum status status = trace_read(path, columns, columns, t, error);
    if (status == STATUS_OK && t->passed_over)
        fprintf(stderr, "silverbar fit: %s: columns passed over: %s\n", path, t->passed_over);
    return status;
}

enum status fit_drift(const struct drift_request *q, size_t n, char *const *files, bool json,
                      struct error *error)
{
    static const char *const names[] = {"interval_s",
                                        "pairs",
                                        "a",
                                        "a_error_95",
                                        "voff_V",
                                        "va_V",
                                        "mae_conductance_ohm",
                                        "mae_resistance_ohm",
                                        "mae_stretched_ohm",
                                        "b_ohm",
                                        "tau_s",
                                        "beta"};
    static const int digits[] = {0, 0, 6, 3, 0, 6, 5, 5, 5, 5, 4, 4};
    const unsigned columns = 1U << TRACE_T | 1U << TRACE_RESISTANCE;
    struct trace *traces = NEW(n, struct trace);
    struct table *t = table_new(12, names, digits);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        status = read_drift(files[k], columns, &traces[k], error);
    for (size_t k = 0; k < q->n_intervals && status == STATUS_OK; k++) {
        struct drift d;
        status = drift_fit(&q->options, n, traces, q->interval[k], &d, error);
        if (status == STATUS_OK)
            add_rows(t, q, q->interval[k], &d);
    }
    if (status == STATUS_OK && json)
        json_write_table(t, stdout);
    else if (status == STATUS_OK)
        table_print(t, stdout);
    table_free(t);
    for (size_t k = 0; k < n; k++)
        trace_free(&traces[k]);
    free(traces);
    return status;
}
