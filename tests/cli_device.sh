#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar device`: loops of the dopants against the figures of the fit to public measured loops of
# Knowm M-SDC parts, in every engine; pulses against the closed form; parameters, errors, plots.
. "$(dirname -- "$0")/setup.sh"

device() { # ARGUMENT...: a CSV table in `out`
    "$SILVERBAR" device "$@" --csv >out 2>err
}

cell() { # COLUMN [ROW]: of the CSV table
    awk -F, -v name="$1" -v row="${2:-1}" 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) c = k }
        NR == row + 1 { print $c }' out
}

# within 1 %, or the rounding of a figure of two digits: a sine of 500 straight pieces and the
# engine's tolerance add less than 0.1 %; '-': no figure given
figure() { # NAME GOT WANTED
    case $3 in
    -) ;;
    ?.??? | ??.?? | .??? | *.* | ???*) near "$1" "$2" "$3" 0.01 ;;
    *) holds "$1" "($2 - $3)^2 <= 0.5^2" ;;
    esac
}

# dopant, amplitude, series, frequency; V_set V, R on kohm, R off kohm, I max uA
while read -r name amplitude series frequency v_set r_on r_off i_max; do
    # one line runs all the code
    if is_short && [ "$name $frequency" != "C 100" ]; then continue; fi
    for engine in ida ngspice event; do
        device loop "$name" --amplitude "$amplitude" --series "$series" --frequency "$frequency" \
            --engine $engine
        what="$engine $name ${amplitude} V ${series} ohm ${frequency} Hz"
        figure "$what v_set" "$(cell v_set_V)" "$v_set"
        figure "$what r_on" "$(awk "BEGIN { print $(cell r_on_ohm) / 1e3 }")" "$r_on"
        figure "$what r_off" "$(awk "BEGIN { print $(cell r_off_ohm) / 1e3 }")" "$r_off"
        figure "$what i_max" "$(awk "BEGIN { print $(cell i_max_A) * 1e6 }")" "$i_max"
    done
done <<'END'
W .8 5000 1 .234 2.056 175.7 113
W .8 5000 10 .260 2.206 175.7 -
W .8 5000 100 .307 2.687 175.7 -
W .8 5000 1000 .367 3.452 168.0 92
W .8 47000 1 .145 7.654 175.7 14.4
W .8 47000 10 .196 11.41 175.7 -
W .8 47000 100 .248 16.16 175.7 -
W .8 47000 1000 .301 22.07 174.4 11.3
Sn 1 5110 1 .240 1.499 47.3 150
Sn 1 5110 100 .341 2.232 47.3 134
Cr 1 5110 1 .195 .950 220 162
Cr 1 5110 100 .302 1.744 220 143
C 1 47500 1 .226 13.73 1400 16
C 1 47500 100 .305 18.15 1400 15
END

# a pulse without edge on a state that stays at 1 is V^2/R times its width, also the first one and one
# much shorter than the gap beside it; a step of 0 V to V taken for a ramp would give a third
for engine in ida event ngspice; do
    device pulse W --voltage 0.42495 --width 4.93032e-05 --x0 1 --gap 0.129 --count 2 --engine $engine
    for row in 1 2; do
        near "$engine: resistor of 2056 ohm, pulse $row, J" "$(cell energy_J $row)" \
            "$(awk 'BEGIN { printf "%.12g", .42495^2/2056*4.93032e-5 }')" 1e-5
    done
    device pulse W --voltage -0.03 --width 1e-6 --x0 1 --gap 1 --count 2 --engine $engine
    near "$engine: a pulse of a millionth of its gap, J" "$(cell energy_J 2)" \
        "$(awk 'BEGIN { printf "%.12g", .03^2/2056*1e-6 }')" 1e-5
done

