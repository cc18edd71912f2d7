/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wave/measure.h"

#include "base/memory.h"
#include "base/spice_number.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 32
#define EDGE_LAST SIZE_MAX
#define EQUAL_STEPS 100 /* units in the last place by which equal steps may differ */

enum edge { EDGE_CROSS, EDGE_RISE, EDGE_FALL };

/* Where a signal crosses a level or another signal. */
struct crossing {
    size_t signal, other; /* other = n_signals: the level */
    double level;
    enum edge edge;
    size_t count; /* from 1, or EDGE_LAST */
    double from, to;
    double at; /* NaN, or the abscissa itself */
};

struct measuring {
    const struct raw_file *file;
    const char *text;
    struct error *error;
    size_t n_words;
    char *words[WORDS_MAX]; /* of a copy of the text */
    size_t next;            /* word */
    double from, to;
    double *x, *y; /* n: the scale and the signal */
    size_t n, signal;
    struct measure_result *result;
};

static enum status bad(const struct measuring *m, const char *word, const char *expected)
{
    return fail(m->error, STATUS_INPUT, "measure '%.200s': %s%.80s%s, expected %s", m->text,
                word ? "'" : "", word ? word : "the end", word ? "'" : "", expected);
}

static enum status never(const struct measuring *m, const char *what)
{
    return fail(m->error, STATUS_NUMERICAL, "measure '%.200s': %s", m->text, what);
}

static enum status find_signal(const struct measuring *m, const char *name, size_t *signal)
{
    if (!name)
        return bad(m, NULL, "a signal");
    *signal = raw_read_find(m->file, name);
    if (*signal == m->file->n_signals)
        return bad(m, name, "a signal of the file");
    return STATUS_OK;
}

static const char *next_word(struct measuring *m)
{
    return m->next < m->n_words ? m->words[m->next++] : NULL;
}

/* Split "KEY=VALUE" of a word with that key. */
static bool option(const char *word, const char *key, const char **value)
{
    const size_t n = strlen(key);
    if (strncasecmp(word, key, n) != 0 || word[n] != '=')
        return false;
    *value = word + n + 1;
    return true;
}

static enum status number(const struct measuring *m, const char *word, const char *value, double *x)
{
    return spice_number(value, x) ? STATUS_OK : bad(m, word, "a number behind =");
}

/* A word that every measure knows; *known tells whether it was one. */
static enum status window_option(struct measuring *m, const char *word, bool *known)
{
    const char *value;
    *known = true;
    if (option(word, "from", &value) || option(word, "td", &value))
        return number(m, word, value, &m->from);
    if (option(word, "to", &value))
        return number(m, word, value, &m->to);
    *known = false;
    return STATUS_OK;
}

static enum status load(struct measuring *m, size_t signal)
{
    free(m->x);
    free(m->y);
    m->y = NULL;
    m->signal = signal;
    m->n = m->file->n_points;
    m->x = raw_read_column(m->file, 0, m->error);
    if (m->x)
        m->y = raw_read_column(m->file, signal, m->error);
    return m->x && m->y ? STATUS_OK : STATUS_INPUT;
}

/* The rest of the words: KEY=NUMBER of the given keys, or the window. */
static enum status options(struct measuring *m, size_t n, const char *const *keys, double *values)
{
    const char *word, *value;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (word = next_word(m))) {
        size_t k = 0;
        bool known = true;
        while (k < n && !option(word, keys[k], &value))
            k++;
        status = k < n ? number(m, word, value, &values[k]) : window_option(m, word, &known);
        if (!known)
            status = bad(m, word,
                         n == 0   ? "from=, to= or td="
                         : n == 1 ? "band=, from= or to="
                                  : "low=, high=, nth=, from= or to=");
    }
    return status;
}

/* "SIGNAL [KEY=NUMBER ...]" up to the end. */
static enum status load_next(struct measuring *m, size_t n, const char *const *keys, double *values)
{
    size_t signal = 0;
    enum status status = find_signal(m, next_word(m), &signal);
    if (status == STATUS_OK)
        status = load(m, signal);
    return status == STATUS_OK ? options(m, n, keys, values) : status;
}

static bool inside(const struct measuring *m, size_t i)
{
    return m->x[i] >= m->from && m->x[i] <= m->to;
}

