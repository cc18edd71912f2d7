#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# silverbar sim on the clocked neuron of netlists/lif.sub, two steps of which the first ends in a reset: the
# account closes, and what the supply delivers is 3.3 V times the charge that stock ngspice finds, within
# 1e-3: both run at reltol 1e-5.
. "$(dirname -- "$0")/setup.sh"
needs_ngspice
cp "$SB_SRC/netlists/lif.sub" "$SB_SRC/netlists/neuron.sub" .
cat >deck.cir <<'EOF'
* two steps of the clocked neuron with the current of a full synapse
.include lif.sub
vdd vdd 0 3.3
vmid vmid 0 1.65
vth vth 0 1.95
vz vz 0 1
von on 0 pulse(0 3.3 9u 0.2u 0.2u 14.8u 100u)
vint int 0 pulse(0 3.3 10u 0.2u 0.2u 9.8u 100u)
vfire fire 0 pulse(0 3.3 22u 0.2u 0.2u 1.8u 1)
isynapse vmid col pulse(0 16.2u 10u 0.2u 0.2u 9.8u 100u)
ccol col 0 100f
x1 col mem tr cmp int fire on vth vz vmid vdd 0 lif
.options method=gear reltol=1e-5
.tran 1u 200u 0 0.1u
.measure tran charge integ i(vdd) from=0 to=200u
.end
EOF
ngspice -b deck.cir >stock 2>&1 </dev/null
charge=$(sed -n 's/^charge *= *\([^ ]*\).*/\1/p' stock)
"$SILVERBAR" sim deck.cir >sim 2>log
same "sim: exit status" $? 0
cat log
delivered=$(awk '$1 == "tran" && $2 == "vdd" && $3 == "voltage" { print $5 }' sim)
near "energy of vdd [J]" "$delivered" "$(awk "BEGIN { print -3.3 * ${charge:-0} }")" 1e-3
check "the account closes" grep -q 'closes by law' sim
exit $failed
