#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar run` with the experiments of the volatile stochastic device (arXiv:2407.04718): its
# testbenches as they are shipped, what they give, and what is refused.
. "$(dirname -- "$0")/setup.sh"
benches=$SB_SRC/testbenches

column() { # FILE COLUMN ROW
    awk -F, -v name="$2" -v row="$3" 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) c = k }
        NR == row + 1 { print $c }' "$1"
}

"$SILVERBAR" run "$benches/hysteresis.yaml" -o loop >out 2>err
same "hysteresis: exit status" $? 0
same "hysteresis: columns" "$(head -n 1 loop/loop.csv)" \
    "t_s,voltage_V,current_A,resistance_ohm,switches,rho,phi"
holds "hysteresis: up" "$(column loop/samples.csv r_max_ohm 1) > 1.1 * 5000"
holds "hysteresis: and down" "$(column loop/samples.csv r_min_ohm 1) < 0.95 * 5000"
"$SILVERBAR" run loop/testbench.yaml -o again >out 2>err
check "its testbench.yaml gives the same bytes" cmp loop/loop.csv again/loop.csv
"$SILVERBAR" run "$benches/staircase.yaml" --set device.method=mean -o stairs >out 2>err
holds "staircase: each pulse sets" "$(column stairs/samples.csv change 1) < -0.5"

"$SILVERBAR" run "$benches/frequency.yaml" --set replicas=20 -o frequency >out 2>err
same "frequency: exit status" $? 0
for row in 2 3 4; do
    holds "volatile: the response grows with the frequency" \
        "$(column frequency/points.csv change $row) > $(column frequency/points.csv change $((row - 1)))"
done
for row in 5 6 7 8; do # 1e-3: the drift at rest, of a switch or two
    holds "not volatile: no response" "$(column frequency/points.csv change $row) ^ 2 < 1e-6"
done
"$SILVERBAR" run "$benches/relaxation.yaml" --set replicas=20 -o rest >out 2>err
holds "relaxation: fast with volatility" "$(column rest/points.csv switches_fast 1) > 4"
holds "relaxation: and not without" "$(column rest/points.csv switches_fast 2) < 1"
"$SILVERBAR" run "$benches/event_accuracy.yaml" --set trials=50 --set "fixed.steps=0.2 1" -o event >out 2>err
same "event_accuracy: exit status" $? 0
same "event_accuracy: ways" "$(tail -n +2 event/ways.csv | cut -d, -f1,2 | tr '\n' ' ')" \
    "single,0 event,0 binomial,0.2 binomial,1 normal,0.2 normal,1 passage,0.2 passage,1 "

refuse() { # PART-OF-MESSAGE ARGUMENT...
    part=$1
    shift
    "$SILVERBAR" run "$@" -o bad >out 2>err
    same "run $*: exit status" $? 2
    check "run $*: message" grep -qF -- "$part" err
    check "run $*: nothing was written" [ ! -e bad ]
}
refuse "device.nth: found 30000, expected at most device.n" "$benches/hysteresis.yaml" --set device.nth=3e4
refuse "fixed.steps: found 'x'" "$benches/event_accuracy.yaml" --set "fixed.steps=1 x"
refuse "drive.width" "$benches/staircase.yaml" --set drive.width=1e10
refuse "longer than the period" "$benches/staircase.yaml" --set drive.width=2000
nothing_left "run"
exit $failed
