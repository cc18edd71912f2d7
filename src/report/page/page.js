// SPDX-License-Identifier: GPL-3.0-or-later
// The waveform viewer of a report: chooses signals, decimates to the window in levels, draws with
// dygraphs.  Names from the data only ever become text nodes.
(function () {
'use strict';
var block = document.getElementById('wave-data'), root = document.getElementById('wave');
if (!block || !root) return;
var D = JSON.parse(block.textContent), N = D.bins, MAX = 12;
var state = {chosen: [], window: [0, D.end], cursor: [null, null], next: 0, separate: false, mouse: null};
var panels = [], rows = [], begin = null, ready = false, kinds = ['set', 'reset', 'read', 'infer', 'erase'];

function make(tag, text, parent, attributes) {
  var e = document.createElement(tag);
  if (text !== null && text !== undefined) e.textContent = text;
  for (var k in attributes || {}) e.setAttribute(k, attributes[k]);
  if (parent) parent.appendChild(e);
  return e;
}
function color(name) { return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim(); }
function quantity(v, unit, digits) {
  if (v === null || v === undefined || !isFinite(v)) return '–';
  if (!unit || unit === '1') return String(+v.toPrecision(digits || 5));
  if (v === 0 || unit === 'dB' || unit === '°') return +v.toPrecision(digits || 5) + ' ' + unit;
  var p = Math.max(-5, Math.min(4, Math.floor(Math.log10(Math.abs(v)) / 3 + 1e-9)));
  return +(v / Math.pow(1000, p)).toPrecision(digits || 5) + ' ' + 'fpnµm kMGT'.charAt(p + 5).trim() + unit;
}

// --- data
function inflate(text) {
  var raw = atob(text), bytes = new Uint8Array(raw.length);
  for (var i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))).arrayBuffer();
}
// Two planes of bytes, low and high, of the differences of 16-bit numbers; 65535: not finite.
function decode(s, buffer) {
  var bytes = new Uint8Array(buffer), n = bytes.length / 2, v = new Float64Array(n), q = 0;
  for (var i = 0; i < n; i++) {
    q = (i % N === 0 ? 0 : q) + bytes[i] + 256 * bytes[n + i] & 65535;
    v[i] = q === 65535 ? NaN : s.lo + q * (s.hi - s.lo) / 65534;
  }
  var a = v.subarray(0, N), b = n > N ? v.subarray(N) : a;
  return {a: a, b: b};
}
function load(k) {
  var s = D.signals[k];
  if (s.v) return Promise.resolve(s);
  return inflate(s.d).then(function (buffer) { s.v = decode(s, buffer); s.d = null; return s; });
}
function bin(t) { // the last bin that begins at t or before
  var lo = 0, hi = N - 1;
  while (lo < hi) { var mid = (lo + hi + 1) >> 1; if (begin[mid] <= t) lo = mid; else hi = mid - 1; }
  return lo;
}
function cut() { // the rows that dygraphs gets: the window and as much at each side, by columns of pixels
  var w = state.window, span = w[1] - w[0], i0 = bin(w[0] - span), i1 = Math.min(N - 1, bin(w[1] + span) + 1);
  var columns = 1.5 * (root.clientWidth || 800), all = state.chosen.map(function (k) { return D.signals[k].v; });
  var column = function (i) { return D.log ? i : Math.floor((begin[i] - w[0]) / span * columns); };
  rows = [];
  for (var i = i0, j; i <= i1; i = j) {
    for (j = i + 1; j <= i1 && column(j) === column(i); j++);
    var next = j < N ? begin[j] : D.end, t = begin[i], early = [t], late = [t + (next - t) / 2];
    for (var k = 0; k < all.length; k++) { // both extremes of the bins i to j - 1 in the order they come
      var a = all[k].a, b = all[k].b, lo = a[i], hi = lo, rising = true;
      for (var m = i; m < j; m++) {
        if (!(a[m] >= lo)) { lo = a[m]; rising = false; }
        if (!(a[m] <= hi)) { hi = a[m]; rising = true; }
        if (!(b[m] >= lo)) { lo = b[m]; rising = false; }
        if (!(b[m] <= hi)) { hi = b[m]; rising = true; }
      }
      early.push(rising ? lo : hi);
      late.push(rising ? hi : lo);
    }
    rows.push(early);
    if ((j > i + 1 || D.perBin > 1) && late[0] > t) rows.push(late);
  }
  if (rows.length === 1) rows.push([D.end].concat(rows[0].slice(1)));
}
function valueAt(k, t) { // [lowest, highest] of what is known at t
  var s = D.signals[k].v, i = bin(t);
  if (t === null) return null;
  if (D.perBin > 1) return [Math.min(s.a[i], s.b[i]), Math.max(s.a[i], s.b[i])];
  var j = Math.min(i + 1, N - 1), f = j > i && begin[j] > begin[i] ? (t - begin[i]) / (begin[j] - begin[i]) : 0;
  var v = s.a[i] + Math.max(0, Math.min(1, f)) * (s.a[j] - s.a[i]);
  return [v, v];
}

