/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A function whose loops run over numbers, marked WIDE, is compiled a second time for registers of
 * four numbers; the program takes that form where the processor has them.  Results are the same to
 * the last bit: under -std=c17 neither form fuses multiplications with additions or changes the order of
 * sums.  Which form is taken is decided before main(), and before the sanitizers are there. */
#ifndef SILVERBAR_BASE_WIDE_H
#define SILVERBAR_BASE_WIDE_H

#include <limits.h> /* __GLIBC__ */

#if defined __x86_64__ && defined __GLIBC__ && defined __GNUC__ && !defined __clang__ &&           \
    !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#endif
