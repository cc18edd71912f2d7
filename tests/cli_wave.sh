#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar wave` on what ngspice writes: every measure against ngspice's own on the same file to
# 1e-6; binary and ASCII files give the same values; CSV is exact; decimation keeps its bound;
# hostile files end with a message and status 2.
. "$(dirname -- "$0")/setup.sh"
needs_ngspice

cat >data.cir <<'END'
* <img src=x onerror=alert(1)>
v1 in 0 sin(0 1 10k)
v2 p 0 pulse(0 1 10u 1u 2u 40u 100u)
r1 p out 1k
c1 out 0 5n
v3 x 0 dc 0 ac 1
r3 x y 1k
c3 y 0 1n
.control
tran 1u 500u
write tran.raw
set filetype=ascii
write tran_ascii.raw
ac dec 20 1 1meg
write ac_ascii.raw
set filetype=binary
write ac.raw
quit
.endc
.end
END
ngspice -b data.cir >log 2>&1 </dev/null
check "ngspice wrote four files" [ -s tran.raw -a -s tran_ascii.raw -a -s ac.raw -a -s ac_ascii.raw ]

# NAME | ngspice's words | ours, where they differ
cat >measures <<'END'
m_min|min v(out)|
m_min_window|min v(in) from=35u to=180u|
m_max|max v(out)|
m_max_window|max v(out) from=123u to=177u|
m_pp|pp v(in)|
m_pp_window|pp v(out) from=11u to=50u|
m_avg|avg v(out)|
m_avg_window|avg v(in) from=33.3u to=77.7u|
m_rms|rms v(in)|
m_rms_window|rms v(out) from=13.7u to=111.1u|
m_integ|integ v(out)|
m_integ_window|integ v(in) from=33.3u to=77.7u|
m_when|when v(out)=0.5|
m_when_rise|when v(out)=0.5 rise=2|
m_when_fall|when v(in)=0.25 fall=3|
m_when_cross|when v(out)=0.3 cross=5|
m_when_last|when v(out)=0.3 fall=last|
m_when_td|when v(in)=0.5 td=130u rise=1|
m_when_two|when v(out)=v(in) cross=3|
m_find_at|find v(out) at=77.77u|
m_find_when|find v(in) when v(out)=0.6 fall=2|
m_delay|trig v(p) val=0.5 rise=1 targ v(out) val=0.5 rise=1|
m_delay_fall|trig v(p) val=0.5 fall=2 targ v(out) val=0.5 fall=2|
m_delay_at|trig at=20u targ v(out) val=0.2 fall=last|
END
# rise and fall are distances of the crossings of 10 and 90 % of the way between the extremes;
# settling ends with the last crossing of final value + 5 % of peak to peak
"$SILVERBAR" wave tran.raw --csv -m 'min v(out) to=80u' -m 'max v(out) to=80u' \
    -m 'min v(out) from=60u to=109u' -m 'max v(out) from=60u to=109u' \
    -m 'find v(out) at=109u' >levels.csv
awk -F, 'NR > 1 { v[NR - 1] = $2 }
    END {
        low = v[1] + 0.1 * (v[2] - v[1]); high = v[1] + 0.9 * (v[2] - v[1])
        printf "m_rise|trig v(out) val=%.15g rise=1 targ v(out) val=%.15g rise=1|rise v(out) to=80u\n", low, high
        printf "m_fall|trig v(out) val=%.15g fall=1 targ v(out) val=%.15g fall=1|fall v(out) to=80u\n", high, low
    }' levels.csv >>measures
# the window's last point, as the final value: that of the file at or before 109 us
"$SILVERBAR" wave tran.raw --csv -s 'v(out)' --from 60u --to 109u >window.csv
final=$(tail -n 1 window.csv | cut -d, -f2)
awk -F, -v final="$final" 'NR > 1 { v[NR - 1] = $2 }
    END { printf "m_settle|trig at=60u targ v(out) val=%.15g td=60u fall=1|settle v(out) band=0.05 from=60u to=109u\n",
        final + 0.05 * (v[4] - v[3]) }' levels.csv >>measures

{
    echo "* measures"
    echo ".control"
    echo "load tran.raw"
    echo "set numdgt=14"
    while IFS='|' read -r name words ours; do
        echo "meas tran $name $words"
        echo "print $name"
    done <measures
    echo "quit"
    echo ".endc"
    echo ".end"
} >measure.cir
NGSPICE_MEAS_PRECISION=12 ngspice -b measure.cir >theirs 2>&1 </dev/null
while IFS='|' read -r name words ours; do
    "$SILVERBAR" wave tran.raw --csv -m "$name: ${ours:-$words}" >ours.csv 2>message ||
        bad "$words" "$(cat message)"
    near "$words" "$(sed -n 's/^[^,]*,\([^,]*\),.*/\1/p' ours.csv | tail -n 1)" \
        "$(sed -n "s/^$name = //p" theirs | tail -n 1)" 1e-6
