/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tasks that wait: for tasks of their own one-worker executor, deep below each other, for each other across executors.
 * concurrent.futures hangs in each of these; here every one ends. */
#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

/* The executors under test; calls reach them by number, since pointers to executors cannot be carried. Only for kinds
 * whose calls see this memory. */
static parallel_executor *executors[2];

static int nested_result(void)
{
    parallel_future *future = echo_on(executors[0], 3);
    int value = -1;
    if (echo_result(future, &value) != 0)
        value = -2;
    parallel_future_release(future);
    return value;
}
PARALLEL_FN(int, nested_result)

PROPERTY(a_result_in_a_task_of_one_worker)
{
    executors[0] = open_executor(1, NULL);
    ck_assert_int_eq(nested_result_await(nested_result_on(executors[0])), 3);
    close_executor(executors[0]);
}
PROPERTY_END

static int nested_result_until(void)
{
    parallel_future *future = echo_on(executors[0], 3);
    int value = -1;
    if (echo_result_until(future, parallel_deadline_in(60), &value) != 0)
        value = -2;
    parallel_future_release(future);
    return value;
}
PARALLEL_FN(int, nested_result_until)

PROPERTY(a_result_with_a_deadline_in_a_task_of_one_worker)
{
    executors[0] = open_executor(1, NULL);
    ck_assert_int_eq(nested_result_until_await(nested_result_until_on(executors[0])), 3);
    close_executor(executors[0]);
}
PROPERTY_END

enum { FAN = 20 };

static int nested_wait_list(int mode)
{
    parallel_future *futures[FAN];
    for (int i = 0; i < FAN; i++)
        futures[i] = echo_on(executors[0], i);
    int code = parallel_wait(futures, FAN, (enum parallel_wait_mode)mode, PARALLEL_NEVER);
    int ended = 0;
    for (int i = 0; i < FAN; i++) {
        ended += parallel_future_is_done(futures[i]);
        parallel_future_release(futures[i]);
    }
    return code != 0 ? code : ended;
}
PARALLEL_FN(int, nested_wait_list, int)

PROPERTY(each_mode_of_waiting_in_a_task_of_one_worker)
{
    executors[0] = open_executor(1, NULL);
    ck_assert_int_eq(nested_wait_list_await(nested_wait_list_on(executors[0], PARALLEL_ALL_COMPLETED)), FAN);
    ck_assert_int_ge(nested_wait_list_await(nested_wait_list_on(executors[0], PARALLEL_FIRST_COMPLETED)), 1);
    ck_assert_int_eq(nested_wait_list_await(nested_wait_list_on(executors[0], PARALLEL_FIRST_FAILED)), FAN);
    close_executor(executors[0]);
}
PROPERTY_END

static int nested_as_completed(void)
{
    parallel_future *futures[FAN];
    for (int i = 0; i < FAN; i++)
        futures[i] = echo_on(executors[0], i);
    int sum = 0;
    PARALLEL_AS_COMPLETED(f, futures, FAN)
    {
        int value;
        if (echo_result(f, &value) == 0)
            sum += value;
    }
    for (int i = 0; i < FAN; i++)
        parallel_future_release(futures[i]);
    return sum;
}
PARALLEL_FN(int, nested_as_completed)

PROPERTY(as_completed_in_a_task_of_one_worker)
{
    executors[0] = open_executor(1, NULL);
    ck_assert_int_eq(nested_as_completed_await(nested_as_completed_on(executors[0])), FAN * (FAN - 1) / 2);
    close_executor(executors[0]);
}
PROPERTY_END

static int nested_map(void)
{
    int in[FAN], out[FAN];
    for (int i = 0; i < FAN; i++)
        in[i] = i;
    if (echo_map(executors[0], FAN, out, in) != 0)
        return -1;
    int sum = 0;
    for (int i = 0; i < FAN; i++)
        sum += out[i];
    return sum;
}
PARALLEL_FN(int, nested_map)

