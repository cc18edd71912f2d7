/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The laws in C against ngspice: current and state rates of every devices/NAME.lib on a random grid
 * of voltages and states, hidden ones too, and the terminal currents of level-1 MOS transistors.
 *
 * One deck an operating point: voltage sources hold the terminals (and the state node), and their
 * currents are the values.  Skipped (exit 77) where there is no ngspice. */
#include "base/memory.h"
#include "device/library/library.h"
#include "device/mos1.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define N_POINTS 60 /* a library */
#define N_MOS 300

static unsigned short seed[3] = {7, 8, 9};
static char *devices, *folder, *deck_path, *command;

static double uniform(double low, double high)
{
    return low + (high - low) * erand48(seed);
}

static FILE *deck_open(void)
{
    FILE *deck = fopen(deck_path, "w");
    assert_non_null(deck);
    fprintf(deck, "* written by test_device_law\n");
    return deck;
}

/* Run the deck's .op and read the currents of sources v1 ... vn into i[n]. */
static void deck_run(FILE *deck, size_t n, double *i)
{
    fprintf(deck, ".control\nset numdgt=15\nop\n");
    for (size_t k = 1; k <= n; k++)
        fprintf(deck, "print i(v%zu)\n", k);
    fprintf(deck, "quit\n.endc\n.end\n");
    assert_int_equal(fclose(deck), 0);
    for (size_t k = 0; k < n; k++)
        i[k] = NAN;
    FILE *out = popen(command, "r");
    assert_non_null(out);
    char line[512];
    size_t k;
    double value;
    while (fgets(line, sizeof line, out))
        if (sscanf(line, "i(v%zu) = %lf", &k, &value) == 2 && k >= 1 && k <= n)
            i[k - 1] = value;
    pclose(out);
    for (k = 0; k < n; k++)
        if (isnan(i[k]))
            fail_msg("ngspice gave no i(v%zu)", k + 1);
}

/* A voltage of interest: all of -1 ... 1 V, or near 0, where most of the dead zones end. */
static double random_voltage(size_t k)
{
    return k % 3 ? uniform(-0.45, 0.45) : uniform(-1, 1);
}

static bool copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "r"), *out = in ? fopen(to, "w") : NULL;
    bool done = out != NULL;
    for (int byte; done && (byte = getc(in)) != EOF;)
        done = putc(byte, out) != EOF;
    if (in)
        fclose(in);
    return out && fclose(out) == 0 && done;
}

/* A dopant of a model with nothing but its required parameters, each in the middle of its bounds:
 * so models without a library are compared too, and the fallbacks of subcircuit and table. */