done <measures
same "measures compared" "$(grep -c '^m_[a-z_]* = ' theirs)" "$(grep -c . measures)"

# ac: the parts that ngspice names by letters
cat >ac.cir <<'END'
* ac
.control
set units=degrees
load ac.raw
set numdgt=14
meas ac m_db find vdb(y) at=100k
print m_db
meas ac m_phase find vp(y) at=50k
print m_phase
meas ac m_corner when vdb(y)=-3 fall=1
print m_corner
meas ac m_real min vr(y)
print m_real
quit
.endc
.end
END
ngspice -b ac.cir >theirs 2>&1 </dev/null
for words in 'm_db: find vdb(y) at=100k' 'm_phase: find vp(y) at=50k' \
    'm_corner: when vdb(y)=-3 fall=1' 'm_real: min vr(y)'; do
    near "ac, $words" "$("$SILVERBAR" wave ac.raw --csv -m "$words" | sed -n 's/^[^,]*,\([^,]*\),.*/\1/p' | tail -n 1)" \
        "$(sed -n "s/^${words%%:*} = //p" theirs | tail -n 1)" 1e-6
done

# the same values from binary and ASCII, of which ngspice prints 16 digits
for kind in tran ac; do
    "$SILVERBAR" wave $kind.raw --csv >binary.csv
    "$SILVERBAR" wave ${kind}_ascii.raw --csv >ascii.csv
    awk -F, 'FNR == NR { line[FNR] = $0; next }
        {
            n = split(line[FNR], other)
            if (n != NF)
                exit 1
            for (k = 1; k <= n; k++)
                if (other[k] != $k && !((d = (other[k] - $k) / $k) * d < 1e-28))
                    exit 1
        }
        END { exit FNR < 100 }' binary.csv ascii.csv
    same "$kind: binary and ASCII agree, status" $? 0
done
"$SILVERBAR" wave tran.raw --csv >all.csv
points=$(sed -n 's/^No\. Points: *\([0-9]*\) *$/\1/p' tran_ascii.raw)
same "lines of the CSV" "$(wc -l <all.csv)" $((points + 1))

# every point lies in its bin's envelope
"$SILVERBAR" wave tran.raw --csv -s 'v(out)' >exact.csv
"$SILVERBAR" wave tran.raw --csv -s 'v(out)' --points 50 >bins.csv 2>bound
awk -F, 'FNR == 1 { next }
    FNR == NR { begin[++n] = $1; min[n] = $2; max[n] = $3; next }
    {
        while (b < n && $1 + 0 >= begin[b + 1] + 0)
            b++
        if ($2 + 0 < min[b] + 0 || $2 + 0 > max[b] + 0)
            exit 1
        seen[b, $2 == min[b]]++
    }
    END { if (n < 40 || n > 50) exit 1 }' bins.csv exact.csv
same "points in the envelope of their bins, status" $? 0
half=$(awk -F, 'NR > 1 && ($3 - $2) / 2 > most { most = ($3 - $2) / 2 } END { print most }' bins.csv)
near "bound that was told" "$(sed -n 's/^ *\([^ ]*\) V in v(out)$/\1/p' bound)" "$half" 0.01

"$SILVERBAR" wave tran.raw >list
check "the title is shown" grep -qF '<img src=x onerror=alert(1)>' list
check "v(out) is listed" grep -q '^v(out) *voltage *V ' list

if command -v gnuplot >/dev/null; then
    "$SILVERBAR" wave tran.raw -s 'v(out),i(v2)' --svg -o out.svg 2>/dev/null
    check "--svg draws" grep -q '</svg>' out.svg
    check "--svg escapes" grep -qv '<img' out.svg
    "$SILVERBAR" wave tran.raw -s 'v(out)' --ascii >out.txt 2>/dev/null
    check "--ascii draws" grep -q '\*\*\*' out.txt
    "$SILVERBAR" wave tran.raw -s 'v(out)' --sixel >out.sixel 2>/dev/null
    # DCS P1;P2;P3 q ... ST (DEC VT330/340 Programmer Reference Manual, chapter 14)
    same "--sixel draws" "$(head -c 2 out.sixel | od -An -tx1) ... $(tail -c 2 out.sixel | od -An -tx1)" " 1b 50 ...  1b 5c"
fi