/* Extremes of the points in the window: smallest and largest value and where they were last. */
static bool extremes(const struct measuring *m, size_t at[2])
{
    bool any = false;
    for (size_t i = 0; i < m->n; i++) {
        if (!inside(m, i))
            continue;
        at[0] = !any || m->y[i] <= m->y[at[0]] ? i : at[0];
        at[1] = !any || m->y[i] >= m->y[at[1]] ? i : at[1];
        any = true;
    }
    return any;
}

static enum status measure_extreme(struct measuring *m, const char *function)
{
    size_t at[2];
    enum status status = load_next(m, 0, NULL, NULL);
    if (status == STATUS_OK && !extremes(m, at))
        status = never(m, "no point in the window");
    if (status != STATUS_OK)
        return status;
    const bool max = strcasecmp(function, "max") == 0;
    if (strcasecmp(function, "pp") == 0) {
        m->result->value = m->y[at[1]] - m->y[at[0]];
    } else {
        m->result->value = m->y[at[max]];
        m->result->at = m->x[at[max]];
    }
    return STATUS_OK;
}

static enum status measure_average(struct measuring *m, const char *function)
{
    (void)function;
    enum status status = load_next(m, 0, NULL, NULL);
    double sum = 0, length = 0;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < m->n && status == STATUS_OK; i++) {
        if (!inside(m, i))
            continue;
        if (last != SIZE_MAX) {
            sum += 0.5 * (m->y[i] + m->y[last]) * (m->x[i] - m->x[last]);
            length += m->x[i] - m->x[last];
        }
        last = i;
    }
    if (status == STATUS_OK && length == 0)
        status = never(m, "fewer than two points in the window");
    m->result->value = sum / length;
    return status;
}

static double between(const struct measuring *m, size_t i, double x)
{
    return m->y[i] + (x - m->x[i]) * (m->y[i + 1] - m->y[i]) / (m->x[i + 1] - m->x[i]);
}

static bool equal(double a, double b)
{
    return fabs(a - b) <= EQUAL_STEPS * 0x1p-53 * fmax(fabs(a), fabs(b));
}

/* The points of the window with its interpolated ends, in place; returns how many. */
static size_t cut_window(struct measuring *m)
{
    size_t k = 0;
    for (size_t i = 0; i < m->n; i++) {
        double x = m->x[i], y = m->y[i];
        if (x < m->from)
            continue;
        if (x > m->to) {
            if (i > 0 && !equal(x, m->to)) {
                y = between(m, i - 1, m->to);
                x = m->to;
            }
            m->x[k] = x;
            m->y[k++] = y;
            break;
        }
        if (k == 0 && i > 0 && !equal(x, m->from)) {
            y = between(m, i - 1, m->from);
            x = m->from;
        }
        /* k <= i: what is overwritten is not read again, but for point i - 1 */
        m->x[k] = x;
        m->y[k++] = y;
    }
    return k;
}

/* Integral of n points: Simpson's 3/8 rule over three equal steps, 1/3 rule over two, else a
 * trapezoid. */
static double integral(size_t n, const double *x, const double *y)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < n;) {
        const double h = x[i + 1] - x[i], h1 = i + 2 < n ? x[i + 2] - x[i + 1] : 0,
                     h2 = i + 3 < n ? x[i + 3] - x[i + 2] : 0;
        if (h > 0 && equal(h, h1) && equal(h, h2)) {
            sum += 3 * h * (y[i] + 3 * (y[i + 1] + y[i + 2]) + y[i + 3]) / 8;
            i += 3;
        } else if (h > 0 && equal(h, h1)) {
            sum += h * (y[i] + 4 * y[i + 1] + y[i + 2]) / 3;
            i += 2;
        } else {
            sum += h * (y[i] + y[i + 1]) / 2;
            i++;
        }
    }
    return sum;
}

static enum status measure_integral(struct measuring *m, const char *function)
{
    enum status status = load_next(m, 0, NULL, NULL);
    if (status != STATUS_OK)
        return status;
    const bool rms = strcasecmp(function, "rms") == 0;
    const size_t n = cut_window(m);
    if (n < 2)
        return never(m, "fewer than two points in the window");
    for (size_t i = 0; rms && i < n; i++)
        m->y[i] *= m->y[i];
    const double sum = integral(n, m->x, m->y);
    m->result->value = rms ? sqrt(sum / (m->x[n - 1] - m->x[0])) : sum;
    if (!rms)
        snprintf(m->result->unit, sizeof m->result->unit, "%s.%s",
                 raw_read_unit(&m->file->signals[m->signal]), raw_read_unit(&m->file->signals[0]));
    return STATUS_OK;
}

