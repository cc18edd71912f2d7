#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Behind the screen: every worker is shut in, by whichever command it was started, and a kernel without
# Landlock is told of.  Files name no files outside of their folder.
. "$(dirname -- "$0")/setup.sh"

# --- each command's workers: no new rights, filters of system calls, limits
printf '%s\n' 'experiment: training' 'engine: {name: ngspice}' >bench.yaml
printf '%s\n' 't' 'v1 a 0 sin(0 1 1k)' 'r1 a 0 1k' '.tran 1u 100' >long.cir

shut_in() { # ARGUMENT...: a worker of the program is seen, and how it is held
    "$SILVERBAR" "$@" >out 2>message &
    parent=$!
    tries=0 held=''
    while [ $tries -lt 300 ] && [ "$held" != "1 2 0" ] && kill -0 $parent 2>/dev/null; do
        sleep 0.02
        # children of the program and theirs: samples have a process, too
        children=$(cat /proc/$parent/task/$parent/children 2>/dev/null)
        for child in $children; do
            children="$children $(cat "/proc/$child/task/$child/children" 2>/dev/null)"
        done
        for child in $children; do
            [ "$held" = "1 2 0" ] || held=$(
                sed -n 's/^NoNewPrivs:[^0-9]*//p; s/^Seccomp:[^0-9]*//p' "/proc/$child/status" 2>/dev/null | tr '\n' ' '
                sed -n 's/^Max file size *\([^ ]*\).*/\1/p' "/proc/$child/limits" 2>/dev/null
            )
        done
        tries=$((tries + 1))
    done
    kill -INT $parent 2>/dev/null
    wait $parent
    same "worker of silverbar $*: no new rights, filters, longest file" "$held" "1 2 0"
}
shut_in train --engine ngspice
shut_in device loop Cr --engine ngspice --cycles 300
shut_in check
shut_in sim long.cir
shut_in run bench.yaml --sample 0
shut_in sweep bench.yaml -o shut.db

# --- without Landlock
without=$SB_BUILD/tests/without_calls
printf '%s\n' 't' 'v1 a 0 sin(0 1 1k)' 'r1 a b 1k' 'c1 b 0 1u' '.tran 10u 1m' >plain.cir
printf '%s\n' 't' 'v1 a 0 1' 'r1 a b 1k' 'a1 b c g' '.model g gain (gain=2)' 'r2 c 0 1k' '.op' >code.cir
"$SILVERBAR" sim plain.cir >with.txt 2>message
same "with Landlock, messages" "$(cat message)" ""
"$SILVERBAR" sim code.cir >out 2>message
same "with Landlock, a code model, exit status" "$? $(cat message)" "0 "
for lacking in landlock both; do
    "$without" $lacking "$SILVERBAR" sim plain.cir >without.txt 2>message
    same "without $lacking, exit status" $? 0
    same "it is told" "$(cut -d: -f1,2 message)" "silverbar: this kernel has no Landlock"
    check "and the results are the same" cmp with.txt without.txt
    "$without" $lacking "$SILVERBAR" sim code.cir >out 2>message
    same "without $lacking, a code model, exit status" $? 2
    check "its message" grep -q "^silverbar sim: 'a1' is a code model" message
    same "messages" "$(wc -l <message | tr -d ' ')" 2
    "$without" $lacking "$SILVERBAR" sim code.cir --trust >out 2>message
    same "without $lacking, trusted, exit status" "$? $(cat message)" "0 "
done
"$without" landlock "$SILVERBAR" device loop Cr --engine ngspice >out 2>message
same "silverbar device without Landlock, exit status" $? 0
same "it is told once" "$(wc -l <message | tr -d ' ')" 1
printf '%s\n' 'experiment: device' 'engine: {name: ngspice}' 'replicas: 3' >devices.yaml
if "$SILVERBAR" sweep devices.yaml -o with.db 2>/dev/null; then
    "$without" landlock "$SILVERBAR" sweep devices.yaml -o without.db 2>message
    same "silverbar sweep without Landlock, exit status" $? 0
    same "all its processes tell once" "$(grep -c 'no Landlock' message)" 1
else
    bad "a sweep of devices" "it failed"
fi

