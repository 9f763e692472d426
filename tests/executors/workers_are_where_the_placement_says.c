/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The kernel says of each worker, asked inside a task, what the placement says; the calling thread is left alone. */
#include <parallel.h>

#include <sched.h>
#include <stdatomic.h>

#include "libparallel/machine/placement.h"
#include "libparallel/machine/topology.h"
#include "tests/support/property.h"

enum { MOST_WORKERS = 16 };

static atomic_size_t arrived;
static size_t expected;

struct whereabouts {
    int worker;
    cpu_set_t cpus;
};

/* All tasks meet, so that each runs on a worker of its own. */
static struct whereabouts look(void)
{
    struct whereabouts here = {.worker = parallel_worker_index()};
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < expected)
        sched_yield();
    CPU_ZERO(&here.cpus);
    sched_getaffinity(0, sizeof here.cpus, &here.cpus);
    return here;
}
PARALLEL_FN(struct whereabouts, look)

PROPERTY(one_a_core)
{
    const struct pl_topology *topology;
    struct pl_placement *placement;
    ck_assert_int_eq(pl_topology_get(&topology), 0);
    ck_assert_int_eq(pl_placement_create(topology, "cores", 0, &placement), 0);
    expected = placement->count < MOST_WORKERS ? placement->count : MOST_WORKERS;
    pl_placement_destroy(placement);
    ck_assert_int_eq(pl_placement_create(topology, "cores", expected, &placement), 0);

    cpu_set_t before, after;
    sched_getaffinity(0, sizeof before, &before);
    parallel_executor_options options = parallel_executor_options_default();
    options.places = "cores";
    options.workers = expected;
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    parallel_future *futures[MOST_WORKERS];
    for (size_t i = 0; i < expected; i++)
        futures[i] = look_on(executor);
    for (size_t i = 0; i < expected; i++) {
        struct whereabouts found = look_await(futures[i]);
        const struct pl_place *place = pl_placement_place(placement, (size_t)found.worker);
        for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
            ck_assert_int_eq(CPU_ISSET(cpu, &found.cpus) != 0, pl_cpu_set_has(&place->cpus, cpu));
    }
    sched_getaffinity(0, sizeof after, &after);
    ck_assert(CPU_EQUAL(&before, &after));
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    pl_placement_destroy(placement);
}
PROPERTY_END

PROPERTIES(one_a_core)
