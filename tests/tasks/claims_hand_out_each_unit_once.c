/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/tasks/claiming.h"

#include <pthread.h>
#include <string.h>

#include "tests/support/property.h"

enum { WORKERS = 4, UNITS = 40000 };

static struct pl_claim_slot slots[WORKERS];
static atomic_uchar hits[UNITS];
static atomic_int ready;
static struct pl_claims claims;
static struct pl_claim_size size;

static void begin_loop(uint32_t units, uint32_t workers, uint32_t epoch)
{
    claims = (struct pl_claims){slots, units, workers, epoch};
    memset(hits, 0, sizeof hits);
    ready = 0;
}

static void run(struct pl_claim claim)
{
    ck_assert_uint_lt(claim.first, claim.last);
    for (uint32_t unit = claim.first; unit < claim.last; unit++)
        hits[unit]++;
}

static void work(uint32_t k)
{
    struct pl_claim claim;
    bool found = true;
    while (found) {
        found = pl_claims_take(&claims, k, size, &claim);
        for (uint32_t victim = 0; victim < claims.worker_count && !found; victim++)
            found = victim != k && pl_claims_steal(&claims, k, victim, size, &claim);
        if (found)
            run(claim);
    }
}

static void expect_all_once(void)
{
    for (uint32_t unit = 0; unit < claims.unit_count; unit++)
        if (hits[unit] != 1)
            ck_abort_msg("unit %u ran %d times", unit, hits[unit]);
}

static void *race(void *number)
{
    ready++;
    while (ready < WORKERS)
        ;
    work((uint32_t)(uintptr_t)number);
    return NULL;
}

PROPERTY(to_workers_that_race)
{
    static const struct pl_claim_size sizes[] = {{1, 1}, {64, 4}, {1000, 62}, {UNITS, UNITS}};
    uint32_t epoch = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int round = 0; round < 10; round++) {
            size = sizes[s];
            begin_loop(UNITS, WORKERS, ++epoch);
            pthread_t threads[WORKERS];
            for (uintptr_t k = 0; k < WORKERS; k++)
                ck_assert_int_eq(pthread_create(&threads[k], NULL, race, (void *)k), 0);
            for (int k = 0; k < WORKERS; k++)
                ck_assert_int_eq(pthread_join(threads[k], NULL), 0);
            expect_all_once();
        }
}
PROPERTY_END

PROPERTY(to_one_worker_if_no_other_comes)
{
    size = (struct pl_claim_size){100, 6};
    for (uint32_t k = 0; k < WORKERS; k++) {
        begin_loop(UNITS, WORKERS, k + 1);
        work(k);
        expect_all_once();
    }
}
PROPERTY_END

PROPERTY(of_fewer_units_than_workers)
{
    size = (struct pl_claim_size){1, 1};
    for (uint32_t units = 1; units < WORKERS; units++) {
        begin_loop(units, WORKERS, units);
        for (uint32_t k = 0; k < WORKERS; k++)
            work(k);
        expect_all_once();
    }
}
PROPERTY_END

PROPERTY(first_from_its_own_share_and_then_half_of_the_others_rest)
{
    size = (struct pl_claim_size){10, 1};
    begin_loop(200, 2, 1);
    struct pl_claim claim;
    ck_assert(pl_claims_take(&claims, 1, size, &claim));
    ck_assert_uint_eq(claim.first, 100);
    ck_assert_uint_eq(claim.last, 110);
    ck_assert(pl_claims_take(&claims, 0, size, &claim));
    ck_assert_uint_eq(claim.first, 0);
    ck_assert_uint_eq(claim.last, 10);
    while (pl_claims_take(&claims, 1, size, &claim))
        ;
    ck_assert(pl_claims_steal(&claims, 1, 0, size, &claim));
    ck_assert_uint_eq(claim.first, 55); /* 10 to 99 were left */
    ck_assert_uint_eq(claim.last, 65);
    ck_assert(pl_claims_take(&claims, 1, size, &claim));
    ck_assert_uint_eq(claim.first, 65);
    ck_assert(pl_claims_take(&claims, 0, size, &claim));
    ck_assert_uint_eq(claim.first, 10);
}
PROPERTY_END

PROPERTY(in_chunks_that_shrink_towards_the_end)
{
    size = (struct pl_claim_size){100, 5};
    begin_loop(1000, 1, 1);
    struct pl_claim claim;
    uint32_t last_length = UINT32_MAX, first = 0;
    while (pl_claims_take(&claims, 0, size, &claim)) {
        ck_assert_uint_eq(claim.first, first);
        ck_assert_uint_le(claim.last - claim.first, last_length);
        ck_assert_uint_le(claim.last - claim.first, 100);
        ck_assert(claim.last - claim.first >= 5 || claim.last == 1000);
        last_length = claim.last - claim.first;
        first = claim.last;
    }
    ck_assert_uint_eq(first, 1000);
}
PROPERTY_END

PROPERTY(of_the_largest_count)
{
    size = (struct pl_claim_size){PL_CLAIM_LARGEST_UNIT_COUNT, PL_CLAIM_LARGEST_UNIT_COUNT};
    begin_loop(PL_CLAIM_LARGEST_UNIT_COUNT, 3, PL_CLAIM_LARGEST_EPOCH);
    uint32_t first = 0;
    for (uint32_t k = 0; k < 3; k++) {
        struct pl_claim claim;
        ck_assert(pl_claims_take(&claims, k, size, &claim));
        ck_assert_uint_eq(claim.first, first);
        ck_assert(!pl_claims_take(&claims, k, size, &claim));
        first = claim.last;
    }
    ck_assert_uint_eq(first, PL_CLAIM_LARGEST_UNIT_COUNT);
}
PROPERTY_END

PROPERTY(in_large_chunks_from_line_to_line)
{
    struct pl_claim claim;
    uint32_t begun = 7; /* odd on purpose: of the first chunk only */
    size = (struct pl_claim_size){1500, 90};
    begin_loop(UNITS, 2, 1);
    pl_store_relaxed(&slots[0].word, (uint64_t)1 << 56 | (uint64_t)begun << 28 | UNITS);
    pl_store_relaxed(&slots[1].word, (uint64_t)1 << 56);
    ck_assert(pl_claims_take(&claims, 0, size, &claim));
    ck_assert_uint_eq(claim.first, begun);
    ck_assert_uint_eq(claim.last, (begun + 1500) / 64 * 64);
    ck_assert(pl_claims_steal(&claims, 1, 0, size, &claim)); /* half of what is left */
    uint32_t rest = (begun + 1500) / 64 * 64;
    ck_assert_uint_eq(claim.first, (rest + (UNITS - rest) / 2) / 64 * 64);
    ck_assert_uint_eq(claim.last, (claim.first + 1500) / 64 * 64);
    size = (struct pl_claim_size){100, 6}; /* a small one is as large as was asked */
    ck_assert(pl_claims_take(&claims, 0, size, &claim));
    ck_assert_uint_eq(claim.first, rest);
    ck_assert_uint_eq(claim.last, rest + 100);
}
PROPERTY_END

PROPERTIES(to_workers_that_race, to_one_worker_if_no_other_comes, of_fewer_units_than_workers,
           first_from_its_own_share_and_then_half_of_the_others_rest, in_chunks_that_shrink_towards_the_end,
           of_the_largest_count, in_large_chunks_from_line_to_line)