// --- controls
var side = make('div', null, root), main = make('div', null, root);
var filter = make('input', null, side, {type: 'text', placeholder: 'name or pattern, as v(h*)', 'aria-label': 'filter signals'});
var list = make('div', null, side, {'class': 'list'}), buttons = make('div', null, side, {'class': 'tools'});
var tools = make('div', null, main, {'class': 'tools'}), bands = make('div', null, main, {'class': 'tools bands'});
var plots = make('div', null, main), readout = make('table', null, make('div', null, main, {'class': 'scroll'}), {'class': 'readout'});
var note = make('p', null, main, {'class': 'note'});

function matcher(text) {
  text = text.trim().toLowerCase();
  var glob = /[*?]/.test(text);
  var e = glob && new RegExp('^' + text.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.') + '$');
  return function (name) { name = name.toLowerCase(); return glob ? e.test(name) : name.indexOf(text) >= 0; };
}
var boxes = D.signals.map(function (s, k) {
  var label = make('label', null, list), box = make('input', null, label, {type: 'checkbox'});
  make('span', s.n, label);
  make('span', s.u, label, {'class': 'soft'});
  box.addEventListener('change', function () {
    choose(box.checked ? state.chosen.concat(k) : state.chosen.filter(function (i) { return i !== k; }));
  });
  return {label: label, box: box};
});
function filtered() {
  var match = matcher(filter.value);
  return D.signals.map(function (s, k) { return k; }).filter(function (k) { return match(D.signals[k].n); });
}
filter.addEventListener('input', function () {
  var shown = filtered();
  boxes.forEach(function (b, k) { b.label.style.display = shown.indexOf(k) < 0 ? 'none' : ''; });
});
filter.addEventListener('keydown', function (e) { if (e.key === 'Enter') choose(filtered()); });
function button(text, parent, action, title) {
  make('button', text, parent, {type: 'button', title: title || text}).addEventListener('click', action);
}
button('show matches', buttons, function () { choose(filtered()); }, 'show the first ' + MAX + ' signals of the list');
button('none', buttons, function () { choose([]); });
button('all', tools, function () { setWindow(begin[0], D.end); }, 'whole run');
button('+', tools, function () { zoom(0.5); }, 'zoom in');
button('−', tools, function () { zoom(2); }, 'zoom out');
button('◀', tools, function () { pan(-0.5); }, 'earlier');
button('▶', tools, function () { pan(0.5); }, 'later');
button('clear cursors', tools, function () { state.cursor = [null, null]; state.next = 0; redraw(); });
var separate = make('input', null, make('label', 'a plot each', tools), {type: 'checkbox'});
separate.addEventListener('change', function () { state.separate = separate.checked; build(); });

var P = D.phases, devices = [], pulses = [];
if (P) {
  P.k.forEach(function (k, i) {
    if (P.d[i] && devices.indexOf(P.d[i]) < 0) devices.push(P.d[i]);
    if (k === 'set' || k === 'reset' || k === 'erase') pulses.push(i);
  });
  var select = make('select', null, make('label', 'device', tools));
  make('option', '–', select, {value: ''});
  devices.forEach(function (d, i) { make('option', (i + 1) + ': ' + d, select, {value: i}); });
  select.addEventListener('change', function () { if (select.value !== '') jumpDevice(+select.value); });
  var pulse = make('input', null, make('label', 'pulse', tools), {type: 'number', min: 1, max: pulses.length, placeholder: '1–' + pulses.length});
  pulse.addEventListener('change', function () { jumpPulse(+pulse.value); });
  kinds.forEach(function (k) {
    if (P.k.indexOf(k) >= 0) make('span', k, bands).style.background = 'var(--' + k + ')';
  });
}
function jumpDevice(i) {
  var t0 = Infinity, t1 = -Infinity, tail = devices[i].replace(/^\D*/, '');
  P.k.forEach(function (k, n) { // only the time in which it is programmed
    if (P.d[n] === devices[i] && P.s[n] === 'training') { t0 = Math.min(t0, P.t0[n]); t1 = Math.max(t1, P.t1[n]); }
  });
  var own = D.signals.map(function (s, k) { return k; }).filter(function (k) {
    var at = tail ? D.signals[k].n.indexOf(tail) : -1;
    return at > 0 && !/\d/.test(D.signals[k].n.charAt(at + tail.length)) && !/[\d_]/.test(D.signals[k].n.charAt(at - 1));
  });
  if (t0 < t1) state.window = [t0, t1];
  choose(own.length ? own : state.chosen);
}
function jumpPulse(n) {
  var i = pulses[Math.max(1, Math.min(pulses.length, n)) - 1], w = P.t1[i] - P.t0[i];
  setWindow(P.t0[i] - 0.25 * w, P.t1[i] + 0.25 * w);
}

// --- plots
function setWindow(a, b) {
  var least = Math.max(1e-15, 1e-9 * (D.end - begin[0]));
  if (!(b - a > least)) { var c = (a + b) / 2; a = c - least / 2; b = c + least / 2; }
  state.window = [Math.max(begin[0], a), Math.min(D.end, b)];
  if (!(state.window[1] > state.window[0])) state.window = [begin[0], D.end];
  redraw();
}
function zoom(f) { var w = state.window, c = (w[0] + w[1]) / 2, h = f * (w[1] - w[0]) / 2; setWindow(c - h, c + h); }
function pan(f) {
  var w = state.window, d = f * (w[1] - w[0]);
  d = Math.max(begin[0] - w[0], Math.min(D.end - w[1], d));
  setWindow(w[0] + d, w[1] + d);
}
function under(canvas, area, g) {
  var w = state.window;
  if (P) {
    var fill = {};
    kinds.forEach(function (k) { fill[k] = color(k); });
    for (var i = 0; i < P.k.length; i++) {
      if (P.t1[i] < w[0] || P.t0[i] > w[1] || !fill[P.k[i]]) continue;
      var x0 = Math.max(area.x, g.toDomXCoord(P.t0[i])), x1 = Math.min(area.x + area.w, g.toDomXCoord(P.t1[i]));
      canvas.fillStyle = fill[P.k[i]];
      canvas.fillRect(x0, area.y, Math.max(0.4, x1 - x0), area.h);
    }
  }
  state.cursor.forEach(function (t, i) {
    if (t === null || t < w[0] || t > w[1]) return;
    var x = g.toDomXCoord(t);
    canvas.strokeStyle = canvas.fillStyle = color('ink');
    canvas.lineWidth = 1;
    canvas.setLineDash(i ? [4, 3] : []);
    canvas.beginPath(); canvas.moveTo(x, area.y); canvas.lineTo(x, area.y + area.h); canvas.stroke();
    canvas.setLineDash([]);
    canvas.font = '11px sans-serif';
    canvas.fillText('AB'.charAt(i), x + 3, area.y + 10);
  });
}
var busy = false, asked = false;
function drawn(g, initial) { // after zoom and pan by hand
  if (busy || initial || asked) return;
  var w = g.xAxisRange();
  if (Math.abs(w[0] - state.window[0]) + Math.abs(w[1] - state.window[1]) < 1e-9 * (w[1] - w[0])) return;
  asked = true;
  requestAnimationFrame(function () { asked = false; setWindow(w[0], w[1]); });
}
function build() {
  panels.forEach(function (p) { p.g.destroy(); });
  plots.textContent = '';
  panels = [];
  cut();
  var groups = {}, order = [];
  state.chosen.forEach(function (k, i) {
    var key = state.separate ? 'k' + k : 'u' + D.signals[k].u;
    if (!groups[key]) { groups[key] = []; order.push(key); }
    groups[key].push(i);
  });
  busy = true;
  order.forEach(function (key) {
    var mine = groups[key], unit = D.signals[state.chosen[mine[0]]].u, head = make('div', null, plots, {'class': 'unit'});
    mine.forEach(function (i) {
      make('span', null, head, {'class': 'key c' + i % 8});
      make('span', D.signals[state.chosen[i]].n + (unit ? ' [' + unit + ']' : '') + '   ', head);
    });
    var div = make('div', null, plots, {'class': 'panel'}), model = {};
    for (var m in Dygraph.defaultInteractionModel) model[m] = Dygraph.defaultInteractionModel[m];
    model.dblclick = function () { setWindow(begin[0], D.end); };
    panels.push({signals: mine, g: new Dygraph(div, part(mine), {
      labels: ['x'].concat(mine.map(function (i) { return 's' + i; })),
      colors: mine.map(function (i) { return color('c' + i % 8); }),
      dateWindow: state.window, legend: 'never', strokeWidth: 1.3, gridLineColor: color('line'),
      axisLineColor: color('soft'), animatedZooms: false, interactionModel: model, logscale: false,
      underlayCallback: under, drawCallback: drawn, rightGap: 12, highlightCircleSize: 2,
      highlightCallback: function (e, x) { state.mouse = x; read(); },
      unhighlightCallback: function () { state.mouse = null; read(); },
      clickCallback: function (e, x) { state.cursor[e.shiftKey ? 1 : state.next] = x; state.next = e.shiftKey ? 0 : 1 - state.next; redraw(); },
      axes: {
        x: {logscale: D.log, axisLabelFormatter: function (v) { return quantity(v, D.unit, 7); }, axisLabelWidth: 80, pixelsPerLabel: 70,
            ticker: Dygraph.numericTicks},
        y: {axisLabelFormatter: function (v) { return quantity(v, unit, 6); }, axisLabelWidth: 68}
      }
    })});
  });
  busy = false;
  boxes.forEach(function (b, k) { b.box.checked = state.chosen.indexOf(k) >= 0; });
  read();
}
function part(mine) {
  return rows.map(function (r) { return [r[0]].concat(mine.map(function (i) { return r[i + 1]; })); });
}
function redraw() {
  cut();
  busy = true;
  panels.forEach(function (p) { p.g.updateOptions({file: part(p.signals), dateWindow: state.window}); });
  busy = false;
  read();
}
function choose(wanted) {
  wanted = wanted.slice(0, MAX);
  return Promise.all(wanted.map(load)).then(function () { state.chosen = wanted; build(); });
}
function shown(k, t) {
  if (t === null) return '';
  var v = valueAt(k, t), u = D.signals[k].u;
  return v[0] === v[1] ? quantity(v[0], u) : quantity(v[0], u) + ' … ' + quantity(v[1], u);
}
function read() {
  var c = state.cursor, both = c[0] !== null && c[1] !== null, dt = both ? c[1] - c[0] : null;
  readout.textContent = '';
  var head = make('tr', null, readout), time = make('tr', null, readout);
  ['', 'pointer', 'A', 'B', 'B − A'].forEach(function (t) { make('th', t, head); });
  [D.scale, state.mouse === null ? '' : quantity(state.mouse, D.unit, 9), c[0] === null ? '' : quantity(c[0], D.unit, 9),
   c[1] === null ? '' : quantity(c[1], D.unit, 9),
   both ? 'Δ ' + quantity(dt, D.unit, 6) + (dt && D.unit === 's' ? ', 1/Δt ' + quantity(1 / Math.abs(dt), 'Hz', 6) : '') : ''
  ].forEach(function (t) { make('td', t, time); });
  state.chosen.forEach(function (k) {
    var r = make('tr', null, readout), s = D.signals[k], a = both && valueAt(k, c[0]), b = both && valueAt(k, c[1]);
    make('td', s.n, r);
    make('td', shown(k, state.mouse), r);
    make('td', shown(k, c[0]), r);
    make('td', shown(k, c[1]), r);
    make('td', both ? quantity((b[0] + b[1] - a[0] - a[1]) / 2, s.u) : '', r);
  });
  var names = state.chosen.map(function (k) { return D.signals[k].n; }).join(',').replace(/'/g, "'\\''");
  note.textContent = D.points + ' points' + (D.perBin > 1 ? ', of which this page has the extremes of each ' + D.perBin +
    ' (bins of at most ' + quantity(D.widest, D.unit, 3) + ')' : ', all in this page') +
    ', values to 1/65534 of a signal’s range. Drag to zoom, shift-drag to pan, double click for all, click to set cursors. All points of this view: ';
  make('code', D.command + (names ? " --signals '" + names + "'" : '') + ' --from ' + state.window[0] + ' --to ' + state.window[1] + ' --csv', note);
}

inflate(D.begin).then(function (buffer) {
  begin = new Float64Array(buffer);
  state.window = [begin[0], D.end];
  return choose(D.first);
}).then(function () {
  ready = true;
  root.setAttribute('data-ready', Math.round(performance.now()));
}, function (e) { make('p', 'The waveforms cannot be shown: ' + e.message, root, {'class': 'bad'}); });
if (window.matchMedia)
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', function () { if (ready) build(); });
window.silverbar = {state: state, choose: choose, setWindow: setWindow, jumpDevice: jumpDevice, jumpPulse: jumpPulse, data: D,
  find: function (text) { filter.value = text; filter.dispatchEvent(new Event('input')); return filtered(); }};
})();
