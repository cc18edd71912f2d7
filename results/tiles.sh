#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/tiles/: a trained network on tiles by default, written device by device, and what each
# imperfection costs; with `claims` the verdicts on tiles_claims.yaml instead (an hour).
# Usage: tiles.sh SILVERBAR [claims]; the images are those of Debian's package dataset-fashion-mnist.
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
data=/usr/share/datasets/fashion-mnist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cp -r "$here/../testbenches" "$work/testbenches"
cp "$data"/*.gz "$work/testbenches"
cd "$work/testbenches"
images="--data t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz --calibrate train-images-idx3-ubyte.gz"
mkdir -p "$here/tiles"
if [ "${2-}" = claims ]; then
    "$program" claims tiles_claims.yaml -o "$work/claims" >"$here/tiles/claims.txt"
    cp "$work/claims/claims.csv" "$work/claims/variations.csv" "$here/tiles"
    exit
fi
for network in cnn mlp; do
    # shellcheck disable=SC2086 # several options
    "$program" infer networks/$network.onnx $images --effects --set read.noise=0.02 --set variation.stuck_on=0.002 \
        --set retention.law=power --set retention.time=1e4 --set retention.spread=0.02 --retune column \
        -o "$work/$network" >"$here/tiles/$network.txt"
    cp "$work/$network/effects.csv" "$here/tiles/effects_$network.csv"
done
# shellcheck disable=SC2086
"$program" infer networks/cnn.onnx $images -o "$work/default" >"$here/tiles/default.txt"
# shellcheck disable=SC2086
"$program" infer networks/cnn.onnx $images --map verify -o "$work/verify" >"$here/tiles/verify.txt"
