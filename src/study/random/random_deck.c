/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/random/random_deck.h"

#include "base/memory.h"
#include "base/random.h"
#include "device/library/library.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SOURCES_MAX 3
#define INNER_MAX 5
#define EXTRA_MAX 7
#define OHM_MIN 100
#define OHM_MAX 1e5
#define STEPS 2000 /* of a deck */
/* ... times this where a switch jumps between two points: `sim' refuses what that leaves open */
#define SWITCH_FINER 4
#define FINER 8 /* steps of the fine form in one of the deck's */
#define FINE_RELTOL 1e-7
#define FINE_ABSTOL 1e-14
#define FINE_VNTOL 1e-9

/* Letters of cards that follow on sources and resistors, each as often as it is to come. */
static const char native_letters[] = "RCCLKEGMMXX", all_letters[] = "RCCLLKIEGFHBSMX";

/* Of devices that have a law in every engine, are quick in ngspice and keep their state at rest, as the
 * operating point of a deck without `uic' would not. */
static const char *const dopants[] = {
    "Cr",      "W",        "Sn",         "C",         "Cr-vteam",
    "W-vteam", "mms-demo", "vteam-demo", "team-demo", "metaswitch-demo"};

struct draw {
    gsl_rng *rng;
    struct random_deck *deck;
    int n_sources; /* nodes 1 to n_sources are theirs */
    double amplitude[SOURCES_MAX + 1];
};

static double between(const struct draw *w, double low, double high)
{
    return low * pow(high / low, gsl_rng_uniform(w->rng));
}

static int below(const struct draw *w, int n)
{
    return (int)gsl_rng_uniform_int(w->rng, (unsigned long)n);
}

static bool chance(const struct draw *w, double p)
{
    return gsl_rng_uniform(w->rng) < p;
}

static double either_sign(const struct draw *w, double x)
{
    return chance(w, 0.5) ? x : -x;
}

static struct random_card *add(const struct draw *w, char letter, int p, int n)
{
    struct random_deck *d = w->deck;
    d->cards = memory_grow(d->cards, &d->capacity, d->n + 1, sizeof *d->cards);
    struct random_card *c = &d->cards[d->n];
    *c = (struct random_card){.letter = letter, .node = {p, n}};
    snprintf(c->name, sizeof c->name, "%c%zu", letter + ('a' - 'A'), ++d->n);
    return c;
}

static int new_node(const struct draw *w)
{
    return ++w->deck->n_nodes;
}

static void add_value(const struct draw *w, char letter, int p, int n, double value)
{
    add(w, letter, p, n)->value = value;
}

/* A node that is none of the sources'. */
static int inner(const struct draw *w)
{
    return w->n_sources + 1 + below(w, w->deck->n_nodes - w->n_sources);
}

static int source_node(const struct draw *w)
{
    return 1 + below(w, w->n_sources);
}

static int other(const struct draw *w, int node)
{
    int n;
    do
        n = below(w, w->deck->n_nodes + 1);
    while (n == node);
    return n;
}

/* ---- waves ---- */

static char *pulse(const struct draw *w, double from, double a)
{
    const double t = w->deck->stop, period = t / (1 + below(w, 4)),
                 rise = period * between(w, 1e-3, 0.1), fall = period * between(w, 1e-3, 0.1);
    return memory_format("pulse(%.4g %.4g %.4g %.4g %.4g %.4g %.4g)", from, a,
                         t * between(w, 0.01, 0.1), rise, fall, period * between(w, 0.1, 0.5),
                         period);
}

