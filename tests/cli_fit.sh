#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar fit`: data that `silverbar device loop` makes with a known device give that device back,
# in other units too; its library is read by every engine; hostile data are refused with line and
# reason; drift.  Measured loops, which are not part of the package, are fitted where SB_MEASURED
# names a folder with w_m1_5k_10hz.csv (knowm/memristor-discovery, Knowm Inc, GPL-3.0).
. "$(dirname -- "$0")/setup.sh"

"$SILVERBAR" device loop W --amplitude 0.8 --frequency 1000 --cycles 2 --waveform loop.csv >out
# every fifth point of the last period that is later than the one before, from the engine ida
awk -F, 'NR == 1 { print "t_s,source_V,device_V,current_A"; next }
    !(k++ % 5) && $2 > last + 1e-7 { last = $2; print $2 "," $3 "," $4 "," $5 }' loop.csv >data.csv
samples=$(($(wc -l <data.csv) - 1))
holds "samples" "$samples > 100 && $samples < 1000"

fit() { # ARGUMENT...: JSON in `out`
    "$SILVERBAR" fit "$@" --json >out 2>err
    same "fit $*: exit status" $? 0
}
fitted() { # PARAMETER
    grep -A5 "\"parameter\": \"$1\"" out | sed -n 's/.*"value": \([^,]*\),*/\1/p' | head -n 1
}
overall() {
    sed -n 's/^  "nrmse": \([^,]*\),/\1/p' out
}

# the engine's sine is made of straight pieces, of which the samples skip corners: 1 %
fit data.csv --series 5000 --free ron,roff,von,voff,tau --start W --starts 2 -o again.lib
holds "nrmse" "$(overall) < 0.005"
near "ron" "$(fitted ron)" 2056 0.01
near "roff" "$(fitted roff)" 175700 0.02
near "von" "$(fitted von)" 0.384 0.01
near "tau" "$(fitted tau)" 6.53e-5 0.05
for engine in ida ngspice; do
    difference=$(sed -n "s/^    \"$engine\": \([0-9.e-]*\),*/\1/p" out)
    holds "engine $engine with the library agrees with the fit" "$difference < 0.005"
done
check "the library tells its provenance" grep -q '^\* Data: data.csv, .* 5000 ohm; nrmse' again.lib
"$SILVERBAR" device show ./again.lib --csv >out
near "the library is read" "$(sed -n 's/^ron,\([^,]*\),.*/\1/p' out)" 2056 0.01
"$SILVERBAR" device loop ./again.lib --amplitude 0.8 --frequency 1000 --csv >out
near "its loop" "$(sed -n '2s/^again,1000,0.8,5000,\([^,]*\),.*/\1/p' out)" 0.366 0.01

awk -F, 'NR == 1 { print "current_uA, device_mV, t_us"; next }
    { printf "%.15g,%.15g,%.15g\n", 1e6 * $4, 1e3 * $3, 1e6 * $1 }' data.csv >units.csv
fit units.csv --series 5000 --free ron,roff,von,voff,tau --start W --starts 0
near "other units, device voltage in place of the source's" "$(fitted ron)" 2056 0.01
{ printf '\357\273\277'; cat data.csv; } >mark.csv
fit mark.csv --free ron,roff,von,voff,tau --start W --starts 0
sed '1s/[a-zA-Z_][a-zA-Z_]*/"&"/g' data.csv >quoted.csv
fit quoted.csv --free ron --start W --starts 0
near "both voltages tell the resistor, behind a byte order mark" "$(fitted ron)" 2056 0.01
"$SILVERBAR" fit data.csv --series 6000 --free ron --start W --starts 0 >out 2>err
check "another resistor than the voltages tell is warned of" grep -q "tells 5000 ohm" err
fit data.csv units.csv --series 5000,5000 --free ron,roff,von,voff,tau --shared von,voff,tau \
    --start W --starts 0
