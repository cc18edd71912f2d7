#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every path under results/ that README.md or results/README.md names is there: those with results/
# before them in either, and the names in the first column of the table in results/README.md.
. "$(dirname -- "$0")/setup.sh"
long_only "it reads files alone"

grep -ho 'results/[A-Za-z0-9_./-]*' "$SB_SRC/README.md" "$SB_SRC/results/README.md" |
    sed 's/[.]*$//' >named
sed -n 's/^| \(`[^|]*\)|.*/\1/p' "$SB_SRC/results/README.md" | grep -o '`[^`]*`' |
    sed 's/`\(.*\)`/results\/\1/' >>named
sort -u -o named named
check "paths were found" [ "$(wc -l <named)" -ge 20 ]
while read -r path; do
    check "$path is there" [ -e "$SB_SRC/$path" ]
done <named
exit $failed