/* What only SPICE knows. */
static char *wave(const struct draw *w, double a)
{
    const double t = w->deck->stop, from = w->deck->uic ? 0 : a * gsl_rng_uniform(w->rng),
                 f = between(w, 1, 5) / t;
    switch (below(w, 7)) {
    case 0:
        return memory_format("dc %.4g", a);
    case 1:
        return pulse(w, from, a);
    case 2:
        return memory_format("sin(%.4g %.4g %.4g %.4g %.4g)", from, a, f,
                             t * 0.2 * gsl_rng_uniform(w->rng), gsl_rng_uniform(w->rng) * 3 / t);
    case 3:
        return memory_format("exp(%.4g %.4g %.4g %.4g %.4g %.4g)", from, a,
                             t * between(w, 0.01, 0.1), t * between(w, 0.01, 0.3),
                             t * between(w, 0.3, 0.7), t * between(w, 0.01, 0.3));
    case 4:
        return memory_format("sffm(%.4g %.4g %.4g %.3g %.4g)", from, a, 3 * f, between(w, 0.3, 3),
                             f);
    case 5:
        return memory_format("am(%.4g %.4g %.4g %.4g 0)", a, between(w, 0.3, 2), f, 4 * f);
    default:
        return memory_format("pwl(0 %.4g %.4g %.4g %.4g %.4g %.4g %.4g)", from,
                             t * between(w, 0.01, 0.1), a, t * between(w, 0.2, 0.4), 0.3 * a,
                             t * between(w, 0.5, 0.9), -a);
    }
}

/* Straight lines from 0 V on: ramps, rests, and steep edges. */
static void straight(const struct draw *w, struct random_card *c, double a)
{
    const double t = w->deck->stop;
    const size_t n = 2 + (size_t)below(w, (RANDOM_DECK_POINTS - 1) / 2 - 1);
    char *text = memory_string("pwl(0 0");
    double at = 0, volt = 0;
    c->n_points = 1;
    for (size_t k = 0; k < n; k++) {
        const double span = 0.9 * t / (double)n, edge = span * between(w, 1e-3, 0.9),
                     rest = chance(w, 0.5) ? 0.5 * (span - edge) : 0;
        const double points[2][2] = {{at + rest, volt},
                                     {at + rest + edge, a * (1.5 * gsl_rng_uniform(w->rng) - 0.5)}};
        for (size_t i = rest > 0 ? 0 : 1; i < 2; i++) {
            char *longer = memory_format("%s %.6g %.4g", text, points[i][0], points[i][1]);
            const char *words = longer + strlen(text);
            char *end;
            /* what is written is what every engine gets */
            c->t[c->n_points] = strtod(words, &end);
            c->volt[c->n_points++] = strtod(end, NULL);
            free(text);
            text = longer;
        }
        at = c->t[c->n_points - 1];
        volt = c->volt[c->n_points - 1];
    }
    c->rest = memory_format("%s)", text);
    free(text);
}

/* ---- cards ---- */

static double some_ohm(const struct draw *w)
{
    return between(w, OHM_MIN, OHM_MAX);
}

static void add_source(const struct draw *w, int node, double a)
{
    struct random_card *c = add(w, 'V', node, 0);
    if (w->deck->native)
        straight(w, c, a);
    else
        c->rest = wave(w, either_sign(w, a));
}

/* A branch from p through something at a node of its own, and a resistor to n. */
static struct random_card *add_branch(const struct draw *w, char letter, int p, int n, double ohm)
{
    const int middle = new_node(w);
    add_value(w, 'R', middle, n, ohm);
    return add(w, letter, p, middle);
}

static void add_inductor(const struct draw *w)
{
    const int p = inner(w), n = other(w, p);
    const double ohm = some_ohm(w);
    add_branch(w, 'L', p, n, ohm)->value = ohm * w->deck->stop * between(w, 3e-3, 1);
}

/* Between the last two inductors that have none. */
static void add_coupling(const struct draw *w)
{
    const struct random_deck *d = w->deck;
    size_t pair[2], n = 0;
    for (size_t k = d->n; k-- > 0 && n < 2;) {
        bool coupled = d->cards[k].letter != 'L';
        for (size_t i = 0; i < d->n && !coupled; i++)
            coupled = d->cards[i].letter == 'K' &&
                      (d->cards[i].partner[0] == k || d->cards[i].partner[1] == k);
        if (!coupled)
            pair[n++] = k;
    }
    if (n < 2)
        return;
    struct random_card *c = add(w, 'K', 0, 0);
    c->partner[0] = pair[0];
    c->partner[1] = pair[1];
    c->value = between(w, 0.05, 0.95);
}

