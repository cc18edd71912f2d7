# SPDX-License-Identifier: GPL-3.0-or-later
# Plots of results/events; colours of Okabe and Ito.
set encoding utf8
set datafile separator ','
set terminal pngcairo noenhanced fontscale 1.1 size 1500,620
set grid lc rgb '#cccccc'
set key autotitle columnhead
blue = '#0072B2'; red = '#D55E00'; green = '#009E73'; pink = '#CC79A7'; sky = '#56B4E9'; black = '#000000'

set output 'hysteresis.png'
set multiplot layout 1,2 title 'hysteresis: 0.5 V sine of 9.87 s, 2e4 switches, one run'
set xlabel 'voltage [V]'
set ylabel 'current [µA]'
unset key
plot 'hysteresis.csv' using 2:($3*1e6) with lines lw 2 lc rgb blue
set xlabel 'time [s]'
set ylabel 'resistance [kohm]'
set y2label 'disruption rho'
set y2tics
set ytics nomirror
set key bottom left
set yrange [4:6.2]
plot 'hysteresis.csv' using 1:($4/1e3) with lines lw 2 lc rgb blue title 'resistance', \
     'hysteresis.csv' using 1:6 axes x1y2 with lines lw 2 dt 2 lc rgb red title 'disruption'
unset multiplot
set yrange [*:*]
unset y2tics
unset y2label
set ytics mirror

set terminal pngcairo noenhanced fontscale 1.1 size 900,620
set output 'staircase.png'
set title 'staircase: pulses of -0.01 ... -0.2 V, 500 s each in 1000 s'
set xlabel 'time [s]'
set ylabel 'resistance [kohm]'
set y2label 'voltage [V]'
set y2tics
set ytics nomirror
set key bottom left
plot 'staircase.csv' using 1:($4/1e3) with lines lw 2 lc rgb blue title 'resistance', \
     'staircase.csv' using 1:2 axes x1y2 with lines lw 1 lc rgb red title 'voltage (thin)'
unset y2tics
unset y2label
set ytics mirror

set output 'frequency.png'
set title 'five pulses of 0.1 V and 0.15 s from 20 kohm: mean of 100 runs, 95 % interval'
set xlabel 'frequency of the pulses [Hz]'
set ylabel 'change of the resistance [%]'
set key top left
set xrange [0.09:0.20]
set yrange [-0.5:*]
on(x) = x == 0 ? NaN : 1
off(x) = x == 0 ? 1 : NaN
plot 'frequency.csv' using 2:(column('change')*100*on($1)):(column('change_low')*100):(column('change_high')*100) \
         with yerrorbars pt 7 lc rgb blue title 'volatile, kappa 500 /V', \
     '' using 2:(column('change')*100*off($1)):(column('change_low')*100):(column('change_high')*100) \
         with yerrorbars pt 4 lc rgb red title 'not volatile'
set xrange [*:*]
set yrange [*:*]

set output 'relaxation.png'
set title 'rest after a pulse of -0.3 V and 5 s: one run'
set xlabel 'time after the pulse [s]'
set ylabel 'resistance [kohm]'
set logscale x
set key top left
plot 'relaxation_10.csv' using ($1-5):($1 > 5 ? $4/1e3 : NaN) with linespoints pt 7 lw 2 lc rgb blue title 'volatile, kappa 10 /V, tau 10 s', \
     'relaxation_0.csv' using ($1-5):($1 > 5 ? $4/1e3 : NaN) with linespoints pt 4 lw 2 dt 2 lc rgb red title 'not volatile'
unset logscale

set terminal pngcairo noenhanced fontscale 1.1 size 1500,620
set output 'event_accuracy.png'
unset title
set multiplot layout 1,2 title 'exact jumps against fixed steps: 2e5 switches, pulses of -0.02 ... -0.3 V, 1000 trials'
set logscale xy
set format x '%.0e'
set format y '%.0e'
set xlabel 'processor time of a trial [s]'
set ylabel 'squared bias of R, or what chance leaves of it [ohm²]'
set key top right
is(m, name) = strcol('method') eq name ? 1 : NaN
low = 400
err(b, f) = b > f ? b : f
plot 'event_accuracy.csv' using (column('cpu_s')*is(0,'binomial')):(err(column('bias2_ohm2'), column('floor_ohm2'))) with linespoints pt 7 ps 1.5 lw 2 lc rgb blue title 'fixed steps, binomial', \
     '' using (column('cpu_s')*is(0,'normal')):(err(column('bias2_ohm2'), column('floor_ohm2'))) with linespoints pt 4 ps 1.5 lw 2 dt 2 lc rgb red title 'fixed steps, rounded Normal', \
     '' using (column('cpu_s')*is(0,'passage')):(err(column('bias2_ohm2'), column('floor_ohm2'))) with linespoints pt 6 ps 1.5 lw 2 dt 4 lc rgb pink title 'fixed steps, exact passage', \
     '' using (column('cpu_s')*is(0,'event')):(err(column('bias2_ohm2'), column('floor_ohm2'))) with points pt 9 ps 2.5 lc rgb green title 'exact jumps', \
     '' using (column('cpu_s')*is(0,'single')):(column('floor_ohm2') > 0 ? 1/0 : 423) with points pt 5 ps 2 lc rgb black title 'single events (reference)', \
     423 with lines dt 3 lc rgb black title 'chance of 1000 trials'
unset logscale
set format x '%g'
set format y '%g'
set xlabel 'time [s]'
set ylabel 'mean resistance [kohm]'
w(m, h) = (strcol('method') eq m && abs(column('h_s') - h) < 1e-9) ? 1 : NaN
plot 'event_traces.csv' using 3:($4/1e3*w('single', 0)) with lines lw 3 lc rgb black title 'single events', \
     '' using 3:($4/1e3*w('event', 0)) with points pt 9 ps 1.3 lc rgb green title 'exact jumps', \
     '' using 3:($4/1e3*w('binomial', 0.1)) with lines lw 2 dt 2 lc rgb blue title 'binomial, h 0.1 s', \
     '' using 3:($4/1e3*w('binomial', 2)) with lines lw 2 dt 4 lc rgb sky title 'binomial, h 2 s', \
     '' using 3:($4/1e3*w('normal', 0.01)) with lines lw 2 dt 5 lc rgb red title 'Normal, h 0.01 s'
unset multiplot
