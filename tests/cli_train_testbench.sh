#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar train FILE.yaml`, --set and --sample: the same figures as `run` has for that sample; every
# option that is a key agrees with it in range and default, and of several the last one counts.  What
# is not by default stands in summary.json, manifest.json and `compare`; folders without it are read.
. "$(dirname -- "$0")/setup.sh"
wall='"(transient_wall_s|callback_wall_fraction|wall_time_s)"'

results() { # DIR: its summary but for wall times
    grep -vE "$wall" "$1/summary.json"
}

# a sample whose devices, transistors, lines and readings all differ from the nominal ones
cat >varied.yaml <<'END'
experiment: training
replicas: 2
seed: 3
variation: {ron: 0.3, voff: 0.02, a_vt: 1e-8, offset: 1e-3, cycle_von: 0.01}
instrument: {read_noise: 0.01}
circuit: {line_row_ohm: 5}
stages: {conductance_error: 0.1, retrain: true}
sweep:
- {key: noise.test, values: [0.1, 0.2]}
END
for sample in 0 3; do
    "$SILVERBAR" run varied.yaml --sample $sample -o run$sample >/dev/null
    "$SILVERBAR" train varied.yaml --sample $sample -o train$sample >table$sample
    same "exit status of sample $sample" $? 0
    for pair in energy_J:energy_J pulses:pulses_total training_time_s:training_time_s \
        energy_infer_J:energy_infer_J accuracy:accuracy_noisy accuracy_clean:accuracy_clean \
        accuracy_retrained:accuracy_retrained accuracy_after_error:accuracy_after_error \
        replica:replica residual_supply:residual_supply; do
        wanted=$(awk -F, -v name="${pair%:*}" 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) c = k }
            NR == 2 { print $c }' run$sample/samples.csv)
        got=$(value "${pair#*:}" train$sample/summary.json)
        # to the last digit that 17 and the shortest of them have in common
        holds "sample $sample, ${pair%:*}" "($got) - ($wanted) == 0"
    done
    awk -F, 'NR > 1 { print $7 }' train$sample/devices.csv >one
    awk -F, 'NR > 1 { print $6 }' run$sample/devices.csv >two
    check "sample $sample, final conductances of the devices" cmp one two
done
holds "the samples differ" "$(value energy_J train0/summary.json) != $(value energy_J train3/summary.json)"
check "the stages are in the table" grep -q '^accuracy trained once more  *[0-9.]* %' table0
check "a drive that no deck can follow has no replay" [ ! -e train0/replay.cir ]
same "noise.test of sample 3" "$(value noise.test train3/summary.json)" 0.20000000000000001
check "the testbench is among the files read" grep -q '"varied.yaml": "[0-9a-f]*"' train3/manifest.json

# settings: a testbench of them is the run
"$SILVERBAR" train --engine event --seed 5 --set variation.ron=0.2 --policy amplitude -o first >/dev/null
{
    echo 'experiment: training'
    sed -n '/^  "settings": {/,/^  }/s/^    "\([^"]*\)": \([^,]*\),*$/\1: \2/p' first/summary.json
} >again.yaml
check "settings are told" grep -q '^variation.ron: 0.2' again.yaml
"$SILVERBAR" train again.yaml -o again >/dev/null
check "a testbench of the settings is the same run" cmp first/pulses.csv again/pulses.csv
results first >one && results again >two
check "and has the same summary" cmp one two
sed -n '/"settings"/,/}/p' first/summary.json >one
sed -n '/"settings"/,/}/p' first/manifest.json | sed 's/},$/}/' >two
check "manifest.json has the settings too" cmp one two

# of an option and --set for one key the last one counts
for arguments in '--tolerance 0.1 --set programming.tolerance=0.02' \
    '--set programming.tolerance=0.1 --tolerance 0.02'; do
    # shellcheck disable=SC2086 # words
    "$SILVERBAR" train varied.yaml $arguments --json >json
    same "train $arguments" "$(value tolerance json)" 0.02
done
"$SILVERBAR" train varied.yaml --noise 0.3 --json >json
same "an option replaces a sweep" "$(value noise_probability json)" 0.29999999999999999

