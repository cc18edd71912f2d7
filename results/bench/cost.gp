# Draws cost.png from series.csv: gnuplot cost.gp
set terminal pngcairo size 1100,460 font 'sans,11'
set output 'cost.png'
set datafile separator ','
set logscale xy
set format y '10^{%L}'
set key top left
set grid
set ylabel 'time of a run / s'
set multiplot layout 1,2
set xlabel 'devices of a square crossbar, 10 pulses'
plot \
    'series.csv' using (strcol('series') eq 'devices' && strcol('engine') eq 'ngspice' ? column('devices') : NaN):(column('wall_s')) with linespoints pt 7 title 'ngspice', \
    'series.csv' using (strcol('series') eq 'devices' && strcol('engine') eq 'ida' ? column('devices') : NaN):(column('wall_s')) with linespoints pt 7 title 'ida', \
    'series.csv' using (strcol('series') eq 'devices' && strcol('engine') eq 'event' ? column('devices') : NaN):(column('wall_s')) with linespoints pt 7 title 'event'
set xlabel 'pulses on an 8 x 8 crossbar'
plot \
    'series.csv' using (strcol('series') eq 'pulses' && strcol('engine') eq 'ngspice' ? column('pulses') : NaN):(column('wall_s')) with linespoints pt 7 title 'ngspice', \
    'series.csv' using (strcol('series') eq 'pulses' && strcol('engine') eq 'ida' ? column('pulses') : NaN):(column('wall_s')) with linespoints pt 7 title 'ida', \
    'series.csv' using (strcol('series') eq 'pulses' && strcol('engine') eq 'event' ? column('pulses') : NaN):(column('wall_s')) with linespoints pt 7 title 'event'
unset multiplot
