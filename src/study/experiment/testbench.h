/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A testbench: an experiment with values for its keys, what is swept, and how often it is repeated.
 *
 * Sample i is replica i % replicas of point i / replicas.  Points are the combinations of the swept
 * values, the last of them moving fastest (crossed), or the values at the same index in all lists
 * (zipped).  Random streams are named by (seed, replica): points share their draws, so that a
 * difference between two points is the effect of what is swept. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_TESTBENCH_H
#define SILVERBAR_STUDY_EXPERIMENT_TESTBENCH_H

#include "study/experiment/experiment.h"
#include "sweep/sample.h"

#define TESTBENCH_REPLICAS_MAX 1e7
#define TESTBENCH_SAMPLES_MAX 1e9

struct testbench_axis {
    const struct key *key;
    int line;
    size_t n;
    char **values; /* n, each accepted by the key */
};

/* What every testbench has. */
struct testbench_common {
    char *title;
    char *experiment; /* its name */
    uint64_t seed, replicas;
    double time_limit; /* of a sample [s]; 0: none */
    int order;         /* of the swept values: crossed or zipped */
};

struct testbench {
    char *path;
    struct testbench_common common;
    const struct experiment *experiment;
    void *options; /* of the experiment: values that are not swept */
    int *lines;    /* experiment->n_keys: where the file gives each of them; 0: it does not */
    size_t n_axes;
    struct testbench_axis *axes; /* n_axes */
    size_t n_points, n_samples;
};

/* What is given beside the file. */
struct testbench_given {
    const struct experiment *experiment; /* NULL, or the only one that is taken */
    size_t n;
    const char *const *settings; /* n: "section.key=value"; the last of a key counts, and replaces
                                    a sweep of it */
    const char *from; /* the file whose settings they are, as in struct key_value; or NULL */
};

/* On failure *testbench is NULL; messages name file, line, key, what was found, what was expected. */
enum status testbench_read(const char *path, const struct testbench_given *given,
                           struct testbench **testbench, struct error *error);
/* The same from a text, such as testbench_identity(); `path` is for messages. */
enum status testbench_read_text(const char *path, const char *text,
                                const struct testbench_given *given, struct testbench **testbench,
                                struct error *error);
void testbench_free(struct testbench *testbench);

/* A message that names a key of the experiment gets file and line of the first of them that the file gives,
 * or sweeps. */
void testbench_locate(const struct testbench *testbench, struct error *error);

/* What its streams are of. */
static inline struct random_sample testbench_random(const struct testbench *t, size_t sample)
{
    return (struct random_sample){t->common.seed, (uint32_t)(sample % t->common.replicas)};
}

/* Which value of an axis a point has. */
size_t testbench_place(const struct testbench *testbench, size_t point, size_t axis);

/* The experiment's options at a point, to be freed by experiment_options_free(). */
void *testbench_options(const struct testbench *testbench, size_t point);

/* The key of that name, of all testbenches or of the experiment, or NULL; and its default, to free(). */
const struct key *testbench_key(const struct experiment *experiment, const char *name);
char *testbench_key_default(const struct experiment *experiment, const struct key *key);

/* What a sample has other than by default: columns "key" and "value", in the order of the keys; of
 * those of all testbenches only the seed.  A testbench of these keys has the sample's point. */
struct table *testbench_settings(const struct testbench *testbench, size_t sample);

/* All that determines results: version, every key's value, what is swept; as a testbench that gives
 * the same.  To free(). */
char *testbench_identity(const struct testbench *testbench);

/* The testbench as a job of samples, whose inputs are the replica and the swept keys; what all
 * points share has been read.  shared: NULL, or where several testbenches of one experiment keep
 * that (NULL at first; the caller closes it).  *job refers to the arguments; testbench_job_free()
 * it. */
enum status testbench_job(const struct testbench *testbench,
                          const struct experiment_context *context, void **shared,
                          struct sample_job *job, struct error *error);
void testbench_job_free(struct sample_job *job);

/* One sample with its detail tables, for a results folder. */
enum status testbench_run_one(const struct sample_job *job, size_t sample, struct cell *outputs,
                              struct experiment_detail *detail, struct error *error);
/* One sample as a case, to be freed before the job (experiment.h). */
enum status testbench_record(const struct sample_job *job, size_t sample, struct study_case *k,
                             struct error *error);
void experiment_detail_free(struct experiment_detail *detail);

/* Keys common to all testbenches and those of every experiment, for help. */
void testbench_print_keys(FILE *out);

#endif
