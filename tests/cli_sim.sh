#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar sim`: energies of decks whose answer is known in closed form; the account closes for
# every kind of element; waveforms and measures are those of stock ngspice; what a deck may not do
# without --trust; failures with their messages, and nothing left behind.
. "$(dirname -- "$0")/setup.sh"

cell() { # ELEMENT COLUMN FILE: of energy.csv
    awk -F, -v element="$1" -v name="$2" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) column = k }
        $2 == element { print $column }' "$3"
}
account() { # COLUMN FILE: of account.csv
    awk -F, -v name="$1" '
        NR == 1 { for (k = 1; k <= NF; k++) if ($k == name) column = k }
        NR == 2 { print $column }' "$2"
}
measured() { # ANALYSIS MEASURE FILE: of measures.csv
    sed -n "s/^$1,$2,\([^,]*\),.*/\1/p" "$3"
}

# A capacitor charged through a resistor: the source gives C V^2, half is stored, half is absorbed.
# The ramp of 1 ns is 1e-3 tau and saves a share of 3e-4 of the loss; steps of tau/100.
cat >charge.cir <<'EOF'
charging
v1 in 0 pulse(0 2 0 1n 1n 1 2)
r1 in out 1k
c1 out 0 1n
.options reltol=1e-5
.tran 1n 20u 0 10n
.save v(out) i(r1)
.meas tran half when v(out)=1
.meas tran peak max v(out)
.end
EOF
"$SILVERBAR" sim charge.cir -o charge >printed 2>message || bad "charge.cir" "$(cat message)"
near "delivered, C V^2" "$(cell v1 delivered_J charge/energy.csv)" 4e-9 1e-3
near "absorbed, C V^2 / 2" "$(cell r1 absorbed_J charge/energy.csv)" 2e-9 1e-3
near "stored, C V^2 / 2" "$(cell c1 stored_J charge/energy.csv)" 2e-9 1e-5
holds "residual" "$(account residual charge/account.csv) < 1e-4"
# v = 2 (1 - exp(-t / tau)) from the middle of the ramp on: half of it at tau ln 2 + 0.5 ns
near ".measure" "$(measured tran half charge/measures.csv)" 6.9365e-7 1e-4
check "measures are printed" grep -q '^tran *half *6.9' printed
same "only what is saved" "$("$SILVERBAR" wave charge/waveforms.raw --csv | sed -n 1p)" "time,v(out),i(r1)"
for file in deck analyses values measures account energy course; do
    check "$file.csv" [ -s charge/$file.csv ]
done
check "the report has the energies" grep -q 'delivered by the sources' charge/report.html
"$SILVERBAR" report charge -o again.html
check "made again it is the same" cmp -s charge/report.html again.html
"$SILVERBAR" sim charge.cir --json >out.json
check "JSON has the account" grep -q '"residual_J"' out.json
"$SILVERBAR" sim charge.cir -o charge2 >/dev/null
check "the same waveforms again" cmp -s charge/waveforms.raw charge2/waveforms.raw

# A resistor on a sine: V^2 / (2 R) times whole periods; linear between points of 1/200 period, whose
# energy is too small by a share of (2 pi / 200)^2 / 6 or so.
printf 'sine\nv1 a 0 sin(0 3 1k)\nr1 a 0 50\n.tran 5u 4m 0 5u\n.end\n' >sine.cir
"$SILVERBAR" sim sine.cir -o sine >/dev/null || bad "sine.cir"
near "resistor on a sine" "$(cell r1 absorbed_J sine/energy.csv)" 3.6e-4 5e-4
# L and C without loss, begun with uic: after 2.5 periods of 2 pi sqrt(L C) all is back in the
# capacitor, as it was.
printf 'tank\nl1 a 0 1m\nc1 a 0 1n ic=1\nv9 z 0 1\nr9 z 0 1meg\n.options reltol=1e-6\n.ic v(a)=1\n.tran 10n 15.707963u 0 10n uic\n.end\n' >tank.cir
"$SILVERBAR" sim tank.cir -o tank >/dev/null 2>message || bad "tank.cir" "$(cat message)"
inductor=$(cell l1 stored_J tank/energy.csv)
holds "tank: inductor" "$inductor < 5e-13 && $inductor > -5e-13"
holds "tank: residual" "$(account residual tank/account.csv) < 1e-3"