# within a dead zone's edge the rate of vteam2 is proportional to x, so that x = x0 exp(-k t) and the
# energy is V^2 (t/roff + (1/ron - 1/roff) (x0 - x)/k): a change of 1 % in the conductance, in steps of
# 1e-7 of the state, moves the energy by 0.5 %; 1e-5: reltol
for engine in ida event; do
    device pulse Cr-vteam --voltage -0.2 --width 5.6e-5 --gap 0 --x0 1e-4 --engine $engine --reltol 1e-5
    near "$engine: energy of a pulse that moves a state by 2e-5, J" "$(cell energy_J)" \
        "$(awk 'BEGIN { k = 450*(.2/.0588 - 1)^2.37; t = 5.6e-5; x = 1e-4*exp(-k*t)
            printf "%.12g", .04*(t/219e3 + (1/378 - 1/219e3)*(1e-4 - x)/k) }')" 3e-5
done

# a run of ngspice begins at t = 0, however long its steps may be: x after 1 ms at rest by the closed form
for time in 1 1e4; do
    "$SILVERBAR" device retention mms-demo --x0 0.7 --time $time --engine ngspice --csv >out 2>err
    near "ngspice: state after 1 ms of a retention of $time s" "$(awk -F, 'NR == 2 { print $2 }' out)" \
        "$(awk 'BEGIN { s = 1/(1 + exp(.27/.0257)); printf "%.12g", .5 + .2*exp(-2*s*1e-3/1e-4) }')" 1e-7
done

# closed form of the plain switch at constant voltage: x 1e-6 (the tolerance of ida), energy 1e-5 (the
# step of the source takes 2 ns of 200 us); ngspice starts its step by Euler's rule: 3e-4
device pulse mms-demo --voltage 0.3 --width 200e-6 --x0 0.1
near "ida: state after a pulse" "$(cell x)" 0.8042034700163452 1e-6
near "ida: its energy, J" "$(cell energy_J)" 2.491976957890188e-8 1e-5
near "its conductance, S" "$(cell conductance_S)" "$(awk "BEGIN { x = .8042034700163452; printf \"%.12g\", x/500 + (1 - x)/1500 }")" 1e-6
device pulse mms-demo --voltage 0.3 --width 200e-6 --x0 0.1 --engine ngspice
near "ngspice: state after a pulse" "$(cell x)" 0.8042034700163452 3e-4
near "ngspice: its energy, J" "$(cell energy_J)" 2.491976957890188e-8 3e-4
device pulse mms --set ron=500 --set roff=1.5k --set von=.27 --set voff=270m --set tau=0.1m \
    --set vt=0.0257 --voltage 0.3 --width 200e-6 --x0 0.1
near "a model with all its parameters set" "$(cell x)" 0.8042034700163452 1e-6
device pulse mms-demo --voltage 0.3 --width 100e-6 --count 2 --gap 0 --x0 0.1
near "two pulses without a gap are one" "$(cell x 2)" 0.8042034700163452 1e-6
device pulse W --voltage 0.5 --width 1e-3 --count 3 --gap 1 --x0 0.2 --set vdz=0.5
same "no movement inside the dead zone" "$?" 2
check "bounds of a parameter are named" grep -q 'vdz=0.5 of model mmsdz, expected 0 to 0.4' err
device pulse W --voltage 0.3 --width 1e-3 --count 3 --gap 1 --x0 0.2 --set vdz=0.4
near "no movement inside the dead zone" "$(cell x 3)" 0.2 1e-9

# retention: a state in the dead zone stays; the switches of titanium oxide drift from 20 kohm by 156
# ohm in 1e4 s (arXiv:2407.04718), here to 1 ohm
device retention W --x0 0.5 --time 1800
near "W holds for 1800 s" "$(cell x "$(($(wc -l <out) - 1))")" 0.5 1e-9
device retention metaswitch-demo --x0 0.52499950 --time 1e4
holds "drift of titanium oxide" "($(cell resistance_ohm "$(($(wc -l <out) - 1))") - 20156)^2 < 1"
same "the last reading is at the time asked for" "$(cell t_s "$(($(wc -l <out) - 1))")" 10000

