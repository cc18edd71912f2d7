#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar sim`, what its account covers: code models, lines and global supplies at their terminals;
# what cannot be booked is named, with status 3; errors of the energies against closed forms, and what
# becomes of a run with errors too large; noise from a seed; measures that fail; decks that take long
# to read.
. "$(dirname -- "$0")/setup.sh"

cell() { # ELEMENT COLUMN: of the last run
    awk -F, -v element="$1" -v name="$2" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) column = k }
        $2 == element { print $column }' run/energy.csv
}
account() { # COLUMN
    awk -F, -v name="$1" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) column = k }
        NR == 2 { print $column }' run/account.csv
}
measured() { # MEASURE
    sed -n "s/^tran,$1,\([^,]*\),.*/\1/p" run/measures.csv
}
runs() { # NAME STATUS LINES [OPTIONS...]
    name=$1 wanted=$2
    printf '%b' "$3" >deck.cir
    shift 3
    rm -rf run
    "$SILVERBAR" sim deck.cir -o run "$@" >out 2>message
    same "$name: status" $? "$wanted"
}

# --- code models and lines

# out = limit(3 sin): in a period |3 sin| < 2 for 4 asin(2/3) / 2 pi of the time; in steps of a
# thousandth of a period, and between points of limit's smooth corner, to 1e-3
runs "code models" 0 'gain and limit\nv1 in 0 sin(0 1 1k)\na1 in out g1\n.model g1 gain(gain=3)\na2 out lim l1\n.model l1 limit(out_lower_limit=-2 out_upper_limit=2 limit_range=1e-6)\nr1 lim 0 1k\n.tran 1u 2m\n.end\n'
near "a limited sine in a resistor" "$(cell r1 absorbed_J)" \
    '(2e-6 / 3.14159265 * 2 * (9 / 2 * (0.72972766 - 2 / 3 * sqrt(5) / 3) + 4 * (1.57079633 - 0.72972766)))' 2e-3
near "its code model gave it" "$(cell a2 absorbed_J)" "-($(cell r1 absorbed_J))" 1e-9
holds "the account closes" "$(account residual) < 1e-9"
# rmin = rmax: a resistor of 7 kohm; V^2 / 2R over ten periods
runs "memristor" 0 'm\nv1 1 0 sin(0 4.2 100meg)\na1 1 2 memr\n.model memr memristor (rmin=1k rmax=10k rinit=7k alpha=0 beta=0 vt=1.6)\nv2 2 0 0\n.tran 0.05n 100n uic\n.end\n'
near "ngspice's memristor" "$(cell a1 absorbed_J)" '(4.2 * 4.2 / 14e3 * 1e-7)' 1e-3
# comparator: adc, gate, dac; 2.5 V for half of each period, less the delays of nanoseconds
runs "digital" 0 'd\nv1 in 0 sin(0 1 1k)\na1 [in] [d] adc\na2 d q inv\na3 [q] [out] dac\n.model adc adc_bridge(in_low=0 in_high=0)\n.model inv d_inverter\n.model dac dac_bridge(out_low=0 out_high=2.5)\nr1 out 0 1k\n.tran 1u 10m 0 1u\n.end\n'
near "behind gates" "$(cell r1 absorbed_J)" '(2.5 * 2.5 / 1e3 * 5e-3)' 2e-3
near "the bridge gave it" "$(cell a3 absorbed_J)" "-($(cell r1 absorbed_J))" 1e-9
runs "ports with types" 0 't\nv1 in 0 1\na1 %vd(in 0) %id(o 0) g\n.model g gain(gain=1m)\nr1 o 0 1k\n.tran 1u 1m\n.end\n'
near "a current from a voltage" "$(cell r1 absorbed_J)" 1e-6 1e-6
near "is what the model gives" "$(cell a1 absorbed_J)" -1e-6 1e-6
runs "magnetic core" 3 'c\nv1 in 0 sin(0 1 1k)\nr1 in a 1\na1 (a 0) (m 0) lc\n.model lc lcouple(num_turns=10)\na2 (m 0) co\n.model co core(H_array=[-1000 0 1000] B_array=[-1 0 1] area=1e-4 length=0.1)\n.tran 10u 1m\n.end\n'
check "what is not booked is named" grep -q 'not booked, but in the residual: a1' out
check "and in the message" grep -q 'the energy of a1 and others is not booked' message
# matched at both ends: half of V^2 / (2 * 50 ohm) each, and next to nothing in the line
runs "lossy line" 0 'y\nv1 in 0 pulse(0 1 1n 0.1n 0.1n 20n 50n)\nrs in a 50\ny1 a 0 b 0 tl len=1\n.model tl txl r=0.1 l=9e-9 g=0 c=3.6e-12 length=1\nrl b 0 50\n.tran 0.05n 40n\n.end\n'
near "its load" "$(cell rl absorbed_J)" '(20.0667e-9 / 200)' 5e-3
near "the line has the rest" "$(cell y1 absorbed_J)" \
    "($(cell v1 delivered_J) - $(cell rs absorbed_J) - $(cell rl absorbed_J))" 1e-6
