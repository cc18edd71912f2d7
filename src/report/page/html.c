/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page/html.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at p, 0 if there is none (RFC 3629). */
static size_t utf8(const unsigned char *p)
{
    static const struct {
        unsigned char first, last, least, most; /* of the first byte; of the second */
        size_t n;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (p[0] < forms[i].first || p[0] > forms[i].last)
            continue;
        if (forms[i].n > 1 && (p[1] < forms[i].least || p[1] > forms[i].most))
            return 0;
        for (size_t k = 2; k < forms[i].n; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].n;
    }
    return 0;
}

void html_text(const char *text, FILE *out)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        const size_t n = utf8(p);
        if (n == 0 || *p == 0x7f || (*p < ' ' && *p != '\n' && *p != '\t'))
            fputs("\xef\xbf\xbd", out);
        else if (strchr("<>&\"'`=", *p))
            fprintf(out, "&#%d;", *p);
        else
            fwrite(p, 1, n, out);
        p += n ? n : 1;
    }
}

void html_text_lines(const char *text, FILE *out)
{
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        char *line = memory_string_n(text, n);
        html_text(line, out);
        free(line);
        if (text[n])
            fputc('\n', out);
    }
}

void html_json(const char *text, FILE *out)
{
    const unsigned char *p = (const unsigned char *)text;
    fputc('"', out);
    while (*p) {
        const size_t n = utf8(p);
        if (n == 0)
            fputs("\\ufffd", out);
        else if (*p < ' ' || *p == 0x7f || strchr("<>&\"'\\/`", *p))
            fprintf(out, "\\u%04x", *p);
        else if (n == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] | 1) == 0xa9)
            fputs("\\u2028", out);
        else
            fwrite(p, 1, n, out);
        p += n ? n : 1;
    }
    fputc('"', out);
}

void html_json_number(double value, FILE *out)
{
    if (isfinite(value))
        fprintf(out, "%.9g", value);
    else
        fputs("null", out);
}

/* `value` at that many significant digits, without an exponent where it can be, no zeros at the end
 * of a fraction. */
static void plain(double value, int digits, char *text, size_t size)
{
    const double magnitude = value != 0 ? floor(log10(fabs(value))) : 0;
    if (magnitude < -5 || magnitude > 14) {
        snprintf(text, size, "%.*g", digits, value);
        return;
    }
    const int decimals = (int)fmax(0, digits - 1 - magnitude);
    snprintf(text, size, "%.*f", decimals, value);
    for (size_t n = strlen(text); decimals > 0 && (text[n - 1] == '0' || text[n - 1] == '.'); n--) {
        const bool point = text[n - 1] == '.';
        text[n - 1] = 0;
        if (point)
            break;
    }
}

#define NONE 6 /* index of no prefix */

void html_quantity(double value, const char *unit, int digits, FILE *out)
{
    static const char *const prefixes[] = {"a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T"};
    int k = NONE;
    char text[64];
    if (!isfinite(value)) {
        fputs("–", out);
        return;
    }
    if (*unit && value != 0)
        k = (int)fmin(NONE + 4, fmax(0, NONE + floor(log10(fabs(value)) / 3 + 1e-9)));
    plain(value * pow(10, 3 * (NONE - k)), digits, text, sizeof text);
    if (*unit && k < NONE + 4 && fabs(strtod(text, NULL)) >= 1000) {
        k++;
        plain(value * pow(10, 3 * (NONE - k)), digits, text, sizeof text);
    }
    fprintf(out, "%s%s%s%s", text, *unit ? "\xc2\xa0" : "", *unit ? prefixes[k] : "", unit);
}

void html_base64(const unsigned char *bytes, size_t n, FILE *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const unsigned u = (unsigned)bytes[i] << 16 |
                           (i + 1 < n ? (unsigned)bytes[i + 1] << 8 : 0) |
                           (i + 2 < n ? (unsigned)bytes[i + 2] : 0);
        const char four[] = {digits[u >> 18], digits[u >> 12 & 63],
                             i + 1 < n ? digits[u >> 6 & 63] : '=',
                             i + 2 < n ? digits[u & 63] : '='};
        fwrite(four, 1, sizeof four, out);
    }
}

/* A round step, 1, 2 or 5 times a power of ten, for about `wanted` ticks over a span. */
static double tick_step(double span, int wanted)
{
    const double rough = span / wanted, power = pow(10, floor(log10(rough))), share = rough / power;
    return power * (share <= 1.0001 ? 1 : share <= 2.0001 ? 2 : share <= 5.0001 ? 5 : 10);
}

struct range {
    double low, high, step;
};

static void widen(struct range *r, size_t n, const double *values)
{
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) {
            r->low = fmin(r->low, values[i]);
            r->high = fmax(r->high, values[i]);
        }
}

