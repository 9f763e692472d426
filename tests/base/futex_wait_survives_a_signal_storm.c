/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A signal handler of the user's interrupts a wait. It counts as a wake for no reason: the waiter looks again and waits
 * on, and since its deadline is absolute, no number of interruptions moves it. */
#include "libparallel/base/futex.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include "libparallel/base/clock.h"

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

static _Atomic uint32_t word;
static _Atomic uint32_t signals;

static void count_signal(int number)
{
    (void)number;
    pl_add_relaxed(&signals, 1); /* relaxed: only counted */
}

static void handle_signals(int flags)
{
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
}

static void *wait_for_the_word(void *interruptions)
{
    while (pl_load_acquire(&word) == 0) /* pairs with the store of whoever ends the storm */
        if (pl_futex_wait(&word, 0, PARALLEL_NEVER, PL_FUTEX_PRIVATE) == PL_FUTEX_WOKEN)
            ++*(int *)interruptions;
    return NULL;
}

/* One signal after the other, each at a sleeping waiter, without timing: the next is sent when the last was handled. */
PROPERTY(each_interruption_is_a_wake_for_no_reason)
{
    enum { ROUNDS = 1000 };
    struct test_thread waiter;
    int interruptions = 0;
    handle_signals(0);
    start_thread(&waiter, wait_for_the_word, &interruptions);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        wait_until_asleep(waiter.id, &word);
        ck_assert_int_eq(pthread_kill(waiter.handle, SIGALRM), 0);
        while (pl_load_relaxed(&signals) < round) /* relaxed: only counted */
            sched_yield();
    }
    wait_until_asleep(waiter.id, &word);
    pl_store_release(&word, 1); /* pairs with the load of the waiter */
    pl_futex_wake(&word, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
    join_thread(&waiter);
    ck_assert_int_eq(interruptions, ROUNDS + 1);
}
PROPERTY_END

/* The interval is far shorter than the wait, so a wait that started anew at each signal would never end. */
static void waits_under_a_storm(int flags)
{
    struct itimerval storm = {.it_interval = {.tv_usec = 500}, .it_value = {.tv_usec = 500}};
    struct itimerval calm = {0};
    handle_signals(flags);
    uint64_t deadline = parallel_deadline_in(0.05);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &storm, NULL), 0);
    errno = EDOM;
    enum pl_futex_result result;
    while ((result = pl_futex_wait(&word, 0, deadline, PL_FUTEX_PRIVATE)) == PL_FUTEX_WOKEN)
        ;
    ck_assert_int_eq(errno, EDOM);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &calm, NULL), 0);
    ck_assert_int_eq(result, PL_FUTEX_TIMED_OUT);
    ck_assert_uint_ge(pl_clock_now_ns(), deadline);
    ck_assert_uint_gt(pl_load_relaxed(&signals), 0); /* relaxed: only counted */
}

PROPERTY(no_interruption_moves_the_deadline)
{
    waits_under_a_storm(0);
}
PROPERTY_END

PROPERTY(no_restarted_call_moves_the_deadline)
{
    waits_under_a_storm(SA_RESTART);
}
PROPERTY_END

PROPERTIES(each_interruption_is_a_wake_for_no_reason, no_interruption_moves_the_deadline,
           no_restarted_call_moves_the_deadline)