/* Does the point with the value y1 (less its level) end a crossing?  *side: where the signal was. */
static bool crosses(double y1, int *side, enum edge edge)
{
    if (*side == 0) { /* decided by the first point that is off the level */
        *side = y1 < 0 ? -1 : y1 > 0 ? 1 : 0;
        return false;
    }
    if (*side < 0 && y1 >= 0) {
        *side = 1;
        return edge != EDGE_FALL;
    }
    if (*side > 0 && y1 <= 0) {
        *side = -1;
        return edge != EDGE_RISE;
    }
    return false;
}

static enum status locate(struct measuring *m, const struct crossing *c, double *at)
{
    *at = c->at;
    if (!isnan(c->at))
        return STATUS_OK;
    enum status status = load(m, c->signal);
    double *other = status == STATUS_OK && c->other < m->file->n_signals
                        ? raw_read_column(m->file, c->other, m->error)
                        : NULL;
    if (c->other < m->file->n_signals && !other)
        status = STATUS_INPUT;
    int side = 0;
    size_t seen = 0, last = SIZE_MAX;
    for (size_t i = 0; i < m->n && status == STATUS_OK && seen < c->count; i++) {
        if (m->x[i] < c->from)
            continue;
        if (m->x[i] > c->to)
            break;
        const double level = other ? other[i] : c->level, y1 = m->y[i] - level;
        const double y0 = last == SIZE_MAX ? y1 : m->y[last] - (other ? other[last] : c->level);
        if (crosses(y1, &side, c->edge)) {
            seen++;
            *at = m->x[last] - y0 * (m->x[i] - m->x[last]) / (y1 - y0);
        }
        last = i;
    }
    free(other);
    if (status == STATUS_OK && (isnan(*at) || (c->count != EDGE_LAST && seen < c->count))) {
        char text[80];
        snprintf(text, sizeof text, "%zu such crossings of %s", seen,
                 m->file->signals[c->signal].name);
        status = never(m, text);
    }
    return status;
}

/* rise=, fall=, cross=: true if the word is one. */
static enum status edge_option(const struct measuring *m, const char *word, struct crossing *c,
                               bool *known)
{
    static const char *const names[] = {"cross", "rise", "fall"};
    const char *value;
    *known = false;
    for (int e = 0; e < 3; e++)
        if (option(word, names[e], &value)) {
            char *end;
            *known = true;
            c->edge = (enum edge)e;
            c->count = strtoul(value, &end, 10);
            if (strcasecmp(value, "last") == 0)
                c->count = EDGE_LAST;
            else if (!isdigit((unsigned char)value[0]) || *end || c->count == 0)
                return bad(m, word, "a number from 1, or last, behind =");
        }
    return STATUS_OK;
}

/* The words of a crossing up to `stop` (may be NULL) or the end. */
static enum status crossing_options(struct measuring *m, struct crossing *c, const char *stop)
{
    enum status status = STATUS_OK;
    const char *value;
    while (status == STATUS_OK && m->next < m->n_words) {
        const char *word = next_word(m);
        bool known = false;
        if (stop && strcasecmp(word, stop) == 0) {
            m->next--;
            break;
        }
        if (option(word, "val", &value))
            status = number(m, word, value, &c->level);
        else if (option(word, "at", &value))
            status = number(m, word, value, &c->at);
        else if (option(word, "td", &value) || option(word, "from", &value))
            status = number(m, word, value, &c->from);
        else if (option(word, "to", &value))
            status = number(m, word, value, &c->to);
        else if ((status = edge_option(m, word, c, &known)) == STATUS_OK && !known)
            status = bad(m, word, "val=, at=, td=, from=, to=, rise=, fall= or cross=");
    }
    return status;
}

/* "SIGNAL=LEVEL", "SIGNAL=SIGNAL". */
static enum status read_when(struct measuring *m, struct crossing *c)
{
    const char *word = next_word(m), *sign = word ? strchr(word, '=') : NULL;
    *c = (struct crossing){.other = m->file->n_signals, .count = 1, .from = m->from, .to = m->to};
    c->at = NAN;
    if (!sign)
        return bad(m, word, "SIGNAL=LEVEL");
    char *name = memory_string_n(word, (size_t)(sign - word));
    enum status status = find_signal(m, name, &c->signal);
    free(name);
    if (status == STATUS_OK && !spice_number(sign + 1, &c->level))
        status = find_signal(m, sign + 1, &c->other);
    return status == STATUS_OK ? crossing_options(m, c, NULL) : status;
}

