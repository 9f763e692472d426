/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many workers: as many as asked for, or the default; zero, negative, absurd are errors that say so. */
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

static void assert_refused(const char *count, int code)
{
    char text[160];
    parallel_executor *executor = NULL;
    snprintf(text, sizeof text, "%s:%s", kind.name, count);
    ck_assert_code(parallel_executor_open(text, &executor), code);
    ck_assert_ptr_null(executor);
    if (count[0] != '\0')
        ck_assert_msg(strstr(parallel_last_error()->message, count) != NULL, "\"%s\" does not quote %s",
                      parallel_last_error()->message, count);
    snprintf(text, sizeof text, "%s,workers=%s", kind.name, count);
    ck_assert_code(parallel_executor_open(text, &executor), code);
}

PROPERTY(what_is_no_count_is_an_error_that_quotes_it)
{
    static const char *const counts[] = {"0", "-1", "", "four", "4x", "4.0", " 4", "+4", "0x4", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        assert_refused(counts[i], PARALLEL_ESPECIFICATION);
}
PROPERTY_END

PROPERTY(an_absurd_count_is_an_error_that_quotes_it)
{
    assert_refused("4194305", PARALLEL_ERANGE);
    assert_refused("18446744073709551615", PARALLEL_ERANGE);
}
PROPERTY_END

PROPERTY(as_many_as_asked_for)
{
    for (size_t workers = 1; workers <= 9; workers += 4) {
        parallel_executor *executor = open_executor(workers, NULL);
        parallel_executor_info info;
        ck_assert_ok(parallel_executor_describe(executor, &info));
        ck_assert_str_eq(info.kind, kind.name);
        ck_assert_uint_eq(info.worker_count, workers);
        ck_assert(!info.is_shut_down);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTY(the_default_is_the_worker_limit)
{
    parallel_executor *executor;
    ck_assert_ok(parallel_executor_open(kind.name, &executor));
    parallel_executor_info info;
    ck_assert_ok(parallel_executor_describe(executor, &info));
    parallel_limit limit;
    ck_assert_ok(parallel_worker_limit(&limit));
    ck_assert_uint_eq(info.worker_count, limit.count);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(the_only_worker_of_a_kind_without_workers_is_the_caller)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_executor_info info;
    ck_assert_ok(parallel_executor_describe(executor, &info));
    ck_assert_str_eq(info.kind, kind.name);
    ck_assert_uint_eq(info.worker_count, 1);
    ck_assert_uint_eq(info.started_count, 0);
    close_executor(executor);
    assert_refused("2", PARALLEL_ERANGE);
}
PROPERTY_END

PROPERTY(workers_start_on_demand)
{
    enum { STARTED, GATE };
    parallel_executor *executor = open_executor(8, NULL);
    parallel_executor_info info;
    ck_assert_ok(parallel_executor_describe(executor, &info));
    ck_assert_uint_eq(info.started_count, 0);
    parallel_future *futures[3];
    for (int i = 0; i < 3; i++)
        futures[i] = hold_on(executor, i, STARTED, GATE);
    wait_for_mark(STARTED, 3);
    ck_assert_ok(parallel_executor_describe(executor, &info));
    ck_assert_uint_ge(info.started_count, 3);
    ck_assert_uint_le(info.started_count, 4); /* one may have come to look */
    make_mark(GATE);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    close_executor(executor);
}
PROPERTY_END

ROW(worker_counts, {what_is_no_count_is_an_error_that_quotes_it, 0},
    {an_absurd_count_is_an_error_that_quotes_it, HAS_WORKERS}, {as_many_as_asked_for, HAS_WORKERS},
    {the_default_is_the_worker_limit, HAS_WORKERS},
    {the_only_worker_of_a_kind_without_workers_is_the_caller, RUNS_AT_SUBMISSION},
    {workers_start_on_demand, HAS_WORKERS | WORKERS_ARE_THREADS})
