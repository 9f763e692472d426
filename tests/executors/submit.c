/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A call arrives with its arguments, runs once, and its result comes back: numbers, structs, nothing at all. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

enum { RAN };

struct submit_point {
    double x, y;
    char label[20];
};

static struct submit_point submit_move(struct submit_point from, float dx, long double dy, const char letter,
                                       unsigned char times, long long offset)
{
    from.x += (double)dx + (double)offset;
    from.y += (double)dy;
    memset(from.label, letter, times);
    return from;
}
PARALLEL_FN(struct submit_point, submit_move, struct submit_point, float, long double, const char, unsigned char,
            long long)

static int submit_answer(void)
{
    return 42;
}
PARALLEL_FN(int, submit_answer)

static void submit_nothing(void)
{
    make_mark(RAN);
}
PARALLEL_FN(void, submit_nothing)

PROPERTY(arguments_and_results_of_many_types_arrive)
{
    parallel_executor *executor = open_executor(2, NULL);
    struct submit_point origin = {1.0, 2.0, "......."};
    struct submit_point moved = {0};
    parallel_future *future = submit_move_on(executor, origin, 0.5F, 0.25L, 'x', 3, INT64_C(1) << 40);
    ck_assert_ok(submit_move_result(future, &moved));
    parallel_future_release(future);
    ck_assert(fabs(moved.x - (1.5 + 1099511627776.0)) < 1e-3);
    ck_assert(fabs(moved.y - 2.25) < 1e-12);
    ck_assert_str_eq(moved.label, "xxx....");
    ck_assert_str_eq(origin.label, ".......");
    ck_assert_int_eq(submit_answer_await(submit_answer_on(executor)), 42);
    submit_nothing_await(submit_nothing_on(executor));
    ck_assert_uint_eq(marks_made(RAN), 1);
    close_executor(executor);
}
PROPERTY_END

static void *submit_same(void *pointer)
{
    return pointer;
}
PARALLEL_FN(void *, submit_same, void *)

static int submit_apply(int (*function)(int), const int *value)
{
    return function(*value);
}
PARALLEL_FN(int, submit_apply, int (*)(int), const int *)

