/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/machine/machines.h"

PROPERTY(on_cores_with_two_threads)
{
    /* PUs numbered as Linux does on x86: first threads of all cores, then second ones. */
    struct pl_topology *machine =
        synthetic_machine("package:1 l3:1 core:4 pu:2(indexes=0,4,1,5,2,6,3,7)", NULL);
    expect_places(machine, "cores", 0, "core 0 (PU 0,4); core 1 (PU 1,5); core 2 (PU 2,6); core 3 (PU 3,7)");
    expect_places(machine, "cores", 2, "core 0 (PU 0,4); core 1 (PU 1,5)");
    expect_places(machine, "pus", 0,
                  "core 0 (PU 0); core 1 (PU 1); core 2 (PU 2); core 3 (PU 3); "
                  "core 0 (PU 4); core 1 (PU 5); core 2 (PU 6); core 3 (PU 7)");
    expect_places(machine, "pus", 3, "core 0 (PU 0); core 1 (PU 1); core 2 (PU 2)");
    expect_places(machine, "l3", 2, "L3 0 (PU 0-7); L3 0 (PU 0-7)");
    expect_places(machine, "packages", 1, "package 0 (PU 0-7)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(on_two_packages_of_four_numa_nodes)
{
    struct pl_topology *machine = synthetic_machine("package:2 numa:4 l3:1 core:2 pu:1", NULL);
    expect_places(machine, "cores", 3, "core 0 (PU 0); core 1 (PU 1); core 2 (PU 2)");
    expect_places(
        machine, "numa", 8,
        "NUMA node 0 (PU 0-1); NUMA node 1 (PU 2-3); NUMA node 2 (PU 4-5); NUMA node 3 (PU 6-7); "
        "NUMA node 4 (PU 8-9); NUMA node 5 (PU 10-11); NUMA node 6 (PU 12-13); NUMA node 7 (PU 14-15)");
    expect_places(machine, "packages", 4,
                  "package 0 (PU 0-7); package 0 (PU 0-7); package 1 (PU 8-15); package 1 (PU 8-15)");
    /* The default number is one worker a core, whatever the policy; neighbours in number share a place. */
    struct pl_placement *placement = placement_on(machine, "numa", 0);
    ck_assert_uint_eq(placement->count, 16);
    for (size_t worker = 0; worker < 16; worker++)
        ck_assert_int_eq(pl_placement_place(placement, worker)->numa, (int)worker / 2);
    pl_placement_destroy(placement);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(on_one_core)
{
    struct pl_topology *machine = synthetic_machine("core:1 pu:1", NULL);
    expect_places(machine, "cores", 0, "core 0 (PU 0)");
    expect_places(machine, "numa", 0, "NUMA node 0 (PU 0)");
    expect_refusal(machine, "l3", 0, PARALLEL_EPLACE, "l3");
    expect_refusal(machine, "packages", 0, PARALLEL_EPLACE, "packages");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(on_a_machine_that_shows_no_cores_a_pu_is_one)
{
    struct pl_topology *machine = synthetic_machine("package:2 pu:2", NULL);
    expect_places(machine, "cores", 0, "core 0 (PU 0); core 1 (PU 1); core 2 (PU 2); core 3 (PU 3)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(on_a_thousand_pus)
{
    struct pl_topology *machine = synthetic_machine("package:8 numa:2 l3:2 core:16 pu:2", NULL);
    parallel_topology counts;
    pl_topology_describe(machine, &counts);
    ck_assert_uint_eq(counts.package_count, 8);
    ck_assert_uint_eq(counts.numa_count, 16);
    ck_assert_uint_eq(counts.l3_count, 32);
    ck_assert_uint_eq(counts.core_count, 512);
    ck_assert_uint_eq(counts.pu_count, 1024);
    ck_assert_uint_eq(counts.core_kind_count, 1);
    ck_assert_uint_eq(counts.fastest_core_count, 512);
    ck_assert_str_eq(counts.cpus, "0-1023");
    struct pl_placement *placement = placement_on(machine, "cores", 0);
    ck_assert_uint_eq(placement->count, 512);
    const struct pl_place *last = pl_placement_place(placement, 511);
    ck_assert_str_eq(last->name, "core 511 (PU 1022-1023)");
    ck_assert_int_eq(last->l3, 31);
    ck_assert_int_eq(last->numa, 15);
    ck_assert_int_eq(last->package, 7);
    pl_placement_destroy(placement);
    placement = placement_on(machine, "pus", 0);
    ck_assert_uint_eq(placement->count, 1024);
    pl_placement_destroy(placement);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(unbound_workers_may_be_any_number)
{
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    expect_places(machine, "none", 3,
                  "any CPU of the process; any CPU of the process; any CPU of the process");
    expect_places(machine, "inherit", 1, "where the thread that starts it is");
    struct pl_placement *placement = placement_on(machine, "none", 100000);
    ck_assert_uint_eq(placement->count, 100000);
    ck_assert_uint_eq(placement->place_count, 1);
    ck_assert_int_eq(pl_placement_place(placement, 99999)->kind, PL_PLACE_INITIAL);
    pl_placement_destroy(placement);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(on_cores_with_two_threads, on_two_packages_of_four_numa_nodes, on_one_core,
           on_a_machine_that_shows_no_cores_a_pu_is_one, on_a_thousand_pus, unbound_workers_may_be_any_number)
