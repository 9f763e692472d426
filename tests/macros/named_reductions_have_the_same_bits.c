/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/property.h"

enum { COUNT = 30000 };

struct extreme {
    double value;
    int64_t index;
};

/* The first of the largest. */
static void larger_of(struct extreme *into, const struct extreme *from)
{
    if (from->value > into->value)
        *into = *from;
}

#define NO_EXTREME ((struct extreme){-1, -1})

/* Numbers of very different size, so that every other order of additions gives other bits. */
static double number(int64_t i)
{
    uint64_t bits = ((uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    bits ^= bits >> 29;
    bits *= UINT64_C(0xbf58476d1ce4e5b9);
    return (double)(int64_t)bits / (double)(UINT64_C(1) << (bits % 64));
}

PARALLEL_LOOP_REDUCE(survey, (double, scale, int64_t, last), i,
                     (+, double, sum), (max, long, top), (&, unsigned, common), (larger_of, struct extreme, extreme, NO_EXTREME))
{
    if (i == last + 1) { /* `last` COUNT or more: never; -2: fails */
        (void)parallel_loop_stop();
        return;
    }
    *sum += scale * number(i);
    if (*top < (long)(i % 5000))
        *top = (long)(i % 5000);
    *common &= 0xf0f0u | (unsigned)i;
    if ((double)(i % 777) > extreme->value)
        *extreme = (struct extreme){(double)(i % 777), i};
    if (last == -2 && i >= 20000)
        (void)parallel_fail(31, "enough");
}

struct outcome {
    double sum;
    long top;
    unsigned common;
    struct extreme extreme;
};

static const struct outcome before = {0.1, -7, 0xffffu, {-2, -2}};

/* The same as an inline loop, which other tests compare with units that are written out. */
static struct outcome expected(int64_t end, size_t grain)
{
    struct outcome o = before;
    double sum = o.sum;
    long top = o.top;
    unsigned common = o.common;
    struct extreme extreme = o.extreme;
    PARALLEL_REDUCE(i, (int64_t)0, end, (+, sum), (max, top), (&, common), (larger_of, extreme, NO_EXTREME),
                    .grain = grain, .workers = 1) {
        sum += 0.5 * number(i);
        if (top < (long)(i % 5000))
            top = (long)(i % 5000);
        common &= 0xf0f0u | (unsigned)i;
        if ((double)(i % 777) > extreme.value)
            extreme = (struct extreme){(double)(i % 777), i};
    }
    return (struct outcome){sum, top, common, extreme};
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return memcmp(&a->sum, &b->sum, sizeof a->sum) == 0 && a->top == b->top && a->common == b->common &&
           memcmp(&a->extreme.value, &b->extreme.value, sizeof a->extreme.value) == 0 &&
           a->extreme.index == b->extreme.index;
}

static struct outcome run(parallel_executor *executor, int64_t end, size_t grain)
{
    parallel_loop_options options = {.executor = executor, .grain = grain};
    struct outcome o = before;
    ck_assert_int_eq(survey_run_with(&options, 0, end, 0.5, COUNT, &o.sum, &o.top, &o.common, &o.extreme), 0);
    return o;
}

static struct outcome run_async(parallel_executor *executor, int64_t end)
{
    struct survey_values v = survey_await(
        survey_on(executor, 0, end, 0.5, COUNT, before.sum, before.top, before.common, before.extreme));
    return (struct outcome){v.sum, v.top, v.common, v.extreme};
}

static void compare_on(const char *specification, int runs)
{
    static const int64_t ends[] = {0, 1, 255, 256, 257, 1000, COUNT};
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
        struct outcome want = expected(ends[e], 0), want_coarse = expected(ends[e], 333);
        for (int r = 0; r < runs; r++) {
            struct outcome got = run(executor, ends[e], 0);
            ck_assert_msg(same(&got, &want), "%s, %d iterations: %a is not %a", specification, (int)ends[e], got.sum,
                          want.sum);
            got = run(executor, ends[e], 333);
            ck_assert_msg(same(&got, &want_coarse), "%s, grain 333, %d iterations", specification, (int)ends[e]);
            got = run_async(executor, ends[e]);
            ck_assert_msg(same(&got, &want), "%s, async, %d iterations", specification, (int)ends[e]);
        }
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

PROPERTY(on_any_number_of_threads)
{
    static const char *const specifications[] = {"threads:1", "threads:2",  "threads:3,places=none",
                                                 "threads:4,places=none", "threads:7,places=none",
                                                 "threads:64,places=none"};
    for (size_t s = 0; s < sizeof specifications / sizeof specifications[0]; s++)
        compare_on(specifications[s], 3);
}
PROPERTY_END

PROPERTY(serially)
{
    compare_on("serial", 2);
}
PROPERTY_END

PROPERTY(on_processes)
{
    compare_on("processes:2", 1);
}
PROPERTY_END

PROPERTY(in_a_hundred_runs)
{
    struct outcome want = expected(3000, 0);
    for (size_t workers = 1; workers <= 4; workers++)
        for (int r = 0; r < 100; r++) {
            parallel_loop_options options = {.workers = workers};
            struct outcome got = before;
            ck_assert_int_eq(
                survey_run_with(&options, 0, 3000, 0.5, COUNT, &got.sum, &got.top, &got.common, &got.extreme), 0);
            ck_assert(same(&got, &want));
        }
}
PROPERTY_END

static void stop_on(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    parallel_loop_options options = {.executor = executor, .grain = 100};
    for (int64_t last = 0; last < 2000; last += 333) {
        struct outcome got = before, want = expected(last + 1, 100);
        ck_assert_int_eq(survey_run_with(&options, 0, COUNT, 0.5, last, &got.sum, &got.top, &got.common, &got.extreme), 0);
        ck_assert_msg(same(&got, &want), "%s: stopped at %d", specification, (int)last + 1);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

PROPERTY(up_to_where_they_stop)
{
    stop_on("serial");
    stop_on("threads:2");
    stop_on("threads:4,places=none");
    stop_on("processes:2");
}
PROPERTY_END

static void fail_on(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    parallel_error status;
    parallel_loop_options options = {.executor = executor, .status = &status};
    struct outcome got = before;
    ck_assert_int_eq(survey_run_with(&options, 0, COUNT, 0.5, -2, &got.sum, &got.top, &got.common, &got.extreme), 31);
    ck_assert(same(&got, &before));
    ck_assert_msg(strcmp(status.message, "loop survey at index 20000: enough") == 0, "%s: %s", specification,
                  status.message);
    parallel_future *future = survey_on(executor, 0, COUNT, 0.5, -2, 0, 0, 0, before.extreme);
    struct survey_values values;
    ck_assert_int_eq(survey_result(future, &values), 31);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

PROPERTY(unchanged_after_a_failure)
{
    fail_on("serial");
    fail_on("threads:2");
    fail_on("threads:4,places=none");
    fail_on("processes:2");
}
PROPERTY_END

/* Each row is a reduction inside of one. */
PARALLEL_LOOP_REDUCE(row, (int64_t, i), j, (+, double, sum))
{
    *sum += number(100 * i + j);
}

PARALLEL_LOOP_REDUCE(plane, (), i, (+, double, sum))
{
    double part = 0;
    if (row_run(0, 100, i, &part) != 0)
        (void)parallel_fail(1, "row");
    *sum += part;
}

PROPERTY(inside_of_each_other)
{
    double first = 0;
    ck_assert_int_eq(plane_run_with(&(parallel_loop_options){.workers = 1}, 0, 300, &first), 0);
    for (int r = 0; r < 20; r++) {
        double sum = 0;
        ck_assert_int_eq(plane_run_with(&(parallel_loop_options){.grain = 2}, 0, 300, &sum), 0);
        ck_assert(memcmp(&sum, &first, sizeof sum) == 0); /* 150 units of two without a grain */
        ck_assert(plane_await(plane_async(0, 300, 0)).sum == first);
    }
}
PROPERTY_END

PROPERTIES(serially, on_processes, on_any_number_of_threads, in_a_hundred_runs, up_to_where_they_stop,
           unchanged_after_a_failure, inside_of_each_other)