PROPERTY(map_in_a_task_of_one_worker)
{
    executors[0] = open_executor(1, NULL);
    ck_assert_int_eq(nested_map_await(nested_map_on(executors[0])), FAN * (FAN - 1) / 2);
    close_executor(executors[0]);
}
PROPERTY_END

/* A map of maps: each call of the outer one is a map on the same workers. */
static int nested_sum(int count)
{
    int in[FAN], out[FAN], sum = 0;
    for (int i = 0; i < count; i++)
        in[i] = i;
    if (echo_map(executors[0], (size_t)count, out, in) != 0)
        return -1;
    for (int i = 0; i < count; i++)
        sum += out[i];
    return sum;
}
PARALLEL_FN(int, nested_sum, int)

PROPERTY(a_map_of_maps)
{
    int counts[200], sums[200];
    for (size_t workers = 1; workers <= 3; workers++) {
        executors[0] = open_executor(workers, NULL);
        for (int i = 0; i < 200; i++)
            counts[i] = i % FAN;
        ck_assert_ok(nested_sum_map(executors[0], 200, sums, counts));
        for (int i = 0; i < 200; i++)
            ck_assert_int_eq(sums[i], counts[i] * (counts[i] - 1) / 2);
        close_executor(executors[0]);
    }
}
PROPERTY_END

/* Fibonacci as it should not be computed: each call waits for two. */
static parallel_future *start_fibonacci(int n);
static int take_fibonacci(parallel_future *future);

static int nested_fibonacci(int n)
{
    if (n < 2)
        return n;
    parallel_future *one = start_fibonacci(n - 1);
    parallel_future *other = start_fibonacci(n - 2);
    return take_fibonacci(one) + take_fibonacci(other);
}
PARALLEL_FN(int, nested_fibonacci, int)

static parallel_future *start_fibonacci(int n)
{
    return nested_fibonacci_on(executors[0], n);
}

static int take_fibonacci(parallel_future *future)
{
    return nested_fibonacci_await(future);
}

PROPERTY(a_tree_of_waits)
{
    for (size_t workers = 1; workers <= 3; workers++) {
        executors[0] = open_executor(workers, NULL);
        ck_assert_int_eq(take_fibonacci(start_fibonacci(15)), 610);
        close_executor(executors[0]);
    }
}
PROPERTY_END

/* Each call waits for the next deeper one. `with_deadline`: a waiter that has a deadline does not run the call itself, so
 * somebody stands in for each. */
static parallel_future *start_descent(int depth, bool with_deadline);
static int take_descent(parallel_future *future, bool with_deadline);

static int nested_descent(int depth, bool with_deadline)
{
    return depth == 0 ? 0 : 1 + take_descent(start_descent(depth - 1, with_deadline), with_deadline);
}
PARALLEL_FN(int, nested_descent, int, bool)

static parallel_future *start_descent(int depth, bool with_deadline)
{
    return nested_descent_on(executors[depth % 2], depth, with_deadline);
}

static int take_descent(parallel_future *future, bool with_deadline)
{
    int value;
    int code = nested_descent_result_until(future, with_deadline ? parallel_deadline_in(60) : PARALLEL_NEVER, &value);
    parallel_future_release(future);
    return code == 0 ? value : -1000000;
}

PROPERTY(waits_five_hundred_deep)
{
    executors[0] = executors[1] = open_executor(1, NULL);
    ck_assert_int_eq(take_descent(start_descent(500, false), false), 500);
    ck_assert_int_eq(take_descent(start_descent(500, true), true), 500);
    close_executor(executors[0]);
}
PROPERTY_END

PROPERTY(two_executors_of_one_worker_wait_for_each_other)
{
    executors[0] = open_executor(1, NULL);
    executors[1] = open_executor(1, NULL);
    ck_assert_int_eq(take_descent(start_descent(100, false), false), 100);
    ck_assert_int_eq(take_descent(start_descent(101, true), true), 101);
    close_executor(executors[1]);
    close_executor(executors[0]);
}
PROPERTY_END

