#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/tolerance.csv: the drive of the default training run in stock ngspice at several
# tolerances, against reltol = 1e-6, abstol = 1e-12, vntol = 1e-8, trtol = 1.  Usage: tolerance.sh SILVERBAR
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
"$program" train -o out >/dev/null
replay() { # NAME RELTOL ABSTOL VNTOL TRTOL
    sed "s/^+ reltol=.*/+ reltol=$2 abstol=$3 vntol=$4 trtol=$5/" out/replay.cir >"$1.cir"
    ngspice -b "$1.cir" >"$1.log" 2>/dev/null </dev/null
}
row() { # NAME RELTOL ABSTOL VNTOL TRTOL
    replay "$@"
    awk -v tolerances="$2,$3,$4,$5" '
        /^No. of Data Rows/ { points[FILENAME] = $NF }
        /^state_training_/ { split($0, part, /[ =]+/); x[FILENAME, part[1]] = part[2]; names[part[1]] }
        /^energy_training_memristor/ { energy[FILENAME] = $NF }
        END {
            for (name in names) {
                d = x[ARGV[2], name] / x[ARGV[1], name] - 1
                worst = d < 0 ? (-d > worst ? -d : worst) : (d > worst ? d : worst)
            }
            printf "%s,%d,%.2e,%.2e\n", tolerances, points[ARGV[2]], worst, \
                energy[ARGV[2]] / energy[ARGV[1]] - 1
        }' reference.log "$1.log"
}
replay reference 1e-6 1e-12 1e-8 1
{
    echo "reltol,abstol_A,vntol_V,trtol,points,largest_state_difference,memristor_energy_difference"
    row a 1e-2 1e-9 1e-5 7
    row b 1e-3 1e-9 1e-5 7
    row c 1e-4 1e-9 1e-5 7
    row d 1e-4 1e-10 1e-6 7
    row e 1e-5 1e-10 1e-6 7
} >"$here/tolerance.csv"
