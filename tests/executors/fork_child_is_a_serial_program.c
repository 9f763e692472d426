/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inside a forked call the library works, on a serial executor; what the program has is not there;
 * continuations run in the program itself. */
#include <parallel.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/property.h"

static parallel_executor *executor;

static int twice(int a)
{
    return 2 * a;
}
PARALLEL_FN(int, twice, int)

static int look_around(void)
{
    parallel_executor_info info;
    int ignored;
    if (parallel_executor_describe(parallel_executor_default(), &info) != 0 || strcmp(info.kind, "serial") != 0)
        return 1;
    if (parallel_executor_current() != parallel_executor_default())
        return 2;
    if (parallel_worker_index() != 0)
        return 3;
    if (twice_await(twice_async(21)) != 42)
        return 4;
    parallel_future *future = twice_on(executor, 1);
    int code = twice_result(future, &ignored);
    parallel_future_release(future);
    if (code != PARALLEL_EFORKED)
        return 5;
    parallel_executor *own; /* workers of its own */
    if (parallel_executor_open("serial", &own) != 0 || twice_await(twice_on(own, 4)) != 8 ||
        parallel_executor_close(own) != 0)
        return 6;
    return 0;
}
PARALLEL_FN(int, look_around)

PROPERTY(the_library_works_in_a_call)
{
    ck_assert_int_eq(parallel_executor_open("fork:1,places=none", &executor), 0);
    ck_assert_int_eq(look_around_await(look_around_on(executor)), 0);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int process_id(void)
{
    return (int)getpid();
}
PARALLEL_FN(int, process_id)

static parallel_future *go_on(parallel_future *future, void *context)
{
    int first;
    *(int *)context = (int)getpid();
    if (process_id_result(future, &first) != 0)
        parallel_fail(PARALLEL_EFAILED, "no result");
    /* Waiting for another call here must not make it in this process. */
    int second = process_id_await(process_id_on(executor));
    if (second == first || second == (int)getpid())
        parallel_fail(PARALLEL_EFAILED, "a call without a process of its own");
    return process_id_on(executor);
}

PROPERTY(continuations_run_in_the_program)
{
    ck_assert_int_eq(parallel_executor_open("fork:1,places=none", &executor), 0);
    int where = 0, last;
    parallel_future *call = process_id_on(executor);
    parallel_future *chain = parallel_future_then(call, go_on, &where);
    int code = process_id_result(chain, &last);
    ck_assert_msg(code == 0, "%s", parallel_last_error()->message);
    ck_assert_int_eq(where, (int)getpid());
    ck_assert_int_ne(last, (int)getpid());
    parallel_future_release(call);
    parallel_future_release(chain);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(the_library_works_in_a_call, continuations_run_in_the_program)
