/* SPDX-License-Identifier: BSD-3-Clause */
#include <libparallel/random.h>

#include <stdbool.h>
#include <string.h>

#include "tests/support/property.h"

/* A sequence that begins with these numbers. */
static parallel_random sequence_of(uint32_t count, const uint64_t *numbers)
{
    parallel_random random;
    memset(&random, 0, sizeof random);
    random.filled = count;
    memcpy(random.numbers, numbers, count * sizeof *numbers);
    return random;
}

PROPERTY(at_the_ends_of_the_range)
{
    static const uint64_t bounds[] = {1, 2, 3, 6, 1000, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t k = 0; k < sizeof bounds / sizeof bounds[0]; k++) {
        uint64_t bound = bounds[k];
        /* The largest number gives the largest result; the smallest is taken only if 2^64 divides evenly. */
        parallel_random random = sequence_of(3, (const uint64_t[]){UINT64_MAX, 0, UINT64_MAX});
        ck_assert_uint_eq(parallel_random_below(&random, bound), bound - 1);
        bool is_power_of_two = (bound & (bound - 1)) == 0;
        ck_assert_uint_eq(parallel_random_below(&random, bound), is_power_of_two ? 0 : bound - 1);
        ck_assert_uint_eq(random.at, is_power_of_two ? 2 : 3);
    }
}
PROPERTY_END

PROPERTY(which_takes_as_many_numbers_for_each_result)
{
    /* With a bound of 3 * 2^62, 2^64 numbers are 2^62 too many: 0 and every fourth give too small a lower half. Of
     * the numbers 4 j to 4 j + 3 three are taken, and each gives a result of its own. */
    uint64_t bound = UINT64_C(3) << 62;
    for (uint64_t j = 0; j < 100; j++) {
        uint64_t four = 4 * (j * UINT64_C(0x0123456789abcdef) % (UINT64_C(1) << 62));
        for (uint64_t k = 0; k < 4; k++) {
            parallel_random random = sequence_of(2, (const uint64_t[]){four + k, UINT64_MAX});
            uint64_t result = parallel_random_below(&random, bound);
            ck_assert_uint_eq(random.at, k == 0 ? 2 : 1);
            ck_assert_uint_eq(result, k == 0 ? bound - 1 : four / 4 * 3 + k - 1);
        }
    }
}
PROPERTY_END

PROPERTY(over_many_numbers)
{
    /* Chi-square of six faces with five degrees of freedom: below 30 with probability 0.99999; the numbers are
     * always the same, so this passes always or never. */
    enum { THROWS = 600000, FACES = 6 };
    parallel_random_stream dice = parallel_random_stream_make(1, "dice");
    parallel_random random = parallel_random_at(&dice, 0);
    int count[FACES] = {0};
    for (int i = 0; i < THROWS; i++)
        count[parallel_random_below(&random, FACES)]++;
    double chi_square = 0;
    for (int face = 0; face < FACES; face++) {
        double surplus = count[face] - THROWS / FACES;
        chi_square += surplus * surplus / (THROWS / FACES);
    }
    ck_assert_msg(chi_square < 30, "%f", chi_square);
}
PROPERTY_END

PROPERTY(and_neighbours_are_unlike)
{
    /* The first numbers of neighbouring indexes, names and seeds: about half of the bits differ. */
    int differing = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        parallel_random_stream stream = parallel_random_stream_make(i, "a");
        parallel_random_stream other_name = parallel_random_stream_make(i, "b");
        parallel_random_stream other_seed = parallel_random_stream_make(i + 1, "a");
        parallel_random here = parallel_random_at(&stream, i);
        parallel_random there[3] = {parallel_random_at(&stream, i + 1), parallel_random_at(&other_name, i),
                                    parallel_random_at(&other_seed, i)};
        uint64_t number = parallel_random_uint64(&here);
        for (int k = 0; k < 3; k++)
            differing += __builtin_popcountll(number ^ parallel_random_uint64(&there[k]));
    }
    /* 96000 expected, with a standard deviation of 219. */
    ck_assert_int_gt(differing, 96000 - 1100);
    ck_assert_int_lt(differing, 96000 + 1100);
}
PROPERTY_END

PROPERTIES(at_the_ends_of_the_range, which_takes_as_many_numbers_for_each_result, over_many_numbers,
           and_neighbours_are_unlike)
