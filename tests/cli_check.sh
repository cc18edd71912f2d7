#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# silverbar check: every engine on the quick cases is within tolerance; at a loose tolerance the same
# table says what fails, with exit status 3; the saved table is the printed one; Ctrl-C leaves nothing.
. "$(dirname -- "$0")/setup.sh"

"$SILVERBAR" check --quick -o table.csv >stdout 2>stderr
same "exit status" $? 0
same "bytes on standard error" "$(wc -c <stderr | tr -d ' ')" 0
cat stdout
same "rows: a header, the tolerances, two cases in three engines" "$(wc -l <stdout | tr -d ' ')" 8
for engine in ngspice ida event; do
    same "$engine is within tolerance, cases" "$(grep -c "^[a-z0-9-]* *$engine .* ok$" stdout)" 2
done
same "columns of the saved table" "$(head -n 1 table.csv)" \
    "case,engine,neurons,state,waveform,reading,energy,energy_of,accuracy,images_otherwise,wall_s,verdict"
same "lines of the saved table" "$(wc -l <table.csv | tr -d ' ')" 8

# the verdict follows from the figures and the tolerances in the first row
awk -F, '
    { gsub(/"[^"]*"/, "text") }
    NR == 2 { for (k = 4; k <= 7; k++) limit[k] = $k }
    NR > 2 {
        over = 0
        for (k = 4; k <= 7; k++)
            over += $k != "" && $k > limit[k]
        if ((over > 0) == ($NF == "ok") || $4 <= 0 || $7 <= 0)
            exit 1
    }' table.csv
same "figures are above zero and below the tolerances where the verdict is ok" $? 0

"$SILVERBAR" check --case device --reltol 0.03 --json >loose.json 2>stderr
same "exit status at reltol 0.03" $? 3
check "its message" grep -q '^silverbar check: [1-3] of 3 rows are above their tolerance$' stderr
check "its verdicts say which figures" grep -q '"verdict": "fails: .*state of xm1' loose.json
same "objects" "$(grep -c '"verdict"' loose.json)" 4

# a table that is there is replaced whole; a folder and a device are not
echo old >table.txt
"$SILVERBAR" check --case device -o table.txt >stdout 2>stderr
same "exit status" $? 0
check "the saved text is the printed one" cmp stdout table.txt

"$SILVERBAR" check -o long.csv >stdout 2>stderr &
pid=$!
sleep 3
kill -INT $pid
wait $pid
same "exit status after SIGINT" $? 130
check "the message" grep -q '^silverbar check: interrupted' stderr
check "no table" [ ! -e long.csv ]
nothing_left "SIGINT"
exit $failed
