#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The report of a real training run: every figure in it is that of summary.json; made again from the
# folder it is the same; a folder without some files gives notes, a damaged file gives a message;
# nothing from a file can become markup.  In headless Chromium, without a network: no error on the
# console, the plots are there, a zoom, a choice of signals and a jump change them, at 360 and at
# 1400 pixels nothing is wider than the page.
. "$(dirname -- "$0")/setup.sh"

"$SILVERBAR" train --engine ida -o run >table || bad "silverbar train"
operating=$(tr -d '\n ' <run/manifest.json | sed -n \
    's/.*"operating_point":{"method":"\([a-z]*\)","steps":\([0-9]*\),"iterations":\([0-9]*\)}.*/\1, \2 steps, \3 iterations/p')
check "the manifest has the operating point: $operating" [ -n "$operating" ]
same "operating point in the table" "$(sed -n 's/^operating point: //p' table)" "$operating"
check "the run has a report" [ -s run/report.html ]
"$SILVERBAR" report run -o again.html
check "made again it is the same" cmp -s run/report.html again.html
"$SILVERBAR" report run -o - >stdout.html
check "on standard output too" cmp -s run/report.html stdout.html
holds "its size, MB" "$(wc -c <run/report.html) / 1e6 < 15"

# figures: energy [mJ] to 4 digits, settled devices, pulses of every device
text=$(sed 's/<script.*//' run/report.html)
shown() { # CARD: its figure
    printf '%s\n' "$text" | sed -n "s/.*<span class=\"name\">$1<\/span><b[^>]*>\([^<]*\)<.*/\1/p"
}
milli=$(awk "BEGIN { printf \"%.4g\", 1e3 * $(value energy_J run/summary.json) }" </dev/null)
same "energy of training" "$(shown 'energy of training' | sed 's/\xc2\xa0/ /')" "$milli mJ"
same "devices settled" "$(shown 'devices settled')" \
    "$(value devices_within_tolerance run/summary.json) of $(value devices_total run/summary.json)"
same "paths of devices" "$(printf '%s\n' "$text" | grep -c '<div class="path">')" 30
same "published figures" "$(printf '%s\n' "$text" | grep -o 'published: [^<]*' | tr '\n' ' ')" \
    "published: 2.4 s published: 18.9 mJ published: up to 97 %; pixels flip with p &#61; 0.1 "
# they are chromium's, programmed to targets: neither tungsten's nor those of another rule
for other in "--dopant W" "--rule delta"; do
    # shellcheck disable=SC2086
    "$SILVERBAR" train --engine event $other -o other >table 2>/dev/null
    same "$other: no published figures" "$(cat table other/report.html | grep -c '[Pp]ublished[ :]')" 0
    rm -r other
done
# phases.csv: the energies of training by class are those of the account
awk -F, 'FNR == NR { if ($1 == "training") account[$3] += $4; next }
    FNR == 1 { for (k = 6; k <= NF; k++) { sub(/_J/, "", $k); name[k] = $k }; next }
    $3 == "training" { for (k in name) sum[name[k]] += $k }
    END {
        for (c in account) {
            n++
            if (!((d = sum[c] - account[c]) * d <= 1e-18 * account[c] * account[c]))
                exit 1
        }
        exit n != 6
    }' run/energy.csv run/phases.csv
same "phases.csv sums up to energy.csv, status" $? 0
# the confusion in percent: its diagonal, averaged, is the accuracy with noise
near "accuracy from the confusion" "$(printf '%s\n' "$text" | awk -F'[<>]' '
    /Share of what is shown/ { n = 1; next }
    n && /^<tr><td>/ { x += n == 1 ? $9 : $13; if (n++ == 2) { print x / 200; exit } }')" \
    "$(value accuracy_noisy run/summary.json)" 1e-4

# folders without files, damaged ones
mkdir old && cp run/summary.json old
"$SILVERBAR" report old 2>message || bad "a folder with summary.json alone" "$(cat message)"
for file in devices.csv images.csv transfer.csv waveforms.raw manifest.json; do
    check "a note for $file" grep -q "This folder has no $file" old/report.html
done
refused() { # NAME MESSAGE
    "$SILVERBAR" report old -o bad.html >out 2>message
    same "$1: status" $? 2
    check "$1: says '$2'" grep -qF -- "$2" message
    check "$1: no report" [ ! -e bad.html ]
}
printf 'name,layer\n"a,1\n' >old/devices.csv
refused "quote that does not end" "old/devices.csv:2: expected 2 fields"
printf 'name,layer\na,1,2\n' >old/devices.csv
refused "too many fields" "old/devices.csv:2: expected 2 fields"
rm old/devices.csv
head -c 20000 run/waveforms.raw >old/waveforms.raw
refused "truncated waveforms" "bytes of data in plot"
rm old/waveforms.raw
echo '{' >old/manifest.json
refused "damaged manifest" "old/manifest.json:"
"$SILVERBAR" report nowhere >out 2>message
same "no folder: status" $? 2

