/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/machine/machines.h"

static void expect_line(const char *description, const char *policy, size_t worker, const char *expected)
{
    struct pl_topology *machine = synthetic_machine(description, NULL);
    struct pl_placement *placement = placement_on(machine, policy, worker + 1);
    char line[PL_PLACE_LINE_SIZE];
    pl_place_format(pl_placement_place(placement, worker), worker, line);
    ck_assert_str_eq(line, expected);
    pl_placement_destroy(placement);
    pl_topology_destroy(machine);
}

PROPERTY(name_and_surroundings)
{
    expect_line("package:2 numa:2 l3:2 core:2 pu:2", "cores", 11,
                "worker 11: core 11 (PU 22-23), L3 5, NUMA node 2, package 1");
    expect_line("package:2 numa:2 core:2 pu:1", "pus", 0, "worker 0: core 0 (PU 0), NUMA node 0, package 0");
}
PROPERTY_END

PROPERTY(an_object_is_not_named_twice)
{
    expect_line("package:2 numa:2 l3:2 core:2 pu:1", "l3", 0,
                "worker 0: L3 0 (PU 0-1), NUMA node 0, package 0");
    expect_line("package:2 numa:2 l3:2 core:2 pu:1", "numa", 0, "worker 0: NUMA node 0 (PU 0-3), package 0");
    expect_line("package:2 numa:2 l3:2 core:2 pu:1", "packages", 0, "worker 0: package 0 (PU 0-7)");
}
PROPERTY_END

PROPERTY(what_spans_several_objects_names_none)
{
    expect_line("package:2 numa:2 l3:2 core:2 pu:1", "0x0ff0", 0, "worker 0: mask (PU 4-11)");
    expect_line("package:2 core:2 pu:1", "none", 5, "worker 5: any CPU of the process");
}
PROPERTY_END

PROPERTY(the_longest_line_is_whole)
{
    /* Many holes: the list of PUs is cut, the rest is not. */
    expect_line("package:2 l3:1 core:32 pu:2", "0x5555555555555555", 4194303,
                "worker 4194303: mask (PU 0,2,4,6,8,10,12,14,16,18,20,...), L3 0, NUMA node 0, package 0");
}
PROPERTY_END

PROPERTIES(name_and_surroundings, an_object_is_not_named_twice, what_spans_several_objects_names_none,
           the_longest_line_is_whole)
