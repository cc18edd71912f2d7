/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Testbenches drawn at random: the same number gives the same one, all are read back, keys are within
 * their ranges; what is made simpler ends at one of everything.  The integration of a device's law
 * against its closed form, and energies against Ohm's law. */
#include "base/random.h"
#include "circuit/circuit.h"
#include "device/library/library_make.h"
#include "study/experiment/testbench.h"
#include "study/random/random_check.h"
#include "study/random/random_deck.h"
#include "study/random/random_law.h"
#include "testing.h"

#include <math.h>

static void draws_are_testbenches(void **state)
{
    (void)state;
    for (const struct random_kind *k = random_kinds; k->name; k++)
        for (uint32_t number = 0; number < 40 && k->experiment; number++) {
            struct random_testbench a = random_testbench_draw(k, 7, number, 1),
                                    b = random_testbench_draw(k, 7, number, 1);
            char *text = random_testbench_text(&a), *again = random_testbench_text(&b);
            assert_string_equal(text, again);
            struct testbench *testbench = NULL;
            struct error error = {{0}};
            const struct testbench_given given = {0};
            ASSERT_DONE(testbench_read_text("drawn", text, &given, &testbench, &error), error);
            assert_ptr_equal(testbench->experiment, k->experiment);
            for (size_t i = 0; i < a.n; i++) {
                const struct random_range *r = a.settings[i].range;
                const double x = random_testbench_number(&a, r->key);
                if (!isnan(x) && r->high > 0)
                    assert_true((x >= r->low * (1 - 1e-4) && x <= r->high) || x == 0);
            }
            testbench_free(testbench);
            free(text);
            free(again);
            random_testbench_free(&a);
            random_testbench_free(&b);
        }
}

static void numbers_differ(void **state)
{
    (void)state;
    struct random_testbench a = random_testbench_draw(random_kinds, 7, 0, 0),
                            b = random_testbench_draw(random_kinds, 7, 1, 0),
                            c = random_testbench_draw(random_kinds, 8, 0, 0);
    char *text[] = {random_testbench_text(&a), random_testbench_text(&b),
                    random_testbench_text(&c)};
    assert_string_not_equal(text[0], text[1]);
    assert_string_not_equal(text[0], text[2]);
    for (size_t k = 0; k < COUNT(text); k++)
        free(text[k]);
    random_testbench_free(&a);
    random_testbench_free(&b);
    random_testbench_free(&c);
}

/* The same number gives the same deck; a source's straight lines begin at 0 V and go on in time; without a
 * card a deck has one less, and none that names it. */
static void draws_are_decks(void **state)
{
    (void)state;
    char *devices = source_path("devices");
    for (const struct random_kind *k = random_kinds; k->name; k++)
        for (uint32_t number = 0; number < 200 && !k->experiment; number++) {
            struct random_deck a = random_deck_draw(k, 7, number),
                               b = random_deck_draw(k, 7, number);
            char *text = random_deck_text(&a, DECK_AS_DRAWN, devices),
                 *again = random_deck_text(&b, DECK_AS_DRAWN, devices);
            assert_string_equal(text, again);
            for (size_t i = 0; i < a.n; i++) {
                const struct random_card *c = &a.cards[i];
                assert_true(c->n_points <= RANDOM_DECK_POINTS);
                for (size_t p = 1; p < c->n_points; p++)
                    assert_true(c->t[p] > c->t[p - 1] && c->t[p] < a.stop);
                if (c->n_points > 0)
                    assert_true(!(fabs(c->volt[0]) > 0));
                struct random_deck less = random_deck_without(&a, i);
                assert_true(less.n < a.n);
                for (size_t m = 0; m < less.n; m++)
                    assert_string_not_equal(less.cards[m].name, c->name);
                random_deck_free(&less);
            }
            free(text);
            free(again);
            random_deck_free(&a);
            random_deck_free(&b);
        }
    free(devices);
}

