#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An installed library: the C example compiles by pkg-config alone and its engines agree; the Python
# example's rule learns on all seeds, and its account closes.
. "$(dirname -- "$0")/setup.sh"
needs_ngspice

if ! env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$SB_BUILD" prefix="$work/inst" install >log 2>&1; then
    cat log
    exit 1
fi
lib=$(dirname "$(find "$work/inst" -name 'libsilverbar.a' | head -n 1)")
check "static library, header and manual are installed" \
    [ -f "$lib/libsilverbar.a" -a -f "$work/inst/include/silverbar.h" \
    -a -n "$(find "$work/inst" -name silverbar.3)" ]
if [ ! -e "$lib/libsilverbar.so.0" ]; then
    echo "SKIP: a build without shared libraries"
    exit ${failed:-0}
fi
# the tree was installed beside where it was configured to be
sed "s,^prefix=.*,prefix=$work/inst," "$lib/pkgconfig/silverbar.pc" >silverbar.pc
flags=$(PKG_CONFIG_PATH=$PWD pkg-config --cflags --libs silverbar) || bad "pkg-config" "$flags"
# shellcheck disable=SC2086 # flags are words
cc "$SB_SRC/examples/divider.c" $flags -o divider 2>err || bad "divider.c" "$(cat err)"
LD_LIBRARY_PATH=$lib ./divider >out 2>err || bad "divider" "$(cat err)"
same "engines" "$(awk 'NR > 1 { printf "%s ", $1 }' out)" "ngspice ida event "
for column in 2 3 4 5 6; do
    for row in 3 4; do
        near "divider: column $column, row $row" "$(awk "NR == $row { print \$$column }" out)" \
            "$(awk "NR == 2 { print \$$column }" out)" 1e-3
    done
done
# names of the library's own only
same "symbols" "$(nm -D --defined-only "$lib/libsilverbar.so.0" | awk '$3 !~ /^silverbar_/ { print $3 }')" ""

# a Python that can be had, the system's first
for python in /usr/bin/python3 python3; do
    command -v $python >/dev/null && break
done
if command -v $python >/dev/null; then
    SILVERBAR_LIBRARY=$lib/libsilverbar.so.0 PYTHONPATH=$SB_SRC/src/library \
        $python "$SB_SRC/examples/own_rule.py" >out 2>err || bad "own_rule.py" "$(cat out err)"
    same "the rule learns" "$(tail -n 1 out)" "learned on 10 of 10 seeds"
    # delivered and absorbed: the sources' part of the account, and the elements'
    same "accounts that close to 1e-6" "$(awk '/^seed/ && $7 > 1e-5 {
        d = ($10 - $7) / $7; if (d > -1e-6 && d < 1e-6) n++ } END { print n }' out)" 10
    rule=$(sed -n '/^def variants/,/^    return None/p' "$SB_SRC/examples/own_rule.py" | grep -c .)
    holds "lines of the rule: $rule" "$rule > 20 && $rule < 40"
else
    echo "SKIP: no python3"
fi
exit $failed
