/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/parking_lot.h"

#include <libparallel/deadline.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

enum { WORKERS = 8 };

struct worker {
    struct test_thread thread;
    struct pl_parker parker;
    int news_of_waker;
};

static struct pl_parking_lot lot;
static struct worker workers[WORKERS];
static int news; /* plain: what a wake publishes, watched by the thread sanitizer */

static void *park(void *argument)
{
    struct worker *self = argument;
    pl_parking_lot_enter(&lot, &self->parker);
    if (!pl_parking_lot_sleep(&lot, &self->parker, PARALLEL_NEVER))
        return NULL;
    self->news_of_waker = news;
    return self;
}

static void park_all(void)
{
    pl_parking_lot_open(&lot);
    for (int i = 0; i < WORKERS; i++)
        start_thread(&workers[i].thread, park, &workers[i]);
    for (int i = 0; i < WORKERS; i++)
        wait_until_asleep(workers[i].thread.id, &workers[i].parker.is_called);
    ck_assert_uint_eq(pl_parking_lot_count(&lot), WORKERS);
}

static void all_have_come_back(void)
{
    ck_assert_uint_eq(pl_parking_lot_count(&lot), 0);
    ck_assert_ptr_null(pl_parking_lot_wake_one(&lot));
    for (int i = 0; i < WORKERS; i++) {
        ck_assert_ptr_eq(join_thread(&workers[i].thread), &workers[i]);
        ck_assert_int_eq(workers[i].news_of_waker, 4711);
    }
    pl_parking_lot_close(&lot);
}

PROPERTY(one_waker_wakes_as_many_as_it_calls)
{
    park_all();
    news = 4711;
    for (int i = 0; i < WORKERS; i++)
        ck_assert_ptr_nonnull(pl_parking_lot_wake_one(&lot));
    all_have_come_back();
}
PROPERTY_END

static void *wake_two(void *unused)
{
    (void)unused;
    struct pl_parker *first = pl_parking_lot_wake_one(&lot), *second = pl_parking_lot_wake_one(&lot);
    return first != NULL && second != NULL && first != second ? &lot : NULL;
}

PROPERTY(several_wakers_never_wake_the_same_one)
{
    struct test_thread wakers[WORKERS / 2];
    park_all();
    news = 4711;
    for (int i = 0; i < WORKERS / 2; i++)
        start_thread(&wakers[i], wake_two, NULL);
    for (int i = 0; i < WORKERS / 2; i++)
        ck_assert_ptr_nonnull(join_thread(&wakers[i]));
    all_have_come_back();
}
PROPERTY_END

PROPERTIES(one_waker_wakes_as_many_as_it_calls, several_wakers_never_wake_the_same_one)
