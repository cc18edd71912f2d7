#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The ledger against sums of v i that stock ngspice makes of waveforms.raw: what all sources deliver,
# within 1 % of training + inference (start-up and the readings afterwards are in the waveforms too),
# and the memristors within 2 %.  A replay at a ten times smaller reltol changes the memristors' energy by
# less than 1 %.
. "$(dirname -- "$0")/setup.sh"
long_only "its training is that of cli_train.sh, the rest stock ngspice"
needs_ngspice

"$SILVERBAR" train -o out >/dev/null || bad "silverbar train"
{
    echo "* sums over waveforms"
    echo ".control"
    echo "load out/waveforms.raw"
    echo "let delivered = 0*time"
    echo "let memristor = 0*time"
    awk '
        function v(node) { return node == "0" ? "0" : "v(" node ")" }
        /^v[^ ]* / { print "let delivered = delivered - (" v($2) " - " v($3) ")*i(" $1 ")" }
        /^xm[0-9_]* / { print "let memristor = memristor + (" v($2) " - " v($3) ")*i(" $1 ")" }
    ' out/circuit.cir
    echo "set numdgt=9"
    # trapezoids: mean of neighbours times the step
    for sum in delivered memristor; do
        echo "let n = length(time) - 1"
        echo "let area = 0.5*mean(($sum[0,n-1] + $sum[1,n])*(time[1,n] - time[0,n-1]))*n"
        echo "print area"
    done
    echo "quit"
    echo ".endc"
    echo ".end"
} >sums.cir
ngspice -b sums.cir >sums 2>complaints </dev/null
total=$(sed -n 's/^area = //p' sums | sed -n 1p)
memristor=$(sed -n 's/^area = //p' sums | sed -n 2p)
ledger() { # CLASS or . for all
    awk -F, -v class="$1" '($1 == "training" || $1 == "inference") && $3 ~ class { sum += $4 }
        END { printf "%.9e", sum }' out/energy.csv
}
near "delivered by all sources, J" "$total" "$(ledger .)" 0.01
near "absorbed by the memristors, J" "$memristor" "$(ledger memristor)" 0.02

reltol=$(value reltol out/summary.json)
tight=$(awk "BEGIN { print $reltol / 10 }")
sed "s/^+ reltol=[^ ]*/+ reltol=$tight/" out/replay.cir >replay.cir
check "the replay's tolerance was found" grep -q "^+ reltol=$tight" replay.cir
timeout 500 ngspice -b replay.cir >log 2>complaints </dev/null
near "memristors in a replay at reltol $tight, J" \
    "$(sed -n 's/^energy_training_memristor = //p' log)" \
    "$(awk -F, '$1 == "training" && $3 == "memristor" { sum += $4 } END { printf "%.9e", sum }' \
        out/energy.csv)" 0.01
exit $failed