runs "coupled lines" 0 'p\nv1 in 0 pulse(0 1 1n 0.1n 0.1n 20n 50n)\nrs in a1 50\nrn a2 0 50\np1 a1 a2 0 b1 b2 0 pl\n.model pl cpl\n+R=0.2 0 0.2\n+L=9.13e-9 3.3e-9 9.13e-9\n+G=0 0 0\n+C=3.65e-13 -9e-14 3.65e-13\n+length=0.2\nrl b1 0 50\nrl2 b2 0 50\n.tran 0.05n 40n\n.end\n'
holds "coupled lines are booked" "$(account residual) < 1e-9"

# --- supplies of .global

inverters='.model nm nmos level=1 vto=0.5 kp=170u\n.model pm pmos level=1 vto=-0.5 kp=60u\n'
body='mn y a 0 0 nm w=1u l=0.18u\nmp y a %s %s pm w=2u l=0.18u\ncl y 0 10f\n.ends\n'
drive='vdd vdd 0 1.8\nvin a 0 pulse(0 1.8 1n 50p 50p 2n 4n)\n'
ends='.tran 1p 20n\n.end\n'
runs "supply as a node" 0 "t\n$inverters.subckt inv a y vdd\n$(printf "$body" vdd vdd)\n${drive}x1 a b vdd inv\nx2 b c vdd inv\n$ends"
first=$(cell x1 absorbed_J) second=$(cell x2 absorbed_J)
runs "supply of .global" 0 "t\n.global vdd\n$inverters.subckt inv a y\n$(printf "$body" vdd vdd)\n${drive}x1 a b inv\nx2 b c inv\n$ends"
near "the same energy" "$(cell x1 absorbed_J)" "$first" 1e-9
near "in the other one too" "$(cell x2 absorbed_J)" "$second" 1e-9
# through a subcircuit that does not name it, beside parameters; a formal node that has its name is
# the global one to ngspice
runs "supply of .global, nested" 0 "t\n.global VDD\n$inverters.subckt two a y params: w=2u\nx1 a m inv k=1\nx2 m y inv\n.ends\n.subckt inv a y k=2\n$(printf "$body" vdd vdd)\n${drive}x1 a c two w=1u\n$ends"
near "the sum of both" "$(cell x1 absorbed_J)" "($first + $second)" 1e-6
runs "supply of .global as a formal node" 0 "t\n.global vdd\n$inverters.subckt inv a y vdd\n$(printf "$body" vdd vdd)\n${drive}x1 a b n inv\nx2 b c n inv\nrn n 0 1k\n$ends"
near "the global one counts" "$(cell x1 absorbed_J)" "$first" 1e-6

# --- names

runs "names in other letters" 2 't\nv1 a 0 1\nv2 \0303\0244 0 1\nr1 a 0 2\nr2 \0303\0244 0 2\n.tran 1u 1m\n.end\n'
check "are refused with their line" grep -q 'deck.cir:3: .*expected letters of ASCII' message
runs "the micro sign" 0 't\nv1 a 0 1\nr1 a 0 2k\0316\0251\nc1 a 0 10\0302\0265\nr2 a 0 1M\0265\n.tran 1u 1m\n.end\n'
near "the ohm sign" "$(cell r1 absorbed_J)" 5e-7 1e-9
runs "names of other characters" 0 't\nv1 + 0 1\nr1 + a#1 1k\nr2 a#1 <b>[2] 1k\nr3 <b>[2] ~n!/%%&|^?@- 1k\nr4 ~n!/%%&|^?@- 0 1k\n.tran 1u 1m\n.end\n'
holds "are booked" "$(account residual) < 1e-9 && $(account absorbed_J) > 0.249e-6"
same "all of them" "$(($(wc -l <run/energy.csv) - 1))" 5

# --- errors of the energies

