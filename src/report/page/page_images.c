/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Confusion over all images and those that were nearest to be wrong. */
#include "base/memory.h"
#include "learn/images.h"
#include "report/csv_read.h"
#include "report/page/html.h"
#include "report/page/page_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORST 12

/* given[class][row]: probability of the image in each class, at the noise of the run. */
struct truth {
    char *names[IMAGE_CLASSES];
    double *given[IMAGE_CLASSES]; /* n_rows of images.csv */
};

static void truth_free(struct truth *t)
{
    for (int k = 0; k < IMAGE_CLASSES; k++) {
        free(t->names[k]);
        free(t->given[k]);
    }
}

static void read_given(const struct table *images, struct truth *t)
{
    if (strcmp(t->names[0], t->names[1]) > 0) {
        char *first = t->names[0];
        t->names[0] = t->names[1];
        t->names[1] = first;
    }
    for (int k = 0; k < IMAGE_CLASSES; k++) {
        t->given[k] = NEW(images->n_rows, double);
        for (size_t i = 0; i < images->n_rows; i++) {
            const bool nearer = strcmp(csv_text(images, i, "nearer"), t->names[k]) == 0;
            t->given[k][i] = csv_number(images, i, nearer ? "given_nearer" : "given_other");
        }
    }
}

/* From the table's own columns; in folders without them from the letters that were asked for. */
static bool find_truth(const struct page_data *d, struct truth *t)
{
    const struct table *images = d->images;
    const struct summary *s = &d->summary;
    struct image_pair pair;
    double weight[IMAGE_CLASSES][IMAGE_COUNT];
    int n = 0;
    *t = (struct truth){0};
    for (size_t i = 0; i < images->n_rows && n < IMAGE_CLASSES; i++) {
        const char *name = csv_text(images, i, "nearer");
        if (*name && (n == 0 || strcmp(name, t->names[0]) != 0))
            t->names[n++] = memory_string(name);
    }
    if (n == IMAGE_CLASSES) {
        read_given(images, t);
        return true;
    }
    truth_free(t);
    *t = (struct truth){0};
    if (!images_are_letters(s->images) || images->n_rows != IMAGE_COUNT ||
        images_read(s->images, &pair, NULL) != STATUS_OK)
        return false;
    images_weights(&pair, s->noise_probability, weight);
    for (int k = 0; k < IMAGE_CLASSES; k++) {
        t->names[k] = memory_string(pair.classes[k].name);
        t->given[k] = NEW(IMAGE_COUNT, double);
        for (size_t i = 0; i < IMAGE_COUNT; i++)
            t->given[k][i] = IMAGE_CLASSES * weight[k][i];
    }
    images_free(&pair);
    return true;
}

/* Number of a class, or -1: as likely in both. */
static int likelier(const struct truth *t, size_t i)
{
    const double a = t->given[0][i], b = t->given[1][i];
    return fabs(a - b) <= 1e-9 * (a + b) ? -1 : a > b ? 0 : 1;
}

static int decision(const struct page_data *d, const struct truth *t, size_t i)
{
    return strcmp(csv_text(d->images, i, "class"), t->names[0]) == 0 ? 0 : 1;
}