/* A call of a serial executor inside a worker waits for a call of that worker's executor, and is still there. */
static parallel_executor *nested_serial;

static int nested_whose(void)
{
    return parallel_executor_current() == executors[0];
}
PARALLEL_FN(int, nested_whose)

static int nested_under_serial(void)
{
    parallel_future *future = nested_whose_on(executors[0]);
    return nested_whose_await(future);
}
PARALLEL_FN(int, nested_under_serial)

static int nested_through_serial(void)
{
    return nested_under_serial_await(nested_under_serial_on(nested_serial));
}
PARALLEL_FN(int, nested_through_serial)

PROPERTY(a_call_knows_its_executor_whoever_runs_it)
{
    executors[0] = open_executor(1, NULL);
    ck_assert_ok(parallel_executor_open("serial", &nested_serial));
    ck_assert_int_eq(nested_through_serial_await(nested_through_serial_on(executors[0])), 1);
    close_executor(nested_serial);
    close_executor(executors[0]);
}
PROPERTY_END

/* A worker that closes another executor, whose call waits for a call of the worker's own one-worker executor. */
static int nested_wait_across(void)
{
    return echo_await(echo_on(executors[0], 6));
}
PARALLEL_FN(int, nested_wait_across)

static int nested_close(void)
{
    parallel_future *future = nested_wait_across_on(executors[1]);
    int code = parallel_executor_close(executors[1]);
    int value = nested_wait_across_await(future);
    return code != 0 ? code : value;
}
PARALLEL_FN(int, nested_close)

PROPERTY(a_worker_that_closes_another_executor_is_stood_in_for)
{
    executors[0] = open_executor(1, NULL);
    executors[1] = open_executor(1, NULL);
    ck_assert_int_eq(nested_close_await(nested_close_on(executors[0])), 6);
    close_executor(executors[0]);
}
PROPERTY_END

static parallel_future *nested_own_future;
static int nested_own_codes[4];

static int nested_wait_for_itself(void)
{
    wait_for_mark(0, 1);
    int value;
    nested_own_codes[0] = parallel_future_wait(nested_own_future, PARALLEL_NEVER);
    nested_own_codes[1] = parallel_wait(&nested_own_future, 1, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER);
    nested_own_codes[2] = parallel_wait(&nested_own_future, 1, PARALLEL_FIRST_COMPLETED, PARALLEL_NEVER);
    nested_own_codes[3] = parallel_promise_value(nested_own_future, PARALLEL_NEVER, &value, sizeof value);
    return 1;
}
PARALLEL_FN(int, nested_wait_for_itself)

PROPERTY(a_task_that_waits_for_itself_is_told_so)
{
    parallel_executor *executor = open_executor(1, NULL);
    nested_own_future = nested_wait_for_itself_on(executor);
    make_mark(0);
    ck_assert_int_eq(nested_wait_for_itself_await(nested_own_future), 1);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(nested_own_codes[i], PARALLEL_EDEADLK);
    close_executor(executor);
}
PROPERTY_END

ROW(nested_wait, {a_result_in_a_task_of_one_worker, SHARES_MEMORY},
    {a_result_with_a_deadline_in_a_task_of_one_worker, SHARES_MEMORY},
    {each_mode_of_waiting_in_a_task_of_one_worker, SHARES_MEMORY}, {as_completed_in_a_task_of_one_worker, SHARES_MEMORY},
    {map_in_a_task_of_one_worker, SHARES_MEMORY}, {a_map_of_maps, SHARES_MEMORY}, {a_tree_of_waits, SHARES_MEMORY},
    {waits_five_hundred_deep, SHARES_MEMORY}, {two_executors_of_one_worker_wait_for_each_other, SHARES_MEMORY},
    {a_call_knows_its_executor_whoever_runs_it, SHARES_MEMORY},
    {a_worker_that_closes_another_executor_is_stood_in_for, SHARES_MEMORY},
    {a_task_that_waits_for_itself_is_told_so, SHARES_MEMORY | HAS_WORKERS})
