/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which node a worker's memory is bound to, on machines of several nodes that are planned for, and on this one, where with
 * one node nothing is changed. */
#include "libparallel/machine/memory_binding.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "tests/machine/machines.h"

enum { DEFAULT_POLICY = 0 }; /* MPOL_DEFAULT; numaif.h is libnuma's */

static int policy_in_force(void)
{
    int policy = -1;
    return syscall(SYS_get_mempolicy, &policy, NULL, 0, NULL, 0) == 0 ? policy : -1;
}

static void expect_nodes(const char *machine, const char *policy, const int nodes[], size_t count)
{
    struct pl_topology *topology = synthetic_machine(machine, NULL);
    struct pl_placement *placement = placement_on(topology, policy, count);
    for (size_t worker = 0; worker < count; worker++)
        ck_assert_int_eq(pl_placement_place(placement, worker)->memory_node, nodes[worker]);
    ck_assert_int_eq(pl_memory_binding_enter(pl_placement_place(placement, 0)), 0); /* another machine's: nothing */
    pl_placement_destroy(placement);
    pl_topology_destroy(topology);
}

PROPERTY(the_node_of_its_cores)
{
    const int by_core[] = {0, 0, 1, 1}, by_node[] = {0, 1}, none[] = {-1, -1};
    expect_nodes("numa:2 core:2 pu:1", "pu:0-3", by_core, 4);
    expect_nodes("numa:2 core:2 pu:1", "numa", by_node, 2);
    expect_nodes("numa:1 core:2 pu:1", "cores", none, 2); /* one node: nothing to bind to */
    expect_nodes("numa:2 core:2 pu:1", "none", none, 2);  /* anywhere */
}
PROPERTY_END

PROPERTY(here)
{
    const struct pl_topology *topology;
    ck_assert_int_eq(pl_topology_get(&topology), 0);
    struct pl_placement *placement = placement_on(topology, "cores", 0);
    const struct pl_place *place = pl_placement_place(placement, 0);
    int before = policy_in_force();
    int node = place->kind == PL_PLACE_BOUND ? place->memory_node : -1;
    int code = pl_memory_binding_enter(place);
    if (node < 0) {
        ck_assert_int_eq(code, 0);
        ck_assert_int_eq(policy_in_force(), before);
    } else if (code == 0) { /* else a container forbids it */
        ck_assert_int_ne(policy_in_force(), DEFAULT_POLICY);
    }
    pl_placement_destroy(placement);
}
PROPERTY_END

PROPERTIES(the_node_of_its_cores, here)
