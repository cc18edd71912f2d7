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
exit $failed