/* Voltage that a controlled source listens to, and how strong it may be: what hears of its own effect
 * is weak. */
static int control(const struct draw *w, double *gain, double *ohm)
{
    const bool source = chance(w, 0.6);
    *gain = either_sign(w, between(w, 0.05, source ? 2 : 0.4));
    *ohm = source ? some_ohm(w) : OHM_MAX;
    return source ? source_node(w) : inner(w);
}

static void add_controlled(const struct draw *w, char letter)
{
    const int to = inner(w);
    double gain, ohm;
    const int from = control(w, &gain, &ohm);
    struct random_card *c =
        letter == 'E' || letter == 'H' ? add_branch(w, letter, 0, to, ohm) : add(w, letter, to, 0);
    if (letter == 'E' || letter == 'H') { /* the source's first node is the branch's own */
        c->node[0] = c->node[1];
        c->node[1] = 0;
    }
    c->value = letter == 'G' ? 0.1 * gain / ohm : letter == 'H' ? 0.05 * gain * OHM_MIN : gain;
    if (letter == 'E' || letter == 'G')
        c->node[2] = from;
    else if (letter == 'B')
        c->rest = chance(w, 0.5)
                      ? memory_format("i=%.4g*tanh(v(n%d))", 0.1 * gain / ohm, from)
                      : memory_format("i=%.4g*v(n%d)*abs(v(n%d))", 0.03 * gain / ohm, from, from);
    else
        c->partner[0] = (size_t)below(w, w->n_sources); /* sources are the first cards */
    if (letter == 'F')
        c->value *= 0.2; /* it hears of its own current */
}

static void add_switch(const struct draw *w)
{
    const int p = inner(w), n = other(w, p), s = source_node(w);
    const double at = w->amplitude[s] * between(w, 0.2, 0.7);
    struct random_card *c = add(w, 'S', p, n);
    c->node[2] = s;
    c->rest = memory_format("sw_%s", c->name);
    c->model = memory_format(".model sw_%s sw(vt=%.4g vh=%.4g ron=%.4g roff=%.4g)", c->name, at,
                             at * 0.1, between(w, 10, 1e3), between(w, 1e6, 1e9));
}

static void add_transistor(const struct draw *w)
{
    const bool n_type = chance(w, 0.6);
    const int drain = inner(w), gate = chance(w, 0.6) ? source_node(w) : inner(w),
              source = n_type ? 0 : source_node(w);
    struct random_card *c = add(w, 'M', drain, gate);
    c->node[2] = c->node[3] = source;
    c->rest = memory_format("mod_%s w=%.3gu l=1u", c->name, between(w, 1, 50));
    c->model = memory_format(".model mod_%s %s (vto=%.3g kp=%.3g lambda=%.3g gamma=%.3g)", c->name,
                             n_type ? "nmos" : "pmos", (n_type ? 1 : -1) * between(w, 0.2, 1),
                             between(w, 1e-5, 2e-4), between(w, 1e-3, 0.1), between(w, 0.1, 0.8));
}

static void add_memristor(const struct draw *w)
{
    const int p = inner(w), n = other(w, p);
    struct random_card *c = add(w, 'X', p, n);
    c->model = memory_string(dopants[below(w, sizeof dopants / sizeof dopants[0])]);
    char *x0 = memory_format("%.3g", between(w, 0.01, 0.9));
    c->value = strtod(x0, NULL);
    c->rest = memory_format("%s x0=%s", c->model, x0);
    for (char *dash = c->rest; (dash = strchr(dash, '-'));)
        *dash = '_'; /* as a library's .subckt is named */
    free(x0);
}

