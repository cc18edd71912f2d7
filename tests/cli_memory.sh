#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An allocation that fails, each of every seventh: exit status 0 to 3, never a crash; where it ends the
# program, with a message.  In the parser of options (argp), in the readers and in SUNDIALS.
. "$(dirname -- "$0")/setup.sh"

if grep -q '^SANITIZE_CFLAGS = .' "$SB_BUILD/Makefile"; then
    echo "skipped: failing allocations; sanitizers have allocators of their own"
    exit 77
fi
compiler=$(sed -n 's/^CC = //p' "$SB_BUILD/Makefile")
# shellcheck disable=SC2086 # words
$compiler -shared -fPIC -o failing_malloc.so "$SB_SRC/tests/failing_malloc.c" || exit 99

tries() { # LAST ARGUMENT...
    last=$1 n=1 failures=0 told=0
    shift
    while [ "$n" -le "$last" ]; do
        FAIL_AT=$n LD_PRELOAD=./failing_malloc.so "$SILVERBAR" "$@" >out 2>message
        status=$?
        [ $status -le 3 ] || bad "silverbar $*, allocation $n" "exit status $status: $(cat message)"
        if [ $status -ne 0 ]; then
            failures=$((failures + 1))
            [ ! -s message ] || told=$((told + 1))
        fi
        n=$((n + 7))
    done
    same "silverbar $*: of $failures runs that end early, with a message" "$told" "$failures"
    holds "some have" "$failures > 0"
}
tries 400 train --help
tries 850 device loop Cr --engine ida
nothing_left "after all"
exit $failed
