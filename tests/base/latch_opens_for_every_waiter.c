/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/latch.h"

#include <libparallel/deadline.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

enum { WAITERS = 6, RESULT = 4711, OWNERS_STATE = 5 << PL_LATCH_OWNER_SHIFT };

static struct pl_latch latch;
static int result; /* plain: what the latch publishes, watched by the thread sanitizer */

static void *sleep_for_result(void *spin_turns)
{
    return pl_latch_wait(&latch, PARALLEL_NEVER, *(uint32_t *)spin_turns) && result == RESULT ? &result : NULL;
}

static void *spin_for_result(void *unused)
{
    (void)unused;
    while (!pl_latch_is_open(&latch))
        pl_spin_pause();
    return result == RESULT ? &result : NULL;
}

PROPERTY(sleeping_or_spinning)
{
    struct test_thread sleepers[WAITERS], spinners[2];
    uint32_t no_turns = 0, few_turns = 10;
    for (int i = 0; i < WAITERS; i++)
        start_thread(&sleepers[i], sleep_for_result, i % 2 == 0 ? &no_turns : &few_turns);
    for (int i = 0; i < 2; i++)
        start_thread(&spinners[i], spin_for_result, NULL);
    for (int i = 0; i < WAITERS; i++)
        wait_until_asleep(sleepers[i].id, &latch.word);

    result = RESULT;
    pl_latch_open(&latch, OWNERS_STATE);
    for (int i = 0; i < WAITERS; i++)
        ck_assert_ptr_eq(join_thread(&sleepers[i]), &result);
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_eq(join_thread(&spinners[i]), &result);

    ck_assert(pl_latch_is_open(&latch));
    ck_assert_msg(pl_latch_wait(&latch, PARALLEL_NEVER, 0), "who comes late does not wait");
    ck_assert_uint_eq(pl_load_relaxed(&latch.word) & ~(uint32_t)(PL_LATCH_OPEN | PL_LATCH_WAITED), OWNERS_STATE);
}
PROPERTY_END

/* The owner's bits change while somebody sleeps: the sleeper is not disturbed, and none of the changes is lost. */
PROPERTY(while_the_owner_counts)
{
    struct test_thread sleeper;
    uint32_t no_turns = 0;
    start_thread(&sleeper, sleep_for_result, &no_turns);
    wait_until_asleep(sleeper.id, &latch.word);
    for (int i = 0; i < 1000; i++)
        pl_add_relaxed(&latch.word, 1u << PL_LATCH_OWNER_SHIFT); /* relaxed: only counted */
    result = RESULT;
    pl_latch_open(&latch, -(uint32_t)(900u << PL_LATCH_OWNER_SHIFT));
    ck_assert_ptr_eq(join_thread(&sleeper), &result);
    ck_assert_uint_eq(pl_load_relaxed(&latch.word) >> PL_LATCH_OWNER_SHIFT, 100);
}
PROPERTY_END

/* The latch opens at any moment of the wait. */
PROPERTY(at_any_moment)
{
    enum { ROUNDS = 3000 };
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct test_thread waiter;
        uint32_t turns = round % 3 * 20;
        atomic_init(&latch.word, 0);
        result = 0;
        start_thread(&waiter, sleep_for_result, &turns);
        for (uint32_t pause = 0; pause < round % 64; pause++)
            pl_spin_pause();
        result = RESULT;
        pl_latch_open(&latch, 0);
        ck_assert_ptr_eq(join_thread(&waiter), &result);
    }
}
PROPERTY_END

PROPERTIES(sleeping_or_spinning, while_the_owner_counts, at_any_moment)
