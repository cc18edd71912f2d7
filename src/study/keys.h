/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of a testbench: a table describes fields of a struct, and from it follow reading, checking,
 * printing and help.  One line a key. */
#ifndef SILVERBAR_STUDY_KEYS_H
#define SILVERBAR_STUDY_KEYS_H

#include "base/error.h"
#include "base/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum key_kind {
    KEY_NUMBER, /* double; SPICE suffixes are not taken: 1e-3 */
    KEY_WHOLE,  /* double without a fraction: 1e5 */
    KEY_COUNT,  /* uint64_t, at most 2^53 */
    KEY_CHOICE, /* int: index into choices */
    KEY_FLAG,   /* bool: true or false */
    KEY_TEXT,   /* char *, owned by the struct that holds it */
    KEY_SIZES,  /* struct key_sizes: a list of counts */
};

#define KEY_SIZES_MAX 8
struct key_sizes {
    size_t n, values[KEY_SIZES_MAX];
};

struct key {
    const char *name; /* "section.name", or "name" at top level */
    enum key_kind kind;
    size_t offset;              /* of the field in the struct that the table describes */
    const char *unit;           /* "s", "V", "1" ... */
    double min, max;            /* of numbers and counts, inclusive; of each of a list */
    const char *const *choices; /* of KEY_CHOICE: ended by NULL; of KEY_TEXT: or NULL, any text */
    const char *ending;         /* of KEY_TEXT with choices: or a file whose name ends so */
    const char *help;
    bool (*names_file)(const char *text); /* of KEY_TEXT: or NULL, it names none */
};

/* Entries of such a table, one for each kind; `at` is the offset. */
/* clang-format off */
#define NUMBER_KEY(name, at, unit, min, max, help) {name, KEY_NUMBER, at, unit, min, max, NULL, NULL, help, NULL}
#define WHOLE_KEY(name, at, min, max, help) {name, KEY_WHOLE, at, "1", min, max, NULL, NULL, help, NULL}
#define COUNT_KEY(name, at, min, max, help) {name, KEY_COUNT, at, "1", min, max, NULL, NULL, help, NULL}
#define SIZES_KEY(name, at, min, max, help) {name, KEY_SIZES, at, "1", min, max, NULL, NULL, help, NULL}
#define CHOICE_KEY(name, at, choices, help) {name, KEY_CHOICE, at, "", 0, 0, choices, NULL, help, NULL}
#define FLAG_KEY(name, at, help) {name, KEY_FLAG, at, "", 0, 0, NULL, NULL, help, NULL}
#define TEXT_KEY(name, at, help) {name, KEY_TEXT, at, "", 0, 0, NULL, NULL, help, NULL}
#define FILE_KEY(name, at, choices, ending, help) \
    {name, KEY_TEXT, at, "", 0, 0, choices, ending, help, key_names_path}
#define PATH_KEY(name, at, names_file, help) \
    {name, KEY_TEXT, at, "", 0, 0, NULL, NULL, help, names_file}
/* clang-format on */

/* A value as written in a testbench: one scalar, or the items of a list. */
struct key_value {
    const char *file;         /* for messages */
    int line;                 /* 0: `file` alone says where it stands */
    size_t n;                 /* items; 1 for a scalar */
    const char *const *items; /* n texts */
    bool list;
    const char
        *from; /* the file whose words they are, which may name files of its folder only; NULL:
                       * the user's own */
};

/* Of FILE_KEY, whose choices have neither dot nor slash. */
bool key_names_path(const char *text);

/* Is its value one number? */
static inline bool key_is_number(const struct key *key)
{
    return key->kind == KEY_NUMBER || key->kind == KEY_WHOLE || key->kind == KEY_COUNT;
}

/* The key of that name, or NULL. */
const struct key *key_find(const struct key *keys, size_t n, const char *name);

/* Check the value and store it in the struct at `base`.  A message names file, line, key, what was
 * found and what was expected. */
enum status key_set(const struct key *key, const struct key_value *value, void *base,
                    struct error *error);

/* Does the key take that one value? */
bool key_accepts(const struct key *key, const char *text);

/* What the key takes, with its range and unit, for messages: "a number from 1e-05 to 1 s"; to
 * free(). */
char *key_expected(const struct key *key);

/* The key's meaning, its choices before it or its range and unit behind it, for help; to free(). */
char *key_help(const struct key *key);

/* Value of the key in the struct, as a testbench has it; to free(). */
char *key_text(const struct key *key, const void *base);

/* The values of all keys whose names begin with one of the prefixes, which NULL ends; to free(). */
char *keys_signature(const struct key *keys, size_t n, const void *base,
                     const char *const *prefixes);

/* A row "key", "value" for each key whose value is not that in `defaults`. */
void keys_differing(const struct key *keys, size_t n, const void *base, const void *defaults,
                    struct table *rows);

/* Copy a struct described by keys: its texts are duplicated; and free its texts. */
void keys_copy(const struct key *keys, size_t n, const void *from, void *to, size_t size);
void keys_free(const struct key *keys, size_t n, void *base);

/* One line a key: name, type, unit, range, default from the struct `defaults`, meaning. */
void keys_print(const struct key *keys, size_t n, const void *defaults, FILE *out);

#endif
