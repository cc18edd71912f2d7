/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that the experiments `training` and `crossbar` have in common: one entry, wherever the field
 * stands.  AT(field): its offset in the experiment's options. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_SHARED_KEYS_H
#define SILVERBAR_STUDY_EXPERIMENT_SHARED_KEYS_H

#include "device/library/library_find.h"
#include "study/keys.h"

/* Offsets of a double [K], of a text, of a double. */
/* clang-format off */
#define DEVICE_KEYS(KELVIN, DOPANT, X0_MAX) \
    NUMBER_KEY("circuit.temperature", KELVIN, "K", 125, 450, \
        "kT/q in the devices' laws and the transistors' junctions"), \
    PATH_KEY("device.dopant", DOPANT, library_names_file, "device: W, Sn, Cr, C or a .lib file"), \
    NUMBER_KEY("device.x0_max", X0_MAX, "1", 0, 1, "initial states are uniform from 0 to this")

/* AT: of struct program_options. */
#define PROGRAM_KEYS(AT) \
    NUMBER_KEY("programming.tolerance", AT(tolerance), "1", 1e-4, 0.9, \
        "relative error at which a device is settled"), \
    PROGRAM_PULSE_KEYS(AT)
#define PROGRAM_PULSE_KEYS(AT) \
    CHOICE_KEY("programming.policy", AT(policy), program_policies, \
        "what is refined after a reversal"), \
    CHOICE_KEY("programming.gap", AT(gap), program_gaps, "distance to the target"), \
    NUMBER_KEY("programming.width", AT(width), "s", 2e-5, 1, "width of a programming pulse"), \
    NUMBER_KEY("programming.width_floor", AT(width_floor), "s", 2e-6, 1, \
        "least width under the policy amplitude+width"), \
    NUMBER_KEY("programming.set_volt", AT(amplitude_start[PROGRAM_SET]), "V", 1e-3, 5, \
        "first amplitude of SET"), \
    NUMBER_KEY("programming.reset_volt", AT(amplitude_start[PROGRAM_RESET]), "V", 1e-3, 5, \
        "first amplitude of RESET"), \
    NUMBER_KEY("programming.volt_limit", AT(amplitude_limit), "V", 1e-3, 5, "largest amplitude"), \
    NUMBER_KEY("programming.step", AT(step_start), "V", 1e-4, 1, "first step of an amplitude"), \
    NUMBER_KEY("programming.step_floor", AT(step_floor), "V", 1e-5, 1, \
        "least step of an amplitude"), \
    NUMBER_KEY("programming.least_progress", AT(least_progress), "1", 0, 1, \
        "share of the gap that a pulse must close, or the amplitude rises"), \
    COUNT_KEY("programming.pulse_limit", AT(pulse_limit), 1, 1e6, \
        "pulses after which a device is given up")

#define PULSE_KEYS(READ_TIME, EDGE) \
    NUMBER_KEY("programming.read_time", READ_TIME, "s", 1e-5, 1, "duration of one reading"), \
    NUMBER_KEY("programming.edge", EDGE, "s", 1e-9, 1e-5, "edge of every pulse")

/* For engines of ENGINE_SWITCHES. */
#define SWITCHES_KEY(AT) \
    WHOLE_KEY("engine.switches", AT, 0, 1e9, \
              "engine event: each device is N switches that jump at random; 0: their mean")

/* NAME: of the int that is an index into engine_table; AT: of struct engine_options. */
#define ENGINE_KEYS(NAME, AT) \
    CHOICE_KEY("engine.name", NAME, engine_names, "what solves the circuit"), \
    CHOICE_KEY("engine.method", AT(method), engine_methods, \
        "engine ida: steps of its own, or those of SUNDIALS' BDF"), \
    NUMBER_KEY("engine.reltol", AT(reltol), "1", 1e-9, 0.1, "relative tolerance of the engine"), \
    NUMBER_KEY("engine.abstol", AT(abstol), "A", 1e-15, 1e-3, "absolute tolerance of currents"), \
    NUMBER_KEY("engine.vntol", AT(vntol), "V", 1e-12, 1e-2, \
        "absolute tolerance of voltages and states")
/* clang-format on */

#endif
