/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The laws of laws.h, engine by engine. */
#include "laws.h"

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAWS("ida"),
        LAWS("event"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
