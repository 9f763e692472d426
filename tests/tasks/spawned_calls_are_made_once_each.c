/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A tree of random shape, each node spawned: the sum over all nodes is exact, with one worker, with two, with more
 * workers than cores, where owners lose the processor between any two instructions, in threads that are no workers, and in a
 * child forked meanwhile. */
#include <parallel.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"

static atomic_long visits;

static uint64_t next_random(uint64_t state)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^ state << 17;
}

struct count {
    long nodes;
    long leaves;
};

static struct count grow(uint64_t seed, int depth);
PARALLEL_FN(struct count, grow, uint64_t, int)

static struct count grow(uint64_t seed, int depth)
{
    atomic_fetch_add_explicit(&visits, 1, memory_order_relaxed);
    struct count all = {1, 0};
    unsigned children = depth == 0 ? 0 : (unsigned)(seed % 5);
    if (children == 0)
        return (struct count){1, 1};
    grow_task tasks[4];
    for (unsigned i = 0; i < children; i++) {
        seed = next_random(seed + i + 1);
        grow_spawn(&tasks[i], seed, depth - 1);
    }
    for (unsigned i = children; i-- > 0;) {
        struct count part = grow_sync(&tasks[i]);
        all.nodes += part.nodes;
        all.leaves += part.leaves;
    }
    return all;
}

/* Forks between its spawns and their syncs, whoever has taken which of them: 0 if both processes find what there is to find. */
static int fork_in_between(uint64_t seed, int depth)
{
    struct count expected = grow(seed, depth);
    grow_task tasks[4];
    for (int i = 0; i < 4; i++)
        grow_spawn(&tasks[i], seed, depth);
    pid_t child = fork();
    int errors = 0;
    for (int i = 4; i-- > 0;) {
        struct count found = grow_sync(&tasks[i]);
        errors += found.nodes != expected.nodes || found.leaves != expected.leaves;
    }
    if (child == 0)
        _exit(errors != 0);
    return errors != 0 || child < 0 || wait_for_child(child) != 0;
}
PARALLEL_FN(int, fork_in_between, uint64_t, int)

PROPERTY(in_a_child_of_their_task)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    for (uint64_t seed = 1; seed <= 100; seed++) {
        uint64_t root = next_random(seed * 0x9e3779b97f4a7c15u) / 5 * 5 + 4;
        ck_assert_int_eq(fork_in_between_await(fork_in_between_on(executor, root, (int)(seed % 6))), 0);
    }
    ck_assert_int_eq(fork_in_between(next_random(1) / 5 * 5 + 4, 3), 0);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static void check(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t root = next_random(seed * 0x9e3779b97f4a7c15u) / 5 * 5 + 4; /* four children */
        struct count expected = grow(root, 9); /* off a worker each sync calls */
        atomic_store(&visits, 0);
        struct count found = grow_await(grow_on(executor, root, 9));
        ck_assert_int_eq(found.nodes, expected.nodes);
        ck_assert_int_eq(found.leaves, expected.leaves);
        ck_assert_int_eq(atomic_load(&visits), expected.nodes);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

enum { OUTSIDERS = 4 };
static pthread_barrier_t start;
static atomic_int exact;

/* No worker: all of them begin with the same empty hands, and none may get in the way of another. */
static void *grow_outside(void *nothing)
{
    uint64_t root = next_random(0x9e3779b97f4a7c15u) / 5 * 5 + 4;
    pthread_barrier_wait(&start);
    struct count first = grow(root, 9), second = grow(root, 9);
    if (first.nodes == second.nodes && first.leaves == second.leaves)
        atomic_fetch_add(&exact, 1);
    return nothing;
}

PROPERTY(in_threads_that_are_no_workers)
{
    pthread_t threads[OUTSIDERS];
    long expected = grow(next_random(0x9e3779b97f4a7c15u) / 5 * 5 + 4, 9).nodes;
    atomic_store(&visits, 0);
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, OUTSIDERS), 0);
    for (int i = 0; i < OUTSIDERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, grow_outside, NULL), 0);
    for (int i = 0; i < OUTSIDERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(atomic_load(&exact), OUTSIDERS);
    ck_assert_int_eq(atomic_load(&visits), 2 * OUTSIDERS * expected);
}
PROPERTY_END

PROPERTY(with_one_worker)
{
    check("threads:1");
}
PROPERTY_END

PROPERTY(with_two_workers)
{
    check("threads:2");
}
PROPERTY_END

PROPERTY(with_more_workers_than_cores)
{
    check("threads:8,places=none");
}
PROPERTY_END

PROPERTY(in_the_caller)
{
    check("serial");
}
PROPERTY_END

PROPERTIES(in_threads_that_are_no_workers, in_a_child_of_their_task, with_one_worker, with_two_workers,
           with_more_workers_than_cores, in_the_caller)
