#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/check.csv, results/check_tight.csv, results/bench/ and results/engines.csv, on a
# machine that does nothing else.  Usage: bench.sh SILVERBAR
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
"$program" check -o "$here/check.csv"
# against the tighter reference ngspice itself is above some tolerances: exit status 3
"$program" check --reference 1e-8 -o "$here/check_tight.csv" || [ $? -eq 3 ]
"$program" bench -o "$work/bench"
rm -rf "$here/bench"
cp -r "$work/bench" "$here/bench"
rm "$here/bench/sweep.csv" "$here/bench/schedule.csv" # results/sweep has them
sh "$here/engines.sh" "$program"
