/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of a page.  Every text that comes from outside goes through html_text() or html_json(). */
#ifndef SILVERBAR_REPORT_PAGE_HTML_H
#define SILVERBAR_REPORT_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Text of an element or of a quoted attribute: markup escaped, what is not UTF-8 or a control
 * character replaced by U+FFFD. */
void html_text(const char *text, FILE *out);

/* The same, with its line ends. */
void html_text_lines(const char *text, FILE *out);

/* A JSON string with its quotes, safe inside of <script>. */
void html_json(const char *text, FILE *out);

/* A finite number in JSON, else null. */
void html_json_number(double value, FILE *out);

/* A quantity with an SI prefix, "11.9 mJ", at `digits` significant digits; "-" for NaN. */
void html_quantity(double value, const char *unit, int digits, FILE *out);

/* Bytes in base 64. */
void html_base64(const unsigned char *bytes, size_t n, FILE *out);

/* A curve for html_plot(): points x[n], y[n], steps between them if so. */
struct html_curve {
    const char *name;
    size_t n;
    const double *x, *y;
    bool steps;
    const double *low, *high; /* n: ends of an interval of each point, or NULL */
};

struct html_plot_options {
    const char *x_label, *y_label; /* with their units */
    const char *x_unit, *y_unit;   /* of the ticks, which get SI prefixes; "" for plain numbers */
    bool from_zero;                /* the y axis has its zero */
};

/* A plot that fills the width there is: curves as SVG that stretches, ticks as text that does not. */
void html_plot(size_t n, const struct html_curve *curves, const struct html_plot_options *options,
               FILE *out);

#endif
