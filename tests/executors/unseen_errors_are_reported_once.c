/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An error that nobody asked for is one line when the last reference goes; one that somebody saw, and a cancelled call,
 * are none. */
#include <parallel.h>

#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

static atomic_int lines;
static char last_line[1024];

static void keep(void *context, const char *line)
{
    (void)context;
    strncpy(last_line, line, sizeof last_line - 1);
    atomic_fetch_add(&lines, 1);
}

static int fail_with(int code)
{
    parallel_fail(code, "number %d", code);
    return 0;
}
PARALLEL_FN(int, fail_with, int)

static void check(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    parallel_set_reporter(keep, NULL);
    atomic_store(&lines, 0);

    parallel_future *unseen = fail_with_on(executor, 3);
    ck_assert_int_eq(parallel_future_wait(unseen, PARALLEL_NEVER), 0); /* waiting is not looking */
    parallel_future_retain(unseen);
    parallel_future_release(unseen);
    ck_assert_int_eq(atomic_load(&lines), 0);
    parallel_future_release(unseen);

    int value;
    parallel_future *seen = fail_with_on(executor, 4);
    ck_assert_int_eq(fail_with_result(seen, &value), 4);
    parallel_future_release(seen);

    parallel_failure failure;
    parallel_future *asked = fail_with_on(executor, 5);
    ck_assert_int_eq(parallel_future_wait(asked, PARALLEL_NEVER), 0);
    ck_assert_int_eq(parallel_future_error(asked, &failure), 0);
    ck_assert_int_eq(failure.code, 5);
    parallel_future_release(asked);

    parallel_promise *promise;
    parallel_future *cancelled;
    ck_assert_int_eq(parallel_promise_create(0, &promise, &cancelled), 0);
    ck_assert_int_eq(parallel_future_cancel(cancelled), 0);
    parallel_future_release(cancelled);
    parallel_promise_destroy(promise);
    ck_assert_int_eq(parallel_executor_close(executor), 0); /* the last reference may have been the worker's */
    ck_assert_int_eq(atomic_load(&lines), 1);
    ck_assert_ptr_ne(strstr(last_line, "fail_with"), NULL);
    ck_assert_ptr_ne(strstr(last_line, "number 3"), NULL);
    parallel_set_reporter(NULL, NULL);
}

PROPERTY(on_threads)
{
    check("threads:1");
}
PROPERTY_END

PROPERTY(in_the_caller)
{
    check("serial");
}
PROPERTY_END

PROPERTIES(on_threads, in_the_caller)
