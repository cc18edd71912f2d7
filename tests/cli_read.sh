#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar read`: known currents, formats that say the same, powers that add up, devices of a
# results folder and of a dopant's law against ngspice, and what it refuses.
. "$(dirname -- "$0")/setup.sh"

field() { # FILE KEY ROW: of CSV with a line of names
    awk -F, -v key="$2" -v row="$3" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == key) column = k }
        NR == row + 1 { print $column }' "$1"
}

# badcrossbar's own example (SoftwareX 12:100617, 2020): its currents, to 12 digits
printf '345,903,755,257,646\n652,401,508,166,454\n442,874,190,244,635\n' >ohm.csv
for method in elimination gradients; do
    "$SILVERBAR" read ohm.csv --ohm --line-ohm 0.5 --volt 1.5,2.3,1.7 --tolerance 1e-12 \
        --method $method --csv >out.csv
    j=0
    for amp in 0.011585025421546973 0.009190641636252413 0.015115681173257949 \
        0.025833208221257207 0.00981179288265744; do
        j=$((j + 1))
        near "badcrossbar, $method, column $j" "$(field out.csv current_A $j)" $amp 1e-12
    done
done

# 4 x 3 with drivers and senses, by rational arithmetic: currents and powers
printf '100e-6,20e-6,55e-6\n35e-6,80e-6,10e-6\n60e-6,45e-6,90e-6\n15e-6,70e-6,25e-6\n' >g.csv
circuit='--row-ohm 2 --column-ohm 3 --driver-ohm 50 --sense-ohm 20 --tolerance 1e-12'
"$SILVERBAR" read g.csv $circuit --volt 0.1,0.05,0,0.2 --csv >out.csv
j=0
for amp in 1.454748641208161e-05 1.977128412196318e-05 1.086686619558194e-05; do
    j=$((j + 1))
    near "4 x 3, column $j" "$(field out.csv current_A $j)" $amp 1e-12
    holds "4 x 3, its bound" "$(field out.csv bound_A $j) <= 1e-12 * $amp"
done
sed -n '/delivered_W/,$p' out.csv >power.csv
while read -r key watt; do
    near "4 x 3, $key" "$(field power.csv "$key" 1)" "$watt" 1e-12
done <<'END'
delivered_W 6.400416433299298e-06
devices_W 6.339001638014856e-06
row_lines_W 2.593601904546937e-09
column_lines_W 3.777234700462952e-09
drivers_W 4.063152232635632e-08
senses_W 1.441243635307548e-08
END
holds "the account closes" "$(field power.csv residual 1) < 1e-14"

# a loose tolerance is one of the currents, not of what flows in a short circuit of the lines
awk 'BEGIN { for (i = 0; i < 32; i++) for (j = 0; j < 32; j++)
    printf "%g%s", 1e-6 * (1 + (7 * i + 3 * j) % 200), j < 31 ? "," : "\n" }' >square.csv
for method in cheaper gradients; do
    "$SILVERBAR" read square.csv --method $method --tolerance 1e-3 --csv >loose.csv
    "$SILVERBAR" read square.csv --method elimination --tolerance 1e-12 --csv >tight.csv
    j=0
    while [ $j -lt 32 ]; do
        j=$((j + 1))
        off=$(awk -v a="$(field loose.csv current_A $j)" -v b="$(field tight.csv current_A $j)" \
            'BEGIN { print (a > 1e-4 && (a - b) ^ 2 <= (1e-3 * b) ^ 2) }')
        [ "$off" = 1 ] || bad "$method at 1e-3, column $j" "$(field loose.csv current_A $j)"
    done
    good "$method at 1e-3"
done

# the same numbers as text and as .npy (2 x 2 of 1, 2, 3, 4: int16 big endian, Fortran order)
{
    printf '\223NUMPY\001\000\073\000%s' "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2)}"
    printf '  \n\000\001\000\003\000\002\000\004'
} >four.npy
printf '1 2\n3 4\n' >four.txt
"$SILVERBAR" read four.npy --csv >npy.csv
"$SILVERBAR" read four.txt --csv >text.csv
check "a .npy file and text say the same" cmp npy.csv text.csv
printf '0.1,0.05,0,0.2\n0,0,0,0\n-0.1,-0.05,0,-0.2\n' >vectors.csv
"$SILVERBAR" read g.csv $circuit --input vectors.csv --csv >many.csv
same "vectors" "$(sed '/^$/,$d' many.csv | wc -l)" 10
same "no voltage, no current" "$(field many.csv current_A 4)" 0
near "the first of many" "$(field many.csv current_A 1)" 1.454748641208161e-05 1e-12
near "the opposite one" "$(field many.csv current_A 7)" -1.454748641208161e-05 1e-12

# no resistance: sums of conductance times voltage
"$SILVERBAR" read g.csv --line-ohm 0 --volt 0.1,0.05,0,0.2 --csv >ideal.csv
near "ideal lines" "$(field ideal.csv current_A 1)" 1.475e-05 1e-14

# everything in a folder; the map is a picture that stands alone
"$SILVERBAR" read g.csv $circuit --input vectors.csv --voltages --vector 3 -o folder --json >out.json
for file in currents.csv power.csv voltages.csv read.json map.svg manifest.json; do
    check "folder/$file" [ -s "folder/$file" ]
