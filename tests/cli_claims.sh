#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar claims`: figures are those of the samples that `run` gives, verdicts follow from interval
# and region, the same bytes again and by another number of workers, also after an interruption.
. "$(dirname -- "$0")/setup.sh"

cat >t.yaml <<'END'
experiment: training
replicas: 4
rule: {target_steps: 50}
END
cat >claims.yaml <<'END'
variation_replicas: 2
claims:
- {claim: reset, published: slower, testbench: t.yaml, output: training_time_s, as: ratio, low: 1.5,
   at: {programming.erase_time: 0.2}, against: {programming.erase_time: 0},
   sensitivity: ["programming.tolerance=0.1"]}
- {claim: too high, testbench: t.yaml, output: accuracy, as: mean, low: 0.99, spot_check: true}
- {claim: time, testbench: t.yaml, output: training_time_s, as: mean, compare_only: true}
END
spots=$(length 1 0) # short: those of own.yaml
"$SILVERBAR" claims claims.yaml -o a --spot-checks "$spots" --jobs 1 >out 2>err || bad "claims" "$(cat err)"
same "verdicts" "$(sed -n 's/^verdict *//p' out | tr '\n' ',')" "consistent,contradicted,not testable,"
"$SILVERBAR" claims claims.yaml -o b --spot-checks "$spots" --jobs 2 >/dev/null 2>&1
check "same bytes by two workers" diff -r a b
same "store" "$(ls ./*.db* 2>/dev/null)" ""

"$SILVERBAR" run t.yaml -o with --set programming.erase_time=0.2 >/dev/null
"$SILVERBAR" run t.yaml -o without >/dev/null
ratio=$(paste -d, with/samples.csv without/samples.csv | awk -F, '
    NR == 1 { for (k = 1; k <= NF; k++) if ($k == "training_time_s") { if (a) b = k; else a = k } next }
    { sum += $a / $b } END { printf "%.12g", sum / (NR - 1) }')
near "mean of the ratios" "$(sed -n 2p a/claims.csv | cut -d, -f3)" "$ratio" 1e-9
# the same drive in the other engines: readings agree to 1e-4, so pulses do, and the accuracy with
# them; 1e-3 of the value leaves room for what the outputs' own error does to an image at the threshold
awk -F, 'function size(a) { return a < 0 ? -a : a }
    function number(a) { return a ~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/ }
    NR == 1 { for (k = 1; k <= NF; k++) back[$k] = NF - k; next } # labels may hold commas
    {
        was = $(NF - back["sample"]); now = $(NF - back["its_value"]); d = $NF
        if (!number(was) || !number(now) || !number(d) || was <= 0 ||
            size(d - (now - was)) > 1e-6 * was || size(d) > 1e-3 * was)
            print
    }' a/spot_checks.csv >far 2>/dev/null
is_short || same "spot checks: two engines, far from event" "$(wc -l <a/spot_checks.csv) $(wc -l <far)" "3 0"

# an effect of an error alone: each sample's own accuracy before it is subtracted; limits; a control
cat >rules.yaml <<'END'
variation_replicas: 2
claims:
- {claim: error, testbench: t.yaml, output: accuracy_after_error, less: accuracy, limit: accuracy_limit, as: mean,
   high: 0, at: {stages.conductance_error: 0.2}, sensitivity: ["programming.tolerance=0.1"]}
- {claim: limit, testbench: t.yaml, output: accuracy, limit: accuracy_limit, as: mean, low: 0.9, at: {noise.train: 0.1},
   spread: ["noise.train=0.1 programming.tolerance=0.02", "programming.tolerance=0.9 programming.pulse_limit=1"]}
- {claim: control, testbench: t.yaml, output: accuracy, as: mean, low: 0.97, at: {rule.shuffle: true}, control: true}
END
"$SILVERBAR" claims rules.yaml -o rules --spot-checks 0 >out 2>err || bad "rules" "$(cat err)"
"$SILVERBAR" run t.yaml -o error --set stages.conductance_error=0.2 >/dev/null
lost=$(awk -F, 'NR == 1 { for (k = 1; k <= NF; k++) at[$k] = k; next }
    { sum += $at["accuracy_after_error"] - $at["accuracy"] } END { printf "%.12g", sum / (NR - 1) }' error/samples.csv)
near "output less another" "$(sed -n 2p rules/claims.csv | cut -d, -f3)" "$lost" 1e-9
same "a claim at its limit, and beside it where it is not" \
    "$(sed -n 's/^verdict *//p' out | sed -n '2,3p' | tr '\n' ',')" "saturated,outside,"
same "control" "$(sed -n 's/^verdict *//p' out | sed -n 4p)" "contradicted: fails, as it must"
same "variation on the same replicas" "$(sed -n 1p rules/variations.csv)" \
    "claim,variation,figure,ci_low,ci_high,inside,shift,shift_low,shift_high,replicas,failures"

cat >own.yaml <<'END'
claims: [{claim: a, testbench: t.yaml, output: pulses, as: mean, compare_only: true, spot_check: true,
  at: {engine.name: ida, programming.pulse_limit: 2}}]
END
"$SILVERBAR" claims own.yaml -o own --spot-checks 1 >/dev/null 2>&1
same "spot checks: not in the testbench's own engine" \
    "$(sed 1d own/spot_checks.csv | cut -d, -f6 | tr '\n' ' ')" "event ngspice "

refused() { # NAME TEXT: of claims in bad.yaml
    "$SILVERBAR" claims bad.yaml -o made >out 2>err
    same "$1: exit status" $? 2
    check "$1: '$2' in '$(cat err)'" grep -qF -- "$2" err
    check "$1: nothing made" [ ! -e made ]
}
echo 'claims: [{claim: a, testbench: t.yaml, output: accuracy, lower: 3}]' >bad.yaml
refused "unknown key" "bad.yaml:1: unknown key 'lower'"
echo 'claims: [{claim: a, testbench: t.yaml, output: beauty}]' >bad.yaml
refused "unknown output" "output is 'beauty'"
echo 'claims: [{claim: a, testbench: none.yaml, output: accuracy}]' >bad.yaml
refused "no testbench" "none.yaml"
echo 'claims: [{claim: a, testbench: t.yaml, output: accuracy, sensitivity: ["noise.test=2"]}]' >bad.yaml
refused "variation out of range" "noise.test is '2'"
echo 'claims: [{claim: a, testbench: t.yaml, output: accuracy, spread: ["noise.test=0.2"]}]' >bad.yaml
refused "spread without a limit" "spread without limit"
echo 'claims: [{claim: a, testbench: t.yaml, output: accuracy, limit: sky}]' >bad.yaml
refused "unknown limit" "limit is 'sky'"
echo 'claim: 3' >bad.yaml
refused "no claims" "no claims"
"$SILVERBAR" claims "$SB_SRC/testbenches/claims.yaml" -o with >out 2>err
same "folder that exists" "$?" 2
rm -f with.db
nothing_left "claims"
exit $failed
