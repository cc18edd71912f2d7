/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A results folder: made under a temporary name beside its place, renamed when complete, removed
 * when anything fails. */
#ifndef SILVERBAR_REPORT_FOLDER_H
#define SILVERBAR_REPORT_FOLDER_H

#include "report/json.h"
#include "report/phases.h"
#include "report/replay.h"
#include "wave/raw.h"

struct folder {
    char *path;      /* where it shall be */
    char *temporary; /* where it is meanwhile */
    int lock;        /* descriptor that shows that this run lives, or -1 */
    struct raw_writer *raw;
    struct replay *replay;
    struct phases *phases;
};

#define FOLDER_RECORDERS 3

/* Make the temporary folder and open the waveform file in it.  Refuses a path that exists.  On
 * failure nothing is left. */
enum status folder_begin(const char *path, const struct training *training, struct folder *folder,
                         struct error *error);

/* The folder's recorders; returns how many (FOLDER_RECORDERS). */
size_t folder_recorders(struct folder *folder, struct recorder *recorders);

/* Write the other files and give the folder its name.  On failure nothing is left. */
enum status folder_complete(struct folder *folder, const struct training *training,
                            const struct manifest *manifest, struct error *error);

/* Remove what there is of an unfinished folder. */
void folder_abandon(struct folder *folder);

#endif
