#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Experiments with the volatile stochastic device: results/events, from testbenches/*.yaml.
# Usage: results/events.sh [SILVERBAR]; gnuplot draws the plots.  Processor times depend on the machine.
set -e
silverbar=$(realpath "${1:-build/silverbar}")
cd "$(dirname -- "$0")/.."
out=results/events
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p $out
for name in hysteresis staircase frequency relaxation event_accuracy event_switches; do
    "$silverbar" run testbenches/$name.yaml -o "$work/$name" >/dev/null
done
for kappa in 10 0; do
    "$silverbar" run testbenches/relaxation.yaml --set device.kappa_v=$kappa --sample 0 \
        -o "$work/relaxation$kappa" >/dev/null
    cp "$work/relaxation$kappa/readings.csv" $out/relaxation_$kappa.csv
done
cp "$work/hysteresis/loop.csv" $out/hysteresis.csv
cp "$work/staircase/readings.csv" $out/staircase.csv
cp "$work/frequency/points.csv" $out/frequency.csv
cp "$work/relaxation/points.csv" $out/relaxation.csv
cp "$work/event_accuracy/ways.csv" $out/event_accuracy.csv
cp "$work/event_accuracy/traces.csv" $out/event_traces.csv
cp "$work/event_accuracy/samples.csv" $out/event_speedup.csv
cp "$work/event_switches/points.csv" $out/event_switches.csv
cd $out && gnuplot plots.gp