static void round_range(struct range *r, int ticks, bool whole)
{
    if (!(r->low <= r->high)) {
        r->low = 0;
        r->high = 1;
    }
    if (r->high - r->low <= 1e-12 * fmax(fabs(r->low), fabs(r->high))) {
        const double half = r->low != 0 ? 0.5 * fabs(r->low) : 0.5;
        r->low -= half;
        r->high += half;
    }
    r->step = tick_step(r->high - r->low, ticks);
    if (whole) {
        r->low = floor(r->low / r->step + 1e-9) * r->step;
        r->high = ceil(r->high / r->step - 1e-9) * r->step;
    }
}

static void ticks(const struct range *r, const char *class, const char *side, const char *unit,
                  FILE *out)
{
    fprintf(out, "<div class=\"%s\">", class);
    for (double v = ceil(r->low / r->step - 1e-9) * r->step; v <= r->high + 1e-9 * r->step;
         v += r->step) {
        fprintf(out, "<span style=\"%s:%.2f%%\">", side, 100 * (v - r->low) / (r->high - r->low));
        html_quantity(fabs(v) < 1e-9 * r->step ? 0 : v, unit, 4, out);
        fputs("</span>", out);
    }
    fputs("</div>", out);
}

#define PLOT_WIDTH 1000
#define PLOT_HEIGHT 400

static void curve(const struct html_curve *c, size_t number, const struct range *x,
                  const struct range *y, FILE *out)
{
    double last = NAN;
    bool moved = true;
    fprintf(out, "<path class=\"c%zu\" d=\"", number % 8);
    for (size_t i = 0; i < c->n; i++) {
        const double u = PLOT_WIDTH * (c->x[i] - x->low) / (x->high - x->low),
                     v = PLOT_HEIGHT * (1 - (c->y[i] - y->low) / (y->high - y->low));
        if (!isfinite(u) || !isfinite(v)) {
            moved = true;
            continue;
        }
        if (c->steps && !moved)
            fprintf(out, "L%.1f %.1f", u, last);
        fprintf(out, "%c%.1f %.1f", moved ? 'M' : 'L', u, v);
        moved = false;
        last = v;
    }
    fputs("\"/>", out);
    if (!c->low || !c->high)
        return;
    fprintf(out, "<path class=\"c%zu\" d=\"", number % 8);
    for (size_t i = 0; i < c->n; i++) {
        const double u = PLOT_WIDTH * (c->x[i] - x->low) / (x->high - x->low),
                     low = PLOT_HEIGHT * (1 - (c->low[i] - y->low) / (y->high - y->low)),
                     high = PLOT_HEIGHT * (1 - (c->high[i] - y->low) / (y->high - y->low));
        const double left = fmax(0, u - 4), right = fmin(PLOT_WIDTH, u + 4);
        if (isfinite(u) && isfinite(low) && isfinite(high))
            fprintf(out, "M%.1f %.1fV%.1fM%.1f %.1fH%.1fM%.1f %.1fH%.1f", u, low, high, left, low,
                    right, left, high, right);
    }
    fputs("\"/>", out);
}

void html_plot(size_t n, const struct html_curve *curves, const struct html_plot_options *o,
               FILE *out)
{
    struct range x = {INFINITY, -INFINITY, 0}, y = x;
    for (size_t k = 0; k < n; k++) {
        widen(&x, curves[k].n, curves[k].x);
        widen(&y, curves[k].n, curves[k].y);
        if (curves[k].low && curves[k].high) {
            widen(&y, curves[k].n, curves[k].low);
            widen(&y, curves[k].n, curves[k].high);
        }
    }
    if (o->from_zero)
        y.low = fmin(0, y.low);
    round_range(&x, 5, false);
    round_range(&y, 5, true);
    fputs("<figure class=\"plot\"><div class=\"yl\">", out);
    html_text(o->y_label, out);
    fputs("</div>", out);
    ticks(&y, "yt", "bottom", o->y_unit, out);
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\"><title>",
            PLOT_WIDTH, PLOT_HEIGHT);
    html_text(o->y_label, out);
    fputs("</title>", out);
    for (double v = y.low; v <= y.high + 1e-9 * y.step; v += y.step)
        fprintf(out, "<path class=\"grid\" d=\"M0 %.1fH%d\"/>",
                PLOT_HEIGHT * (1 - (v - y.low) / (y.high - y.low)), PLOT_WIDTH);
    for (size_t k = 0; k < n; k++)
        curve(&curves[k], k, &x, &y, out);
    fputs("</svg>", out);
    ticks(&x, "xt", "left", o->x_unit, out);
    fputs("<div class=\"xl\">", out);
    html_text(o->x_label, out);
    fputs("</div><figcaption>", out);
    for (size_t k = 0; k < n && n > 1; k++) {
        fprintf(out, "<span class=\"legend\"><span class=\"key c%zu\"></span>", k % 8);
        html_text(curves[k].name, out);
        fputs("</span> ", out);
    }
    fputs("</figcaption></figure>", out);
}
