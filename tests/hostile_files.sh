#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by tests/cli_hostile.sh: makes files that try to run a program, or to open a file outside of their
# folder.  Each has a folder cases/KIND-NNNN, with what is to be done with it in the file `arguments'.
# Outside is $outside: secret.inc, secret.txt, run (a program that leaves a trace), and what they would write.
# shellcheck shell=sh
n=0

new_case() { # KIND ARGUMENTS: $case is its folder
    n=$((n + 1))
    case=$work/here/cases/$1-$(printf %04d $n)
    mkdir "$case"
    printf '%s\n' "$2" >"$case/arguments"
    ln -s ../../outside/secret.inc "$case/link.inc"
    ln -s ../../outside "$case/folder"
}

deck() { # TEXT: with %b's escapes; the lines before .end
    new_case deck 'sim deck.cir'
    printf '%b\n' "title\nv1 a 0 1\nr1 a 0 1k\n$1\n.op\n.end" >"$case/deck.cir"
}

# --- what ngspice does on command
commands="shell $outside/run
shell cat $outside/secret.txt > $outside/written
system $outside/run
!$outside/run
source $outside/secret.inc
source ../../outside/secret.inc
source link.inc
write $outside/written
wrdata $outside/written v(a)
wrnodev $outside/written
wrs2p $outside/written
snsave $outside/written
snload $outside/secret.inc
load $outside/secret.txt
loadsnap $outside/secret.txt
codemodel $outside/secret.txt
osdi $outside/secret.txt
pre_osdi $outside/secret.txt
pre_codemodel $outside/secret.txt
pre_source $outside/secret.inc
pre_set sourcepath = ( $outside )
set sourcepath = ( $outside )
set rawfile = $outside/written
set spicepath = $outside/run
set editor = $outside/run
set lprps5 = $outside/run
cd $outside
use $outside/secret.txt
echo text > $outside/written
echo text >> $outside/written
print v(a) > $outside/written
listing > $outside/written
hardcopy $outside/written v(a)
gnuplot $outside/written v(a)
xgraph $outside/written v(a)
plot v(a) xlimit 0 1 title $outside/written
aspice $outside/secret.inc $outside/written
rspice $outside/secret.inc
edit $outside/secret.inc
diff $outside/secret.txt
dump > $outside/written
history > $outside/written
mc_source
alias op shell $outside/run
fft v(a) > $outside/written
meas op x find v(a) at=0 > $outside/written
strcmp x \`$outside/run\` a
let x = \`$outside/run\`
set x = \`cat $outside/secret.txt\`
echo \$< < $outside/secret.txt"

# Ways to put a command into a deck; each gets some of the commands, all together each.
by_control() { deck ".control\n$1\n.endc"; }
by_comment() { deck "*#$1"; }
way_0() { deck "\t *#$1"; }
way_1() { deck "\f*#$1"; }
way_2() { deck "\v*#$1"; }
way_3() { deck "\r*#$1"; }
way_4() { deck "\0302\0240*#$1"; } # a blank that is no ASCII
way_5() { deck "\0001*#$1"; }
way_6() { deck "  .CONTROL\n  $1\n  .ENDC"; }
way_7() { deck ".con\n+trol\n$1\n.endc"; }
way_8() { deck ".include part.inc"; printf '%b\n' ".control\n$1\n.endc" >"$case/part.inc"; }
way_9() { deck ".include part.inc"; printf '%b\n' "*#$1" >"$case/part.inc"; }
way_10() { deck ".lib part.lib tt"; printf '%b\n' ".lib tt\n.control\n$1\n.endc\n.endl" >"$case/part.lib"; }
way_11() { deck ".subckt s p n\n.control\n$1\n.endc\nr1 p n 1\n.ends\nx1 a 0 s"; }
way_12() { deck ''; printf '%b\n' "*#$1\nv1 a 0 1\nr1 a 0 1\n.op\n.end" >"$case/deck.cir"; }
way_13() { deck ''; printf '%b\n' "*ng_script\n$1\n" >"$case/deck.cir"; }
way_14() { deck ''; printf '%b\n' "*ng_script_with_params\n$1\nv1 a 0 1\nr1 a 0 1\n.op\n.end" >"$case/deck.cir"; }
way_15() { deck ''; printf '%b\n' "t\nv1 a 0 1\nr1 a 0 1\n.op\n.end\n.control\n$1\n.endc" >"$case/deck.cir"; }
way_16() { deck ''; printf '%b\n' "\0357\0273\0277*#$1\nv1 a 0 1\nr1 a 0 1\n.op\n.end" >"$case/deck.cir"; }
way_17() { deck "r9 a 0 1k\\\\\\\\\n*#$1"; }
way_18() { deck ".if (1)\n.control\n$1\n.endc\n.endif"; }
way_19() { deck ".exec $1\n.$1"; }
way_20() { deck "r2 a 0 1k ; \n*\r*#$1"; }
way_21() { deck "$(printf '%4000s')*#$1"; }
way_22() { deck ".param x=1\n*#$1\n+ y=2"; }
way_23() { deck "r2 a 0 1k \$ .control\n.control\r\n$1\r\n.endc\r"; }
way_24() { deck "\0000*#$1"; }
way_25() { deck ".control ; x\n$1\n.endc"; }
way_26() { deck ".contro\0001l\n$1\n.endc"; }
way_27() { deck ".subckt s p n x={1}\n*#$1\nr1 p n 1\n.ends\nx1 a 0 s x=1"; }
ways=28 rotation=0
while read -r command; do
    by_control "$command"
    by_comment "$command"
    for _ in 1 2 3 4; do
        way_$((rotation % ways)) "$command"
        rotation=$((rotation + 1))
    done
done <<END
$commands
END

# --- code models and others that have files
models="filesource|a1 %vd([n1 a]) m|file
d_source|a1 [d1 d2] m|input_file
d_state|a1 [d1] d2 null [d3] m|state_file
d_process|a1 [d1] d2 null [d3] m|process_file
d_cosim|a1 [d1] [d2] null m|simulation
table2D|a1 a n1 n2 m|file
table3D|a1 a n1 n2 n3 m|file
file_source|a1 %v([n1]) m|file
numd|d1 a 0 m|rootfile
nbjt|q1 a 0 n1 m|rootfile
numos|m1 a 0 n1 0 m|rootfile"
while IFS='|' read -r type element file; do
    upper=$(echo "$type" | tr '[:lower:]' '[:upper:]')
    secret=$outside/secret.txt
    deck "$element\n.model m $type ($file=\"$secret\")"
    deck "$element\n.model m $type($file=$secret)"
    deck "$element\n.MODEL m $upper ( $file = '$secret' )"
    deck "$element\n.model\n+ m\n* nothing\n+ $type\n+ ($file\n+ = \"$secret\")"
    deck ".subckt s a n1 n2 n3\n$element\n.model m $type ($file=\"../../outside/secret.txt\")\n.ends\nx1 a b c d s"
    deck ".include part.inc"
    printf '%s\n' "$element" ".model m $type ($file={secret})" ".param secret=\"$secret\"" >"$case/part.inc"
    deck "$element\n.model m ako:k $type\n.model k $type ($file=\"$secret\")"
    deck "$element\n.model m $(echo "$type" | sed 's/_/\\0001/; s/^\(.\)/\1\\0177/') ($file=\"$secret\")"
    deck "$element\n.model m\t$type\t$file=\`$secret\`"
done <<END
$models
END

# --- sources
for file in "file=\"$outside/secret.txt\"" "file=$outside/secret.txt" "FILE = '$outside/secret.txt'" 'file="link.inc"' \
    "\n+ file=\"$outside/secret.txt\"" "wavefile=\"$outside/secret.txt\"" "fi\0001le=\"$outside/secret.txt\""; do
    deck "v2 b 0 pwl $file"
    deck "i2 b 0 dc 0 pwl($file)\nr2 b 0 1"
    deck "b2 b 0 v=pwl(time, $file)"
done

# --- files that are included
for target in "$outside/secret.inc" ../../outside/secret.inc link.inc folder/secret.inc "/proc/self/root$outside/secret.inc" \
    /etc/passwd /dev/stdin "./../$(basename "$work/here/cases")/../../outside/secret.inc"; do
    for form in ".include $target" ".include \"$target\"" ".INCLUDE '$target'" ".inc $target" ".incl $target" \
        ".include\n+ $target" ".lib $target tt" ".lib \"$target\" tt" ".LIB '$target' TT" ".lib\n+ $target tt" \
        ".include {$target}" ".include\t\"$target\" more" ".if (1)\n.include $target\n.endif"; do
        deck "$form"
    done
done
deck '.include "~/secret.inc"'
deck ".include \$HOME/secret.inc"
deck ".include \`echo $outside/secret.inc\`"
deck '.include deck.cir'
deck '.lib deck.cir tt'

# --- cards
while read -r card; do
    deck "$card"
    deck ".subckt s p n\n$card\nr1 p n 1\n.ends\nx1 a 0 s"
done <<END
.csparam x="$outside/secret.txt"
.csparam x=\`$outside/run\`
.param x="\`$outside/run\`"
.param x='system("$outside/run")'
.save all > $outside/written
.save file="$outside/written"
.print op v(a) > $outside/written
.plot op v(a) > $outside/written
.probe v(a) file=$outside/written
.options rawfile="$outside/written"
.options savefile="$outside/written" post=2
.option sourcepath="$outside"
.width out="$outside/written"
.meas op m find v(a) at=0 > $outside/written
.load $outside/secret.txt
.loadbias file="$outside/secret.txt"
.savebias file="$outside/written"
.write $outside/written
.wrdata $outside/written v(a)
.source $outside/secret.inc
.codemodel $outside/secret.txt
.osdi $outside/secret.txt
.pre_osdi $outside/secret.txt
.hdl "$outside/secret.txt"
.verilog "$outside/secret.txt"
.ahdl_include "$outside/secret.txt"
.data d file="$outside/secret.txt"
.shell $outside/run
.system $outside/run
.spice "$outside/secret.inc"
.title \`$outside/run\`
.four 1k v(a) > $outside/written
.func f(x) {\`$outside/run\`}
.set sourcepath = ( $outside )
END

# --- netlists of neurons and devices, by each command that takes them
planted="*#shell $outside/run
\f*#shell $outside/run
\r*#shell $outside/run
\0001*#shell $outside/run
.control\nshell $outside/run\n.endc
.CONTROL\nwrite $outside/written\n.ENDC
a9 %vd([q1 q2]) m9\n.model m9 filesource (file=\"$outside/secret.txt\")
a9 [q1] m9\n.model m9\n+ d_source (input_file=\"$outside/secret.txt\")
v9 q1 0 pwl file=\"$outside/secret.txt\"
.include \"$outside/secret.inc\"
.include ../../outside/secret.inc
.include link.inc
.include folder/secret.inc
.lib \"$outside/secret.inc\" tt
r9 q1 0 1k\\\\\\\\\n*#shell $outside/run
.param x=\`$outside/run\`
.options rawfile=\"$outside/written\""
plant() { # NAME FILE LINE: behind its first .subckt
    { sed '/^\.subckt/q' "$2" && printf '%b\n' "$3" && sed '1,/^\.subckt/d' "$2"; } >"$case/$1"
}
while read -r line; do
    for arguments in 'train --engine ngspice --neuron evil.sub' 'netlist classifier --neuron evil.sub' 'run bench.yaml --sample 0'; do
        new_case netlist "$arguments"
        plant evil.sub "$SB_SRC/netlists/neuron.sub" "$line"
        printf '%s\n' 'experiment: training' 'engine: {name: ngspice}' 'circuit: {neuron: evil.sub}' >"$case/bench.yaml"
    done
    new_case library 'device loop ./evil.lib --engine ngspice'
    plant evil.lib "$SB_SRC/devices/Cr.lib" "$line"
    cp "$SB_SRC"/devices/*.sub "$case"
    new_case library 'train -d ./evil.lib --engine ngspice'
    plant mmsdz.sub "$SB_SRC/devices/mmsdz.sub" "$line"
    sed "s/mmsdz\.sub/.\/mmsdz.sub/" "$SB_SRC/devices/Cr.lib" >"$case/evil.lib"
done <<END
$planted
END

# --- testbenches
for file in "$outside/secret.inc" ../../outside/secret.inc link.inc folder/secret.inc "/proc/self/root$outside/secret.inc" \
    "'$outside/secret.inc'" "\"../../outside/secret\\\\x2einc\"" "!!str $outside/secret.inc" "&a $outside/secret.inc" \
    "|\n    $outside/secret.inc" "\`$outside/run\`" "\"|$outside/run\""; do
    for key in 'circuit: {neuron: FILE}' 'device: {dopant: FILE}' 'images: {pair: FILE}' \
        'sweep: [{key: circuit.neuron, values: [FILE]}]' 'sweep: [{key: device.dopant, values: [Cr, FILE]}]'; do
        new_case testbench 'run bench.yaml --sample 0'
        printf '%b\n' "experiment: training\n$(printf '%s' "$key" | sed "s#FILE#$(printf '%s' "$file" | sed 's/[\\&#]/\\&/g')#")" >"$case/bench.yaml"
    done
    new_case claims 'claims claims.yaml -o out'
    printf '%b\n' "claims:\n- {claim: c, testbench: $file, output: training_time_s, as: mean}" >"$case/claims.yaml"
done
new_case testbench 'run bench.yaml --sample 0'
printf '%s\n' 'experiment: training' "title: &a $outside/secret.inc" 'circuit: {neuron: *a}' >"$case/bench.yaml"
new_case testbench 'run bench.yaml --sample 0'
printf '%s\n' 'experiment: training' "base: &b {neuron: $outside/secret.inc}" 'circuit: {<<: *b}' >"$case/bench.yaml"
new_case testbench 'run bench.yaml --sample 0'
printf '%s\n' "%TAG ! file://$outside/" '---' 'experiment: !secret.txt training' >"$case/bench.yaml"

# --- names in raw files, tables and libraries that come to gnuplot, pages and tables
for name in "v(a)\"; system(\"$outside/run\"); #" "v(\`$outside/run\`)" "v(a)'; load '$outside/secret.inc' #" "|$outside/run" \
    "@v(a){/secret}" "v(a)\\n!$outside/run" "<$outside/run" "\$(touch $outside/written)" "../../outside/written"; do
    for form in --svg --ascii --csv --html; do
        new_case raw "wave evil.raw $form"
        printf '%s\n' "Title: $name" 'Date: today' "Plotname: $name" 'Flags: real' 'No. Variables: 2' 'No. Points: 2' \
            'Variables:' '	0	time	time' "	1	$(printf '%s' "$name" | tr -d ' ')	voltage" 'Values:' \
            '0	0' '	1' '1	1' '	2' >"$case/evil.raw"
    done
    new_case trace "fit evil.csv --free ron,roff --start W --starts 1"
    printf '%s\n' "t_s,source_V,current_A,$(printf '%s' "$name" | tr -d ,)" 0,0,0,1 1,1,1e-3,1 2,0,0,1 >"$case/evil.csv"
    new_case table "read evil.csv --line-ohm 1 --volt 0.1"
    printf '%s\n' "$name,1e-3" '1e-3,1e-3' >"$case/evil.csv"
done
for head in "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }" "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }" \
    "__import__('os').system('$outside/run')" "{'descr': open('$outside/secret.txt').read(), 'fortran_order': False, 'shape': (1,)}"; do
    new_case table "read evil.npy --line-ohm 1 --volt 0.1"
    printf '\223NUMPY\001\000\166\000%-117s\ncos\nsystem\n(S"%s"\ntR.' "$head" "$outside/run" >"$case/evil.npy"
done