# --- models that are not known, in one line and over several
printf '%s\n' 't' 'v1 a 0 1' 'd1 a 0 m' '.model m numd level=1' '.op' >numd.cir
printf '%s\n' 't' 'v1 a 0 1' 'd1 a 0 m' '.model' '+ m' '* nothing' '+ Numd level=1' '.op' >lines.cir
for deck in numd lines; do
    "$SILVERBAR" sim $deck.cir >out 2>message
    same "$deck.cir, exit status" $? 2
    check "its message" grep -qi "'numd' is a kind of model that is not known" message
done

# --- files of other folders, by symbolic links, absolute paths and ..
mkdir inside outside
cp "$SB_SRC"/netlists/*.sub "$SB_SRC"/devices/*.sub "$SB_SRC/devices/Cr.lib" outside
printf '%s\n' 'class a' 111 000 111 '' 'class b' 101 010 101 >outside/images.txt
ln -s ../outside/neuron.sub inside/link.sub
ln -s ../outside/Cr.lib inside/link.lib
ln -s ../outside/images.txt inside/link.txt
ln -s ../outside inside/folder
printf '.include link.sub\n' >inside/net.sub
printf '.include folder/neuron.sub\n' >inside/deep.sub
sed 's/mmsdz\.sub/link.sub/' "$SB_SRC/devices/Cr.lib" >inside/own.lib
printf '%s\n' t '.include link.sub' 'v1 a 0 1' 'r1 a 0 1' .op >inside/deck.cir

refuse() { # 'PIECE OF THE MESSAGE' ARGUMENT...
    piece=$1
    shift
    "$SILVERBAR" "$@" >out 2>message
    same "silverbar $*, exit status" $? 2
    check "its message: $piece" grep -Fq -e "$piece" message
}
refuse 'net.sub:1: .include "link.sub" leaves the folder' train --neuron inside/net.sub
refuse 'deep.sub:1: .include "folder/neuron.sub" leaves the folder' netlist classifier --neuron inside/deep.sub
refuse "the include of 'inside/link.sub' leaves the folder" device loop inside/own.lib
refuse 'link.sub is outside of the deck' sim inside/deck.cir

for value in "$work/here/outside" inside/../outside outside inside/folder; do
    printf '%s\n' 'experiment: training' "circuit: {neuron: $value/neuron.sub}" >inside/neuron.yaml
    refuse "neuron.yaml:2: circuit.neuron is '" run inside/neuron.yaml --sample 0
    printf '%s\n' 'experiment: training' "device: {dopant: $value/Cr.lib}" >inside/device.yaml
    refuse "device.yaml:2: device.dopant is '" train inside/device.yaml
    printf '%s\n' 'experiment: training' "images: {pair: $value/images.txt}" >inside/images.yaml
    refuse "images.yaml:2: images.pair is '" sweep inside/images.yaml -o out.db
done
printf '%s\n' 'experiment: training' 'sweep: [{key: device.dopant, values: [Cr, inside/link.lib]}]' >inside/swept.yaml
refuse "swept.yaml:2: device.dopant is 'inside/link.lib'" sweep inside/swept.yaml -o out.db
refuse "swept.yaml:2: device.dopant is 'inside/link.lib'" run inside/swept.yaml
for claimed in "../outside/claim1_variation.yaml" "$work/here/outside/claim1_variation.yaml"; do
    cp "$SB_SRC/testbenches/claim1_variation.yaml" outside
    sed "s|testbench: claim1_variation.yaml|testbench: $claimed|" "$SB_SRC/testbenches/claims.yaml" >inside/claims.yaml
    refuse "expected a file in the folder of the claims" claims inside/claims.yaml -o out
done
cp "$SB_SRC"/testbenches/*.yaml inside
sed 's|at: {|&circuit.neuron: outside/neuron.sub, |' "$SB_SRC/testbenches/claims.yaml" >inside/claims.yaml
refuse "circuit.neuron is 'outside/neuron.sub', expected a file in the folder of inside/claims.yaml" \
    claims inside/claims.yaml -o out

# the user's own words name any file, and files of the folder may be named
cp outside/neuron.sub inside
printf '%s\n' 'experiment: training' 'engine: {name: event}' 'circuit: {neuron: inside/neuron.sub}' >inside/good.yaml
for set in circuit.neuron=inside/neuron.sub circuit.neuron=outside/neuron.sub images.pair=outside/images.txt \
    device.dopant=outside/Cr.lib; do
    "$SILVERBAR" train inside/good.yaml --set $set >out 2>message
    same "--set $set, exit status" "$? $(cat message)" "0 "
done
nothing_left "after all"
exit $failed
