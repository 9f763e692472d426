/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A wake meets a worker that is about to leave by itself, or whose deadline has just passed: exactly one of the two takes
 * the worker off the stack, and the worker learns which. Linked with --wrap=pl_futex_wait, so that the wake can come at
 * the worst moment: after the kernel has said that the deadline passed. */
#include "libparallel/base/parking_lot.h"

#include <sched.h>

#include "libparallel/base/futex.h"
#include <libparallel/deadline.h>

#include "tests/support/property.h"
#include "tests/support/threads.h"

static struct pl_parking_lot lot;
static struct pl_parker worker;
static bool is_woken_at_its_deadline;

enum pl_futex_result __real_pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                          enum pl_futex_scope scope);
enum pl_futex_result __wrap_pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                          enum pl_futex_scope scope);

enum pl_futex_result __wrap_pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                          enum pl_futex_scope scope)
{
    enum pl_futex_result result = __real_pl_futex_wait(word, expected, deadline_ns, scope);
    if (is_woken_at_its_deadline && result == PL_FUTEX_TIMED_OUT)
        ck_assert_ptr_eq(pl_parking_lot_wake_one(&lot), &worker);
    return result;
}

PROPERTY(a_wake_after_the_deadline_counts)
{
    pl_parking_lot_open(&lot);
    pl_parking_lot_enter(&lot, &worker);
    is_woken_at_its_deadline = true;
    ck_assert_msg(pl_parking_lot_sleep(&lot, &worker, PARALLEL_POLL), "the wake was used on this worker");
    ck_assert_uint_eq(pl_parking_lot_count(&lot), 0);
}
PROPERTY_END

PROPERTY(a_wake_before_the_sleep_counts)
{
    pl_parking_lot_open(&lot);
    pl_parking_lot_enter(&lot, &worker);
    ck_assert_ptr_eq(pl_parking_lot_wake_one(&lot), &worker);
    ck_assert(pl_parking_lot_sleep(&lot, &worker, PARALLEL_NEVER));
}
PROPERTY_END

PROPERTY(a_worker_that_leaves_learns_of_its_wake)
{
    pl_parking_lot_open(&lot);
    pl_parking_lot_enter(&lot, &worker);
    ck_assert_ptr_eq(pl_parking_lot_wake_one(&lot), &worker);
    ck_assert(!pl_parking_lot_leave(&lot, &worker));
    pl_parking_lot_enter(&lot, &worker);
    ck_assert(pl_parking_lot_leave(&lot, &worker));
    ck_assert_ptr_null(pl_parking_lot_wake_one(&lot));
}
PROPERTY_END

/* Without force: as many wakes as the waker counted have reached the worker, whichever way it came back. */
static _Atomic bool has_ended;

static void *wake_again_and_again(void *count)
{
    while (!pl_load_relaxed(&has_ended)) { /* relaxed: nothing hangs on it but the end of the loop */
        if (pl_parking_lot_wake_one(&lot) == NULL)
            sched_yield();
        else
            ++*(int *)count;
    }
    return NULL;
}

PROPERTY(no_wake_is_counted_twice_or_not_at_all)
{
    enum { ROUNDS = 20000 };
    struct test_thread waker;
    int aimed = 0, received = 0;
    pl_parking_lot_open(&lot);
    start_thread(&waker, wake_again_and_again, &aimed);
    for (int round = 0; round < ROUNDS; round++) {
        pl_parking_lot_enter(&lot, &worker);
        if (round % 2 == 0)
            received += !pl_parking_lot_leave(&lot, &worker);
        else
            received += pl_parking_lot_sleep(&lot, &worker, round % 4 == 1 ? PARALLEL_POLL : parallel_deadline_in(1e-5));
    }
    pl_store_relaxed(&has_ended, true);
    join_thread(&waker);
    ck_assert_int_eq(received, aimed);
    ck_assert_uint_eq(pl_parking_lot_count(&lot), 0);
    pl_parking_lot_close(&lot);
}
PROPERTY_END

PROPERTIES(a_wake_after_the_deadline_counts, a_wake_before_the_sleep_counts, a_worker_that_leaves_learns_of_its_wake,
           no_wake_is_counted_twice_or_not_at_all)