static void add_extra(const struct draw *w, char letter)
{
    const int p = inner(w), n = other(w, p);
    switch (letter) {
    case 'R':
        add_value(w, 'R', p, n, some_ohm(w));
        break;
    case 'C':
        add_value(w, 'C', p, n, w->deck->stop * between(w, 3e-3, 1) / some_ohm(w));
        break;
    case 'L':
        add_inductor(w);
        break;
    case 'K':
        add_inductor(w);
        add_coupling(w);
        break;
    case 'I':
        add(w, 'I', p, n)->rest = wave(w, either_sign(w, between(w, 1e-6, 1e-4)));
        break;
    case 'S':
        add_switch(w);
        break;
    case 'M':
        add_transistor(w);
        break;
    case 'X':
        if (w->deck->uic)
            add_memristor(w);
        break;
    default:
        add_controlled(w, letter);
    }
}

/* Numbers are written with few digits: what is drawn is then what is read. */
static void round_values(struct random_deck *d)
{
    for (size_t k = 0; k < d->n; k++) {
        char text[32];
        snprintf(text, sizeof text, "%.5g", d->cards[k].value);
        d->cards[k].value = strtod(text, NULL);
    }
}

struct random_deck random_deck_draw(const struct random_kind *kind, uint64_t seed, uint32_t number)
{
    struct random_deck d = {.kind = kind, .native = kind->native};
    struct draw w = {
        random_stream(seed, number,
                      (enum random_purpose)(RANDOM_TESTBENCH + (int)(kind - random_kinds))),
        &d,
        0,
        {0}};
    const char *letters = d.native ? native_letters : all_letters;
    char text[32];
    d.uic = d.native || chance(&w, 0.5);
    snprintf(text, sizeof text, "%.3g", between(&w, 1e-6, 1e-1));
    d.stop = strtod(text, NULL);
    snprintf(text, sizeof text, "%.3g", d.stop / STEPS);
    d.step = strtod(text, NULL);
    d.reltol = between(&w, 1e-6, 1e-4);
    d.gear = chance(&w, 0.15);
    w.n_sources = 1 + below(&w, SOURCES_MAX);
    for (int s = 1; s <= w.n_sources; s++) {
        w.amplitude[s] = between(&w, 0.2, 3);
        add_source(&w, new_node(&w), w.amplitude[s]);
    }
    add_value(&w, 'R', new_node(&w), source_node(&w), some_ohm(&w));
    add_value(&w, 'R', d.n_nodes, 0, some_ohm(&w));
    for (int k = below(&w, INNER_MAX); k > 0; k--) {
        const int to = below(&w, d.n_nodes + 1);
        add_value(&w, 'R', new_node(&w), to, some_ohm(&w));
    }
    for (int k = 1 + below(&w, EXTRA_MAX); k > 0; k--)
        add_extra(&w, letters[below(&w, (int)strlen(letters))]);
    gsl_rng_free(w.rng);
    for (size_t k = 0; k < d.n; k++)
        if (d.cards[k].letter == 'S' && d.step > d.stop / (2 * STEPS))
            d.step /= SWITCH_FINER;
    round_values(&d);
    return d;
}

void random_deck_free(struct random_deck *d)
{
    for (size_t k = 0; k < d->n; k++) {
        free(d->cards[k].rest);
        free(d->cards[k].model);
    }
    free(d->cards);
    d->cards = NULL;
    d->n = d->capacity = 0;
}

struct random_deck random_deck_without(const struct random_deck *from, size_t k)
{
    struct random_deck d = *from;
    size_t *now = NEW(from->n, size_t); /* 1 + new index */
    d.cards = NEW(from->n, struct random_card);
    d.capacity = from->n;
    d.n = 0;
    for (size_t i = 0; i < from->n; i++) { /* cards stand behind what they need */
        const struct random_card *c = &from->cards[i];
        const size_t partners = c->letter == 'K' ? 2 : c->letter == 'F' || c->letter == 'H';
        bool stays = i != k;
        for (size_t p = 0; p < partners; p++)
            stays = stays && now[c->partner[p]] > 0;
        if (!stays)
            continue;
        d.cards[d.n] = *c;
        d.cards[d.n].rest = c->rest ? memory_string(c->rest) : NULL;
        d.cards[d.n].model = c->model ? memory_string(c->model) : NULL;
        for (size_t p = 0; p < partners; p++)
            d.cards[d.n].partner[p] = now[c->partner[p]] - 1;
        now[i] = ++d.n;
    }
    free(now);
    return d;
}