static void simple_at_last(void **state)
{
    (void)state;
    struct random_testbench b = random_testbench_draw(&random_kinds[1], 3, 2, 0);
    for (size_t k = 0; k < b.n;)
        for (unsigned step = 0;; step++) {
            const size_t before = b.n;
            if (!random_testbench_simplify(&b, k, step)) {
                k++;
                break;
            }
            if (b.n < before)
                break;
        }
    assert_true(b.n > 0);
    for (size_t k = 0; k < b.n; k++) /* what is left: numbers of things, one of each */
        assert_string_equal(b.settings[k].value, "1");
    random_testbench_free(&b);
}

/* A device of that law behind `ohm`, driven to `volt` within `edge` and held until `time`. */
static struct study_case device(const struct dopant *d, double ohm, double x0, double volt,
                                double edge, double time)
{
    struct circuit *c = circuit_new("a device");
    const int in = circuit_node(c, "in"), node = ohm > 0 ? circuit_node(c, "a") : in;
    circuit_port(c, "in", in, (struct port_driver){.class = CLASS_DRIVER});
    if (ohm > 0)
        circuit_resistor(c, "r1", in, node, ohm, CLASS_LINE);
    circuit_memristor(c, "xm1", node, 0, d, x0);
    struct study_case k = {.name = "device", .circuits = {c}, .output_probe = -1};
    const struct phase like = {
        .kind = PHASE_SET, .section = SECTION_TRAINING, .duration = time, .edge = edge};
    drive_log_new(&k.drive, c);
    drive_log_append(&k.drive, c, &like)->drive[0].volt = volt;
    return k;
}

static struct dopant *read_device(const char *name)
{
    char *folder = source_path("devices");
    struct dopant *d = NULL;
    struct error error = {{0}};
    ASSERT_DONE(dopant_read(name, folder, &d, &error), error);
    free(folder);
    return d;
}

/* Every law that has a closed form at constant voltage, either way. */
static void law_against_its_closed_form(void **state)
{
    (void)state;
    static const char *const names[] = {"Cr", "W", "C-vteam", "mms-demo", "iondrift-demo"};
    static const double volts[] = {0.45, -0.15};
    size_t tried = 0;
    for (size_t n = 0; n < COUNT(names); n++) {
        struct dopant *d = read_device(names[n]);
        for (size_t v = 0; v < COUNT(volts) && d->model->jump; v++, tried++) {
            struct study_case k = device(d, 0, 0.4, volts[v], 0, 1e-4);
            struct case_result o;
            struct error error = {{0}};
            assert_true(random_law_takes(&k));
            ASSERT_DONE(random_law_run(&k, 1e-10, &o, &error), error);
            const double x = d->model->jump(d->constants, volts[v], 0.4, 1e-4);
            ASSERT_NEAR(o.states[0], x, 1e-7 * fmax(x, 1e-3));
            case_result_free(&o);
            case_free(&k);
        }
        dopant_free(d);
    }
    assert_true(tried >= 4);
}

/* On a ramp that moves nothing, far below the threshold: a divider, whose powers rise with the
 * square of time. */
static void energies_by_ohms_law(void **state)
{
    (void)state;
    struct dopant *d = read_device("Cr-vteam");
    const double g = d->model->current(d->constants, 0.01, 1).f / 0.01, ohm = 1 / g, volt = 0.02;
    struct study_case k = device(d, ohm, 1, volt, 1e-3, 3e-3);
    struct case_result o;
    struct error error = {{0}};
    ASSERT_DONE(random_law_run(&k, 1e-10, &o, &error), error);
    const double power = 0.25 * volt * volt * g, energy = power * (1e-3 / 3 + 2e-3);
    ASSERT_NEAR(o.energy[SECTION_TRAINING][CLASS_MEMRISTOR], energy, 1e-7 * energy);
    ASSERT_NEAR(o.energy[SECTION_TRAINING][CLASS_LINE], energy, 1e-7 * energy);
    case_result_free(&o);
    case_free(&k);
    dopant_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_testbenches),
        cmocka_unit_test(draws_are_decks),
        cmocka_unit_test(numbers_differ),
        cmocka_unit_test(simple_at_last),
        cmocka_unit_test(law_against_its_closed_form),
        cmocka_unit_test(energies_by_ohms_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