# markup in every text that there is
x='<img src=x onerror=window.injected=1></script><script>window.injected=1</script>'
mkdir "evil" && cp run/*.csv run/*.json run/waveforms.raw evil
for file in devices pulses phases; do
    sed "s|xm1_1_1|$x|" run/$file.csv >evil/$file.csv
done
sed "s|,T,|,$x,|; s|,T,|,$x,|" run/images.csv >evil/images.csv
sed "s|\"seed\"|\"$x\": \"$x\", \"seed\"|; s|\"Cr\"|\"<i>$x\"|" run/summary.json | cut -c1-400 >evil/summary.json
sed "s|\"train\"|\"$x\"|" run/manifest.json >evil/manifest.json
# as long a name in the header of the waveforms: a binary file is not changed otherwise
sed 's|v(row1_1)|<img/src>|; s|^Title: .*|Title: </script><b>|' run/waveforms.raw >evil/waveforms.raw
folder='<img src=x onerror=alert(1)>'
mv evil "$folder"
"$SILVERBAR" report "$folder" -o evil.html 2>message || bad "hostile texts" "$(cat message)"
check "no element came from a text" [ "$(grep -ci '<img\|<script>window.inj' evil.html)" = 0 ]
check "the texts are there" grep -q '&#60;img src&#61;x onerror&#61;alert(1)&#62;' evil.html
printf 'Title: </script><script>window.injected=1</script>\nPlotname: Transient Analysis\nFlags: real\nNo. Variables: 2\nNo. Points: 2\nVariables:\n\t0\ttime\ttime\n\t1\tv(<img/src=x/onerror=window.injected=1>)\tvoltage\nValues:\n0\t0\n\t1\n1\t1\n\t2\n' \
    >"$folder.cir.raw"
"$SILVERBAR" wave "$folder.cir.raw" --html -o wave.html || bad "wave --html"
# a deck and a sweep with such names, their own reports
printf '</script><script>window.injected=1</script>\nv1 in 0 sin(0 1 1k)\nr1 in out 1k\nc1 out 0 1u\nl1 in 0 1\n.tran 10u 4m 0 10u\n.meas tran top max v(out)\n.end\n' \
    >"$folder.cir"
"$SILVERBAR" sim "$folder.cir" -o sim >out 2>message || bad "sim" "$(cat message)"
printf 'title: "<img src=x onerror=window.injected=1></script><script>window.injected=1</script>"\nexperiment: training\nengine: {name: event}\ncircuit: {neuron: behavioural}\nreplicas: 2\nsweep: [{key: noise.train, values: [0, 0.1, 0.2]}, {key: device.dopant, values: [W, Cr]}]\n' >sweep.yaml
"$SILVERBAR" sweep sweep.yaml -j 1 -o sweep.db >out 2>message || bad "sweep" "$(cat message)"
"$SILVERBAR" report sweep.db -o sweep.html || bad "report of a sweep"
check "no element came from a deck or a testbench" [ "$(cat sim/report.html sweep.html | grep -ci '<img\|<script>window.inj')" = 0 ]
check "no element came from a raw file" [ "$(grep -ci '<img\|<script>window.inj' wave.html)" = 0 ]

if ! grep -q 'id="wave-data"' run/report.html; then
    check "still plots, and the reason" grep -q 'built without dygraphs' run/report.html
    same "plots: energy, transfer and four signals" "$(grep -o '<figure class="plot">' run/report.html | wc -l)" 7
    [ $failed -eq 0 ] || exit 1
    echo "skipped: built without dygraphs"
    exit 77
fi
if ! command -v chromium >/dev/null; then
    [ $failed -eq 0 ] || exit 1
    echo "skipped: no program chromium in PATH"
    exit 77
fi

sandbox=
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox
dump() { # PAGE: its final DOM to `dom', messages to `console'
    # shellcheck disable=SC2086 # no word if empty
    timeout 120 chromium --headless $sandbox --disable-gpu --window-size=1400,900 --user-data-dir="$work/tmp/chromium" \
        --host-resolver-rules='MAP * ~NOTFOUND' --virtual-time-budget=60000 --timeout=60000 \
        --enable-logging=stderr --dump-dom "file://$PWD/$1" >dom 2>console
    rm -rf "$work/tmp/chromium"
}
# as it is: its own scripts run, and one that was put in does not
sed 's|</body>|<script>document.title="injected"</script></body>|' run/report.html >put_in.html
dump put_in.html
check "a script that was put in is refused" grep -q 'CONSOLE.*Content Security Policy' console
check "it did not run" [ "$(grep -c '<title>injected' dom)" = 0 ]
dump run/report.html
check "the page as it is: ready" grep -q 'data-ready="[0-9]' dom
check "the page as it is: canvas" grep -q '<canvas' dom
check "the page as it is: console is empty" [ "$(grep -c CONSOLE console)" = 0 ]

# The pages speak for themselves: without their policy, a driver goes in behind them and says what
# it saw.
cat >driver.js <<'END'
(async function () {
  var out = [], say = function (k, v) { out.push(k + '=' + v); };
  var wait = function (f) { return new Promise(function (done) {
    var n = 0, t = setInterval(function () { if (f() || ++n > 400) { clearInterval(t); done(); } }, 50); }); };
  var look = function () { return [].map.call(document.querySelectorAll('#wave canvas'), function (c) { return c.toDataURL(); }).join(); };
  try {
    if (document.querySelector('#wave')) {
    await wait(function () { return document.querySelector('#wave[data-ready]'); });
    var s = window.silverbar, first = look(), root = document.querySelector('#wave');
    say('ready', root.getAttribute('data-ready') !== null);
    say('ready_ms', root.getAttribute('data-ready'));
    say('canvas', document.querySelectorAll('#wave canvas').length > 0);
    var end = s.data.end, window0 = s.state.window.join();
    s.setWindow(0.2 * end, 0.3 * end);
    var zoomed = look();
    say('zoom', zoomed !== first && s.state.window.join() !== window0);
    var found = s.find(s.data.phases ? 'v(h*)' : 'v(*');
    say('pattern', found.length > 0 && found.length < 20 && found.every(function (k) { return /^v\(/.test(s.data.signals[k].n); }));
    await s.choose(found.slice(0, 3));
    say('choice', look() !== zoomed && s.state.chosen.length === Math.min(3, found.length));
    if (s.data.phases) {
      s.jumpPulse(5);
      var p = s.data.phases, i = p.k.map(function (k, i) { return i; }).filter(function (i) { return p.k[i] === 'set' || p.k[i] === 'reset'; })[4];
      say('pulse', s.state.window[0] < p.t0[i] && s.state.window[1] > p.t1[i] && s.state.window[1] - s.state.window[0] < 2 * (p.t1[i] - p.t0[i]));
      s.state.cursor = [p.t0[i], p.t1[i]];
      s.setWindow(p.t0[i], p.t1[i]);
      say('cursors', /1\/Δt 100 Hz/.test(document.querySelector('.readout').textContent));
    }
    }
    say('overflow', document.documentElement.scrollWidth > innerWidth);
    say('width', innerWidth);
  say('wide', [].filter.call(document.querySelectorAll('body *'), function (e) { return e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll') && !e.closest('svg'); }).slice(0, 3).map(function (e) { return e.outerHTML.slice(0, 120); }).join(' ~ '));
  } catch (e) { say('exception', e); }
  say('errors', window.errors.length + window.errors.join());
  say('injected', window.injected === undefined && document.querySelectorAll('img,b:not(.card b,.path b)').length === 0);
  say('done', true);
  if (parent !== window) parent.postMessage(out.join('\n'), '*');
})();
END
browse() { # PAGE WIDTH: lines KEY=VALUE to `seen`
    {
        sed 's|<meta http-equiv[^>]*>||; s|<head>|<head><script>window.errors=[];window.addEventListener("error",function(e){errors.push(e.message)});window.addEventListener("unhandledrejection",function(e){errors.push(e.reason)})</script>|; /^<\/body><\/html>$/d' "$1"
        echo '<script>'
        cat driver.js
        echo '</script></body></html>'
    } >page.html
    cat >frame.html <<END
<!DOCTYPE html><body style="margin:0"><pre id="seen"></pre>
<iframe src="page.html" style="border:0;width:$2px;height:800px"></iframe>
<script>addEventListener('message', function (e) { document.getElementById('seen').textContent = e.data; document.title = 'seen'; });</script>
END
    dump frame.html
    sed -n '/<pre id="seen">/,/<\/pre>/p' dom | sed 's/.*<pre id="seen">//; s/<\/pre>.*//' >seen
    grep CONSOLE console >>seen
}
saw() { # NAME KEY VALUE
    same "$1: $2" "$(sed -n "s/^$2=//p" seen)" "$3"
}
for width in 360 1400; do
    browse run/report.html $width
    for key in ready canvas zoom pattern choice pulse cursors injected done; do
        saw "report at $width px" $key true
    done
    saw "report at $width px" width $width
    saw "report at $width px" overflow false
    saw "report at $width px" wide ""
    saw "report at $width px" errors 0
    check "report at $width px: console is empty" [ "$(grep -c CONSOLE seen)" = 0 ]
done
for width in 360 1400; do
    browse sim/report.html $width
    for key in ready canvas zoom pattern choice injected done; do
        saw "report of a deck at $width px" $key true
    done
    saw "report of a deck at $width px" overflow false
    saw "report of a deck at $width px" wide ""
    saw "report of a deck at $width px" errors 0
    browse sweep.html $width
    for key in injected done; do
        saw "report of a sweep at $width px" $key true
    done
    saw "report of a sweep at $width px" overflow false
    saw "report of a sweep at $width px" wide ""
    saw "report of a sweep at $width px" errors 0
    check "report of a sweep at $width px: console is empty" [ "$(grep -c CONSOLE seen)" = 0 ]
done
for page in evil.html wave.html; do
    browse $page 800
    saw $page ready true
    saw $page injected true
    saw $page errors 0
    check "$page: console is empty" [ "$(grep -c CONSOLE seen)" = 0 ]
done
[ $failed -eq 0 ] || cat seen
exit $failed
