#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An installed program finds the data that were installed with it, wherever the tree was moved, and
# not those of the source folder: a changed parameter shows in its deck.
. "$(dirname -- "$0")/setup.sh"

if ! env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
    make -C "$SB_BUILD" DESTDIR="$work/first" install >log 2>&1; then
    cat log
    exit 1
fi
mv "$work/first" "$work/moved"
program=$(find "$work/moved" -type f -name silverbar)
data=$(find "$work/moved" -type d -path '*/share/silverbar')
check "program and data are installed" [ -x "$program" -a -d "$data" ]
check "the manual is installed" [ -n "$(find "$work/moved" -name silverbar.1)" ]
for file in "$SB_SRC"/devices/*.lib "$SB_SRC"/devices/*.sub "$SB_SRC"/netlists/*; do
    installed=$data/${file#"$SB_SRC"/}
    cmp -s "$file" "$installed" || bad "$installed" "differs from the source, or was not installed"
done
"$program" netlist classifier >deck || bad "the installed program failed"
check "its deck is that of the source folder" cmp deck "$SB_SRC/netlists/classifier.cir"
sed 's/ron=300 /ron=301 /' "$data/devices/Cr.lib" >Cr.lib && cp Cr.lib "$data/devices/Cr.lib"
"$program" netlist classifier >deck
check "a change of the installed device shows" grep -q 'ron=301 ' deck

# SILVERBAR_DATA goes before
mkdir -p "$work/data" && cp -r "$SB_SRC/devices" "$SB_SRC/netlists" "$work/data"
chmod -R u+w "$work/data"
sed 's/ron=300 /ron=302 /' "$SB_SRC/devices/Cr.lib" >"$work/data/devices/Cr.lib"
SILVERBAR_DATA=$work/data "$program" netlist classifier >deck
check "a change below SILVERBAR_DATA shows" grep -q 'ron=302 ' deck
SILVERBAR_DATA=$work/nowhere "$program" netlist classifier >deck 2>stderr
same "SILVERBAR_DATA that does not exist, exit status" $? 2
check "and its message" grep -q "$work/nowhere/devices: cannot be read" stderr
exit $failed