# R goes with t^nu, 0.04 here: 10^(0.04 x 6) in 6 decades from 1 ms on
device retention W --x0 0.5 --time 1000 --nu 0.04
near "drift by a power of time" "$(awk "BEGIN { print $(cell resistance_ohm 61) / $(cell resistance_ohm 1) }")" 1.7378 1e-4
device retention W --x0 0.5 --time 1e6 --loss 100 --seed 3
holds "an abrupt loss" "$(cell x 1) == 0.5 && $(cell x "$(($(wc -l <out) - 1))") == 0"
device retention metaswitch-demo --x0 0.525 --time 1e6 --engine event --switches 20000
holds "whole switches" "($(cell x 80) * 20000 - int($(cell x 80) * 20000 + .5)) ^ 2 < 1e-12 && $(cell x 80) < 0.525"
# a spike and what it leaves: 1112.4 switches of a million above the threshold (GSL's integration)
for engine in ida event; do
    device pulse volatile-spiking --voltage -0.18 --width 5 --x0 0.8099 --engine $engine
    holds "$engine: the volatile device after 5 s" "($(cell x) * 1e6 - 801112.4) ^ 2 < 1.2 ^ 2"
done
device pulse volatile-spiking --voltage -0.18 --width 1 --engine event --switches 1000000 --x0 0.8099
cp out first
device pulse volatile-spiking --voltage -0.18 --width 1 --engine event --switches 1000000 --x0 0.8099
check "the same switches by the same seed" cmp -s out first
device pulse volatile-spiking --voltage -0.18 --width 1 --engine event --switches 1000000 --x0 0.8099 --seed 2
check "others by another" sh -c '! cmp -s out first'
device staircase W --amplitude 0.5 --count 5 --series 1000
same "stairs" "$(cut -d, -f2 out | tr '\n' ' ')" "voltage_V 0.1 0.2 0.3 0.4 0.5 "
holds "stairs set" "$(cell x 5) > 0.9 && $(cell x 5) > $(cell x 4) && $(cell x 1) < 0.02"
device endurance Cr --voltage 0.4 --reset-voltage -0.5 --count 3 --series 1000
same "SET and RESET of each cycle" "$(wc -l <out)" 7
holds "endurance" "$(cell x 5) > 0.1 && $(cell x 6) < 0.001"

# a loop of every other dopant in all engines, stochastic ones in their mean form, against ida: figures
# within 1e-3, ten times what the tolerances of the engines leave
for name in BSU WOx W-sdc W-leaky mms-demo W-vteam Sn-vteam Cr-vteam C-vteam gmms-demo mmsx-demo vteam-demo team-demo yakopcic-demo \
    iondrift-demo iondrift-biolek metaswitch-demo volatile-titania volatile-pulses; do
    x0=0.11
    case $name in volatile*) x0=0.55 ;; esac # below 0.5 they do not conduct
    device loop $name --amplitude 0.7 --frequency 10 --x0 $x0
    same "$name: exit status" $? 0
    holds "$name: figures" "$(cell r_on_ohm) > 0 && $(cell r_off_ohm) >= $(cell r_on_ohm)"
    mv out ida
    for engine in $(length "ngspice event" event); do
        device loop $name --amplitude 0.7 --frequency 10 --x0 $x0 --engine $engine
        for column in v_set_V r_on_ohm r_off_ohm i_max_A energy_J; do
            near "$name: $column of $engine" "$(cell $column)" \
                "$(cp out keep; cp ida out; cell $column; cp keep out)" 1e-3
        done
    done
done

