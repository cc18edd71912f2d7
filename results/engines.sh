#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/engines.csv: the default training run in each engine, for three dopants, against that
# in ngspice; and the replay of the ngspice run's drive, from `silverbar check`.
# A line a run: devices within tolerance, pulses in all, on how many devices their number differs and
# where (device:ngspice>engine), the largest relative difference of a target and of a conductance read
# last, and of states and energies on the same drive.  Usage: engines.sh SILVERBAR [DOPANT...]
set -eu
program=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- Cr W C
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
echo "dopant,engine,within_tolerance,devices,pulses,devices_with_other_pulses,which,target_difference,conductance_difference,replay_state_difference,replay_energy_difference" >engines.csv
for dopant; do
    "$program" check --dopant "$dopant" --case classifier -o check.csv >/dev/null || [ $? -eq 3 ]
    for engine in ngspice ida event; do
        "$program" train --dopant "$dopant" --engine $engine -o "$engine-$dopant" >/dev/null 2>&1 || [ $? -eq 3 ]
        awk -F, -v dopant="$dopant" -v engine=$engine '
            function size(a) { return a < 0 ? -a : a }
            FNR == 1 {
                file++
                for (k = 1; k <= NF; k++)
                    column[file, $k] = k
                next
            }
            file == 1 && $2 == engine { state = $column[1, "state"]; energy = $column[1, "energy"] }
            file == 2 { pulses[$1] = $10; target[$1] = $5; final[$1] = $7 }
            file == 3 {
                devices++
                all += $10
                settled += $11
                if ($10 != pulses[$1]) {
                    others++
                    which = which (which == "" ? "" : " ") $1 ":" pulses[$1] ">" $10
                }
                d = size($5 / target[$1] - 1)
                if (d > worst_target) worst_target = d
                d = size($7 / final[$1] - 1)
                if (d > worst_final) worst_final = d
            }
            END {
                printf "%s,%s,%d,%d,%d,%d,%s,%.1e,%.1e,%s,%s\n", dopant, engine, settled, devices,
                    all, others, which, worst_target, worst_final, state, energy
            }' check.csv "ngspice-$dopant/devices.csv" "$engine-$dopant/devices.csv" >>engines.csv
    done
done
cp engines.csv "$here/engines.csv"