same "ron of each trace" "$(grep -c '"parameter": "ron"' out)" 2
same "von of both" "$(grep -c '"parameter": "von"' out)" 1
# what was not fitted, and where it comes from
same "the start is named" "$(sed -n 's/^  "start": "\(.*\)",/\1/p' out)" W
near "held parameters are told" "$(sed -n 's/^    "vdz": \([^,]*\),*/\1/p' out)" 0.04 1e-9
"$SILVERBAR" fit data.csv --free ron --start W --starts 0 >table 2>err
check "in the table too" grep -q '^vdz  *all  *0.04  *V  *held' table
check "with the start" grep -q '^start and held parameters: W$' table
# other columns are passed over, and a comma at the ends of lines
awk 'NR == 1 { print $0 ",R_ohm,\"note, a\"," ; next } { print $0 ",1e3,x," }' data.csv | sed '1s/"note, a"/note/' >more.csv
fit more.csv --free ron --start W --starts 0
near "other columns are passed over" "$(fitted ron)" 2056 0.01
check "with a note" grep -q "more.csv: columns passed over: 'R_ohm', 'note', ''" err
# no resistor: the device's voltage alone, 1 kohm that switches to 2 kohm nowhere
awk 'BEGIN { print "t_s,device_V,current_mA"; for (i = 0; i <= 100; i++) { v = 0.03 * sin(6.2831853 * i / 100); print i * 1e-5 "," v "," v } }' >bare.csv
fit bare.csv --series 0 --free ron,roff --start W --starts 2
holds "no resistor" "$(overall) < 1e-4"
"$SILVERBAR" fit bare.csv --free ron --start W >out 2>err
same "neither resistor nor source: status" $? 2
check "the message tells of 0" grep -q 'expected --series, 0 without a resistor' err
# probes swapped: told, and turned; ron stays below roff in any case
awk -F, 'NR == 1 { print; next } { printf "%s,%.12g,%.12g,%.12g\n", $1, -1 * $2, -1 * $3, -1 * $4 }' data.csv >swapped.csv
fit swapped.csv --series 5000 --free ron,roff,von,voff,tau --start W --starts 1
check "a loop the other way round is told" grep -q 'runs the other way round' err
holds "ron below roff" "$(fitted ron) < $(fitted roff)"
fit swapped.csv --series 5000 --free ron,roff,von,voff,tau --start W --starts 0 --reverse -o turned.lib
near "turned it is the device" "$(fitted ron)" 2056 0.01
check "and nothing is said" [ "$(grep -c 'other way round' err)" = 0 ]
# behind a resistor the device of a swapped loop switches off at a tenth of its largest voltage; a resistor
# switches nowhere
"$SILVERBAR" device loop W --amplitude 0.8 --frequency 10 --series 5000 --waveform slow.csv >out
awk -F, 'NR == 1 { print "t_s,source_V,device_V,current_A"; next }
    !(k++ % 5) && $2 > last + 1e-7 { last = $2; printf "%s,%.12g,%.12g,%.12g\n", $2, -$3, -$4, -$5 }' slow.csv >slow_swapped.csv
fit slow_swapped.csv --series 5000 --free ron,roff --start W --starts 0
check "a swapped loop behind a resistor is told" grep -q 'runs the other way round.*--reverse turns it' err
fit slow_swapped.csv --series 5000 --free ron,roff --start W --starts 0 --reverse
same "turned nothing is said" "$(grep -c 'other way round' err)" 0
for seed in $(length "1 2 3 4 5 6" 1); do
    awk "BEGIN { srand($seed); print \"t_s,device_V,current_mA\"; for (i = 0; i <= 100; i++) {
        v = 0.03 * sin(6.2831853 * i / 100); print i * 1e-5 \",\" v \",\" v + 3e-5 * (rand() - 0.5) } }" >noisy.csv
    fit noisy.csv --series 0 --free ron,roff --start W --starts 0
    same "a noisy resistor, $seed: nothing is said" "$(grep -c 'other way round' err)" 0
done

# the library has a window of conductances inside of what ron and roff span, and can be trained
"$SILVERBAR" device show ./turned.lib --csv >out
holds "window" "$(sed -n 's/^\*@ gmin //p' turned.lib) > 1 / 175700 && $(sed -n 's/^\*@ gmax //p' turned.lib) < 1 / 2056"
"$SILVERBAR" train --engine event --dopant ./turned.lib >out 2>err
same "it trains: status" $? 0
: >window.lib.unfinished-abcdef # of a killed run; nothing_left below
fit data.csv --series 5000 --free ron --start W --starts 0 --gmin 3e-5 --gmax 9e-5 -o window.lib
same "a window of one's own" "$(grep '^\*@' window.lib | tr '\n' ' ')" "*@ gmin 3e-05 *@ gmax 9e-05 "
fit data.csv units.csv --series 5000,5000 --free ron,roff,von,voff,tau --shared von,voff,tau \
    --start W --starts 0
for key in model nrmse traces parameters correlation start_nrmse starts starts_reached warnings engine_difference; do
    check "JSON has $key" grep -q "^  \"$key\": " out
