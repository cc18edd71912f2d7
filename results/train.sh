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
xargs -P "$jobs" -I{} sh -c "'$program' {} >/dev/null 2>>unsettled.txt && rm -f \$(echo '{}' | \
    sed 's/.*-o //')/*.raw" <commands
"$program" compare --csv $(sed 's/.*-o //' commands) >"$here/train.csv"
sort unsettled.txt >"$here/train_unsettled.txt"
