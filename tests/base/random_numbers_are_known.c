/* SPDX-License-Identifier: BSD-3-Clause */
#include <libparallel/random.h>

#include <Random123/philox.h>
#include <inttypes.h>
#include <string.h>

#include "tests/support/property.h"

PROPERTY(as_philox_publishes_them)
{
    /* The first of the known answers that come with Random123: key and counter all zero. */
    parallel_random_stream zero = {{0, 0}};
    parallel_random random = parallel_random_at(&zero, 0);
    ck_assert_uint_eq(parallel_random_uint64(&random), 0x16554d9eca36314c);
    ck_assert_uint_eq(parallel_random_uint64(&random), 0xdb20fe9d672d0fdc);
    ck_assert_uint_eq(parallel_random_uint64(&random), 0xd7e772cee186176b);
    ck_assert_uint_eq(parallel_random_uint64(&random), 0x7e68b68aec7ba23b);
}
PROPERTY_END

PROPERTY(as_key_and_counter_are_documented)
{
    /* FNV-1a of "darts", computed apart from the library. */
    parallel_random_stream darts = parallel_random_stream_make(42, "darts");
    ck_assert_uint_eq(darts.key[0], 42);
    ck_assert_uint_eq(darts.key[1], UINT64_C(0x4c67ee57ad3c11c1));
    static const uint64_t indexes[] = {0, 1, 2, 1000000007, UINT64_MAX};
    for (size_t k = 0; k < sizeof indexes / sizeof indexes[0]; k++) {
        parallel_random random = parallel_random_at(&darts, indexes[k]);
        philox4x64_key_t key = {{darts.key[0], darts.key[1]}};
        for (uint64_t block = 0; block < 100; block++) {
            philox4x64_ctr_t counter = {{block, indexes[k], 0, 0}};
            philox4x64_ctr_t expected = philox4x64(counter, key);
            for (int i = 0; i < 4; i++)
                ck_assert_msg(parallel_random_uint64(&random) == expected.v[i], "index %" PRIu64 ", block %" PRIu64,
                              indexes[k], block);
        }
    }
}
PROPERTY_END

PROPERTY(in_every_form)
{
    parallel_random_stream stream = parallel_random_stream_make(7, "");
    parallel_random whole = parallel_random_at(&stream, 3), half = whole, real = whole, any = whole;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = parallel_random_uint64(&whole);
        ck_assert_uint_eq(parallel_random_uint32(&half), number >> 32);
        double value = parallel_random_double(&real);
        ck_assert(value == (double)(number >> 11) / 9007199254740992.0);
        ck_assert(value >= 0 && value < 1);
        ck_assert_uint_eq(parallel_random_below(&any, 0), number);
    }
}
PROPERTY_END

PROPERTY(below_one_at_most)
{
    /* A sequence of which only the largest and the smallest number are left. */
    parallel_random random;
    memset(&random, 0, sizeof random);
    random.filled = 2;
    random.numbers[0] = UINT64_MAX;
    ck_assert(parallel_random_double(&random) == 1 - 0x1.0p-53);
    ck_assert(parallel_random_double(&random) == 0);
}
PROPERTY_END

PROPERTIES(as_philox_publishes_them, as_key_and_counter_are_documented, in_every_form, below_one_at_most)