# Initial values under uic, at terminals that are led through sensing sources.  C V^2 / 2 of the
# capacitor that has 1 V goes to its resistor from 0 s on, with tau = 1 ms; of 2 ms the share
# 1 - exp(-4), in steps of tau/100.
cat >given.cir <<'EOF'
given
.param half=0.5
c1 0 a 1u
r1 a 0 1k
* the value comes as a parameter, on a continued line, in other letters
r2 B 0 1k
c2 0 b 1u
.IC
+ V(a) = 1 v(b)={half}
* two terminals of one capacitor, each with a value: 3 V across it
c3 c d 1u
r3 c d 1k
rc c 0 1meg
rd 0 d 1meg
.ic v(c)=2 v(d)='-half*2'
* a guess serves where no value is given, and a value of the element's own counts before both
c4 0 e 1u
r4 e 0 1k
.nodeset v(e)=0.25
c5 0 f 1u ic=-0.75
r5 f 0 1k
.ic v(f)=7
* what a branch of .if has that is not taken
.if (half > 1)
c6 0 a 1u
.ic v(a)=9
.endif
.tran 10u 2m 0 10u uic
.options reltol=1e-5
.meas tran va find v(a) at=1m
.meas tran vb find v(b) at=1m
.meas tran vc find v(c) at=1m
.meas tran ve find v(e) at=1m
.meas tran vf find v(f) at=1m
.end
EOF
"$SILVERBAR" sim given.cir -o given >/dev/null 2>message || bad "given.cir" "$(cat message)"
near "given" "$(measured tran va given/measures.csv)" 'exp(-1)' 1e-4
near "given by a parameter" "$(measured tran vb given/measures.csv)" '(exp(-1) / 2)' 1e-4
# half of it, as 2 Mohm to the ground divide it; they discharge it too, by a share of 5e-4
near "given on both sides" "$(measured tran vc given/measures.csv)" '(1.5 * exp(-1))' 1e-3
near "given as a guess" "$(measured tran ve given/measures.csv)" '(exp(-1) / 4)' 1e-4
near "given by the element" "$(measured tran vf given/measures.csv)" '(0.75 * exp(-1))' 1e-4
near "absorbed from 0 s on" "$(cell r1 absorbed_J given/energy.csv)" '(5e-7 * (1 - exp(-4)))' 1e-4
near "and stored before" "$(cell c1 stored_J given/energy.csv)" '(-5e-7 * (1 - exp(-4)))' 1e-4
holds "given values: residual" "$(account residual given/account.csv) < 1e-4"

