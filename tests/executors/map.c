/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Maps: results in order, the failure of the lowest index, deadlines, chunks and windows of every size, bad ones
 * refused. */
#include <stdatomic.h>
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

enum { STARTED, GATE, RAN };

static double map_scale(double value, int factor)
{
    return value * factor;
}
PARALLEL_FN(double, map_scale, double, int)

static double *map_values;
static int *map_factors;

static void fill_columns(size_t count)
{
    map_values = realloc(map_values, (count + 1) * sizeof *map_values);
    map_factors = realloc(map_factors, (count + 1) * sizeof *map_factors);
    for (size_t i = 0; i < count; i++) {
        map_values[i] = (double)i / 4;
        map_factors[i] = (int)(i % 7) - 3;
    }
}

static void try_map(parallel_executor *executor, size_t count, size_t chunk, size_t window)
{
    fill_columns(count);
    double *out = malloc((count + 1) * sizeof *out);
    out[count] = -1.5;
    const parallel_map_options options = {.chunk = chunk, .window = window};
    ck_assert_ok(map_scale_map_with(executor, count, &options, out, map_values, map_factors));
    for (size_t i = 0; i < count; i++)
        ck_assert(out[i] == map_values[i] * map_factors[i]);
    ck_assert(out[count] == -1.5);
    free(out);
}

PROPERTY(results_stand_in_order_whatever_the_chunk)
{
    const size_t most = (size_t)repetitions(1000);
    const size_t counts[] = {0, 1, 2, 3, 17, most};
    const size_t chunks[] = {0, 1, 2, 16, most - 1, most, most + 1, SIZE_MAX >> 16};
    const size_t windows[] = {0, 1, 5, most, SIZE_MAX >> 16};
    parallel_executor *executor = open_executor(3, NULL);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t j = 0; j < sizeof chunks / sizeof chunks[0]; j++)
            for (size_t k = 0; k < sizeof windows / sizeof windows[0]; k++)
                try_map(executor, counts[i], chunks[j], windows[k]);
    free(map_values);
    free(map_factors);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(void_functions_and_functions_without_parameters_map)
{
    parallel_executor *executor = open_executor(2, NULL);
    int which[50];
    for (int i = 0; i < 50; i++)
        which[i] = RAN;
    ck_assert_ok(mark_map(executor, 50, which));
    ck_assert_uint_eq(marks_made(RAN), 50);
    close_executor(executor);
}
PROPERTY_END

static int map_fail_some(int index, int first_bad)
{
    make_mark(RAN);
    if (index >= first_bad && index % 10 == first_bad % 10)
        parallel_fail(1000 + index, "index %d is bad", index);
    return index;
}
PARALLEL_FN(int, map_fail_some, int, int)

PROPERTY(the_failure_of_the_lowest_index_counts)
{
    enum { COUNT = 500 };
    int indices[COUNT], bad[COUNT], out[COUNT];
    parallel_executor *executor = open_executor(3, NULL);
    for (int first_bad = 3; first_bad < COUNT; first_bad += 83) {
        for (int i = 0; i < COUNT; i++) {
            indices[i] = i;
            bad[i] = first_bad;
            out[i] = -1;
        }
        for (size_t chunk = 0; chunk <= 40; chunk += 20) {
            const parallel_map_options options = {.chunk = chunk};
            ck_assert_code(map_fail_some_map_with(executor, COUNT, &options, out, indices, bad), 1000 + first_bad);
            char expected[100];
            snprintf(expected, sizeof expected, "call %d of map_fail_some: index %d is bad", first_bad, first_bad);
            ck_assert_str_eq(parallel_last_error()->message, expected);
            for (int i = 0; i < first_bad; i++)
                ck_assert_int_eq(out[i], i); /* all below it are made and stored */
            ck_assert_int_eq(out[first_bad], -1);
        }
    }
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_failure_stops_what_has_not_begun)
{
    enum { COUNT = 10000 };
    static int indices[COUNT], bad[COUNT], out[COUNT];
    parallel_executor *executor = open_executor(1, NULL);
    for (int i = 0; i < COUNT; i++)
        indices[i] = i;
    const parallel_map_options options = {.chunk = 10};
    ck_assert_code(map_fail_some_map_with(executor, COUNT, &options, out, indices, bad), 1000);
    ck_assert_uint_eq(marks_made(RAN), 1);
    close_executor(executor);
}
PROPERTY_END

static int map_hold_first(int index)
{
    make_mark(RAN);
    if (index == 0)
        wait_for_mark(GATE, 1);
    return index;
}
PARALLEL_FN(int, map_hold_first, int)

static _Atomic int map_saw_request;