PROPERTY(bare_pointers_pass_where_memory_is_shared)
{
    parallel_executor *executor = open_executor(2, NULL);
    int seven = 7;
    ck_assert_ptr_eq(submit_same_await(submit_same_on(executor, &seven)), &seven);
    ck_assert_int_eq(submit_apply_await(submit_apply_on(executor, echo, &seven)), 7);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(every_call_runs_exactly_once)
{
    enum { MOST_CALLS = 2000 };
    const int calls = repetitions(MOST_CALLS);
    parallel_executor *executor = open_executor(3, NULL);
    parallel_future *futures[MOST_CALLS];
    for (int i = 0; i < calls; i++)
        futures[i] = mark_on(executor, RAN);
    ck_assert_ok(parallel_wait(futures, (size_t)calls, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    ck_assert_uint_eq(marks_made(RAN), (uint32_t)calls);
    for (int i = 0; i < calls; i++) {
        ck_assert_ok(mark_result(futures[i]));
        parallel_future_release(futures[i]);
    }
    close_executor(executor);
}
PROPERTY_END

/* Releasing detaches: the call still runs, and the end of the executor waits for it. */
PROPERTY(a_call_whose_future_is_released_still_runs)
{
    enum { CALLS = 100 };
    parallel_executor *executor = open_executor(2, NULL);
    for (int i = 0; i < CALLS; i++)
        parallel_future_release(mark_on(executor, RAN));
    close_executor(executor);
    ck_assert_uint_eq(marks_made(RAN), CALLS);
}
PROPERTY_END

PROPERTY(one_worker_runs_calls_in_the_order_of_submission)
{
    enum { CALLS = 200, ORDER = 1 };
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *futures[CALLS];
    for (int i = 0; i < CALLS; i++)
        futures[i] = echo_on(executor, i);
    /* When the last one has ended, all have. */
    ck_assert_ok(parallel_future_wait(futures[CALLS - 1], PARALLEL_NEVER));
    for (int i = 0; i < CALLS; i++) {
        ck_assert(parallel_future_is_done(futures[i]));
        ck_assert_int_eq(echo_await(futures[i]), i);
    }
    close_executor(executor);
}
PROPERTY_END

PROPERTY(as_many_calls_run_at_once_as_there_are_workers)
{
    enum { STARTED, GATE, WORKERS = 4 };
    parallel_executor *executor = open_executor(WORKERS, NULL);
    parallel_future *futures[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        futures[i] = hold_on(executor, i, STARTED, GATE);
    wait_for_mark(STARTED, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        ck_assert(parallel_future_is_running(futures[i]));
    make_mark(GATE);
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(no_more_calls_run_at_once_than_there_are_workers)
{
    enum { STARTED, GATE, WORKERS = 2, CALLS = 6 };
    parallel_executor *executor = open_executor(WORKERS, NULL);
    parallel_future *futures[CALLS];
    for (int i = 0; i < CALLS; i++)
        futures[i] = hold_on(executor, i, STARTED, GATE);
    wait_for_mark(STARTED, WORKERS);
    for (int i = WORKERS; i < CALLS; i++)
        ck_assert_int_eq(parallel_future_state(futures[i]), PARALLEL_PENDING);
    make_mark(GATE);
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(the_calls_of_one_program_meet_whoever_submits_them)
{
    parallel_executor *one = open_executor(1, NULL);
    parallel_executor *other = open_executor(1, NULL);
    parallel_future *futures[] = {echo_on(one, 1), echo_on(other, 2), echo_on(one, 3), echo_on(other, 4)};
    ck_assert_ok(parallel_wait(futures, 4, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(echo_await(futures[i]), i + 1);
    close_executor(other);
    close_executor(one);
}
PROPERTY_END

static int submit_to_itself(void)
{
    parallel_executor *executor = parallel_executor_current();
    return executor != NULL ? echo_await(echo_on(executor, 5)) : -1;
}
PARALLEL_FN(int, submit_to_itself)

PROPERTY(a_call_may_submit_to_its_own_executor)
{
    parallel_executor *executor = open_executor(1, NULL);
    ck_assert_ptr_null(parallel_executor_current());
    ck_assert_int_eq(submit_to_itself_await(submit_to_itself_on(executor)), 5);
    ck_assert_ptr_null(parallel_executor_current());
    close_executor(executor);
}
PROPERTY_END

static int submit_index(void)
{
    return parallel_worker_index();
}
PARALLEL_FN(int, submit_index)

PROPERTY(a_worker_knows_its_index)
{
    parallel_executor *executor = open_executor(1, NULL);
    ck_assert_int_eq(parallel_worker_index(), -1);
    ck_assert_int_eq(submit_index_await(submit_index_on(executor)), 0);
    close_executor(executor);
}
PROPERTY_END

/* errno belongs to the program: no call of the library changes it, whether it succeeds or fails. */
PROPERTY(errno_is_left_alone)
{
    errno = 12345;
    parallel_executor *executor = open_executor(2, NULL);
    ck_assert_int_eq(errno, 12345);
    parallel_executor *none;
    ck_assert(parallel_executor_open("no such kind", &none) != 0);
    ck_assert_int_eq(errno, 12345);
    parallel_future *future = submit_nothing_on(executor);
    ck_assert_int_eq(errno, 12345);
    ck_assert_ok(submit_nothing_result(future));
    ck_assert_int_eq(errno, 12345);
    ck_assert_int_ge(parallel_future_fd(future), 0);
    parallel_future_cancel(future);
    parallel_future_release(future);
    parallel_future *failed = fail_with_on(executor, PARALLEL_EFAILED);
    int value;
    ck_assert_code(fail_with_result(failed, &value), PARALLEL_EFAILED);
    parallel_future_release(failed);
    ck_assert_int_eq(errno, 12345);
    close_executor(executor);
    ck_assert_int_eq(errno, 12345);
}
PROPERTY_END

ROW(submit, {arguments_and_results_of_many_types_arrive, 0}, {bare_pointers_pass_where_memory_is_shared, SHARES_MEMORY},
    {every_call_runs_exactly_once, 0}, {a_call_whose_future_is_released_still_runs, 0},
    {one_worker_runs_calls_in_the_order_of_submission, 0},
    {as_many_calls_run_at_once_as_there_are_workers, HAS_WORKERS},
    {no_more_calls_run_at_once_than_there_are_workers, HAS_WORKERS},
    {the_calls_of_one_program_meet_whoever_submits_them, 0}, {a_call_may_submit_to_its_own_executor, 0},
    {a_worker_knows_its_index, KEEPS_WORKERS}, {errno_is_left_alone, 0})
