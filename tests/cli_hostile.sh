#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Files from elsewhere run no program and open no file outside of their folder, on a kernel with Landlock
# and filters of system calls, and on one without.  All calls that would do so are looked at, of all
# processes (tests/watched_calls.c).  Environment: HOSTILE how many of the files (without it: 60; all).
. "$(dirname -- "$0")/setup.sh"
watch=$SB_BUILD/tests/watched_calls
without=$SB_BUILD/tests/without_calls
program=$(realpath "$SILVERBAR")
outside=$work/here/outside
mkdir cases "$outside"
printf '#!/bin/sh\ntouch "%s/ran"\n' "$outside" >"$outside/run"
chmod +x "$outside/run"
echo 'canary-4711' >"$outside/secret.txt"
printf 'r99 a 0 4711\n* canary-4711\n' >"$outside/secret.inc"
cp "$outside/secret.inc" "$HOME"

# shellcheck source=tests/hostile_files.sh
. "$SB_SRC/tests/hostile_files.sh"
ls cases >names
total=$(wc -l <names | tr -d ' ')
HOSTILE=${HOSTILE:-$(length 60 20)}
[ "$HOSTILE" = all ] || {
    awk "NR % int($total / $HOSTILE + 1) == 0" names >some && mv some names
}

# Lines of the log beyond what each run does: the program itself, libraries and data of the system and of
# silverbar, its own temporary folders, and files of the case's folder.
beyond() { # CASE: gnuplot may draw
    sources=$(realpath "$SB_SRC") build=$(realpath "$SB_BUILD") temporary=$(realpath "$TMPDIR")
    grep -v -e "^run $program\$" -e "^run $without\$" -e '^run .*/gnuplot[-a-z]*$' \
        -e '^read /usr/' -e '^read /lib' -e '^read /proc/' -e '^read /sys/devices/system/' -e '^read /etc/ld.so' \
        -e '^read /etc/fonts' -e '^read /etc/localtime' -e '^read /etc/locale' -e '^[a-z]* /dev/null$' \
        -e "^[a-z]* $build/" -e "^read $sources/" -e "^[a-z]* $temporary\$" -e "^[a-z]* $temporary/" \
        -e "^read $1\$" -e "^read $1/" -e "^write $1/out" -e "^read $HOME/\.[a-z]*\$" "$work/here/log" | sort -u
}

try() { # CASE [WRAPPER...]
    case=$work/here/cases/$1
    shift
    read -r arguments <"$case/arguments"
    cd "$case" || exit 99
    # shellcheck disable=SC2086 # words
    "$watch" "$work/here/log" "$@" "$program" $arguments >"$work/here/output" 2>&1 </dev/null
    status=$?
    cd "$work/here" || exit 99
    name="$(basename "$case"), silverbar $arguments"
    [ $status -le 3 ] || bad "$name" "exit status $status: $(head -c 300 output)"
    grep -q "^run $program" log || bad "$name" "it was not run"
    seen=$(beyond "$(realpath "$case")" | tr '\n' ' ')
    if [ -n "$seen" ]; then
        bad "$name" "$seen"
        files=$((files + 1))
    fi
    ! grep -q canary-4711 output || bad "$name" "it shows what stands outside"
    for trace in ran written; do
        [ ! -e "$outside/$trace" ] || bad "$name" "it made outside/$trace"
        rm -f "$outside/$trace"
    done
    tried=$((tried + 1))
    [ $status -eq 0 ] || refused=$((refused + 1))
}

# the watch sees what a deck does that may do it
printf '%s\n' title 'r1 a 0 1' .control "shell $outside/run" "source $outside/secret.inc" .endc .end >trusted.cir
"$watch" log "$program" sim --trust trusted.cir >output 2>&1 </dev/null
check "a trusted deck is seen to run a program" grep -qx "run $outside/run" log
check "and to read a file" grep -qx "read $outside/secret.inc" log
check "which leaves its trace" rm "$outside/ran"

for mode in with without; do
    tried=0 refused=0 files=0
    while read -r name; do
        case $mode in
        with) try "$name" ;;
        *) try "$name" "$without" both ;;
        esac
    done <names
    check "$mode Landlock and filters: $tried of $total files tried, $refused refused, $files ran or opened what they named" \
        [ $files -eq 0 -a $tried -ge "$(length 50 15)" ]
done
for kind in deck netlist library testbench claims raw trace table; do
    echo "$kind: $(find cases -maxdepth 1 -name "$kind-*" | wc -l | tr -d ' ')"
done
exit $failed