/* Holds until it is asked to stop: the deadline has passed then. */
static int map_until_asked(int index)
{
    make_mark(RAN);
    while (!parallel_is_cancelled())
        continue;
    atomic_fetch_add(&map_saw_request, 1);
    return index;
}
PARALLEL_FN(int, map_until_asked, int)

PROPERTY(a_deadline_ends_the_map_and_asks_those_that_run)
{
    enum { COUNT = 100 };
    int indices[COUNT], out[COUNT];
    for (int i = 0; i < COUNT; i++)
        indices[i] = i;
    parallel_executor *executor = open_executor(2, NULL);
    const parallel_map_options options = {.chunk = 1, .deadline_ns = parallel_deadline_in(0.01)};
    ck_assert_code(map_until_asked_map_with(executor, COUNT, &options, out, indices), PARALLEL_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "of 100 calls begun"));
    ck_assert_uint_le(marks_made(RAN), 2);
    ck_assert_int_eq(atomic_load(&map_saw_request), (int)marks_made(RAN));
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_deadline_in_the_past_begins_nothing)
{
    int indices[3] = {0, 1, 2}, out[3];
    parallel_executor *executor = open_executor(2, NULL);
    const parallel_map_options options = {.deadline_ns = 1};
    ck_assert_code(map_hold_first_map_with(executor, 3, &options, out, indices), PARALLEL_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "0 of 3 calls begun"));
    ck_assert_uint_eq(marks_made(RAN), 0);
    close_executor(executor);
}
PROPERTY_END

/* All other workers are held by calls that end after the map: its last runners never start, and nobody waits for them. */
PROPERTY(a_map_waits_for_calls_and_not_for_workers)
{
    enum { COUNT = 100 };
    int indices[COUNT], out[COUNT];
    for (int i = 0; i < COUNT; i++)
        indices[i] = i;
    parallel_executor *executor = open_executor(2, NULL);
    parallel_future *busy = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    ck_assert_ok(echo_map(executor, COUNT, out, indices));
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(out[i], i);
    ck_assert_int_eq(echo_await(echo_on(executor, 2)), 2);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(busy), 1);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(bad_sizes_and_missing_arrays_are_refused)
{
    int in[2] = {1, 2}, out[2];
    parallel_executor *executor = open_executor(1, NULL);
    const parallel_map_options huge_chunk = {.chunk = SIZE_MAX};
    const parallel_map_options huge_window = {.window = SIZE_MAX};
    ck_assert_code(echo_map_with(executor, 2, &huge_chunk, out, in), PARALLEL_EINVALID);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "chunk"));
    ck_assert_code(echo_map_with(executor, 2, &huge_window, out, in), PARALLEL_EINVALID);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "window"));
    ck_assert_code(echo_map(executor, SIZE_MAX, out, in), PARALLEL_EINVALID);
    ck_assert_code(echo_map(executor, 2, NULL, in), PARALLEL_EINVALID);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "results"));
    ck_assert_code(echo_map(executor, 2, out, NULL), PARALLEL_EINVALID);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "argument 1"));
    ck_assert_ok(echo_map(executor, 0, NULL, NULL));
    close_executor(executor);
}
PROPERTY_END

PROPERTY(after_a_shutdown_a_map_is_refused)
{
    int in[2] = {1, 2}, out[2];
    parallel_executor *executor = open_executor(1, NULL);
    ck_assert_ok(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER));
    ck_assert_code(echo_map(executor, 2, out, in), PARALLEL_ESHUTDOWN);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_million_calls_cost_a_few_tasks)
{
    enum { COUNT = 1000000 };
    int *in = malloc(COUNT * sizeof *in), *out = malloc(COUNT * sizeof *out);
    for (int i = 0; i < COUNT; i++)
        in[i] = i;
    parallel_executor *executor = open_executor(2, NULL);
    ck_assert_ok(echo_map(executor, COUNT, out, in));
    ck_assert_int_eq(memcmp(in, out, COUNT * sizeof *in), 0);
    free(in);
    free(out);
    close_executor(executor);
}
PROPERTY_END

ROW(map, {results_stand_in_order_whatever_the_chunk, 0}, {void_functions_and_functions_without_parameters_map, 0},
    {the_failure_of_the_lowest_index_counts, 0}, {a_failure_stops_what_has_not_begun, 0},
    {a_deadline_ends_the_map_and_asks_those_that_run, HAS_WORKERS | SHARES_MEMORY},
    {a_deadline_in_the_past_begins_nothing, 0}, {a_map_waits_for_calls_and_not_for_workers, HAS_WORKERS},
    {bad_sizes_and_missing_arrays_are_refused, 0}, {after_a_shutdown_a_map_is_refused, 0},
    {a_million_calls_cost_a_few_tasks, 0})
