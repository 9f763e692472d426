/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <string.h>

#include "tests/memory/space.h"
#include "tests/support/property.h"

static bool is_full_of(const unsigned char *block, unsigned char value, size_t size)
{
    return block[0] == value && memcmp(block, block + 1, size - 1) == 0;
}

PROPERTY(blocks_of_every_size_are_zeroed_aligned_and_shared)
{
    for (size_t size = 1; size < 3 * MIB; size += size / 7 + 1) {
        unsigned char *block = block_of(size);
        ck_assert_msg(is_full_of(block, 0, size), "%zu bytes are not zeroed", size);
        ck_assert_uint_eq((uintptr_t)block % (size > 16384 ? 65536 : 64), 0);
        ck_assert(parallel_shared_contains(block));
        ck_assert(parallel_shared_contains(block + size - 1));
        memset(block, 0xff, size);
        ck_assert_ok(parallel_shared_free(block));
    }
}
PROPERTY_END

PROPERTY(blocks_do_not_overlap)
{
    enum { COUNT = 3000 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            sizes[i] = (size_t)(i * 37 % 1000) * (i % 10 == 0 ? 50 : 1) + 1;
            blocks[i] = block_of(sizes[i]);
            ck_assert(is_full_of(blocks[i], 0, sizes[i]));
            memset(blocks[i], i % 255 + 1, sizes[i]);
        }
        for (int i = 0; i < COUNT; i++)
            ck_assert(is_full_of(blocks[i], (unsigned char)(i % 255 + 1), sizes[i]));
        /* In another order than they came, so that holes are reused. */
        for (int i = 0; i < COUNT; i++)
            ck_assert_ok(parallel_shared_free(blocks[(i * 7 + round) % COUNT]));
    }
}
PROPERTY_END

PROPERTY(an_array_has_the_type_and_size_that_it_says)
{
    double *numbers = PARALLEL_SHARED_ARRAY(double, 1000);
    ck_assert_ptr_nonnull(numbers);
    for (int i = 0; i < 1000; i++)
        ck_assert(numbers[i] == 0.0);
    ck_assert(parallel_shared_contains(&numbers[999]));
    ck_assert_ok(parallel_shared_free(numbers));
}
PROPERTY_END

PROPERTIES(blocks_of_every_size_are_zeroed_aligned_and_shared, blocks_do_not_overlap,
           an_array_has_the_type_and_size_that_it_says)