static void scale_unit(struct measuring *m)
{
    snprintf(m->result->unit, sizeof m->result->unit, "%s", raw_read_unit(&m->file->signals[0]));
}

static enum status measure_when(struct measuring *m, const char *function)
{
    (void)function;
    struct crossing c;
    enum status status = read_when(m, &c);
    if (status == STATUS_OK)
        status = locate(m, &c, &m->result->value);
    scale_unit(m);
    return status;
}

static enum status measure_find(struct measuring *m, const char *function)
{
    (void)function;
    struct crossing c = {.at = NAN};
    size_t signal = 0;
    const char *value;
    enum status status = find_signal(m, next_word(m), &signal);
    const char *word = status == STATUS_OK ? next_word(m) : NULL;
    if (status != STATUS_OK)
        return status;
    if (word && option(word, "at", &value)) {
        status = number(m, word, value, &c.at);
        m->result->at = c.at;
        if (status == STATUS_OK && m->next < m->n_words)
            status = bad(m, next_word(m), "the end");
    } else if (word && strcasecmp(word, "when") == 0) {
        status = read_when(m, &c);
        if (status == STATUS_OK)
            status = locate(m, &c, &m->result->at);
    } else {
        status = bad(m, word, "at=X or when SIGNAL=LEVEL");
    }
    if (status == STATUS_OK)
        status = load(m, signal);
    const double at = m->result->at;
    for (size_t i = 0; i + 1 < m->n && status == STATUS_OK; i++)
        if (m->x[i] <= at && m->x[i + 1] >= at && m->x[i + 1] > m->x[i]) {
            m->result->value = between(m, i, at);
            return STATUS_OK;
        }
    return status == STATUS_OK ? never(m, "out of the scale") : status;
}

static enum status measure_distance(struct measuring *m, const char *function)
{
    (void)function;
    struct crossing c[2];
    double at[2];
    enum status status = STATUS_OK;
    const char *value;
    for (int k = 0; k < 2 && status == STATUS_OK; k++) {
        const char *word = k == 1 ? next_word(m) : NULL;
        if (k == 1 && (!word || strcasecmp(word, "targ") != 0))
            return bad(m, word, "targ");
        c[k] = (struct crossing){.other = m->file->n_signals, .from = m->from, .to = m->to};
        c[k].at = c[k].level = NAN;
        word = m->next < m->n_words ? m->words[m->next] : NULL;
        if (!word || !option(word, "at", &value)) {
            m->next++;
            status = find_signal(m, word, &c[k].signal);
        }
        if (status == STATUS_OK)
            status = crossing_options(m, &c[k], k == 0 ? "targ" : NULL);
        if (status == STATUS_OK && isnan(c[k].at) && (isnan(c[k].level) || c[k].count == 0))
            status = bad(m, k == 0 ? "trig" : "targ", "val= and rise=, fall= or cross=; or at=");
    }
    for (int k = 0; k < 2 && status == STATUS_OK; k++)
        status = locate(m, &c[k], &at[k]);
    if (status != STATUS_OK)
        return status;
    m->result->value = at[1] - at[0];
    m->result->at = at[1];
    scale_unit(m);
    return STATUS_OK;
}

static enum status measure_edge(struct measuring *m, const char *function)
{
    static const char *const keys[] = {"low", "high", "nth"};
    double values[] = {0.1, 0.9, 1}, at[2];
    size_t extreme[2];
    enum status status = load_next(m, 3, keys, values);
    const double low = values[0], high = values[1], nth = values[2];
    if (status == STATUS_OK && !(low > 0 && low < high && high < 1 && nth >= 1 && nth < 1e9))
        status = fail(m->error, STATUS_INPUT,
                      "measure '%.200s': expected 0 < low < high < 1 and nth from 1", m->text);
    if (status == STATUS_OK && !extremes(m, extreme))
        status = never(m, "no point in the window");
    if (status != STATUS_OK)
        return status;
    const bool rise = strcasecmp(function, "rise") == 0;
    const double least = m->y[extreme[0]], span = m->y[extreme[1]] - least;
    struct crossing c = {.signal = m->signal,
                         .other = m->file->n_signals,
                         .edge = rise ? EDGE_RISE : EDGE_FALL,
                         .count = (size_t)nth,
                         .level = least + (rise ? low : high) * span,
                         .from = m->from,
                         .to = m->to,
                         .at = NAN};
    status = locate(m, &c, &at[0]);
    c.level = least + (rise ? high : low) * span;
    c.count = 1;
    c.from = at[0];
    if (status == STATUS_OK)
        status = locate(m, &c, &at[1]);
    m->result->value = at[1] - at[0];
    m->result->at = at[1];
    scale_unit(m);
    return status;
}

