/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A memristor behind a resistor is set by one pulse and read, in each engine: its state, the current,
 * and where the energy went.
 *
 *     cc divider.c $(pkg-config --cflags --libs silverbar) -o divider
 */
#include <silverbar.h>

#include <stdio.h>

static struct silverbar_error error;

static int failed(const char *what)
{
    fprintf(stderr, "divider: %s: %s\n", what, error.text);
    return 1;
}

int main(void)
{
    static const char *const engines[] = {"ngspice", "ida", "event"};
    static const struct silverbar_options options = {.reltol = 1e-6, .step_max = 10e-6};
    struct silverbar_circuit *c;
    if (silverbar_circuit_new("divider", 300.15, &c, &error) ||
        silverbar_add_port(c, "in", "top", 0, 0, &error) ||
        silverbar_add_resistor(c, "1", "top", "middle", 1e3, "line", &error) ||
        silverbar_add_memristor(c, "m1", "middle", "0", "Cr", 0.01, &error) ||
        silverbar_add_current_probe(c, "current", "in", &error))
        return failed("circuit");
    const size_t port = (size_t)silverbar_number(c, SILVERBAR_PORT, "in"),
                 probe = (size_t)silverbar_number(c, SILVERBAR_PROBE, "current");
    printf("engine    state    read [A]     memristor [J]  resistor [J]  delivered [J]\n");
    for (size_t k = 0; k < sizeof engines / sizeof engines[0]; k++) {
        const double pulses[][2] = {{0.5, 1e-3}, {0.1, 100e-6}}; /* [V], [s]: SET, read */
        struct silverbar_engine *e;
        if (silverbar_engine_open(c, engines[k], &options, &e, &error))
            return failed(engines[k]);
        for (int p = 0; p < 2; p++)
            if (silverbar_drive(e, port, pulses[p][0], &error) ||
                silverbar_phase(e, p == 0 ? "set" : "read", "training", pulses[p][1], 1e-6, 0, NULL,
                                NULL, &error))
                return failed(engines[k]);
        printf("%-8s  %.5f  %.5e  %.5e    %.5e   %.5e\n", engines[k], silverbar_state(e, 0),
               -silverbar_reading(e, probe), silverbar_energy(e, NULL, NULL, "memristor"),
               silverbar_energy(e, NULL, NULL, "line"), silverbar_delivered(e, NULL));
        silverbar_engine_close(e);
    }
    silverbar_circuit_free(c);
    return 0;
}
