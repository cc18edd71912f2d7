/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/images.h"

#include "base/memory.h"
#include "base/text_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    char name;
    const char *pixels;
} letters[] = {
    {'T', "111010010"}, {'X', "101010101"}, {'L', "100100111"}, {'O', "111101111"},
    {'I', "010010010"}, {'U', "101101111"}, {'C', "111100111"}, {'H', "101111101"},
    {'V', "101101010"}, {'Z', "110010011"}, {'N', "110101101"}, {'Y', "101010010"},
};
#define N_LETTERS (sizeof letters / sizeof letters[0])

const char *images_letters(void)
{
    static char text[2 * N_LETTERS + 1];
    for (size_t i = 0; i < N_LETTERS; i++) {
        text[2 * i] = letters[i].name;
        text[2 * i + 1] = i + 1 < N_LETTERS ? ' ' : 0;
    }
    return text;
}

static void add_prototype(struct image_class *c, unsigned image)
{
    unsigned *grown = NEW(c->n + 1, unsigned);
    if (c->n)
        memcpy(grown, c->prototypes, c->n * sizeof *grown);
    free(c->prototypes);
    grown[c->n++] = image;
    c->prototypes = grown;
}

static bool add_letter(struct image_class *c, char name)
{
    for (size_t i = 0; i < N_LETTERS; i++)
        if (letters[i].name == toupper((unsigned char)name)) {
            c->name = memory_string_n(&letters[i].name, 1);
            add_prototype(c, (unsigned)strtoul(letters[i].pixels, NULL, 2));
            return true;
        }
    return false;
}

void images_free(struct image_pair *pair)
{
    for (int c = 0; c < IMAGE_CLASSES; c++) {
        free(pair->classes[c].name);
        free(pair->classes[c].prototypes);
    }
    *pair = (struct image_pair){0};
}

/* A row of three pixels, shifted into *image. */
static bool take_row(const char *line, unsigned *image)
{
    for (int i = 0; i < 3; i++) {
        if (line[i] != '0' && line[i] != '1')
            return false;
        *image = *image << 1 | (unsigned)(line[i] - '0');
    }
    return line[3 + strspn(line + 3, " \t")] == 0;
}

static enum status parse(const struct text_file *f, struct image_pair *pair, struct error *error)
{
    int class = -1, rows = 0;
    unsigned image = 0;
    for (size_t i = 0; i <= f->n_lines; i++) {
        const char *line = i < f->n_lines ? f->lines[i] : "";
        const int number = (int)i + 1;
        const bool blank = line[strspn(line, " \t")] == 0, header = strncmp(line, "class ", 6) == 0;
        if (rows > 0 && (blank || header))
            return fail_at(error, f->path, number,
                           "image ends after %d line%s, expected 3 lines of 3 pixels", rows,
                           rows == 1 ? "" : "s");
        if (blank)
            continue;
        if (header) {
            if (++class >= IMAGE_CLASSES)
                return fail_at(error, f->path, number, "a third class, expected two");
            if (class > 0 && pair->classes[class - 1].n == 0)
                return fail_at(error, f->path, number,
                               "class %s has no image, expected one or more",
                               pair->classes[class - 1].name);
            const char *name = line + 6 + strspn(line + 6, " \t");
            if (*name == 0)
                return fail_at(error, f->path, number, "class without a name");
            pair->classes[class].name = memory_string(name);
            continue;
        }
        if (class < 0)
            return fail_at(error, f->path, number, "'%.20s', expected a line \"class NAME\"", line);
        if (!take_row(line, &image))
            return fail_at(error, f->path, number,
                           "'%.20s', expected three pixels of 0 or 1, as in 101", line);
        if (++rows == 3) {
            add_prototype(&pair->classes[class], image);
            rows = 0;
            image = 0;
        }
    }
    const int complete = class < 0 ? 0 : class + (pair->classes[class].n > 0);
    if (complete < IMAGE_CLASSES)
        return fail_at(error, f->path, f->n_lines ? (int)f->n_lines : 1,
                       "%d class%s with images, expected two", complete, complete == 1 ? "" : "es");
    return STATUS_OK;
}

bool images_are_letters(const char *what)
{
    return strlen(what) == 3 && what[1] == '/';
}

bool images_name_file(const char *what)
{
    return !images_are_letters(what);
}

enum status images_read(const char *what, struct image_pair *pair, struct error *error)
{
    *pair = (struct image_pair){0};
    enum status status = STATUS_OK;
    if (images_are_letters(what)) {
        if (!add_letter(&pair->classes[0], what[0]) || !add_letter(&pair->classes[1], what[2]))
            status = fail(error, STATUS_INPUT,
                          "images '%s', expected two of the letters %s as in T/X, or a file", what,
                          images_letters());
    } else {
        struct text_file *file;
        status = text_file_read(what, &file, error);
        if (status == STATUS_OK)
            status = parse(file, pair, error);
        text_file_free(file);
    }
    for (size_t i = 0; status == STATUS_OK && i < pair->classes[0].n; i++)
        for (size_t j = 0; status == STATUS_OK && j < pair->classes[1].n; j++)
            if (pair->classes[0].prototypes[i] == pair->classes[1].prototypes[j])
                status = fail(error, STATUS_INPUT,
                              "images '%s': the same image stands in both classes", what);
    if (status == STATUS_OK && strcmp(pair->classes[0].name, pair->classes[1].name) == 0)
        status =
            fail(error, STATUS_INPUT, "images '%s': both classes are named %s, expected two names",
                 what, pair->classes[0].name);
    if (status != STATUS_OK)
        images_free(pair);
    return status;
}

void images_weights(const struct image_pair *pair, double p,
                    double weight[IMAGE_CLASSES][IMAGE_COUNT])
{
    double flips[IMAGE_PIXELS + 1]; /* probability of one pattern of k flips */
    for (int k = 0; k <= IMAGE_PIXELS; k++) {
        flips[k] = 1;
        for (int i = 0; i < IMAGE_PIXELS; i++)
            flips[k] *= i < k ? p : 1 - p;
    }
    for (int c = 0; c < IMAGE_CLASSES; c++)
        for (unsigned image = 0; image < IMAGE_COUNT; image++) {
            double sum = 0;
            for (size_t i = 0; i < pair->classes[c].n; i++)
                sum += flips[__builtin_popcount(image ^ pair->classes[c].prototypes[i])];
            weight[c][image] = sum / (double)pair->classes[c].n / IMAGE_CLASSES;
        }
}

double images_accuracy(const struct image_pair *pair, double p, const unsigned char *decision)
{
    double weight[IMAGE_CLASSES][IMAGE_COUNT], sum = 0;
    images_weights(pair, p, weight);
    for (unsigned image = 0; image < IMAGE_COUNT; image++)
        sum += weight[decision[image]][image];
    return sum;
}

double images_limit(const struct image_pair *pair, double p)
{
    double weight[IMAGE_CLASSES][IMAGE_COUNT], sum = 0;
    images_weights(pair, p, weight);
    for (unsigned image = 0; image < IMAGE_COUNT; image++)
        sum += weight[0][image] > weight[1][image] ? weight[0][image] : weight[1][image];
    return sum;
}
