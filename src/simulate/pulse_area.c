/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate/pulse_area.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "simulate/vector_index.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GROUND ((size_t)-1)
/* Corners in one step: with more of them the step has followed nothing. */
#define CORNERS_IN_STEP 100000
#define PULSE_NUMBERS 7 /* v1 v2 td tr tf pw per */
#define BLANKS " \t(),"
#define ROUNDING 1e-9 /* of the area below the whole voltage */

struct corner {
    double t, v; /* [s], [V] */
};

/* A source: corners, of which the last n_period come again, later by `period` each time. */
struct source {
    size_t element, plus, minus; /* vectors, or GROUND */
    size_t n, n_period;          /* n_period 0: it stays at the last corner's voltage */
    struct corner *corners;      /* n */
    double period;               /* [s] */
    size_t next;                 /* number of the corner that comes, counted on through periods */
    double v;                    /* at the point before [V] */
    double difference;           /* since the corner before: points less card [V s] */
    double missed;               /* sum of absolute differences [V s] */
    double area;                 /* of |v - v at the beginning| by the card [V s] */
    double size;                 /* of |v| by the card [V s] */
};

struct pulse_areas {
    size_t n, n_elements, n_points;
    struct source *sources; /* n */
    double t;               /* of the point before [s] */
};

/* Plain numbers of a list; false if one of its words is none. */
static bool read_numbers(const char *text, size_t *n, double **numbers)
{
    char *copy = memory_string(text), *rest = copy, *word;
    size_t capacity = 0;
    bool plain = true;
    *n = 0;
    *numbers = NULL;
    while (plain && (word = strsep(&rest, BLANKS))) {
        if (!*word)
            continue;
        *numbers = memory_grow(*numbers, &capacity, *n + 1, sizeof **numbers);
        plain = spice_number(word, &(*numbers)[*n]);
        *n += plain;
    }
    free(copy);
    return plain;
}

/* v1 v2 td tr tf pw, and per or nothing; widths of 0 are the analysis's own numbers. */
static bool read_pulse(struct source *s, size_t n, const double *x)
{
    if (n < PULSE_NUMBERS - 1 || n > PULSE_NUMBERS ||
        !(x[2] >= 0 && x[3] > 0 && x[4] > 0 && x[5] > 0))
        return false;
    const double length = x[3] + x[5] + x[4];
    s->corners = NEW(4, struct corner);
    s->n = 4;
    s->corners[0] = (struct corner){x[2], x[0]};
    s->corners[1] = (struct corner){x[2] + x[3], x[1]};
    s->corners[2] = (struct corner){x[2] + x[3] + x[5], x[1]};
    s->corners[3] = (struct corner){x[2] + length, x[0]};
    if (n == PULSE_NUMBERS && !(x[6] > length))
        return false;
    if (n == PULSE_NUMBERS) {
        s->n_period = 4;
        s->period = x[6];
    }
    return true;
}

static bool read_pieces(struct source *s, size_t n, const double *x)
{
    if (n < 4 || n % 2)
        return false;
    s->n = n / 2;
    s->corners = NEW(s->n, struct corner);
    for (size_t i = 0; i < s->n; i++) {
        s->corners[i] = (struct corner){x[2 * i], x[2 * i + 1]};
        if (i > 0 && !(s->corners[i].t > s->corners[i - 1].t))
            return false;
    }
    return true;
}

/* From NAME + - ... PULSE(...) or PWL(...), with nothing behind it. */
static bool read_card(struct source *s, const char *line)
{
    static const struct {
        const char *word;
        bool (*read)(struct source *s, size_t n, const double *numbers);
    } forms[] = {{"pulse", read_pulse}, {"pwl", read_pieces}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const size_t length = strlen(forms[i].word);
        for (const char *p = line; (p = strcasestr(p, forms[i].word)); p += length) {
            double *numbers;
            size_t n;
            if (p == line || !strchr(" \t", p[-1]) || !p[length] || !strchr(" \t(", p[length]))
                continue;
            const bool done =
                read_numbers(p + length, &n, &numbers) && forms[i].read(s, n, numbers);
            free(numbers);
            return done;
        }
    }
    return false;
}

static size_t node_vector(const struct vector_index *index, const char *node)
{
    return strcmp(node, "0") == 0 ? GROUND : vector_of_node(index, node);
}

