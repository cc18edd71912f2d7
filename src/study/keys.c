/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/keys.h"

#include "base/directory.h"
#include "base/memory.h"
#include "base/spice_number.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 9007199254740992.0 /* 2^53: every count is exact as a double */

const struct key *key_find(const struct key *keys, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static void *field(const struct key *key, void *base)
{
    return (char *)base + key->offset;
}

static const void *const_field(const struct key *key, const void *base)
{
    return (const char *)base + key->offset;
}

#define CHOICES_SHOWN 9 /* of more only the first and the last */

/* "a, b or c", of the choices and the ending, "a, b, c, ... or z" of many; to free(). */
static char *choices_text(const struct key *key)
{
    char *text = memory_string(key->choices[0]);
    size_t n = 0;
    while (key->choices[n])
        n++;
    if (n > CHOICES_SHOWN) {
        char *few = memory_format("%s, %s, %s, ... or %s", text, key->choices[1], key->choices[2],
                                  key->choices[n - 1]);
        free(text);
        return few;
    }
    for (size_t i = 1; key->choices[i]; i++) {
        const bool last = !key->choices[i + 1] && !key->ending;
        char *longer = memory_format("%s%s%s", text, last ? " or " : ", ", key->choices[i]);
        free(text);
        text = longer;
    }
    if (!key->ending)
        return text;
    char *longer = memory_format("%s or a FILE%s", text, key->ending);
    free(text);
    return longer;
}

/* "1e-05 to 1 s"; to free(). */
static char *range_text(const struct key *key)
{
    const char *unit = strcmp(key->unit, "1") == 0 ? "" : key->unit;
    const char *space = *unit ? " " : "";
    if (key->kind == KEY_NUMBER)
        return memory_format("%g to %g%s%s", key->min, key->max, space, unit);
    return memory_format("%.16g to %.16g%s%s", key->min, key->max, space, unit);
}

char *key_expected(const struct key *key)
{
    if (key->choices)
        return choices_text(key);
    if (key->kind == KEY_FLAG)
        return memory_string("true or false");
    if (key->kind == KEY_TEXT)
        return memory_string("a text");
    char *range = range_text(key), *text = NULL;
    if (key->kind == KEY_SIZES)
        text = memory_format("a list of up to %d whole numbers from %s", KEY_SIZES_MAX, range);
    else
        text = memory_format("a %s from %s", key->kind == KEY_NUMBER ? "number" : "whole number",
                             range);
    free(range);
    return text;
}

char *key_help(const struct key *key)
{
    if (key->choices) {
        char *choices = choices_text(key), *text = memory_format("%s: %s", choices, key->help);
        free(choices);
        return text;
    }
    if (key->kind == KEY_TEXT || key->kind == KEY_FLAG)
        return memory_string(key->help);
    if (key->max >= COUNT_MAX)
        return memory_format("%s; a whole number", key->help);
    char *range = range_text(key), *text = memory_format("%s; %s", key->help, range);
    free(range);
    return text;
}

static enum status refuse(const struct key *key, const struct key_value *value, const char *found,
                          struct error *error)
{
    char *wanted = key_expected(key);
    enum status status = value->line > 0
                             ? fail_at(error, value->file, value->line, "%s is %s, expected %s",
                                       key->name, found, wanted)
                             : fail(error, STATUS_INPUT, "%s: %s is %s, expected %s", value->file,
                                    key->name, found, wanted);
    free(wanted);
    return status;
}

/* Longest part of an item that a message repeats. */
static enum status refuse_item(const struct key *key, const struct key_value *value,
                               const char *item, struct error *error)
{
    char *found = memory_format("'%.60s'%s", item, strlen(item) > 60 ? "..." : "");
    enum status status = refuse(key, value, found, error);
    free(found);
    return status;
}

/* Read as a whole number, since a double would round 2^53 + 1 to the largest that is taken. */
static bool whole(const char *text, double *value)
{
    if (!*text || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    const unsigned long long number = strtoull(text, NULL, 10);
    *value = (double)number;
    return errno == 0 && number <= (unsigned long long)COUNT_MAX;
}

static enum status set_sizes(const struct key *key, const struct key_value *value, void *base,
                             struct error *error)
{
    struct key_sizes sizes = {.n = value->n};
    if (!value->list)
        return refuse_item(key, value, value->items[0], error);
    if (value->n < 1 || value->n > KEY_SIZES_MAX)
        return refuse(key, value, "a list of another length", error);
    for (size_t i = 0; i < value->n; i++) {
        double number;
        if (!whole(value->items[i], &number) || number < key->min || number > key->max)
            return refuse_item(key, value, value->items[i], error);
        sizes.values[i] = (size_t)number;
    }
    memcpy(field(key, base), &sizes, sizeof sizes);
    return STATUS_OK;
}

/* One of the choices, or the name of a file that ends as it must. */
static bool named(const struct key *key, const char *text)
{
    const size_t n = strlen(text), m = key->ending ? strlen(key->ending) : 0;
    for (size_t i = 0; key->choices[i]; i++)
        if (strcmp(key->choices[i], text) == 0)
            return true;
    return key->ending && n > m && strcmp(text + n - m, key->ending) == 0;
}

bool key_names_path(const char *text)
{
    return strpbrk(text, "./") != NULL;
}

static enum status refuse_path(const struct key *key, const struct key_value *value,
                               const char *text, struct error *error)
{
    char place[16] = "";
    if (value->line > 0)
        snprintf(place, sizeof place, ":%d", value->line);
    return fail(error, STATUS_INPUT,
                "%s%s: %s is '%.80s', expected a file in the folder of %s, or --set %s=FILE",
                value->file, place, key->name, text, value->from, key->name);
}

enum status key_set(const struct key *key, const struct key_value *value, void *base,
                    struct error *error)
{
    if (key->kind == KEY_SIZES)
        return set_sizes(key, value, base, error);
    if (value->list)
        return refuse(key, value, "a list", error);
    const char *text = value->items[0];
    double number;
    switch (key->kind) {
    case KEY_NUMBER:
    case KEY_WHOLE:
        if (!plain_number(text, &number) || !(number >= key->min && number <= key->max) ||
            (key->kind == KEY_WHOLE && floor(number) != number))
            return refuse_item(key, value, text, error);
        memcpy(field(key, base), &number, sizeof number);
        return STATUS_OK;
    case KEY_COUNT: {
        if (!whole(text, &number) || number < key->min || number > key->max)
            return refuse_item(key, value, text, error);
        const uint64_t count = (uint64_t)number;
        memcpy(field(key, base), &count, sizeof count);
        return STATUS_OK;
    }
    case KEY_FLAG: {
        const bool flag = strcmp(text, "true") == 0;
        if (!flag && strcmp(text, "false") != 0)
            return refuse_item(key, value, text, error);
        memcpy(field(key, base), &flag, sizeof flag);
        return STATUS_OK;
    }
    case KEY_CHOICE:
        for (int i = 0; key->choices[i]; i++)
            if (strcmp(key->choices[i], text) == 0) {
                memcpy(field(key, base), &i, sizeof i);
                return STATUS_OK;
            }
        return refuse_item(key, value, text, error);
    case KEY_TEXT: {
        if (key->choices && !named(key, text))
            return refuse_item(key, value, text, error);
        if (value->from && key->names_file && key->names_file(text) &&
            !directory_keeps(value->from, text))
            return refuse_path(key, value, text, error);
        char *old, *copy = memory_string(text);
        memcpy(&old, field(key, base), sizeof old);
        free(old);
        memcpy(field(key, base), &copy, sizeof copy);
        return STATUS_OK;
    }
    case KEY_SIZES:
        break;
    }
    return STATUS_OK;
}

bool key_accepts(const struct key *key, const char *text)
{
    union {
        double number;
        uint64_t count;
        int choice;
        bool flag;
        char *text;
        struct key_sizes sizes;
    } field = {0};
    struct key alone = *key; /* in a struct that has no other field */
    alone.offset = 0;
    const struct key_value value = {key->name, 0, 1, &text, false, NULL};
    const bool accepted = key_set(&alone, &value, &field, NULL) == STATUS_OK;
    if (key->kind == KEY_TEXT)
        free(field.text);
    return accepted;
}

char *key_text(const struct key *key, const void *base)
{
    const void *at = const_field(key, base);
    char buffer[32];
    switch (key->kind) {
    case KEY_NUMBER:
    case KEY_WHOLE:
        return memory_string(number_text(*(const double *)at, buffer));
    case KEY_COUNT:
        return memory_format("%llu", (unsigned long long)*(const uint64_t *)at);
    case KEY_FLAG:
        return memory_string(*(const bool *)at ? "true" : "false");
    case KEY_CHOICE:
        return memory_string(key->choices[*(const int *)at]);
    case KEY_TEXT:
        return memory_string(*(char *const *)at);
    case KEY_SIZES: {
        const struct key_sizes *sizes = at;
        char *text = memory_string("[");
        for (size_t i = 0; i < sizes->n; i++) {
            char *longer = memory_format("%s%s%zu", text, i ? ", " : "", sizes->values[i]);
            free(text);
            text = longer;
        }
        char *closed = memory_format("%s]", text);
        free(text);
        return closed;
    }
    }
    return NULL;
}

char *keys_signature(const struct key *keys, size_t n, const void *base,
                     const char *const *prefixes)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        memory_new(SIZE_MAX, 1);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; prefixes[k]; k++)
            if (strncmp(keys[i].name, prefixes[k], strlen(prefixes[k])) == 0) {
                char *value = key_text(&keys[i], base);
                fprintf(out, "%s\n", value);
                free(value);
            }
    fclose(out);
    return text;
}

