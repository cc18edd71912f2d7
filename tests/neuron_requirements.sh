#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The requirements of the neuron that netlists/neuron_test.cir and neuron_step.cir measure, in stock
# ngspice from another folder: each ends with `neuron: N passed, 0 failed`.
. "$(dirname -- "$0")/setup.sh"
long_only "it runs stock ngspice alone"
needs_ngspice
for deck in neuron_test neuron_step; do
    timeout 120 ngspice -b "$SB_SRC/netlists/$deck.cir" >log 2>&1 </dev/null
    same "$deck: exit status" $? 0
    if grep -qE '^neuron: [1-9][0-9]* passed, 0 failed$' log; then
        good "$deck: $(grep '^neuron: ' log)"
    else
        bad "$deck"
        cat log
    fi
done
exit $failed
