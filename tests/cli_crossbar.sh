#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The experiment `crossbar`: the three engines program the same array in the same way; what an
# addressing scheme disturbs; stuck devices are counted and given up; refusals.
. "$(dirname -- "$0")/setup.sh"
needs_ngspice

cell() { # COLUMN ROW: of samples.csv of the folder `made`
    awk -F, -v name="$1" -v row="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
        NR == row + 1 { print $c }' made/samples.csv
}

run() { # --set ...
    rm -rf made
    "$SILVERBAR" run bench.yaml "$@" -o made >out 2>err || bad "run $*" "$(cat err)"
}

cat >bench.yaml <<'END'
experiment: crossbar
seed: 1
array: {rows: 3, columns: 3}
sweep:
  - {key: engine.name, values: [event, ida, ngspice]}
END

# 1e-3: the engines' agreement on a fixed drive; the loop is closed here, and the number of pulses says
# that no decision at the edge of the tolerance fell otherwise
for scheme in half select; do
    run --set array.scheme=$scheme
    for row in 2 3; do
        engine=$(cell engine.name $row)
        same "$scheme, $engine: pulses" "$(cell pulses $row)" "$(cell pulses 1)"
        same "$scheme, $engine: settled" "$(cell devices_settled $row)" 9
        near "$scheme, $engine: time" "$(cell programming_time_s $row)" "$(cell programming_time_s 1)" 1e-9
        for class in memristor line driver; do
            near "$scheme, $engine: energy of $class" "$(cell energy_${class}_J $row)" \
                "$(cell energy_${class}_J 1)" 1e-3
        done
        near "$scheme, $engine: error" "$(cell error_rms $row)" "$(cell error_rms 1)" 5e-3
    done
done
# behind a switch that is off nothing moves, and a device is read as it was left
holds "select: undisturbed" "$(cell disturb_worst 1) < 1e-5 && $(cell error_worst 1) <= 0.05"

# what is read behind a step that has passed the charging of a column in one: carbon's microamperes
# are a thousandth of the tolerance of a voltage across the driver
run --set array.scheme=half --set device.dopant=C --set array.rows=2 --set array.columns=2
for row in 2 3; do
    engine=$(cell engine.name $row)
    same "carbon, $engine: pulses" "$(cell pulses $row)" "$(cell pulses 1)"
    near "carbon, $engine: worst error" "$(cell error_worst $row)" "$(cell error_worst 1)" 1e-3
done

# lines that float: their ports open after every pulse, and the network is another one from then on
run --set array.scheme=float --set device.dopant=C --set array.rows=2 --set array.columns=2 \
    --set array.driver_ohm=10 --set programming.pulse_limit=3
for row in 2 3; do
    engine=$(cell engine.name $row)
    near "floating lines, $engine: energy" "$(cell energy_J $row)" "$(cell energy_J 1)" 1e-3
    near "floating lines, $engine: disturbed" "$(cell disturb_rms $row)" "$(cell disturb_rms 1)" 1e-3
done

# V/3 has reset polarity on all devices whose row and column are not addressed by a SET: about
# -0.1 V, beyond the dead zone of 0.04 V, where V/2 leaves 0 V
sed -i 's/^  - .*/  - {key: array.scheme, values: [half, third]}/' bench.yaml
run
holds "thirds erase more than halves" "$(cell disturb_worst 2) > 2 * $(cell disturb_worst 1)"
cp made/samples.csv first.csv
run
check "same seed, same bytes" cmp -s first.csv made/samples.csv

# what is stuck cannot settle, but by luck of its target
run --set variation.stuck_off=0.25 --set programming.pulse_limit=20
stuck=$(cell stuck_off 1)
holds "some are stuck, some are not" "$stuck > 0 && $stuck < 9"
holds "those settle that can" "$(cell devices_settled 1) <= 9 - $stuck + 1"
holds "the others are given up" "$(cell pulses 1) >= 20 * ($stuck - 1)"

for bad in array.scheme=quarter array.rows=0 array.rows=1e9 variation.ron=-1 variation.corr_ron_roff=1 \
    device.dopant=Unobtainium circuit.temperature=0; do
    "$SILVERBAR" run bench.yaml --set "$bad" >out 2>err
    same "$bad: exit status" $? 2
    same "$bad: lines" "$(wc -l <err)" 1
done

