/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Placement on machines that somebody recorded with hwloc: files of a data set that is no part of this tree.
 * It is looked for in the folder PARALLEL_TEST_TOPOLOGIES, else in shared/topologies beside the source
 * tree. */
#include <unistd.h>

#include "tests/machine/machines.h"

static char folder[4096];

static struct pl_topology *recorded_machine(const char *name)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s.xml", folder, name);
    return xml_machine(path, NULL);
}

PROPERTY(offline_pus_are_no_places)
{
    struct pl_topology *machine = recorded_machine("16em64t-4s2c2t-offlines");
    expect_places(
        machine, "cores", 0,
        "core 0 (PU 0); core 1 (PU 4,12); core 2 (PU 1); core 3 (PU 6); core 4 (PU 3); core 5 (PU 15)");
    expect_places(machine, "packages", 4,
                  "package 0 (PU 0,4,12); package 1 (PU 1); package 2 (PU 6); package 3 (PU 3,15)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(packages_without_memory_keep_their_cores)
{
    struct pl_topology *machine = recorded_machine("16amd64-8n2c-cpusets");
    expect_places(machine, "cores", 0,
                  "core 0 (PU 0); core 1 (PU 1); core 2 (PU 2); core 3 (PU 3); core 4 (PU 5); core 5 (PU 6); "
                  "core 6 (PU 12); core 7 (PU 13); core 8 (PU 14); core 9 (PU 15)");
    expect_places(
        machine, "numa", 6,
        "cores without NUMA node (PU 0-1); NUMA node 0 (PU 2-3); NUMA node 1 (PU 5); NUMA node 2 (PU 6); "
        "cores without NUMA node (PU 12-13); cores without NUMA node (PU 14-15)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_large_machine_is_placed_node_by_node)
{
    struct pl_topology *machine = recorded_machine("192em64t-24n8c2t");
    struct pl_placement *placement = placement_on(machine, "cores", 0);
    ck_assert_uint_eq(placement->count, 192);
    for (size_t worker = 0; worker < 192; worker++)
        ck_assert_int_eq(pl_placement_place(placement, worker)->numa, (int)worker / 8);
    ck_assert_str_eq(pl_placement_place(placement, 191)->name, "core 191 (PU 191,383)");
    size_t order[192];
    pl_placement_order(placement, 20, order);
    for (size_t i = 0; i < 8; i++)
        ck_assert_uint_eq(order[i] / 8, 20 / 8);
    pl_placement_destroy(placement);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(the_faster_of_two_cores_comes_first)
{
    struct pl_topology *machine = recorded_machine("fakecpukinds");
    expect_places(machine, "cores", 0, "core 1 (PU 1,3); core 0 (PU 0,2)");
    pl_topology_destroy(machine);
}
PROPERTY_END

int main(void)
{
    const char *top = getenv("top_srcdir");
    const char *chosen = getenv("PARALLEL_TEST_TOPOLOGIES");
    snprintf(folder, sizeof folder, "%s%s", chosen != NULL ? chosen : top != NULL ? top : ".",
             chosen != NULL ? "" : "/../shared/topologies");
    if (access(folder, R_OK) != 0) {
        printf("no recorded machines in %s; PARALLEL_TEST_TOPOLOGIES names the folder\n", folder);
        return 77;
    }
    const TTest *const tests[] = {offline_pus_are_no_places, packages_without_memory_keep_their_cores,
                                  a_large_machine_is_placed_node_by_node,
                                  the_faster_of_two_cores_comes_first};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
