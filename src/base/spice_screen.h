/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one screen before ngspice.  Netlist text is not data to ngspice: `.control` blocks and `*#`
 * comments run programs, code models and some parameters open files.  So every file of a user that
 * goes to ngspice is read by spice_file_read(), each of its lines passes spice_line_screen(), and the
 * deck made of them passes spice_deck_screen() as a whole.  Only a deck that the user trusts goes
 * past them. */
#ifndef SILVERBAR_BASE_SPICE_SCREEN_H
#define SILVERBAR_BASE_SPICE_SCREEN_H

#include "base/text_file.h"

/* Which cards may pass. */
enum spice_kind {
    SPICE_DECK,    /* of a user, with analyses; logical lines without comments */
    SPICE_NETLIST, /* a .sub file: lines as they stand, with comments and continuations */
    SPICE_LIBRARY, /* a device's .lib file: lines as they stand */
    SPICE_WHOLE,   /* what goes to ngspice */
};

/* Read a text file without control bytes: nothing below 0x20 but tabs and line ends (LF, CR LF), and
 * no 0x7f.  ngspice takes some of them for blanks, so that a reader that does not would see another
 * line.  On failure *file is NULL. */
enum status spice_file_read(enum spice_kind kind, const char *path, struct text_file **file,
                            struct error *error);

/* Cut off what ngspice takes for a comment at the end of a line (`;', `//' or a `$' behind a blank or
 * a comma), and blanks.  What is screened is then all that ngspice gets. */
void spice_cut_comment(char *line);

/* Is this line harmless?  Else a message that names path and line, what was found and what was
 * expected. */
enum status spice_line_screen(enum spice_kind kind, const char *path, int line, const char *text,
                              struct error *error);

/* All lines of a finished deck, ended by NULL: of each model also what it is a model of. */
enum status spice_deck_screen(const char *const *lines, struct error *error);

/* Refuse code models (elements that begin with A): compiled code, of which the screen knows the names
 * only.  For systems where nothing else keeps them from files. */
enum status spice_deck_refuse_code(const char *const *lines, struct error *error);

#endif