done
"$SILVERBAR" fit data.csv --series 5000 --free ron,vtoff --start W --starts 2 --seed 7 >one 2>err
"$SILVERBAR" fit data.csv --series 5000 --free ron,vtoff --start W --starts 2 --seed 7 >two 2>err
check "the same seed gives the same bytes" cmp one two
if command -v gnuplot >/dev/null; then
    "$SILVERBAR" fit data.csv --series 5000 --free ron --start W --starts 0 --plot fit.svg >out
    check "plot of loops and residuals" grep -q 'model less measured \[µA\]' fit.svg
fi

refuse() { # PART-OF-MESSAGE ARGUMENT...
    part=$1
    shift
    "$SILVERBAR" fit "$@" >out 2>err
    same "fit $*: exit status" $? 2
    check "fit $*: message" grep -qF -- "$part" err
    check "fit $*: nothing on standard output" [ ! -s out ]
}
refuse "expected files of measured data" --series 5000
cut -d, -f1,2,4 data.csv >bad.csv
refuse "expected --series, 0 without a resistor" bad.csv
refuse "tells 5000 ohm, --series 50 ohm: a unit" data.csv --series 50
awk -F, 'NR == 1 { print; next } { print $1 "," $2 "," $3 "," $4 * $4 }' data.csv >bad.csv
refuse "not a resistor times current_A" bad.csv
refuse "2 resistors for 1 files" data.csv --series 1,2
refuse "none.csv: cannot be read" none.csv --series 5000
refuse "no such model" data.csv --series 5000 --model xyz
refuse "unknown parameter 'x'" data.csv --series 5000 --free x
refuse "found model vteam2, expected mmsdz" data.csv --series 5000 --start W-vteam
refuse "'tau' is not" data.csv units.csv --series 5000 --shared ron,roff,von,voff,vton,vtoff -o x.lib
refuse "cannot be written" data.csv --series 5000 --free ron --starts 0 -o none/x.lib
sed '7s/^[^,]*/nan/' data.csv >bad.csv
refuse "bad.csv:7: found 'nan' as t_s" bad.csv --series 5000
head -n 15 data.csv >bad.csv
refuse "14 samples, expected at least 20" bad.csv --series 5000
sed '1s/current_A/curent_A/' data.csv >bad.csv
refuse "bad.csv:1: found no column current_A beside 'curent_A', expected some of" bad.csv --series 5000
cut -d, -f1,4 data.csv >bad.csv
refuse "bad.csv:1: found neither column source_V nor device_V" bad.csv --series 5000
sed '1!s/,[^,]*$/,0/' data.csv >bad.csv
refuse "found no current but 0" bad.csv --series 5000
check "nothing was written" [ ! -e x.lib ]

# conductance that falls linearly from 20 kohm, 3.624 switches of 1e-7 S in 1e4 s
awk 'BEGIN { print "t_s,resistance_kohm"; for (k = 0; k <= 200; k++)
    printf "%g,%.12g\n", 100 * k, 1e-3 / (1/20e3 - 3.624e-7 * k / 100) }' >drift.csv
"$SILVERBAR" fit --drift drift.csv --interval 1000,10000 --voff 0.5,0.05,0.01,0.005 --json >out 2>err
same "drift: exit status" $? 0
same "drift: rows" "$(grep -c '"va_V"' out)" 8
near "drift: a in 1e4 s" "$(sed -n 's/.*"a": \(.*\),/\1/p' out | tail -n 1)" 3.624 1e-6
for pair in 1:0.692925 2:0.463889 3:0.418532 4:0.400492; do
    near "drift: barrier of arXiv:2407.04718" \
        "$(sed -n 's/.*"va_V": \(.*\),/\1/p' out | tail -n 4 | sed -n "${pair%:*}p")" ${pair#*:} 2e-6
done
refuse "no column resistance_ohm beside 'source_V'" --drift data.csv
refuse "0 pairs of samples" --drift drift.csv --interval 1e6

if [ -r "${SB_MEASURED:-}/w_m1_5k_10hz.csv" ]; then
    reached() { # NRMSE: starts that came to it
        sed -n '/"start_nrmse"/,/]/p' out | awk -v most="$1" '$1 + 0 > 0 && $1 <= most' | wc -l
    }
    fit "$SB_MEASURED/w_m1_5k_10hz.csv" --series 5000
    holds "measured W, mmsdz" "$(overall) <= 0.022"
    holds "measured W, mmsdz: starts" "$(reached 0.022) >= 8"
    fit "$SB_MEASURED/w_m1_5k_10hz.csv" --series 5000 --model gmms
    holds "measured W, gmms" "$(overall) <= 0.020"
    holds "measured W, gmms: starts" "$(reached 0.020) >= 8"
else
    echo "skipped: fit of w_m1_5k_10hz.csv: SB_MEASURED names no folder with it"
fi
nothing_left "fit"
exit $failed
