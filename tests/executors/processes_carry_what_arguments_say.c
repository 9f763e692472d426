/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What pointers point to travels as far as the parameters say, in both directions; shared memory is not copied; and what
 * cannot be carried is refused at submission, by function and number of the argument. */
#include <parallel.h>
#include <libparallel/shared.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/property.h"

static double sum(const double *x, size_t rows, int columns)
{
    double total = 0.0;
    for (size_t i = 0; i < rows * (size_t)columns; i++)
        total += x[i];
    return total;
}
PARALLEL_FN(double, sum, PARALLEL_IN(double, 2, 3), size_t, int)

static int twice(int *x, const int *y, int *z, int n)
{
    for (int i = 0; i < n; i++) {
        x[i] *= 2;
        z[i] = x[i] + y[i];
    }
    return n;
}
PARALLEL_FN(int, twice, PARALLEL_INOUT(int, 4), PARALLEL_IN(int, 4), PARALLEL_OUT(int, 4), int)

static size_t length(const char *text)
{
    return text != NULL ? strlen(text) : 4711;
}
PARALLEL_FN(size_t, length, PARALLEL_STRING)

static const void *where(const char *x, size_t n)
{
    (void)n;
    return x;
}
PARALLEL_FN(const void *, where, PARALLEL_IN(char, 2), size_t)

static int read_bare(const int *x)
{
    return x != NULL ? *x : -1;
}
PARALLEL_FN(int, read_bare, const int *)

static void fill_then_fail(int *x, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = 99;
    parallel_fail(5, "after %d", n);
}
PARALLEL_FN(void, fill_then_fail, PARALLEL_OUT(int, 2), int)

static parallel_executor *executor;

static void open_processes(void)
{
    ck_assert_msg(parallel_executor_open("processes:2,places=none", &executor) == 0, "%s",
                  parallel_last_error()->message);
}

static void close_processes(void)
{
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

PROPERTY(arrays_travel_in_and_out)
{
    open_processes();
    static const size_t sizes[] = {0, 1, 3, 20, 100, 5000, 300000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t n = sizes[s];
        double *in = malloc((n + 1) * sizeof *in);
        int *x = malloc((n + 1) * sizeof *x), *y = malloc((n + 1) * sizeof *y), *z = malloc((n + 1) * sizeof *z);
        double expected = 0.0;
        for (size_t i = 0; i <= n; i++) {
            in[i] = (double)i;
            expected += i < n ? (double)i : 0.0;
            x[i] = (int)i;
            y[i] = 1000;
            z[i] = -1;
        }
        parallel_future *future = sum_on(executor, in, n, 1);
        double total;
        ck_assert_int_eq(sum_result(future, &total), 0);
        ck_assert(total == expected);
        parallel_future_release(future);
        future = twice_on(executor, x, y, z, (int)n);
        ck_assert_int_eq(twice_await(future), (int)n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_int_eq(x[i], (int)(2 * i));
            ck_assert_int_eq(z[i], (int)(2 * i) + 1000);
        }
        ck_assert_int_eq(z[n], -1);
        free(in);
        free(x);
        free(y);
        free(z);
    }
    close_processes();
}
PROPERTY_END

PROPERTY(strings_travel)
{
    open_processes();
    char long_text[3000];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    ck_assert_uint_eq(length_await(length_on(executor, "")), 0);
    ck_assert_uint_eq(length_await(length_on(executor, "four")), 4);
    ck_assert_uint_eq(length_await(length_on(executor, long_text)), sizeof long_text - 1);
    ck_assert_uint_eq(length_await(length_on(executor, NULL)), 4711);
    const char *columns[100];
    size_t lengths[100];
    for (int i = 0; i < 100; i++)
        columns[i] = long_text + i;
    ck_assert_int_eq(length_map(executor, 100, lengths, columns), 0);
    for (size_t i = 0; i < 100; i++)
        ck_assert_uint_eq(lengths[i], sizeof long_text - 1 - i);
    close_processes();
}
PROPERTY_END

PROPERTY(shared_memory_is_not_copied)
{
    open_processes();
    size_t size = (size_t)64 << 20;
    char *big = parallel_shared_alloc(size); /* after the workers could have started */
    ck_assert_ptr_nonnull(big);
    ck_assert_ptr_eq(where_await(where_on(executor, big, size)), big);
    int *shared = parallel_shared_alloc(sizeof *shared);
    ck_assert_ptr_nonnull(shared);
    *shared = 42;
    ck_assert_int_eq(read_bare_await(read_bare_on(executor, shared)), 42);
    ck_assert_int_eq(read_bare_await(read_bare_on(executor, NULL)), -1);
    ck_assert_int_eq(parallel_shared_free(shared), 0);
    ck_assert_int_eq(parallel_shared_free(big), 0);
    close_processes();
}
PROPERTY_END

static void check_refused(parallel_future *future, const char *function, const char *argument)
{
    ck_assert(parallel_future_is_done(future));
    parallel_failure failure;
    ck_assert_int_eq(parallel_future_error(future, &failure), 0);
    ck_assert_int_eq(failure.code, PARALLEL_EARGUMENT);
    ck_assert_msg(strstr(failure.message, function) != NULL && strstr(failure.message, argument) != NULL, "%s",
                  failure.message);
    parallel_future_release(future);
}

PROPERTY(what_cannot_be_carried_is_refused_at_once)
{
    open_processes();
    int private = 1;
    double x = 0.0;
    check_refused(read_bare_on(executor, &private), "read_bare", "argument 1");
    check_refused(sum_on(executor, &x, 1, -1), "sum", "argument 1");
    check_refused(sum_on(executor, NULL, 1, 1), "sum", "argument 1");
    check_refused(sum_on(executor, &x, SIZE_MAX / 4, 1000), "sum", "argument 1");
    check_refused(sum_on(executor, &x, SIZE_MAX, 1), "sum", "argument 1");
    close_processes();
}
PROPERTY_END

PROPERTY(after_a_failure_nothing_is_written_back)
{
    open_processes();
    int x[3] = {1, 2, 3};
    parallel_future *future = fill_then_fail_on(executor, x, 3);
    ck_assert_int_eq(fill_then_fail_result(future), 5);
    ck_assert_int_eq(x[0], 1);
    ck_assert_int_eq(x[2], 3);
    parallel_future_release(future);
    close_processes();
}
PROPERTY_END

static int fail_at(int i, int limit)
{
    if (i >= limit)
        parallel_fail(7, "no more");
    return i;
}
PARALLEL_FN(int, fail_at, int, int)

PROPERTY(maps_travel_in_chunks)
{
    open_processes();
    enum { COUNT = 10000 };
    static int in[COUNT], limit[COUNT], out[COUNT];
    int *shared = parallel_shared_alloc(sizeof in);
    ck_assert_ptr_nonnull(shared);
    for (int i = 0; i < COUNT; i++) {
        in[i] = i;
        limit[i] = COUNT;
    }
    ck_assert_int_eq(fail_at_map(executor, COUNT, out, in, limit), 0);
    ck_assert_int_eq(memcmp(in, out, sizeof in), 0);
    ck_assert_int_eq(fail_at_map(executor, COUNT, shared, in, limit), 0);
    ck_assert_int_eq(memcmp(in, shared, sizeof in), 0);
    for (int i = 0; i < COUNT; i++)
        limit[i] = 777;
    memset(out, 0, sizeof out);
    ck_assert_int_eq(fail_at_map(executor, COUNT, out, shared, limit), 7);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "777"));
    ck_assert_int_eq(memcmp(in, out, 777 * sizeof in[0]), 0);
    ck_assert_int_eq(parallel_shared_free(shared), 0);
    close_processes();
}
PROPERTY_END