refused() { # NAME MESSAGE ARGUMENT...
    name=$1 part=$2
    shift 2
    "$SILVERBAR" wave "$@" >out 2>message
    same "$name: status" $? 2
    check "$name: says '$part'" grep -q -- "$part" message
}
head -c 5000 tran.raw >cut.raw
refused "truncated binary" "bytes of data in plot \"Transient Analysis\", expected $points points" cut.raw
head -c 5000 tran_ascii.raw >cut.raw
refused "truncated ASCII" "expected $points points of" cut.raw
head -c 100 tran.raw >cut.raw
refused "header only" "the file ends" cut.raw
sed 's/^No\. Points: .*/No. Points: 99999999999999/' tran.raw >huge.raw
refused "huge number of points" "expected 99999999999999 points" huge.raw
sed 's/^No\. Variables: .*/No. Variables: 4000000000/' tran.raw >huge.raw
refused "huge number of variables" "expected a number from 1 to" huge.raw
sed 's/^No\. Variables: .*/No. Variables: 900000/' tran.raw >huge.raw
refused "more variables than bytes" "variables in a file of" huge.raw
sed 's/^Flags: real/Flags: real unpadded/' tran.raw >flags.raw
refused "unpadded" "expected real or complex" flags.raw
head -c 300000 /dev/zero >zero.raw
refused "zeros" "zero.raw:1: a NUL byte" zero.raw
tr '\n' 'x' <tran_ascii.raw >line.raw
refused "one long line" "line.raw:1: a line of more than" line.raw
: >empty.raw
refused "empty file" "empty.raw:1: the file ends" empty.raw
refused "no file" "none.raw: cannot be read" none.raw
refused "a folder" "not a regular file" .
refused "another plot" "1 plots, expected plot 2" tran.raw --plot 2
refused "no signal" "no signal 'v(nothing)'" tran.raw -s 'v(nothing)'
refused "no function" "expected min, max" tran.raw -m 'mean v(out)'
refused "no signal of a measure" "expected a signal of the file" tran.raw -m 'avg v(nothing)'
refused "no point" "no point from 1 to 2" tran.raw --from 1 --to 2
refused "forms" "expected one of" tran.raw --csv --svg
"$SILVERBAR" wave tran.raw -m 'when v(out)=7' >out 2>message
same "never crossed: status" $? 1
check "never crossed: message" grep -q "0 such crossings of v(out)" message
# --- signs, steps, plots and forms of other programs
head='Title: * x\nDate: x\nPlotname: %s\nFlags: %s\nNo. Variables: 2\nNo. Points: %s\nCommand: Linear Technology Corporation LTspice XVII\nVariables:\n\t0\t%b\n\t1\tV(a)\tvoltage\nValues:\n'
raw() { # FILE PLOT FLAGS POINTS SCALE VALUES
    printf "$head" "$2" "$3" "$4" "$5" >"$1"
    printf '%b' "$6" >>"$1"
}
raw dc.raw 'DC transfer characteristic' 'real forward' 3 'v1\tvoltage' '0\t-1\n\t-2\n1\t-0.5\n\t-1\n2\t0\n\t0\n'
same "a negative sweep" "$("$SILVERBAR" wave dc.raw --csv | tr '\n' ' ')" "v1,V(a) -1,-2 -0.5,-1 0,0 "
raw marked.raw 'Transient Analysis' 'real forward' 2 'time\ttime' '0\t0\n\t1\n1\t-2\n\t3\n'
same "a marked time" "$("$SILVERBAR" wave marked.raw --csv | tr '\n' ' ')" "time,V(a) 0,1 2,3 "
# 1, 2 and 4 V for 2 s each
raw steps.raw 'Transient Analysis' 'real forward stepped' 7 'time\ttime' \
    '0\t0\n\t1\n1\t1\n\t1\n2\t2\n\t1\n3\t0\n\t2\n4\t2\n\t2\n5\t0\n\t4\n6\t2\n\t4\n'
for m in 'avg:1 2 4' 'integ:2 4 8' 'rms:1 2 4' 'max:1 2 4'; do
    same "${m%%:*} of each step" "$("$SILVERBAR" wave steps.raw -m "${m%%:*} v(a)" --csv | sed 1d | cut -d, -f3 | tr '\n' ' ')" "${m#*:} "
