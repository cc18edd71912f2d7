#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A sweep under mpirun: any number of ranks and of processes gives the same bytes, samples that fail,
# crash or take too long are rows; a dead rank costs time, not rows.
. "$(dirname -- "$0")/setup.sh"
law=$SB_BUILD/tests/sweep_law

# Usage: law FILE.db SAMPLES SECONDS MISFORTUNES JOBS RESUME SILENCE
"$law" one.db 60 0.002 1 1 0 10 2>stderr
same "one process, exit status" $? 0
"$SILVERBAR" table --csv one.db >one.csv
same "its rows" "$(wc -l <one.csv | tr -d ' ')" 61
same "failed" "$(grep -c ',failed,"sample [0-9]*, on purpose"$' one.csv)" 2
same "crashed" "$(grep -c ',crashed,crashed: signal 9$' one.csv)" 2
same "late" "$(grep -c ',late,time limit of 2\.004 s passed$' one.csv)" 1

if ! grep -q '^#define HAVE_MPI 1' "$SB_BUILD/config.h"; then
    OMPI_COMM_WORLD_SIZE=2 "$law" none.db 60 0.002 0 1 0 10 2>stderr
    same "one of two ranks without MPI, exit status" $? 2
    check "its message" grep -q 'this build has no MPI; expected' stderr
    same "messages" "$(wc -l <stderr | tr -d ' ')" 1
    check "no file is made" [ ! -e none.db ]
    [ $failed -eq 0 ] || exit 1
    echo "skipped: sweeps over ranks; this build has no MPI"
    exit 77
fi
if ! command -v mpirun >/dev/null; then
    [ $failed -eq 0 ] || exit 1
    echo "skipped: sweeps over ranks; no program mpirun in PATH"
    exit 77
fi

# as root and in containers, on fewer processors than ranks; libraries below mpirun leak a little
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
run="mpirun --oversubscribe --mca btl self,vader"

compare() { # NAME FILE.db WANTED.csv
    "$SILVERBAR" table --csv "$2" >got.csv
    check "$1: the same bytes" cmp got.csv "$3"
}

for ranks in 1 2 4; do
    $run -n $ranks "$law" $ranks.db 60 0.002 1 1 0 10 >stdout 2>stderr
    same "$ranks ranks, exit status" $? 0
    compare "$ranks ranks" $ranks.db one.csv
done
$run -n 2 "$law" jobs.db 60 0.002 1 3 0 10 >stdout 2>stderr
compare "2 ranks, 3 processes each" jobs.db one.csv

# a testbench of training runs
printf '%s\n' 'title: Small' 'experiment: training' 'engine: {name: event}' 'replicas: 6' >small.yaml
"$SILVERBAR" sweep small.yaml -o small.db 2>stderr
"$SILVERBAR" table --csv small.db >small.csv
same "training runs" "$(grep -c ',done,$' small.csv)" 6
$run -n 3 "$SILVERBAR" sweep small.yaml -o small-3.db >stdout 2>stderr
same "training runs on 3 ranks, exit status" $? 0
compare "training runs on 3 ranks" small-3.db small.csv
$run -n 2 "$SILVERBAR" sweep none.yaml -o none.db >stdout 2>stderr
same "messages of a testbench that is not there" "$(grep -c '^silverbar sweep: none.yaml: ' stderr)" 1

# 100 ms a sample: one is always being computed when a rank is killed
"$law" calm.db 60 0 0 2 0 10 2>stderr
"$SILVERBAR" table --csv calm.db >calm.csv

rank_of() { # MPIRUN RANK: its process
    for process in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
        tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null |
            grep -qx "OMPI_COMM_WORLD_RANK=$2" && echo "$process"
    done
}

await_rows() { # FILE.db: until some are there
    tries=200
    while [ $tries -gt 0 ]; do
        [ "$("$SILVERBAR" table --csv "$1" 2>/dev/null | wc -l)" -gt 1 ] && return
        sleep 0.1
        tries=$((tries - 1))
    done
    return 1
}

kill_rank() { # FILE.db RANK [OPTION]: one of 3, once rows are there
    # shellcheck disable=SC2086 # words
    $run ${3-} -n 3 "$law" "$1" 60 0.1 0 1 0 2 >stdout 2>stderr &
    mpirun=$!
    check "rows are there" await_rows "$1"
    kill -9 "$(rank_of $mpirun "$2")"
    wait $mpirun
}

kill_rank dead.db 2
status=$?
check "a dead rank ends the job, status $status" [ $status -ne 0 ]
rows=$("$SILVERBAR" table --csv dead.db 2>/dev/null | wc -l)
holds "some rows are there, not all" "$rows > 1 && $rows < 61"
$run -n 2 "$law" dead.db 60 0 0 1 1 10 >stdout 2>stderr
same "resumed, exit status" $? 0
compare "a dead rank, resumed" dead.db calm.csv

kill_rank recovered.db 2 --enable-recovery
same "a dead rank under --enable-recovery, exit status" $? 0
check "it is told" grep -q '1 workers of silent ranks were given up' stderr
compare "a dead rank under --enable-recovery" recovered.db calm.csv

# without rank 0 there is nobody to write: the others end after its silence of 2 s, and the 10 s for which
# its store may have kept it
begin=$(date +%s)
kill_rank headless.db 0
status=$?
check "a dead rank 0 ends the job, status $status" [ $status -ne 0 ]
rm -f headless.db*
kill_rank headless.db 0 --enable-recovery # mpirun's own status is then 0, whatever ranks say
holds "seconds" "$(($(date +%s) - begin)) < 30"
check "its message" grep -q 'rank 0 has been silent for 12 s' stderr
"$law" headless.db 60 0 0 2 1 10 2>stderr
same "resumed without ranks, exit status" $? 0
compare "a dead rank 0, resumed" headless.db calm.csv

# ranks of different testbenches
$run -n 1 "$law" other.db 60 0 0 1 0 10 a : -n 1 "$law" other.db 60 0 0 1 0 10 b >stdout 2>stderr
check "ranks of two sweeps, exit status $?" [ $? -ne 0 ]
same "messages of theirs" "$(grep '^sweep_law' stderr)" \
    "sweep_law: rank 1 has another testbench, or files of it, than rank 0"
check "no file is made" [ ! -e other.db ]
exit $failed
