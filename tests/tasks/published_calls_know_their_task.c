/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tasks run on top of each other on one worker, and each of them spawns: whoever publishes a call, at whatever moment, finds
 * the task that has spawned it. The deques are driven by hand, for which task is cut short where is a matter of races. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "libparallel/executors/scope.h"
#include "libparallel/executors/victims.h"
#include "tests/support/property.h"

enum { ROUNDS = 5000, DEPTH = 4, CALLS = 8 };

struct call {
    struct parallel_spawn spawn;
    const struct pl_scope *spawner;
};

static struct pl_victims peers;
static struct pl_deque *owner_deque, *thief_deque;
static atomic_int is_over;
static atomic_long stolen, astray;

static void ignore(void *context, bool has_work)
{
    (void)context;
    (void)has_work;
}

static void open_deques(void)
{
    pl_deque_prepare();
    owner_deque = pl_victims_enter(&peers, 0, ignore, NULL);
    thief_deque = pl_victims_enter(&peers, 1, ignore, NULL);
    ck_assert(owner_deque != NULL && thief_deque != NULL);
    pl_deque_make_current(owner_deque);
}

static void close_deques(void)
{
    pl_deque_make_current(NULL);
    pl_victims_destroy(&peers);
}

static void check_spawner(struct parallel_spawn *spawn)
{
    if (spawn->scope != ((struct call *)spawn)->spawner)
        atomic_fetch_add(&astray, 1);
    atomic_fetch_add(&stolen, 1);
    spawn->failure = NULL;
}

static void spawn_for(struct call *call, const struct pl_scope *spawner)
{
    call->spawn.call = check_spawner;
    call->spawner = spawner;
    parallel_spawn_push(&call->spawn);
}

PROPERTY(whatever_began_since)
{
    open_deques();
    struct pl_scope outer_scope, inner_scope;
    struct pl_section outer, inner;
    struct call calls[4] = {{.spawner = NULL}};
    pl_section_enter(&outer, &outer_scope, NULL);
    spawn_for(&calls[0], &outer_scope); /* public at once: a deque is born with a request */
    spawn_for(&calls[1], &outer_scope);
    pl_section_enter(&inner, &inner_scope, NULL);
    spawn_for(&calls[2], &inner_scope);
    spawn_for(&calls[3], &inner_scope);
    while (pl_deque_publish_by_force(owner_deque)) /* without membarrier they are public already */
        continue;
    for (int i = 0; i < 4; i++)
        ck_assert_ptr_eq(calls[i].spawn.scope, calls[i].spawner);
    for (int i = 3; i >= 0; i--) {
        ck_assert_int_eq(parallel_spawn_pop(&calls[i].spawn, "call"), 1); /* nobody has taken it */
        if (i == 2)
            pl_section_leave(&inner, "inner");
    }
    pl_section_leave(&outer, "outer");
    close_deques();
}
PROPERTY_END

/* A task, and inside it, between its spawns and their syncs, another one. */
static void run_tasks(int depth)
{
    struct pl_scope scope;
    struct pl_section section;
    struct call calls[CALLS];
    pl_section_enter(&section, &scope, NULL);
    for (int i = 0; i < CALLS; i++)
        spawn_for(&calls[i], &scope);
    if (depth > 0) {
        run_tasks(depth - 1);
        run_tasks(0);
    }
    for (int i = CALLS; i-- > 0;)
        (void)parallel_spawn_pop(&calls[i].spawn, "call");
    pl_section_leave(&section, "task");
    section = (struct pl_section){.scope = NULL}; /* whoever reads it now finds nobody */
    __asm__ volatile("" : : "r"(&section) : "memory");
}

static void *be_thief(void *nothing)
{
    pl_deque_make_current(thief_deque);
    while (!atomic_load(&is_over)) {
        if (pl_deque_steal_and_run(owner_deque, thief_deque) || pl_deque_publish_by_force(owner_deque))
            continue;
        sched_yield();
    }
    return nothing;
}

PROPERTY(while_tasks_begin_and_end)
{
    open_deques();
    pthread_t thief;
    ck_assert_int_eq(pthread_create(&thief, NULL, be_thief, NULL), 0);
    for (int round = 0; round < ROUNDS || atomic_load(&stolen) < ROUNDS; round++)
        run_tasks(DEPTH);
    atomic_store(&is_over, 1);
    ck_assert_int_eq(pthread_join(thief, NULL), 0);
    ck_assert_int_eq(atomic_load(&astray), 0);
    close_deques();
}
PROPERTY_END

PROPERTIES(whatever_began_since, while_tasks_begin_and_end)
