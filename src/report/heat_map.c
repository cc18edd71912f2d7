/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/heat_map.h"

#include <math.h>

#define SIDE 480.0 /* of the longer side [px] */
#define LEFT 64.0
#define TOP 44.0
#define BOTTOM 48.0
#define SCALE 16.0        /* width of the scale */
#define RIGHT 120.0       /* from the cells to the edge */
#define WIDTH_LEAST 480.0 /* the title fits */
#define STEPS 64          /* of the scale */
#define TICKS 5

/* From dark to light, equal in steps of lightness; read in grey too. */
static const unsigned char colours[][3] = {{13, 8, 60},   {74, 20, 120},  {158, 42, 99},
                                           {221, 81, 58}, {247, 152, 26}, {252, 240, 160}};
#define N_COLOURS (sizeof colours / sizeof colours[0])

static void colour(double part, FILE *out)
{
    const double at = fmin(fmax(part, 0), 1) * (double)(N_COLOURS - 1);
    const size_t k = at >= (double)(N_COLOURS - 1) ? N_COLOURS - 2 : (size_t)at;
    int c[3];
    for (int i = 0; i < 3; i++)
        c[i] = (int)lround(colours[k][i] + (at - (double)k) * (colours[k + 1][i] - colours[k][i]));
    fprintf(out, "#%02x%02x%02x", c[0], c[1], c[2]);
}

/* Largest magnitude of a block. */
static double block(const struct heat_map *m, size_t i0, size_t i1, size_t j0, size_t j1)
{
    double most = m->a[i0 * m->columns + j0];
    for (size_t i = i0; i < i1; i++)
        for (size_t j = j0; j < j1; j++)
            if (fabs(m->a[i * m->columns + j]) > fabs(most))
                most = m->a[i * m->columns + j];
    return most;
}

static void escaped(const char *text, FILE *out)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
}

/* First, middle and last number of a side. */
static void labels(const struct heat_map *m, double width, double height, FILE *out)
{
    for (size_t k = 0; k < 3; k++) {
        const size_t i = k * (m->rows - 1) / 2, j = k * (m->columns - 1) / 2;
        if (k == 0 || m->rows > k)
            fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%zu</text>\n", LEFT - 6,
                    TOP + height * ((double)i + 0.5) / (double)m->rows + 4, i + 1);
        if (k == 0 || m->columns > k)
            fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%zu</text>\n",
                    LEFT + width * ((double)j + 0.5) / (double)m->columns, TOP + height + 16,
                    j + 1);
    }
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">column</text>\n",
            LEFT + width / 2, TOP + height + 34);
    fprintf(
        out,
        "<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">row</text>\n",
        TOP + height / 2);
}

static void scale(double low, double high, double x, double height, const char *unit, FILE *out)
{
    for (int k = 0; k < STEPS; k++) {
        fprintf(out, "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" fill=\"", x,
                TOP + height * (STEPS - 1 - k) / STEPS, SCALE, height / STEPS + 0.5);
        colour((k + 0.5) / STEPS, out);
        fputs("\"/>\n", out);
    }
    for (int k = 0; k < TICKS; k++)
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">%.4g</text>\n", x + SCALE + 6,
                TOP + height * (TICKS - 1 - k) / (TICKS - 1) + 4,
                low + (high - low) * k / (TICKS - 1));
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x, TOP - 12, unit);
}

void heat_map_write(const struct heat_map *m, FILE *out)
{
    const size_t longer = m->rows > m->columns ? m->rows : m->columns;
    const double cell = SIDE / (double)longer;
    /* a narrow array is drawn wider than it is, so that its cells can be seen */
    const double width = fmax(cell * (double)m->columns, SIDE / 4),
                 height = fmax(cell * (double)m->rows, SIDE / 4);
    double low = INFINITY, high = -INFINITY;
    for (size_t k = 0; k < m->rows * m->columns; k++) {
        low = fmin(low, m->a[k]);
        high = fmax(high, m->a[k]);
    }
    const double range = high > low ? high - low : 1;
    const size_t rows = m->rows < HEAT_MAP_CELLS ? m->rows : HEAT_MAP_CELLS,
                 columns = m->columns < HEAT_MAP_CELLS ? m->columns : HEAT_MAP_CELLS;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "font-family=\"sans-serif\" font-size=\"12\" shape-rendering=\"crispEdges\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
            "<text x=\"%.1f\" y=\"20\" font-size=\"14\">",
            fmax(LEFT + width + RIGHT, WIDTH_LEAST), TOP + height + BOTTOM, LEFT);
    escaped(m->title, out);
    fputs("</text>\n", out);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const double v = block(m, i * m->rows / rows, (i + 1) * m->rows / rows,
                                   j * m->columns / columns, (j + 1) * m->columns / columns);
            fprintf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"",
                    LEFT + width * (double)j / (double)columns,
                    TOP + height * (double)i / (double)rows, width / (double)columns + 0.05,
                    height / (double)rows + 0.05);
            colour((v - low) / range, out);
            fprintf(out, "\"/>\n");
        }
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.2f\" fill=\"none\" "
            "stroke=\"#444\"/>\n",
            LEFT, TOP, width, height);
    labels(m, width, height, out);
    scale(low, high, LEFT + width + 20, height, m->unit, out);
    fputs("</svg>\n", out);
}
