/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"

#if PARALLEL_USES_OPENMP
#define EXPECTED(workers) (workers)
#else
#define EXPECTED(workers) 1
#endif

static int own_cpus(void)
{
    cpu_set_t mask;
    ck_assert_int_eq(sched_getaffinity(0, sizeof mask, &mask), 0);
    return CPU_COUNT(&mask);
}

/* Every iteration waits until all have begun, so each runs on a thread of its own. */
#define MEET(arrived, expected)                                                                               \
    do {                                                                                                      \
        arrived++;                                                                                            \
        while (arrived < (expected))                                                                          \
            sched_yield();                                                                                    \
    } while (0)

PROPERTY(each_bound_and_the_caller_free)
{
    enum { WORKERS = 4 };
    int before = own_cpus();
    pid_t caller = gettid();
    pid_t threads[WORKERS] = {0};
    int cpus[WORKERS] = {0};
    atomic_int arrived = 0;
    PARALLEL_FOR(i, 0, EXPECTED(WORKERS), .workers = WORKERS, .grain = 1) {
        threads[i] = gettid();
        cpus[i] = own_cpus();
        MEET(arrived, EXPECTED(WORKERS));
    }
    for (int i = 0; i < EXPECTED(WORKERS); i++) {
        for (int j = 0; j < i; j++)
            ck_assert_int_ne(threads[i], threads[j]);
        ck_assert_int_eq(cpus[i], threads[i] == caller ? before : 1);
    }
    ck_assert_int_eq(own_cpus(), before);
}
PROPERTY_END

PROPERTY(from_loop_to_loop_with_the_same_share)
{
    enum { WORKERS = 3 };
    pid_t first[WORKERS] = {0};
    for (int round = 0; round < 50; round++) {
        pid_t threads[WORKERS] = {0};
        atomic_int arrived = 0;
        PARALLEL_FOR(i, 0, EXPECTED(WORKERS), .workers = WORKERS) {
            threads[i] = gettid();
            MEET(arrived, EXPECTED(WORKERS));
        }
        if (round == 0)
            memcpy(first, threads, sizeof first);
        ck_assert_mem_eq(threads, first, sizeof first);
    }
}
PROPERTY_END

static void loop_in_another_thread(void)
{
    enum { WORKERS = 2 };
    atomic_int arrived = 0;
    PARALLEL_FOR(i, 0, EXPECTED(WORKERS), .workers = WORKERS)
        MEET(arrived, EXPECTED(WORKERS));
}

static void *run_thread(void *context)
{
    (void)context;
    loop_in_another_thread();
    return NULL;
}

PROPERTY(for_each_thread_that_opens_loops)
{
    for (int round = 0; round < 3; round++) {
        pthread_t threads[3];
        for (int k = 0; k < 3; k++)
            ck_assert_int_eq(pthread_create(&threads[k], NULL, run_thread, NULL), 0);
        loop_in_another_thread();
        for (int k = 0; k < 3; k++)
            ck_assert_int_eq(pthread_join(threads[k], NULL), 0);
    }
}
PROPERTY_END

PROPERTY(and_inner_loops_stay_on_their_thread)
{
    PARALLEL_FOR(i, 0, 8, .workers = 4) {
        pid_t outer = gettid();
        PARALLEL_FOR(j, 0, 100, .workers = 4)
            ck_assert_int_eq(gettid(), outer);
    }
}
PROPERTY_END

static void loop_alone(void *context)
{
    const pid_t self = gettid();
    (void)context;
    PARALLEL_FOR(i, 0, 1000, .workers = 4)
        ck_assert_int_eq(gettid(), self);
    double sum = 0;
    PARALLEL_REDUCE(i, 0, 1000, (+, sum), .workers = 4)
        sum += i;
    ck_assert(sum == 499500);
    _exit(0);
}

PROPERTY(a_child_forked_afterwards_loops_alone)
{
    loop_in_another_thread();
    struct child_outcome outcome = run_in_child(loop_alone, NULL);
    ck_assert_msg(ended_well(&outcome), "%s", outcome.complaint);
}
PROPERTY_END

PROPERTIES(each_bound_and_the_caller_free, from_loop_to_loop_with_the_same_share, for_each_thread_that_opens_loops,
           and_inner_loops_stay_on_their_thread, a_child_forked_afterwards_loops_alone)
