/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

enum { COUNT = 20000 };

static atomic_uchar has_run[COUNT];

static parallel_loop_options options_of(parallel_executor *executor, int64_t *where, parallel_error *status)
{
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.executor = executor;
    options.stopped_at = where;
    options.status = status;
    return options;
}

static parallel_executor *open_executor(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    return executor;
}

static void check_all_below(int64_t bound)
{
    int missing = 0; /* one assertion: each writes to a pipe */
    for (int64_t i = 0; i < COUNT; i++)
        missing += atomic_exchange(&has_run[i], 0) == 0 && i < bound;
    ck_assert_int_eq(missing, 0);
}

/* Through a function that the compiler does not see through. */
__attribute__((noinline)) static void stop_if(int it_does)
{
    if (it_does)
        ck_assert_int_eq(parallel_loop_stop(), 0);
}

PARALLEL_LOOP(stopping, (int64_t, period, int64_t, phase), i)
{
    stop_if(i % period == phase);
    atomic_store(&has_run[i], 1);
}

static const char *const kinds[] = {"serial", "threads:1", "threads:2", "threads:4"};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

PROPERTY(a_stop)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        parallel_executor *executor = open_executor(kinds[k]);
        for (int round = 0; round < 50; round++) {
            int64_t where = -1;
            parallel_error status;
            parallel_loop_options options = options_of(executor, &where, &status);
            options.grain = round % 2 == 0 ? 0 : 7;
            ck_assert_int_eq(stopping_run_with(&options, 0, COUNT, 500, 321), 0);
            ck_assert_int_eq(where, 321);
            ck_assert_int_eq(status.code, 0);
            check_all_below(322); /* the stopping one goes on to its end */
        }
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

PARALLEL_LOOP(failing, (int64_t, period, int64_t, phase), i)
{
    if (i % period == phase) {
        parallel_fail(1000 + (int)i, "item %d", (int)i);
        return;
    }
    atomic_store(&has_run[i], 1);
}

PROPERTY(a_failure)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        parallel_executor *executor = open_executor(kinds[k]);
        for (int round = 0; round < 50; round++) {
            int64_t where = -1;
            parallel_error status;
            parallel_loop_options options = options_of(executor, &where, &status);
            options.workers = round % 3 == 0 ? 4 : 0;
            ck_assert_int_eq(failing_run_with(&options, 0, COUNT, 500, 321), 1321);
            ck_assert_str_eq(parallel_last_error()->message, "loop failing at index 321: item 321");
            ck_assert_int_eq(where, 321);
            ck_assert_int_eq(status.code, 1321);
            check_all_below(321);
        }
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

PROPERTY(a_failure_of_its_future)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        parallel_executor *executor = open_executor(kinds[k]);
        parallel_loop_options options = options_of(NULL, NULL, NULL);
        options.label = "rows";
        parallel_future *future = failing_on_with(executor, &options, 0, COUNT, 500, 321);
        ck_assert_int_eq(failing_result(future), 1321);
        ck_assert_str_eq(parallel_last_error()->message, "loop rows at index 321: item 321");
        parallel_future_release(future);
        check_all_below(321);
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

PARALLEL_LOOP(both, (int64_t, stop, int64_t, failure), i)
{
    if (i == failure)
        parallel_fail(7, "seven");
    stop_if(i == stop);
}

PROPERTY(whichever_comes_first)
{
    parallel_executor *executor = open_executor("threads:4");
    for (int round = 0; round < 50; round++) {
        int64_t where = -1;
        parallel_loop_options options = options_of(executor, &where, NULL);
        ck_assert_int_eq(both_run_with(&options, 0, COUNT, 5, 5000), 0);
        ck_assert_int_eq(where, 5);
        ck_assert_int_eq(both_run_with(&options, 0, COUNT, 5000, 5), 7);
        ck_assert_int_eq(where, 5);
        ck_assert_int_eq(both_run_with(&options, 0, COUNT, 5, 5), 7); /* as parallel_fail() and break */
        ck_assert_int_eq(both_run_with(&options, 0, COUNT, -1, -1), 0);
        ck_assert_int_eq(where, COUNT);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* A body that runs the same loop, whose stop is its own. */
PARALLEL_LOOP(recursive, (int, depth, atomic_int *, sum), i)
{
    if (depth > 0)
        ck_assert_int_eq(recursive_run(0, 10, depth - 1, sum), 0);
    if (i == 4)
        stop_if(1);
    atomic_fetch_add(sum, 1);
}

PROPERTY(of_the_innermost_loop)
{
    atomic_int sum;
    atomic_init(&sum, 0);
    ck_assert_int_eq(setenv("PARALLEL_EXECUTOR", "serial", 1), 0);
    ck_assert_int_eq(recursive_run(0, 10, 3, &sum), 0);
    ck_assert_int_eq(atomic_load(&sum), 5 + 25 + 125 + 625);
}
PROPERTY_END

PROPERTY(and_is_misuse_elsewhere)
{
    ck_assert_int_eq(parallel_loop_stop(), PARALLEL_EMISUSE);
    int codes[2] = {0, 0};
    PARALLEL_FOR(i, 0, 2)
        codes[i] = parallel_loop_stop();
    ck_assert_int_eq(codes[0], PARALLEL_EMISUSE);
    ck_assert_int_eq(codes[1], PARALLEL_EMISUSE);
}
PROPERTY_END

PROPERTIES(a_stop, a_failure, a_failure_of_its_future, whichever_comes_first, of_the_innermost_loop,
           and_is_misuse_elsewhere)
