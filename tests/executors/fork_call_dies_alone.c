/* SPDX-License-Identifier: BSD-3-Clause
 *
 * However a forked call dies, its own future says how, and no other one notices. */
#include <errno.h>
#include <parallel.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/crashes.h"
#include "tests/support/property.h"

/* The address sanitizer asks before it looks for leaks at exit. What other threads' stacks held, in the program, has no
 * owner in a forked process that leaves by exit(). */
static int is_leaving;

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return is_leaving;
}

enum way { RETURNS, FAILS, WRITES_WILDLY, ABORTS, DIVIDES, RECURSES, EXITS, EXITS_AT_ONCE, IS_KILLED, WAYS };

static int go(int way)
{
    switch ((enum way)way) {
    case FAILS:
        parallel_fail(77, "as asked");
        break;
    case WRITES_WILDLY:
        return crash_by_write(forbidden_page());
    case ABORTS:
        abort();
    case DIVIDES:
        return crash_by_division();
    case RECURSES:
        return crash_by_recursion(NULL, 0);
    case EXITS:
        is_leaving = 1;
        exit(3);
    case EXITS_AT_ONCE:
        _exit(4);
    case IS_KILLED:
        return raise(SIGKILL);
    default:
        break;
    }
    return way + 100;
}
PARALLEL_FN(int, go, int)

static const struct {
    int code, signal, exit_status;
    const char *words;
} expected[WAYS] = {
    [FAILS] = {77, 0, -1, "as asked"},
    [WRITES_WILDLY] = {PARALLEL_ECRASHED, SIGSEGV, -1, "in crash_by_write+0x"},
    [ABORTS] = {PARALLEL_ECRASHED, SIGABRT, -1, "SIGABRT"},
    [DIVIDES] = {PARALLEL_ECRASHED, SIGFPE, -1, "SIGFPE"},
    [RECURSES] = {PARALLEL_ECRASHED, SIGSEGV, -1, "stack overflow"},
    [EXITS] = {PARALLEL_ECRASHED, 0, 3, "left by exit(3)"},
    [EXITS_AT_ONCE] = {PARALLEL_ECRASHED, 0, 4, "left by _exit(4)"},
    [IS_KILLED] = {PARALLEL_ECRASHED, SIGKILL, -1, "SIGKILL"},
};

static void expect_end(parallel_future *future, int way)
{
    int value;
    int code = go_result(future, &value);
    if (way == RETURNS) {
        ck_assert_int_eq(code, 0);
        ck_assert_int_eq(value, 100);
    } else {
        parallel_failure failure;
        ck_assert_int_eq(parallel_future_error(future, &failure), 0);
        ck_assert_int_eq(code, failure.code);
        ck_assert_msg(failure.code == expected[way].code && failure.signal == expected[way].signal &&
                          failure.exit_status == expected[way].exit_status &&
                          strstr(failure.message, expected[way].words) != NULL,
                      "way %d: code %d, signal %d, exit status %d: %s", way, failure.code, failure.signal,
                      failure.exit_status, failure.message);
        ck_assert_int_ge(failure.worker, 0);
        ck_assert((failure.pid > 0) == (code == PARALLEL_ECRASHED));
    }
    parallel_resources resources;
    ck_assert_int_eq(parallel_future_resources(future, &resources), 0);
    ck_assert_uint_gt(resources.peak_bytes, 0);
}

PROPERTY(each_in_its_own_way)
{
    enum { CALLS = 10 * WAYS };
    (void)forbidden_page();
    parallel_executor *executor;
    parallel_future *futures[CALLS];
    ck_assert_int_eq(parallel_executor_open("fork:3,places=none", &executor), 0);
    for (int i = 0; i < CALLS; i++)
        futures[i] = go_on(executor, i % WAYS);
    for (int i = 0; i < CALLS; i++) {
        expect_end(futures[i], i % WAYS);
        parallel_future_release(futures[i]);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1); /* nobody is left, no zombie either */
    ck_assert_int_eq(errno, ECHILD);
}
PROPERTY_END

/* A map fails with the lowest index that failed, and has made all calls below it. */
PROPERTY(a_map_names_the_call)
{
    enum { CALLS = 40, BAD = 23 };
    (void)forbidden_page();
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("fork:2,places=none", &executor), 0);
    int ways[CALLS] = {0}, values[CALLS] = {0};
    ck_assert_int_eq(go_map(executor, CALLS, values, ways), 0);
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(values[i], 100);
    memset(values, 0, sizeof values);
    ways[BAD] = WRITES_WILDLY;
    ways[BAD + 10] = FAILS;
    ck_assert_int_eq(go_map(executor, CALLS, values, ways), PARALLEL_ECRASHED);
    ck_assert_msg(strstr(parallel_last_error()->message, "call 23 of go: process ") != NULL &&
                      strstr(parallel_last_error()->message, "crash_by_write+0x") != NULL,
                  "%s", parallel_last_error()->message);
    for (int i = 0; i < BAD; i++)
        ck_assert_int_eq(values[i], 100);
    ck_assert_int_eq(values[BAD], 0);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int refuse(void *context)
{
    return *(int *)context;
}

PROPERTY(an_initializer_that_fails_fails_the_call)
{
    int code = 9;
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "fork";
    options.workers = 1;
    options.places = "none";
    options.initializer = refuse;
    options.initializer_context = &code;
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    parallel_future *future = go_on(executor, RETURNS);
    int value;
    ck_assert_int_eq(go_result(future, &value), PARALLEL_EINITIALIZER);
    ck_assert_msg(strstr(parallel_last_error()->message, "returned 9") != NULL, "%s", parallel_last_error()->message);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(each_in_its_own_way, a_map_names_the_call, an_initializer_that_fails_fails_the_call)
