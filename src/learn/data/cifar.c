/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The binary form of CIFAR-10 and CIFAR-100 (A. Krizhevsky, Learning multiple layers of features from tiny
 * images, 2009).  It has no header: the length and the labels must fit. */
#include "learn/data/data_readers.h"

#include "base/memory.h"

#include <string.h>

#define PIXELS ((size_t)3 * 32 * 32)

static const struct {
    size_t labels;    /* bytes before the pixels, the last of which is taken */
    uint8_t below[2]; /* what each is below */
} forms[] = {{1, {10}}, {2, {20, 100}}};

/* Does every record begin with labels of that form? */
static bool fits(const struct bytes *b, size_t form)
{
    const size_t record = forms[form].labels + PIXELS;
    if (b->n == 0 || b->n % record != 0)
        return false;
    for (size_t at = 0; at < b->n; at += record)
        for (size_t k = 0; k < forms[form].labels; k++)
            if (b->a[at + k] >= forms[form].below[k])
                return false;
    return true;
}

bool cifar_images(const struct bytes *b, struct data_set *set)
{
    for (size_t form = 0; form < sizeof forms / sizeof forms[0]; form++) {
        const size_t labels = forms[form].labels, record = labels + PIXELS;
        if (!fits(b, form))
            continue;
        *set =
            (struct data_set){.n = b->n / record, .n_dims = 3, .dims = {3, 32, 32}, .size = PIXELS};
        set->bytes = NEW(set->n * PIXELS, uint8_t);
        set->labels = NEW(set->n, uint32_t);
        for (size_t k = 0; k < set->n; k++) {
            memcpy(set->bytes + k * PIXELS, b->a + k * record + labels, PIXELS);
            set->labels[k] = b->a[k * record + labels - 1];
        }
        return true;
    }
    return false;
}
