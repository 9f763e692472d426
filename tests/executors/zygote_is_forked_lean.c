/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a burst of futures has left is given back before the zygote is forked, or each worker's start copied page tables for
 * it. */
#include <parallel.h>

#include "libparallel/memory/slab.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

enum { BURST = 100000, RECORD_SIZE = 128 };

static int twice(int x)
{
    return 2 * x;
}
PARALLEL_FN(int, twice, int)

PROPERTY(ended_futures_do_not_weigh_on_the_zygote)
{
    void **records = calloc(BURST, sizeof *records);
    ck_assert_ptr_nonnull(records);
    for (int i = 0; i < BURST; i++)
        ck_assert_ptr_nonnull(records[i] = pl_slab_allocate(RECORD_SIZE));
    for (int i = 0; i < BURST; i++)
        pl_slab_free(records[i], RECORD_SIZE);
    free(records);
    if (!UNDER_ADDRESS_SANITIZER) /* there a slab is malloc's */
        ck_assert(pl_slab_is_worth_a_trim());
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:1,places=none,start=zygote", &executor), 0);
    ck_assert(!pl_slab_is_worth_a_trim());
    ck_assert_int_eq(twice_await(twice_on(executor, 21)), 42);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(ended_futures_do_not_weigh_on_the_zygote)