struct pulse_areas *pulse_areas_new(const struct user_deck *deck, size_t n, char *const *names)
{
    struct pulse_areas *a = NEW(1, struct pulse_areas);
    struct vector_index *index = vector_index_new(n, names);
    a->n_elements = deck->n_elements;
    a->sources = NEW(deck->n_elements, struct source);
    /* commands may change sources */
    for (size_t k = 0; k < deck->n_elements && !deck->control; k++) {
        const struct user_element *e = &deck->elements[k];
        if (e->name[0] != 'v' || e->conditional)
            continue;
        struct source s = {.element = k,
                           .plus = node_vector(index, e->nodes[0]),
                           .minus = node_vector(index, e->nodes[1])};
        if (s.plus != n && s.minus != n && read_card(&s, deck->text->lines[e->line].text))
            a->sources[a->n++] = s;
        else
            free(s.corners);
    }
    vector_index_free(index);
    return a;
}

void pulse_areas_free(struct pulse_areas *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n; i++)
        free(a->sources[i].corners);
    free(a->sources);
    free(a);
}

/* The corner of that number; after the last one that there is, at infinity. */
static struct corner corner_of(const struct source *s, size_t number)
{
    if (number < s->n)
        return s->corners[number];
    if (s->n_period == 0)
        return (struct corner){INFINITY, s->corners[s->n - 1].v};
    struct corner c = s->corners[s->n - s->n_period + (number - s->n) % s->n_period];
    c.t += s->period * (double)(1 + (number - s->n) / s->n_period);
    return c;
}

/* The card's voltage between the corner before `next` and that. */
static double card_volt(const struct source *s, double t)
{
    const struct corner b = corner_of(s, s->next);
    if (s->next == 0)
        return b.v;
    const struct corner a = corner_of(s, s->next - 1);
    return isfinite(b.t) ? a.v + (b.v - a.v) * (t - a.t) / (b.t - a.t) : a.v;
}

static void end_piece(struct source *s)
{
    s->missed += fabs(s->difference);
    s->difference = 0;
    s->next++;
}

/* A step, of which v is the voltage at its end; both are straight between corners. */
static void add_step(struct source *s, double t0, double t1, double v)
{
    const double slope = t1 > t0 ? (v - s->v) / (t1 - t0) : 0, base = s->corners[0].v;
    double t = t0;
    for (int i = 0; t < t1 && i <= CORNERS_IN_STEP; i++) {
        const double corner = corner_of(s, s->next).t, to = fmin(corner, t1), h = to - t;
        const double card0 = card_volt(s, t), card1 = card_volt(s, to);
        if (i == CORNERS_IN_STEP) {
            s->missed = INFINITY;
            return;
        }
        s->difference += 0.5 * h * (2 * s->v + slope * (t - t0 + to - t0) - card0 - card1);
        s->area += 0.5 * h * (fabs(card0 - base) + fabs(card1 - base));
        s->size += 0.5 * h * (fabs(card0) + fabs(card1));
        if (corner <= t1)
            end_piece(s);
        t = to;
    }
    s->v = v;
}

void pulse_areas_point(struct pulse_areas *a, const double *values)
{
    for (size_t i = 0; i < a->n; i++) {
        struct source *s = &a->sources[i];
        const double v =
            (s->plus == GROUND ? 0 : values[s->plus]) - (s->minus == GROUND ? 0 : values[s->minus]);
        if (a->n_points > 0) {
            if (isfinite(s->missed))
                add_step(s, a->t, values[0], v);
            continue;
        }
        s->v = v;
        /* a first point after 0 s; of a long row of pulses before it nothing is known */
        for (int k = 0; k < CORNERS_IN_STEP && corner_of(s, s->next).t <= values[0]; k++)
            s->next++;
    }
    a->t = values[0];
    a->n_points++;
}

double pulse_areas_missed(const struct pulse_areas *a, size_t *element)
{
    double most = 0;
    *element = a->n_elements;
    for (size_t i = 0; i < a->n; i++) {
        const struct source *s = &a->sources[i];
        const double missed = s->missed + fabs(s->difference);
        /* a pulse of no height has an area of 0, beside which rounding is everything */
        const double share = missed > ROUNDING * s->size ? fmin(1, missed / s->area) : 0;
        if (share > most) {
            most = share;
            *element = s->element;
        }
    }
    return most;
}
