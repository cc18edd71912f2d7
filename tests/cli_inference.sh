#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The experiment `inference`: a testbench of tiles, its samples for any number of workers, what each
# imperfection costs, and that accuracy does not depend on the voltage while devices are ohmic.
. "$(dirname -- "$0")/setup.sh"
cp "$SB_SRC"/testbenches/networks/shapes* .
files='--data shapes-images.idx --labels shapes-labels.idx --calibrate shapes-training.idx'

field() { # FILE KEY ROW: of CSV with a line of names
    awk -F, -v key="$2" -v row="$3" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == key) column = k }
        NR == row + 1 { print $column }' "$1"
}
above() { # VALUE LEAST
    awk "BEGIN { exit !($1 > $2) }"
}
infer() { # ARGUMENT...
    "$SILVERBAR" infer shapes.onnx $files "$@" 2>stderr
}

infer --map ideal --line-ohm 0 --dac off --adc off --csv >ideal
same "ideal tiles decide as double precision" "$(field ideal agreement 1)" 1
check "the network has learnt" above "$(field ideal accuracy 1)" 0.98
for volt in 1e-3 0.03 9; do
    infer --map ideal --volt $volt -o volt_$volt >/dev/null
    cut -d, -f1-4 volt_$volt/images.csv >>decisions_$volt
done
check "the same decisions at 1 mV and 30 mV" cmp -s decisions_1e-3 decisions_0.03
check "and at 9 V" cmp -s decisions_9 decisions_0.03

# the waterfall: its first and last rows are the table's, what is not asked for changes nothing
infer --effects --set variation.stuck_on=0.05 --set read.noise=0.1 --set retention.law=power \
    --set retention.time=1e6 --set map.compensate=false --set input.calibrated=wanted --retune column -o all >/dev/null
same "rows of the waterfall" "$(cut -d, -f1 all/effects.csv | tr '\n' '|')" \
    "effect|float|mapped|+ programming|+ lines|+ converters|+ noise|+ drift|+ retune|"
same "the first is double precision" "$(field all/effects.csv accuracy 1)" "$(field all/total.csv accuracy_float 1)"
same "the last is the table's" "$(field all/effects.csv accuracy 8)" "$(field all/total.csv accuracy 1)"
same "and its agreement" "$(field all/effects.csv agreement 8)" "$(field all/total.csv agreement 1)"
awk -F, 'NR > 2 { d = $3 - last; if (d - $6 > 1e-12 || $6 - d > 1e-12 || ($8 - $7) / $2 - d > 1e-9 || $4 > $3 || $5 < $3) exit 1 }
    { last = $3 }' all/effects.csv
same "differences, discordant images and intervals belong together" $? 0
check "stuck devices cost" above -0.02 "$(field all/effects.csv difference 3)"
infer --effects -o few >/dev/null
same "no noise, no cost" "$(field few/effects.csv only_before 6) $(field few/effects.csv only_now 6)" "0 0"
check "stuck devices are counted" above "$(field all/total.csv stuck 1)" 20
infer --set variation.stuck_on=0.05 -o compensated >/dev/null
check "compensation helps" above "$(field compensated/total.csv accuracy 1)" "$(field all/effects.csv accuracy 3)"

# a testbench: the same samples for one worker and two, the same as the command's
cat >tiles.yaml <<'Y'
title: stuck devices and tiles
experiment: inference
seed: 7
replicas: 3
model: {file: shapes.onnx}
data: {images: shapes-images.idx, labels: shapes-labels.idx, training: shapes-training.idx, count: 100}
variation: {stuck_off: 0.02}
sweep:
  - {key: tile.rows, values: [8, 64]}
  - {key: device.dopant, values: [W, Cr]}
Y
for jobs in 1 2; do
    "$SILVERBAR" run tiles.yaml -j $jobs -o jobs_$jobs >/dev/null 2>stderr
    same "exit status with $jobs workers" $? 0