done
check "JSON on standard output is that of the folder" cmp out.json folder/read.json
same "a cell a device, a background, a frame, a scale" "$(grep -c '<rect' folder/map.svg)" 78
check "the map names nothing outside" awk '/http/ && !/www.w3.org\/2000\/svg/ { exit 1 }' folder/map.svg
same "the input in the manifest" "$(grep -c "$(sha256sum <g.csv | cut -c1-64)" folder/manifest.json)" 1
nothing_left "read"

# devices of a training run
"$SILVERBAR" train --engine event -o run >/dev/null
"$SILVERBAR" read run --line-ohm 0 --volt 0.1 --csv >run.csv
sum=$(awk -F, '$2 == 1 && $4 == 1 { s += 0.1 * $8 } END { printf "%.15g", s }' run/devices.csv)
near "layer 1 of a results folder" "$(field run.csv current_A 1)" "$sum" 1e-12
same "layer 2 has one column" "$("$SILVERBAR" read run --layer 2 --csv | sed '/^$/,$d' | wc -l)" 2

# devices that are not ohmic, in given states and in those that have given conductances
printf '0.1,0.5\n0.9,0.2\n' >states.csv
"$SILVERBAR" read states.csv --states -d W-sdc --volt 0.4,0.3 --line-ohm 8 --csv --voltages >law.csv
"$SILVERBAR" read states.csv --states -d W-sdc --volt 0.01 --line-ohm 0 --csv --voltages |
    sed -n '/device_A/,$p' >small.csv
awk -F, 'NR > 1 { printf "%.17g%s", $7 / $6, NR % 2 ? "\n" : "," }' small.csv >as_ohmic.csv
"$SILVERBAR" read as_ohmic.csv -d W-sdc --volt 0.4,0.3 --line-ohm 8 --csv >again.csv
near "states from conductances" "$(field again.csv current_A 1)" "$(field law.csv current_A 1)" 1e-9
if command -v ngspice >/dev/null; then
    cat >deck.cir <<END
* 2 x 2 of W-sdc
.include $SB_SRC/devices/W-sdc.lib
v1 a1 0 0.4
v2 a2 0 0.3
ra1 a1 r11 8
rb1 r11 r12 8
ra2 a2 r21 8
rb2 r21 r22 8
rc1 c11 c21 8
rd1 c21 s1 8
rc2 c12 c22 8
rd2 c22 s2 8
vs1 s1 0 0
vs2 s2 0 0
x11 r11 c11 W_sdc x0=0.1
x12 r12 c12 W_sdc x0=0.5
x21 r21 c21 W_sdc x0=0.9
x22 r22 c22 W_sdc x0=0.2
.options reltol=1e-9 abstol=1e-16 vntol=1e-12 gmin=1e-18
.tran 1e-15 2e-15 uic
.control
run
set numdgt=12
print i(vs1)[1] i(vs2)[1]
quit
.endc
.end
END
    ngspice -b deck.cir >log 2>&1 </dev/null
    for j in 1 2; do
        near "W-sdc in ngspice, column $j" "$(field law.csv current_A $j)" \
            "$(sed -n "s/^i(vs$j)\[1\] = //p" log)" 1e-6
    done
fi

refused() { # NAME WORDS ARGUMENTS...
    name=$1
    words=$2
    shift 2
    "$SILVERBAR" read "$@" >out 2>err
    same "$name: exit" $? 2
    check "$name: $words" grep -q -e "$words" err
    check "$name: nothing printed" [ ! -s out ]
}
printf '1e-4,-2e-5\n' >negative.csv
printf '1e-4,nan\n' >nan.csv
{
    printf '\223NUMPY\001\000\100\000%s' "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"
    printf '    \n\000\000\000\000\000\000\360\077\000\000\000\000\000\000\370\177'
} >nan.npy
refused "a negative conductance" "negative.csv: row 1, column 2: -2e-05" negative.csv
refused "no number" "nan.csv:1: 'nan'" nan.csv
refused "no number in a .npy" "nan.npy: row 1, column 2: -*nan" nan.npy
printf '1e-4,0\n' >zero.csv
refused "a resistance of 0" "row 1, column 2: 0, expected a positive resistance" zero.csv --ohm
head -c 85 nan.npy >short.npy
refused "a short .npy" "bytes of data, expected 16" short.npy
refused "no file" "none.csv: cannot be read" none.csv
refused "voltages for other rows" "with 3 numbers, expected one, or 4" g.csv --volt 1,2,3
printf '1,2,3\n' >three.csv
refused "vectors for other rows" "3 numbers in each vector, expected 4" g.csv --input three.csv
refused "a negative resistance" "--sense-ohm" g.csv --sense-ohm -1
refused "states of nothing" "--states without --dopant" g.csv --states
refused "a state above 1" "a state, 0 to 1" four.txt --states -d W-sdc
refused "a conductance that the dopant has not" "as W_sdc has at" four.txt -d W-sdc
refused "a layer that is not there" "no layer 3, expected 1 to 2" run --layer 3
refused "a vector that is not there" "--vector 2, expected 1 to 1" g.csv --vector 2
mkdir there
refused "a folder that exists" "there: exists" g.csv -o there
nothing_left "refused"
exit $failed
