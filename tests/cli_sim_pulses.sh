#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Pulses that are too short for ngspice's steps: it steps over them without a word.  The area below each
# source's pulses is known from its card: v1 gives energy = area of its squares over 2 kohm.
. "$(dirname -- "$0")/setup.sh"

play() { # SOURCE TRAN [LINE]: status in $status
    printf '%s\n' t "v1 a 0 $1" 'r1 a b 1k' 'r2 b 0 1k' "$2" "${3:-* nothing}" >deck.cir
    "$SILVERBAR" sim deck.cir --json >out 2>message
    status=$?
}
followed() { # SOURCE TRAN ENERGY
    play "$1" "$2"
    same "v1 $1, $2: exit status" "$status" 0
    near "its energy" "$(sed -n 's/.*"delivered_J": \([^,]*\),*$/\1/p' out | head -n 1)" "$3" 1e-3
}
missed() { # SOURCE TRAN [LINE]
    play "$@"
    same "v1 $1, $2: exit status" "$status" 3
    check "its message" grep -q "^silverbar sim: deck.cir:2: ngspice did not follow [0-9.e-]* of the pulses of v1" message
}
jumped() { # SOURCE TRAN: some of it is seen, and tells by its jumps
    play "$@"
    same "v1 $1, $2: exit status" "$status" 3
    check "its message" grep -q "^silverbar sim: deck.cir: estimated error of the energy of v1" message
}
# energy of a pulse of 1 V: its width and a third of each edge, over 2 kohm
followed 'pulse(0 1 0.1 1m 1m 10m 0.2)' '.tran 10m 1' '(5 * (10e-3 + 2e-3 / 3) / 2e3)'
followed 'PULSE 0 1 0.5 10p 10p 100n 1' '.tran 10m 1' '(1e-7 / 2e3)'
followed 'dc 0 pulse ( 0 1 0.5 1p 1p 1n 1 )' '.tran 10m 1 0 1u' '(1.000667e-9 / 2e3)'
followed 'pwl(0 0 0.5 0 0.500001 1 0.6 1 0.600001 0)' '.tran 10m 1' '((0.1 - 1e-6 + 2e-6 / 3) / 2e3)'
followed 'pulse(0 1 0 1n 1n 5u 10u)' '.tran 1u 1m' '(100 * 5e-6 / 2e3)'
# edges below what ngspice resolves: no pulse at all, or one that lasts
missed 'pulse(0 1 0.5 1p 1p 1n 1)' '.tran 10m 1'
missed 'pulse(0 1 0.5 1p 1p 600n 1)' '.tran 10m 1'
jumped 'pwl(0 0 0.5 0 0.500000000001 1 0.6 1 0.600000000001 0)' '.tran 10m 1'
# corners that it merges: some pulses are too long
missed 'pulse(0 1 0.1 1n 1n 10n 0.2)' '.tran 10m 1'
# far more pulses than steps
jumped 'pulse(0 1 0.1 1p 1p 1p 4p)' '.tran 10m 1'
# without height: there is nothing to follow
play 'pulse(1 1 0.5 1p 1p 1n 1)' '.tran 10m 1'
same "a pulse without height, exit status" "$status" 0
# what is not written as plain numbers is not judged
play 'pulse(0 {w} 0.5 1p 1p 1n 1)' '.tran 10m 1' '.param w=1'
same "a parameter in the card, exit status" "$status" 0
nothing_left "after all"
exit $failed