done
check "the same samples" cmp -s jobs_1/samples.csv jobs_2/samples.csv
same "samples" "$(sed 1d jobs_1/samples.csv | wc -l | tr -d ' ')" 12
check "draws differ" [ "$(field jobs_1/samples.csv accuracy 1)$(field jobs_1/samples.csv energy_array_J 1)" != \
    "$(field jobs_1/samples.csv accuracy 2)$(field jobs_1/samples.csv energy_array_J 2)" ]
"$SILVERBAR" run tiles.yaml --sample 3 -o one >/dev/null 2>stderr
infer --count 100 --seed 7 --set variation.stuck_off=0.02 --tile-rows 8 --dopant Cr -o command >/dev/null
near "a sample is what the command gives" "$(field one/samples.csv energy_array_J 1)" \
    "$(field command/total.csv energy_array_J 1)" 0
for name in layers energy tiles confusion images; do
    check "$name.csv is the same" cmp -s one/$name.csv command/$name.csv
done
check "the folder's report" grep -q 'Energy of an image by layer' one/report.html
for part in 'What each imperfection costs' 'Codes of the converters' 'The worst pair of tiles' 'Labels by decisions'; do
    check "the report has: $part" grep -q "$part" all/report.html
done
"$SILVERBAR" report all -o all.html
check "made anew it is the same" cmp -s all.html all/report.html
awk -F, 'NR > 1 { sum[$1] += $3 } END { for (layer in sum) if (sum[layer] < 0.999999 || sum[layer] > 1.000001) exit 1 }' all/codes.csv
same "codes of each layer add up to all" $? 0
cp command/testbench.yaml own.yaml
"$SILVERBAR" run own.yaml -o again >/dev/null 2>stderr
check "the command's testbench runs as it is" cmp -s again/images.csv command/images.csv

# reads that disturb: renewed on the way, and the account closes
infer --volt 0.1 --set read.disturb=true --set read.before=1e6 --dopant C -o disturbed >/dev/null
same "exit status of disturbed reads" $? 0
infer --volt 0.1 --dopant C -o calm >/dev/null
check "devices set by reads take more energy" above "$(field disturbed/total.csv energy_array_J 1)" \
    "$(awk "BEGIN { print 1.05 * $(field calm/total.csv energy_array_J 1) }")"
check "beyond the dead zone it is told" grep -q 'read.disturb' stderr

# devices that are not ohmic: at a small voltage they are as good as ohmic; a high one costs accuracy, and the
# waterfall has noise of each device
for volt in 1e-3 0.5; do # and lines of 20 ohm and 1 kilohm
    infer --dopant W-sdc --gmin 2e-5 --gmax 2e-4 --volt $volt --line-ohm $([ $volt = 0.5 ] && echo 1000 || echo 20) --count 100 -o bent_$volt >bent.txt
    same "exit status of reads that are not linear at $volt V" $? 0
done
infer --dopant W --gmin 2e-5 --gmax 2e-4 --volt 1e-3 --line-ohm 20 --count 100 -o straight >/dev/null
near "at 1 mV energies are those of ohmic devices" "$(field bent_1e-3/total.csv energy_array_J 1)" \
    "$(field straight/total.csv energy_array_J 1)" 1e-2
same "by fixed-point iteration" "$(field bent_1e-3/layers.csv reads 1)" "fixed point"
same "ohmic ones are linear" "$(field straight/layers.csv reads 1)" linear
same "at 0.5 V by Newton's method" "$(field bent_0.5/layers.csv reads 1)" Newton
check "accounts close" above 1e-11 "$(field bent_0.5/total.csv residual 1)"

# codes as voltages, bit by bit and as times: the same results, other energies; shared converters take time
for encoding in amplitude bits width; do
    infer --map ideal --adc off --set input.encoding=$encoding -o encoded_$encoding >/dev/null
    cut -d, -f1-4 encoded_$encoding/images.csv >decided_$encoding
done
check "bits decide as voltages do" cmp -s decided_bits decided_amplitude
check "times decide as voltages do" cmp -s decided_width decided_amplitude
check "drivers at V for a time take more than at a part of V" above \
    "$(field encoded_width/total.csv energy_array_J 1)" "$(field encoded_amplitude/total.csv energy_array_J 1)"
