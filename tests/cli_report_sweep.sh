#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The report of a sweep: its counts and means are those of the table, failures come first, a title
# that is markup comes out as text; a sample that it tells how to run again gives its row again.
. "$(dirname -- "$0")/setup.sh"

# training runs in ngspice take some ten seconds: these fail at the time limit
cat >bench.yaml <<'EOF'
title: '</script><script>window.injected=1</script> & <b>'
experiment: training
seed: 3
replicas: 2
time_limit: 4
sweep:
  - key: engine.name
    values: [event, ngspice]
  - key: noise.train
    values: [0, 0.2]
EOF
"$SILVERBAR" sweep bench.yaml -j 2 -o r.db >out 2>message || cat message
"$SILVERBAR" report r.db || bad "report"
check "the page is beside the file" [ -s r.db.html ]
"$SILVERBAR" report r.db -o again.html
check "made again it is the same" cmp -s r.db.html again.html
"$SILVERBAR" table r.db --csv >table.csv
samples=$(($(wc -l <table.csv) - 1))
done=$(grep -c ',done,' table.csv)
card() { # NAME: its figure
    sed -n "s/.*<span class=\"name\">$1<\/span><b[^>]*>\([^<]*\)<.*/\1/p" r.db.html
}
same "samples" "$(card samples)" "$samples of 8"
same "done" "$(card 'done')" "$done"
same "failed" "$(card 'failed, or not to be trusted')" "$((samples - done))"
check "some have failed and some have not" [ "$done" -gt 0 -a "$done" -lt "$samples" ]
check "markup comes out as text" grep -q '<h1>&#60;/script&#62;' r.db.html
same "no element came from a text" "$(grep -c '<script>window' r.db.html)" 0
list=$(sed -n '/<h2 id="samples">/,/<h2 id="testbench">/p' r.db.html)
first=$(printf '%s\n' "$list" | sed -n '/^<tr><td/{s/^<tr><td class="n">\([0-9]*\)<\/td><td>\([a-z]*\)<.*/\2/p;q;}')
check "failures come first" [ "$first" != "done" ]
same "samples that are listed" "$(printf '%s\n' "$list" | grep -c '^<tr><td')" "$samples"
same "reasons of failures" "$(printf '%s\n' "$list" | grep -c 'time limit')" "$((samples - done))"

# a mean of the page is the mean of the rows
mean=$(awk -F, 'NR == 1 { for (k = 1; k <= NF; k++) { if ($k == "pulses") p = k; if ($k == "noise.train") x = k } }
    NR > 1 && /,done,/ { if (!n) first = $x; if ($x == first) { n++; s += $p } } END { printf "%.6g", s / n }' table.csv)
check "the mean of pulses, $mean, is there" grep -q "<td class=\"n\">$mean</td>" r.db.html

# the commands that the page gives
if command -v sqlite3 >/dev/null; then
    eval "$(sed -n 's/.*again: <code>\(sqlite3.*\)<\/code>.*/\1/p' r.db.html | sed 's/&#62;/>/; s/&#39;/'"'"'/g')"
    check "the testbench is got out" [ -s testbench.yaml ]
else # what the page shows of it
    sed -n '/<pre>/,/<\/pre>/{s/.*<pre>//; s/<\/pre>.*//; p;}' r.db.html |
        sed 's/&#39;/'"'"'/g; s/&#60;/</g; s/&#62;/>/g; s/&#34;/"/g; s/&#61;/=/g; s/&#38;/\&/g' >testbench.yaml
fi
"$SILVERBAR" run testbench.yaml --sample 1 -o sample1 >out 2>message || bad "a sample again" "$(cat message)"
same "a sample again" "$(sed -n 2p sample1/samples.csv)" "$(sed -n 3p table.csv)"

# a folder of `run': of many samples the same parts, of one its outputs and tables
printf 'title: "a <b> title"\nexperiment: training\nengine: {name: event}\ncircuit: {neuron: behavioural}\nreplicas: 3\n' >few.yaml
"$SILVERBAR" run few.yaml -o few >/dev/null || bad "run"
check "run: many samples" grep -q '<h2 id="distributions">' few/report.html
check "run: the title is text" grep -q '<h1>a &#60;b&#62; title' few/report.html
check "run: how to run one again" grep -q 'silverbar run &#39;few/testbench.yaml&#39; --sample 0' few/report.html
"$SILVERBAR" report few -o again.html
check "run: made again it is the same" cmp -s few/report.html again.html
"$SILVERBAR" run few.yaml --sample 1 -o one >/dev/null || bad "run --sample"
check "run: one sample has its tables" grep -q '<h2>devices.csv</h2>' one/report.html
same "run: rows of them" "$(sed -n '/<h2>devices.csv/,/<\/details>/p' one/report.html | grep -c '^<tr><td')" 30

# any folder of tables
mkdir tables && printf 'x_s,y_V\n0,1\n1,3\n2,<i>\n' >tables/a.csv && printf 'x_s,y_V\n0,1\n1,3\n2,2\n' >tables/b.csv
"$SILVERBAR" report tables || bad "report of tables"
same "tables: plots" "$(grep -c '<figure class="plot">' tables/report.html)" 1
check "tables: a text is text" grep -q '&#60;i&#62;' tables/report.html

"$SILVERBAR" report bench.yaml >out 2>message
same "no file of results: status" $? 2
check "no file of results: message" grep -q 'bench.yaml' message
check "no file of results: nothing made" [ ! -e bench.yaml.html ]
nothing_left report
exit $failed
