/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An owner that waits for a stolen call runs another one meanwhile, which spawns. The slot of the awaited call must not be
 * used for that: its thief still has to write there that it is done. Which call is met while waiting depends on a race, so
 * the deques are driven by hand: owner O waits for `first`, which thief T runs, and finds `other` in the deque of T. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "libparallel/executors/victims.h"
#include "tests/support/property.h"

static struct pl_victims peers;
static struct pl_deque *owner_deque, *thief_deque;
static struct parallel_spawn first, other, inner;
static atomic_int first_runs, first_is_back, other_has_spawned, other_runs, inner_runs, is_offered;

static void wait_for(atomic_int *mark)
{
    while (atomic_load(mark) == 0)
        sched_yield();
}

static void ignore(void *context, bool has_work)
{
    (void)context;
    (void)has_work;
}

static void run_inner(struct parallel_spawn *spawn)
{
    (void)spawn;
    atomic_fetch_add(&inner_runs, 1);
}

static void run_first(struct parallel_spawn *spawn)
{
    (void)spawn;
    atomic_fetch_add(&first_runs, 1);
    wait_for(&other_has_spawned);
}

/* By the owner, on top of its wait for `first`, which comes back before `inner` has been taken. */
static void run_other(struct parallel_spawn *spawn)
{
    (void)spawn;
    inner.call = run_inner;
    pl_deque_request(owner_deque);
    parallel_spawn_push(&inner);
    ck_assert_int_eq(pl_deque_public_count(owner_deque), 1);
    atomic_store(&other_has_spawned, 1);
    wait_for(&first_is_back);
    ck_assert_int_eq(parallel_spawn_pop(&inner, "inner"), 1); /* nobody has taken it */
    run_inner(&inner);
    atomic_fetch_add(&other_runs, 1);
}

static void *be_thief(void *nothing)
{
    pl_deque_make_current(thief_deque);
    other.call = run_other;
    parallel_spawn_push(&other); /* public at once: a deque is born with a request */
    atomic_store(&is_offered, 1);
    while (!pl_deque_steal_and_run(owner_deque, thief_deque))
        sched_yield();
    atomic_store(&first_is_back, 1);
    wait_for(&other_runs); /* the owner has it */
    ck_assert_int_eq(parallel_spawn_pop(&other, "other"), 0);
    return nothing;
}

PROPERTY(while_their_owner_runs_something_else)
{
    pl_deque_prepare();
    owner_deque = pl_victims_enter(&peers, 0, ignore, NULL);
    thief_deque = pl_victims_enter(&peers, 1, ignore, NULL);
    ck_assert(owner_deque != NULL && thief_deque != NULL);
    pthread_t thief;
    ck_assert_int_eq(pthread_create(&thief, NULL, be_thief, NULL), 0);
    wait_for(&is_offered);
    pl_deque_make_current(owner_deque);
    first.call = run_first;
    parallel_spawn_push(&first);
    wait_for(&first_runs);
    ck_assert_int_eq(parallel_spawn_pop(&first, "first"), 0);
    ck_assert_int_eq(atomic_load(&first_runs), 1);
    ck_assert_int_eq(atomic_load(&other_runs), 1);
    ck_assert_int_eq(atomic_load(&inner_runs), 1);
    ck_assert_uint_eq(owner_deque->shared.top, 0);
    ck_assert_uint_eq(owner_deque->shared.split & ~PARALLEL_DEQUE_REQUEST, 0);
    ck_assert_int_eq(pthread_join(thief, NULL), 0);
    pl_deque_make_current(NULL);
    pl_victims_destroy(&peers);
}
PROPERTY_END

PROPERTIES(while_their_owner_runs_something_else)