near "eight reads" "$(field encoded_bits/total.csv time_sequence_s 1)" \
    "$(awk "BEGIN { print 8 * $(field encoded_amplitude/total.csv time_sequence_s 1) }")" 1e-9
infer --set adc.share=64 --set adc.time=1e-7 --tile-columns 3 -o shared >/dev/null
near "three conversions, one after another" "$(field shared/total.csv time_sequence_s 1)" \
    "$(awk "BEGIN { print 3 * $(field encoded_amplitude/total.csv time_sequence_s 1) }")" 1e-9

# biases in rows of tiles
infer --map ideal --dac off --adc off --line-ohm 0 --set tile.bias_rows=2 -o biased >/dev/null
same "biases in rows decide as double precision" "$(field biased/total.csv agreement 1)" 1
check "and take devices" [ "$(field biased/total.csv devices 1)" -gt "$(field encoded_width/total.csv devices 1)" ]

# switches in series take their part, broken lines cost accuracy
infer --set tile.select_ohm=1e3 -o switched >/dev/null
check "energy of select switches" above "$(awk -F, '$1 == "selects" { print $2 }' switched/energy.csv)" 1e-15
infer --set variation.open_rows=0.3 --set variation.open_columns=0.3 -o open >/dev/null
check "broken lines cost" above "$(field switched/total.csv accuracy 1)" "$(field open/total.csv accuracy 1)"
check "and their account closes" above 1e-11 "$(field open/total.csv residual 1)"

refuse() { # 'PIECE OF THE MESSAGE' KEY=VALUE...
    piece=$1
    shift
    for setting; do
        set -- "$@" --set "$setting"
        shift
    done
    "$SILVERBAR" infer shapes.onnx $files "$@" -o refused >out.text 2>message
    status=$?
    if [ $status -eq 2 ] && grep -Fq -e "$piece" message && [ ! -s out.text ] && [ ! -e refused ]; then
        good "refused: $piece"
    else
        bad "silverbar infer $*" "status $status, expected 2 and '$piece': $(cat message)"
    fi
}
refuse "expected at most 1 together" variation.stuck_on=0.6 variation.stuck_off=0.6
refuse "adc.range is value, expected adc.value" adc.range=value
refuse "map.levels is 1" map.levels=1
refuse "model.mean is '1,x'" model.mean=1,x model.std=1
refuse "'W_sdc', which is not ohmic" device.dopant=W-sdc map.mode=verify
refuse "input.encoding is bits and input.bits is off" input.encoding=bits input.bits=off
refuse "input.encoding is bits and input.signed" input.encoding=bits input.signed=bipolar
refuse "input.encoding is width with" input.encoding=width device.dopant=W-sdc map.gmin=1e-5 map.gmax=1e-4
refuse "tile.select_ohm is 100" map.mode=verify tile.select_ohm=100
refuse "variation.open_rows of 0.1" device.dopant=W-sdc map.gmin=1e-5 map.gmax=1e-4 variation.open_rows=0.1
refuse "model.std is 0" model.mean=1 model.std=0
refuse "window of 0.001 to" map.gmin=1e-3
refuse "expected at least 0.0001 where map.mode is verify" map.mode=verify programming.tolerance=0
refuse "retune is 'all', expected none, layer or column" retune=all
mkdir below
sed 's/shapes[.-]/..\/&/g' tiles.yaml >below/outside.yaml
(cd below && "$SILVERBAR" run outside.yaml >/dev/null 2>../message)
same "a model outside of the testbench's folder" $? 2
check "by a message" grep -q 'model.file.*expected a file in the folder' message
sed 's/file: shapes.onnx/mean: 0/' tiles.yaml >without.yaml
"$SILVERBAR" run without.yaml >/dev/null 2>message
same "no model" $? 2
check "by a message" grep -q 'model.file is not given' message
nothing_left "after all"
exit $failed