static void head(const struct truth *t, const char *title, const char *last, FILE *out)
{
    fprintf(out, "<h3>%s</h3><table><tr><th>%s</th>", title, last);
    for (int k = 0; k < IMAGE_CLASSES; k++) {
        fputs("<th class=\"n\">decided ", out);
        html_text(t->names[k], out);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
}

static void confusion(const struct page_data *d, const struct truth *t, FILE *out)
{
    size_t count[IMAGE_CLASSES + 1][IMAGE_CLASSES] = {{0}};
    double share[IMAGE_CLASSES][IMAGE_CLASSES] = {{0}};
    char title[128];
    for (size_t i = 0; i < d->images->n_rows; i++) {
        const int k = likelier(t, i), to = decision(d, t, i);
        count[k < 0 ? IMAGE_CLASSES : k][to]++;
        for (int c = 0; c < IMAGE_CLASSES; c++)
            share[c][to] += t->given[c][i];
    }
    snprintf(title, sizeof title, "Share of what is shown, pixels flipped with p = %g [%%]",
             d->summary.noise_probability);
    head(t, title, "shown", out);
    for (int c = 0; c < IMAGE_CLASSES; c++) {
        fputs("<tr><td>", out);
        html_text(t->names[c], out);
        fprintf(out, "</td><td class=\"n\">%.2f</td><td class=\"n\">%.2f</td></tr>\n",
                100 * share[c][0], 100 * share[c][1]);
    }
    fputs("</table>\n", out);
    snprintf(title, sizeof title, "All %zu images, counted", d->images->n_rows);
    head(t, title, "nearer to", out);
    for (int c = 0; c <= IMAGE_CLASSES; c++) {
        fputs("<tr><td>", out);
        html_text(c < IMAGE_CLASSES ? t->names[c] : "as near to both", out);
        fprintf(out, "</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td></tr>\n", count[c][0],
                count[c][1]);
    }
    fputs("</table>\n", out);
}

struct ranked {
    size_t row;
    bool wrong;
    double weight, margin;
};

/* Wrong ones first, by what they cost; then by their distance from the threshold. */
static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->wrong != y->wrong)
        return y->wrong - x->wrong;
    if (x->wrong && x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return x->margin < y->margin ? -1 : x->margin > y->margin;
}

static void draw(const struct page_data *d, const struct truth *t, const struct ranked *r,
                 FILE *out)
{
    const double output = csv_number(d->images, r->row, "output");
    fputs("<figure><div class=\"px\">", out);
    size_t n = 0;
    for (const char *p = csv_text(d->images, r->row, "pixels"); *p && n < IMAGE_PIXELS; p++)
        if (*p == '0' || *p == '1') {
            fprintf(out, "<i%s></i>", *p == '1' ? " class=\"on\"" : "");
            n++;
        }
    fprintf(out, "</div><span class=\"%s\">", r->wrong ? "bad" : "");
    html_text(csv_text(d->images, r->row, "class"), out);
    fprintf(out, "</span> y = %.3f<br><span class=\"soft\">nearer to ", output);
    html_text(t->names[likelier(t, r->row) == 1], out);
    fputs("</span></figure>\n", out);
}

static void worst(const struct page_data *d, const struct truth *t, FILE *out)
{
    struct ranked *r = NEW(d->images->n_rows, struct ranked);
    size_t n = 0, n_wrong = 0;
    for (size_t i = 0; i < d->images->n_rows; i++) {
        const int k = likelier(t, i);
        if (k < 0)
            continue;
        r[n++] = (struct ranked){i, decision(d, t, i) != k, fabs(t->given[0][i] - t->given[1][i]),
                                 fabs(csv_number(d->images, i, "output") - 0.5)};
        n_wrong += r[n - 1].wrong;
    }
    qsort(r, n, sizeof *r, compare);
    fprintf(
        out,
        "<h3>The worst of them</h3><p class=\"note\">%zu decided against the nearer class, drawn "
        "first; then those whose output y is nearest to the threshold 0.5.</p>\n<div "
        "class=\"worst\">\n",
        n_wrong);
    for (size_t i = 0; i < n && i < WORST; i++)
        draw(d, t, &r[i], out);
    fputs("</div>\n", out);
    free(r);
}

void page_images(const struct page_data *d, FILE *out)
{
    struct truth t;
    if (!d->images) {
        fputs("<p class=\"note\">This folder has no images.csv.</p>\n", out);
        return;
    }
    if (!find_truth(d, &t)) {
        fputs(
            "<p class=\"note\">images.csv of this folder does not tell what the classes are.</p>\n",
            out);
        return;
    }
    fputs("<div>", out);
    confusion(d, &t, out);
    fputs("</div><div>", out);
    worst(d, &t, out);
    fputs("</div>\n", out);
    truth_free(&t);
}
