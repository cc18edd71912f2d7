/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "circuit/crossbar.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <math.h>
#include <stdlib.h>

enum status crossbar_switch(struct circuit *c, const struct subcircuit_file *switches,
                            const char *instance, int a, int b, int on, int vdd, double w,
                            enum energy_class class, struct error *error)
{
    const int nodes[] = {a, b, on, vdd, 0};
    const struct parameter_value width = {"w", w};
    return subcircuit_add(c, switches, "tgate", instance, nodes, 5, &width, 1, class, false, error);
}

enum status crossbar_switch_resistance(const struct subcircuit_file *switches, double w,
                                       double v_supply, double v_mid, double *ohm,
                                       struct error *error)
{
    const double dv = 1e-3, vt = BOLTZMANN * TEMPERATURE_NOMINAL / ELECTRON_CHARGE;
    struct circuit *c = circuit_new("switch");
    const int a = circuit_node(c, "a"), b = circuit_node(c, "b"), on = circuit_node(c, "on"),
              vdd = circuit_node(c, "vdd");
    enum status status = crossbar_switch(c, switches, "xs", a, b, on, vdd, w, CLASS_SELECT, error);
    double current = 0;
    for (size_t k = 0; k < c->n_elements && status == STATUS_OK; k++) {
        const struct element *e = &c->elements[k];
        if (e->kind != ELEMENT_MOSFET)
            continue;
        const bool n = e->mos->type > 0;
        const double v[4] = {v_mid + dv, n ? v_supply : 0, v_mid, n ? 0 : v_supply};
        double i[4];
        mos1_currents(e->mos, &e->geometry, vt, 0, v, i);
        current += fabs(i[0]);
    }
    circuit_free(c);
    if (status == STATUS_OK && !(current > 0))
        return fail(error, STATUS_INPUT,
                    "the transmission gate of the switch file does not conduct");
    *ohm = dv / current;
    return status;
}

enum status crossbar_build(struct circuit *c, const struct crossbar_options *o, struct crossbar *x,
                           struct error *error)
{
    const size_t n = o->rows * o->columns;
    x->rows = o->rows;
    x->columns = o->columns;
    x->devices = circuit_own(c, NEW(n, int));
    x->selects = circuit_own(c, NEW(n, int));
    enum status status = STATUS_OK;
    for (size_t k = 0; k < n && status == STATUS_OK; k++) {
        const size_t i = k / o->columns, j = k % o->columns;
        char *address = memory_format("%d_%zu_%zu", o->number, i + 1, j + 1);
        char *select = memory_format("s%s", address), *gate = memory_format("xs%s", address),
             *device = memory_format("xm%s", address);
        x->selects[k] = circuit_logic_port(c, select);
        const int inner = circuit_nodef(c, "m%s", address);
        status =
            crossbar_switch(c, o->switches, gate, o->row_nodes[i], inner, circuit_node(c, select),
                            o->vdd, o->select_width, CLASS_SELECT, error);
        x->devices[k] =
            circuit_memristor(c, device, inner, o->column_nodes[j], o->dopant, o->x0[k]);
        free(address);
        free(select);
        free(gate);
        free(device);
    }
    return status;
}