done
same "steps" "$("$SILVERBAR" wave steps.raw --steps --csv | tr '\n' ' ')" "step,points,from,to,unit 1,3,0,2,s 2,2,0,2,s 3,2,0,2,s "
same "one step" "$("$SILVERBAR" wave steps.raw --step 2 --csv | tr '\n' ' ')" "time,V(a) 0,2 2,2 "
same "a window in one step" "$("$SILVERBAR" wave steps.raw --step 1 --from 1 -m 'integ v(a)' --csv | sed 1d | cut -d, -f2)" 1
"$SILVERBAR" wave steps.raw -m 'when v(a)=3' >out 2>message
same "what does not occur in a step: status" $? 1
"$SILVERBAR" wave steps.raw --step 4 >out 2>message
same "no such step: status" $? 2
"$SILVERBAR" wave steps.raw --from 1 >out 2>message
check "a window needs a step" grep -q 'expected --step N' message
# a sweep downwards, twice
raw down.raw 'DC transfer characteristic' 'real forward stepped' 4 'v1\tvoltage' '0\t1\n\t1\n1\t0\n\t3\n2\t1\n\t5\n3\t0\n\t5\n'
same "steps of a falling scale" "$("$SILVERBAR" wave down.raw --steps --csv | sed 1d | cut -d, -f2 | tr '\n' ' ')" "2 2 "
# complex numbers as LTspice and Xyce write them
raw ac.raw 'AC Analysis' 'complex forward log' 2 'frequency\tfrequency' '0\t\t1.0e+00,\t0.0e+00\n\t3,4\n1\t1e3 , 0\n\t-3, -4\n'
same "commas with blanks" "$("$SILVERBAR" wave ac.raw -s 're*,im*' --csv | tr '\n' ' ')" "frequency,re(V(a)),im(V(a)) 1,3,4 1000,-3,-4 "
# an operating point has no scale: all are values
raw op.raw 'Operating Point' real 1 'V(b)\tvoltage' '0\t3\n\t1.5\n'
same "operating point" "$("$SILVERBAR" wave op.raw --csv | tr '\n' ' ')" "point,V(b),V(a) 0,3,1.5 "
same "and one value" "$("$SILVERBAR" wave op.raw -m 'max v(b)' --csv | sed 1d | cut -d, -f2)" 3
cat op.raw ac.raw dc.raw >three.raw
same "plots are listed" "$("$SILVERBAR" wave three.raw | grep -c '^--plot [123]: ')" 3
same "a plot by its name" "$("$SILVERBAR" wave three.raw --plot dc --csv | sed -n 2p)" "-1,-2"
same "a plot by a part of it" "$("$SILVERBAR" wave three.raw --plot point --csv | sed -n 2p)" "0,3,1.5"
"$SILVERBAR" wave three.raw --plot a >out 2>message
same "the beginning counts before a part" "$(sed -n 's/^plot \(.\).*/\1/p' out)" 2
"$SILVERBAR" wave three.raw --plot an >out 2>message
same "no plot of that name, or several: status" $? 2
printf '3\t1\n\t1\n' | cat dc.raw - >surplus.raw
"$SILVERBAR" wave surplus.raw >out 2>message
same "more rows than points: status" $? 2
check "more rows than points: message" grep -q "'No. Points:' right" message
# a reader that goes: no message
i=0
while [ $i -lt 20000 ]; do echo "$i $i"; i=$((i + 1)); done | sed 's/^\([0-9]*\) \(.*\)/\1\t\2\n\t1/' >rows
raw long.raw 'Transient Analysis' 'real forward' 20000 'time\ttime' ''
cat rows >>long.raw
"$SILVERBAR" wave long.raw --csv 2>message | head -n 1 >out
same "a reader that goes" "$(cat out message)" "time,V(a)"
# a scale of frequencies: a page and a picture with a logarithmic axis, others without
"$SILVERBAR" wave ac.raw --html | grep -o '"log":[a-z]*' >out
same "frequencies in a page" "$(cat out)" '"log":true'
"$SILVERBAR" wave tran.raw --html | grep -o '"log":[a-z]*' >out
same "times in a page" "$(cat out)" '"log":false'
if command -v gnuplot >/dev/null; then
    printf '%s\n' t 'v1 in 0 ac 1' 'r1 in out 1k' 'c1 out 0 1n' .end >dec.cir
    sed 's/^\.end/.ac dec 20 1 1meg\n.end/' dec.cir >log.cir
    "$SILVERBAR" sim log.cir -o log_folder >out 2>message || bad "log.cir" "$(cat message)"
    # twenty points a decade: equally far from each other, from the first two to the last
    "$SILVERBAR" wave log_folder/waveforms.raw -s 'v(out)' --svg | grep '^[[:space:]]*L[0-9]' |
        tr -s ' \t' '\n' | sed -n 's/^L\([0-9.]*\),.*/\1/p' >abscissas
    holds "points of the curve" "$(wc -l <abscissas) > 20"
    ratio=$(awk 'NR > 1 { d = $1 - last; if (d > 0) { if (!least || d < least) least = d; if (d > most) most = d } }
        { last = $1 } END { print most / least }' abscissas)
    holds "largest distance by the least" "$ratio < 1.1"
fi

nothing_left wave
exit $failed
