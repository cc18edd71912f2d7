#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input and bad usage: exit status 2, one message on standard error that says what was found and
# what was expected, nothing on standard output, nothing left behind.
. "$(dirname -- "$0")/setup.sh"

touch "$work/stdout" "$work/stderr"

# refuse 'PIECE OF THE MESSAGE' ARGUMENT...
refuse() {
    piece=$1
    shift
    before=$(ls -A . ..)
    "$SILVERBAR" "$@" >"$work/stdout" 2>"$work/stderr"
    status=$?
    messages=$(grep -c '^silverbar' "$work/stderr")
    more=$(grep -cv -e '^silverbar' -e '^Try ' -e '^information\.$' "$work/stderr")
    if [ $status -ne 2 ]; then
        bad "silverbar $*" "exit status $status, expected 2: $(cat "$work/stderr")"
    elif [ "$messages $more" != "1 0" ]; then
        bad "silverbar $*" "expected one message: $(cat "$work/stderr")"
    elif ! grep '^silverbar' "$work/stderr" | grep -Fq -e "$piece"; then
        bad "silverbar $*" "expected '$piece': $(cat "$work/stderr")"
    elif [ -s "$work/stdout" ]; then
        bad "silverbar $*" "it wrote to standard output"
    elif [ "$(ls -A . ..)" != "$before" ] || [ -n "$(ls -A "$work/tmp")" ]; then
        bad "silverbar $*" "left behind: $(ls -A . .. "$work/tmp")"
    else
        good "silverbar $*"
    fi
}

devices=$SB_SRC/devices

# commands, options, words that do not belong
refuse "no command 'trian'" trian
refuse "unrecognized option '--colour'" train --colour
refuse "unrecognized option '--colour'" netlist --colour classifier
refuse "unrecognized option '--colour'" compare --colour .
refuse "now: cannot be read" train now
printf 'title: bent\nexperiment: hysteresis\n' >other.yaml
refuse "other.yaml:2: experiment is 'hysteresis', expected training" train other.yaml -o out
refuse "other.yaml:2: experiment is 'hysteresis', expected training" train other.yaml --tolerance 0.1
printf 'experiment: training\nprogramming: {tolerance: 2}\n' >wide.yaml
refuse "wide.yaml:2: programming.tolerance is '2', expected a number from 0.0001 to 0.9" train wide.yaml
refuse "'wide.yaml', expected one testbench" train wide.yaml wide.yaml
refuse "--sample 1: train has samples 0 to 0" train --sample 1
refuse "--set 'tolerance', expected key=value" train --set tolerance
refuse "--set tolerance: unknown key" train --set tolerance=2 -o out
refuse "--set programming.tolerance=2: programming.tolerance is '2', expected" \
    train --set programming.tolerance=2 -o out
refuse "expected a circuit" netlist
refuse "'perceptron', expected one circuit" netlist perceptron
refuse "expected results folders" compare
refuse "requires an argument" train --seed
refuse "--engine 'foo', expected" train --engine foo
refuse "--policy 'foo', expected amplitude or amplitude+width" train --policy foo
refuse "--gap 'foo', expected log or linear" train --gap foo
refuse "--method 'foo', expected onestep or bdf" train --engine ida --method foo
refuse "engine.method bdf with engine event, expected engine.name: ida" train --engine event --method bdf
refuse "engine.method bdf with engine ngspice, expected engine.name: ida" device loop Cr --method bdf \
    --engine ngspice
refuse "engine.method bdf with engine event, expected engine.name: ida" bench --method bdf

# numbers, of every option that takes one
for option in reset tolerance read-time pulse-width train-noise noise seed reltol abstol time-limit; do
    for number in nan inf -inf 0x1p-3 '' 0,05 -1 1e999 1e-999x '0.1 s' 0.1.2; do
        if is_short && [ "$option $number" != "tolerance $number" ] && [ "$number" != nan ]; then continue; fi
        refuse "--$option '$number', expected a" train --$option="$number" -o out
    done
