#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The command `csdp` and the experiment of that name: what it prints and saves, the same bytes again, engines
# on the same drive, samples for any number of workers, what is refused.
. "$(dirname -- "$0")/setup.sh"
small='--hidden 4 --epochs 1 --engine ida --set csdp.steps=20 --set csdp.repeats=1'
field() { # FILE KEY ROW: of CSV with a line of names
    awk -F, -v key="$2" -v row="$3" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == key) column = k }
        NR == row + 1 { print $column }' "$1"
}
csdp() {
    "$SILVERBAR" csdp $small "$@"
}

csdp -o one >table 2>stderr
same "a small training" $? 0
same "nothing on standard error" "$(cat stderr)" ""
check "its table" grep -q '^patterns right     [0-4] of 4, margin' table
for name in testbench.yaml samples.csv learning.csv patterns.csv spikes.csv devices.csv energy.csv summary.json manifest.json report.html; do
    check "$name" test -s one/$name
done
same "presentations" "$(($(wc -l <one/learning.csv) - 1))" 8
same "as many right as wrong labels" "$(awk -F, 'NR > 1 && $5' one/learning.csv | wc -l)" 4
same "devices: two a line and neuron" "$(($(wc -l <one/devices.csv) - 1))" 56
csdp -o two >/dev/null
for name in samples learning patterns spikes devices energy; do
    check "$name.csv: the same bytes again" cmp -s one/$name.csv two/$name.csv
done
csdp --json >out.json
same "JSON" "$(python3 -c 'import json; d = json.load(open("out.json")); print(*sorted(d), len(d["patterns"]))')" "energy patterns total 4"
csdp --seed 9 -o other >/dev/null
check "another seed, other spikes" test "$(cat one/learning.csv)" != "$(cat other/learning.csv)"

# energies of the sections add up to what the classes say, and the account closes
awk -F, 'NR > 1 { sum = 0; for (k = 4; k <= NF; k++) sum += $k; d = $3 - sum; if (d * d > 1e-20 * $3 * $3 + 1e-44) exit 1 }' one/energy.csv
same "energies by class add up" $? 0
holds "residual" "$(field one/samples.csv residual_array 1) < 1e-3"

# spikes are the sample's, whatever the engine's method and tolerance
csdp --method bdf --reltol 1e-5 -o bdf >/dev/null
cut -d, -f1-5 one/learning.csv >shown
check "BDF is shown the same" test "$(cut -d, -f1-5 bdf/learning.csv)" = "$(cat shown)"
near "and memristors take as much" "$(field bdf/samples.csv energy_memristor_J 1)" "$(field one/samples.csv energy_memristor_J 1)" 0.02

# three inputs: 9 lines, 8 patterns
csdp --function 01101001 -o three >/dev/null
same "three inputs: patterns" "$(($(wc -l <three/patterns.csv) - 1))" 8
same "three inputs: devices" "$(($(wc -l <three/devices.csv) - 1))" 72

# a testbench: samples for any number of workers, and engines on the same drive
cat >csdp.yaml <<'Y'
experiment: csdp
replicas: 2
csdp: {hidden: 3, epochs: 1, draws: 1, steps: 12, repeats: 1, baselines: false}
engine: {name: ida}
sweep:
  - {key: csdp.function, values: [and, "0110"]}
Y
"$SILVERBAR" sweep csdp.yaml -j 1 -o w1.db 2>/dev/null && "$SILVERBAR" sweep csdp.yaml -j 2 -o w2.db 2>/dev/null
same "a sweep" $? 0
"$SILVERBAR" table w1.db --csv >w1
"$SILVERBAR" table w2.db --csv >w2
check "the same bytes for two workers" cmp -s w1 w2
same "rows" "$(($(wc -l <w1) - 1))" 4
sed '/^sweep/,$d; s/^replicas.*//' csdp.yaml >single.yaml
"$SILVERBAR" check single.yaml -o check.csv >/dev/null 2>check.err
same "engines on the same drive" $? 0
same "ida in check" "$(awk -F, '$2 == "ida" { print $NF }' check.csv)" ok

