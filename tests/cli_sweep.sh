#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar sweep` as users run it, on a small testbench of real training runs: any number of workers,
# kills of the whole and of a worker, signals, a locked file and a full disk all give the same table.
. "$(dirname -- "$0")/setup.sh"
cat >small.yaml <<'END'
title: Small
experiment: training
seed: 3
replicas: 9
time_limit: 100
engine: {name: event}
sweep:
  - key: device.dopant
    values: [W, C]
END
is_short && echo 'rule: {target_starts: 1, target_steps: 20}' >>small.yaml
samples=18

table() { # FILE.db
    "$SILVERBAR" table --csv "$1"
}

compare() { # NAME FILE.db
    table "$2" >got.csv 2>stderr
    check "$1: the same bytes" cmp got.csv calm.csv
    same "$1: messages" "$(cat stderr)" ""
}

"$SILVERBAR" sweep small.yaml -o calm.db --jobs 1 >stdout 2>stderr
same "one worker, exit status" $? 0
same "bytes on standard output" "$(wc -c <stdout | tr -d ' ')" 0
cat stderr
table calm.db >calm.csv
same "rows" "$(wc -l <calm.csv | tr -d ' ')" $((samples + 1))
same "head" "$(sed -n '1s/\([^,]*,[^,]*,[^,]*\),.*\(,[^,]*,[^,]*\)$/\1 ... \2/p' calm.csv)" \
    "sample,replica,device.dopant ... ,status,failure"
same "rows done" "$(grep -c ',done,$' calm.csv)" $samples
"$SILVERBAR" table --wall --csv calm.db >wall.csv
same "columns with --wall" "$(head -n 1 wall.csv)" "$(head -n 1 calm.csv),wall_s"
"$SILVERBAR" table --json calm.db >calm.json
same "objects of JSON" "$(grep -o '"sample"' calm.json | wc -l | tr -d ' ')" $samples

# sample 10 alone, as `run` computes it: replica 1 of C
"$SILVERBAR" run small.yaml --sample 10 --json >run.json
pulses=$(sed -n 's/.*"pulses": *\([0-9]*\).*/\1/p' run.json | head -n 1)
column=$(head -n 1 calm.csv | tr , '\n' | grep -nx pulses | cut -d : -f 1)
same "pulses of sample 10 in run and sweep" "$(sed -n 12p calm.csv | cut -d , -f "$column")" "$pulses"

for jobs in 2 3; do
    "$SILVERBAR" sweep small.yaml -o $jobs.db --jobs $jobs 2>stderr
    same "$jobs workers, exit status" $? 0
    compare "$jobs workers" $jobs.db
done

rows() { # FILE.db: how many are there
    table "$1" 2>/dev/null | sed 1d | wc -l | tr -d ' '
}

await_rows() { # FILE.db N
    tries=1200
    while [ "$(rows "$1")" -lt "$2" ] && [ $tries -gt 0 ]; do
        sleep 0.05
        tries=$((tries - 1))
    done
    [ "$(rows "$1")" -ge "$2" ]
}

# kill -9 of the coordinator, again and again, each time when there are more rows
for n in 1 3 5; do
    "$SILVERBAR" sweep small.yaml -o killed.db --resume --jobs 1 2>stderr &
    pid=$!
    check "$n rows are there" await_rows killed.db $n
    kill -9 $pid
    wait $pid 2>/dev/null
    same "exit status of the killed" $? 137
    before=$(rows killed.db)
done
"$SILVERBAR" sweep small.yaml -o killed.db --resume 2>stderr
same "resumed, exit status" $? 0
check "it computed the others only" grep -q "$samples samples, $((samples - before)) of this run" stderr
compare "killed three times" killed.db

# kill -9 of a worker
"$SILVERBAR" sweep small.yaml -o worker.db --jobs 2 2>stderr &
pid=$!
check "a row is there" await_rows worker.db 1
# shellcheck disable=SC2046 # words
set -- $(cat /proc/$pid/task/$pid/children)
same "workers" $# 2
kill -9 "$1"
wait $pid
same "a worker killed, exit status" $? 0
compare "a worker killed" worker.db

# SIGINT and SIGTERM, of a sweep that does not end by itself
for signal in INT TERM; do
    rm -f int.db
    "$SILVERBAR" sweep small.yaml -o int.db --jobs 1 --set replicas=10000 2>stderr &
    pid=$!
    check "a row is there" await_rows int.db 1
    kill -$signal $pid
    wait $pid
    same "exit status after SIG$signal" $? 130
    check "its message names --resume" \
        grep -q 'interrupted: [0-9]* of 20000 samples are in int.db; --resume' stderr
    same "messages" "$(wc -l <stderr | tr -d ' ')" 1
    told=$(sed -n 's/.*interrupted: \([0-9]*\) of.*/\1/p' stderr)
    same "rows there are as told" "$(rows int.db)" "$told"
done
"$SILVERBAR" table int.db >stdout 2>stderr
check "the table tells that it is not complete" grep -q "$told of 20000 samples" stderr

bad_end() { # NAME EXPECTED-TEXT COMMAND...
    name=$1 text=$2
    shift 2
    "$@" >stdout 2>stderr
    same "$name, exit status" $? 2
    same "$name, messages" "$(wc -l <stderr | tr -d ' ')" 1
    check "$name: $text" grep -q -- "$text" stderr
    [ "$failed" = 0 ] || cat stderr
}
bad_end "a file that exists" 'int.db: exists; --resume' "$SILVERBAR" sweep small.yaml -o int.db
bad_end "another seed" "'seed: 3' where this one has 'seed: 4'" \
    "$SILVERBAR" sweep small.yaml -o calm.db --resume --set seed=4
bad_end "another file" 'small.yaml: not a file of results' "$SILVERBAR" table small.yaml
bad_end "more replicas" "'replicas: 9' where this one has 'replicas: 8'" \
    "$SILVERBAR" sweep small.yaml -o calm.db --resume --set replicas=8
bad_end "no file" 'none.db: No such file' "$SILVERBAR" table none.db
bad_end "no folder" 'none/a.db: No such file' "$SILVERBAR" sweep small.yaml -o none/a.db
bad_end "an unknown key" "nonsense" "$SILVERBAR" sweep small.yaml -o none.db --set nonsense=1
check "nothing was made" [ ! -e none.db ]

nothing_left "sweeps"
exit $failed
