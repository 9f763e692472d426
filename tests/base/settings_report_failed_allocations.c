/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What broke: a setting whose text could not be kept for want of memory counted as not set, so a program could run on
 * another executor than it was told. */
#include "libparallel/base/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libparallel/error.h>

#include "tests/support/failing_allocation.h"
#include "tests/support/in_child.h"
#include "tests/support/property.h"

enum { SUCCEEDED = 10, REFUSED = 11 };

/* Settings are read once, so each attempt is a process of its own. */
static void read_with_a_failing_allocation(void *number)
{
    fail_allocation(*(size_t *)number);
    int status = parallel_settings_check();
    bool names_the_setting = strstr(parallel_last_error()->message, "PARALLEL_") != NULL;
    if (!allocation_failed() && status == 0)
        _exit(SUCCEEDED);
    if (allocation_failed() && status == PARALLEL_ENOMEMORY && names_the_setting)
        _exit(REFUSED);
}

PROPERTY(none_is_taken_for_unset)
{
    size_t number = 1;
    struct child_outcome outcome;
    setenv("PARALLEL_EXECUTOR", "serial", 1);
    setenv("PARALLEL_PLACES", "l3", 1);
    setenv("PARALLEL_WORKERS", "4", 1);
    while ((outcome = run_in_child(read_with_a_failing_allocation, &number), exited_with(&outcome, REFUSED)))
        number++;
    ck_assert_msg(exited_with(&outcome, SUCCEEDED), "allocation %zu: %s", number, outcome.complaint);
    ck_assert_uint_gt(number, 3);
}
PROPERTY_END

/* Flags and counts need no memory of their own: silence is kept. */
static void read_a_flag_without_memory(void *unused)
{
    (void)unused;
    fail_allocation(1);
    if (!pl_setting_flag(PL_SETTING_QUIET) || !allocation_failed())
        _exit(REFUSED);
}

PROPERTY(a_flag_counts_without_memory)
{
    unsetenv("PARALLEL_EXECUTOR");
    unsetenv("PARALLEL_PLACES");
    unsetenv("PARALLEL_SHOW_PLACES");
    unsetenv("PARALLEL_WORKERS");
    setenv("PARALLEL_QUIET", "1", 1);
    struct child_outcome outcome = run_in_child(read_a_flag_without_memory, NULL);
    ck_assert_msg(ended_well(&outcome), "%s", outcome.complaint);
}
PROPERTY_END

PROPERTIES(none_is_taken_for_unset, a_flag_counts_without_memory)