/* ---- texts ---- */

const char *random_node_name(int node, char *text)
{
    snprintf(text, 16, node == 0 ? "0" : "n%d", node);
    return text;
}

bool random_card_metered(const struct random_card *c)
{
    return strchr("IGFBSMX", c->letter) != NULL;
}

static int nodes_of(char letter)
{
    return strchr("EGSM", letter) ? 4 : letter == 'K' ? 0 : 2;
}

static void write_card(const struct random_deck *d, const struct random_card *c, bool metered,
                       FILE *out)
{
    char name[16];
    fputs(c->name, out);
    for (int i = 0; i < nodes_of(c->letter); i++)
        if (i == 0 && metered)
            fprintf(out, " m%s", c->name);
        else
            fprintf(out, " %s", random_node_name(c->node[i], name));
    const int partners = c->letter == 'K' ? 2 : c->letter == 'F' || c->letter == 'H';
    for (int p = 0; p < partners; p++)
        fprintf(out, " %s", d->cards[c->partner[p]].name);
    if (c->rest)
        fprintf(out, " %s\n", c->rest);
    else
        fprintf(out, " %.5g\n", c->value);
    if (metered)
        fprintf(out, "vq%s %s m%s 0\n", c->name, random_node_name(c->node[0], name), c->name);
}

static bool used_before(const struct random_deck *d, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (d->cards[i].letter == 'X' && strcmp(d->cards[i].model, d->cards[k].model) == 0)
            return true;
    return false;
}

static void write_models(const struct random_deck *d, const char *devices, FILE *out)
{
    for (size_t k = 0; k < d->n; k++) {
        const struct random_card *c = &d->cards[k];
        if (c->letter != 'X' && c->model)
            fprintf(out, "%s\n", c->model);
        if (c->letter != 'X' || used_before(d, k))
            continue;
        struct dopant *dopant = NULL;
        struct error ignored;
        if (dopant_read(c->model, devices, &dopant, &ignored) != STATUS_OK)
            fprintf(out, ".include %s.lib\n", c->model);
        else
            fprintf(out, "%s\n", dopant->text);
        dopant_free(dopant);
    }
}

char *random_deck_cell(const struct random_deck *d)
{
    char *text = NULL, name[16];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fputs("* a circuit drawn at random\n.subckt cell", out);
    for (int node = 1; node <= d->n_nodes; node++)
        fprintf(out, " %s", random_node_name(node, name));
    fputc('\n', out);
    for (size_t k = 0; k < d->n; k++)
        if (!strchr("VX", d->cards[k].letter))
            write_card(d, &d->cards[k], false, out);
    for (size_t k = 0; k < d->n; k++)
        if (d->cards[k].letter == 'M')
            fprintf(out, "%s\n", d->cards[k].model);
    fputs(".ends\n", out);
    fclose(out);
    return text;
}

char *random_deck_text(const struct random_deck *d, enum random_deck_form form, const char *devices)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const bool fine = form == DECK_FINE || form == DECK_METERED_FINE,
               metered = form == DECK_METERED || form == DECK_METERED_FINE;
    for (size_t k = 0; k < d->n; k++)
        write_card(d, &d->cards[k], metered && random_card_metered(&d->cards[k]), out);
    write_models(d, devices, out);
    fprintf(out, ".options reltol=%.3g abstol=%.3g vntol=%.3g%s\n", fine ? FINE_RELTOL : d->reltol,
            fine ? FINE_ABSTOL : 1e-7 * d->reltol, fine ? FINE_VNTOL : 1e-2 * d->reltol,
            d->gear ? " method=gear" : "");
    fprintf(out, ".tran %.4g %.4g 0 %.4g%s\n.end\n", d->step, d->stop,
            fine ? d->step / FINER : d->step, d->uic ? " uic" : "");
    fclose(out);
    return text;
}
