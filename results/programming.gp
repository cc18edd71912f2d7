# SPDX-License-Identifier: GPL-3.0-or-later
# Conductance of every device while it is programmed, from results/Cr; run in this folder.
set terminal pngcairo size 1000,420 font 'sans,11' background rgb 'white'
set output 'programming.png'
set datafile separator ','
set logscale y
set xlabel 'time / s'
set ylabel 'branch conductance / µS'
set yrange [3:800]
set xrange [0:*]
set key bottom right
set grid
# pulses.csv: 1 t_s, 2 device, 6 before_S, 7 after_S; devices.csv: 5 target_S
plot 'Cr/pulses.csv' skip 1 using 1:($6*1e6):(0.01):(($7-$6)*1e6) with vectors nohead \
         linewidth 1.5 linecolor rgb '#0072b2' title 'one pulse', \
     '' skip 1 using ($1+0.01):($7*1e6) with points pointtype 7 pointsize 0.35 \
         linecolor rgb '#0072b2' title 'reading', \
     "< awk -F, 'NR==FNR {if (FNR>1) {if (!($2 in a)) a[$2]=$1; b[$2]=$1+0.01} next} FNR>1 && ($1 in a) {print a[$1] \",\" $5 \",\" b[$1]-a[$1]}' Cr/pulses.csv Cr/devices.csv" \
         using 1:($2*1e6):3:(0) with vectors nohead linewidth 2 linecolor rgb '#d55e00' title 'target'
