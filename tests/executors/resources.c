/* SPDX-License-Identifier: BSD-3-Clause
 *
 * resources=on: every call is accounted for: time, memory, page faults, worker and place; without it nothing is counted but
 * what costs nothing. */
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <libparallel/resources.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

enum { TOUCHED = 8 << 20, PAGE = 4096 };
#define BURNT_NS UINT64_C(20000000)

static uint64_t cpu_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static int burn_and_touch(int code)
{
    uint64_t end_ns = cpu_time_ns() + BURNT_NS;
    while (cpu_time_ns() < end_ns)
        continue;
    volatile char *block = mmap(NULL, TOUCHED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; block != MAP_FAILED && i < TOUCHED; i += PAGE)
        block[i] = 1;
    if (block != MAP_FAILED)
        munmap((void *)(uintptr_t)block, TOUCHED);
    if (code != 0)
        parallel_fail(code, "as asked");
    return parallel_worker_index();
}
PARALLEL_FN(int, burn_and_touch, int)

/* The scheduler's estimates of time are a few ticks of 4 ms off; faults that are handled together count once. */
static void expect_much(const parallel_resources *used)
{
    ck_assert_uint_ge(used->user_ns + used->system_ns, BURNT_NS / 2);
    ck_assert_uint_ge(used->minor_faults, 1);
    ck_assert_uint_gt(used->peak_bytes, TOUCHED / 2);
}

PROPERTY(each_call_is_accounted_for)
{
    parallel_executor *executor = open_executor(2, "resources=on");
    for (int round = 0; round < 3; round++) {
        int code = round == 1 ? 77 : 0, worker;
        parallel_future *heavy = burn_and_touch_on(executor, code);
        parallel_future *light = echo_on(executor, 1);
        parallel_resources used, used_lightly;
        ck_assert_code(burn_and_touch_result(heavy, &worker), code);
        ck_assert_int_eq(echo_result(light, &worker), 0);
        ck_assert_ok(parallel_future_resources(heavy, &used));
        ck_assert_ok(parallel_future_resources(light, &used_lightly));
        expect_much(&used);
        ck_assert_uint_lt(used_lightly.user_ns, used.user_ns + used.system_ns); /* its own, not its worker's */
        if (kind.traits & HAS_WORKERS) {
            ck_assert_int_ge(used.worker, 0);
            ck_assert_int_lt(used.worker, 2);
            ck_assert_str_ne(used.place, "");
        } else {
            ck_assert_int_eq(used.worker, -1);
        }
        parallel_future_release(heavy);
        parallel_future_release(light);
    }
    close_executor(executor);
}
PROPERTY_END

PROPERTY(the_worker_is_the_one_that_ran_it)
{
    parallel_executor *executor = open_executor(2, "resources=on");
    int worker;
    parallel_future *future = burn_and_touch_on(executor, 0);
    ck_assert_ok(burn_and_touch_result(future, &worker));
    parallel_resources used;
    ck_assert_ok(parallel_future_resources(future, &used));
    ck_assert_int_eq(used.worker, worker);
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(without_the_option_nobody_counts)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 1);
    int value;
    ck_assert_ok(echo_result(future, &value));
    parallel_resources used;
    /* A process for each call is counted by the kernel in any case. */
    ck_assert_code(parallel_future_resources(future, &used), (kind.traits & CALLS_ARE_PROCESSES) ? 0 : PARALLEL_EMISUSE);
    parallel_future_release(future);
    close_executor(executor);
    char text[160];
    ck_assert_code(parallel_executor_open(specify(text, 1, "resources=maybe"), &executor), PARALLEL_ESPECIFICATION);
}
PROPERTY_END

ROW(resources, {each_call_is_accounted_for, 0}, {the_worker_is_the_one_that_ran_it, 0},
    {without_the_option_nobody_counts, 0})