# A memristor whose state is a node outside: x(0) = 0.25 and no drift give R = 0.25 * 16 k + 0.75 * 12 k.  In
# a subcircuit in a subcircuit: a value from inside for a terminal, which is for the node outside and
# for all that hangs there; a value for an inner node from above; the last one counts.
cat >inside.cir <<'EOF'
inside
v1 in 0 1
x1 in 0 st memristor
.subckt memristor p n x
g p n value={v(p,n)/(16k*v(x)+16k*(1-v(x))*0.75)}
cx 0 x 1
.ends
.ic v(st)=0.25
c1 0 a 1u
r1 a 0 2k
x2 a 0 outer start=0.4
.subckt outer p n start=9
x1 p n leak first={start}
.ends
.subckt leak p n first=9
r1 n p 2k
cq 0 q 1u
rq q 0 1k
.ic v(p)={first} v(q)=9
.ends
.ic v(x2.x1.q)=0.6
* two instances at a node: the last value, and the charge of both
x3 b 0 cell v=9
x4 0 b flipped v=-0.3
.subckt cell p n v=0
c p n 1u
r p n 1k
.ic v(p)={v}
.ends
.subckt flipped p n v=0
c p n 1u
r p n 1k
.ic v(n)={-v}
.ends
.tran 10u 2m 0 10u uic
.options reltol=1e-5
.meas tran x find v(st) at=1m
.meas tran i find i(v1) at=1m
.meas tran va find v(a) at=1m
.meas tran vq find v(x2.x1.q) at=1m
.meas tran vb find v(b) at=1m
.end
EOF
"$SILVERBAR" sim inside.cir -o inside >/dev/null 2>message || bad "inside.cir" "$(cat message)"
near "state" "$(measured tran x inside/measures.csv)" 0.25 1e-6
near "its current" "$(measured tran i inside/measures.csv)" '(-1 / 13e3)' 1e-6
near "its energy in 2 ms" "$(cell x1 absorbed_J inside/energy.csv)" '(2e-3 / 13e3)' 1e-6
near "value from two levels inside" "$(measured tran va inside/measures.csv)" '(0.4 * exp(-1))' 1e-4
near "energy of its capacitor" "$(cell c1 stored_J inside/energy.csv)" '(-0.8e-7 * (1 - exp(-4)))' 1e-4
near "value for a node inside" "$(measured tran vq inside/measures.csv)" '(0.6 * exp(-1))' 1e-4
near "value of the last instance" "$(measured tran vb inside/measures.csv)" '(0.3 * exp(-1))' 1e-4
# without uic the same values hold the nodes at the operating point
sed 's/ uic$//' inside.cir >held.cir
"$SILVERBAR" sim held.cir -o held >/dev/null 2>message || bad "held.cir" "$(cat message)"
near "held, from two levels inside" "$(measured tran va held/measures.csv)" '(0.4 * exp(-1))' 1e-4
near "held, for a node inside" "$(measured tran vq held/measures.csv)" '(0.6 * exp(-1))' 1e-4
near "held by the last instance" "$(measured tran vb held/measures.csv)" '(0.3 * exp(-1))' 1e-4
near "held, energy" "$(cell c1 stored_J held/energy.csv)" '(-0.8e-7 * (1 - exp(-4)))' 1e-4
holds "held, residual" "$(account residual held/account.csv) < 1e-4"
printf 'from a block\nc1 0 a 1u\nr1 a 0 1k\n.ic v(a)=1\n.control\ntran 10u 2m 0 10u uic\nmeas tran va find v(a) at=1m\n.endc\n.end\n' >block.cir
"$SILVERBAR" sim block.cir --trust -o block >/dev/null 2>message || bad "block.cir" "$(cat message)"
near "given, and run by a .control block" "$(measured tran va block/measures.csv)" 'exp(-1)' 1e-3
# A capacitor of 0 V at a source of 1 V: C V^2 in no time, of which nothing can book a half; the
# account begins behind it.
printf 'pulse\nv1 a 0 1\nc1 0 a 1u\nr1 a 0 1k\n.tran 10u 2m uic\n.end\n' >pulse.cir
"$SILVERBAR" sim pulse.cir -o pulse >/dev/null 2>message || bad "pulse.cir" "$(cat message)"
holds "behind a pulse" "$(account t0_s pulse/account.csv) > 0"
near "behind a pulse, delivered" "$(cell v1 delivered_J pulse/energy.csv)" "(2e-6 - 1e-3 * $(account t0_s pulse/account.csv))" 1e-6

