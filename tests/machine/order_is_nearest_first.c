/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/machine/machines.h"

static void expect_order(const struct pl_topology *machine, const char *policy, size_t count, size_t from,
                         const size_t expected[])
{
    struct pl_placement *placement = placement_on(machine, policy, count);
    size_t order[64];
    pl_placement_order(placement, from, order);
    for (size_t i = 0; i < placement->count; i++)
        ck_assert_msg(order[i] == expected[i], "%s %zu, from %zu: at %zu is %zu instead of %zu", policy,
                      count, from, i, order[i], expected[i]);
    pl_placement_destroy(placement);
}

PROPERTY(core_cache_node_package_and_the_rest)
{
    /* 2 packages, each 2 nodes of 2 L3 caches, each 2 cores: 16 cores. */
    struct pl_topology *machine = synthetic_machine("package:2 numa:2 l3:2 core:2 pu:1", NULL);
    expect_order(machine, "cores", 16, 0,
                 (const size_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    expect_order(machine, "cores", 16, 6,
                 (const size_t[]){6, 7, 4, 5, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15});
    expect_order(machine, "cores", 16, 9,
                 (const size_t[]){9, 8, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7});
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(equally_near_ones_come_in_turn)
{
    struct pl_topology *machine = synthetic_machine("l3:1 core:4 pu:1", NULL);
    expect_order(machine, "cores", 4, 0, (const size_t[]){0, 1, 2, 3});
    expect_order(machine, "cores", 4, 1, (const size_t[]){1, 2, 3, 0});
    expect_order(machine, "cores", 4, 2, (const size_t[]){2, 3, 0, 1});
    expect_order(machine, "cores", 4, 3, (const size_t[]){3, 0, 1, 2});
    expect_order(machine, "none", 4, 2, (const size_t[]){2, 3, 0, 1});
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(workers_of_one_place_or_core_are_nearest)
{
    struct pl_topology *machine = synthetic_machine("l3:2 core:2 pu:2", NULL);
    /* PUs in the order of the policy: first threads of cores 0-3, then second ones. */
    expect_order(machine, "pus", 8, 1, (const size_t[]){1, 5, 4, 0, 2, 3, 6, 7});
    expect_order(machine, "l3", 4, 2, (const size_t[]){2, 3, 0, 1});
    expect_order(machine, "cores", 8, 3, (const size_t[]){3, 2, 0, 1, 4, 5, 6, 7});
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(one_worker_has_itself)
{
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    expect_order(machine, "cores", 1, 0, (const size_t[]){0});
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(core_cache_node_package_and_the_rest, equally_near_ones_come_in_turn,
           workers_of_one_place_or_core_are_nearest, one_worker_has_itself)
