/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A forked call reads all of the program's memory, as it is when the call starts, changes none of it, and
 * brings back its result and what its OUT and INOUT parameters point to, unless it fails. */
#include <parallel.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/property.h"

static parallel_executor *executor;

static void open_executor(void)
{
    ck_assert_int_eq(parallel_executor_open("fork:2,places=none", &executor), 0);
}

static void close_executor(void)
{
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

static int counter = 5;

static int count(void)
{
    return counter++;
}
PARALLEL_FN(int, count)

PROPERTY(globals_are_seen_and_stay)
{
    open_executor();
    ck_assert_int_eq(count_await(count_on(executor)), 5);
    ck_assert_int_eq(counter, 5);
    counter = 7;
    ck_assert_int_eq(count_await(count_on(executor)), 7);
    close_executor();
}
PROPERTY_END

struct node {
    int value;
    struct node *next;
};

static int sum(const struct node *list)
{
    int total = 0;
    for (; list != NULL; list = list->next)
        total += list->value;
    return total;
}
PARALLEL_FN(int, sum, const struct node *)

PROPERTY(bare_pointers_are_followed)
{
    open_executor();
    struct node third = {3, NULL}, second = {2, &third}, first = {1, &second};
    ck_assert_int_eq(sum_await(sum_on(executor, &first)), 6);
    close_executor();
}
PROPERTY_END

struct table {
    double rows[4000];
    short last;
};

static struct table make_table(double first)
{
    struct table table;
    for (int i = 0; i < 4000; i++)
        table.rows[i] = first + i;
    table.last = 3999;
    return table;
}
PARALLEL_FN(struct table, make_table, double)

PROPERTY(struct_results_come_back)
{
    open_executor();
    struct table table = make_table_await(make_table_on(executor, 0.5));
    ck_assert_double_eq(table.rows[0], 0.5);
    ck_assert_double_eq(table.rows[3999], 3999.5);
    ck_assert_int_eq(table.last, 3999);
    close_executor();
}
PROPERTY_END

static int scale(int n, long m, const double *in, double *out, float *both, const char *how)
{
    for (long i = 0; i < n * m; i++)
        out[i] = 2 * in[i];
    for (int i = 0; i < n; i++)
        both[i] += 1;
    if (strcmp(how, "fail") == 0)
        parallel_fail(PARALLEL_EFAILED, "as asked");
    return (int)strlen(how);
}
PARALLEL_FN(int, scale, int, long, PARALLEL_IN(double, 1, 2), PARALLEL_OUT(double, 1, 2), PARALLEL_INOUT(float, 1),
            PARALLEL_STRING)

PROPERTY(arrays_are_written_back)
{
    open_executor();
    double in[6] = {1, 2, 3, 4, 5, 6}, out[7] = {0, 0, 0, 0, 0, 0, -1};
    float both[3] = {0, 1, -1};
    ck_assert_int_eq(scale_await(scale_on(executor, 2, 3, in, out, both, "double")), 6);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(out[i], 2 * in[i]);
    ck_assert_double_eq(out[6], -1);
    ck_assert(both[0] == 1 && both[1] == 2 && both[2] == -1);
    ck_assert_int_eq(scale_await(scale_on(executor, 0, 3, NULL, NULL, NULL, "")), 0);
    close_executor();
}
PROPERTY_END

PROPERTY(arrays_stay_if_the_call_fails)
{
    open_executor();
    double in[1] = {1}, out[1] = {7};
    float both[1] = {7};
    parallel_future *future = scale_on(executor, 1, 1, in, out, both, "fail");
    int length;
    ck_assert_int_eq(scale_result(future, &length), PARALLEL_EFAILED);
    parallel_future_release(future);
    ck_assert(out[0] == 7 && both[0] == 7);
    close_executor();
}
PROPERTY_END

static void expect_refusal(int n, long m, double *out, const char *words)
{
    double in[1] = {0};
    float both[1] = {0};
    int length;
    parallel_future *future = scale_on(executor, n, m, in, out, both, "");
    ck_assert_int_eq(scale_result(future, &length), PARALLEL_EARGUMENT);
    ck_assert_msg(strstr(parallel_last_error()->message, words) != NULL, "%s", parallel_last_error()->message);
    parallel_future_release(future);
}

static int miscounted(const double *values, int count)
{
    return (int)values[0] + count;
}
PARALLEL_FN(int, miscounted, PARALLEL_IN(double, 3), int)

PROPERTY(impossible_arrays_are_refused)
{
    open_executor();
    double out[1];
    expect_refusal(-1, 1, out, "scale: argument 3: its length, argument 1, is negative: -1");
    expect_refusal(1 << 30, 1L << 40, out, "too large");
    expect_refusal(1, 1, NULL, "scale: argument 4 is NULL");
    double in[1] = {0};
    int length;
    parallel_future *future = miscounted_on(executor, in, 1);
    ck_assert_int_eq(miscounted_result(future, &length), PARALLEL_EARGUMENT);
    ck_assert_str_eq(parallel_last_error()->message,
                     "miscounted: argument 1: its length is argument 3 of 2: there is none (they count from 1)");
    parallel_future_release(future);
    close_executor();
}
PROPERTY_END

static int print(const char *text)
{
    return printf("%s", text);
}
PARALLEL_FN(int, print, PARALLEL_STRING)

/* What the program has not flushed is written once, by the program; what the call prints is written at its
 * end. */
PROPERTY(text_is_printed_once)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    fflush(stdout);
    int former = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    open_executor();
    printf("program;");
    ck_assert_int_eq(print_await(print_on(executor, "call;")), 5);
    close_executor();
    fflush(stdout);
    dup2(former, STDOUT_FILENO);
    char text[64];
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - length)) > 0;)
        length += (size_t)got;
    ck_assert_int_eq((int)length, 13);
    ck_assert_int_eq(memcmp(text, "call;program;", 13), 0);
}
PROPERTY_END

PROPERTIES(globals_are_seen_and_stay, bare_pointers_are_followed, struct_results_come_back, arrays_are_written_back,
           arrays_stay_if_the_call_fails, impossible_arrays_are_refused, text_is_printed_once)
