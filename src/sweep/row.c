/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sweep/row.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char *row_state_word(enum row_state state)
{
#define ROW_WORD(name, word) word,
    static const char *const words[ROW_N_STATES] = {ROW_STATES(ROW_WORD)};
#undef ROW_WORD
    return words[state];
}

void sample_row_free(struct sample_row *row)
{
    for (size_t i = 0; i < row->n; i++)
        free(row->outputs[i].text);
    free(row->outputs);
    free(row->failure);
    *row = (struct sample_row){0};
}

struct sample_row sample_row_failed(size_t sample, enum row_state state, double wall,
                                    const char *failure)
{
    return (struct sample_row){
        .sample = sample, .state = state, .wall = wall, .failure = memory_string(failure)};
}

static enum row_state state_of(enum status status)
{
    return status == STATUS_OK ? ROW_DONE : status == STATUS_UNTRUSTED ? ROW_UNTRUSTED : ROW_FAILED;
}

struct sample_row sample_row_compute(const struct sample_job *job, size_t sample)
{
    struct sample_row row = {.sample = sample, .n = job->n_columns - job->n_inputs};
    struct error error = {0};
    row.outputs = NEW(row.n, struct cell);
    const double begin = clock_now();
    const enum status status = job->run(job->data, sample, row.outputs, &error);
    row.wall = clock_now() - begin;
    row.state = state_of(status);
    if (status != STATUS_OK)
        row.failure = memory_string(error.text[0] ? error.text : status_text(status));
    return row;
}

/* Head of an encoded row; n cells follow, then the failure's text. */
struct head {
    uint64_t size;               /* of all, with this */
    uint64_t sample, n, failure; /* failure: bytes of its text + 1; 0: none */
    double wall;
    uint32_t state, unused;
};

struct cell_head {
    double number;
    uint64_t kind, size; /* size: bytes of its text, which follows */
};

static void put(struct row_bytes *to, const void *bytes, size_t n)
{
    to->bytes = memory_grow(to->bytes, &to->capacity, to->n + n, 1);
    if (n > 0)
        memcpy(to->bytes + to->n, bytes, n);
    to->n += n;
}

void row_encode(const struct sample_row *row, struct row_bytes *to)
{
    const size_t begin = to->n;
    struct head head = {.sample = row->sample,
                        .n = row->n,
                        .failure = row->failure ? strlen(row->failure) + 1 : 0,
                        .wall = row->wall,
                        .state = row->state};
    put(to, &head, sizeof head);
    for (size_t i = 0; i < row->n; i++) {
        const struct cell *c = &row->outputs[i];
        const struct cell_head h = {.kind = c->kind,
                                    .number = c->number,
                                    .size = c->kind == CELL_TEXT ? strlen(c->text) : 0};
        put(to, &h, sizeof h);
        put(to, c->text, h.size);
    }
    put(to, row->failure, head.failure > 0 ? head.failure - 1 : 0);
    head.size = to->n - begin;
    memcpy(to->bytes + begin, &head, sizeof head);
}

#define ROW_SIZE_MAX ((uint64_t)1 << 30)

size_t row_decode(const unsigned char *bytes, size_t n, size_t n_samples, size_t n_outputs,
                  struct sample_row *row)
{
    struct head head;
    *row = (struct sample_row){0};
    if (n < sizeof head)
        return 0;
    memcpy(&head, bytes, sizeof head);
    if (head.size < sizeof head || head.size > ROW_SIZE_MAX || head.sample >= n_samples ||
        (head.n != 0 && head.n != n_outputs) || head.state >= ROW_N_STATES)
        return ROW_BAD;
    if (n < head.size)
        return 0;
    *row = (struct sample_row){.sample = (size_t)head.sample,
                               .state = (enum row_state)head.state,
                               .wall = head.wall,
                               .n = (size_t)head.n,
                               .outputs = NEW(head.n, struct cell)};
    size_t at = sizeof head;
    for (size_t i = 0; i < row->n; i++) {
        struct cell_head h;
        if (head.size - at < sizeof h)
            goto bad;
        memcpy(&h, bytes + at, sizeof h);
        at += sizeof h;
        if (h.kind > CELL_TEXT || h.size > head.size - at)
            goto bad;
        row->outputs[i] = (struct cell){.kind = (enum cell_kind)h.kind, .number = h.number};
        if (h.kind == CELL_TEXT)
            row->outputs[i].text = memory_string_n((const char *)bytes + at, (size_t)h.size);
        at += (size_t)h.size;
    }
    if (head.size - at != (head.failure > 0 ? head.failure - 1 : 0))
        goto bad;
    if (head.failure > 0)
        row->failure = memory_string_n((const char *)bytes + at, (size_t)head.failure - 1);
    return (size_t)head.size;
bad:
    sample_row_free(row);
    return ROW_BAD;
}
