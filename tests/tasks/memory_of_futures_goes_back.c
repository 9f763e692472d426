/* SPDX-License-Identifier: BSD-3-Clause
 *
 * After a burst of futures the process is as small as before, whoever releases them last and whatever runs them. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <parallel.h>

#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

enum { COUNT = 300000, LIMIT_KIB = 1024 };

static long add_one(long number)
{
    return number + 1;
}
PARALLEL_FN(long, add_one, long)

static parallel_future *futures[COUNT];

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    int found = file != NULL ? fscanf(file, "%ld %ld", &pages, &resident) : 0;
    if (file != NULL)
        fclose(file);
    ck_assert_int_eq(found, 2);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static parallel_executor *open_warm(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    for (int i = 0; i < COUNT; i++)
        futures[i] = NULL; /* the array's own pages */
    ck_assert_int_eq(add_one_await(add_one_on(executor, 1)), 2);
    return executor;
}

static void submit(parallel_executor *executor, int count)
{
    for (int i = 0; i < count; i++)
        futures[i] = add_one_on(executor, i);
}

static void await(int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(add_one_await(futures[i]), i + 1);
}

/* The time limit of the property is the deadline. */
static void wait_until_no_larger_than(long kib)
{
    while (resident_kib() > kib)
        usleep(10000);
}

PROPERTY(when_their_submitter_awaits_them)
{
    parallel_executor *executor = open_warm("threads:1");
    long before = resident_kib();
    submit(executor, COUNT);
    ck_assert_int_ge(resident_kib(), before + COUNT / 1024 * 96);
    await(COUNT);
    wait_until_no_larger_than(before + LIMIT_KIB);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* The pages of the slots are shared memory, which stays: a first burst touches them. */
PROPERTY(when_worker_processes_ran_them)
{
    parallel_executor *executor = open_warm("processes:1");
    submit(executor, COUNT / 10);
    await(COUNT / 10);
    long before = resident_kib();
    submit(executor, COUNT);
    ck_assert_int_ge(resident_kib(), before + COUNT / 1024 * 64);
    await(COUNT);
    wait_until_no_larger_than(before + LIMIT_KIB);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(when_their_worker_releases_them)
{
    parallel_executor *executor = open_warm("threads:1");
    long before = resident_kib();
    for (int i = 0; i < COUNT; i++)
        parallel_future_release(add_one_on(executor, i));
    wait_until_no_larger_than(before + LIMIT_KIB);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(when_there_are_no_workers)
{
    parallel_executor *executor = open_warm("serial");
    long before = resident_kib();
    submit(executor, COUNT);
    await(COUNT);
    /* Two regions' worth of slabs are kept, and the one that is there from the start. */
    wait_until_no_larger_than(before + 4 * LIMIT_KIB);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(but_for_what_is_still_held)
{
    parallel_executor *executor = open_warm("threads:1");
    long before = resident_kib();
    submit(executor, COUNT);
    long sum = 0;
    for (int i = 0; i < COUNT; i++)
        if (i % 10000 != 0)
            sum += add_one_await(futures[i]);
    /* One slab for each that is held, and the descriptors of its region. */
    wait_until_no_larger_than(before + LIMIT_KIB + COUNT / 10000 * 16);
    for (int i = 0; i < COUNT; i += 10000)
        sum += add_one_await(futures[i]);
    ck_assert_int_eq(sum, (long)COUNT * (COUNT + 1) / 2);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

int main(void)
{
    if (UNDER_ADDRESS_SANITIZER || UNDER_THREAD_SANITIZER) {
        puts("skipped: the sanitizer keeps memory of its own");
        return 77;
    }
    const TTest *const tests[] = {when_their_submitter_awaits_them, when_worker_processes_ran_them,
                                  when_their_worker_releases_them, when_there_are_no_workers, but_for_what_is_still_held};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
