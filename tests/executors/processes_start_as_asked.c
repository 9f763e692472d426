/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Workers come from where start= says, or from where the number of threads says, and the executor tells which and why; a
 * second run of the program comes as far as its constructors and not to main(). */
#include <parallel.h>

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/property.h"

enum { BEFORE_MAIN = 7, SINCE_MAIN = 8 };

static int value;

/* In a second run, which has the environment as it was when it was started, something may stand in the way. */
#define OBSTACLE "TEST_OBSTACLE"

__attribute__((constructor)) static void construct(void)
{
    value = BEFORE_MAIN;
    const char *obstacle = getenv(OBSTACLE);
    if (obstacle == NULL)
        return;
    if (strcmp(obstacle, "exit") == 0)
        _exit(5);
    void *address = (void *)(uintptr_t)strtoull(obstacle, NULL, 16);
    if (mmap(address, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != address)
        _exit(6);
}

static int read_value(void)
{
    return value;
}
PARALLEL_FN(int, read_value)

static int count_cpus(int unused)
{
    (void)unused;
    cpu_set_t mask;
    return sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : -1;
}
PARALLEL_FN(int, count_cpus, int)

/* Another function of the same signature, so that a mistaken address shows. */
static int has_environment(int unused)
{
    (void)unused;
    return getenv("PARALLEL_SECOND_RUN") != NULL ? 1 : 0;
}
PARALLEL_FN(int, has_environment, int)

static int raise_value(void *context)
{
    value += *(int *)context;
    return 0;
}

static void *live_on(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_t other;

static void start_thread(void)
{
    pthread_mutex_lock(&gate);
    ck_assert_int_eq(pthread_create(&other, NULL, live_on, &gate), 0);
}

static void end_thread(void)
{
    pthread_mutex_unlock(&gate);
    pthread_join(other, NULL);
}

static parallel_executor *open_it(const char *specification)
{
    parallel_executor *executor;
    int code = parallel_executor_open(specification, &executor);
    ck_assert_msg(code == 0, "%s: %s", specification, parallel_last_error()->message);
    return executor;
}

static void refuses(const char *specification, int code, const char *word)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), code);
    ck_assert_msg(strstr(parallel_last_error()->message, word) != NULL, "%s: %s", specification,
                  parallel_last_error()->message);
}

static void is_started(parallel_executor *executor, const char *method, const char *reason)
{
    parallel_executor_info info;
    ck_assert_int_eq(parallel_executor_describe(executor, &info), 0);
    ck_assert_str_eq(info.start, method);
    ck_assert_msg(strstr(info.start_reason, reason) != NULL, "%s", info.start_reason);
}

PROPERTY(with_one_thread_by_fork)
{
    value = SINCE_MAIN;
    parallel_executor *executor = open_it("processes:2,places=none");
    is_started(executor, "zygote", "one thread");
    ck_assert_int_eq(read_value_await(read_value_on(executor)), SINCE_MAIN);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    executor = open_it("processes:2,places=none,start=fork");
    is_started(executor, "zygote", "start=fork");
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(with_threads_by_a_second_run)
{
    value = SINCE_MAIN;
    start_thread();
    parallel_executor *executor = open_it("processes:2,places=none");
    is_started(executor, "spawn", "2 threads");
    ck_assert_int_eq(read_value_await(read_value_on(executor)), BEFORE_MAIN);
    ck_assert_int_eq(has_environment_await(has_environment_on(executor, 0)), 0);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    refuses("processes:2,start=zygote", PARALLEL_EMISUSE, "has 2");
    refuses("processes:2,start=fork", PARALLEL_EMISUSE, "start=fork");
    end_thread();
}
PROPERTY_END

PROPERTY(with_one_thread_by_a_second_run_if_asked)
{
    value = SINCE_MAIN;
    parallel_executor *executor = open_it("processes:2,places=none,start=spawn");
    is_started(executor, "spawn", "asked for");
    ck_assert_int_eq(read_value_await(read_value_on(executor)), BEFORE_MAIN);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(one_method_at_a_time)
{
    parallel_executor *first = open_it("processes:1,places=none,start=zygote");
    refuses("processes:1,start=spawn", PARALLEL_EMISUSE, "zygote");
    ck_assert_int_eq(parallel_executor_close(first), 0);
    first = open_it("processes:1,places=none,start=spawn");
    refuses("processes:1,start=zygote", PARALLEL_EMISUSE, "spawn");
    parallel_executor *second = open_it("processes:1,places=none");
    is_started(second, "spawn", "start=spawn");
    ck_assert_int_eq(parallel_executor_close(second), 0);
    ck_assert_int_eq(parallel_executor_close(first), 0);
}
PROPERTY_END

PROPERTY(the_initializer_is_found)
{
    int *step = parallel_shared_alloc(sizeof *step);
    ck_assert_ptr_nonnull(step);
    *step = 100;
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "processes";
    options.workers = 1;
    options.places = "none";
    options.start = PARALLEL_START_SPAWN;
    options.initializer = raise_value;
    options.initializer_context = step;
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    ck_assert_int_eq(read_value_await(read_value_on(executor)), BEFORE_MAIN + 100);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    parallel_shared_free(step);
}
PROPERTY_END

/* The program's CPUs, and not the one to which the thread that opens is bound. */
PROPERTY(a_bound_caller_binds_no_worker)
{
    cpu_set_t all, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    parallel_executor *executor = open_it("processes:1,places=inherit,start=spawn");
    ck_assert_int_eq(count_cpus_await(count_cpus_on(executor, 0)), CPU_COUNT(&all));
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(what_stands_in_the_way_is_told)
{
    setenv(OBSTACLE, "exit", 1);
    refuses("processes:1,start=spawn", PARALLEL_EWORKER, "exit status 5");
    void *shared = parallel_shared_alloc(64);
    char address[32];
    snprintf(address, sizeof address, "%llx", (unsigned long long)(uintptr_t)shared & ~4095ull);
    setenv(OBSTACLE, address, 1);
    refuses("processes:1,start=spawn", PARALLEL_ENOMEMORY, "where the parent has them");
    unsetenv(OBSTACLE);
    parallel_executor *executor = open_it("processes:1,places=none,start=spawn");
    ck_assert_int_eq(read_value_await(read_value_on(executor)), BEFORE_MAIN);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    parallel_shared_free(shared);
}
PROPERTY_END

/* Of another parent: the variable means nothing, and the program runs as always. */
PROPERTY(a_stray_variable_is_ignored)
{
    setenv("PARALLEL_SECOND_RUN", "1:2:3:4:5:6", 1);
    setenv("CK_RUN_SUITE", "none", 1); /* main() of this program then runs no property */
    ck_assert_int_eq(system("/proc/$PPID/exe >/dev/null 2>&1"), 0);
}
PROPERTY_END

PROPERTY(other_kinds_have_no_start)
{
    refuses("threads:2,start=spawn", PARALLEL_ESPECIFICATION, "start");
    refuses("processes:2,start=thread", PARALLEL_ESPECIFICATION, "start=thread");
    refuses("processes:2,start=spawn,start=spawn", PARALLEL_ESPECIFICATION, "twice");
}
PROPERTY_END

PROPERTIES(with_one_thread_by_fork, with_threads_by_a_second_run, with_one_thread_by_a_second_run_if_asked,
           one_method_at_a_time, the_initializer_is_found, a_bound_caller_binds_no_worker,
           what_stands_in_the_way_is_told, a_stray_variable_is_ignored, other_kinds_have_no_start)
