#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/neuron_bias.csv: the default training run with other widths of the neuron's output
# stage (parameter mo of netlists/neuron.sub).  Usage: bias.sh SILVERBAR
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
for mo in 4 6 7 8 12 16 25; do
    sed "s/^\(.subckt tia .*\) mo=8/\1 mo=$mo/" "$here/../netlists/neuron.sub" >"mo=$mo.sub"
    grep -q "mo=$mo\$" "mo=$mo.sub"
    "$program" train --neuron "mo=$mo.sub" -o "mo=$mo" >/dev/null
    rm "mo=$mo/waveforms.raw"
done
"$program" compare --csv mo=4 mo=6 mo=7 mo=8 mo=12 mo=16 mo=25 >"$here/neuron_bias.csv"
