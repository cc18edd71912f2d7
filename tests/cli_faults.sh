#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# System calls that fail (full disk, bad sector, lost pipe) in short runs of each command: a message and
# exit status 1 or 2, or all of the right output; never a crash; a file of before stays whole, and nothing
# half-written is left.  Environment: FAULTS of each kind of call and command (without it: 2; all: each up
# to 400), FAULTS_COMMANDS, FAULTS_KINDS.
. "$(dirname -- "$0")/setup.sh"
failing=$SB_BUILD/tests/failing_calls
# the search for leaks starts a process of its own, which would be one of those that fail
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
most=${FAULTS:-$(length 2 1)}
kinds=${FAULTS_KINDS:-read write receive send sync rename make start}
commands=${FAULTS_COMMANDS:-train train_json run run_all sweep claims fit check bench read read_folder wave wave_page
    sim sim_folder device device_ngspice device_loop netlist report report_sweep compare table}

mkdir inputs
cat >inputs/run.yaml <<'END'
experiment: training
replicas: 2
engine: {name: event}
rule: {target_starts: 1, target_steps: 20}
END
cat >inputs/claims.yaml <<'END'
variation_replicas: 2
claims:
- {claim: time, testbench: run.yaml, output: training_time_s, as: mean, compare_only: true}
END
printf '%s\n' t 'v1 a 0 sin(0 1 1k)' 'r1 a b 1k' 'c1 b 0 1u' '.tran 10u 1m' '.meas tran top max v(b)' .end >inputs/rc.cir
printf '%s\n' '1e-3,2e-3' '3e-3,4e-3' >inputs/g.csv
"$SILVERBAR" device loop W --amplitude 0.8 --frequency 1000 --cycles 2 --waveform loop.csv >/dev/null
# every fifth point of the last period that is later than the one before
awk -F, 'NR == 1 { print "t_s,source_V,device_V,current_A"; next }
    !(k++ % 5) && $2 > last + 1e-7 { last = $2; print $2 "," $3 "," $4 "," $5 }' loop.csv >inputs/data.csv
rm loop.csv
"$SILVERBAR" run inputs/run.yaml --sample 0 -o inputs/folder >/dev/null || bad "a results folder" ""
"$SILVERBAR" train inputs/run.yaml -o inputs/train >/dev/null || bad "a folder of a training" ""
"$SILVERBAR" sweep inputs/run.yaml -o inputs/sweep.db 2>/dev/null || bad "a sweep" ""
"$SILVERBAR" sim inputs/rc.cir -o inputs/sim >/dev/null || bad "a folder of sim" ""

play() { # COMMAND [WRAPPER...]: in place of this shell; writes `out' here
    command=$1
    shift
    case $command in
    train) set -- "$@" "$SILVERBAR" train ../inputs/run.yaml -o out ;;
    train_json) set -- "$@" "$SILVERBAR" train ../inputs/run.yaml --json ;;
    run) set -- "$@" "$SILVERBAR" run ../inputs/run.yaml --sample 1 -o out ;;
    run_all) set -- "$@" "$SILVERBAR" run ../inputs/run.yaml --jobs 1 --resume -o out ;;
    sweep) set -- "$@" "$SILVERBAR" sweep ../inputs/run.yaml --jobs 1 --resume -o out.db ;;
    claims) set -- "$@" "$SILVERBAR" claims ../inputs/claims.yaml --jobs 1 --resume --spot-checks 0 -o out ;;
    fit) set -- "$@" "$SILVERBAR" fit ../inputs/data.csv --series 5000 --free ron,roff --start W --starts 1 -o out ;;
    check) set -- "$@" "$SILVERBAR" check --case device -o out ;;
    bench) set -- "$@" "$SILVERBAR" bench --case device --quick -o out ;;
    read) set -- "$@" "$SILVERBAR" read ../inputs/g.csv --line-ohm 2 --volt 0.1 -o out ;;
    read_folder) set -- "$@" "$SILVERBAR" read ../inputs/train --line-ohm 2 --volt 0.1 --csv ;;
    wave) set -- "$@" "$SILVERBAR" wave ../inputs/sim/waveforms.raw --csv -o out ;;
    wave_page) set -- "$@" "$SILVERBAR" wave ../inputs/sim/waveforms.raw --html -o out ;;
    sim) set -- "$@" "$SILVERBAR" sim ../inputs/rc.cir ;;
    sim_folder) set -- "$@" "$SILVERBAR" sim ../inputs/rc.cir -o out ;;
    device) set -- "$@" "$SILVERBAR" device show ../inputs/W.lib ;;
    device_ngspice) set -- "$@" "$SILVERBAR" device pulse W --engine ngspice ;;
    device_loop) set -- "$@" "$SILVERBAR" device loop W --waveform out ;;
    netlist) set -- "$@" "$SILVERBAR" netlist classifier ;;
    report) set -- "$@" "$SILVERBAR" report ../inputs/train -o out ;;
    report_sweep) set -- "$@" "$SILVERBAR" report ../inputs/sweep.db -o out ;;
    compare) set -- "$@" "$SILVERBAR" compare ../inputs/train ;;
    table) set -- "$@" "$SILVERBAR" table --csv ../inputs/sweep.db ;;
    esac
    exec "$@" >stdout 2>stderr
}
replaces='fit check wave wave_page device_loop report report_sweep' # a file of before
varies='check bench'          # it prints times of this run
resumes='sweep run_all claims' # a file of rows stays for the next run

