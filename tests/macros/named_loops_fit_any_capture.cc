// SPDX-License-Identifier: BSD-3-Clause
#include <parallel.h>

#include <stdexcept>

#include "tests/support/property.h"

struct pair {
    int a, b;
};

typedef int (*operation)(int);

static int twice(int x)
{
    return 2 * x;
}

PARALLEL_LOOP(none, (), i)
{
}

PARALLEL_LOOP(several, (struct pair, pair, const int, n, operation, f, __typeof__(int (*)[4]), rows, long *, out), i)
{
    out[i] = f(pair.a) + pair.b + n + (*rows)[i % 4];
}

PARALLEL_LOOP(sixteen,
              (int, a, int, b, int, c, int, d, int, e, int, f, int, g, int, h, int, k, int, l, int, m, int, n, int, o, int,
               p, int, q, int *, out),
              i)
{
    out[i] = a + b + c + d + e + f + g + h + k + l + m + n + o + p + q;
}

PROPERTY(of_any_type_and_number)
{
    long out[100];
    int sums[100], rows[4] = {0, 1, 2, 3};
    pair both = {3, 4};
    ck_assert_int_eq(none_run(0, 1000), 0);
    none_await(none_async(0, 1000));
    ck_assert_int_eq(several_run(0, 100, both, 5, twice, &rows, out), 0);
    ck_assert_int_eq(sixteen_run(0, 100, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, sums), 0);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(out[i], 6 + 4 + 5 + i % 4);
        ck_assert_int_eq(sums[i], 120);
    }
}
PROPERTY_END

PARALLEL_LOOP(throwing, (int64_t, at), i)
{
    if (i >= at)
        throw std::runtime_error("it broke");
}

PROPERTY(and_an_exception_fails_its_iteration)
{
    parallel_loop_options options = parallel_loop_options();
    int64_t where = -1;
    options.stopped_at = &where;
    for (int round = 0; round < 50; round++) {
        ck_assert_int_eq(throwing_run_with(&options, 0, 10000, 99 * round), PARALLEL_EEXCEPTION);
        ck_assert_int_eq(where, 99 * round);
    }
    ck_assert_str_eq(parallel_last_error()->message, "loop throwing at index 4851: it broke");
}
PROPERTY_END

struct most {
    double value;
    int64_t index;
};

static void larger_of(most *into, const most *from)
{
    if (from->value > into->value)
        *into = *from;
}

PARALLEL_LOOP_REDUCE(survey, (int64_t, at), i, (+, double, sum), (min, long, least), (||, bool, any),
                     (larger_of, struct most, top, most{-1, -1}))
{
    if (i == at)
        throw std::runtime_error("it broke");
    *sum += 0.5;
    *least = *least < i ? *least : (long)i;
    *any = *any || i == 77;
    if (double(i % 500) > top->value)
        *top = most{double(i % 500), i};
}

PROPERTY(and_accumulate)
{
    double sum = 1;
    long least = 7;
    bool any = false;
    most top = {0, 0};
    ck_assert_int_eq(survey_run(3, 1000, -1, &sum, &least, &any, &top), 0);
    ck_assert(sum == 1 + 997 / 2.0);
    ck_assert_int_eq(least, 3);
    ck_assert(any);
    ck_assert_int_eq(top.index, 499);
    survey_values values = survey_await(survey_async(3, 50, -1, 0, 2, false, top));
    ck_assert(values.sum == 47 / 2.0 && values.least == 2 && !values.any && values.top.index == 499);
    ck_assert_int_eq(survey_run(3, 1000, 500, &sum, &least, &any, &top), PARALLEL_EEXCEPTION);
    ck_assert(sum == 1 + 997 / 2.0);
}
PROPERTY_END

PROPERTIES(of_any_type_and_number, and_accumulate, and_an_exception_fails_its_iteration)
