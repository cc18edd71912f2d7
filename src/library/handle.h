/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of the library only. */
#ifndef SILVERBAR_LIBRARY_HANDLE_H
#define SILVERBAR_LIBRARY_HANDLE_H

#include "base/error.h"
#include "circuit/subcircuit.h"
#include "engine/ledger.h"
#include "include/silverbar.h"

#include <locale.h>

struct silverbar_circuit {
    struct circuit *circuit;
    size_t n_dopants, dopants_capacity, n_files, files_capacity;
    struct dopant **dopants;        /* n_dopants, owned: of memristors */
    struct subcircuit_file **files; /* n_files, owned: of netlists */
    bool in_use;                    /* an engine has been opened: it must not change */
};

/* Numbers are read and written with a point, whatever the host's locale: each call that does so is
 * between these two. */
locale_t library_enter(void);
void library_leave(locale_t before);

/* Hand an error out.  Returns the status. */
int library_report(enum status status, const struct error *from, struct silverbar_error *to);

/* Number of a name among names[n], or -1. */
int library_name(const char *const *names, size_t n, const char *name);
/* Of an energy class by its name, or -1. */
int library_class(const char *name);

/* Of a ledger, as silverbar_energy() and silverbar_delivered(). */
double library_energy(const struct ledger *ledger, const char *section, const char *kind,
                      const char *energy_class);
double library_delivered(const struct ledger *ledger, const char *section);

/* Path of a file or folder of the package's data ("devices"), to free(): in $SILVERBAR_DATA; else in
 * the source, for a library that lies in its build folder; else beside the library, so that an
 * installation can be moved; else where it was installed. */
char *library_data(const char *name);

#endif