static struct dopant *fallback_dopant(const struct model *m, bool sdc)
{
    const char *suffix = sdc ? "_sdc" : "";
    char *from = memory_format("%s/%s.sub", devices, m->name);
    char *to = memory_format("%s/%s.sub", folder, m->name);
    char *path = memory_format("%s/fallback.lib", folder);
    if (!copy_file(from, to))
        fail_msg("model %s has no %s", m->name, from);
    FILE *lib = fopen(path, "w");
    assert_non_null(lib);
    fprintf(lib, ".subckt fallback_%s%s p n x0=0.01\n.include %s.sub\nxm p n x %s x0={x0}", m->name,
            suffix, m->name, m->name);
    for (size_t k = 0; k < m->n_parameters; k++) {
        const struct model_parameter *p = &m->parameters[k];
        double middle = p->min > 0 ? sqrt(p->min * p->max) : (p->min + p->max) / 2;
        if (strcmp(p->name, "roff") == 0)
            middle *= 100; /* above ron */
        if (isnan(p->fallback))
            fprintf(lib, "\n+ %s=%.17g", p->name, middle);
    }
    fprintf(lib, sdc ? "\n+ sdc=0.7\n.ends\n" : "\n.ends\n");
    assert_int_equal(fclose(lib), 0);
    struct dopant *dopant;
    struct error error = {{0}};
    if (dopant_read(path, NULL, &dopant, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    unlink(path);
    unlink(to);
    free(from);
    free(to);
    free(path);
    return dopant;
}

/* Sources of the grid's points: at the terminal, at the state's node, at those of hidden states. */
#define N_SOURCES (2 + MODEL_HIDDEN_MAX)

/* One point's instance with its sources, the first of which has the number `source`. */
static void write_point(FILE *deck, const struct dopant *d, size_t id, size_t source,
                        const double volt[N_SOURCES])
{
    fprintf(deck, "v%zu p%zu 0 %.17g\n", source, id, volt[0]);
    fprintf(deck, "v%zu x%zu.%s 0 %.17g\n", source + 1, id, d->state_node, volt[1]);
    for (size_t k = 0; k < d->model->n_hidden; k++)
        fprintf(deck, "v%zu x%zu.%s.%s 0 %.17g\n", source + 2 + k, id, d->instance,
                d->model->hidden_nodes[k], volt[2 + k]);
    fprintf(deck, "x%zu p%zu 0 %s x0=%.17g\n", id, id, d->name, volt[1]);
}

/* Rates of the hidden states as of x, beside 1e-12/s of a resistor at each node. */
static void check_hidden(const struct dopant *d, const double volt[N_SOURCES], const double *got)
{
    if (d->model->n_hidden == 0)
        return;
    const struct model_rates r = d->model->rates(d->constants, volt[0], volt[1], volt + 2);
    for (size_t k = 0; k <= d->model->n_hidden; k++) {
        const double node = 1e-12 * fabs(volt[1 + k]);
        if (!(fabs(got[1 + k] - r.f[k]) <= 1e-9 * fabs(r.f[k]) + 1e-15 + 2 * node))
            fail_msg("%s at v = %.17g, x = %.17g, hidden %g %g: rate %zu %.17g, ngspice %.17g",
                     d->path, volt[0], volt[1], volt[2], volt[3], k, r.f[k], got[1 + k]);
    }
}

/* All shipped dopants and one a model in one deck, so that models of one name in two libraries
 * would show.
 *
 * Tolerance: 1e-9 of the value; beside it, for the rate, 1e-12/s of the subcircuit's resistor at
 * the state node and 4e-15 of the full rate, since the subcircuit's 1/tau - k/(1 + e^z) cancels
 * near the edge of the dead zone; for the current, rounding of ngspice's node equation. */
static void test_dopants(void **state)
{
    (void)state;
    struct dirent **entries;
    int n_entries = scandir(devices, &entries, NULL, alphasort);
    if (n_entries < 0)
        fail_msg("no folder '%s': SB_SRC names the source root", devices);
    struct dopant *dopants[64];
    size_t n = 0;
    FILE *deck = deck_open();
    for (int e = 0; e < n_entries; e++) {
        size_t length = strlen(entries[e]->d_name);
        if (length > 4 && strcmp(entries[e]->d_name + length - 4, ".lib") == 0 && n < 48) {
            char *path = memory_format("%s/%s", devices, entries[e]->d_name);
            struct error error = {{0}};
            if (dopant_read(path, NULL, &dopants[n], &error) != STATUS_OK)
                fail_msg("%s", error.text);
            fprintf(deck, "%s\n", dopants[n++]->text);
            free(path);
        }
        free(entries[e]);
    }
    free(entries);
    for (const struct model *const *m = model_table; *m; m++)
        for (int sdc = 0; sdc < 2; sdc++) {
            dopants[n] = fallback_dopant(*m, sdc);
            fprintf(deck, "%s\n", dopants[n++]->text);
        }
    assert_true(n >= 9);
    static double volts[64][N_POINTS][N_SOURCES], i[64 * N_POINTS * N_SOURCES];
    size_t source = 0;
    for (size_t d = 0; d < n; d++)
        for (size_t k = 0; k < N_POINTS; k++) {
            double *volt = volts[d][k];
            volt[0] = random_voltage(k);
            volt[1] = uniform(0, 1);
            for (size_t h = 0; h < dopants[d]->model->n_hidden; h++)
                volt[2 + h] = uniform(0, 1) < 0.3 ? 0 : uniform(0, 30);
            write_point(deck, dopants[d], d * N_POINTS + k, source + 1, volt);
            source += 2 + dopants[d]->model->n_hidden;
        }
    deck_run(deck, source, i);
    double worst_i = 0, worst_f = 0;
    size_t moving = 0;
    const double *got = i;
    for (size_t d = 0; d < n; d++) {
        const struct dopant *p = dopants[d];
        double full = fabs(p->model->rate(p->constants, 1, 0).f) +
                      fabs(p->model->rate(p->constants, -1, 1).f);
        for (size_t k = 0; k < N_POINTS; k++) {
            const double *volt = volts[d][k];
            const double v = volt[0], x = volt[1];
            double current = p->model->current(p->constants, v, x).f;
            double rate = p->model->n_hidden > 0
                              ? p->model->rates(p->constants, v, x, volt + 2).f[0]
                              : p->model->rate(p->constants, v, x).f;
            check_hidden(p, volt, got);
            double error_i = fabs(-got[0] - current), error_f = fabs(got[1] - rate);
            if (!(error_i <= 1e-9 * fabs(current) + 1e-20) ||
                !(error_f <= 1e-9 * fabs(rate) + 2e-12 + 4e-15 * full))
                fail_msg("%s at v = %.17g, x = %.17g: i = %.17g, ngspice %.17g; dx/dt = %.17g, "
                         "ngspice %.17g",
                         p->path, v, x, current, -got[0], rate, got[1]);
            moving += fabs(rate) > 1e-3;
            worst_i = fmax(worst_i, error_i / (fabs(current) + 1e-20));
            if (fabs(rate) > 1e-3)
                worst_f = fmax(worst_f, error_f / fabs(rate));
            got += 2 + p->model->n_hidden;
        }
    }
    assert_true(moving > n * N_POINTS / 2);
    print_message("%zu dopants, %d points each: largest relative difference of i %.1e, of dx/dt "
                  "%.1e (where above 1e-3/s)\n",
                  n, N_POINTS, worst_i, worst_f);
    for (size_t d = 0; d < n; d++)
        dopant_free(dopants[d]);
}

/* Transistors of two models in all regions, either way round, with body effect and with the bulk
 * diodes from 3 V reverse to 0.6 V forward.
 *
 * kT/q here is ngspice 39's, from its k = 1.38064852e-23 and q = 1.6021766208e-19 (CODATA 2014):
 * ours differs by 6e-7 of it, 2e-5 of a current at 0.6 V.  Tolerance 1e-9 of the largest current
 * of the four (the smaller ones are its differences), 1e-18 A beside it: rounding at the source. */
static void test_mos1(void **state)
{
    (void)state;
    static const struct mos1_model models[2] = {
        {.type = 1, .vto = 0.5, .kp = 170e-6, .lambda = 0.08, .gamma = .4, .phi = .7, .is = 1e-14},
        {.type = -1, .vto = -0.65, .kp = 58e-6, .lambda = 0.10, .gamma = 0, .phi = .6, .is = 2e-15},
    };
    const double vt = 1.38064852e-23 / 1.6021766208e-19 * 300.15, gmin = 1e-12;
    double v[N_MOS][4], got[4 * N_MOS], i[4];
    struct mos1_geometry g[N_MOS];
    FILE *deck = deck_open();
    for (int k = 0; k < 2; k++)
        fprintf(deck,
                ".model m%d %s level=1 vto=%.17g kp=%.17g lambda=%.17g gamma=%.17g phi=%.17g "
                "is=%.17g\n",
                k, models[k].type > 0 ? "nmos" : "pmos", models[k].vto, models[k].kp,
                models[k].lambda, models[k].gamma, models[k].phi, models[k].is);
    for (size_t k = 0; k < N_MOS; k++) {
        const struct mos1_model *m = &models[k % 2];
        for (int t = 0; t < 3; t++)
            v[k][t] = uniform(0, 3.3);
        double low = fmin(m->type * v[k][0], m->type * v[k][2]);
        v[k][3] = m->type * (low + (k % 5 ? uniform(-3, 0.6) : uniform(-0.1, 0.05)));
        g[k] = (struct mos1_geometry){
            .w = uniform(1e-6, 5e-5), .l = uniform(3e-7, 2e-6), .m = 1 + (double)(k % 4)};
        for (size_t t = 0; t < 4; t++)
            fprintf(deck, "v%zu n%zu 0 %.17g\n", 4 * k + t + 1, 4 * k + t, v[k][t]);
        fprintf(deck, "m%zu n%zu n%zu n%zu n%zu m%zu w=%.17g l=%.17g m=%g\n", k, 4 * k, 4 * k + 1,
                4 * k + 2, 4 * k + 3, k % 2, g[k].w, g[k].l, g[k].m);
    }
    deck_run(deck, 4 * N_MOS, got);
    double worst = 0;
    for (size_t k = 0; k < N_MOS; k++) {
        mos1_currents(&models[k % 2], &g[k], vt, gmin, v[k], i);
        double size = 0;
        for (int t = 0; t < 4; t++)
            size = fmax(size, fabs(i[t]));
        for (size_t t = 0; t < 4; t++) {
            double error = fabs(-got[4 * k + t] - i[t]);
            worst = fmax(worst, error / size);
            if (!(error <= 1e-9 * size + 1e-18))
                fail_msg("transistor %zu at %.17g %.17g %.17g %.17g, terminal %zu: %.17g, ngspice "
                         "%.17g",
                         k, v[k][0], v[k][1], v[k][2], v[k][3], t, i[t], -got[4 * k + t]);
        }
    }
    print_message("%d transistors: largest difference %.1e of the largest current\n", N_MOS, worst);
}

int main(void)
{
    if (system("command -v ngspice >/dev/null") != 0) {
        printf("test_device_law skipped: no ngspice in PATH\n");
        return 77;
    }
    const char *root = getenv("SB_SRC");
    devices = memory_format("%s/devices", root ? root : ".");
    folder = memory_string("/tmp/test_device_law_XXXXXX");
    if (!mkdtemp(folder))
        return 99;
    char *read_out = memory_format("%s/sdc.sub", devices),
         *copy = memory_format("%s/sdc.sub", folder);
    if (!copy_file(read_out, copy))
        return 99;
    deck_path = memory_format("%s/deck.cir", folder);
    /* HOME: no .spiceinit of the user */
    command =
        memory_format("cd '%s' && LC_ALL=C HOME='%s' ngspice -b deck.cir 2>&1", folder, folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dopants),
        cmocka_unit_test(test_mos1),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(copy);
    unlink(deck_path);
    rmdir(folder);
    free(read_out);
    free(copy);
    free(devices);
    free(folder);
    free(deck_path);
    free(command);
    return failed;
}
