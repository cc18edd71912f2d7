#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/sim.txt: the replay deck of the default run (results/Cr), its commands left out, booked
# at the terminals of every element, and the time of that beside stock ngspice's on the same deck.
# Usage: sim.sh SILVERBAR
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
sed '/^\.control/,/^\.endc/d' "$here/Cr/replay.cir" >"$work/replay.cir"
cd "$work"
seconds() { # COMMAND...: its wall time; what it prints is in out
    begin=$(date +%s%N)
    "$@" >out 2>&1
    echo "$begin $(date +%s%N)" | awk '{ print ($2 - $1) * 1e-9 }'
}
ngspice=$(seconds ngspice -b -r stock.raw replay.cir)
sim=$(seconds "$program" sim replay.cir)
{
    sed -n '/^account:/,$p' out
    echo
    echo "$ngspice $sim" |
        awk '{ printf "ngspice -b %.1f s, silverbar sim %.1f s: %.1f times as long\n", $1, $2, $2 / $1 }'
} >"$here/sim.txt"
