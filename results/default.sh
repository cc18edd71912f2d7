#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/Cr/ (the default training run without its waveforms) and results/programming.png.
# Usage: default.sh SILVERBAR
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
"$program" train -o Cr >Cr.txt
rm Cr/waveforms.raw
rm -rf "$here/Cr"
cp -r Cr "$here/Cr"
grep -v '^wall time' Cr.txt >"$here/Cr/table.txt"
cd "$here"
gnuplot programming.gp
