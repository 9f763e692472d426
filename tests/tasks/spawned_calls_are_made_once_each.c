/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A tree of random shape, each node spawned: the sum over all nodes is exact, with one worker, with two, and with more
 * workers than cores, where owners lose the processor between any two instructions. */
#include <parallel.h>

#include <stdatomic.h>

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

PROPERTIES(with_one_worker, with_two_workers, with_more_workers_than_cores, in_the_caller)
