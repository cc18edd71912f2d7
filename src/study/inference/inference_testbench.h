/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The experiment `inference`: its options, the files that they name, and a run of one sample. */
#ifndef SILVERBAR_STUDY_INFERENCE_INFERENCE_TESTBENCH_H
#define SILVERBAR_STUDY_INFERENCE_INFERENCE_TESTBENCH_H

#include "infer/effects.h"

/* What keys describe. */
struct inference_testbench {
    char *model, *mean, *std; /* mean, std: numbers with commas between, one a channel; "": none */
    double scale;             /* of the files' numbers; 0: by their type */
    char *images, *labels,
        *training; /* files; labels "": in that of the images; training "": the images */
    uint64_t count, training_count; /* the first so many; 0: all */
    char *dopant;
    struct tile_options tile;    /* without dopant, window, how it is written, errors' tolerance */
    struct tile_writing writing; /* of map.mode verify: without switch, device, window, volt */
    double g_min, g_max;         /* 0: of the dopant's window [S] */
    uint64_t effects;            /* the waterfall is of the first so many images; 0: none */
};

#define CHANNELS_MAX 64

/* Files read, for one set of the keys that name them. */
struct inference_setup {
    char *signature;
    struct graph graph;
    struct data_set images, training; /* training: empty, the images are taken */
    double mean[CHANNELS_MAX], std[CHANNELS_MAX];
    size_t n_channels;
    double scale;
    size_t n_float;
    uint32_t *by_float; /* n_float: decisions of the first images in double precision */
    struct dopant *dopant, *at_kelvin; /* as read, and at the temperature */
    struct subcircuit_file *switches;  /* of map.mode verify, or NULL */
};

/* All that the testbench names; messages name file, layer or key.  *setup is to be freed in any case. */
struct inference_places {
    const char *devices, *switches; /* folder of .lib files; netlist of switches */
};
enum status inference_setup_read(const struct inference_testbench *testbench,
                                 const struct inference_places *places,
                                 struct inference_setup *setup, struct error *error);
/* Decides as many images as the testbench counts, unless that is done. */
enum status inference_setup_decide(struct inference_setup *setup,
                                   const struct inference_testbench *testbench,
                                   const struct inference_watch *watch, struct error *error);
void inference_setup_free(struct inference_setup *setup);

struct inference_outcome {
    const struct inference_testbench *testbench;
    const struct inference_setup *setup;
    struct inference *inference;
    struct inference_result result;
    struct tile_writing writing; /* complete */
    struct effects effects;      /* empty: not asked for */
    double adc_energy;           /* of a conversion [J] */
    double rate;                 /* of the state of a device at g_min and V [1/s] */
    bool own_ranges;             /* training images are the test's own */
};

/* Of a setup that has decided; *outcome is to be freed in any case. */
enum status inference_testbench_run(const struct inference_testbench *testbench,
                                    const struct inference_setup *setup,
                                    struct random_sample sample,
                                    const struct inference_watch *watch,
                                    struct inference_outcome *outcome, struct error *error);
void inference_outcome_free(struct inference_outcome *outcome);

/* STATUS_UNTRUSTED: delivered and dissipated energies of all reads differ by more than 1e-10. */
enum status inference_account_closes(const struct inference_outcome *outcome, struct error *error);

#endif