"$SILVERBAR" device loop W --frequency 1,10 --json >out 2>err
same "JSON: keys" "$(sed -n 's/^ *"\([^"]*\)": .*/\1/p' out | sort -u | tr '\n' ' ')" \
    "amplitude_V device energy_J frequency_Hz i_max_A loop_area_VA r_off_ohm r_on_ohm series_ohm v_reset_V v_set_V "
"$SILVERBAR" device pulse W --json >out 2>err
for key in x energy_J conductance_S; do
    check "JSON of pulses has $key" grep -q "\"$key\": [0-9]" out
done
"$SILVERBAR" device list >out
for name in mms mmsdz gmms mmsx vteam2 vteam team yakopcic iondrift metaswitch volatile volatile-spiking W Cr BSU; do
    check "list has $name" grep -q "^[a-z]* *$name " out
done
"$SILVERBAR" device show Cr >out
check "show tells values with their units" grep -q '^ron  *300  *ohm' out
check "show tells the polarity" grep -q '^polarity: v > 0 sets' out
check "show tells the source" grep -q '^source: .*arXiv:1608.04659' out

if command -v gnuplot >/dev/null; then
    for ending in png svg pdf; do
        "$SILVERBAR" device loop W --frequency 1,100 --plot "it's.$ending" >out 2>err
        same "plot .$ending" "$?$(cat err)" 0
        check "plot .$ending is there" [ -s "it's.$ending" ]
    done
    check "the plot has labels with units" grep -q 'current \[µA\]' "it's.svg"
    "$SILVERBAR" device loop W --plot none/x.svg >out 2>err
    same "a plot that cannot be written" "$?" 2
fi
"$SILVERBAR" device loop W --variation=12 --csv >out 2>err
same "loops of devices that differ" "$(wc -l <out)" 13
holds "each has figures of its own" "$(cut -d, -f7 out | sort -u | wc -l) == 13"
"$SILVERBAR" device loop W --variation=12 --seed 1 --engine event --csv >again 2>err
for row in 1 5 12; do
    near "the same devices in another engine" "$(cell r_on_ohm $row)" \
        "$(cp out keep; cp again out; cell r_on_ohm $row; cp keep out)" 1e-3
done
"$SILVERBAR" device loop W --waveform points.csv >out
same "points of the last period" "$(head -n 1 points.csv)" "frequency_Hz,t_s,source_V,device_V,current_A,x"

refuse() { # PART-OF-MESSAGE ARGUMENT...
    part=$1
    shift
    "$SILVERBAR" device "$@" >out 2>err
    same "device $*: exit status" $? 2
    check "device $*: message" grep -qF -- "$part" err
    check "device $*: nothing on standard output" [ ! -s out ]
}
refuse "expected list, show, loop"
refuse "expected one of list, show" frobnicate
refuse "expected the name of a dopant" loop
refuse "no dopant 'Xx'" loop Xx
refuse "cannot be read" loop ./none.lib
refuse "unknown parameter 'foo'" loop W --set foo=1
refuse "ron=1e+06 and roff=175700, expected ron < roff" loop W --set ron=1meg
refuse "no parameter 'roff' of model mms" pulse mms --set ron=1k
refuse "--set 'ron'" pulse mms --set ron
refuse "--frequency '0'" loop W --frequency 1,0
refuse "--series '1e-9'" loop W --series 1e-9
refuse "--x0 '2'" pulse W --x0 2
refuse "expected a name that ends in .png" loop W --plot plot.gif
refuse "--waveform: expected with loop only" pulse W --waveform p.csv
refuse "expected with loop only" pulse W --variation
refuse "expected with retention only" pulse W --nu 0.1
refuse "expected with --engine event" retention metaswitch-demo --switches 100
for engine in ida ngspice; do
    refuse "--switches: expected with --engine event" pulse volatile-spiking --switches 1000000 --engine $engine
done
refuse "found switches 1000, expected 1000000, as many as its law has" \
    pulse volatile-spiking --switches 1000 --engine event
refuse "n=2e+09 of model volatile, expected 1 to 1e+09" pulse volatile-spiking --set n=2e9
refuse "tau_i=0 of model volatile, expected 1e-12 to 1e+12" pulse volatile-spiking --set tau_i=0
refuse "va=0 of model volatile, expected va - |voff|/2 above -100 k temp/q" \
    pulse volatile-spiking --set va=0 --set voff=-2 --set temp=100
refuse "expected no further word" loop W Cr
nothing_left "device"
exit $failed
