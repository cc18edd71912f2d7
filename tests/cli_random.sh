#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar check --random`: the same draws again, in any folder, with any number of workers; what differs
# is written as a testbench or deck that `check` or `sim` takes; usage; a few hundred draws of every kind
# in which nothing may differ.
. "$(dirname -- "$0")/setup.sh"
needs_ngspice

draw() { # FOLDER ARGUMENT...: its table without times in FOLDER/table
    mkdir "$1"
    folder=$1
    shift
    (cd "$folder" && "$SILVERBAR" check --random "$@" -o ../table.csv >out 2>err)
    status=$?
    cut -d, -f1,3-11 table.csv >"$folder/table"
    rm "$folder/out" "$folder/err" table.csv
    case $status in
    0 | 3) ;;
    *) bad "check --random $*: exit status $status" ;;
    esac
}
draw a 10 --seed 7 --kind device -j 1
draw b 10 --seed 7 --kind device -j 2
check "the same draws, tables and files again" diff -r a b
same "all were tried" "$(sed -n 2p a/table | cut -d, -f1,2)" "device,10"
draw c 10 --seed 8 --kind device
check "another seed, other draws" sh -c '! cmp -s a/table c/table'
draw d 6 --seed 7 --kind crossbar
same "two kinds of crossbars" "$(sed 1d d/table | cut -d, -f1,2 | tr '\n' ' ')" "crossbar,3 crossbar,3 "
# states, the largest difference of any pair of engines: 1e-3 is what `check` allows
check "states of crossbars" awk -F, 'NR > 1 && !($9 <= 1e-3) { exit 1 }' d/table
for file in a/*.yaml c/*.yaml d/*.yaml; do
    [ -f "$file" ] || continue
    check "$file tells what differs" grep -q '^# ' "$file"
    "$SILVERBAR" check "$file" >out 2>err
    case $? in
    0 | 1 | 3) ;;
    *) bad "$file: $(cat err)" ;;
    esac
done

# a deck is a deck: what is found is run by `sim'
draw e 12 --seed 2 --kind deck
same "two kinds of decks" "$(sed 1d e/table | cut -d, -f1,2 | tr '\n' ' ')" "deck,6 deck,6 "
for file in e/*.cir; do
    [ -f "$file" ] || continue
    check "$file tells what differs" grep -q '^\* ' "$file"
    "$SILVERBAR" sim "$file" >out 2>err
    case $? in
    0 | 1 | 3) ;;
    *) bad "$file: $(cat err)" ;;
    esac
done

# a state that begins at 0 where the drive jumps: ngspice's steps became too small
cat >zero.yaml <<EOF
experiment: device
device:
  dopant: Sn-vteam
  x0: 0
circuit:
  series_ohm: 0
drive:
  set_volt: 0.59488
  reset_volt: 0.15902
  width: 1.59e-06
  edge: 0
  gap: 0.0040486
  pulses: 1
EOF
energy() { # ENGINE
    "$SILVERBAR" run zero.yaml --json --set engine.name="$1" 2>err |
        sed -n 's/.*"energy_J": \([^,]*\).*/\1/p' | head -n 1
}
ngspice=$(energy ngspice)
same "a state from 0 in ngspice: message" "$(cat err)" ""
event=$(energy event) # the closed form, at constant voltage
holds "its energy" "$ngspice > 0 && ($ngspice / $event - 1)^2 < 1e-6"

# seeds of which all are known to be the same: a difference is new.  At most 2 % may fail by themselves.
all_same() { # N SEED KIND
    "$SILVERBAR" check --random "$1" --seed "$2" --kind "$3" -o all.csv >out 2>err
    same "$1 of $3, seed $2: exit status" $? 0
    same "tried, differ" "$(awk -F, 'NR > 1 { n += $3; d += $5 } END { print n, d }' all.csv)" "$1 0"
    check "failed or too slow: at most 2 %" \
        awk -F, 'NR > 1 { n += $3; f += $6; s += $7 } END { exit !(f <= 0.02 * n && s <= 0.02 * n) }' all.csv
}
all_same "$(length 100 20)" "$(length 3 8)" device
all_same "$(length 12 4)" 11 crossbar
all_same "$(length 100 20)" 2 deck
all_same "$(length 4 1)" 11 training
all_same "$(length 40 8)" 3 tile
check "tiles were compared with engines" awk -F, 'NR > 1 && !($10 > 0 && $10 < 1e-6 && $11 > 0 && $11 < 1e-6) { exit 1 }' all.csv
draw f "$(length 8 3)" --seed 5 --kind tile -j 1
draw g "$(length 8 3)" --seed 5 --kind tile -j 2
check "the same tiles again" diff -r f g
# without tolerance in the engines there are differences, each with a file that `read' takes
mkdir h
(cd h && "$SILVERBAR" check --random 12 --seed 5 --kind tile --reltol 0.1 >out 2>err)
same "exit status at reltol 0.1" $? 3
check "tiles that differ are written" sh -c 'ls h/tile-5-*.csv >/dev/null'
for file in h/tile-*.csv; do
    check "$file tells what differs" grep -q '^# .* differ by' "$file"
    "$SILVERBAR" read "$file" $(sed -n 's/^# options: //p' "$file") >out 2>err
    same "read $file" $? 0
done

refused() { # TEXT ARGUMENT...
    text=$1
    shift
    "$SILVERBAR" check "$@" >out 2>err
    same "$*: exit status" $? 2
    check "$*: '$text' in '$(cat err)'" grep -qF -- "$text" err
}
refused "expected 1 to" --random 0
refused "expected device, crossbar, training, deck or tile" --random 3 --kind diode
refused "expected with --random" --seed 3
refused "expected with --random" --jobs 2
refused "expected a whole number from 1" --random 3 --jobs 0
refused "expected no other circuits" --random 3 --quick
exit $failed
