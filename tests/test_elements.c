/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of element of element_table: kinds that netlists have from a netlist that is generated
 * from their cards, so that a new kind is covered by being there; the others by hand.  Cards through
 * deck and reader and back; the differential-algebraic system with every model of a memristor, at
 * random parameters, voltages and states within their bounds; stored energies; what event refuses. */
#include "base/random.h"
#include "circuit/deck.h"
#include "circuit/subcircuit.h"
#include "engine/dae/dae.h"
#include "engine/event/network/network.h"
#include "engine_script.h"

#define TRIALS 20
#define TEXT_SIZE 10000

static gsl_rng *rng;

static double uniform(double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

static double decade(double low, double high)
{
    return exp(uniform(log(low), log(high)));
}

static void random_dopant(const struct model *m, struct dopant *d)
{
    *d = (struct dopant){.model = m};
    for (size_t k = 0; k < m->n_parameters; k++) {
        const struct model_parameter *p = &m->parameters[k];
        d->parameters[k] = p->min > 0 ? decade(p->min, p->max) : uniform(p->min, p->max);
    }
    m->prepare(d->parameters, d->constants);
}

static void add(struct circuit *c, const char *name, struct element e)
{
    circuit_add(c, name, &e, false);
}

static double value_for(const struct element_card *card)
{
    const bool bounded = card->range && isfinite(card->most);
    return bounded ? uniform(card->least, card->most) : decade(1e-4, 1e-2);
}

/* Card `number` of the kind behind what `text` has: each node its own, which a resistor holds at the
 * terminal a; ground: node 1 instead is ground. */
static void write_card(char *text, enum element_kind kind, int number, bool ground)
{
    const struct element_card *card = &element_table[kind]->card;
    char *end = text + strlen(text), *const limit = text + TEXT_SIZE;
#define WRITE(...) (end += snprintf(end, (size_t)(limit - end), __VA_ARGS__))
    for (int i = 0; i < card->n_nodes; i++)
        if (i != 1 || !ground)
            WRITE("r%c%d_%d a n%c%d_%d %.17g\n", card->letter, number, i, card->letter, number, i,
                  decade(10, ground ? 100 : 1e4));
    WRITE("%c%d", card->letter, number);
    for (int i = 0; i < card->n_nodes; i++)
        if (i == 1 && ground)
            WRITE(" 0");
        else
            WRITE(" n%c%d_%d", card->letter, number, i);
    for (int i = 0; i < card->n_partners; i++)
        WRITE(" %c%d", element_table[card->partner]->card.letter, i + 1);
    if (card->model)
        WRITE(" mn");
    else
        WRITE(" %.17g", value_for(card));
    for (size_t i = 0; i < card->n_parameters; i++)
        WRITE(" %s=%.17g", card->parameters[i].name, decade(1e-6, 1e-4));
    WRITE("\n");
    assert_true(end < limit);
}

/* Two cards of every kind that netlists have, one of those that name others, in the reverse order of
 * the table. */
static void write_cards(char *text, const struct mos1_model *m)
{
    snprintf(text, TEXT_SIZE,
             ".subckt every a\n.model mn %s vto=%.17g kp=%.17g lambda=%.17g gamma=%.17g phi=%.17g "
             "is=%.17g\n",
             m->type > 0 ? "nmos" : "pmos", m->vto, m->kp, m->lambda, m->gamma, m->phi, m->is);
    for (int kind = ELEMENT_KINDS - 1; kind >= 0; kind--) {
        const struct element_card *card = &element_table[kind]->card;
        for (int number = 1; card->letter && number <= (card->n_partners ? 1 : 2); number++)
            write_card(text, (enum element_kind)kind, number, false);
    }
    strcat(text, ".ends\n");
}

/* The netlist's subcircuit `every` at node a. */
static void read_cards(struct circuit *c, const char *text, const char *instance, int a)
{
    struct error error = {{0}};
    struct subcircuit_file *file;
    char *folder = folder_make(), *path = file_write(folder, "every.sub", text, strlen(text));
    ASSERT_DONE(subcircuit_read(path, &file, &error), error);
    ASSERT_DONE(subcircuit_add(c,
                               &(struct subcircuit_instance){.file = file,
                                                             .subcircuit = "every",
                                                             .name = instance,
                                                             .n_nodes = 1,
                                                             .nodes = &a,
                                                             .class = CLASS_LINE},
                               &error),
                error);
    subcircuit_free(file);
    free(path);
    folder_remove(folder);
}

/* Elements of every kind that an engine of ours solves, each between nodes that others hold. */
static struct circuit *every_element(const struct dopant *d, const struct mos1_model *mos)
{
    static const double table[2][4] = {{-1, -0.2, 0.3, 1}, {-0.4, -0.1, 0.3, 0.35}};
    double *x = NEW(4, double), *y = NEW(4, double); /* the circuit's from now on */
    char *text = NEW(TEXT_SIZE, char);
    memcpy(x, table[0], sizeof table[0]);
    memcpy(y, table[1], sizeof table[1]);
    struct circuit *c = circuit_new("every element");
    const int p = circuit_node(c, "p"), a = circuit_node(c, "a"), b = circuit_node(c, "b"),
              g = circuit_node(c, "g"), w = circuit_node(c, "w"), t = circuit_node(c, "t");
    circuit_port(c, "in", p,
                 (struct port_driver){
                     .ohm = decade(1, 1e3), .openable = true, .idle = 0.2, .class = CLASS_DRIVER});
    circuit_voltage(c, "vsupply", g, w, uniform(-1, 1), CLASS_DRIVER);
    circuit_resistor(c, "rpa", p, a, decade(10, 1e5), CLASS_LINE);
    circuit_resistor(c, "rb", b, 0, decade(10, 1e5), CLASS_LINE);
    circuit_resistor(c, "rw", w, 0, decade(10, 1e5), CLASS_LINE);
    circuit_resistor(c, "rt", t, a, decade(10, 1e5), CLASS_LINE);
    circuit_capacitor(c, "cpw", p, w, decade(1e-15, 1e-9), CLASS_LINE);
    circuit_memristor(c, "xm1", a, b, d, 0.5);
    add(c, "s1", (struct element){.kind = ELEMENT_SWITCH, .node = {a, w, g, b}, .value = 500});
    add(c, "g1", (struct element){.kind = ELEMENT_VCCS, .node = {a, w, b, p}, .value = 2e-4});
    add(c, "e1", (struct element){.kind = ELEMENT_VCVS, .node = {p, b, a, w}, .value = -3});
    add(c, "m1",
        (struct element){.kind = ELEMENT_MOSFET,
                         .node = {a, g, w, 0},
                         .mos = mos,
                         .geometry = {decade(1e-6, 1e-4), 1e-6, 1 + gsl_rng_uniform_int(rng, 3)}});
    add(c, "t1",
        (struct element){.kind = ELEMENT_TRANSFER, .node = {t, 0, w, b}, .table = {4, x, y}});
    write_cards(text, mos);
    read_cards(c, text, "xevery", a);
    free(text);
    return c;
}

struct point {
    double *y, *slope, *plus, *minus, *entries, *power; /* n, n, n, n, entries + 1, elements */
};

static void random_point(const struct dae *d, struct point *q)
{
    for (size_t i = 0; i < d->n; i++) {
        q->y[i] = i < d->n_roots           ? uniform(-0.7, 0.7)
                  : i < d->n - d->n_states ? uniform(-1e-3, 1e-3)
                                           : uniform(0, 1);
        q->slope[i] = i < d->n_roots ? uniform(-1e6, 1e6) : uniform(-1, 1);
    }
}

/* Column j against central differences, each entry at the best of some steps: a wrong derivative
 * agrees at none.  Relative to the entry, beside what rounding leaves of the two residuals and 1e-9 of
 * the column's largest.  h^2 f'''/6 at the best step is far below 1e-6. */
static double mismatch(struct dae *d, struct point *q, size_t j, double c)
{
    const double before = q->y[j], slope = q->slope[j];
    double *best = NEW(d->n, double), largest = 0, worst = 0;
    for (size_t i = 0; i < d->n; i++)
        best[i] = INFINITY;
    for (int64_t at = d->columns[j]; at < d->columns[j + 1]; at++)
        largest = fmax(largest, fabs(q->entries[at]));
    for (double h = 1e-3; h > 1e-8; h /= 4) {
        q->y[j] = before + h, q->slope[j] = slope + c * h;
        dae_residual(d, 0, q->y, q->slope, q->plus);
        q->y[j] = before - h, q->slope[j] = slope - c * h;
        dae_residual(d, 0, q->y, q->slope, q->minus);
        q->y[j] = before, q->slope[j] = slope;
        int64_t at = d->columns[j];
        for (size_t i = 0; i < d->n; i++) {
            const double numeric = (q->plus[i] - q->minus[i]) / (2 * h);
            const double noise = 16 * 2.3e-16 * (fabs(q->plus[i]) + fabs(q->minus[i])) / h;
            double exact = 0;
            if (at < d->columns[j + 1] && (size_t)d->rows[at] == i)
                exact = q->entries[at++];
            const double wrong = fabs(exact - numeric) - noise - 1e-9 * largest;
            best[i] = fmin(best[i], wrong / (fmax(fabs(exact), fabs(numeric)) + 1e-300));
        }
    }
    for (size_t i = 0; i < d->n; i++)
        worst = fmax(worst, best[i]);
    free(best);
    return worst;
}

/* What all elements hold at the values of `d` gone on by h seconds along all slopes [J]. */
static double stored_after(const struct dae *d, const struct point *q, double h)
{
    const struct circuit *c = d->circuit;
    double *values = NEW(circuit_n_values(c), double), sum = 0;
    memcpy(values, d->values, circuit_n_values(c) * sizeof *values);
    for (size_t i = 0; i < c->n_nodes; i++)
        values[i] += h * d->slopes[i];
    for (size_t k = 0; k < d->n_controlled; k++)
        values[circuit_branch_value(c, d->controlled[k].element->branch)] +=
            h * q->slope[d->controlled[k].unknown];
    const struct element_point at = circuit_point(c, values);
    for (size_t k = 0; k < c->n_elements; k++) {
        struct element_share share[ELEMENT_SHARES];
        if (!element_stores(&c->elements[k]))
            continue;
        const size_t n = element_type(&c->elements[k])->stored((int)k, &at, share);
        for (size_t i = 0; i < n; i++)
            sum += share[i].joule;
    }
    free(values);
    return sum;
}

/* The system's powers are those of the elements' own laws.  1e-12: the same formulas, rounded; what
 * flows through sources is a sum over the nodes that they tie. */
static void assert_powers(const struct dae *d, const struct point *q)
{
    const struct circuit *c = d->circuit;
    double *power = NEW(c->n_elements, double), most = 0;
    circuit_power(c, d->values, power);
    for (size_t k = 0; k < c->n_elements; k++)
        most = fmax(most, fabs(power[k]));
    for (size_t k = 0; k < c->n_elements; k++)
        if (!(fabs(power[k] - q->power[k]) <=
              1e-12 * (fabs(power[k]) + (element_is_source(&c->elements[k]) ? most : 0))))
            fail_msg("%s absorbs %g W, in the system %g W", c->elements[k].name, power[k],
                     q->power[k]);
    free(power);
}

/* Tellegen's theorem at any voltages: what all elements and sources take, and the rate at which they
 * store, is what the nodes and the branches that store are left with, voltage or current times
 * residual; only where the residuals are zero is it zero.  1e-11 of their sizes: sums, and a central
 * difference of stored energies, which are quadratic. */
static void assert_tellegen(struct dae *d, struct point *q)
{
    const struct circuit *c = d->circuit;
    const double h = 1e-7;
    double sum = 0, sizes = 0;
    dae_values(d, 0, q->y, q->slope, q->plus, q->power);
    assert_powers(d, q);
    for (size_t k = 0; k < c->n_elements; k++) {
        sum += q->power[k];
        sizes += fabs(q->power[k]);
    }
    const double after = stored_after(d, q, h), before = stored_after(d, q, -h);
    sum += (after - before) / (2 * h);
    sizes += (after + before) / (2 * h);
    for (size_t k = 0; k < d->n_roots; k++) {
        sum -= q->y[k] * q->plus[k];
        sizes += fabs(q->y[k] * q->plus[k]);
    }
    for (size_t k = dae_first_kept(d); k < d->n - d->n_states; k++) {
        sum += q->y[k] * q->plus[k];
        sizes += fabs(q->y[k] * q->plus[k]);
    }
    assert_true(sizes > 1e-9);
    ASSERT_NEAR(sum, 0, 1e-11 * sizes);
}

static void test_elements(void **state)
{
    (void)state;
    for (const struct model *const *m = model_table; *m; m++)
        for (int trial = 0; trial < TRIALS; trial++) {
            struct dopant dopant;
            struct error error = {{0}};
            random_dopant(*m, &dopant);
            const struct mos1_model mos = {.type = trial % 2 ? 1 : -1,
                                           .vto = trial % 2 ? 0.3 : -0.3,
                                           .kp = decade(1e-5, 1e-3),
                                           .lambda = uniform(0, 0.1),
                                           .gamma = trial % 4 < 2 ? 0 : 0.4,
                                           .phi = 0.6,
                                           .is = 1e-14};
            struct circuit *c = every_element(&dopant, &mos);
            bool present[ELEMENT_KINDS] = {false};
            for (size_t k = 0; k < c->n_elements; k++)
                present[c->elements[k].kind] = true;
            for (int kind = 0; kind < ELEMENT_KINDS; kind++)
                if (kind != ELEMENT_OPAQUE && !present[kind])
                    fail_msg("no %s in the circuit", element_table[kind]->name);
            struct dae *d = dae_new(c, &error);
            if (!d)
                fail_msg("%s", error.text);
            struct point q = {NEW(d->n, double),
                              NEW(d->n, double),
                              NEW(d->n, double),
                              NEW(d->n, double),
                              NEW(d->n_entries + 1, double),
                              NEW(c->n_elements, double)};
            const double speed = decade(1e3, 1e9);
            random_point(d, &q);
            dae_jacobian(d, 0, speed, q.y, q.entries);
            for (size_t j = 0; j < d->n; j++) {
                const double wrong = mismatch(d, &q, j, speed);
                if (!(wrong < 1e-6))
                    fail_msg("%s, trial %d, unknown %zu: %g of the largest", (*m)->name, trial, j,
                             wrong);
            }
            assert_tellegen(d, &q);
            double *const all[] = {q.y, q.slope, q.plus, q.minus, q.entries, q.power};
            for (size_t k = 0; k < COUNT(all); k++)
                free(all[k]);
            dae_free(d);
            circuit_free(c);
        }
}

/* The word behind the last dot of a name. */
static const char *last_word(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* Each element by its own card, in place of its subcircuit's. */
static void own_cards(struct circuit *c)
{
    for (size_t k = 0; k < c->n_cards; k++)
        free(c->cards[k].text);
    for (size_t k = 0; k < c->n_texts; k++)
        free(c->texts[k]);
    free(c->cards);
    c->cards = NEW(c->n_elements, struct deck_card);
    c->n_cards = c->n_elements;
    c->n_texts = 0;
    for (size_t k = 0; k < c->n_elements; k++)
        c->cards[k].element = (int)k;
}

/* What the reader makes of a card, the deck writes so that the reader makes it again. */
static void test_cards(void **state)
{
    (void)state;
    const struct mos1_model mos = {1, 0.3, 1e-4, 0.01, 0.4, 0.6, 1e-14};
    for (int trial = 0; trial < TRIALS; trial++) {
        char *text = NEW(TEXT_SIZE, char), *deck = NULL, *netlist;
        size_t size = 0;
        struct circuit *a = circuit_new("first"), *b = circuit_new("second");
        write_cards(text, &mos);
        read_cards(a, text, "xa", circuit_node(a, "a"));
        own_cards(a);
        FILE *out = open_memstream(&deck, &size);
        deck_write(a, deck_external, NULL, out);
        fclose(out);
        netlist = memory_format(".subckt every a\n%s.ends\n", strchr(deck, '\n') + 1);
        read_cards(b, netlist, "xb", circuit_node(b, "a"));
        assert_int_equal(a->n_elements, b->n_elements);
        for (size_t k = 0; k < a->n_elements; k++) {
            size_t j = 0;
            const struct element *e = &a->elements[k];
            while (j < b->n_elements && strcmp(last_word(b->elements[j].name), last_word(e->name)))
                j++;
            assert_true(j < b->n_elements);
            const struct element *f = &b->elements[j];
            assert_int_equal(e->kind, f->kind);
            if (e->value < f->value || e->value > f->value)
                fail_msg("%s: %.17g, came back as %.17g", e->name, e->value, f->value);
            assert_memory_equal(&e->geometry, &f->geometry, sizeof e->geometry);
            if (e->mos)
                assert_memory_equal(e->mos, f->mos, sizeof *e->mos);
            for (int i = 0; i < element_type(e)->card.n_nodes; i++)
                assert_string_equal(last_word(a->node_names[e->node[i]]),
                                    last_word(b->node_names[f->node[i]]));
            for (int i = 0; i < element_type(e)->card.n_partners; i++)
                assert_string_equal(last_word(a->elements[e->partner[i]].name),
                                    last_word(b->elements[f->partner[i]].name));
        }
        circuit_free(a);
        circuit_free(b);
        free(text);
        free(deck);
        free(netlist);
    }
}

/* A card with a word too few or too many, or a value beyond its bounds, is refused by line. */
static void test_bad_cards(void **state)
{
    (void)state;
    for (int kind = 0; kind < ELEMENT_KINDS; kind++) {
        const struct element_card *card = &element_table[kind]->card;
        if (!card->letter)
            continue;
        for (int fault = 0; fault < 3; fault++) {
            char *text = NEW(TEXT_SIZE, char), *last;
            struct subcircuit_file *file;
            struct error error = {{0}};
            bool unsupported;
            strcpy(text, ".subckt every a\n.model mn nmos\n");
            for (int i = 1; i <= card->n_partners; i++)
                write_card(text, card->partner, i, false);
            write_card(text, (enum element_kind)kind, 9, false);
            text[strlen(text) - 1] = 0;
            if (fault == 0 && card->model)
                last = strstr(text, " mn w"), *last = 0;
            else if (fault == 0)
                last = strrchr(text, ' '), *last = 0;
            else if (fault == 1)
                strcat(text, " 17");
            else if (card->range)
                sprintf(strrchr(text, ' ') + 1, "%.17g", card->least);
            else
                strcat(text, " = 3");
            strcat(text, "\n.ends\n");
            char *folder = folder_make(), *path = file_write(folder, "a.sub", text, strlen(text));
            ASSERT_DONE(subcircuit_read(path, &file, &error), error);
            assert_int_equal(subcircuit_check(file, "every", &unsupported, &error), STATUS_INPUT);
            ASSERT_NAMES(error.text, "a.sub:");
            if (fault == 0)
                ASSERT_NAMES(error.text, card->expected);
            if (fault == 2 && card->range)
                ASSERT_NAMES(error.text, card->range);
            subcircuit_free(file);
            free(path);
            folder_remove(folder);
            free(text);
        }
    }
}

/* Each kind that stores, behind a resistor on a port that goes up, stays, goes down: what the source
 * delivers is dissipated in the resistors or stored, energy = integral of v i.  1e-5: ten times the
 * relative tolerance. */
static void test_stored(void **state)
{
    (void)state;
    for (int kind = 0; kind < ELEMENT_KINDS; kind++) {
        const struct element_card *card = &element_table[kind]->card;
        if (!element_table[kind]->stored)
            continue;
        assert_true(card->letter);
        char *text = NEW(TEXT_SIZE, char);
        struct circuit *c = circuit_new("storing");
        struct error error = {{0}};
        const int a = circuit_node(c, "a");
        circuit_port(c, "in", a, (struct port_driver){.ohm = 20, .class = CLASS_DRIVER});
        circuit_voltage_probe(c, "a", a); /* which play() reads */
        strcpy(text, ".subckt every a\n");
        for (int i = 1; i <= card->n_partners; i++)
            write_card(text, card->partner, i, true);
        write_card(text, (enum element_kind)kind, 1, true);
        strcat(text, ".ends\n");
        read_cards(c, text, "xs", a);
        struct script s = {.n = 2,
                           .steps = {{.volt = 1, .duration = 2e-4, .edge = 1e-4},
                                     {.volt = 0.8, .duration = 1e-5, .edge = 5e-6}}};
        struct ledger *ledger = ledger_new(c, NULL);
        const struct recorder recorder = ledger_recorder(ledger);
        const struct controller controller = {.step = play, .data = &s};
        struct engine_options options = engine_defaults;
        struct engine_report report;
        options.reltol = 1e-6;
        options.abstol = 1e-12;
        options.recorders = &recorder;
        options.n_recorders = 1;
        ASSERT_DONE(engine_run(engine_find("ida"), c, &controller, &options, &report, &error),
                    error);
        const struct ledger_total t = ledger_section(ledger, SECTION_TRAINING);
        double held = 0;
        for (size_t k = 0; k < c->n_elements; k++)
            if (element_stores(&c->elements[k]))
                held += ledger_element(ledger, SECTION_TRAINING, k);
        assert_true(held > 1e-4 * t.delivered);
        ASSERT_NEAR(ledger_energy(&t), t.delivered, 1e-5 * t.delivered);
        ledger_free(ledger);
        circuit_free(c);
        free(text);
    }
}

/* What event does not take it names, with the reason and the engines that do. */
static void test_refused(void **state)
{
    (void)state;
    int refused = 0;
    for (int kind = 0; kind < ELEMENT_KINDS; kind++) {
        const struct element_type *type = element_table[kind];
        if (type->rest != REST_REFUSED)
            continue;
        assert_non_null(type->refusal);
        struct error error = {{0}};
        struct circuit *c = circuit_new("refused");
        const int a = circuit_node(c, "a");
        circuit_voltage(c, "v1", a, 0, 1, CLASS_DRIVER);
        add(c, "one", (struct element){.kind = (enum element_kind)kind, .node = {a}, .value = 1});
        assert_null(network_new(c, &error));
        ASSERT_NAMES(error.text, "one ");
        ASSERT_NAMES(error.text, type->refusal);
        ASSERT_NAMES(error.text, "--engine ngspice");
        if (type->law != LAW_NETLIST)
            ASSERT_NAMES(error.text, "ida");
        circuit_free(c);
        refused++;
    }
    assert_true(refused > 0);
}

static int set_up(void **state)
{
    (void)state;
    rng = random_stream(7, 0, RANDOM_TEST);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_cards),
        cmocka_unit_test(test_bad_cards), cmocka_unit_test(test_stored),
        cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
