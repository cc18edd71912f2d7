#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# silverbar bench: what its tables say of each other.  No time is asserted, only that each row's
# speedup is the quotient of its times, that errors hold their target, and that runs are counted.
. "$(dirname -- "$0")/setup.sh"

"$SILVERBAR" bench --case device --case crossbar-3x9 --case read --quick -o out >stdout 2>stderr
same "exit status" $? 0
cat stdout stderr
same "files" "$(ls out | tr '\n' ' ')" "bench.csv bench.json "
same "columns" "$(head -n 1 out/bench.csv)" \
    "circuit,engine,baseline,error,wall_s,speedup_vs_ngspice,spread,runs,reltol,steps,target,error_of,model_error,model_error_of"
same "rows" "$(sed 1d out/bench.csv | sed 's/"[^"]*"/reference/' | cut -d, -f1,2 | tr '\n' ' ')" \
    "device,ngspice device,ida device,event crossbar-3x9,ngspice crossbar-3x9,ida crossbar-3x9,event reference,ida read-256x16x64,klu read-256x16x64,lines read-32x32x64,klu read-32x32x64,lines read-64x64x64,klu read-64x64x64,lines read-128x128x1,klu read-128x128x1,lines "
sed 's/"[^"]*"/text/g' out/bench.csv | awk -F, '
    NR == 1 { next }
    $1 != circuit { circuit = $1; wall = $5 }
    $1 != "text" {
        rows++
        d = $6 * $5 / wall - 1
        if (d * d > 1e-18 || $5 <= 0 || $7 < 0 || $8 != 5)
            bad = bad " " $1 "/" $2
        if ($4 <= 0 || $4 > $11)
            bad = bad " " $1 "/" $2 ": error " $4
    }
    END { if (rows != 14 || bad != "") { print "rows " rows ", bad:" bad; exit 1 } }'
same "speedup is the quotient of times, five runs each, errors hold their target" $? 0
"$SILVERBAR" bench --case tiles --quick -d W --csv >tiles.csv 2>stderr
same "exit status of tiles" $? 0
same "rows of tiles" "$(sed 1d tiles.csv | cut -d, -f1,2 | tr '\n' ' ')" \
    "tile-read-64x64,klu tile-read-64x64,tile tile-cnn,products tile-cnn,network tile-cnn,tiles tile-write-64x64,tiles "
check "currents of tiles are those of KLU" awk -F, '$2 == "tile" { exit !($4 > 0 && $4 < 1e-11 && $5 > 0 && $8 == 5) }' tiles.csv
holds "the reference of large arrays agrees with ngspice" \
    "$(sed -n 's/^"crossbar-3x9, reference[^"]*",ida,"[^"]*",\([^,]*\),.*/\1/p' out/bench.csv) < 1e-3"

# cost against size, and the loop of training runs with its seeds
"$SILVERBAR" bench --quick --case series --case training --runs 2 --json -o sizes >json 2>stderr
same "exit status" $? 0
check "series" grep -q '"us_per_device_pulse"' json
for engine in ngspice ida event; do
    check "exponents of $engine" grep -q "^devices,$engine," sizes/growth.csv
done
same "training runs" "$(sed -n 's/^ *"training_runs": \([0-9.]*\).*/\1/p' json)" 2.0
same "devices of two runs" "$(sed -n 's/^ *"devices": 60.*/60/p' json)" 60
check "the script of the plot" grep -q "series.csv" sizes/cost.gp
if command -v gnuplot >/dev/null; then check "the plot" [ -s sizes/cost.png ]; fi

# sweeps: speedup is the quotient of times, no schedule is better than its bounds
"$SILVERBAR" bench --case sweep -o sweep >stdout 2>stderr
same "exit status" $? 0
cat stdout
awk -F, 'NR > 1 && $3 > 0 { n++; if (n == 1) wall = $4; d = $8 * $4 / wall - 1
        if (d * d > 1e-18 || $6 <= 0 || $6 > 1 || $9 <= 0) bad = 1 }
    END { exit n != 2 || bad }' sweep/sweep.csv
same "speedup and efficiency of sweeps" $? 0
awk -F, 'NR > 1 { n++; if ($4 > 1.000001 * $1 / $2 || $4 > 1.000001e6 / $3 || $6 > 1) bad = 1 }
    END { exit n != 28 || bad }' sweep/schedule.csv
same "28 schedules within their bounds" $? 0

"$SILVERBAR" bench --case classifier -o long >stdout 2>stderr &
pid=$!
sleep 3
kill -INT $pid
wait $pid
same "exit status after SIGINT" $? 130
check "the message" grep -q '^silverbar bench: interrupted' stderr
check "no folder" [ ! -e long ]
nothing_left "SIGINT"
"$SILVERBAR" bench --case training --runs 1000000 -o part >stdout 2>stderr &
pid=$!
sleep 8
kill -TERM $pid
wait $pid
same "exit status of an interrupted loop" $? 130
holds "what it had measured is there" "$(sed -n 2p part/training.csv | cut -d, -f2) > 0"
nothing_left "SIGTERM"
exit $failed
