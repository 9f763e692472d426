/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A thread that waits on the CPU of a bound worker moves to a CPU that no worker needs, once in a while, and has its old mask
 * again afterwards; where it cannot, it is told to yield, and the worker learns of it. The kernel is the test's own: what
 * stands behind -Wl,--wrap in the LDFLAGS. */
#include "libparallel/machine/crowd.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "libparallel/base/clock.h"

#include "tests/support/property.h"

static int here;
static cpu_set_t mask;
static cpu_set_t asked_for[4]; /* what the thread was bound to, one after the other */
static int asked_count;
static uint64_t now_ns = 1000000000;

int __wrap_sched_getcpu(void);
int __wrap_sched_getaffinity(pid_t thread, size_t size, cpu_set_t *out);
int __wrap_sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *wanted);
uint64_t __wrap_pl_clock_now_ns(void);

int __wrap_sched_getcpu(void)
{
    return here;
}

int __wrap_sched_getaffinity(pid_t thread, size_t size, cpu_set_t *out)
{
    (void)thread;
    memset(out, 0, size);
    memcpy(out, &mask, sizeof mask);
    return 0;
}

int __wrap_sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *wanted)
{
    (void)thread;
    (void)size;
    ck_assert_int_lt(asked_count, 4);
    memcpy(&asked_for[asked_count++], wanted, sizeof mask);
    while (!CPU_ISSET((size_t)here, wanted))
        here = (here + 1) % CPU_SETSIZE;
    return 0;
}

uint64_t __wrap_pl_clock_now_ns(void)
{
    return now_ns;
}

/* The thread runs on CPU 1, may use 1 to 3, and has not moved lately. */
static void begin(void)
{
    here = 1;
    CPU_ZERO(&mask);
    for (int cpu = 1; cpu <= 3; cpu++)
        CPU_SET((size_t)cpu, &mask);
    asked_count = 0;
    now_ns += 1000000000;
}

PROPERTY(nobody_moves_where_no_worker_is)
{
    begin();
    pl_crowd_enter(2);
    ck_assert(pl_crowd_step_aside());
    ck_assert_int_eq(asked_count, 0);
    pl_crowd_leave(2);
}
PROPERTY_END

PROPERTY(to_a_cpu_that_no_worker_needs_and_is_not_bound_there)
{
    begin();
    pl_crowd_enter(1);
    pl_crowd_enter(2);
    ck_assert(pl_crowd_step_aside());
    ck_assert_int_eq(here, 3);
    ck_assert_int_eq(asked_count, 2);
    ck_assert_int_eq(CPU_COUNT(&asked_for[0]), 1);
    ck_assert(CPU_ISSET(3, &asked_for[0]));
    ck_assert(CPU_EQUAL(&asked_for[1], &mask));
    ck_assert(!pl_crowd_is_asked(1));

    here = 1; /* the kernel has brought it back at once: it does not move again and again */
    ck_assert(!pl_crowd_step_aside());
    ck_assert_int_eq(asked_count, 2);
    ck_assert(pl_crowd_is_asked(1));
    ck_assert(!pl_crowd_is_asked(1));
    pl_crowd_leave(1);
    pl_crowd_leave(2);
}
PROPERTY_END

PROPERTY(or_it_yields_and_the_worker_is_asked_to)
{
    begin();
    for (int cpu = 1; cpu <= 3; cpu++)
        pl_crowd_enter(cpu);
    errno = 17;
    ck_assert(!pl_crowd_step_aside());
    ck_assert_int_eq(errno, 17);
    ck_assert(pl_crowd_is_asked(1));
    for (int cpu = 2; cpu <= 3; cpu++)
        pl_crowd_leave(cpu);
    CPU_ZERO(&mask);
    CPU_SET(1, &mask); /* bound by the program */
    ck_assert(!pl_crowd_step_aside());
    ck_assert_int_eq(asked_count, 0);
    ck_assert(pl_crowd_is_asked(1));
    pl_crowd_leave(1);
}
PROPERTY_END

PROPERTY(a_caller_leaves_the_cpu_to_the_worker_that_it_called)
{
    begin();
    pl_crowd_make_way(1); /* although the worker sleeps again by now */
    ck_assert_int_eq(here, 2);
    ck_assert_int_eq(asked_count, 2);
    ck_assert_int_eq(CPU_COUNT(&asked_for[0]), 2);
    ck_assert(!CPU_ISSET(1, &asked_for[0]));
}
PROPERTY_END

PROPERTY(places_of_several_cpus_are_the_kernels_affair)
{
    static struct pl_place place = {.kind = PL_PLACE_BOUND};
    pl_cpu_set_add(&place.cpus, 5);
    ck_assert_int_eq(pl_crowd_cpu_of(&place), 5);
    pl_cpu_set_add(&place.cpus, 6);
    ck_assert_int_eq(pl_crowd_cpu_of(&place), PL_CROWD_NOWHERE);
    pl_crowd_enter(PL_CROWD_NOWHERE);
    pl_crowd_ask(PL_CROWD_NOWHERE);
    ck_assert(!pl_crowd_is_asked(PL_CROWD_NOWHERE));
    pl_crowd_leave(PL_CROWD_NOWHERE);
}
PROPERTY_END

PROPERTIES(nobody_moves_where_no_worker_is, to_a_cpu_that_no_worker_needs_and_is_not_bound_there,
           or_it_yields_and_the_worker_is_asked_to, a_caller_leaves_the_cpu_to_the_worker_that_it_called,
           places_of_several_cpus_are_the_kernels_affair)
