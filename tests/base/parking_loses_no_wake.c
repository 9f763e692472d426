/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Workers as docs/protocols/parking.md describes them, on work that is a mere counter. A lost wake is a test that hangs,
 * and its time limit says so. */
#include "libparallel/base/parking_lot.h"

#include <sched.h>

#include "libparallel/base/clock.h"

#include "tests/support/property.h"
#include "tests/support/threads.h"

enum { WORKERS = 4, PUBLISHERS = 3 };

static struct pl_parking_lot lot;
static struct pl_parker parkers[WORKERS];
static struct test_thread workers[WORKERS];
static uint64_t sleep_ns; /* how long a worker sleeps at most; 0: until it is woken */
static _Atomic uint32_t waiting;  /* tasks that nobody has taken yet: the work */
static _Atomic uint32_t done;
static _Atomic bool has_ended;

static bool take_one(void)
{
    /* Sequentially consistent: "looks for work" of the protocol. */
    uint32_t seen = pl_load_seq_cst(&waiting);
    while (seen > 0)
        if (pl_cas_seq_cst(&waiting, &seen, seen - 1))
            return true;
    return false;
}

static void *work(void *argument)
{
    struct pl_parker *self = argument;
    for (;;) {
        bool found = take_one();
        if (!found) {
            if (pl_load_seq_cst(&has_ended))
                return self;
            pl_parking_lot_enter(&lot, self);
            found = take_one();
            if (found || pl_load_seq_cst(&has_ended)) {
                if (!pl_parking_lot_leave(&lot, self))
                    pl_parking_lot_wake_one(&lot);
            } else {
                uint64_t deadline = sleep_ns == 0 ? PARALLEL_NEVER : pl_clock_now_ns() + sleep_ns;
                pl_parking_lot_sleep(&lot, self, deadline);
            }
        }
        if (found)
            pl_add_acq_rel(&done, 1); /* pairs with the loads of those who wait for it */
    }
}

static void publish_one(void)
{
    pl_add_seq_cst(&waiting, 1); /* "publishes work" of the protocol */
    pl_parking_lot_wake_one(&lot);
}

static void wait_until_done(uint32_t count)
{
    while (pl_load_acquire(&done) != count) /* pairs with the additions of the workers */
        sched_yield();
}

static void start_workers(void)
{
    pl_parking_lot_open(&lot);
    for (int i = 0; i < WORKERS; i++)
        start_thread(&workers[i], work, &parkers[i]);
}

static void stop_workers(void)
{
    pl_store_seq_cst(&has_ended, true); /* an end is work, too */
    while (pl_parking_lot_wake_one(&lot) != NULL)
        ;
    for (int i = 0; i < WORKERS; i++)
        ck_assert_ptr_eq(join_thread(&workers[i]), &parkers[i]);
    ck_assert_uint_eq(pl_parking_lot_count(&lot), 0);
    ck_assert_ptr_null(lot.top);
    pl_parking_lot_close(&lot);
}

/* Nothing follows a wake that was lost, so nothing hides it. */
PROPERTY(each_task_is_done_before_the_next_is_published)
{
    enum { TASKS = 5000 };
    start_workers();
    for (uint32_t task = 1; task <= TASKS; task++) {
        publish_one();
        wait_until_done(task);
    }
    stop_workers();
}
PROPERTY_END

enum { TASKS_EACH = 10000, BURST = 16 };

static void *publish_bursts(void *unused)
{
    (void)unused;
    for (int i = 0; i < TASKS_EACH; i++) {
        publish_one();
        if (i % BURST == 0)
            sched_yield();
    }
    return NULL;
}

static void work_through_a_storm(void)
{
    struct test_thread publishers[PUBLISHERS];
    start_workers();
    for (int i = 0; i < PUBLISHERS; i++)
        start_thread(&publishers[i], publish_bursts, NULL);
    for (int i = 0; i < PUBLISHERS; i++)
        join_thread(&publishers[i]);
    wait_until_done(PUBLISHERS * TASKS_EACH);
    stop_workers();
    ck_assert_uint_eq(pl_load_relaxed(&done), PUBLISHERS * TASKS_EACH); /* relaxed: all threads have ended */
    ck_assert_uint_eq(pl_load_relaxed(&waiting), 0);
}

PROPERTY(in_a_storm)
{
    work_through_a_storm();
}
PROPERTY_END

/* Deadlines pass all the time, also while wakes are under way. */
PROPERTY(in_a_storm_of_wakes_and_deadlines)
{
    sleep_ns = 2000;
    work_through_a_storm();
}
PROPERTY_END

PROPERTIES(each_task_is_done_before_the_next_is_published, in_a_storm, in_a_storm_of_wakes_and_deadlines)