done
refuse "--seed '1.5', expected a whole number" train --seed 1.5
refuse "--seed '9007199254740993', expected a whole number" train --seed 9007199254740993
refuse "--tolerance '-0.05', expected a number" train --tolerance -0.05
refuse "--tolerance '1', expected a number" train --tolerance 1
refuse "--noise '0.6', expected a number" train --noise 0.6

# dopants
refuse "no dopant 'Unobtainium', expected one of" train -d Unobtainium -o out
refuse "no dopant 'Unobtainium', expected one of" netlist -d Unobtainium classifier
refuse "missing.lib: cannot be read" train -d missing.lib -o out
mkdir folder.lib
refuse "folder.lib: " train -d folder.lib -o out
cp "$devices"/*.sub .
line=$(grep -n 'ron=300 ' "$devices/Cr.lib" | cut -d: -f1)
edit() { # FILE SED-COMMAND: a changed copy of the chromium library
    sed "$2" "$devices/Cr.lib" >"$1"
    if cmp -s "$1" "$devices/Cr.lib"; then bad "$1" "the edit changed nothing"; fi
}
edit lacks.lib 's/ ron=300 / /'
refuse "lacks.lib:$line: found no parameter 'ron'" train -d lacks.lib -o out
edit word.lib 's/ron=300 /ron=abc /'
refuse "word.lib:$line: found ron=abc, expected a number" train -d word.lib -o out
edit negative.lib 's/ron=300 /ron=-300 /'
refuse "negative.lib:$line: found ron=-300, expected" train -d negative.lib -o out
edit unknown.lib 's/ron=300 /ron=300 rn=1 /'
refuse "unknown.lib:$line: found unknown parameter 'rn'" train -d unknown.lib -o out
edit twice.lib 's/ron=300 /ron=300 ron=301 /'
refuse "twice.lib:$line: " train -d twice.lib -o out
edit endless.lib '/^\.ends/d'
refuse "endless.lib:" train -d endless.lib -o out
: >empty.lib
refuse "empty.lib:" train -d empty.lib -o out
# targets beyond the branch 1/roff to 1/ron = 4.545 to 3333 uS: the message names the range
edit window.lib 's/^\*@ gmax .*/*@ gmax 5m/'
window=$(grep -n gmax window.lib | cut -d: -f1)
refuse "window.lib:$window: found window 5e-05 to 0.005 S, expected inside 1/roff to 1/ron, 4.54545e-06 to 0.00333333 S" \
    train -d ./window.lib -o out
refuse "window.lib:$window: found window" netlist -d ./window.lib classifier
edit series.lib 's/^\*@ gmax .*/*@ gmax 3m/' # the switch in series takes its part
refuse "targets from 5e-05 to 0.003 S are outside of what a branch of dopant Cr can reach, 4.5" \
    train -d series.lib -o out

# images
image() { # 'PIECE OF THE MESSAGE' LINES
    printf %b "$2" >picture
    refuse "$1" train --images picture -o out
}
refuse "images 'T/?', expected two of the letters" train --images 'T/?'
refuse "images 'T/T': the same image stands in both classes" train --images T/T
refuse "missing: cannot be read" train --images missing
image 'picture:3: image ends after 1 line, expected 3' 'class a\n111\n\nclass b\n111\n111\n111\n'
image 'picture:2: ' 'class a\n1110\n111\n111\nclass b\n101\n101\n101\n'
image 'picture:2: ' 'class a\n11\n111\n111\nclass b\n101\n101\n101\n'
image 'picture:3: ' 'class a\n111\n121\n111\nclass b\n101\n101\n101\n'
image 'picture:1: ' '111\n111\n111\nclass b\n101\n101\n101\n'
image 'picture:9: ' 'class a\n111\n111\n111\nclass b\n101\n101\n101\nclass c\n000\n000\n000\n'
image 'with images, expected two' 'class a\n111\n111\n111\n'
image 'picture:2: class a has no image' 'class a\nclass b\n101\n101\n101\n'
image "the same image stands in both classes" 'class a\n111\n111\n111\nclass b\n111\n111\n111\n'
image ': 0 classes with images, expected two' ''
rm picture