# an option and its key: the same refusal, the same default
COLUMNS=200 ARGP_HELP_FMT=rmargin=200 "$SILVERBAR" train --help >help
"$SILVERBAR" run --keys | sed -n '1,/^experiment: crossbar/p' >keys
n=0
while read -r option key bad; do
    n=$((n + 1))
    "$SILVERBAR" train "--$option=$bad" >/dev/null 2>option
    same "--$option=$bad" $? 2
    "$SILVERBAR" train --set "$key=$bad" >/dev/null 2>set
    same "--set $key=$bad" $? 2
    same "what --$option and $key expect" "$(sed -n 's/.*, expected //p' option)" \
        "$(sed -n 's/.*, expected //p' set)"
    case $option in
    engine | reset) ;; # of the command without a testbench; of the argument that may be left out
    *)
        same "default of --$option" "$(sed -n "s/^.*--$option[=[].*(\([^()]*\))\$/\1/p" help)" \
            "$(grep -A1 "^  $key " keys | sed -n 's/.*; default //p')"
        ;;
    esac
done <<'END'
engine engine.name spice
rule rule.name hebb
tolerance programming.tolerance 0.91
policy programming.policy width
gap programming.gap square
reset programming.erase_time 101
read-time programming.read_time 0.9e-5
pulse-width programming.width 1.1
train-noise noise.train 0.51
noise noise.test -0.1
seed seed -1
neuron circuit.neuron neuron.cir
switches engine.switches 0.5
reltol engine.reltol 0.11
abstol engine.abstol 1e-16
END
same "options compared" $n 15
# and no option with a range that is none of those
while read -r option; do
    check "--$option stands in the list above" grep -q "^$option " "$SB_SRC/tests/cli_train_testbench.sh"
done <<END
$(sed -n 's/^.* --\([a-z-]*\)[=[][A-Z].*; [-0-9e.]* to [-0-9e.]*[ A-Za-z]* (.*)$/\1/p' help)
END

# compare: the rule, and every key that is not at its default
"$SILVERBAR" train --engine event --rule delta -o delta >/dev/null
"$SILVERBAR" train --engine event -o target >/dev/null
"$SILVERBAR" compare --csv delta target first >table
column() { # NAME: of the table, its cells in a line
    awk -F, -v name="$1" 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) c = k; next }
        c { print $c }' table | tr '\n' ' '
}
same "rules" "$(column rule)" "delta target target "
same "policies" "$(column policy)" "amplitude+width amplitude+width amplitude "
same "variation.ron" "$(column variation.ron)" "default default 0.2 "
same "rule of manifest.json" "$(value rule delta/manifest.json)" '"delta"'
same "a run by default has no settings" "$(value settings target/summary.json)" '{}'

# of a rule that learns in place no target remains; what it started from is counted by itself
same "in place: within_tolerance" "$(awk -F, 'NR > 1 && $11 != ""' delta/devices.csv | wc -l | tr -d ' ')" 0
same "in place: devices_within_tolerance" "$(value devices_within_tolerance delta/summary.json)" null
same "in place: devices_started" "$(value devices_started delta/summary.json)" 30
same "by states" "$(value devices_truly_within_tolerance target/summary.json)" 30

# readings with a noise of 100 % settle everything; half of the devices are somewhere else
printf 'experiment: training\ninstrument: {read_noise: 1}\nprogramming: {tolerance: 0.2}\nengine: {name: event}\n' >noisy.yaml
"$SILVERBAR" run noisy.yaml >out
holds "noise settles more than there are" \
    "$(awk '$1 == "devices_settled" { print $2 }' out) > $(awk '$1 == "devices_truly_settled" { print $2 }' out)"

# all devices stuck ON: 9 rows of 3.3 mS where 4.5 mS were measured; the real amplifiers give way
printf 'experiment: training\nrule: {target_starts: 1, target_steps: 100}\nprogramming: {pulse_limit: 1}\nvariation: {stuck_on: 1}\nengine: {name: event}\n' >stuck.yaml
"$SILVERBAR" run stuck.yaml >out 2>stderr
same "exit status with overloaded amplifiers" $? 3
check "the message names the amplifier" grep -q 'the amplifier at node n[12]_[123]_tia is overloaded' stderr

# measured neurons in ngspice: its account closes, and no charging of capacitors is booked as training
for engine in ngspice ida; do
    "$SILVERBAR" train --neuron behavioural --engine $engine -o measured_$engine >/dev/null 2>stderr
    same "$engine, measured neurons: exit status" $? 0
done
holds "ngspice, measured neurons: residual_array" "$(value residual_array measured_ngspice/summary.json) < 1e-4"
line() { # FOLDER: energy of the class in training
    awk -F, '$1 == "training" && $3 == "line" { sum += $4 } END { printf "%.12g", sum }' $1/energy.csv
}
near "energy of lines in training, as in ida" "$(line measured_ngspice)" "$(line measured_ida)" 0.01

# an amplifier with a systematic offset, larger than what its gain leaves at the column: the same pulses as
# with its transistors, and their energies within what the reading of the neurons leaves
sed '/^m4 /s/w=6.6u/w=6.4u/' "$SB_SRC/netlists/neuron.sub" >offset.sub
for engine in $(length "event ida" event); do
    "$SILVERBAR" train --neuron offset.sub --engine $engine -o offset_$engine >/dev/null 2>stderr
    same "$engine, neurons with an offset: exit status" $? 0
done
is_short || same "their pulses" "$(value pulses_total offset_event/summary.json)" "$(value pulses_total offset_ida/summary.json)"
for key in $(length "energy_J energy_infer_J" ""); do
    near "their $key" "$(value $key offset_event/summary.json)" "$(value $key offset_ida/summary.json)" 1e-3
done

# as an older version has written it
cp -r delta old
grep -vE '"(replica|rule|devices_truly_within_tolerance|devices_started|accuracy_after_error|accuracy_retrained)"' delta/summary.json |
    sed '/"settings": {/,/^  }/d; s/\("wall_time_s": [^,]*\),/\1/' >old/summary.json
"$SILVERBAR" compare --csv old first >table
same "compare reads an old folder" $? 0
same "an old folder tells no rule" "$(column rule)" " target "
same "an old folder tells no keys" "$(column variation.ron)" " 0.2 "
"$SILVERBAR" report old -o old.html
same "report reads an old folder" $? 0
sed 's/"settings": {/"settings": { "variation.ron": [1],/' delta/summary.json >old/summary.json
"$SILVERBAR" compare old 2>stderr
same "settings of a wrong type" $? 2
check "are named" grep -q 'old/summary.json: key "settings" has the wrong type' stderr
nothing_left "all runs"
exit $failed