is_in() { # WORD LIST
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

# What it has written, without the times of this run.
show() { # COMMAND
    case $1 in
    sweep) "$SILVERBAR" table --csv out.db ;;
    check) cut -d ' ' -f 1 out | sort | uniq -c ;;
    bench) (cd out && ls) ;;
    *)
        [ ! -f out ] || cat out
        # pages and manifests have dates
        [ ! -d out ] || (cd out && find . -type f ! -name '*.html' ! -name manifest.json ! -name '*.raw' | sort |
            xargs cat | grep -av wall)
        ;;
    esac
}

said() { # COMMAND
    is_in "$1" "$varies" || grep -v '^wall time' stdout
}

begin() { # COMMAND
    rm -rf out* stdout stderr
    ! is_in "$1" "$replaces" || echo "of before" >out
}

left() {
    find "$work/tmp" . -path "$work/tmp/*" -o -name '*unfinished*' -o -name 'out?*' | tr '\n' ' '
}

wrong() { # COMMAND KIND N WHAT
    bad "$1, $2 number $3" "$4"
    faults=$((faults + 1))
}

try() { # COMMAND KIND N
    begin "$1"
    (play "$1" "$failing" "$2" "$3" "$work/here/counts")
    status=$?
    case $status in
    0) show "$1" | cmp -s - "../$1.wanted" && said "$1" | cmp -s - "../$1.said" || wrong "$1" "$2" "$3" "exit status 0 and other output: $(cat stderr)" ;;
    1 | 2) grep -q '^silverbar' stderr || wrong "$1" "$2" "$3" "exit status $status without a message: $(cat stderr)" ;;
    3) is_in "$1" check || wrong "$1" "$2" "$3" "exit status 3" ;;
    *) wrong "$1" "$2" "$3" "exit status $status: $(tail -n 3 stderr)" ;;
    esac
    if [ $status -ne 0 ]; then
        ended=$((ended + 1))
        # 3 is a result, which is written
        # what is there is all of it: standard output failed behind it
        if is_in "$1" "$replaces" && [ "$(cat out)" = "of before" ]; then
            :
        elif [ -e out ] && [ $status -ne 3 ]; then
            # without the values of measures whose worker has died
            show "$1" | cmp -s - "../$1.wanted" || grep -q 'measures have no value' stderr ||
                wrong "$1" "$2" "$3" "exit status $status, and another result is there"
        fi
    fi
    if [ $status -ne 0 ] && is_in "$1" "$resumes"; then
        rm -rf out
        (play "$1") || wrong "$1" "$2" "$3" "cannot be resumed: $(cat stderr)"
        show "$1" | cmp -s - "../$1.wanted" || wrong "$1" "$2" "$3" "resumed, it has other rows"
    fi
    [ "$1" != sweep ] || rm out.db # its result
    [ -z "$(left)" ] || wrong "$1" "$2" "$3" "left behind: $(left)"
    rm -rf "$work"/tmp/*
}

# Numbers of calls to fail: the first, the last, and others between, at most $most; each if `all'.
choose() { # COUNT
    if [ "$most" = all ]; then
        seq 1 "$1" | head -n 400
    else
        awk "BEGIN { n = $1; m = $most < n ? $most : n
            for (i = 0; i < m; i++) print (m > 1 ? 1 + int(i * (n - 1) / (m - 1) + 0.5) : 1) }" </dev/null | uniq
    fi
}

cp "$SB_SRC/devices/W.lib" "$SB_SRC"/devices/*.sub inputs
mkdir play && cd play || exit 99
for command in $commands; do
    begin "$command"
    (play "$command" "$failing" none 0 "$work/here/all") || bad "$command" "$(cat stderr)"
    show "$command" >"../$command.wanted"
    said "$command" >"../$command.said"
    [ -s "../$command.wanted" ] || [ -s "../$command.said" ] || bad "$command" "it has written nothing"
    tried=0 ended=0 faults=0
    for kind in $kinds; do
        count=$(sed -n "s/^$kind //p" "$work/here/all")
        [ "$count" -gt 0 ] || continue
        for n in $(choose "$count"); do
            tried=$((tried + 1))
            try "$command" "$kind" "$n"
        done
    done
    echo "$command: $tried calls failed, $ended of them ended it, $faults faults" \
        "($(tr '\n' ',' <"$work/here/all" | sed 's/,$//; s/,/, /g'))"
done
exit $failed