# every kind of element, and a subcircuit that has a way to ground of its own
cat >kinds.cir <<'EOF'
kinds of elements
vdd vdd 0 3.3
v1 in 0 pulse(0 3.3 1u 50n 50n 4u 10u)
.include 'parts/models.inc'
.lib "parts/lib.lib" tt
mn out in 0 0 nm w=10u l=1u
mp out in vdd vdd pm w=20u l=1u
cl out 0 2p
q1 qc qb 0 npn
rb in qb 10k
rc vdd qc 1k
d1 out dk dd
rd dk 0 10k
j1 vdd in js nj
rj js 0 1k
x1 in xo div cc=20p
rx xo 0 1k
b1 bo 0 v=2*v(in)
rbo bo 0 1k
e1 eo 0 in 0 0.5
re eo 0 1k
g1 0 go in 0 1m
rg go 0 1k
f1 0 fo vdd 0.1
rf fo 0 1k
h1 ho 0 vdd 10
rh ho 0 1k
s1 vdd so in 0 sw
rs so 0 1k
l1 in la 10u
ra la 0 100
l2 lb 0 10u
rl2 lb 0 50
k1 l1 l2 0.5
i1 0 out
+ 1u ; continued
t1 in 0 to 0 z0=50 td=1n
rt to 0 50
.tran 5n 30u 0 5n
.options reltol=1e-4
.meas tran vlow min v(out)
.meas tran trise trig v(out) val=0.5 rise=1 targ v(out) val=2.5 rise=1
.meas tran qmean avg v(qc) from=2u to=9u
.end
EOF
mkdir parts
cat >parts/models.inc <<'EOF'
.model nm nmos level=1 tox=20n cgso=1n cgdo=1n vto=0.7 kp=100u
.model pm pmos level=1 tox=20n cgso=1n cgdo=1n vto=-0.7 kp=50u
.model npn npn bf=100 cje=1p cjc=1p tf=1n
.model dd d cjo=1p tt=1n
.model nj njf beta=1m vto=-2 cgs=1p cgd=1p
.model sw sw vt=1.6 vh=0.2 ron=100 roff=1meg
EOF
cat >parts/lib.lib <<'EOF'
.lib ff
this is not for us
.endl
.lib tt
.subckt div a b cc=1p
r1 a c 1k
r2 c b 1k
c1 c 0 {cc}
.ends
.endl tt
EOF
"$SILVERBAR" sim kinds.cir -o kinds >/dev/null 2>message || bad "kinds.cir" "$(cat message)"
holds "all kinds: residual" "$(account residual kinds/account.csv) < 1e-3"
same "elements that are booked" "$(($(wc -l <kinds/energy.csv) - 1))" "$(grep -c '^[a-jl-z][a-z0-9]* ' kinds.cir)"
holds "a controlled source delivers" "$(cell b1 absorbed_J kinds/energy.csv) < 0"
near "and its resistor has it" "$(cell rbo absorbed_J kinds/energy.csv)" "-($(cell b1 absorbed_J kinds/energy.csv))" 1e-6

if command -v ngspice >/dev/null; then
    # stock ngspice on the deck as it is; both at reltol 1e-4, in steps of at most 5 ns that differ
    NGSPICE_MEAS_PRECISION=12 ngspice -b kinds.cir >theirs 2>&1 </dev/null
    for m in vlow trise qmean; do
        near "$m as in stock ngspice" "$(measured tran $m kinds/measures.csv)" \
            "$(sed -n "s/^$m *= *\([^ ]*\).*/\1/p" theirs)" 1e-3
    done
    for deck in given inside held; do
        NGSPICE_MEAS_PRECISION=12 ngspice -b $deck.cir >theirs 2>&1 </dev/null
        for m in $(sed -n 's/^\.meas tran \([a-z]*\) .*/\1/p' $deck.cir); do
            near "$deck.cir: $m as in stock ngspice" "$(measured tran $m $deck/measures.csv)" \
                "$(sed -n "s/^$m *= *\([^ ]*\).*/\1/p" theirs)" 1e-5
        done
    done
    printf '* load\n.control\nload charge/waveforms.raw\nset numdgt=14\nlet last=v(out)[length(v(out))-1]\nprint last\nquit\n.endc\n.end\n' >load.cir
    ngspice -b load.cir >theirs 2>&1 </dev/null
    near "waveforms.raw loads in ngspice" "$(sed -n 's/^last = //p' theirs)" \
        "$("$SILVERBAR" wave charge/waveforms.raw --csv | tail -n 1 | cut -d, -f2)" 1e-12
fi

# other analyses in one file, each with its own measures
printf 'three\nv1 a 0 dc 1 ac 1\nr1 a b 1k\nc1 b 0 1u\n.op\n.ac dec 20 1 100k\n.dc v1 0 2 0.5\n.meas ac corner when vdb(b)=-3.0103\n.meas dc top max v(b)\n.end\n' >three.cir
"$SILVERBAR" sim three.cir -o three >printed || bad "three.cir"
# 1/(2 pi R C), by a straight line in dB between 20 points a decade
near "corner" "$(measured ac corner three/measures.csv)" 159.155 1e-2
near "sweep" "$(measured dc top three/measures.csv)" 2 1e-6
near "operating point" "$(sed -n 's/^op,v(b),\(.*\),V$/\1/p' three/values.csv)" 1 1e-6
same "plots in the file" "$("$SILVERBAR" wave three/waveforms.raw --plot 2 | sed -n 's/^plot 2 of \([0-9]*\):.*/\1/p')" 3

