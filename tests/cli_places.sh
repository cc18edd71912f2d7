#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Where a message points: file and line of a key, a netlist's element or subcircuit, a layer.
. "$(dirname -- "$0")/setup.sh"
neuron=$SB_SRC/netlists/neuron.sub

refuse() { # STATUS 'PIECE OF THE MESSAGE' ARGUMENT...
    wanted=$1 piece=$2
    shift 2
    "$SILVERBAR" "$@" >out 2>message
    same "silverbar $*, exit status" $? "$wanted"
    if grep -Fq -e "$piece" message; then good "$piece"; else bad "$piece" "$(cat message)"; fi
}
bench() { # LINE...
    printf '%s\n' "$@" >bench.yaml
}

# --- keys that do not go together, or do not go with the rest
bench 'experiment: training' 'engine: {name: event}' 'circuit:' '  sizes: [8, 3, 1]'
refuse 2 'bench.yaml:4: circuit.sizes: expected 9 inputs first' run bench.yaml --sample 0
refuse 2 'bench.yaml:4: circuit.sizes: expected 9 inputs first' train bench.yaml
bench 'experiment: training' 'engine: {name: ida}' 'engine.switches: 1000'
refuse 2 'bench.yaml:3: engine.switches with engine ida' run bench.yaml --sample 0
bench 'experiment: device' 'drive: {edge: 1}'
refuse 2 'bench.yaml:2: drive.edge: found 1 s' run bench.yaml --sample 0
# set by the file, swept by it, set by the user
bench 'experiment: training' '' 'variation: {stuck_on: 0.6}' 'sweep:' '- {key: variation.stuck_off, values: [0.1, 0.6]}'
refuse 2 'bench.yaml:3: variation.stuck_on 0.6 and variation.stuck_off 0.6' sweep bench.yaml -o out.db
refuse 2 'bench.yaml:3: variation.stuck_on 0.6 and variation.stuck_off 0.7' train bench.yaml --set variation.stuck_off=0.7
refuse 2 'bench.yaml:5: variation.stuck_on 0.7 and variation.stuck_off 0.6' sweep bench.yaml --set variation.stuck_on=0.7 -o out.db
refuse 2 'train: variation.stuck_on 0.7 and' train --set variation.stuck_off=0.7 --set variation.stuck_on=0.7

# --- a layer that the neurons cannot serve
bench 'experiment: training' 'engine: {name: event}' 'circuit: {sizes: [9, 64, 1]}'
line=$(grep -n '^\.subckt refamp' "$neuron" | cut -d: -f1)
refuse 1 "neuron.sub:$line: .subckt refamp in layer 2 (circuit.sizes: 64 inputs, 1 neurons): its amplifier's gain is 0.14" \
    run bench.yaml --sample 0

# --- netlists of neurons: transfers that fall or do not reach, by subcircuit and layer
sed 's/^mp1 a  v  /mp1 a  ref/; s/^mp2 b  ref/mp2 b  v  /' "$neuron" >turned.sub
line=$(grep -n '^\.subckt neuron' turned.sub | cut -d: -f1)
refuse 1 "turned.sub:$line: .subckt neuron in layer 1 (circuit.sizes: 9 inputs, 3 neurons): its transfer falls" \
    train --engine event --neuron turned.sub

# what only SPICE understands, and loops: the element's line, not that of the instance
plant() { # FILE LINE...: behind the header of the neuron; $line is the first one's number
    file=$1
    shift
    line=$(($(grep -n '^\.subckt neuron' "$neuron" | cut -d: -f1) + 1))
    { sed "$((line - 1))q" "$neuron" && printf '%s\n' "$@" && sed "1,$((line - 1))d" "$neuron"; } >"$file"
}
plant bipolar.sub 'q9 a b vss qm'
echo '.model qm npn' >>bipolar.sub
refuse 2 "bipolar.sub:$line: xa1 is a subcircuit that only SPICE can run; use --engine ngspice" \
    train --engine ida --neuron bipolar.sub
plant diode.sub 'd9 vss vss dm' # one that changes nothing
echo '.model dm d' >>diode.sub
bench 'experiment: training' 'engine: {name: event}' 'circuit: {neuron: diode.sub}' 'variation: {a_vt: 1e-8}'
refuse 2 'bench.yaml:4: variation.a_vt: the transistors of diode.sub are for ngspice only' run bench.yaml --sample 0
refuse 2 'bench.yaml:4: variation.a_vt: the transistors of diode.sub are for ngspice only' train bench.yaml
plant loop.sub 'v9 out vss 1' 'v8 out vss 1'
refuse 2 "loop.sub:$((line + 1)): v.xn1.v8 closes a loop of voltage sources" train --engine ida --neuron loop.sub
exit $failed
