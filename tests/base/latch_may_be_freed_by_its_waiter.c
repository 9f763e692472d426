/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A waiter may free the latch as soon as it sees it open, whatever the opener still has to do. Linked with --wrap of
 * both futex calls, so that the worst schedule can be forced: the waiter announces its sleep but the latch opens before
 * it sleeps, and the opener's wake comes when the memory is gone. */
#include "libparallel/base/latch.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "libparallel/base/futex.h"
#include <libparallel/deadline.h>

#include "tests/support/property.h"
#include "tests/support/threads.h"

static _Atomic bool is_forced;
static _Atomic bool waiter_has_announced, latch_has_opened, latch_is_gone;

enum pl_futex_result __real_pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                          enum pl_futex_scope scope);
enum pl_futex_result __wrap_pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                          enum pl_futex_scope scope);
int __real_pl_futex_wake(_Atomic uint32_t *word, int count, enum pl_futex_scope scope);
int __wrap_pl_futex_wake(_Atomic uint32_t *word, int count, enum pl_futex_scope scope);

/* Relaxed throughout: these flags must order nothing that the latch should order. */
static void wait_for(_Atomic bool *flag)
{
    while (!pl_load_relaxed(flag))
        sched_yield();
}

enum pl_futex_result __wrap_pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                          enum pl_futex_scope scope)
{
    if (pl_load_relaxed(&is_forced)) {
        pl_store_relaxed(&waiter_has_announced, true);
        wait_for(&latch_has_opened);
    }
    return __real_pl_futex_wait(word, expected, deadline_ns, scope);
}

int __wrap_pl_futex_wake(_Atomic uint32_t *word, int count, enum pl_futex_scope scope)
{
    if (pl_load_relaxed(&is_forced)) {
        pl_store_relaxed(&latch_has_opened, true);
        wait_for(&latch_is_gone);
    }
    return __real_pl_futex_wake(word, count, scope);
}

static void *wait_and_unmap(void *latch)
{
    bool is_open = pl_latch_wait(latch, PARALLEL_NEVER, 0);
    int status = munmap(latch, 4096);
    pl_store_relaxed(&latch_is_gone, true);
    return is_open && status == 0 ? &latch_is_gone : NULL;
}

PROPERTY(the_wake_comes_when_the_memory_is_unmapped)
{
    struct test_thread waiter;
    struct pl_latch *latch = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(latch, MAP_FAILED);
    pl_store_relaxed(&is_forced, true);
    start_thread(&waiter, wait_and_unmap, latch);
    wait_for(&waiter_has_announced);
    pl_latch_open(latch, 0);
    ck_assert(pl_load_relaxed(&latch_is_gone));
    ck_assert_ptr_nonnull(join_thread(&waiter));
}
PROPERTY_END

/* Many times, sleeping and polling, for the address sanitizer. */
enum { ROUNDS = 20000 };

static _Atomic(struct pl_latch *) next_latch;

static void *open_latches(void *unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        struct pl_latch *latch;
        /* Acquire: pairs with the release of the waiter, which initialised it. */
        while ((latch = pl_exchange_acquire(&next_latch, NULL)) == NULL)
            sched_yield();
        pl_latch_open(latch, 0);
    }
    return NULL;
}

PROPERTY(the_memory_is_freed_and_allocated_anew_at_once)
{
    struct test_thread opener;
    start_thread(&opener, open_latches, NULL);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct pl_latch *latch = malloc(sizeof *latch);
        ck_assert_ptr_nonnull(latch);
        atomic_init(&latch->word, 0);
        pl_store_release(&next_latch, latch); /* pairs with the opener's exchange */
        if (round % 3 == 0)
            while (!pl_latch_wait(latch, PARALLEL_POLL, 0))
                sched_yield();
        else
            ck_assert(pl_latch_wait(latch, PARALLEL_NEVER, round % 3 == 1 ? 0 : 200));
        free(latch);
    }
    join_thread(&opener);
}
PROPERTY_END

PROPERTIES(the_wake_comes_when_the_memory_is_unmapped, the_memory_is_freed_and_allocated_anew_at_once)