# 100 pulses of 1 ms, of which ngspice puts no point on edges of 0.1 ns
runs "unresolved edges" 3 't\nv1 in 0 pulse(0 1 0 0.1n 0.1n 1m 10m)\nr1 in 0 1k\n.tran 0.1m 1\n.end\n'
holds "the error is covered" "$(cell r1 absorbed_J) - 1.000007e-4 < $(cell r1 error_J) && 1.000007e-4 - $(cell r1 absorbed_J) < $(cell r1 error_J)"
check "and its cause told" grep -q 'jump between two points' message
same "an account without laws" "$(account closure)" "closed by construction"
check "is told to be one" grep -q '^closed by construction' out
# an error that half the step brings below its limit: energies of a second run, near those of the fine
# one above; the deck's own steps for the rest
runs "coarse supply of .global" 0 "t\n.global vdd\n$inverters.subckt inv a y\n$(printf "$body" vdd vdd)\n${drive}x1 a b inv\nx2 b c inv\n.meas tran peak min i(vdd)\n.tran 5p 20n\n.end\n"
near "energy at half the step" "$(cell x1 absorbed_J)" "$first" 1e-3
near "in the other one too" "$(cell x2 absorbed_J)" "$second" 1e-3
holds "with its error covered" "$(cell x1 absorbed_J) - $first < $(cell x1 error_J) && $first - $(cell x1 absorbed_J) < $(cell x1 error_J)"
holds "and not by far too much" "$(cell x1 error_J) < 1e-3 * $first * 2"
holds "the step is told" "$(account step_max_s) < 2.6e-12"
check "and that there were two runs" grep -q '^energies of a second run' out
holds "the deck's own steps stay" "$(sed -n 's/^tran,Transient Analysis,//p' run/analyses.csv) < 5000"
holds "measures too" "$(measured peak) < -4e-4"
# sin^2 by straight lines of v and i: too small by (2 pi / n)^2 / 6 for n steps a period
for n in 12 40; do
    runs "sine in $n steps" 3 "t\nv1 a 0 sin(0 3 1k)\nr1 a 0 50\n.tran 1u 4m 0 $((1000 / n))u\n.end\n"
    holds "error of a sine in $n steps" "(3.6e-4 - $(cell r1 absorbed_J)) / $(cell r1 error_J) < 1.6 && (3.6e-4 - $(cell r1 absorbed_J)) / $(cell r1 error_J) > 0.7"
done
runs "fine sine" 0 "t\nv1 a 0 sin(0 3 1k)\nr1 a 0 50\n.tran 1u 4m 0 10u\n.end\n"
# a triangle has points at its corners: v^2 / R = 1 V^2 / 3 kohm, and nothing to estimate
runs "triangle" 0 't\nv1 a 0 pwl(0 0 1m 1 2m 0 3m 1)\nr1 a 0 1k\n.tran 0.1m 3m\n.end\n'
near "triangle in a resistor" "$(cell r1 absorbed_J)" 1e-6 1e-9
holds "corners are no errors" "$(cell r1 error_J) < 1e-11"
rectifier='t\nv1 a 0 sin(0 5 1k)\nd1 a b dm\n.model dm d(is=1e-14 cjo=1n)\nr1 b 0 1k\n'
runs "fine rectifier" 0 "$rectifier.tran 1u 5m 0 1u\n.end\n"
fine=$(cell v1 delivered_J)
runs "coarse rectifier" 3 "$rectifier.tran 200u 5m\n.end\n"
holds "its error is known" "($fine - $(cell v1 delivered_J)) / $(cell v1 error_J) < 2 && ($fine - $(cell v1 delivered_J)) / $(cell v1 error_J) > 0.5"

# the state of a memristor as a capacitor of 1 F, moved by 1 A: what changes hands there is no energy
state='t\nv1 p 0 1\nr1 p 0 1k\ngx 0 x p 0 1\ncx x 0 1\nrx x 0 1t\n.ic v(x)=0\n'
runs "state outside" 0 "$state.tran 1m 1 uic\n.end\n"
near "turnover is of what has sources" "$(account turnover_J)" 1e-3 1e-2
near "the state is listed" "$(cell cx stored_J)" 0.5 1e-2
# beside it a part that does not close: 20 nH and 2 nF in steps of a quarter of their period
runs "state beside what does not close" 3 "t\nv1 a 0 1\nr1 a 0 1\nl1 c b 20n\nc2 b 0 2n\nr2 c a 10m\n.ic v(b)=5\ngx 0 x a 0 1meg\ncx x 0 1\n.options method=gear trtol=1000 reltol=0.1\n.tran 10n 10u 0 10n uic\n.end\n"
check "is not hidden by it" grep -q 'residual of the energy account' message