/* Descriptors as PARALLEL_FN makes them, of calls that say where they find their arguments and put their result. */
#define CALL_ALIGNED_TO(bytes)                                                                                \
    struct aligned_##bytes {                                                                                  \
        _Alignas(bytes) unsigned char number[bytes];                                                          \
    };                                                                                                        \
    static void call_aligned_##bytes(const void *arguments, void *result)                                     \
    {                                                                                                         \
        struct aligned_##bytes *out = result;                                                                 \
        *out = *(const struct aligned_##bytes *)arguments;                                                    \
        if ((uintptr_t)arguments % bytes == 0 && (uintptr_t)result % bytes == 0)                              \
            out->number[0]++;                                                                                 \
    }                                                                                                         \
    static void check_aligned_##bytes(void)                                                                   \
    {                                                                                                         \
        static const parallel_function function = {                                                           \
            .name = "aligned_" #bytes,                                                                        \
            .address = (void (*)(void))(uintptr_t)call_aligned_##bytes,                                       \
            .call = call_aligned_##bytes,                                                                     \
            .argument_size = sizeof(struct aligned_##bytes),                                                  \
            .argument_alignment = bytes,                                                                      \
            .result_size = sizeof(struct aligned_##bytes),                                                    \
            .result_alignment = bytes,                                                                        \
        };                                                                                                    \
        struct aligned_##bytes in = {{41, [bytes - 1] = 7}}, out = {{0}};                                     \
        parallel_future_await(parallel_submit(executor, &function, &in), &function, &out);                    \
        ck_assert_uint_eq(out.number[0], 42);                                                                 \
        ck_assert_uint_eq(out.number[bytes - 1], 7);                                                          \
    }
CALL_ALIGNED_TO(8)
CALL_ALIGNED_TO(16)
CALL_ALIGNED_TO(32)
CALL_ALIGNED_TO(64)

PROPERTY(arguments_and_results_are_aligned_as_their_types_ask)
{
    open_processes();
    check_aligned_8();
    check_aligned_16();
    check_aligned_32();
    check_aligned_64();
    close_processes();
}
PROPERTY_END

PROPERTIES(arrays_travel_in_and_out, strings_travel, shared_memory_is_not_copied,
           what_cannot_be_carried_is_refused_at_once, after_a_failure_nothing_is_written_back, maps_travel_in_chunks,
           arguments_and_results_are_aligned_as_their_types_ask)
