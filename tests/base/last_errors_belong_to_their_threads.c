/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/property.h"
#include "tests/support/threads.h"

enum { THREADS = 8, ROUNDS = 2000 };

/* Each thread sees its own failures alone, and none before its first. */
static void *fail_again_and_again(void *argument)
{
    const parallel_error *mine = parallel_last_error();
    if (mine->code != 0 || mine->message[0] != '\0')
        return NULL;
    for (int round = 0; round < ROUNDS; round++) {
        char expected[64];
        snprintf(expected, sizeof expected, "thread %p, round %d", argument, round);
        if (pl_error_set(PARALLEL_ERANGE, 0, "thread %p, round %d", argument, round) != PARALLEL_ERANGE)
            return NULL;
        if (parallel_last_error() != mine || strcmp(mine->message, expected) != 0)
            return NULL;
    }
    return argument;
}

PROPERTY(in_many_threads_at_once)
{
    struct test_thread threads[THREADS];
    pl_error_set(PARALLEL_ESYSTEM, ENOENT, "first");
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], fail_again_and_again, &threads[i]);
    for (int i = 0; i < THREADS; i++)
        ck_assert_ptr_eq(join_thread(&threads[i]), &threads[i]);
    ck_assert_str_eq(parallel_last_error()->message, "first: No such file or directory");
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ESYSTEM);
}
PROPERTY_END

PROPERTY(errors_travel_by_copy)
{
    parallel_error carried;
    ck_assert_int_eq(pl_error_fill(&carried, PARALLEL_EFAILED, 0, "task %d", 9), PARALLEL_EFAILED);
    ck_assert_int_eq(parallel_last_error()->code, 0);
    ck_assert_int_eq(pl_error_set_copy(&carried), PARALLEL_EFAILED);
    ck_assert_str_eq(parallel_last_error()->message, "task 9");
    ck_assert_int_eq(pl_error_set_copy(parallel_last_error()), PARALLEL_EFAILED);
    ck_assert_str_eq(parallel_last_error()->message, "task 9");
}
PROPERTY_END

PROPERTY(an_error_may_quote_itself)
{
    parallel_error error;
    pl_error_fill(&error, PARALLEL_EFAILED, 0, "inner");
    pl_error_fill(&error, PARALLEL_ECRASHED, 0, "outer (%s)", error.message);
    ck_assert_str_eq(error.message, "outer (inner)");
}
PROPERTY_END

/* A failing function formats its message before or after it reads errno, as it likes. */
PROPERTY(a_failure_leaves_errno_alone)
{
    errno = EDOM;
    pl_error_set(PARALLEL_ESYSTEM, 123456, "a stranger among the errors");
    ck_assert_int_eq(errno, EDOM);
    pl_error_set(PARALLEL_EINVALID, 0, "%ls", L"\x1F600 has no bytes in the C locale");
    ck_assert_int_eq(errno, EDOM);
}
PROPERTY_END

PROPERTIES(in_many_threads_at_once, errors_travel_by_copy, an_error_may_quote_itself, a_failure_leaves_errno_alone)
