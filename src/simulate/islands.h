/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of a deck's circuit that are joined by ground only.
 *
 * Kirchhoff's law holds within each, so that each has an account of its own.  The state of a
 * memristor that is written out as a controlled source and a capacitor of 1 F is such a part: what
 * "changes hands" there is no energy, and may be thousands of times what the sources deliver. */
#ifndef SILVERBAR_SIMULATE_ISLANDS_H
#define SILVERBAR_SIMULATE_ISLANDS_H

#include "circuit/user_deck.h"

struct islands {
    size_t n;
    size_t *of; /* n_elements: which island each is in */
    bool *
        signal; /* n: controlled sources drive it and no independent one, while another one has some */
};

struct islands islands_find(const struct user_deck *deck);
void islands_free(struct islands *islands);

#endif
