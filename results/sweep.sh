#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sweeps at full size, on a machine that does nothing else; makes results/sweep/:
#   sweep.csv, schedule.csv   `silverbar bench --case sweep`
#   demo.csv                  a sweep of some 10,000 training runs: with one worker (a twentieth of it,
#                             for the time of a sample), with two, killed ten times and resumed, with a
#                             worker killed now and then, on 1, 2 and 4 ranks; and the SHA-256 of the table
#                             of each, which must all be the same
# Usage: sweep.sh BUILD [TESTBENCH [REPLICAS]]
set -eu
build=$(realpath "$1")
program=$build/silverbar
here=$(cd "$(dirname "$0")" && pwd)
bench=$(realpath "${2-$here/../testbenches/small.yaml}")
replicas=${3-834} # of 12 points: 10,008 samples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM
ranks="mpirun --oversubscribe --mca btl self,vader -n"

"$program" bench --case sweep -o bench
mkdir -p "$here/sweep"
cp bench/sweep.csv bench/schedule.csv "$here/sweep"

echo "run,samples,wall_s,in_samples_s,coordinator_s,resumed,sha256" >demo.csv
note() { # RUN FILE.db RESUMED: the last line on it is in stderr.txt
    sed -n 's/.*: \([0-9]*\) samples, .* in \([0-9.e+-]*\) s (.*, \([0-9.e+-]*\) s in samples); the coordinator took \([0-9.e+-]*\) s.*/\1,\2,\3,\4/p' \
        stderr.txt >figures.txt
    echo "$1,$(cat figures.txt),$3,$("$program" table --csv "$2" | sha256sum | cut -d ' ' -f 1)" | tee -a demo.csv
}
sweep() { # FILE.db OPTION...
    file=$1
    shift
    "$program" sweep "$bench" -o "$file" --set replicas="$replicas" "$@" 2>stderr.txt
}

"$program" sweep "$bench" -o one.db --set replicas=$(((replicas + 19) / 20)) --jobs 1 2>stderr.txt
note "1 worker, a twentieth" one.db 0
sweep two.db --jobs 2
note "2 workers" two.db 0

for ((i = 1; i <= 10; i++)); do
    sweep killed.db --jobs 2 --resume &
    pid=$!
    sleep $((1 + RANDOM % 20)).$((RANDOM % 10))
    sweeping=$(pgrep -P $pid -x silverbar) && kill -9 "$sweeping"
    wait $pid || true
done
sweep killed.db --jobs 2 --resume
note "killed ten times" killed.db 10

sweep worker.db --jobs 2 &
pid=$!
for ((i = 1; i <= 10; i++)); do
    sleep 3
    sweeping=$(pgrep -P $pid -x silverbar) || break
    worker=$(pgrep -P "$sweeping" -x silverbar | head -n 1) && kill -9 "$worker"
done
wait $pid
note "a worker killed ten times" worker.db 0

for n in 1 2 4; do
    $ranks $n "$program" sweep "$bench" -o ranks-$n.db --set replicas="$replicas" 2>stderr.txt
    note "$n ranks" ranks-$n.db 0
done
cp demo.csv "$here/sweep"
[ "$(sed '1,2d; s/.*,//' demo.csv | sort -u | wc -l)" -eq 1 ] && echo "all tables are the same"
