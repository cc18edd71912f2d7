/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct philox {
    uint32_t counter[4]; /* block number, sample, purpose, 0 */
    uint32_t key[2];     /* seed, low and high word */
    uint32_t block[4];
    unsigned used; /* words of the block already given out */
};

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c[4], k[2] = {key[0], key[1]};
    memcpy(c, counter, sizeof c);
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
        c[0] = (uint32_t)(p1 >> 32) ^ c[1] ^ k[0];
        c[1] = (uint32_t)p1;
        c[2] = (uint32_t)(p0 >> 32) ^ c[3] ^ k[1];
        c[3] = (uint32_t)p0;
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

static void set(void *state, unsigned long seed)
{
    struct philox *p = state;
    memset(p, 0, sizeof *p);
    p->key[0] = (uint32_t)seed;
    p->key[1] = (uint32_t)((uint64_t)seed >> 32);
    p->used = 4;
}

static unsigned long get(void *state)
{
    struct philox *p = state;
    if (p->used == 4) {
        philox4x32(p->counter, p->key, p->block);
        p->counter[0]++;
        p->used = 0;
    }
    return p->block[p->used++];
}

static double get_double(void *state)
{
    const uint64_t high = get(state) >> 5, low = get(state) >> 6; /* 27 + 26 bits */
    return (double)(high * 67108864u + low) * 0x1p-53;
}

static const gsl_rng_type philox_type = {
    .name = "philox4x32-10",
    .max = 0xffffffffUL,
    .min = 0,
    .size = sizeof(struct philox),
    .set = set,
    .get = get,
    .get_double = get_double,
};

gsl_rng *random_stream(uint64_t seed, uint32_t sample, enum random_purpose purpose)
{
    gsl_rng *rng = gsl_rng_alloc(&philox_type);
    if (!rng) /* GSL's handler has not ended the program: let our allocator do it */
        memory_new(SIZE_MAX, 1);
    gsl_rng_set(rng, seed);
    struct philox *p = rng->state;
    p->counter[1] = sample;
    p->counter[2] = (uint32_t)purpose;
    return rng;
}
