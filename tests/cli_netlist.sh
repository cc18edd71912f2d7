#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar netlist classifier` prints the deck that stands in netlists/classifier.cir, and stock
# ngspice runs it as it is.
. "$(dirname -- "$0")/setup.sh"

for locale in C de_DE.UTF-8; do
    LC_ALL=$locale "$SILVERBAR" netlist classifier >classifier.cir 2>stderr
    same "exit status ($locale)" $? 0
    same "messages" "$(cat stderr)" ""
    if ! cmp classifier.cir "$SB_SRC/netlists/classifier.cir"; then
        bad "the deck differs; if it is meant to: silverbar netlist classifier >netlists/classifier.cir"
    fi
done
for dopant in W Sn Cr C; do
    "$SILVERBAR" netlist -d $dopant classifier >$dopant.cir
    check "$dopant: 30 memristors" [ "$(grep -c "^xm[12]_.* $dopant x0=" $dopant.cir)" = 30 ]
done

needs_ngspice
for dopant in W Sn Cr C; do
    timeout 120 ngspice -b -r $dopant.raw $dopant.cir >log 2>&1 </dev/null
    same "ngspice -b of $dopant, exit status" $? 0
    grep -iE '^(error|fatal)|singular|too small' log && bad "ngspice complains of $dopant"
    check "it wrote waveforms" [ "$(wc -c <$dopant.raw)" -gt 10000 ]
done
exit $failed