static enum status measure_settle(struct measuring *m, const char *function)
{
    (void)function;
    static const char *const keys[] = {"band"};
    double band = 0.01;
    size_t extreme[2], first = SIZE_MAX, last = 0, out = SIZE_MAX;
    enum status status = load_next(m, 1, keys, &band);
    if (status == STATUS_OK && !(band > 0 && band < 1))
        status = fail(m->error, STATUS_INPUT, "measure '%.200s': expected 0 < band < 1", m->text);
    if (status == STATUS_OK && !extremes(m, extreme))
        status = never(m, "no point in the window");
    for (size_t i = 0; i < m->n && status == STATUS_OK; i++)
        if (inside(m, i)) {
            first = first == SIZE_MAX ? i : first;
            last = i;
        }
    if (status != STATUS_OK)
        return status;
    const double width = band * (m->y[extreme[1]] - m->y[extreme[0]]);
    for (size_t i = first; i <= last; i++)
        if (inside(m, i) && fabs(m->y[i] - m->y[last]) > width)
            out = i;
    scale_unit(m);
    const double begin = m->from > m->x[0] ? m->from : m->x[first];
    double at = begin;
    if (out != SIZE_MAX) {
        const double edge = m->y[last] + copysign(width, m->y[out] - m->y[last]);
        at = m->x[out] +
             (edge - m->y[out]) * (m->x[out + 1] - m->x[out]) / (m->y[out + 1] - m->y[out]);
    }
    m->result->value = at - begin;
    m->result->at = at;
    return STATUS_OK;
}

static const struct {
    const char *name;
    enum status (*run)(struct measuring *m, const char *function);
} functions[] = {
    {"min", measure_extreme}, {"max", measure_extreme},    {"pp", measure_extreme},
    {"avg", measure_average}, {"integ", measure_integral}, {"rms", measure_integral},
    {"when", measure_when},   {"find", measure_find},      {"trig", measure_distance},
    {"rise", measure_edge},   {"fall", measure_edge},      {"settle", measure_settle},
};

static enum status dispatch(struct measuring *m)
{
    const char *function = next_word(m);
    for (size_t i = 0; function && i < sizeof functions / sizeof functions[0]; i++)
        if (strcasecmp(function, functions[i].name) == 0) {
            enum status status = functions[i].run(m, function);
            if (status == STATUS_OK && !m->result->unit[0])
                snprintf(m->result->unit, sizeof m->result->unit, "%s",
                         raw_read_unit(&m->file->signals[m->signal]));
            return status;
        }
    return bad(m, function, "min, max, pp, avg, rms, integ, when, find, trig, rise, fall, settle");
}

enum status measure(const struct raw_file *file, const char *text, double from, double to,
                    struct measure_result *result, struct error *error)
{
    struct measuring m = {
        .file = file, .text = text, .error = error, .from = from, .to = to, .result = result};
    *result = (struct measure_result){.value = NAN, .at = NAN};
    const char *colon = strchr(text, ':');
    const bool named = colon && strcspn(text, " \t=(") >= (size_t)(colon - text);
    char *copy = memory_string(named ? colon + 1 : text), *rest = copy, *word;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (word = strtok_r(NULL, " \t\r\n", &rest))) {
        if (m.n_words == WORDS_MAX)
            status = bad(&m, word, "fewer words");
        else
            m.words[m.n_words++] = word;
    }
    if (status == STATUS_OK)
        status = dispatch(&m);
    free(m.x);
    free(m.y);
    free(copy);
    result->name = named ? memory_string_n(text, (size_t)(colon - text)) : memory_string(text);
    return status;
}
