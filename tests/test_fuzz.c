/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readers of files from elsewhere: each gets its corpus (tests/fuzz) and mutants of it, the same in every
 * run; it must not crash, nor break what its target in tests/fuzz asserts.  Environment: FUZZ_TARGET one
 * of them alone, FUZZ_MUTANTS how many, FUZZ_SEED of other ones, FUZZ_SHOW=1 the one under way in ./fuzz-mutant. */
#include "fuzz/fuzz.h"
#include "testing.h"

#include <dirent.h>

#define MUTANTS 150
#define SIZE_MAX_BYTES 8192 /* of a mutant */
#define STEPS_MAX 4         /* changes from one input to a mutant */

struct input {
    size_t n;
    uint8_t *bytes; /* n */
};

struct corpus {
    size_t n;
    struct input inputs[64]; /* n */
};

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* xorshift64* (Vigna 2016, doi:10.1145/2845077); below n > 0. */
static size_t draw(uint64_t *state, size_t n)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (size_t)((*state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static struct input file_bytes(const char *folder, const char *name)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    struct input input = {0, memory_new(SIZE_MAX_BYTES, 1)};
    input.n = fread(input.bytes, 1, SIZE_MAX_BYTES, in);
    assert_true(feof(in) || fgetc(in) == EOF);
    fclose(in);
    free(path);
    return input;
}

/* In the order of names: mutants must not depend on the file system. */
static void corpus_read(const char *target, struct corpus *corpus)
{
    struct dirent **entries;
    char *name = memory_format("tests/fuzz/%s", target), *folder = source_path(name);
    const int n = scandir(folder, &entries, visible, alphasort);
    assert_in_range(n, 1, COUNT(corpus->inputs));
    corpus->n = (size_t)n;
    for (int i = 0; i < n; i++) {
        corpus->inputs[i] = file_bytes(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    free(folder);
    free(name);
}

static void corpus_free(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->n; i++)
        free(corpus->inputs[i].bytes);
}

/* Replace bytes [at, at + cut) by n others. */
static void replace(struct input *m, size_t at, size_t cut, const uint8_t *bytes, size_t n)
{
    if (m->n - cut + n > SIZE_MAX_BYTES)
        return;
    memmove(m->bytes + at + n, m->bytes + at + cut, m->n - at - cut);
    memcpy(m->bytes + at, bytes, n);
    m->n = m->n - cut + n;
}

static void mutate(struct input *m, const struct corpus *corpus, uint64_t *state)
{
    static const char *const words[] = {
        "-1", "0",    "1e308", "nan", "18446744073709551616", "\n",
        ",",  "\xff", "\"",    "{",   "4294967295",           "1e-320"};
    const struct input *other = &corpus->inputs[draw(state, corpus->n)];
    const size_t at = draw(state, m->n + 1), left = m->n - at;
    const size_t cut = draw(state, (left < 40 ? left : 40) + 1);
    const uint8_t byte = (uint8_t)draw(state, 256);
    const char *word = words[draw(state, COUNT(words))];
    const size_t from = draw(state, other->n + 1), most = other->n - from;
    const size_t n = draw(state, (most < 200 ? most : 200) + 1);
    switch (draw(state, 6)) {
    case 0: /* one bit */
        if (left > 0)
            m->bytes[at] ^= (uint8_t)(1 << byte % 8);
        break;
    case 1:
        replace(m, at, left > 0, &byte, 1);
        break;
    case 2:
        replace(m, at, cut, (const uint8_t *)"", 0);
        break;
    case 3: /* cut off */
        m->n = draw(state, 8) ? m->n : at;
        break;
    case 4:
        replace(m, at, cut / 4, (const uint8_t *)word, strlen(word));
        break;
    default:
        replace(m, at, cut, other->bytes + from, n);
    }
}

static void test_target(void **state)
{
    const struct fuzz_target *target = *state;
    const char *mutants = setting("FUZZ_MUTANTS"), *seed = setting("FUZZ_SEED");
    const size_t n = mutants ? strtoul(mutants, NULL, 10) : MUTANTS;
    struct corpus corpus;
    corpus_read(target->name, &corpus);
    for (size_t i = 0; i < corpus.n; i++)
        target->read(corpus.inputs[i].bytes, corpus.inputs[i].n);
    target->read((const uint8_t *)"", 0);
    struct input m = {0, memory_new(SIZE_MAX_BYTES, 1)};
    for (size_t i = 0; i < n; i++) {
        uint64_t random =
            (i + 1) * UINT64_C(0x9e3779b97f4a7c15) + (seed ? strtoul(seed, NULL, 10) : 0);
        const struct input *from = &corpus.inputs[i % corpus.n];
        m.n = from->n;
        memcpy(m.bytes, from->bytes, m.n);
        for (size_t k = 1 + draw(&random, STEPS_MAX); k > 0; k--)
            mutate(&m, &corpus, &random);
        if (setting("FUZZ_SHOW")) {
            fprintf(stderr, "%s mutant %zu\n", target->name, i);
            free(file_write(".", "fuzz-mutant", (const char *)m.bytes, m.n));
        }
        target->read(m.bytes, m.n);
    }
    free(m.bytes);
    corpus_free(&corpus);
}

int main(void)
{
    struct CMUnitTest tests[FUZZ_TARGETS];
    size_t n = 0;
    for (size_t i = 0; i < FUZZ_TARGETS; i++)
        if (!setting("FUZZ_TARGET") || strcmp(setting("FUZZ_TARGET"), fuzz_targets[i].name) == 0)
            tests[n++] = (struct CMUnitTest){fuzz_targets[i].name, test_target, NULL, NULL,
                                             (void *)(uintptr_t)&fuzz_targets[i]};
    return _cmocka_run_group_tests("fuzz", tests, n, NULL, NULL);
}
