#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes results/train.csv: training runs of the classifier with tungsten, chromium and carbon devices,
# tolerance x policy x gap rule, with and without the reset of 200 ms.  Usage: train.sh SILVERBAR [JOBS]
set -eu
program=$(realpath "$1")
jobs=${2:-2}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"
for dopant in W Cr C; do
    for tolerance in 0.10 0.05 0.02; do
        for policy in amplitude amplitude+width; do
            for gap in log linear; do
                for reset in no yes; do
                    name="$dopant-$tolerance-$policy-$gap-reset-$reset"
                    option=$([ "$reset" = yes ] && echo --reset || true)
                    echo "train --dopant $dopant --tolerance $tolerance --policy $policy" \
                        "--gap $gap $option -o $name"
                done
            done
        done
    done
done >commands
# the waveforms are not kept; what did not settle is named on standard error
cat >run <<'RUN'
name=${1##*-o }
"$program" $1 >/dev/null 2>"$name.err"
rm -f "$name/waveforms.raw"
sed "s|^silverbar train|$name|" "$name.err" >"$name.unsettled"
RUN
export program
xargs -P "$jobs" -I{} sh ./run {} <commands
names=$(sed 's/.*-o //' commands)
"$program" compare --csv $names >"$here/train.csv"
for name in $names; do cat "$name.unsettled"; done >"$here/train_unsettled.txt"
