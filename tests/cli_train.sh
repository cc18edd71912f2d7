#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar train -o out`: chromium, T against X, seed 1.  Known answers: all 30 devices settle, both
# clean images are told apart, accuracy_noisy at p = 0.1 is within 0.7 points of the 0.972 that the
# best classifier reaches, both energy balances close to 1e-3.
# The folder holds what the manual says.  The same command gives the same bytes, wall times apart,
# whatever the locale and the user's ngspice settings; another seed does not.
. "$(dirname -- "$0")/setup.sh"
manual=$SB_SRC/silverbar.1
wall='"(transient_wall_s|callback_wall_fraction|wall_time_s)"'

words() { # FILE: what the manual's entry of that file marks as a variable, a word a line
    awk -v file="$1" '
        $1 == ".It" && $2 == "Pa" { inside = $3 == file }
        $1 == ".Sh" { inside = 0 }
        inside && ($1 == ".Va" || $1 == ".It" && $2 == "Va") {
            for (k = 2; k <= NF; k++)
                if ($k != "Va" && $k ~ /^[A-Za-z_]/)
                    print $k
        }' "$manual"
}

mkdir first second
(cd first && "$SILVERBAR" train -o out >stdout 2>stderr)
same "exit status" $? 0
same "messages" "$(cat first/stderr)" ""
check "the table names the folder" grep -q '^results in out$' first/stdout
nothing_left "a run"
out=first/out
summary=$out/summary.json

same "devices_total" "$(value devices_total $summary)" 30
same "devices_within_tolerance" "$(value devices_within_tolerance $summary)" 30
same "accuracy_clean" "$(value accuracy_clean $summary)" 1.0
holds "accuracy_noisy" "$(value accuracy_noisy $summary) >= 0.965"
for residual in residual_array residual_supply; do
    value=$(value $residual $summary)
    holds "$residual" "$value < 1e-3 && $value > -1e-3"
done

# files, headers, keys: those of the manual, no more and no less
same "files" "$(ls $out | tr '\n' ' ')" \
    "$(awk '$1 == ".Sh" { in_files = $2 == "FILES" }
            in_files && $1 == ".It" && $2 == "Pa" && $3 !~ "/" { print $3 }' "$manual" | sort | tr '\n' ' ')"
for file in devices pulses energy elements images phases transfer; do
    same "header of $file.csv" "$(head -n 1 $out/$file.csv)" "$(words $file.csv | tr '\n' ',' | sed 's/,$//')"
done
same "keys of summary.json" "$(sed -n 's/^  "\([^"]*\)":.*/\1/p' $summary | sort | tr '\n' ' ')" \
    "$(words summary.json | sort -u | tr '\n' ' ')"
same "keys of manifest.json" "$(sed -n 's/^  "\([^"]*\)":.*/\1/p' $out/manifest.json | sort | tr '\n' ' ')" \
    "$(words manifest.json | sort | tr '\n' ' ')"
same "command in manifest.json" \
    "$(tr -d '\n' <$out/manifest.json | sed -n 's/.*"command": \[ *\([^]]*[^ ]\) *\].*/\1/p' | tr -s ' ')" \
    '"silverbar", "train", "-o", "out"'

# what must be so in any run
same "rows of devices.csv" "$(grep -c '^xm' $out/devices.csv)" 30
same "rows of images.csv" "$(grep -c '^[0-9]*,[01][01][01]/' $out/images.csv)" 512
same "rows of pulses.csv" "$(grep -c ',xm' $out/pulses.csv)" "$(value pulses_total $summary)"
same "sum of pulses in devices.csv" "$(awk -F, 'NR > 1 { n += $10 } END { print n }' $out/devices.csv)" \
    "$(value pulses_total $summary)"
same "devices off their target by more than 5 %" \
    "$(awk -F, 'NR > 1 { d = $7 / $5 - 1; if (d > .05 || d < -.05) n++ } END { print n + 0 }' $out/devices.csv)" 0
# The same joules in three places, to rounding; what was delivered and what was absorbed, to the
# largest residual that counts as trustworthy.
for class in memristor select line reference neuron driver; do
    near "J of training, $class" "$(value $class $summary | sed -n "/^[0-9]/{p;q;}")" "$(awk -F, "
        \$1 == \"training\" && \$3 == \"$class\" { sum += \$4 } END { printf \"%.17g\", sum }" $out/energy.csv)" 1e-12
done
delivered=$(value delivered_supply_J $summary)+$(value delivered_drivers_J $summary)
near "energy_J, of supply and drivers" "$(value energy_J $summary)" "($delivered)" 1e-12
near "energy_J, absorbed" "$(value energy_J $summary)" \
    "$(awk -F, '$1 == "training" { sum += $4 } END { printf "%.17g", sum }' $out/energy.csv)" 1e-3

# again, among hostile settings
settings='set numdgt=3
option reltol=0.1 method=trap
set noaskquit
quit'
echo "$settings" >second/.spiceinit
echo "$settings" >"$HOME/.spiceinit"
echo "$settings" >"$HOME/spice.rc"
mkdir "$work/scripts" "$work/locales"
echo "$settings" >"$work/scripts/spinit"
if localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" 2>/dev/null; then
    LOCPATH=$work/locales
    export LOCPATH
fi
same "decimal point of the hostile locale" \
    "$(LC_ALL=de_DE.UTF-8 locale decimal_point 2>/dev/null)" "$(
        [ -n "${LOCPATH-}" ] || locale -a | grep -qi '^de_DE.utf-*8' && echo , || echo .)"
(cd second && LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 SPICE_SCRIPTS=$work/scripts \
    "$SILVERBAR" train -o out >stdout 2>stderr)
same "exit status among hostile settings" $? 0
for file in $(ls $out); do
    if [ "$file" = summary.json ]; then
        grep -vE "$wall" first/out/$file >first/$file
        grep -vE "$wall" second/out/$file >second/$file
        check "the same bytes, wall times apart: $file" cmp first/$file second/$file
    else
        check "the same bytes: $file" cmp first/out/$file second/out/$file
    fi
done

# another seed; --json prints the summary
# shellcheck disable=SC2046 # no word, or two
"$SILVERBAR" train --seed 2 $(length "" "--engine event") -o other --json >stdout 2>stderr
same "exit status of seed 2" $? 0
check "--json prints summary.json" cmp stdout other/summary.json
for file in devices.csv pulses.csv waveforms.raw; do
    if cmp -s $out/$file other/$file; then bad "$file" "the same for seeds 1 and 2"; fi
done

# compare
"$SILVERBAR" compare --csv $out other >table
same "exit status of compare" $? 0
same "runs compared" "$(sed 's/,.*//' table | tr '\n' ' ')" "run first/out other "
"$SILVERBAR" compare --json $out other >table
same "runs compared (JSON)" "$(grep -c '"run":' table)" 2

# for cli_replay.sh
if [ $failed -eq 0 ]; then
    mkdir -p "$SB_BUILD/tests" && rm -rf "$SB_BUILD/tests/train-Cr" && cp -r $out "$SB_BUILD/tests/train-Cr"
fi
exit $failed
