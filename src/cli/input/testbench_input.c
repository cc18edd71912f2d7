/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input/testbench_input.h"

#include "base/memory.h"
#include "cli/input/data_path.h"
#include "cli/input/interrupt.h"
#include "cli/input/study_inputs.h"

#include <stdlib.h>
#include <unistd.h>

void testbench_input_setting(struct testbench_input *in, const char *text)
{
    in->settings = memory_grow(in->settings, &in->capacity, in->n + 1, sizeof *in->settings);
    in->settings[in->n++] = memory_string(text);
}

void testbench_input_context(struct testbench_input *in)
{
    in->devices = data_path("devices");
    in->neuron_file = data_path("netlists/neuron.sub");
    in->switch_file = data_path("netlists/switches.sub");
    in->context = (struct experiment_context){
        .devices = in->devices,
        .neuron_file = in->neuron_file,
        .switch_file = in->switch_file,
        .interrupted = &interrupt_flag,
        .progress = isatty(STDERR_FILENO) ? study_progress : NULL,
    };
}

enum status testbench_input_read(struct testbench_input *in, const char *path, const char *text,
                                 struct error *error)
{
    const struct testbench_given given = {in->experiment, in->n, (const char *const *)in->settings,
                                          NULL};
    return text ? testbench_read_text(path, text, &given, &in->testbench, error)
                : testbench_read(path, &given, &in->testbench, error);
}

enum status testbench_input_open(struct testbench_input *in, const char *path, struct error *error)
{
    testbench_input_context(in);
    enum status status = testbench_input_read(in, path, NULL, error);
    if (status == STATUS_OK)
        status = testbench_job(in->testbench, &in->context, NULL, &in->job, error);
    if (in->context.progress)
        study_progress(NULL, NULL);
    return status;
}

void testbench_input_free(struct testbench_input *in)
{
    testbench_job_free(&in->job);
    testbench_free(in->testbench);
    for (size_t i = 0; i < in->n; i++)
        free(in->settings[i]);
    free(in->settings);
    free(in->devices);
    free(in->neuron_file);
    free(in->switch_file);
}