void keys_differing(const struct key *keys, size_t n, const void *base, const void *defaults,
                    struct table *rows)
{
    for (size_t i = 0; i < n; i++) {
        char *value = key_text(&keys[i], base), *fallback = key_text(&keys[i], defaults);
        double number;
        if (strcmp(value, fallback) != 0) {
            table_row(rows);
            table_text(rows, 0, keys[i].name);
            if (key_is_number(&keys[i]) && plain_number(value, &number))
                table_number(rows, 1, number);
            else
                table_text(rows, 1, value);
        }
        free(value);
        free(fallback);
    }
}

void keys_copy(const struct key *keys, size_t n, const void *from, void *to, size_t size)
{
    memcpy(to, from, size);
    for (size_t i = 0; i < n; i++)
        if (keys[i].kind == KEY_TEXT) {
            char *copy = memory_string(*(char *const *)const_field(&keys[i], from));
            memcpy(field(&keys[i], to), &copy, sizeof copy);
        }
}

void keys_free(const struct key *keys, size_t n, void *base)
{
    for (size_t i = 0; i < n && base; i++)
        if (keys[i].kind == KEY_TEXT) {
            char *none = NULL;
            free(*(char **)field(&keys[i], base));
            memcpy(field(&keys[i], base), &none, sizeof none);
        }
}

void keys_print(const struct key *keys, size_t n, const void *defaults, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        char *wanted = key_expected(&keys[i]), *fallback = key_text(&keys[i], defaults);
        fprintf(out, "  %-28s %s\n  %-28s   %s; default %s\n", keys[i].name, keys[i].help, "",
                wanted, *fallback ? fallback : "''");
        free(wanted);
        free(fallback);
    }
}
