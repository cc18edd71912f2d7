#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands killed at random moments: what they write is there whole or not at all, a file of before stays
# as it was, workers end, and the next run gives the same bytes and leaves nothing behind.
# Environment: KILLS of each command by each of SIGKILL, SIGTERM and SIGINT (without it: one by SIGKILL of
# those that are short), KILLS_SEED, KILLS_COMMANDS, KILLS_SIGNALS.
. "$(dirname -- "$0")/setup.sh"
seed=${KILLS_SEED:-1}
signals=${KILLS_SIGNALS:-KILL TERM INT} all="sweep run one claims fit check bench random"
[ -n "${KILLS:-}" ] || signals=KILL all="sweep run one claims fit" KILLS=1
commands=${KILLS_COMMANDS:-$all}

mkdir inputs
cat >inputs/sweep.yaml <<'END'
experiment: training
replicas: 4
engine: {name: event}
rule: {target_starts: 1, target_steps: 20}
sweep: [{key: device.dopant, values: [W, C]}]
END
sed '/^sweep/d' inputs/sweep.yaml >inputs/run.yaml
cat >inputs/claims.yaml <<'END'
variation_replicas: 2
claims:
- {claim: time, testbench: run.yaml, output: training_time_s, as: mean, compare_only: true}
END
"$SILVERBAR" device loop W --amplitude 0.8 --frequency 1000 --cycles 2 --waveform loop.csv >/dev/null
# every fifth point of the last period that is later than the one before
awk -F, 'NR == 1 { print "t_s,source_V,device_V,current_A"; next }
    !(k++ % 5) && $2 > last + 1e-7 { last = $2; print $2 "," $3 "," $4 "," $5 }' loop.csv >inputs/data.csv
rm loop.csv

play() { # COMMAND: in place of this shell; writes `out' here
    case $1 in
    sweep) set -- sweep ../inputs/sweep.yaml --jobs 2 --resume -o out ;;
    run) set -- run ../inputs/run.yaml --jobs 2 --resume -o out ;;
    one) set -- run ../inputs/run.yaml --sample 1 -o out ;;
    claims) set -- claims ../inputs/claims.yaml --jobs 2 --resume --spot-checks 0 -o out ;;
    fit) set -- fit ../inputs/data.csv --series 5000 --free ron,roff --start W --starts 1 -o out ;;
    check) set -- check --case device -o out ;;
    bench) set -- bench --case device --quick -o out ;;
    random) set -- check --random 2 --kind device ;;
    esac
    # a shell's background process ignores SIGINT otherwise
    exec env --default-signal=INT "$SILVERBAR" "$@" >stdout 2>stderr
}

show() { # COMMAND: what it has written, without the times of this run
    case $1 in
    sweep) "$SILVERBAR" table --csv out 2>/dev/null ;;
    run | one | claims) (cd out && find . -type f ! -name '*.html' | sort | xargs cat) ;;
    fit) cat out ;;
    check) cut -d ' ' -f 1 out | sort | uniq -c ;;
    bench) (cd out && ls) ;;
    random) sed 's/ .*//' stdout ;;
    esac
}

# Commands that replace a file find one.
begin() { # COMMAND
    rm -rf out*
    case $1 in
    fit | check) echo "of before" >out ;;
    esac
}

# What is there is whole: the old file, all of the new one, or rows of a sweep.
whole() { # COMMAND
    [ -e out ] || { [ "$1" != fit ] && [ "$1" != check ]; return; }
    case $1 in
    sweep) # some of the rows; a file in which nothing was committed yet is none of results
        "$SILVERBAR" table --csv out >rows 2>why || {
            grep -q 'not a file of results' why
            return
        }
        ! grep -qvxFf ../sweep.wanted rows
        return
        ;;
    fit | check) [ "$(cat out)" = "of before" ] && return ;;
    esac
    show "$1" | cmp -s - "../$1.wanted"
}

# Processes of the program in this test's folders; workers end with what was killed.
running() {
    find /proc -maxdepth 2 -path '/proc/[0-9]*' -name exe -lname '*silverbar' 2>/dev/null | while read -r program; do
        readlink "${program%exe}cwd" | grep "^$work/"
    done
}
ended() {
    tenths=50
    while [ -n "$(running)" ] && [ $tenths -gt 0 ]; do
        sleep 0.1
        tenths=$((tenths - 1))
    done
    [ $tenths -gt 0 ]
}

left() {
    find "$work/tmp" . -path "$work/tmp/*" -o -name '*.unfinished*' -o -name 'out?*' | tr '\n' ' '
}

milliseconds() {
    date +%s%3N
}

wrong() { # COMMAND SIGNAL AFTER WHAT
    bad "$1, SIG$2 after $3 s (kill $kill, seed $seed)" "$4"
    faults=$((faults + 1))
}

# One kill.
try() { # COMMAND SIGNAL AFTER
    begin "$1"
    (cd "$work/here/play" && play "$1") &
    pid=$!
    sleep "$3"
    kill -"$2" $pid 2>/dev/null
    wait $pid 2>/dev/null
    status=$?
    case $2$status in
    KILL137 | TERM143 | TERM130 | INT130) hit=$((hit + 1)) ;;
    *0) ;;
    *) wrong "$1" "$2" "$3" "exit status $status: $(tail -n 1 stderr)" ;;
    esac
    ended || wrong "$1" "$2" "$3" "a worker lives on"
    whole "$1" || wrong "$1" "$2" "$3" "what is there is neither the old nor the new"
    if [ $status -eq 130 ] && [ "$1" != sweep ] && left | grep -q unfinished; then
        wrong "$1" "$2" "$3" "left at once: $(left)"
    fi
    # without --resume a folder that is there is whole, and is in the way
    case $1 in run | one | claims | bench) rm -rf out ;; esac
    (play "$1")
    status=$?
    [ $status -eq 0 ] || wrong "$1" "$2" "$3" "the next run ends with $status: $(tail -n 1 stderr)"
    show "$1" | cmp -s - "../$1.wanted" || wrong "$1" "$2" "$3" "the next run writes other bytes"
    [ -z "$(left)" ] || wrong "$1" "$2" "$3" "left after the next run: $(left)"
    rm -rf "$work"/tmp/* out*
}

mkdir play && cd play || exit 99
all_kills=0 all_hit=0 all_faults=0
for command in $commands; do
    rm -rf out*
    started=$(milliseconds)
    (play "$command") || bad "$command" "$(tail -n 1 stderr)"
    took=$(($(milliseconds) - started))
    show "$command" >"../$command.wanted"
    [ -s "../$command.wanted" ] || bad "$command" "it has written nothing"
    for signal in $signals; do
        kill=0 hit=0 faults=0
        while [ $kill -lt "$KILLS" ]; do
            kill=$((kill + 1))
            after=$(awk "BEGIN { srand($seed * 1000 + $kill); rand(); printf \"%.3f\", rand() * $took / 1000 }")
            try "$command" "$signal" "$after"
        done
        all_kills=$((all_kills + kill)) all_hit=$((all_hit + hit)) all_faults=$((all_faults + faults))
        echo "$command, SIG$signal: $kill kills, $hit before its end, $faults faults"
    done
done
echo "all: $all_kills kills, $all_hit before the end, $all_faults faults"
exit $failed
