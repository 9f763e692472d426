/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Built a second time with -ffast-math, under which a plain program could not say anything about rounding. */
#include <parallel.h>

#include <string.h>

#include "tests/support/property.h"

enum { COUNT = 100000 };

/* Ill-conditioned: for each large term its opposite follows far away, and what is left are the small ones, whose sum is
 * `expected` exactly. The condition number is about 10^20. */
static double terms[3 * COUNT];

static double make_terms(void)
{
    parallel_random_stream stream = parallel_random_stream_make(1, "terms");
    double expected = 0;
    for (size_t i = 0; i < COUNT; i++) {
        parallel_random random = parallel_random_at(&stream, i);
        double large = (double)(int64_t)((parallel_random_double(&random) - 0.5) * 1e16);
        terms[i] = large;
        terms[COUNT + (i * 7919 + 13) % COUNT] = -large; /* 7919 is prime: a permutation */
        terms[2 * COUNT + i] = (double)(i % 8) / 1024;   /* multiples of 2^-10, as all terms are */
        expected += terms[2 * COUNT + i];
    }
    return expected;
}

PROPERTY(of_an_ill_conditioned_sum)
{
    double expected = make_terms();
    double plain = 0;
    PARALLEL_REDUCE(i, 0, 3 * COUNT, (+, plain))
        plain += terms[i];
    ck_assert_msg(plain != expected, "the terms are too easy");
    for (size_t workers = 0; workers <= 8; workers++) {
        parallel_sum sum = parallel_sum_of(0.25);
        PARALLEL_REDUCE(i, 0, 3 * COUNT, (parallel_sum_combine, sum, parallel_sum_of(0)), .workers = workers)
            parallel_sum_add(&sum, terms[i]);
        double value = parallel_sum_value(&sum);
        ck_assert_msg(value == expected + 0.25, "%zu workers: %.17g is not %.17g", workers, value, expected + 0.25);
    }
}
PROPERTY_END

PROPERTY(of_terms_that_a_plain_sum_forgets)
{
    parallel_sum sum = parallel_sum_of(1);
    parallel_sum_add(&sum, 1e100);
    parallel_sum_add(&sum, 1);
    parallel_sum_add(&sum, -1e100);
    ck_assert(parallel_sum_value(&sum) == 2);
}
PROPERTY_END

PROPERTY(and_have_the_same_bits)
{
    for (size_t i = 0; i < COUNT; i++)
        terms[i] = 1.0 / (double)(i + 1);
    parallel_sum one = parallel_sum_of(0);
    PARALLEL_REDUCE(i, 0, COUNT, (parallel_sum_combine, one, parallel_sum_of(0)), .workers = 1)
        parallel_sum_add(&one, terms[i]);
    /* The sum of these doubles, computed exactly and rounded once. */
    ck_assert_msg(parallel_sum_value(&one) == 12.090146129863427, "%.17g", parallel_sum_value(&one));
    for (size_t workers = 2; workers <= 64; workers *= 2) {
        parallel_sum sum = parallel_sum_of(0);
        PARALLEL_REDUCE(i, 0, COUNT, (parallel_sum_combine, sum, parallel_sum_of(0)), .workers = workers)
            parallel_sum_add(&sum, terms[i]);
        ck_assert(memcmp(&sum, &one, sizeof sum) == 0);
    }
}
PROPERTY_END

PROPERTY(but_stay_infinite)
{
    double infinity = 1e308;
    parallel_sum sum = parallel_sum_of(infinity);
    for (int i = 0; i < 3; i++)
        parallel_sum_add(&sum, infinity);
    double value = parallel_sum_value(&sum);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    ck_assert_uint_eq(bits, UINT64_C(0x7ff0000000000000));
}
PROPERTY_END

PROPERTIES(of_an_ill_conditioned_sum, of_terms_that_a_plain_sum_forgets, and_have_the_same_bits, but_stay_infinite)
