#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar infer`: decisions and energies of a network that can be worked out by hand, its results
# folder, seeds, and what it refuses.
. "$(dirname -- "$0")/setup.sh"

# y = 1.5 (1 2 3; 4 5 6) x + (0.5, -0.5): class 1 but for x = 0
model=$SB_SRC/tests/fuzz/onnx/gemm
printf '1 0 0\n0 1 0\n0 0 1\n0 0 0\n' >images
printf '1\n1\n0\n0\n' >labels
ideal='--map ideal --line-ohm 0 --dac off --adc off --gmin 20e-6 --gmax 200e-6'

field() { # FILE KEY ROW: of CSV with a line of names
    awk -F, -v key="$2" -v row="$3" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == key) column = k }
        NR == row + 1 { print $column }' "$1"
}

"$SILVERBAR" infer "$model" --data images --labels labels --calibrate images $ideal -o out --csv \
    >printed 2>message
same "exit status" $? 0
check "it tells that training images are those of the test" grep -q 'the test images themselves' message
same "accuracy" "$(field printed accuracy 1)" 0.75
same "in double precision" "$(field printed accuracy_float 1)" 0.75
same "agreement" "$(field printed agreement 1)" 1
same "decisions" "$(sed 1d out/images.csv | cut -d, -f3 | tr '\n' ' ')" "1 1 1 0 "
same "confusion" "$(sed 1d out/confusion.csv | tr '\n' ' ')" "0,1,1 1,0,2 "
# weights 1 to 6 of 6: G+ is 20 uS + 30 uS a unit, G- 20 uS; row 1 has 1 and 4: 230 uS, row 2 2 and 5: 290 uS,
# row 3 350 uS, each at 0.03 V for 100 ns
k=0
for siemens in 230e-6 290e-6 350e-6; do
    k=$((k + 1))
    near "energy of image $k" "$(field out/images.csv energy_array_J $k)" \
        "$(awk "BEGIN { printf \"%.15g\", 0.0009 * $siemens * 1e-7 }")" 1e-12
done
same "energy of image 4" "$(field out/images.csv energy_array_J 4)" 0
near "mean of images" "$(field printed energy_array_J 1)" 1.9575e-14 1e-12
near "of devices" "$(field out/energy.csv energy_J 1)" 1.9575e-14 1e-12
same "of lines" "$(sed -n 3,6p out/energy.csv | cut -d, -f2 | tr '\n' ' ')" "0 0 0 0 "
for file in summary.json total.csv layers.csv tiles.csv manifest.json; do
    check "out/$file" [ -s "out/$file" ]
done
check "the manifest has hashes of model, images and labels" \
    [ "$(grep -c '"[0-9a-f]\{64\}"' out/manifest.json)" -ge 4 ]

# lines: as `silverbar read` on the first tile, devices by hand
printf '50e-6,140e-6\n80e-6,170e-6\n110e-6,200e-6\n' >plus.csv
printf '20e-6,20e-6\n20e-6,20e-6\n20e-6,20e-6\n' >minus.csv
circuit='--row-ohm 200 --column-ohm 100 --driver-ohm 1000 --sense-ohm 500'
for tile in plus minus; do
    "$SILVERBAR" read $tile.csv $circuit --volt 0.03,0,0 --csv | sed '1,/^$/d' >$tile.power
done
"$SILVERBAR" infer "$model" --data images --labels labels $ideal $circuit -o lines --csv >/dev/null 2>&1
near "with lines, image 1" "$(field lines/images.csv energy_array_J 1)" \
    "$(awk "BEGIN { printf \"%.15g\", 1e-7 * ($(field plus.power delivered_W 1) + $(field minus.power delivered_W 1)) }")" 1e-10

# converters: conversions and their energy, 34 fJ a step at 8 bits
"$SILVERBAR" infer "$model" --data images --labels labels --csv >eight 2>/dev/null
near "conversions" "$(field eight energy_converters_J 1)" "$(awk 'BEGIN { print 2 * 256 * 34e-15 }')" 1e-9
# programming's errors: by the seed alone
for seed in 1 1 2; do
    "$SILVERBAR" infer "$model" --data images --labels labels --seed $seed --csv 2>/dev/null |
        cksum >>sums
done
same "the same seed, the same bytes" "$(sed -n 1p sums)" "$(sed -n 2p sums)"
check "another seed, another network" [ "$(sed -n 1p sums)" != "$(sed -n 3p sums)" ]
"$SILVERBAR" infer "$model" --data images --labels labels --volt 0.2 >/dev/null 2>message
check "it tells of reads beyond the dead zone" grep -q 'beyond its dead zone' message
"$SILVERBAR" infer "$model" --data images --labels labels --count 2 >table 2>/dev/null
check "a table for people" grep -q '^images  *2$' table
"$SILVERBAR" infer "$model" --data images --labels labels --json >json 2>/dev/null
check "JSON" grep -q '"class": "converters"' json

# x = (1 0 -1), (0 1 0), 0, (1 1 1): the first gives (-2.5, -3.5), class 0
printf '1 0 -1\n0 1 0\n0 0 0\n1 1 1\n' >signed
"$SILVERBAR" infer "$model" --data signed --labels labels $ideal --signed two-phase -o two --csv >two.csv 2>/dev/null
same "both signs" "$(sed 1d two/images.csv | cut -d, -f3 | tr '\n' ' ')" "0 1 0 1 "
# rows 1 and 3: 230 and 350 uS, one a phase
near "both signs: energy of image 1" "$(field two/images.csv energy_array_J 1)" 5.22e-14 1e-12
near "both signs: time" "$(field two.csv time_sequence_s 1)" 2e-7 1e-12

refuse() { # 'PIECE OF THE MESSAGE' ARGUMENT...
    piece=$1
    shift
    "$SILVERBAR" infer "$@" -o refused >out.text 2>message
    status=$?
    if [ $status -eq 2 ] && grep -Fq -e "$piece" message && [ ! -s out.text ] && [ ! -e refused ]; then
        good "refused: $piece"
    else
        bad "silverbar infer $*" "status $status, expected 2 and '$piece': $(cat message)"
    fi
}
printf '1\n1\n2\n0\n' >classes
printf '1\n1\n0\n' >three
printf '1 0\n0 1\n' >narrow
refuse "expected an ONNX file, and --data" "$model"
refuse "no: cannot be read" "$model" --data no --labels labels
refuse "without labels, expected data.labels (--labels)" "$model" --data images
refuse "classes: label 3 is 2, expected 0 to 1" "$model" --data images --labels classes
refuse "three: 3 labels, expected 4" "$model" --data images --labels three
refuse "narrow: images of 2, expected 3" "$model" --data narrow --labels labels
refuse "narrow: images of 2, expected 3" "$model" --data images --labels labels --calibrate narrow
refuse "layer 'y' (Gemm): inputs down to -1" "$model" --data signed --labels labels
refuse "window of 0.0002 to 0.0002 S" "$model" --data images --labels labels --gmin 2e-4
refuse "--adc '0', expected off, 1, 2, ... or 24" "$model" --data images --labels labels --adc 0
refuse "--adc" "$model" --data images --labels labels --adc 25
refuse "--tile '0', expected a whole number from 1 to 1024" "$model" --data images --labels labels --tile 0
refuse "map.levels is 1, expected 0 or at least 2" "$model" --data images --labels labels --levels 1
refuse "model.mean of 1 numbers and model.std of 0" "$model" --data images --labels labels --mean 0.5
refuse "model.mean of 2 numbers, expected 1, or one a channel" "$model" --data images --labels labels --mean 0,0 --std 1,1
nothing_left "after all"
exit $failed
