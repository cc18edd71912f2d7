/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/key_options.h"

#include "base/memory.h"
#include "base/spice_number.h"
#include "study/experiment/experiments.h"
#include "study/experiment/testbench.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Keys of argp for options without a letter: from here on by their index in the table, which a
 * command's own keys do not reach. */
#define FIRST_KEY 4096

static const struct experiment *experiment_of(const struct key_option *o)
{
    return o->of ? o->of : &experiment_training;
}

static const struct key *key_of(const struct key_option *o)
{
    const struct key *key = testbench_key(experiment_of(o), o->key);
    assert(key);
    return key;
}

char *key_option_default(const struct key_option *o)
{
    char buffer[32];
    return o->text          ? memory_string(o->text)
           : o->number != 0 ? memory_string(number_text(o->number, buffer))
                            : testbench_key_default(experiment_of(o), key_of(o));
}

/* Meaning, range, default: that of the argument where the option may stand without one. */
static char *help_of(const struct key_option *o)
{
    struct key key = *key_of(o);
    if (o->help)
        key.help = o->help;
    char buffer[32],
        *meaning = key_help(&key),
        *fallback =
            o->alone != 0 ? memory_string(number_text(o->alone, buffer)) : key_option_default(o),
        *help = *fallback ? memory_format("%s (%s)", meaning, fallback) : memory_string(meaning);
    free(meaning);
    free(fallback);
    return help;
}

struct argp_option *key_options_join(const struct argp_option *own, size_t n,
                                     const struct key_option *table)
{
    size_t n_own = 0;
    while (own[n_own].name || own[n_own].key || own[n_own].doc)
        n_own++;
    struct argp_option *all = NEW(n_own + n + 1, struct argp_option);
    for (size_t i = 0; i < n_own; i++) {
        all[i] = own[i];
        all[i].doc = own[i].doc ? memory_string(own[i].doc) : NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const struct key_option *o = &table[i];
        all[n_own + i] = (struct argp_option){
            .name = o->name,
            .key = o->letter ? o->letter : FIRST_KEY + (int)i,
            .arg = o->argument,
            .flags = o->alone != 0 ? OPTION_ARG_OPTIONAL : 0,
            .doc = help_of(o),
            .group = o->group,
        };
    }
    return all;
}

void key_options_free(struct argp_option *all)
{
    for (size_t i = 0; all[i].name || all[i].key || all[i].doc; i++)
        free((char *)all[i].doc);
    free(all);
}

const struct key_option *key_option_find(size_t n, const struct key_option *table, int key)
{
    for (size_t i = 0; i < n; i++)
        if (key == (table[i].letter ? table[i].letter : FIRST_KEY + (int)i))
            return &table[i];
    return NULL;
}

char *key_option_value(const struct key_option *o, struct argp_state *state, const char *text)
{
    char buffer[32];
    if (!text)
        text = number_text(o->alone, buffer);
    const struct key *key = key_of(o);
    if (!key_accepts(key, text)) {
        char *wanted = key_expected(key);
        argp_error(state, "--%s '%s', expected %s", o->name, text, wanted);
        free(wanted);
    }
    return memory_string(text);
}

double key_option_number(const struct key_option *o, struct argp_state *state, const char *text)
{
    char *value = key_option_value(o, state, text);
    double number = 0;
    plain_number(value, &number);
    free(value);
    return number;
}

enum engine_method key_option_method(const struct key_option *o, struct argp_state *state,
                                     const char *text)
{
    char *name = key_option_value(o, state, text);
    int method = 0;
    while (strcmp(engine_methods[method], name) != 0)
        method++;
    free(name);
    return (enum engine_method)method;
}

void key_option_check_method(struct argp_state *state, const struct engine *engine,
                             enum engine_method method)
{
    struct error error;
    if (engine_takes_method(engine, method, &error) != STATUS_OK)
        argp_error(state, "%s", error.text);
}

const struct engine *key_option_engine(const struct key_option *o, struct argp_state *state,
                                       const char *text)
{
    char *name = key_option_value(o, state, text);
    const struct engine *engine = engine_find(name);
    free(name);
    return engine;
}
