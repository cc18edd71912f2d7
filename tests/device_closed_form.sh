#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The subcircuits in stock ngspice, from another working directory, against closed forms.
#
# 1. mms-demo.lib at 0.3 V for 200 us from x = 0.1: x(t) = xe + (x0 - xe) e^(-(a+b)t/tau) gives
#    x = 0.8042034700163452, energy in the device 2.491976957890188e-8 J.  Tolerance 1e-5: reltol
#    1e-7 and the start of .tran (a step of order tau/1000 by Euler's rule).
# 2. .op inside the dead zone gives the initial state, for every library; the plain switch, which
#    has none, the equilibrium 1/2 at 0 V that von = voff makes.  Tolerance 1e-6, .op's own.
# 3. A library that leaves a parameter out stops ngspice instead of giving a wrong answer.
LC_ALL=C
export LC_ALL
if [ "${SB_SHORT:-0}" = 1 ]; then
    echo "skipped under sanitizers: it runs stock ngspice alone"
    exit 77
fi
SB_SRC=${SB_SRC:-$(dirname "$0")/..}
SB_SRC=$(cd "$SB_SRC" && pwd) || exit 99
if ! command -v ngspice >/dev/null; then
    echo "device_closed_form.sh skipped: no ngspice in PATH"
    exit 77
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99
HOME=$work # no .spiceinit of the user
export HOME
failed=0

# near NAME GOT WANTED RELATIVE-TOLERANCE
near() {
    if awk "BEGIN { d = (${2:-0} - $3) / $3; exit !(d * d <= $4 * $4) }"; then
        echo "ok: $1 = $2 ($3)"
    else
        echo "not ok: $1 = $2, expected $3 within $4"
        failed=1
    fi
}

# rest E-ON E-OFF RATE EXPONENTIAL T: a/(a + b) of switches at 0 V with thresholds in volts, beside
# which the subcircuit's own 1e-12/s to 0.25 acts; logistic or exponential rates
rest() {
    awk -v on="$1" -v off="$2" -v rate="$3" -v plain="$4" -v t="$5" 'BEGIN {
        vt = 1.380649e-23 * t / 1.602176634e-19
        a = rate / (1 - plain + exp(on / vt)); b = rate / (1 - plain + exp(off / vt))
        printf "%.12g", (a + .25e-12) / (a + b + 1e-12) }'
}

value() { # of a vector that `print` wrote to the log
    sed -n "s/^$1 = //p" log
}

cat >pulse.cir <<END
* charge of 10 nF holds the energy: 1 V is 10 nJ
.include "$SB_SRC/devices/mms-demo.lib"
v1 a 0 0.3
x1 a 0 mms_demo x0=0.1
be 0 e i=-0.3*i(v1)
ce e 0 10n ic=0
.options reltol=1e-7 method=gear
.control
set numdgt=12
tran 1u 200u 0 0.1u uic
let xend=v(x1.x)[length(v(x1.x))-1]
let energy=v(e)[length(v(e))-1]*1e-8
print xend
print energy
quit
.endc
.end
END
ngspice -b pulse.cir >log 2>&1
near "state after the pulse" "$(value xend)" 0.8042034700163452 1e-5
near "energy of the pulse, J" "$(value energy)" 2.491976957890188e-8 1e-5

for lib in "$SB_SRC"/devices/*.lib; do
    name=$(sed -n 's/^\.subckt \([^ ]*\).*/\1/p' "$lib")
    cat >op.cir <<END
* operating point of $name
.include "$lib"
v1 a 0 0
r1 a b 10k
x1 b 0 $name x0=0.25
.control
set numdgt=12
op
print v(x1.x)
quit
.endc
.end
END
    ngspice -b op.cir >log 2>&1
    if grep -iE 'singular|error|failed' log; then
        echo "not ok: .op of $name"
        failed=1
    fi
    case $name in
    *mms_demo) expected=0.5 ;;
    # switches without a dead zone; metaswitch and volatile: barriers va + voff/2, va - voff/2
    bsu) expected=$(rest .17 .22 3125 0 300.15) ;;
    wox) expected=$(rest .8 1 1250 0 300.15) ;;
    metaswitch_demo | volatile_titania | volatile_pulses) expected=$(rest .48888 .43888 1 1 300) ;;
    volatile_spiking) expected=$(rest .6 1.4 1 1 300) ;;
    mmsx_demo) continue ;; # its own root: the laws are compared in test_device_law
    *) expected=0.25 ;;
    esac
    near "$name: state in .op" "$(value 'v(x1.x)')" $expected 1e-6
done

cp "$SB_SRC"/devices/*.sub .
for parameter in ron roff von voff tau; do
    sed "s/ $parameter=[^ ]*//" "$SB_SRC/devices/W.lib" >missing.lib
    printf '* no %s\n.include missing.lib\nv1 a 0 .1\nx1 a 0 W\n.control\nop\nprint v(x1.x)\nquit\n.endc\n.end\n' \
        "$parameter" >run.cir
    ngspice -b run.cir >log 2>&1
    if [ -n "$(value 'v(x1.x)')" ]; then
        echo "not ok: a library without $parameter was simulated"
        failed=1
    else
        echo "ok: ngspice refuses a library without $parameter"
    fi
done
exit $failed
