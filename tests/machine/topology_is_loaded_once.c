/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>

#include "tests/machine/machines.h"
#include "tests/support/in_child.h"

enum { THREADS = 8 };

static void *load_and_place(void *out)
{
    const struct pl_topology **topology = out;
    ck_assert_int_eq(pl_topology_get(topology), 0);
    pl_placement_destroy(placement_on(*topology, "cores", 0));
    pl_placement_destroy(placement_on(*topology, "core:all package:0.pu:0", 0));
    return NULL;
}

/* Asserting in a child would write to Check's pipe. */
static void place_in_child(void *expected)
{
    const struct pl_topology *topology = NULL;
    struct pl_placement *placement = NULL;
    if (pl_topology_get(&topology) != 0 || topology != expected ||
        pl_placement_create(topology, "core:all", 0, &placement) != 0)
        abort();
    pl_placement_destroy(placement);
}

PROPERTY(for_all_threads_and_forked_children)
{
    pthread_t threads[THREADS];
    const struct pl_topology *topologies[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, load_and_place, &topologies[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < THREADS; i++)
        ck_assert_ptr_eq(topologies[i], topologies[0]);
    ck_assert(pl_topology_is_of_process(topologies[0]));
    struct child_outcome outcome = run_in_child(place_in_child, (void *)(uintptr_t)topologies[0]);
    ck_assert_msg(ended_well(&outcome), "%s", outcome.complaint);
}
PROPERTY_END

/* Mappings of files that hwloc names as it does its plugins; it has some on some systems. */
static int count_plugin_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    ck_assert_ptr_nonnull(maps);
    char line[512];
    int count = 0;
    while (fgets(line, sizeof line, maps) != NULL)
        count += strstr(line, "/hwloc_") != NULL;
    fclose(maps);
    return count;
}

/* Every fork would copy them. */
PROPERTY(and_leaves_no_plugins_behind)
{
    const struct pl_topology *topology;
    ck_assert_int_eq(pl_topology_get(&topology), 0);
    pl_placement_destroy(placement_on(topology, "cores", 0));
    parallel_topology counts;
    pl_topology_describe(topology, &counts);
    ck_assert_uint_gt(counts.core_count, 0);
    ck_assert_int_eq(count_plugin_mappings(), 0);
    pl_placement_destroy(placement_on(topology, "core:all", 0)); /* a list needs them again */
}
PROPERTY_END

PROPERTY(and_lists_are_not_read_with_another)
{
    const struct pl_topology *topology;
    ck_assert_int_eq(pl_topology_get(&topology), 0);
    setenv("HWLOC_SYNTHETIC", "core:64 pu:1", 1);
    struct pl_placement *placement = NULL;
    ck_assert_int_eq(pl_placement_create(topology, "core:40", 1, &placement), PARALLEL_ETOPOLOGY);
    ck_assert_int_eq(pl_placement_create(topology, "core:0", 1, &placement), PARALLEL_ETOPOLOGY);
    ck_assert_ptr_null(placement);
    ck_assert_int_eq(pl_placement_create(topology, "cores", 1, &placement), 0); /* needs none */
    pl_placement_destroy(placement);
}
PROPERTY_END

PROPERTY(a_failure_is_the_same_for_every_caller)
{
    setenv("HWLOC_XMLFILE", "/nonexistent/machine.xml", 1);
    setenv("HWLOC_COMPONENTS", "xml,stop", 1); /* so that hwloc does not look at the real machine instead */
    const struct pl_topology *topology = NULL;
    for (int again = 0; again < 2; again++) {
        pl_error_set(PARALLEL_EINVALID, 0, "an older failure");
        ck_assert_int_eq(pl_topology_get(&topology), PARALLEL_ETOPOLOGY);
        ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ETOPOLOGY);
        ck_assert_ptr_null(topology);
    }
    parallel_limit limit;
    ck_assert_int_eq(parallel_worker_limit(&limit), PARALLEL_ETOPOLOGY);
    parallel_topology counts;
    ck_assert_int_eq(parallel_topology_describe(&counts), PARALLEL_ETOPOLOGY);
    ck_assert_int_eq(parallel_placement_print(NULL, 0, stdout), PARALLEL_ETOPOLOGY);
}
PROPERTY_END

PROPERTIES(for_all_threads_and_forked_children, and_leaves_no_plugins_behind,
           and_lists_are_not_read_with_another, a_failure_is_the_same_for_every_caller)
