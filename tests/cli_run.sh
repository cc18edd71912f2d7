#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar run`: every testbench of the project is read, malformed copies are refused with one
# line that names file, line and what was expected; the same seed gives the same bytes; the folder's
# own testbench gives the folder again.
. "$(dirname -- "$0")/setup.sh"

refused() { # NAME FILE TEXT: exit 2, one line with TEXT
    "$SILVERBAR" run "$2" -o made >out 2>err
    same "$1: exit status" $? 2
    same "$1: lines" "$(wc -l <err)" 1
    check "$1: '$3' in '$(cat err)'" grep -qF -- "$3" err
    check "$1: nothing printed" [ ! -s out ]
    check "$1: no folder" [ ! -e made ]
}

for file in "$SB_SRC"/testbenches/*.yaml; do
    bench=$(basename "$file" .yaml)
    case $bench in *claims) continue ;; esac
    grep -v '^experiment:' "$file" >"$bench-missing.yaml"
    refused "$bench without experiment" "$bench-missing.yaml" "expected 'experiment: NAME'"
    sed 's/^seed: .*/seed: [1, 2]/' "$file" >"$bench-type.yaml"
    grep -q '^seed:' "$file" || echo 'seed: [1, 2]' >>"$bench-type.yaml"
    line=$(grep -n '^seed:' "$bench-type.yaml" | cut -d: -f1)
    refused "$bench with a list for a seed" "$bench-type.yaml" "$bench-type.yaml:$line: seed is a list"
    { grep -v '^replicas:' "$file" && echo 'replicas: -5'; } >"$bench-negative.yaml"
    refused "$bench with a negative count" "$bench-negative.yaml" "replicas is '-5', expected a whole"
    { grep -v '^replicas:' "$file" && echo 'replicas: 1000000000'; } >"$bench-many.yaml"
    refused "$bench with 1e9 replicas" "$bench-many.yaml" "expected a whole number from 1 to 10000000"
    { cat "$file" && echo 'no.such.key: 1'; } >"$bench-unknown.yaml"
    refused "$bench with an unknown key" "$bench-unknown.yaml" "unknown key 'no.such.key'"
done
{ cat "$SB_SRC/testbenches/small.yaml" | sed 's/\[W, Cr, C\]/[W, Cr, Unobtainium]/'; } >dopant.yaml
refused "claims" "$SB_SRC/testbenches/claims.yaml" "silverbar claims"
refused "unknown dopant" dopant.yaml Unobtainium

cat >one.yaml <<'END'
experiment: training
seed: 3
replicas: 2
sweep:
  - {key: programming.tolerance, values: [0.05, 0.1]}
END
"$SILVERBAR" run one.yaml -o a >/dev/null 2>err || bad "run" "$(cat err)"
# reports name their folder
"$SILVERBAR" run one.yaml -o b >/dev/null &&
    check "same bytes" diff -r -x report.html a b
same "samples" "$(wc -l <a/samples.csv)" 5
same "points" "$(wc -l <a/points.csv)" 3
"$SILVERBAR" run a/testbench.yaml -o c >/dev/null && check "the folder's testbench" diff -r -x report.html a c
"$SILVERBAR" run one.yaml --sample 3 --json >sample
check "one sample of all" grep -q "$(sed -n '5s/.*,\(0\.[0-9]*\),30,.*/\1/p' a/samples.csv)" sample
# a training run is that of `train`
"$SILVERBAR" run one.yaml --set seed=1 --set replicas=1 --set programming.tolerance=0.05 -o d >/dev/null
"$SILVERBAR" train --engine event --json >summary
near "energy as in train" "$(sed -n 2p d/samples.csv | cut -d, -f7)" "$(value energy_J summary)" 1e-12
for setting in nothing no.key=1 experiment=training noise.test=nan noise.test=0.6 circuit.sizes=9,3,1,1,1,1,1,1,1,1; do
    "$SILVERBAR" run one.yaml --set "$setting" >out 2>err
    same "--set $setting" "$?" 2
done
check "keys" eval '"$SILVERBAR" run --keys | grep -q "^  programming.tolerance "'
# erasing: a step that is too long passes through states that no network has, and a decay within one
# step has an energy that is not known
printf 'experiment: training\nreplicas: 20\n' >erase.yaml
for sample in 15 18; do
    "$SILVERBAR" run erase.yaml --set programming.erase_time=0.2 --sample $sample >out 2>err
    same "erased before programming, sample $sample" "$? $(cat err)" "0 "
done
# after the training: an error that moves nothing takes no state to its end, a large one some; training
# again has no erase before each device, which would take 30 times 0.2 s
cat >stages.yaml <<'END'
experiment: training
rule: {target_starts: 1, target_steps: 50}
programming: {erase_time: 0.2}
stages: {retrain: true, only_last_infers: true}
sweep: [{key: stages.conductance_error, values: [1e-9, 2]}]
END
"$SILVERBAR" run stages.yaml -o stages >/dev/null 2>err || bad "stages" "$(cat err)"
awk -F, 'NR == 1 { for (k = 1; k <= NF; k++) at[$k] = k; next }
    { print $at["states_limited"], ($at["retraining_time_s"] < 5), ($at["training_time_s"] > 6) }' stages/samples.csv >stages.txt
same "error that moves nothing, training again" "$(sed -n 1p stages.txt)" "0 1 1"
check "error that moves most" [ "$(sed -n '2s/ .*//p' stages.txt)" -gt 0 ]
check "not all to their end" [ "$(sed -n '2s/ .*//p' stages.txt)" -lt 30 ]
rm -r stages
nothing_left "run"
exit $failed
