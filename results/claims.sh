#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/claims/: verdicts on the claims, points of the testbenches behind them, learning curves,
# plots.  Usage: claims.sh SILVERBAR [REPLICAS]
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
benches=$here/../testbenches
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
if [ -n "${2-}" ]; then
    cp -r "$benches" "$work/testbenches"
    benches=$work/testbenches
    sed -i "s/replicas: .*/replicas: $2/" "$benches"/claim*.yaml "$benches/rules.yaml"
fi
rm -rf "$here/claims"
"$program" claims "$benches/claims.yaml" -o "$here/claims" >"$work/claims.txt"
cp "$work/claims.txt" "$here/claims/claims.txt"
for bench in claim1_variation claim2_noise claim3_error claim4_reset claim5_materials claim6_first_jump \
    claim7_retraining rules; do
    # a sample that is not trustworthy is counted in the points
    "$program" run "$benches/$bench.yaml" -o "$work/$bench" >/dev/null || [ -d "$work/$bench" ]
    cp "$work/$bench/points.csv" "$here/claims/$bench.csv"
done
for rule in manhattan manhattan-image delta; do
    "$program" run "$benches/rules.yaml" --set rule.name=$rule --set replicas=1 \
        --set rule.stop_accuracy=-1 -o "$work/$rule" >/dev/null
    cp "$work/$rule/epochs.csv" "$here/claims/epochs_$rule.csv"
done
cd "$here/claims" && gnuplot "$here/claims.gp"
