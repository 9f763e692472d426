/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Idle workers are used again, sleep without using the processor, and end when they have been idle for as long as asked
 * for. */
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/kernel_view.h"

enum { STARTED, GATE };

static long reuse_identity(void)
{
    return syscall(SYS_gettid);
}
PARALLEL_FN(long, reuse_identity)

static size_t started_count(parallel_executor *executor)
{
    parallel_executor_info info;
    ck_assert_ok(parallel_executor_describe(executor, &info));
    return info.started_count;
}

PROPERTY(a_sleeping_worker_is_woken_before_another_one_starts)
{
    parallel_executor *executor = open_executor(4, NULL);
    long first = reuse_identity_await(reuse_identity_on(executor));
    for (int i = 0; i < 100; i++) {
        wait_until_asleep((pid_t)first, NULL);
        ck_assert_int_eq(reuse_identity_await(reuse_identity_on(executor)), first);
    }
    ck_assert_uint_eq(started_count(executor), 1);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(no_more_workers_than_asked_for_ever_start)
{
    parallel_executor *executor = open_executor(3, NULL);
    for (int round = 0; round < 200; round++) {
        parallel_future *futures[20];
        for (int i = 0; i < 20; i++)
            futures[i] = echo_on(executor, i);
        for (int i = 0; i < 20; i++)
            ck_assert_int_eq(echo_await(futures[i]), i);
    }
    ck_assert_uint_le(started_count(executor), 3);
    close_executor(executor);
}
PROPERTY_END

/* Spare workers that stood in for waiting ones are not left awake, and are used again. */
static parallel_executor *own;

static int reuse_wait(void)
{
    parallel_future *future = echo_on(own, 1);
    int value = 0;
    int code = parallel_wait(&future, 1, PARALLEL_FIRST_COMPLETED, PARALLEL_NEVER);
    if (code == 0)
        code = echo_result(future, &value);
    parallel_future_release(future);
    return code == 0 ? value : code;
}
PARALLEL_FN(int, reuse_wait)

PROPERTY(spare_workers_are_used_again)
{
    own = open_executor(1, NULL);
    for (int i = 0; i < 500; i++)
        ck_assert_int_eq(reuse_wait_await(reuse_wait_on(own)), 1);
    ck_assert_uint_le(started_count(own), 3); /* the worker, who stands in, and one who came late */
    close_executor(own);
}
PROPERTY_END

static long reuse_hold_identity(void)
{
    (void)hold(0, STARTED, GATE);
    return reuse_identity();
}
PARALLEL_FN(long, reuse_hold_identity)

/* Those whose CPU time counts: this process (0) and, if workers are processes that stay, these and what has started them. */
static size_t list_processes(const long workers[], size_t count, pid_t processes[], size_t capacity)
{
    processes[0] = 0;
    if ((kind.traits & WORKERS_ARE_THREADS) || !(kind.traits & KEEPS_WORKERS))
        return 1;
    for (size_t i = 0; i < count; i++)
        processes[1 + i] = (pid_t)workers[i];
    size_t child_count = current_children(processes + 1 + count, capacity - 1 - count);
    ck_assert_uint_le(child_count, capacity - 1 - count);
    return 1 + count + child_count;
}

static uint64_t cpu_time_of_all_ns(const pid_t processes[], size_t count)
{
    uint64_t used_ns = 0;
    for (size_t i = 0; i < count; i++)
        used_ns += cpu_time_used_ns(processes[i]);
    return used_ns;
}

PROPERTY(idle_workers_sleep)
{
    enum { WORKERS = 4 };
    parallel_executor *executor = open_executor(WORKERS, NULL);
    parallel_future *futures[WORKERS];
    long workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        futures[i] = reuse_hold_identity_on(executor);
    wait_for_mark(STARTED, WORKERS); /* so each has a worker of its own */
    make_mark(GATE);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = reuse_hold_identity_await(futures[i]);
    /* The kernel's account while this thread sleeps as well: after the short search it stands still. */
    pid_t processes[16];
    size_t process_count = list_processes(workers, WORKERS, processes, 16);
    int quiet_windows = 0;
    for (int window = 0; window < 200 && quiet_windows < 3; window++) {
        uint64_t before_ns = cpu_time_of_all_ns(processes, process_count);
        usleep(20000);
        uint64_t used_ns = cpu_time_of_all_ns(processes, process_count) - before_ns;
        quiet_windows = used_ns < 2000000 ? quiet_windows + 1 : 0;
    }
    ck_assert_msg(quiet_windows == 3, "idle workers use the processor");
    close_executor(executor);
}
PROPERTY_END

PROPERTY(workers_that_wait_for_a_running_call_sleep)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    /* Each wait begins with a search, which takes two milliseconds where a sanitizer slows down its turns: a tenth of a window
     * is much more than that, and much less than a waiter that goes on searching uses. */
    uint64_t quiet_windows = 0;
    for (int window = 0; window < 20 && quiet_windows < 3; window++) {
        uint64_t before_ns = cpu_time_used_ns(0);
        ck_assert_code(parallel_future_wait(running, parallel_deadline_in(0.2)), PARALLEL_ETIMEDOUT);
        quiet_windows = cpu_time_used_ns(0) - before_ns < 20000000 ? quiet_windows + 1 : 0;
    }
    ck_assert_msg(quiet_windows == 3, "waiting uses the processor");
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_worker_ends_when_it_was_idle_for_long_enough_and_another_one_starts)
{
    parallel_executor *executor = open_executor(2, "idle=0.001");
    for (int round = 0; round < 20; round++) {
        ck_assert_int_eq(echo_await(echo_on(executor, round)), round);
        while (started_count(executor) > 0) /* it ends by itself */
            sched_yield();
    }
    close_executor(executor);
}
PROPERTY_END

/* Calls that come just when workers give up waiting are not lost. */
PROPERTY(ending_idle_races_with_submissions)
{
    const int rounds = repetitions(3000);
    parallel_executor *executor = open_executor(2, "idle=0.00002");
    for (int round = 0; round < rounds; round++) {
        parallel_future *one = echo_on(executor, round);
        parallel_future *other = echo_on(executor, -round);
        ck_assert_int_eq(echo_await(one), round);
        ck_assert_int_eq(echo_await(other), -round);
        for (int i = 0; i < round % 64 * 16; i++) /* some rounds come sooner, some later */
            __asm__ __volatile__("");
    }
    close_executor(executor);
}
PROPERTY_END

ROW(reuse_of_idle_workers, {a_sleeping_worker_is_woken_before_another_one_starts, KEEPS_WORKERS | WORKERS_ARE_THREADS},
    {no_more_workers_than_asked_for_ever_start, KEEPS_WORKERS},
    {spare_workers_are_used_again, KEEPS_WORKERS | SHARES_MEMORY}, {idle_workers_sleep, HAS_WORKERS},
    {workers_that_wait_for_a_running_call_sleep, HAS_WORKERS},
    {a_worker_ends_when_it_was_idle_for_long_enough_and_another_one_starts, HAS_IDLE_TIMEOUT},
    {ending_idle_races_with_submissions, HAS_IDLE_TIMEOUT})