# the drive of two presentations in stock ngspice: states and energies of every class
if command -v ngspice >/dev/null && ! is_short; then
    "$SILVERBAR" netlist single.yaml >two.cir
    same "a deck of two presentations" $? 0
    timeout 120 ngspice -b two.cir >two.log 2>&1 </dev/null
    "$SILVERBAR" run single.yaml -o single >/dev/null
    for class in memristor select neuron driver; do
        near "its energy of class $class" "$(sed -n "s/^energy_training_$class = //p" two.log)" \
            "$(field single/samples.csv energy_${class}_J 1)" 1e-3
    done
    off=$(awk -F'[=,]' 'NR == FNR { if (FNR > 1) wanted[++n] = $5; next }
        /^state_end_xm/ { g = 1 / 220e3 + $2 * (1 / 300 - 1 / 220e3); d = g / wanted[++k] - 1; d = d < 0 ? -d : d
            most = d > most ? d : most }
        END { print k == n ? most : 1 }' single/devices.csv two.log)
    holds "its states" "$off < 1e-4"
fi

# neurons of transistors, whose gated supplies turn over nodes without a capacitor, and their behavioural twin
few='--hidden 1 --epochs 1 --engine ida --set csdp.draws=1 --set csdp.steps=8 --set csdp.repeats=1'
"$SILVERBAR" csdp $few --neuron "$SB_SRC/netlists/lif.sub" --json >lif.json
same "transistors" $? 0
sed 's/lif_behavioural/lif/g' "$SB_SRC/netlists/lif_behavioural.sub" >twin.sub
"$SILVERBAR" csdp $few --neuron twin.sub --json >twin.json
same "their twin" $? 0
neurons() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["total"][0]["energy_neuron_J"])' "$1"
}
near "their energy" "$(neurons lif.json)" "$(neurons twin.json)" 0.05

# what is refused: exit status 2, a message that names the key, nothing left behind
refuse() { # WORDS ARGUMENT...
    words=$1
    shift
    csdp -o refused "$@" >out 2>err
    same "refused: $*" "$? $(test -s out && echo output)$(ls | grep refused)" "2 "
    check "its message" grep -q -- "$words" err
}
refuse "csdp.function 'nxor', expected and, or, nand" --function nxor
refuse "csdp.function '011'" --function 011
refuse "the same for all inputs" --function 1111
refuse "csdp.step_time is 5e-05 s, expected at least 8.49" --set csdp.step_time=5e-5
refuse "csdp.read_volt 0.05 V moves devices of dopant Cr" --set csdp.read_volt=0.05
refuse "csdp.reset_volt: 0 V does not move devices of dopant Cr_vteam, which has no dead zone" --dopant Cr-vteam --policy both
refuse "csdp.reset_volt: at 0.06 V a pulse" --dopant C --policy both
refuse "csdp.set_volt: at 0.25 V a pulse" --set csdp.edge=2e-6
refuse "moves those by up to" --epochs 4000 --set csdp.set_volt=0.2 --set csdp.step_time=3e-4
refuse "csdp.hidden" --set csdp.hidden=0
refuse "no .subckt lif" --neuron "$SB_SRC/netlists/switches.sub"
sed 's/cmp/compare/g' >wrong.sub <<'S'
.subckt lif col mem tr cmp fire rf=5k
r1 col mem 1k
r2 tr cmp 1k
r3 fire 0 1k
.ends
S
refuse "no terminal 'cmp', expected col, mem, tr, cmp and fire" --neuron wrong.sub
refuse "engine.switches with engine ida" --switches 1000
csdp --set csdp.read_volt=0.05 --set csdp.disturb=allow >allowed 2>err
same "disturbing is allowed when asked" $? 0
check "and the table says what it does" grep -q '^drift by reading   up to [0-9.]* of the window' allowed
exit $failed
