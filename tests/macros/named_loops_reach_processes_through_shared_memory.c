/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <string.h>

#include "tests/support/property.h"

enum { COUNT = 10000 };

PARALLEL_LOOP(square, (const int *, x, int *, y, int, shift), i)
{
    if (i == 7777 && shift == 3)
        parallel_fail(77, "seven");
    y[i] = x[i] * x[i] + shift;
}

static parallel_executor *executor;

static void open_processes(void)
{
    ck_assert_int_eq(parallel_executor_open("processes:2", &executor), 0);
}

static parallel_loop_options options_of(parallel_executor *where)
{
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.executor = where;
    return options;
}

PROPERTY(and_run_there)
{
    open_processes();
    parallel_loop_options options = options_of(executor);
    int *x = parallel_shared_alloc(COUNT * sizeof *x), *y = parallel_shared_alloc(COUNT * sizeof *y);
    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_nonnull(y);
    for (int shift = 0; shift < 3; shift++) {
        for (int i = 0; i < COUNT; i++)
            x[i] = i % 1000, y[i] = -1;
        if (shift == 0)
            square_await(square_on(executor, 0, COUNT, x, y, shift));
        else
            ck_assert_int_eq(square_run_with(&options, 0, COUNT, x, y, shift), 0);
        int wrong = 0;
        for (int i = 0; i < COUNT; i++)
            wrong += y[i] != x[i] * x[i] + shift;
        ck_assert_int_eq(wrong, 0);
    }
    parallel_error status;
    options.status = &status;
    ck_assert_int_eq(square_run_with(&options, 0, COUNT, x, y, 3), 77);
    ck_assert_int_eq(status.code, 77);
    ck_assert_str_eq(status.message, "loop square at index 7777: seven");
    parallel_shared_free(x);
    parallel_shared_free(y);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(and_are_refused_with_the_name_of_a_bare_pointer)
{
    open_processes();
    parallel_loop_options options = options_of(executor);
    int x[3] = {1, 2, 3}, y[3];
    int *shared = parallel_shared_alloc(sizeof x);
    ck_assert_int_eq(square_run_with(&options, 0, 3, shared, y, 0), PARALLEL_EARGUMENT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "loop square: the capture y is a bare pointer"));
    parallel_future *future = square_on(executor, 0, 3, x, shared, 0);
    ck_assert_int_eq(square_result(future), PARALLEL_EARGUMENT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "loop square: the capture x is a bare pointer"));
    parallel_future_release(future);
    int64_t where;
    options.stopped_at = &where;
    ck_assert_int_eq(square_run_with(&options, 0, 3, shared, shared, 0), PARALLEL_EARGUMENT);
    parallel_shared_free(shared);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int lines_seen;
static char last_line[256];

static void keep_line(void *context, const char *line)
{
    (void)context;
    lines_seen++;
    snprintf(last_line, sizeof last_line, "%s", line);
}

PROPERTY(and_show_their_progress_here)
{
    setenv("PARALLEL_PROGRESS", "lines", 1);
    open_processes();
    parallel_set_reporter(keep_line, NULL);
    parallel_loop_options options = options_of(executor);
    options.progress = true;
    int *x = parallel_shared_alloc(1000 * sizeof *x);
    ck_assert_ptr_nonnull(x);
    ck_assert_int_eq(square_run_with(&options, 0, 1000, x, x, 1), 0);
    ck_assert_int_ge(lines_seen, 1);
    ck_assert_msg(strncmp(last_line, "square: 100 % 1000/1000 [", 25) == 0, "%s", last_line);
    parallel_shared_free(x);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(and_run_there, and_show_their_progress_here, and_are_refused_with_the_name_of_a_bare_pointer)
