#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The requirements of the neurons that the decks of netlists/ measure, in stock ngspice from another folder:
# each ends with `neuron: N passed, 0 failed` or `lif: N passed, 0 failed`.
. "$(dirname -- "$0")/setup.sh"
long_only "it runs stock ngspice alone"
needs_ngspice
for deck in neuron_test neuron_step lif_test lif_step lif_twin; do
    name=${deck%_*}
    timeout 120 ngspice -b "$SB_SRC/netlists/$deck.cir" >log 2>&1 </dev/null
    same "$deck: exit status" $? 0
    if grep -qE "^$name: [1-9][0-9]* passed, 0 failed\$" log; then
        good "$deck: $(grep "^$name: " log)"
    else
        bad "$deck"
        cat log
    fi
done
exit $failed
