# SPDX-License-Identifier: GPL-3.0-or-later
# Plots of results/claims/, drawn in that folder.  Colours of Okabe and Ito.
set datafile separator comma
set terminal pngcairo size 1000,640 font "sans,13" linewidth 1.5
set style line 1 lc rgb "#0072B2" lw 2 pt 7 ps 1.2
set style line 2 lc rgb "#D55E00" lw 2 pt 5 ps 1.2 dt 2
set style line 3 lc rgb "#009E73" lw 2 pt 9 ps 1.4 dt 4
set style line 4 lc rgb "#CC79A7" lw 2 pt 11 ps 1.4 dt 3
set style line 5 lc rgb "#E69F00" lw 2 pt 13 ps 1.4 dt 5
set style line 6 lc rgb "#56B4E9" lw 2 pt 4 ps 1.2 dt 1
set style line 7 lc rgb "#000000" lw 2 pt 6 ps 1.2 dt 2
set grid lc rgb "#dddddd"
set key outside right

# a row is a noise in training, its columns accuracy_pNN noises in test: one block a row
set output "noise.png"
set title "Accuracy against noise in test, by noise in training (chromium)"
set xlabel "pixel flips in test [%]"
set ylabel "accuracy [%]"
blocks = "< awk -F, 'NR == 1 { for (k = 1; k <= NF; k++) at[$k] = k; next } \
    { for (p = 5; p <= 30; p += 5) { n = sprintf(\"accuracy_p%02d\", p); \
    print p \",\" $at[n] \",\" $at[n \"_low\"] \",\" $at[n \"_high\"] \",\" $1 } print \"\\n\" }' claim2_noise.csv"
trained = system("awk -F, 'NR > 1 { print 100 * $1 }' claim2_noise.csv")
plot for [i = 1:words(trained)] blocks index (i - 1) using 1:(100 * $2):(100 * $3):(100 * $4) \
    with yerrorlines ls i title "trained at " . word(trained, i) . " %"

set output "error.png"
set title "Accuracy at 10 % flips against the error of the conductances, by noise in training"
set xlabel "relative error of every conductance, standard deviation [%]"
plot for [i = 1:3] t = word("0 0.1 0.3", i) + 0 "claim3_error.csv" \
    using (abs(column("noise.train") - t) < 1e-9 ? 100 * column("stages.conductance_error") : NaN): \
    (100 * column("accuracy_after_error")):(100 * column("accuracy_after_error_low")): \
    (100 * column("accuracy_after_error_high")) with yerrorlines ls i \
    title sprintf("trained at %.0f %%", 100 * t)

set output "variation.png"
set title "Accuracy at 10 % flips and devices settled against the spread of the devices (chromium)"
set xlabel "sigma of ln Ron from device to device (the others in proportion)"
set y2label "devices not within tolerance, of 30"
set y2tics
set y2range [0:*]
set yrange [*:98]
set ytics nomirror
plot "claim1_variation.csv" using (column("variation.ron")):(100 * column("accuracy")): \
    (100 * column("accuracy_low")):(100 * column("accuracy_high")) with yerrorlines ls 1 title "accuracy", \
    "" using (column("variation.ron")):(column("devices_unsettled")) axes x1y2 with linespoints ls 2 \
    title "unsettled"
unset y2label
unset y2tics
set yrange [*:*]
set y2range [0:*]
set yrange [*:98]
set ytics mirror

set style fill solid 0.9 border lc rgb "black"
set boxwidth 0.7
set xrange [-0.6:7.6]
set yrange [0:*]
set bmargin 4
label(d, e) = d . (e > 0 ? "\nreset" : "")
set output "energy.png"
set terminal pngcairo size 1300,560 font "sans,12" linewidth 1.5
set multiplot layout 1,3
set xlabel ""
set title "time of training"
set ylabel "time [s]"
unset key
plot "claim5_materials.csv" using 0:(column("training_time_s")):xtic(label(strcol(1), column(2))) \
    with boxes lc rgb "#56B4E9", "" using 0:(column("training_time_s")): \
    (column("training_time_s_low")):(column("training_time_s_high")) with yerrorbars lc rgb "black" pt 0
set title "energy of training (neurons, all but 0.3 %)"
set ylabel "energy [mJ]"
plot "claim5_materials.csv" using 0:(1e3 * column("energy_J")):xtic(label(strcol(1), column(2))) \
    with boxes lc rgb "#E69F00", "" using 0:(1e3 * column("energy_J")):(1e3 * column("energy_J_low")): \
    (1e3 * column("energy_J_high")) with yerrorbars lc rgb "black" pt 0
set key inside top left
set yrange [0:200]
set title "of it in the array, by class"
set ylabel "energy [uJ]"
plot "claim5_materials.csv" using 0:(1e6 * (column("energy_memristor_J") + column("energy_select_J") + \
    column("energy_driver_J") + column("energy_reference_J") + column("energy_line_J"))): \
    xtic(label(strcol(1), column(2))) with boxes lc rgb "#0072B2" title "drivers, lines, references", \
    "" using 0:(1e6 * (column("energy_memristor_J") + column("energy_select_J"))) \
    with boxes lc rgb "#009E73" title "select", \
    "" using 0:(1e6 * column("energy_memristor_J")) with boxes lc rgb "#D55E00" title "memristors"
unset multiplot
set yrange [0:*]
set terminal pngcairo size 1000,640 font "sans,13" linewidth 1.5

set output "pulses.png"
set title "Pulses a device"
set ylabel "pulses a device"
unset key
plot "claim5_materials.csv" using 0:(column("pulses_a_device")):xtic(label(strcol(1), column(2))) \
    with boxes lc rgb "#56B4E9", "" using 0:(column("pulses_a_device")): \
    (column("pulses_a_device_low")):(column("pulses_a_device_high")) with yerrorbars lc rgb "black" pt 0

set output "rules.png"
set title "Learning in place (chromium, seed 1): accuracy on the training images, 10 % flips"
set key inside bottom right
set xrange [*:*]
set yrange [*:*]
set xlabel "time since the training began [s]"
set ylabel "accuracy [%]"
plot for [i = 1:3] r = word("manhattan manhattan-image delta", i) "epochs_" . r . ".csv" \
    using (column("time_s")):(100 * column("accuracy")) with lines ls i title r
