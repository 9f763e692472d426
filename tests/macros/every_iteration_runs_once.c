/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

enum { LARGEST = 20000 };

static atomic_uchar hits[LARGEST];

static void forget_hits(void)
{
    memset(hits, 0, sizeof hits);
}

static void expect_hits(size_t first, size_t last)
{
    for (size_t i = 0; i < LARGEST; i++)
        if (hits[i] != (i >= first && i < last))
            ck_abort_msg("%zu ran %d times", i, hits[i]);
}

PROPERTY(for_any_length_and_any_number_of_workers)
{
    static const size_t lengths[] = {0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1000, LARGEST};
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++)
        for (size_t workers = 0; workers <= 9; workers++) {
            forget_hits();
            PARALLEL_FOR(i, 0, lengths[l], .workers = workers)
                hits[i]++;
            expect_hits(0, lengths[l]);
        }
}
PROPERTY_END

PROPERTY(with_more_workers_than_iterations_and_cores)
{
    forget_hits();
    PARALLEL_FOR(i, 10, 27, .workers = 64)
        hits[i]++;
    expect_hits(10, 27);
}
PROPERTY_END

PROPERTY(with_any_grain)
{
    static const size_t grains[] = {1, 2, 3, 100, LARGEST - 1, LARGEST, LARGEST + 1, SIZE_MAX};
    for (size_t g = 0; g < sizeof grains / sizeof grains[0]; g++) {
        forget_hits();
        PARALLEL_FOR(i, 5, LARGEST, .grain = grains[g], .workers = 3)
            hits[i]++;
        expect_hits(5, LARGEST);
    }
}
PROPERTY_END

PROPERTY(in_a_loop_that_is_repeated_for_long)
{
    /* More rounds than there are epochs, and the loop becomes known as a short one. */
    for (int round = 0; round < 1000; round++) {
        forget_hits();
        PARALLEL_FOR(i, 0, 50, .workers = 2)
            hits[i]++;
        PARALLEL_FOR(i, 50, 100)
            hits[i]++;
        expect_hits(0, 100);
    }
}
PROPERTY_END

PROPERTY(also_with_continue)
{
    forget_hits();
    PARALLEL_FOR(i, 0, LARGEST) {
        if (i % 2 == 0)
            continue;
        hits[i]++;
        hits[i - 1]++;
    }
    expect_hits(0, LARGEST);
}
PROPERTY_END

PROPERTY(in_nested_loops)
{
    forget_hits();
    PARALLEL_FOR(i, 0, 100)
        PARALLEL_FOR(j, 0, 100)
            hits[100 * i + j]++;
    expect_hits(0, 10000);
}
PROPERTY_END

PROPERTIES(for_any_length_and_any_number_of_workers, with_more_workers_than_iterations_and_cores, with_any_grain,
           in_a_loop_that_is_repeated_for_long, also_with_continue, in_nested_loops)