# what the deck may not do
head='title\nv1 a 0 1\nr1 a 0 1\n'
ln -s /etc/hostname link.inc
refused() { # NAME MESSAGE LINES
    printf '%b' "$3" >bad.cir
    "$SILVERBAR" sim bad.cir -o bad >out 2>message
    same "$1: status" $? 2
    check "$1: says '$2'" grep -qF -- "$2" message
    check "$1: no folder" [ ! -e bad ]
}
refused ".control" "bad.cir:4: '.control' runs commands" "$head.control\nshell touch ran\n.endc\n.op\n"
refused "*#" "bad.cir:4: '*#shell' is a comment that ngspice runs" "$head*#shell touch ran\n.op\n"
refused "script" "bad.cir:2:" '*ng_script\nshell touch ran\nop\n.op\n'
refused "split card" "bad.cir:4: '.con' is not known" "$head.con\n+trol\nshell touch ran\n.endc\n.op\n"
refused "joined card" "bad.cir:4: '.con' is not known" "$head.con\\\\\\\\\ntrol\nshell touch ran\n.endc\n.op\n"
refused "include above" "outside of the deck's folder" "$head.include ../home\n.op\n"
refused "include of a link" "outside of the deck's folder" "$head.inc link.inc\n.op\n"
refused "library elsewhere" "outside of the deck's folder" "$head.lib '/etc/hostname' tt\n.op\n"
refused "codemodel" "'.codemodel' is not known" "$head.codemodel x.cm\n.op\n"
refused "file source" "'filesource' opens files" "$head.model fs filesource(amploffset=[0])\n.op\n"
refused "state file" "'d_state' opens files" "$head.model st d_state(clk_delay=1n)\n.op\n"
refused "file of a source" "'file' opens files" "title\nv1 a 0 pwl file=x\nr1 a 0 1\n.op\n"
refused "texts" "is a text" "$head.param p=\"filesource\"\n.op\n"
refused "no section" "no section ss" "$head.lib parts/lib.lib ss\n.op\n"
refused "include of itself" "deep, expected less" "$head.include bad.cir\n.op\n"
refused "no analysis" "expected .op, .dc, .ac or .tran" "$head"
refused "another analysis" "bad.cir:4: .noise, expected" "$head.noise v(a) v1 dec 10 1 10\n"
refused "empty" "expected a deck" ""
refused "no such signal" "bad.cir:4: 'v(nothing)', expected a node" "$head.save v(nothing)\n.op\n"
refused "unknown model" "bad.cir:4: 'd1 a 0 nomodel': ngspice:" "${head}d1 a 0 nomodel\n.op\n"
refused "unknown subcircuit" "unknown subckt" "${head}x1 a 0 nosub\n.op\n"
refused "unknown parameter" "bad.cir:4: 'r2 a 0 1k foo=1'" "${head}r2 a 0 1k foo=1\n.op\n"
refused "twice" "bad.cir:4: 'r1 a 0 3': ngspice: device already exists" "${head}r1 a 0 3\n.op\n"
"$SILVERBAR" sim none.cir >out 2>message
same "no deck: status" $? 2
check "nothing was run" [ ! -e ran ]
# comments that only look like commands
printf "$head"'*##########\n* # a title # *\n.op\n' >fine.cir
check "decorated comments" "$SILVERBAR" sim fine.cir -o fine >/dev/null
# what KiCad and LTspice write around a circuit
printf '.title KiCad schematic\n.save all\n.probe alli\nR1 /in 0 1k\nV1 /in 0 DC 1\n.op\n.backanno\n.end\n' >kicad.cir
"$SILVERBAR" sim kicad.cir >out 2>message || bad "cards of other programs" "$(cat message)"
same "cards that do nothing are told" "$(grep -c 'nothing is done for' message)" 2
same "title" "$(sed -n 1p out)" "KiCad schematic"

