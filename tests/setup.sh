# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the shell tests of the program: paths, a private folder to work in, one line a check.
# Environment: SB_SRC source folder, SB_BUILD build folder, SILVERBAR the program, SB_SHORT=1 for the suite
# under sanitizers: every path of the program runs, but no longer than it takes to be seen.
# shellcheck shell=sh
LC_ALL=C
export LC_ALL
unset CDPATH SILVERBAR_DATA SPICE_SCRIPTS
SB_SRC=$(cd "${SB_SRC:-$(dirname -- "$0")/..}" && pwd) || exit 99
SB_BUILD=${SB_BUILD:-$SB_SRC/build}
SILVERBAR=${SILVERBAR:-$SB_BUILD/silverbar}
work=$(mktemp -d) || exit 99
trap 'cd / && rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
mkdir "$work/home" "$work/tmp" "$work/here" && cd "$work/here" || exit 99
HOME=$work/home TMPDIR=$work/tmp
export HOME TMPDIR
failed=0

good() { # CHECK
    echo "ok: $1"
}

bad() { # CHECK [WHAT WAS SEEN]
    echo "not ok: $1${2:+: $2}"
    failed=1
}

check() { # NAME COMMAND...
    name=$1
    shift
    if "$@"; then good "$name"; else bad "$name"; fi
}

same() { # NAME GOT WANTED
    if [ "$2" = "$3" ]; then good "$1: $2"; else bad "$1" "'$2', expected '$3'"; fi
}

holds() { # NAME 'condition of awk'
    if awk "BEGIN { exit !($2) }" </dev/null 2>/dev/null; then
        good "$1: $2"
    else
        bad "$1" "not $2"
    fi
}

near() { # NAME GOT WANTED RELATIVE-TOLERANCE
    if awk "BEGIN { d = (${2:-x} - $3) / $3; exit !(d * d <= $4 * $4) }" </dev/null 2>/dev/null; then
        good "$1: $2 ($3)"
    else
        bad "$1" "$2, expected $3 within $4"
    fi
}

value() { # KEY FILE: of summary.json
    sed -n "s/^ *\"$1\": *\([^,]*\),*\$/\1/p" "$2"
}

is_short() {
    [ "${SB_SHORT:-0}" = 1 ]
}

length() { # LONG SHORT
    if is_short; then echo "$2"; else echo "$1"; fi
}

long_only() { # WHY: of a test in which nothing of the program is new to sanitizers
    if is_short; then
        echo "skipped under sanitizers: $1"
        exit 77
    fi
}

needs_ngspice() {
    if ! command -v ngspice >/dev/null; then
        echo "skipped: no program ngspice in PATH"
        exit 77
    fi
}

nothing_left() { # NAME: neither of unfinished results nor of temporary folders
    # shellcheck disable=SC2012 # names of ours
    left=$(find . "$work/tmp" -name '*.unfinished-*' -o -path "$work/tmp/*")
    if [ -z "$left" ]; then good "$1: nothing is left behind"; else bad "$1" "left behind: $left"; fi
}
