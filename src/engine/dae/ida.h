/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same circuit as a differential-algebraic system (dae.h) for SUNDIALS IDAS with the KLU linear
 * solver; energies of all elements are its quadratures. */
#ifndef SILVERBAR_ENGINE_DAE_IDA_H
#define SILVERBAR_ENGINE_DAE_IDA_H

#include "engine/engine.h"

extern const struct engine engine_ida;

#endif
