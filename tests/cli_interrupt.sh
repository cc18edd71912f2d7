#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ctrl-C and SIGTERM in the middle of a transient: a message, exit status 130, no results folder,
# no temporary folder, no process left.
. "$(dirname -- "$0")/setup.sh"

workers() { # processes whose folder lies below TMPDIR
    for process in /proc/[0-9]*; do
        case $(readlink "$process/cwd" 2>/dev/null) in
        "$work/tmp"/*) echo "${process#/proc/}" ;;
        esac
    done
}

await() { # SECONDS COMMAND...: until it holds
    tenths=$(($1 * 10))
    shift
    while [ $tenths -gt 0 ]; do
        "$@" && return
        sleep 0.1
        tenths=$((tenths - 1))
    done
    return 1
}

has_begun() {
    [ -n "$(ls -d out.unfinished-* 2>/dev/null)" ] && [ -n "$(workers)" ]
}

is_begun() {
    [ -n "$(ls -d out.unfinished-* 2>/dev/null)" ]
}

has_ended() {
    [ -z "$(workers)" ]
}

for signal in INT TERM; do
    "$SILVERBAR" train -o out >stdout 2>stderr &
    pid=$!
    check "a worker runs, the folder is begun" await 60 has_begun
    sleep 1
    kill -$signal $pid
    wait $pid
    same "exit status after SIG$signal" $? 130
    check "the message tells of the unfinished results" \
        grep -q 'interrupted.*; the unfinished results were removed' stderr
    same "bytes on standard output" "$(wc -c <stdout | tr -d ' ')" 0
    check "the worker has ended" await 10 has_ended
    same "files here" "$(ls -A)" "stderr
stdout"
    nothing_left "SIG$signal"
    sed 's/^/    /' stderr
done

# what a killed run has left goes with the next run of the same name; what a living one has stays
kill_begun() { # ARGUMENT...: with -o out
    "$SILVERBAR" "$@" >stdout 2>stderr &
    pid=$!
    check "silverbar $*: the folder is begun" await 60 is_begun
    kill -9 $pid
    wait $pid
    check "killed, it leaves the folder" is_begun
    check "its workers have ended" await 10 has_ended
}
left() {
    # shellcheck disable=SC2012 # names of ours
    ls -d out.unfinished-* 2>/dev/null | wc -l | tr -d ' '
}
printf 'experiment: staircase\ndevice: {gstep: 0.5}\ntime_limit: 0\n' >long.yaml
printf '%s\n' t 'v1 a 0 sin(0 1 1k)' 'r1 a 0 1k' '.tran 1u 100' >long.cir
printf '%s\n' t 'v1 a 0 sin(0 1 1k)' 'r1 a 0 1k' '.tran 10u 1m' >short.cir
kill_begun run long.yaml --sample 0 -o out
kill_begun train -o out
kill_begun sim long.cir -o out
killed=$(ls -d out.unfinished-*)
has_another() {
    [ -n "$(ls -d out.unfinished-* 2>/dev/null | grep -vxF "$killed")" ]
}
"$SILVERBAR" train -o out >stdout 2>stderr &
pid=$!
check "another is begun" await 60 has_another
same "the killed ones' folders are gone" "$(left)" 1
: >out.unfinished-notours
mkdir out.unfinished-toolong0
"$SILVERBAR" sim short.cir -o out >stdout 2>stderr
same "a run of the same name meanwhile" "$? $(cat stderr)" "0 "
same "the living one's folder and other names stay" "$(left)" 3
rm -r out out.unfinished-notours out.unfinished-toolong0
kill -INT $pid
wait $pid
# of files, and of folders for workers
: >o.csv.unfinished-abcdef
mkdir "$work/tmp/silverbar-work-abcdef" "$work/tmp/silverbar-backup"
: >"$work/tmp/silverbar-work-abcdef/.spiceinit"
"$SILVERBAR" sim short.cir -o out >stdout 2>stderr
"$SILVERBAR" wave out/waveforms.raw --csv -o o.csv >stdout 2>stderr
same "an unfinished file, and a worker's folder" "$(ls -d o.csv* "$work/tmp"/*)" "$work/tmp/silverbar-backup
o.csv"
rm -r out o.csv "$work/tmp/silverbar-backup"
nothing_left "killed runs"

# a sample that looks at neither the clock nor the user, of 1e15 events: its time limit and one signal end it
printf 'experiment: staircase\ndevice: {gstep: 0.5}\ntime_limit: 1\n' >long.yaml
"$SILVERBAR" run long.yaml --sample 0 -o out >stdout 2>stderr
same "exit status after the time limit of a sample" $? 1
check "the message names sample and limit" grep -q 'sample 0: time limit of 1 s passed' stderr
check "no folder is left" [ -z "$(ls -d out* 2>/dev/null)" ]
for signal in INT TERM; do
    "$SILVERBAR" run long.yaml --set time_limit=0 --sample 0 -o out >stdout 2>stderr &
    pid=$!
    check "the folder is begun" await 60 is_begun
    kill -$signal $pid
    wait $pid
    same "exit status of a sample after SIG$signal" $? 130
    check "no folder is left by SIG$signal" [ -z "$(ls -d out* 2>/dev/null)" ]
done
exit $failed
