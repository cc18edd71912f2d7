/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counter-based random streams: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC'11), registered as a gsl_rng_type so that GSL's distributions
 * draw from it.  A stream is named by (seed, sample, purpose) and nothing else: the same name gives
 * the same numbers in any process, on any worker. */
#ifndef SILVERBAR_BASE_RANDOM_H
#define SILVERBAR_BASE_RANDOM_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

/* What a stream is for; each purpose has numbers of its own. */
enum random_purpose {
    RANDOM_INITIAL_STATE = 1,
    RANDOM_WEIGHTS = 2,
    RANDOM_READING = 10,       /* noise of the controller's readings */
    RANDOM_START_WEIGHTS = 11, /* of learning in place */
    RANDOM_TRAINING_IMAGES = 12,
    RANDOM_TEST_IMAGES = 13,
    RANDOM_CONDUCTANCE_ERROR = 14,
    RANDOM_EPOCH_IMAGES = 15,
    RANDOM_SHUFFLE = 16,      /* of targets */
    RANDOM_PRESENTATION = 20, /* of a spiking circuit: patterns and their order, */
    RANDOM_SPIKE = 21,        /* spikes on its lines in training, */
    RANDOM_TEST_SPIKE = 22,   /* in tests */
    RANDOM_BOOTSTRAP = 40,
    RANDOM_FIT = 50,
    RANDOM_LOSS = 51, /* of a state, abrupt */
    RANDOM_TEST = 100,
    RANDOM_TESTBENCH = 200,           /* + number of the kind: testbenches of `check --random` */
    RANDOM_SWITCHES = 1000,           /* + number of the device; so are: */
    RANDOM_TILE_ERROR = 0x02000000,   /* + number of the pair of tiles: errors of programming */
    RANDOM_TILE_STUCK = 0x04000000,   /* which of its devices are stuck */
    RANDOM_TILE_AGE = 0x06000000,     /* how they age */
    RANDOM_TILE_NOISE = 0x08000000,   /* + number of the layer: of its reads */
    RANDOM_CONVERTER = 0x0a000000,    /* gains and offsets of its converters */
    RANDOM_TILE_STATE = 0x0c000000,   /* + number of the tile: states before programming */
    RANDOM_TILE_READING = 0x0e000000, /* noise of the readings of its programming */
    RANDOM_TILE_OPEN = 0x0f000000,    /* + number of the pair: its open lines */
    RANDOM_VARIATION = 0x10000000,    /* parameters of a device */
    RANDOM_STUCK = 0x20000000,        /* whether it is stuck */
    RANDOM_CYCLE = 0x30000000,        /* its thresholds from pulse to pulse */
    RANDOM_MISMATCH = 0x40000000,     /* + number of the instance: transistors */
    RANDOM_OFFSET = 0x50000000,       /* + number of the amplifier */
    RANDOM_CROSSBAR = 0x60000000,     /* targets and states of an array */
    RANDOM_VOLATILE = 0x70000000      /* + number of the trial: a volatile device's switches */
};

/* One block: four 32-bit words from a counter and a key. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Of which sample a stream is. */
struct random_sample {
    uint64_t seed;
    uint32_t replica;
};

/* A stream; gsl_rng_free() it.  The key is the seed; the counter holds sample and purpose. */
gsl_rng *random_stream(uint64_t seed, uint32_t sample, enum random_purpose purpose);

#endif
