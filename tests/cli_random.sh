#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar check --random`: the same draws again, in any folder; what differs is written as a testbench
# that `check` takes; usage; states of small crossbars and devices in all engines.
. "$(dirname -- "$0")/setup.sh"
needs_ngspice

draw() { # FOLDER ARGUMENT...: its table without times in FOLDER/table
    mkdir "$1"
    folder=$1
    shift
    (cd "$folder" && "$SILVERBAR" check --random "$@" -o ../table.csv >out 2>err)
    status=$?
    cut -d, -f1,3-10 table.csv >"$folder/table"
    rm "$folder/out" "$folder/err" table.csv
    case $status in
    0 | 3) ;;
    *) bad "check --random $*: exit status $status" ;;
    esac
}
draw a 10 --seed 7 --kind device
draw b 10 --seed 7 --kind device
check "the same draws, tables and files again" diff -r a b
same "all were tried" "$(sed -n 2p a/table | cut -d, -f1,2)" "device,10"
draw c 10 --seed 8 --kind device
check "another seed, other draws" sh -c '! cmp -s a/table c/table'
draw d 6 --seed 7 --kind crossbar
same "two kinds of crossbars" "$(sed 1d d/table | cut -d, -f1,2 | tr '\n' ' ')" "crossbar,3 crossbar,3 "
# states, the largest difference of any pair of engines: 1e-3 is what `check` allows
check "states of crossbars" awk -F, 'NR > 1 && !($8 <= 1e-3) { exit 1 }' d/table
for file in a/*.yaml c/*.yaml d/*.yaml; do
    [ -f "$file" ] || continue
    check "$file tells what differs" grep -q '^# ' "$file"
    "$SILVERBAR" check "$file" >out 2>err
    case $? in
    0 | 1 | 3) ;;
    *) bad "$file: $(cat err)" ;;
    esac
done

refused() { # TEXT ARGUMENT...
    text=$1
    shift
    "$SILVERBAR" check "$@" >out 2>err
    same "$*: exit status" $? 2
    check "$*: '$text' in '$(cat err)'" grep -qF -- "$text" err
}
refused "expected 1 to" --random 0
refused "expected device, crossbar or training" --random 3 --kind deck
refused "expected with --random" --seed 3
refused "expected no other circuits" --random 3 --quick
exit $failed
