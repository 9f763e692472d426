/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What broke: a waker took a worker off the stack, and before it wrote "you are called" the worker left and parked
 * anew. The late write then called the worker out of a sleep for which it still stood on the stack, and its next
 * parking put it there twice.
 *
 * The schedule is forced by linking with --wrap=pthread_mutex_unlock: whatever the waker does after it has released
 * the lot's lock comes after the worker left and parked anew. */
#include "libparallel/base/parking_lot.h"

#include <libparallel/deadline.h>

#include "tests/support/property.h"

static struct pl_parking_lot lot;
static struct pl_parker worker;
static bool parks_anew_at_unlock;
static bool was_on_the_stack;

int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    int status = __real_pthread_mutex_unlock(mutex);
    if (parks_anew_at_unlock) {
        parks_anew_at_unlock = false;
        was_on_the_stack = pl_parking_lot_leave(&lot, &worker);
        pl_parking_lot_enter(&lot, &worker);
    }
    return status;
}

PROPERTY(the_next_sleep_is_not_cut_short_by_the_wake_of_the_last)
{
    pl_parking_lot_open(&lot);
    pl_parking_lot_enter(&lot, &worker);

    parks_anew_at_unlock = true;
    ck_assert_ptr_eq(pl_parking_lot_wake_one(&lot), &worker);
    ck_assert(!parks_anew_at_unlock);
    ck_assert_msg(!was_on_the_stack, "the wake was aimed at the worker before it left");

    ck_assert_uint_eq(pl_parking_lot_count(&lot), 1);
    ck_assert_msg(!pl_parking_lot_sleep(&lot, &worker, PARALLEL_POLL), "nobody aimed a wake at the second parking");
    ck_assert_uint_eq(pl_parking_lot_count(&lot), 0);
    pl_parking_lot_close(&lot);
}
PROPERTY_END

PROPERTIES(the_next_sleep_is_not_cut_short_by_the_wake_of_the_last)
