#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# silverbar check: every engine on the quick cases is within tolerance; at a loose tolerance the same
# table says what fails, with exit status 3; the saved table is the printed one; Ctrl-C leaves nothing.
. "$(dirname -- "$0")/setup.sh"

"$SILVERBAR" check --quick -o table.csv >stdout 2>stderr
same "exit status" $? 0
same "bytes on standard error" "$(wc -c <stderr | tr -d ' ')" 0
cat stdout
same "rows: a header, the tolerances, two cases in three engines and BDF" "$(wc -l <stdout | tr -d ' ')" 10
for engine in ngspice ida ida-bdf event; do
    same "$engine is within tolerance, cases" "$(grep -c "^[a-z0-9-]* *$engine .* ok$" stdout)" 2
done
same "columns of the saved table" "$(head -n 1 table.csv)" \
    "case,engine,neurons,state,waveform,reading,energy,energy_of,accuracy,images_otherwise,wall_s,verdict"
same "lines of the saved table" "$(wc -l <table.csv | tr -d ' ')" 10

# the verdict follows from the figures and the tolerances in the first row
awk -F, '
    { gsub(/"[^"]*"/, "text") }
    NR == 2 { for (k = 4; k <= 7; k++) limit[k] = $k }
    NR > 2 {
        over = 0
        for (k = 4; k <= 7; k++)
            over += $k != "" && $k > limit[k]
        if ((over > 0) == ($NF == "ok") || $4 <= 0 || $7 <= 0)
            exit 1
    }' table.csv
same "figures are above zero and below the tolerances where the verdict is ok" $? 0

"$SILVERBAR" check --case device --reltol 0.03 --json >loose.json 2>stderr
same "exit status at reltol 0.03" $? 3
check "its message" grep -q '^silverbar check: [1-4] of 4 rows are above their tolerance$' stderr
check "its verdicts say which figures" grep -q '"verdict": "fails: .*state of xm1' loose.json
same "objects" "$(grep -c '"verdict"' loose.json)" 5
check "one of them is BDF's" grep -q '"engine": "ida-bdf"' loose.json

# a tile of ohmic devices at rest is linear: its W and power forms, the static solver, and every engine
"$SILVERBAR" check --case tile-16x16 -o tile.csv >stdout 2>stderr
same "exit status of a tile" $? 0
same "rows of a tile" "$(grep -c '^tile-16x16,.*,ok$' tile.csv)" 6
awk -F, '{ gsub(/"[^"]*"/, "text") }
    NR == 3 && !($4 == 1e-6 && $6 == 1e-6 && $7 == 1e-6) { exit 1 }
    $2 == "tile" && $6 > 0 && $6 < 1e-12 && $7 > 0 && $7 < 1e-11 { n++ }
    $2 == "text" && $1 == "tile-16x16" && $6 > 0 && $6 < 1e-14 && $7 < 1e-14 { n++ }
    END { exit n != 2 }' tile.csv
same "ngspice confirms the linear tile, and it the static solver" $? 0
"$SILVERBAR" check --case tile-16x16 --reltol 0.03 >stdout 2>stderr
same "exit status of a tile at reltol 0.03" $? 3
check "event fails" grep -q 'event .* fails: .*reading of i_c[0-9]* (read)' stdout
check "message of a tile" grep -q ' of 6 rows are above their tolerance' stderr
for dopant in W-sdc W-leaky; do
    "$SILVERBAR" check --case tile-16x16 -d $dopant >stdout 2>stderr
    same "exit status of a tile of $dopant" $? 2
done

# a table that is there is replaced whole; a folder and a device are not
echo old >table.txt
"$SILVERBAR" check --case device -o table.txt >stdout 2>stderr
same "exit status" $? 0
check "the saved text is the printed one" cmp stdout table.txt

# a sample of a testbench: its drive is made by its own engine, and played in all; the reference is
# tight enough for the native engines to be seen within 2e-4 of it
cat >crossbar.yaml <<'END'
experiment: crossbar
replicas: 2
array: {rows: 2, columns: 2, scheme: select}
END
"$SILVERBAR" check crossbar.yaml --sample 1 -o crossbar.csv >stdout 2>stderr
same "exit status of a crossbar" $? 0
same "engines within tolerance" "$(grep -c '^crossbar.yaml,.*,ok$' crossbar.csv)" 4
awk -F, '{ gsub(/"[^"]*"/, "text") } /,(ida|ida-bdf|event),/ && !($4 > 0 && $4 < 2e-4) { exit 1 }' crossbar.csv
same "native engines within 2e-4" $? 0
# ida by both methods, integrators that share nothing but the equations, against each other: states, and
# energies of every class, by the engine itself
for method in onestep bdf; do
    "$SILVERBAR" run crossbar.yaml --set engine.name=ida --set engine.method=$method \
        --set engine.reltol=1e-6 -o $method >stdout 2>stderr
    same "exit status of method $method" $? 0
done
check "they are two methods" sh -c '! cmp -s onestep/samples.csv bdf/samples.csv'
paste -d, onestep/samples.csv bdf/samples.csv | awk -F, '
    NR == 1 { for (k = 1; k <= NF / 2; k++) if ($k ~ /^energy_/) energy[k]; next }
    { for (k in energy) if ($k > 0) { n++; if (($k - $(k + NF / 2)) ^ 2 > (3e-6 * $k) ^ 2) exit 1 } }
    END { exit n < 10 }'
same "their energies agree within 3 reltol, of every class" $? 0

"$SILVERBAR" check crossbar.yaml --sample 1 --set array.scheme=half -o other.csv >stdout 2>stderr
same "exit status of another scheme" $? 0
figures() { # FILE: states and readings of all engines
    cut -d, -f4,6 "$1" | tail -n 4
}
check "another scheme is another drive" [ "$(figures crossbar.csv)" != "$(figures other.csv)" ]
"$SILVERBAR" check crossbar.yaml --set variation.stuck_on=1 --reference 1e-6 >stdout 2>stderr
same "exit status of devices without states" $? 0

cat >training.yaml <<'END'
experiment: training
circuit: {neuron: behavioural}
END
# short: nine devices, from one start
is_short && printf 'experiment: training\ncircuit: {neuron: behavioural, sizes: [9, 1]}\nrule: {target_starts: 1}\n' >training.yaml
"$SILVERBAR" check training.yaml -o training.csv >stdout 2>stderr
same "exit status of a training" $? 0
# the worst class of event is `reference` in training, 3e-8 of all: what leaks through open switches, which
# it holds at their value at rest
awk -F, '
    { gsub(/"[^"]*"/, "text") }
    /,(ida|ida-bdf|event),behavioural,/ && $4 > 0 && $4 < 2e-4 && $6 < 5e-4 && $7 < ($2 == "event" ? 1e-3 : 2e-4) && $10 == 0 { n++ }
    END { exit n != 3 }' training.csv
same "native engines near the reference that decide on all images alike" $? 0

# CMOS neurons: event plays the drive with neurons measured for it, whatever engine has recorded that
printf 'experiment: training\ncircuit: {sizes: [9, 1]}\n' >cmos.yaml
is_short && echo 'programming: {pulse_limit: 8}' >>cmos.yaml # not all settle
for engine in $(length "ida event" event); do
    "$SILVERBAR" check cmos.yaml --set engine.name=$engine --reference 1e-4 --reltol 1e-4 \
        -o cmos-$engine.csv >stdout 2>stderr
    awk -F, -v accuracy="$(length 0.97 0.95)" '{ gsub(/"[^"]*"/, "text") }
        /,event,behavioural,/ && $4 > 0 && $4 < 1e-3 && $6 < 1e-2 && $7 < 1e-3 && $9 > accuracy && $10 == 0 { n++ }
        END { exit n != 1 }' cmos-$engine.csv
    same "event behind a drive of $engine" $? 0
done

# what cannot be played again, or is no circuit of all engines
echo 'experiment: hysteresis' >hysteresis.yaml
refused() { # pattern arguments...
    pattern=$1
    shift
    "$SILVERBAR" check "$@" >stdout 2>stderr
    same "exit status of $*" $? 2
    check "message of $*" grep -q "$pattern" stderr
}
refused "hysteresis.yaml: experiment 'hysteresis' .* expected training or crossbar" hysteresis.yaml
refused 'variation.cycle_von .* expected variation.cycle_von: 0' crossbar.yaml --set variation.cycle_von=0.1
refused 'expected engine.switches: 0' training.yaml --set engine.switches=1000
refused 'crossbar.yaml has samples 0 to 1' crossbar.yaml --sample 2
refused 'expected with FILE.yaml' --sample 1
refused 'expected a testbench alone' crossbar.yaml --quick
refused 'nothing.yaml: cannot be read' nothing.yaml

"$SILVERBAR" check -o long.csv >stdout 2>stderr &
pid=$!
sleep 3
kill -INT $pid
wait $pid
same "exit status after SIGINT" $? 130
check "the message" grep -q '^silverbar check: interrupted' stderr
check "no table" [ ! -e long.csv ]
nothing_left "SIGINT"
exit $failed