# a trusted deck runs where it is
mkdir sub
printf "$head"'.include ../parts/models.inc\n.control\nshell touch ran\ntran 1u 10u\nmeas tran top max v(a)\n.endc\n.end\n' >sub/trusted.cir
"$SILVERBAR" sim sub/trusted.cir --trust -o trusted >out 2>message || bad "--trust" "$(cat message)"
check "--trust runs commands in the deck's folder" [ -e sub/ran ]
near "and books its transient" "$(cell r1 absorbed_J trusted/energy.csv)" 1e-5 1e-6
near "and has its measure" "$(measured tran top trusted/measures.csv)" 1 1e-6

# what cannot be computed
printf 'diverges\nv1 a 0 1\nr1 a b 1k\nc1 b 0 1n\nb1 b 0 i=exp(40*v(b)*(time-2u)*1e6)\n.tran 1n 10u\n.end\n' >diverges.cir
"$SILVERBAR" sim diverges.cir -o diverges >out 2>message
same "no convergence: status" $? 1
check "no convergence: message" grep -q 'Timestep too small.*in .tran at time = ' message
printf "$head"'.tran 1u 10u\n.meas tran never when v(a)=5\n.end\n' >never.cir
"$SILVERBAR" sim never.cir -o never >out 2>message
same "a measure without a value: status" $? 1
check "a measure without a value: the rest is there" [ -s never/report.html ]
# 20 nH and 2 nF ring with 40 ns, in steps of 10 ns
printf "$head"'l1 c b 20n\nc2 b 0 2n\nr2 c 0 10m\n.ic v(b)=5\n.options method=gear\n.tran 10n 10u 0 10n uic\n.options trtol=1000 reltol=0.1\n' >coarse.cir
"$SILVERBAR" sim coarse.cir -o coarse >out 2>message
same "an account that does not close: status" $? 3
check "an account that does not close: message" grep -q 'residual of the energy account' message
printf "$head"'.tran 1p 1 0 1p\n.end\n' >long.cir
"$SILVERBAR" sim long.cir --time-limit 1 -o long >out 2>message
same "time limit: status" $? 1
check "time limit: message" grep -q 'time limit of 1 s passed in .tran at time = ' message
"$SILVERBAR" sim long.cir -o long >out 2>message &
pid=$!
sleep 1
kill -TERM $pid # an interrupt is ignored in the background of a shell
wait $pid
same "stopped by the user: status" $? 130
check "no folder of these" [ ! -e long -a ! -e diverges ]

# a deck that ngspice takes, but not with sources that sense currents: run again as it stands, and told
cat >fragile.cir <<'END'
a drive across a diode, a capacitor and a controlled source
v1 in 0 pwl(0 0 1u 2 50u -1.42 100u 0)
r1 in mid 4k
r2 mid out 30k
g1 in out in 0 -35u
d1 out in dm
c1 in out 2.3n
b1 in mid i=0.76m*v(out)*v(mid)
x1 in mid half
rmid mid 0 1meg
rout out 0 1meg
.model dm d is=1e-14 rs=10 cjo=1p tt=1n
.subckt half a b
r1 a m 1k
r2 m b 2k
c1 m 0 1n
.ends
.options reltol=1e-5
.meas tran top max v(mid)
.meas tran mean avg v(out)
.tran 1u 300u 100u
.end
END
ngspice -b fragile.cir >stock 2>&1 </dev/null
"$SILVERBAR" sim fragile.cir -o fragile >out 2>message
same "without sensing sources: status" $? 3
check "without sensing sources: message" grep -q 'fragile.cir: run again without the sources that sense currents, so that [0-9]* elements are not booked' message
for measure in top mean; do
    wanted=$(sed -n "s/^$measure *= *\([-0-9.e+]*\).*/\1/p" stock | head -n 1)
    near "$measure as in stock ngspice" "$(sed -n "s/^tran,$measure,\([^,]*\),.*/\1/p" fragile/measures.csv)" "$wanted" 1e-5
done

# a name and a title that are markup
deck='<img src=x onerror=window.injected=1>.cir'
sed '1s|.*|</script><script>window.injected=1</script>|' charge.cir >"$deck"
"$SILVERBAR" sim "$deck" -o '<b>' >/dev/null || bad "a hostile name"
check "no element came from a text" [ "$(grep -ci '<img\|<script>window\|<b>[.:]' '<b>/report.html')" = 0 ]
check "the texts are there" grep -q '&#60;img src&#61;x onerror' '<b>/report.html'
nothing_left sim
exit $failed
