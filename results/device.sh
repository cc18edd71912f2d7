#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Loops, pulses and retention of single devices: results/device.  Usage: results/device.sh [SILVERBAR]
set -e
silverbar=$(realpath "${1:-build/silverbar}")
cd "$(dirname -- "$0")/device"
for engine in ngspice ida event; do
    while read -r name amplitude series frequencies; do
        "$silverbar" device loop "$name" --amplitude "$amplitude" --series "$series" \
            --frequency "$frequencies" --engine $engine --csv |
            sed "s/^/$engine,/; 1s/^$engine/engine/"
    done <<'END' | awk 'NR == 1 || !/^engine/'
W 0.8 5000 1,10,100,1000
W 0.8 47000 1,10,100,1000
Sn 1 5110 1,100
Cr 1 5110 1,100
C 1 47500 1,100
END
done | awk 'NR == 1 || !/^engine/' >loops.csv
"$silverbar" device loop W --amplitude 0.8 --frequency 1,10,100,1000 --plot W_loops.png >/dev/null
"$silverbar" device loop W --amplitude 0.8 --variation=20 --csv --plot W_variation.png >W_variation.csv
"$silverbar" device pulse W --voltage 0.35 --width 20e-6 --count 40 --gap 1e-3 --series 1000 \
    --plot W_pulses.png --csv >W_pulses.csv
"$silverbar" device retention metaswitch-demo --x0 0.525 --time 1e5 --plot retention.png --csv >retention.csv