# --- noise

noise='t\nv1 a 0 trnoise(1m 1u 0 0)\nr1 a 0 1k\n.tran 1u 0.2m\n.end\n'
for seed in 1 1 2; do
    runs "noise, seed $seed" 0 "$noise" --seed $seed
    eval "noise$seed$((n = n + 1))=\$(cell r1 absorbed_J)"
done
same "one seed, one noise" "$noise141" "$noise142"
check "another seed, another noise" [ "$noise141" != "$noise243" ]
# linear between samples of 1 mV rms: a third of (a^2 + ab + b^2), 2/3 on average; of 200 samples
# the mean square is known to 1/sqrt(200 * 3 / 4) or so, times three
near "its power" "$noise141" '(1e-6 * 2 / 3 / 1e3 * 0.2e-3)' 0.25

# --- measures that fail

runs "failed measures" 1 't\nv1 a 0 sin(0 1 1k)\nr1 a 0 1k\n.tran 1u 1m\n.meas tran ok max v(a)\n.meas tran bad1 when v(a)=2\n.meas tran bad2 find v(nosuch) at=1u\n.meas tran bad3 maxx v(a)\n.meas tran last rms v(a)\n.end\n'
near "a measure before them" "$(measured ok)" 1 1e-4
near "a measure after them" "$(measured last)" 'sqrt(0.5)' 1e-4
same "they have no value" "$(measured bad1)$(measured bad2)$(measured bad3)" ""
near "the energy stays" "$(cell r1 absorbed_J)" 5e-7 1e-4
check "ngspice's reason" grep -q '3 measures have no value: .*no such vector as v(nosuch)' message
# ngspice dies of this one
runs "a measure of nothing" 1 't\nv1 a 0 1\nr1 a 0 1k\n.tran 1u 1m\n.meas tran bad max\n.end\n'
near "the energy stays there too" "$(cell r1 absorbed_J)" 1e-6 1e-6

# --- given values of ground, as in stock ngspice: of an element between ground at 2 V and 1 V the
# difference counts
runs "a value of ground" 0 't\nc1 0 a 1u\nr1 a 0 1k\n.ic v(0)=2 v(a)=1\n.tran 10u 2m 0 10u uic\n.options reltol=1e-5\n.meas tran va find v(a) at=1m\n.end\n'
near "the difference counts" "$(measured va)" '(-exp(-1))' 1e-4

# --- long decks

awk 'BEGIN { print "t\nv1 a 0 1"; for (i = 1; i <= 10000; i++) print "r" i " sb" i "_ a 1"; print ".op" }' >prefixes.cir
awk 'BEGIN { print "t\nv1 a 0 pwl(0 0"; for (i = 1; i <= 300000; i++) print "+"; print "+ 1 1)\nr1 a 0 1\n.op" }' >goes_on.cir
awk 'BEGIN { printf "t\n.param x="; for (i = 1; i <= 300000; i++) printf "("; print "1\nr1 0 0 1\n.op" }' >nested.cir
for deck in prefixes goes_on nested; do
    timeout 60 "$SILVERBAR" sim $deck.cir --time-limit 30 >out 2>message
    check "$deck.cir is read in time" [ $? -lt 124 ]
done
# thermal nodes: their kelvins times watts are no electrical power
cat >thermal.cir <<'END'
t
v1 d 0 10
vg g 0 pulse(0 5 1u 100n 100n 20u 50u)
x1 d g 0 tj tc power
rth tc amb 1
vamb amb 0 25
.subckt power d g s tj tc
m1 d g s tj tc fet thermal
.ends
.model fet vdmos(nchan vto=3 kp=20 rs=0.02 rd=0.02 rthjc=0.5 rthca=1000 cthj=1e-4)
.tran 100n 100u
.end
END
"$SILVERBAR" sim thermal.cir >out 2>message
same "thermal nodes in a subcircuit: status" $? 3
check "the element is named" grep -q "^silverbar sim: thermal.cir:8: 'm1 d g s tj tc fet thermal' has thermal nodes" message
sed 's/ tj tc fet thermal/ fet/; /^rth/d; /^vamb/d; s/ tj tc power/ power/; s/d g s tj tc/d g s/' thermal.cir >cool.cir
"$SILVERBAR" sim cool.cir >out 2>message
same "without them: status" "$? $(cat message)" "0 "
nothing_left sim
exit $failed
