/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of `silverbar infer`. */
#ifndef SILVERBAR_CLI_INFER_INFER_OPTIONS_H
#define SILVERBAR_CLI_INFER_INFER_OPTIONS_H

#include "infer/inference.h"

#define CHANNELS_MAX 64

enum infer_form { INFER_TEXT, INFER_CSV, INFER_JSON };

struct infer_arguments {
    int argc;
    char **argv;
    const char *model, *data, *labels, *calibrate, *dopant, *output;
    size_t count, calibrate_count; /* 0: all */
    double scale;                  /* 0: by the type of the numbers */
    size_t n_mean, n_std;
    double mean[CHANNELS_MAX], std[CHANNELS_MAX];
    double g_min, g_max; /* NAN: of the dopant */
    double line_ohm, row_ohm, column_ohm;
    double adc_energy; /* NAN: by bits */
    struct tile_options tile;
    uint64_t seed;
    enum infer_form form;
};

/* Bad ones end the program with exit status 2. */
void infer_options_parse(int argc, char **argv, struct infer_arguments *arguments);

#endif
