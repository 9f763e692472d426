/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tests' own tool: fail_each_allocation() finds no fault with a creation that is all or nothing, and names the fault
 * of one that is not. */
#include "tests/support/failing_allocation.h"

#include <stdlib.h>
#include <string.h>

#include <libparallel/error.h>

#include "tests/support/property.h"

struct creation {
    bool leaks_when_unwinding, ignores_a_failure, reports_another_error, leaks_when_destroyed;
    int attempts;
    void *leaked;
};

static int create_and_destroy(void *argument)
{
    struct creation *creation = argument;
    int status = PARALLEL_ENOMEMORY;
    char *name = NULL;
    void *table = NULL, *aligned = NULL;
    creation->attempts++;

    void *first = malloc(10);
    if (first == NULL)
        goto failed;
    name = strdup("name");
    if (name == NULL && !creation->ignores_a_failure)
        goto failed;
    table = calloc(3, 10);
    if (table == NULL)
        goto failed;
    void *bigger = realloc(table, 1000);
    if (bigger == NULL)
        goto failed;
    table = bigger;
    if (posix_memalign(&aligned, 64, 64) != 0)
        goto failed;
    status = 0;
failed:
    if (status != 0 && creation->reports_another_error)
        status = PARALLEL_EINTERNAL;
    free(aligned);
    free(table);
    free(name);
    if (status == 0 ? creation->leaks_when_destroyed : creation->leaks_when_unwinding)
        creation->leaked = first; /* still reachable, so the address sanitizer has nothing to add */
    else
        free(first);
    return status;
}

PROPERTY(nothing_about_all_or_nothing)
{
    struct creation creation = {0};
    size_t live_before = live_allocations();
    const char *fault = fail_each_allocation(create_and_destroy, &creation);
    size_t live_after = live_allocations();
    ck_assert_msg(fault == NULL, "%s", fault);
    ck_assert_int_eq(creation.attempts, 6);
    ck_assert_uint_eq(live_after, live_before);
}
PROPERTY_END

static void finds(struct creation creation, const char *expected)
{
    const char *fault = fail_each_allocation(create_and_destroy, &creation);
    ck_assert_ptr_nonnull(fault);
    ck_assert_str_eq(fault, expected);
    free(creation.leaked);
}

PROPERTY(an_error_that_is_not_ENOMEMORY)
{
    finds((struct creation){.reports_another_error = true},
          "allocation 1 failed, and the attempt returned -31 instead of -2");
}
PROPERTY_END

PROPERTY(a_failure_that_is_ignored)
{
    finds((struct creation){.ignores_a_failure = true}, "allocation 2 failed, and the attempt returned 0 instead of -2");
}
PROPERTY_END

PROPERTY(a_block_left_behind_by_the_unwinding)
{
    finds((struct creation){.leaks_when_unwinding = true},
          "allocation 2 failed, and blocks left behind by the attempt: 1");
}
PROPERTY_END

PROPERTY(a_block_left_behind_by_the_destruction)
{
    finds((struct creation){.leaks_when_destroyed = true},
          "allocation 6 was never made, and blocks left behind by the attempt: 1");
}
PROPERTY_END

PROPERTIES(nothing_about_all_or_nothing, an_error_that_is_not_ENOMEMORY, a_failure_that_is_ignored,
           a_block_left_behind_by_the_unwinding, a_block_left_behind_by_the_destruction)
