/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An OpenMP region in a forked call has its team, also after regions in the program and inside one; after a
 * region in a continuation, where the runtime cannot give it one, it goes on alone instead of hanging. */
#include <omp.h>
#include <parallel.h>
#include <stdio.h>

#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

static int team_size(int wanted)
{
    int size = 0;
#pragma omp parallel num_threads(wanted) reduction(+ : size)
    size++;
    return size;
}
PARALLEL_FN(int, team_size, int)

static parallel_executor *executor;

static void open_executor(void)
{
    omp_set_dynamic(0);
    ck_assert_int_eq(parallel_executor_open("fork:1,places=none", &executor), 0);
}

static void close_executor(void)
{
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

static int size_in_call(void)
{
    return team_size_await(team_size_on(executor, 2));
}

PROPERTY(before_and_after_a_region_of_the_program)
{
    open_executor();
    ck_assert_int_eq(size_in_call(), 2);
    ck_assert_int_eq(team_size(2), 2);
    ck_assert_int_eq(size_in_call(), 2);
    close_executor();
}
PROPERTY_END

PROPERTY(inside_a_region_of_the_program)
{
    open_executor();
    int sum = 0;
#pragma omp parallel num_threads(2) reduction(+ : sum)
    sum += size_in_call();
    ck_assert_int_eq(sum, 4);
    close_executor();
}
PROPERTY_END

static parallel_future *use_openmp(parallel_future *future, void *context)
{
    (void)future;
    *(int *)context = team_size(2);
    return NULL;
}

PROPERTY(after_a_region_in_a_continuation)
{
    open_executor();
    int size = 0;
    parallel_future *call = team_size_on(executor, 1);
    parallel_future *chain = parallel_future_then(call, use_openmp, &size);
    ck_assert_int_eq(parallel_future_wait(chain, PARALLEL_NEVER), 0);
    parallel_future_release(call);
    parallel_future_release(chain);
    ck_assert_int_eq(size, 2);
    ck_assert_int_eq(size_in_call(), 1);
    close_executor();
}
PROPERTY_END

int main(void)
{
    if (UNDER_THREAD_SANITIZER) {
        printf("the thread sanitizer ends a process that starts threads after a fork\n");
        return 77;
    }
    const TTest *const tests[] = {before_and_after_a_region_of_the_program, inside_a_region_of_the_program,
                                  after_a_region_in_a_continuation};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
