#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Hysteresis loops of the dopants in stock ngspice, run from another working directory, against the
# figures of the fit to public measured loops of Knowm M-SDC parts that made the libraries.
#
# A sine through Rs at 300.15 K; of the last period: v_set = largest device voltage, r_on and r_off
# = smallest and largest v/i (where |v| > 1 mV), i_max = largest current.  '-': no figure given.
# Tolerance 1 %, or the rounding of a figure of two digits: integration (reltol 1e-6) adds 0.01 %.
LC_ALL=C
export LC_ALL
if [ "${SB_SHORT:-0}" = 1 ]; then
    echo "skipped under sanitizers: it runs stock ngspice alone"
    exit 77
fi
SB_SRC=${SB_SRC:-$(dirname "$0")/..}
SB_SRC=$(cd "$SB_SRC" && pwd) || exit 99
if ! command -v ngspice >/dev/null; then
    echo "device_loops.sh skipped: no ngspice in PATH"
    exit 77
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99
HOME=$work # no .spiceinit of the user
export HOME

# loop DOPANT AMPLITUDE RS FREQUENCY V_SET R_ON R_OFF I_MAX, in V, ohm, Hz, V, kohm, kohm, uA
loop() {
    rm -f loop.dat
    cat >loop.cir <<END
* loop of $1
.include "$SB_SRC/devices/$1.lib"
v1 a 0 sin(0 $2 $4)
r1 a b $3
x1 b 0 $1
.options reltol=1e-6 method=gear
.control
tran $(awk "BEGIN { print 1/$4/5000 }") $(awk "BEGIN { print 3/$4 }") 0 $(awk "BEGIN { print 1/$4/5000 }") uic
set numdgt=12
wrdata loop.dat v(b) i(v1)
quit
.endc
.end
END
    if ! ngspice -b loop.cir >log 2>&1 || ! [ -s loop.dat ]; then
        echo "not ok: $1, $4 Hz: ngspice failed"
        cat log
        return 1
    fi
    awk -v name="$1" -v amplitude="$2" -v rs="$3" -v f="$4" -v want="$5 $6 $7 $8" '
        $1 + 0 >= 2 / f {
            v = $2; i = -$4
            if (v > v_set) v_set = v
            if (i > i_max) i_max = i
            if (v > 1e-3 || v < -1e-3) {
                r = v / i
                if (r > r_off) r_off = r
                if (!r_on || r < r_on) r_on = r
            }
        }
        END {
            split(want, w, " ")
            got[1] = v_set; got[2] = r_on / 1e3; got[3] = r_off / 1e3; got[4] = i_max * 1e6
            bad = 0
            line = sprintf("%-2s %.1f V %5g ohm %4g Hz", name, amplitude, rs, f)
            for (k = 1; k <= 4; k++) {
                line = line sprintf("  %8.4g (%s)", got[k], w[k])
                point = index(w[k], ".")
                tolerance = .5 / 10 ^ (point ? length(w[k]) - point : 0)
                if (tolerance < .01 * w[k]) tolerance = .01 * w[k]
                if (w[k] != "-" && !((got[k] - w[k]) ^ 2 <= tolerance ^ 2)) bad = 1
            }
            print (bad ? "not ok: " : "ok: ") line
            exit bad
        }' loop.dat
}

failed=0
echo "dopant, drive: v_set V, r_on kohm, r_off kohm, i_max uA (expected)"
while read -r line; do
    # shellcheck disable=SC2086 # the words of a line are the arguments
    loop $line || failed=1
done <<END
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
exit $failed
