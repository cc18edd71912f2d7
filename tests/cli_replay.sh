#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# replay.cir of a training run, alone in stock ngspice, gives the run's energies and final states;
# stock ngspice reads waveforms.raw.
#
# Energies by class within 1 %: the two transients choose different steps.  States at the end of
# training through g = x/ron + (1 - x)/roff within 1e-3, the run's relative tolerance.
. "$(dirname -- "$0")/setup.sh"
needs_ngspice

# the deck of a rule in place is another one than cli_train.sh has written
carbon() {
    "$SILVERBAR" train --dopant C --rule delta --engine event -o carbon >/dev/null || bad "silverbar train"
}
if is_short; then
    carbon
    check "a replay is written" [ -s carbon/replay.cir ]
    exit $failed # stock ngspice plays it
fi

# the results of cli_train.sh if it has just left some, else a run of our own
left=$SB_BUILD/tests/train-Cr
if [ -n "$(find "$left/summary.json" -newer "$SILVERBAR" 2>/dev/null)" ]; then
    mv "$left" out
else
    "$SILVERBAR" train -o out >/dev/null || bad "silverbar train"
fi

mkdir empty
cp out/replay.cir empty
(cd empty && timeout 500 ngspice -b replay.cir >../log 2>../complaints </dev/null)
same "ngspice -b replay.cir, exit status" $? 0
same "files that it left" "$(ls -A empty)" replay.cir

# CLASS of SECTION: energy.csv, summed over the kinds of phases, against `energy_SECTION_CLASS = J`
for section in training inference; do
    for class in memristor select line reference neuron driver; do
        run=$(awk -F, "\$1 == \"$section\" && \$3 == \"$class\" { sum += \$4; n++ }
            END { if (n) printf \"%.9e\", sum }" out/energy.csv)
        replay=$(sed -n "s/^energy_${section}_$class = //p" log)
        near "J of $section, $class" "$replay" "${run:-0}" 0.01
    done
done

parameter() {
    sed -n "s/.* $1=\([^ ]*\).*/\1/p" "$SB_SRC/devices/Cr.lib" | sed 's/k$/e3/'
}
awk -v ron="$(parameter ron)" -v roff="$(parameter roff)" '
    FNR == NR { # state_training_NAME= VALUE
        if (sub(/^state_training_/, "")) {
            split($0, part, /[ =]+/)
            x[part[1]] = part[2]
        }
        next
    }
    { split($0, c, ",") }
    FNR == 1 {
        for (k in c)
            if (c[k] == "device_S")
                column = k
        next
    }
    {
        g = x[c[1]] / ron + (1 - x[c[1]]) / roff
        off = g / c[column] - 1
        if (off < 0)
            off = -off
        if (off > worst)
            worst = off
        if (!(c[1] in x) || !(off < 1e-3)) {
            print c[1] ": device_S " c[column] ", replay " g
            bad = 1
        }
        n++
    }
    END {
        print n " states, largest difference " worst
        exit bad || n != 30
    }' log out/devices.csv
same "states of 30 devices agree, status" $? 0

# Carbon with a rule in place, run by another engine: ngspice at the run's tolerances would be 2e-2 off.
carbon
(cd empty && timeout 500 ngspice -b ../carbon/replay.cir >../carbon.log 2>&1 </dev/null)
lib=$SB_SRC/devices/C.lib
awk -F, -v ron="$(sed -n 's/.* ron=\([^ ]*\).*/\1/p' "$lib" | sed 's/k$/e3/; s/meg$/e6/')" \
    -v roff="$(sed -n 's/.* roff=\([^ ]*\).*/\1/p' "$lib" | sed 's/k$/e3/; s/meg$/e6/')" '
    FNR == NR { if (sub(/^state_training_/, "")) { split($0, part, /[ =]+/); x[part[1]] = part[2] } next }
    FNR == 1 { for (k = 1; k <= NF; k++) if ($k == "device_S") column = k; next }
    { off = (x[$1] / ron + (1 - x[$1]) / roff) / $column - 1; n++
      if (off < 0) off = -off
      if (!(off < 5e-3)) bad = 1
      if (off > worst) worst = off }
    END { print n " states of carbon, largest difference " worst; exit bad || n != 30 }' \
    carbon.log carbon/devices.csv
same "states of carbon behind a rule in place agree, status" $? 0

# as a user would look at it
cp out/waveforms.raw empty
cat >empty/look.cir <<'END'
* look at the waveforms
.control
set numdgt=12
load waveforms.raw
let points = length(time)
let last = time[length(time)-1]
print points last
quit
.endc
.end
END
(cd empty && timeout 60 ngspice -b look.cir >../log 2>&1 </dev/null)
same "ngspice reads waveforms.raw, exit status" $? 0
points=$(sed -n 's/^points = //p' log)
last=$(sed -n 's/^last = //p' log)
near "points" "$points" "$(value points_total out/summary.json)" 0
near "time of the last, s" "$last" "$(value simulated_time_s out/summary.json)" 1e-10
[ $failed -eq 0 ] || cat log complaints
exit $failed
