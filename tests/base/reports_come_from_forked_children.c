/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What broke: a child that was forked while another thread set the reporter inherited a lock that nobody would ever
 * release, and hung in its first report.
 *
 * Linked with --wrap of pthread_mutex_lock and pthread_mutex_unlock, so that a thread keeps the lock until the fork is
 * over, or until the forking thread is about to wait for the lock. */
#include "libparallel/base/error.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "libparallel/base/atomics.h"

#include "tests/support/in_child.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

static _Thread_local bool keeps_its_lock, forks;
static _Atomic bool lock_is_kept, lock_is_wanted;

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);

/* Relaxed: these flags only force the schedule; what is locked here is not read through them. */
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (forks)
        pl_store_relaxed(&lock_is_wanted, true);
    return __real_pthread_mutex_lock(mutex);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (keeps_its_lock) {
        pl_store_relaxed(&lock_is_kept, true);
        while (!pl_load_relaxed(&lock_is_wanted))
            sched_yield();
    }
    return __real_pthread_mutex_unlock(mutex);
}

static void *set_reporter_slowly(void *unused)
{
    keeps_its_lock = true;
    parallel_set_reporter(NULL, NULL);
    return unused;
}

static void report(void *unused)
{
    (void)unused;
    forks = false;
    pl_report("the child reports");
}

PROPERTY(while_another_thread_sets_the_reporter)
{
    struct test_thread setter;
    start_thread(&setter, set_reporter_slowly, NULL);
    while (!pl_load_relaxed(&lock_is_kept))
        sched_yield();
    forks = true;
    struct child_outcome outcome = run_in_child(report, NULL);
    forks = false;
    pl_store_relaxed(&lock_is_wanted, true);
    join_thread(&setter);
    ck_assert_msg(ended_well(&outcome), "status %x: %s", (unsigned)outcome.status, outcome.complaint);
    ck_assert_str_eq(outcome.complaint, "libparallel: the child reports\n");
}
PROPERTY_END

int main(void)
{
    unsetenv("PARALLEL_QUIET"); /* set by a user who runs this test, it would silence what is expected here */
    const TTest *const tests[] = {while_another_thread_sets_the_reporter};
    return property_run(__FILE__, tests, 1);
}