# netlists of the neuron
refuse "missing.sub: cannot be read" train --neuron missing.sub -o out
refuse "missing.sub: cannot be read" netlist -n missing.sub classifier
refuse "--neuron 'foo', expected cmos, behavioural or a FILE.sub" train --neuron foo
{
    cat "$SB_SRC/netlists/neuron.sub"
    printf '.control\nshell touch here\n.endc\n'
} >control.sub
line=$(grep -n '^\.control' control.sub | cut -d: -f1)
refuse "control.sub:$line: '.control' runs commands" train --neuron control.sub -o out
refuse "control.sub:$line: '.control' runs commands" netlist -n control.sub classifier
echo '* nothing' >nothing.sub
refuse "nothing.sub" train --neuron nothing.sub -o out

# output
mkdir exists
: >file
refuse "exists: exists, expected the name of a folder to be made" train -o exists
refuse "file: exists, expected the name of a folder to be made" train -o file
refuse "file/out: cannot be made" train -o file/out
refuse "missing/out: cannot be made" train -o missing/out
refuse "/proc/nope: cannot be made" train -o /proc/nope
refuse "-o '', expected the name of a folder" train -o ''

# comparison and timing of engines
refuse "--case 'foo', expected one of device" check --case foo
refuse "--reltol 'nan', expected a number" check --reltol nan
refuse "--reltol '1', expected a number" check --reltol 1
refuse "now: cannot be read" check now
refuse "'then', expected one testbench" check now then
refuse "expected a testbench alone" check --case device now
refuse "expected with FILE.yaml" check --set seed=2
refuse "expected with FILE.yaml" check --sample 1
refuse "--reference '1', expected a number" check --reference 1
refuse "--quick and --case, expected one of them" check --quick --case device
refuse "-o '', expected the name of a file" check -o ''
refuse "exists: expected the name of a regular file" check --quick -o exists
refuse "/dev/null: expected the name of a regular file" check --quick -o /dev/null
refuse "missing/table: cannot be written" check --quick -o missing/table
refuse "no dopant 'Unobtainium', expected one of" check --quick -d Unobtainium
refuse "--case 'foo', expected one of read, series" bench --case foo
refuse "--runs '-1', expected a whole number" bench --runs -1
refuse "--engine 'foo', expected ngspice" bench --engine foo
refuse "'now', expected options only" bench now
refuse "exists: exists, expected the name of a folder" bench --quick -o exists
refuse "missing/out: cannot be made" bench --quick -o missing/out

# YAML that is made to cost time: nesting, of lists and mappings, in a line and over many; anchors
deep() { # N OPENING CLOSING
    awk "BEGIN { for (i = 0; i < $1; i++) printf \"%s\", \"$2\"; for (i = 0; i < $1; i++) printf \"%s\", \"$3\"; print \"\" }" </dev/null
}
printf 'experiment: training\ntitle: %s\n' "$(deep 101 '[' ']')" >deep.yaml
refuse 'deep.yaml:2: nested more than 100 deep' run deep.yaml
printf 'experiment: training\ntitle: %s\n' "$(deep 100000 '{a: ' '}')" >deep.yaml
refuse 'deep.yaml:2: nested more than 100 deep' sweep deep.yaml -o out.db
awk 'BEGIN { for (i = 0; i < 2000; i++) { for (k = 0; k < i; k++) printf " "; print "a:" } }' </dev/null >deep.yaml
refuse 'deep.yaml:101: nested more than 100 deep' claims deep.yaml -o out
awk 'BEGIN { print "experiment: training"; for (i = 0; i < 1001; i++) print "k" i ": &a" i " 1" }' </dev/null >anchors.yaml
refuse 'anchors.yaml:1002: more than 1000 anchors' run anchors.yaml
# as deep as is taken, it is refused for what it says
printf 'experiment: training\ntitle: %s\n' "$(deep 20 '[' ']')" >deep.yaml
refuse 'deep.yaml:2: ' run deep.yaml

# results folders
mkdir empty cut other
echo '{ "version": "0",' >cut/summary.json
echo '{}' >other/summary.json
refuse "missing/summary.json" compare missing
refuse "empty/summary.json" compare empty
refuse "cut/summary.json:2: " compare cut
refuse 'other/summary.json: no key "version"' compare other

nothing_left "after all"
exit $failed
