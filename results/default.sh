#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/Cr/ (the default training run without its waveforms and its report),
# results/programming.png and, with Chromium, results/report.png: the head of that report.
# Usage: default.sh SILVERBAR
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
"$program" train -o Cr >Cr.txt
if command -v chromium >/dev/null; then
    sandbox=
    [ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox
    # shellcheck disable=SC2086 # no word if empty
    chromium --headless $sandbox --disable-gpu --hide-scrollbars --window-size=1000,690 --user-data-dir="$work/profile" \
        --virtual-time-budget=8000 --screenshot=report.png "file://$work/Cr/report.html" 2>/dev/null
    cp report.png "$here"
fi
rm Cr/waveforms.raw Cr/report.html
rm -rf "$here/Cr"
cp -r Cr "$here/Cr"
grep -v '^wall time' Cr.txt >"$here/Cr/table.txt"
cd "$here"
gnuplot programming.gp
