#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar netlist classifier` prints the deck that stands in netlists/classifier.cir, `netlist tile` one
# of a tile; stock ngspice runs them as they are.
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

refused() { # pattern arguments...
    pattern=$1
    shift
    "$SILVERBAR" netlist "$@" >stdout 2>stderr
    same "exit status of netlist $*" $? 2
    check "message of netlist $*" grep -q -e "$pattern" stderr
    same "deck of netlist $*" "$(wc -c <stdout | tr -d ' ')" 0
}
printf '1e-4,2e-5\n0,3e-5\n' >open.csv
printf '0.1,0.2\n0.3,0.4\n' >two.csv
refused 'row 2, column 1: 0, expected a conductance \[S\] above 0' tile open.csv
refused 'two.csv: 2 vectors, expected one' tile --rows 2 --columns 1 --input two.csv
refused '--volt with 3 numbers, expected one, or 2' tile --rows 2 --volt 1,2,3
refused 'expected tile in place of classifier' classifier --rows 3
refused 'expected classifier' tile --neuron x.sub
refused 'expected one of them' tile open.csv --seed 2
refused 'no window, expected gmin and gmax' tile -d mms-demo
refused 'expected a circuit: classifier, tile or a testbench' -d W

needs_ngspice

# a tile whose currents and powers are known by rational arithmetic
cat >tile.csv <<'END'
100e-6,20e-6,55e-6
35e-6,80e-6,10e-6
60e-6,45e-6,90e-6
15e-6,70e-6,25e-6
END
cat >exact <<'END'
i_c1 1.454748641208161e-05
i_c2 1.977128412196318e-05
i_c3 1.086686619558194e-05
i_r1 1.727124053239244e-05
i_r2 6.152992558692706e-06
i_r3 -6.681012208550551e-08
i_r4 2.182821376062710e-05
p_devices 6.339001638014856e-06
p_row_segments 2.593601904546937e-09
p_drivers 4.063152232635632e-08
p_column_segments 3.777234700462952e-09
p_senses 1.441243635307548e-08
p_delivered 6.400416433299298e-06
END
"$SILVERBAR" netlist tile tile.csv --row-ohm 2 --column-ohm 3 --driver-ohm 50 --sense-ohm 20 \
    --volt 0.1,0.05,0,0.2 >tile.cir
timeout 60 ngspice -b tile.cir >log 2>&1 </dev/null
same "ngspice -b of the tile, exit status" $? 0
# a driver's current is a difference of two voltages a hundred times as large as it, over 50 ohm
awk 'NR == FNR { exact[$1] = $2; n++; next }
    $2 == "=" && ($1 in exact) {
        d = ($3 - exact[$1]) / exact[$1]
        n -= (d < 0 ? -d : d) < ($1 ~ /^i_r/ ? 1e-11 : 1e-12)
    }
    END { exit n != 0 }' exact log
same "ngspice has the exact currents and powers" $? 0

# a drawn tile against the static solver, with ideal rows and without drivers' resistance
"$SILVERBAR" netlist tile --rows 20 --columns 7 --seed 3 -d C --row-ohm 0 --column-ohm 5 --volt 0.03 \
    >drawn.cir
sed -n 's/^rm1_\([0-9]*\)_\([0-9]*\) [^ ]* [^ ]* /\1 \2 /p' drawn.cir |
    awk '{ printf "%s%.17g", NR == 1 ? "" : $2 == 1 ? "\n" : ",", 1 / $3 } END { print "" }' >drawn.csv
check "devices are within the window of C" awk -F, '{ for (k = 1; k <= NF; k++)
    if ($k < 3e-6 || $k > 30e-6) exit 1 } END { exit NR != 20 || NF != 7 }' drawn.csv
"$SILVERBAR" read drawn.csv --row-ohm 0 --column-ohm 5 --volt 0.03 --csv >read.csv
timeout 60 ngspice -b drawn.cir >log 2>&1 </dev/null
awk -F, 'NR == FNR { if (NF > 2 && $1 == 1) current["i_c" $2] = $3; next }
    { split($0, w, " ") }
    w[2] == "=" && (w[1] in current) { d = w[3] / current[w[1]] - 1; n += d < 1e-11 && d > -1e-11 }
    END { exit n != 7 }' read.csv log
same "ngspice and the static solver have the same currents of it" $? 0
"$SILVERBAR" netlist tile --rows 20 --columns 7 --seed 4 -d C --row-ohm 0 --column-ohm 5 --volt 0.03 >other.cir
check "another seed is another tile" sh -c '! cmp -s drawn.cir other.cir'

# a testbench's sample: its programming again in stock ngspice
cat >array.yaml <<'Y'
experiment: crossbar
array: {rows: 2, columns: 2}
programming: {devices: 1}
Y
"$SILVERBAR" netlist array.yaml >array.cir
timeout 120 ngspice -b array.cir >array.log 2>&1 </dev/null
"$SILVERBAR" run array.yaml -o array >/dev/null
for class in memristor line driver; do
    wanted=$(awk -F, -v key=energy_${class}_J 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == key) c = k }
        NR == 2 { print $c }' array/samples.csv)
    near "its energy of class $class" "$(sed -n "s/^energy_training_$class = //p" array.log)" "$wanted" 1e-3
done
refused '--set and --sample are of a testbench' classifier --set seed=1
refused 'has samples 0 to 0' array.yaml --sample 1

for dopant in W Sn Cr C; do
    timeout 120 ngspice -b -r $dopant.raw $dopant.cir >log 2>&1 </dev/null
    same "ngspice -b of $dopant, exit status" $? 0
    grep -iE '^(error|fatal)|singular|too small' log && bad "ngspice complains of $dopant"
    check "it wrote waveforms" [ "$(wc -c <$dopant.raw)" -gt 10000 ]
done
exit $failed
