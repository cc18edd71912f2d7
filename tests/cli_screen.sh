#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# No netlist from elsewhere runs a program, whichever way it comes in: exit status 2, one message that
# names file and line, and the program was not run.  Behind the screen, the worker that trains is shut
# in; that does not show in the exit status of these, so that the kernel's part is not needed here.
. "$(dirname -- "$0")/setup.sh"

touch "$work/stdout" "$work/stderr"
printf 'experiment: training\nengine: {name: ngspice}\ncircuit: {neuron: evil.sub}\n' >bench.yaml
cp "$SB_SRC"/devices/*.sub .

refuse() { # 'PIECE OF THE MESSAGE' ARGUMENT...
    piece=$1
    shift
    "$SILVERBAR" "$@" >"$work/stdout" 2>"$work/stderr"
    status=$?
    if [ $status -ne 2 ]; then
        bad "silverbar $*" "exit status $status, expected 2: $(cat "$work/stderr")"
    elif [ "$(wc -l <"$work/stderr")" != 1 ] || ! grep -Fq -e "$piece" "$work/stderr"; then
        bad "silverbar $*" "expected '$piece': $(cat "$work/stderr")"
    elif [ -s "$work/stdout" ]; then
        bad "silverbar $*" "it wrote to standard output"
    elif [ -n "$(find . "$work/home" "$work/tmp" -name ran)" ]; then
        bad "silverbar $*" "it ran the command"
        find . "$work/home" "$work/tmp" -name ran -exec rm {} +
    else
        good "silverbar $*: $piece"
    fi
}

# a file with LINE behind the first line that begins with WORD; $line is its number
plant() { # NAME FILE WORD LINE
    line=$(grep -in "^$3" "$2" | sed 's/:.*//;q')
    {
        sed "${line}q" "$2"
        printf '%b\n' "$4"
        sed "1,${line}d" "$2"
    } >"$1"
    line=$((line + 1))
}
neuron=$SB_SRC/netlists/neuron.sub

by_all_routes() { # LINE PIECE
    plant evil.sub "$neuron" '.subckt neuron' "$1"
    refuse "evil.sub:$line: $2" train --neuron evil.sub -o out
    refuse "evil.sub:$line: $2" train --engine event --neuron evil.sub -o out
    refuse "evil.sub:$line: $2" netlist classifier --neuron evil.sub
    refuse "evil.sub:$line: $2" run bench.yaml -o out
    printf '.include evil.sub\n' >outer.sub # included by the netlist that is named
    refuse "evil.sub:$line: $2" train --neuron outer.sub -o out
    plant evil.lib "$SB_SRC/devices/Cr.lib" '.subckt' "$1"
    refuse "evil.lib:$line: $2" train -d ./evil.lib -o out
    refuse "evil.lib:$line: $2" netlist -d ./evil.lib classifier
    printf 'title\nv1 a 0 1\nr1 a 0 1\n.op\n' >plain.cir
    plant evil.cir plain.cir 'r1' "$1"
    refuse "evil.cir:$line: $2" sim evil.cir
    cp evil.cir parts.inc
    printf 'title\n.include parts.inc\n.op\n' >outer.cir
    refuse "parts.inc:$line: $2" sim outer.cir
    printf '.lib tt\nr1 a 0 1\n%b\n.endl\n' "$1" >parts.lib
    printf 'title\nv1 a 0 1\n.lib parts.lib tt\n.op\n' >outer.cir
    refuse "parts.lib:3: $2" sim outer.cir
}

# white space of ngspice before a comment that it runs, alone and mixed
for space in '\f' '\v' '\r' ' \f' '\t\v' '\f\v\r ' '\r\f'; do
    if is_short && [ "$space" != '\t\v' ]; then continue; fi
    number=$(printf '%b' "$space" | tr -d ' \t' | od -An -tx1 | sed 's/^ *\(..\).*/\1/')
    by_all_routes "$space*#shell touch ran" "control byte 0x$number"
done
for space in '' ' ' '\t' ' \t '; do
    if is_short && [ "$space" != '\t' ]; then continue; fi
    by_all_routes "$space*#shell touch ran" "'*#shell' is a comment that ngspice runs"
done
by_all_routes ' .CONTROL\nshell touch ran\n.endc' "'.CONTROL' runs commands"
by_all_routes '\f.control\nshell touch ran\n.endc' "control byte 0x0c"

# the other control bytes, by each route of a netlist
for number in $(length '01 02 03 04 05 06 07 08 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 7f' '01 7f'); do
    plant evil.sub "$neuron" '.subckt neuron' "\\0$(printf '%03o' "0x$number")*#shell touch ran"
    refuse "evil.sub:$line: control byte 0x$number" train --neuron evil.sub
    refuse "evil.sub:$line: control byte 0x$number" netlist classifier --neuron evil.sub
    refuse "evil.sub:$line: control byte 0x$number" run bench.yaml -o out
done
plant evil.sub "$neuron" '.subckt neuron' '\0000*#shell touch ran'
refuse "evil.sub:$line: has a NUL byte 0x00" train --neuron evil.sub

# models and parameters that open files, in a neuron that only ngspice could run
plant evil.sub "$neuron" '.subckt neuron' 'a9 %v([col]) fs\n.model fs filesource (file="ran")'
refuse "evil.sub:$((line + 1)): " train --neuron evil.sub
plant evil.sub "$neuron" '.subckt neuron' 'v9 nine 0 pwl file=ran'
refuse "evil.sub:$line: 'file' opens files" train --neuron evil.sub

# line ends of DOS are no control bytes
sed 's/$/\r/' "$neuron" >dos.sub
"$SILVERBAR" netlist classifier --neuron dos.sub >dos.cir
check "CR LF: the deck is as with LF" cmp dos.cir "$SB_SRC/netlists/classifier.cir"

# the worker of a training: no file grows, nothing is open but its pipes and /dev/null
if [ -r /proc/self/limits ]; then
    exec 7<"$SB_SRC/README.md"
    "$SILVERBAR" train --engine ngspice >out 2>message &
    parent=$!
    # one worker after the other measures the neurons: a look at one may come too late
    tries=0 worker='' size='' open=''
    while [ $tries -lt 200 ] && { [ "$size" != 0 ] || [ -z "$open" ]; }; do
        sleep 0.05
        worker=$(sed 's/ .*//' "/proc/$parent/task/$parent/children")
        size=$(sed -n 's/^Max file size *\([^ ]*\).*/\1/p' "/proc/$worker/limits" 2>/dev/null)
        open=$(find "/proc/$worker/fd" -type l -exec readlink {} + 2>/dev/null |
            sed 's/:.*//' | sort | uniq -c | tr -s ' \n' ' ')
        [ "$open" = " 3 /dev/null 2 pipe " ] || open=
        tries=$((tries + 1))
    done
    same "the training worker makes no file longer than" "$size" 0
    same "its descriptors: " "$open" " 3 /dev/null 2 pipe "
    exec 7<&-
    kill -INT $parent
    wait $parent
fi
nothing_left "after all"
exit $failed