# a key that the dopant's model, or the engine, cannot serve: one line that names it
for experiment in training crossbar; do
    echo "experiment: $experiment" >bad.yaml
    for bad in "device.dopant=Cr-vteam variation.tau=0.1 vteam2" \
        "engine.name=ngspice variation.cycle_von=0.01 ngspice" \
        "engine.name=event engine.method=bdf event,"; do
        # shellcheck disable=SC2086 # words
        set -- $bad
        "$SILVERBAR" run bad.yaml --set "$1" --set "$2" >out 2>err
        same "$experiment, $bad: exit status" $? 2
        same "$experiment, $bad: lines" "$(wc -l <err)" 1
        check "$experiment, $bad: ${2%=*} and $3 in '$(cat err)'" \
            sh -c "grep -qF '${2%=*}' err && grep -qF '$3' err"
    done
done
# energies of small classes that begin at kinks, in ida at its default tolerances: three devices' worth of
# transmission gates and of a driver of 18 mohm, against BDF at 1e-8; ngspice is within 1e-3 of that
cat >select.yaml <<'END'
experiment: crossbar
array: {rows: 3, columns: 3, scheme: select, column_farad: 0}
device: {dopant: C-vteam}
programming: {pulse_limit: 3}
END
cat >driver.yaml <<'END'
experiment: crossbar
seed: 837914
array: {rows: 2, columns: 3, scheme: select, row_ohm: 6128, column_ohm: 0, driver_ohm: 0.01839, column_farad: 0, supply: 3.22}
device: {dopant: Cr, x0_max: 0.7}
circuit: {temperature: 426}
programming: {tolerance: 0.3343, policy: amplitude, width: 0.002139, pulse_limit: 20, read_time: 0.3691, edge: 1e-5}
variation: {stuck_on: 0.5}
END
for class in select driver; do
    energy() { # KEY=VALUE...
        settings=
        for setting; do settings="$settings --set $setting"; done
        # shellcheck disable=SC2086 # words
        "$SILVERBAR" run $class.yaml $settings | sed -n "s/^energy_${class}_J *//p"
    }
    right=$(energy engine.name=ida engine.method=bdf engine.reltol=1e-8 engine.vntol=1e-10)
    for method in onestep bdf; do
        near "energy of $class, ida $method" "$(energy engine.name=ida engine.method=$method)" "$right" 3e-4
    done
    near "energy of $class, ngspice" \
        "$(energy engine.name=ngspice engine.reltol=1e-6 engine.vntol=1e-8)" "$right" 1e-3
done
# an open port that closes within a millionth of a short edge; drivers of a milliohm
for scheme in half third float; do
    "$SILVERBAR" run driver.yaml --set engine.name=ida --set array.scheme=$scheme --set programming.edge=1e-9 \
        --set programming.read_time=1e-4 --set array.driver_ohm=1e-3 --set engine.reltol=1e-6 \
        --set engine.vntol=1e-8 >out 2>err || bad "edge of 1 ns, drivers of 1 mohm, $scheme" "$(cat err)"
done
# volatile devices: the same pulses and disturbance in two engines; switches that jump, by the seed; and
# what no engine but event does
cat >volatile.yaml <<'END'
experiment: crossbar
seed: 1
array: {rows: 2, columns: 2, scheme: half, row_ohm: 5, column_ohm: 5}
device: {dopant: volatile-pulses, x0_max: 1}
engine: {reltol: 1e-6, vntol: 1e-8}
END
"$SILVERBAR" run volatile.yaml --set engine.name=event >event 2>err || bad "volatile devices" "$(cat err)"
"$SILVERBAR" run volatile.yaml --set engine.name=ida >ida 2>err || bad "volatile devices, ida" "$(cat err)"
key() { sed -n "s/^$1  *//p" "$2"; }
same "pulses of volatile devices" "$(key pulses event)" "$(key pulses ida)"
for column in energy_memristor_J error_rms disturb_worst; do
    near "volatile devices: $column" "$(key $column event)" "$(key $column ida)" 1e-3
done
jumps() { "$SILVERBAR" run volatile.yaml --set engine.switches="$@" 2>&1; }
jumps 20000 >first
jumps 20000 >again
jumps 20000 --set seed=2 >other
check "switches jump" sh -c '! cmp -s first event'
check "alike by the same seed" cmp -s first again
check "otherwise by another" sh -c '! cmp -s first other'
jumps 1000 >out
check "switches that the law has" grep -q 'xm1_1_1: found switches 1000, expected 20000' out
jumps 20000 --set engine.name=ida >out
check "switches in ida" grep -q 'engine.switches with engine ida, expected engine.name: event' out
exit $failed
