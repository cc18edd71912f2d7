/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sample of a testbench of the experiment `training`: the options of its run, with the devices
 * and transistors that it has drawn. */
#ifndef SILVERBAR_STUDY_EXPERIMENT_TRAINING_SAMPLE_H
#define SILVERBAR_STUDY_EXPERIMENT_TRAINING_SAMPLE_H

#include "study/experiment/training_setup.h"

/* What samples share: files read, neurons measured, and what devices are drawn from, for each set of
 * keys on which those depend. */
struct training_shared;

/* As experiment.open and experiment.close: *shared is NULL at first; may be called for several
 * testbenches in turn, and *shared is to be closed whatever it returns. */
enum status training_shared_open(const struct training_testbench *testbench,
                                 const struct experiment_context *context,
                                 struct training_shared **shared, struct error *error);
void training_shared_close(struct training_shared *shared); /* takes NULL */

/* Files and transfer of an opened testbench. */
const struct training_setup *training_shared_setup(const struct training_shared *shared,
                                                   const struct training_testbench *testbench);

struct training_sample {
    struct training_options options; /* borrow from the variation and from what is shared */
    struct variation variation;
};

/* Draw a sample of an opened testbench.  The sample must not move afterwards; on
 * failure there is nothing to free. */
enum status training_sample_draw(const struct training_shared *shared,
                                 const struct training_testbench *testbench,
                                 struct random_sample random, struct training_sample *sample,
                                 struct error *error);
void training_sample_free(struct training_sample *sample);

#endif
