/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is not ours is cut away in two steps: the allowed set, which hwloc knows and which the test writes into an
 * XML file of hwloc's, and the affinity mask. */
#include <hwloc.h>
#include <unistd.h>

#include "libparallel/machine/cgroup.h"
#include "libparallel/machine/limit.h"

#include "tests/machine/machines.h"

/* 8 cores; PUs 2i and 2i + 1 are core i. */
static const char smt_machine[] = "package:2 numa:2 l3:1 core:2 pu:2";

/* The machine above, of which the control group allows `list`, under the mask `mask`. */
static struct pl_topology *confined_machine(const char *list, const char *mask)
{
    char path[] = "/tmp/libparallel-test-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    hwloc_topology_t hwloc;
    hwloc_bitmap_t allowed = hwloc_bitmap_alloc();
    ck_assert_int_eq(hwloc_bitmap_list_sscanf(allowed, list), 0);
    ck_assert_int_eq(hwloc_topology_init(&hwloc), 0);
    ck_assert_int_eq(hwloc_topology_set_synthetic(hwloc, smt_machine), 0);
    ck_assert_int_eq(hwloc_topology_set_flags(hwloc, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), 0);
    ck_assert_int_eq(hwloc_topology_load(hwloc), 0);
    ck_assert_int_eq(hwloc_topology_allow(hwloc, allowed, NULL, HWLOC_ALLOW_FLAG_CUSTOM), 0);
    ck_assert_int_eq(hwloc_topology_export_xml(hwloc, path, 0), 0);
    hwloc_topology_destroy(hwloc);
    hwloc_bitmap_free(allowed);
    struct pl_topology *machine = xml_machine(path, mask);
    unlink(path);
    return machine;
}

PROPERTY(holes_in_the_allowed_set_are_left_out)
{
    struct pl_topology *machine = confined_machine("0-2,7,12-13", NULL);
    expect_places(machine, "cores", 0, "core 0 (PU 0-1); core 1 (PU 2); core 2 (PU 7); core 3 (PU 12-13)");
    expect_places(machine, "package:1.core:0", 0, "core 3 (PU 12-13)");
    expect_refusal(machine, "0x8", 0, PARALLEL_EPLACE, "PU 3 is not ours");
    struct pl_limit limit;
    pl_limit_compute(&(struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0}, &limit);
    ck_assert_str_eq(limit.text.reason,
                     "4: allowed set 0-2,7,12-13 (4 cores); 8 cores in a machine that is not this one");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(the_mask_cuts_what_is_allowed)
{
    struct pl_topology *machine = confined_machine("0-7", "6-15");
    expect_places(machine, "cores", 0, "core 0 (PU 6-7)");
    struct pl_limit limit;
    pl_limit_compute(&(struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0}, &limit);
    ck_assert_str_eq(limit.text.reason, "1: affinity mask 6-7 (1 core); allowed set 0-7 (4 cores); "
                                        "8 cores in a machine that is not this one");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(holes_in_the_mask_are_left_out)
{
    struct pl_topology *machine = synthetic_machine(smt_machine, "1,4-5,10,12-15");
    expect_places(machine, "cores", 0,
                  "core 0 (PU 1); core 1 (PU 4-5); core 2 (PU 10); core 3 (PU 12-13); core 4 (PU 14-15)");
    expect_places(machine, "pus", 0,
                  "core 0 (PU 1); core 1 (PU 4); core 2 (PU 10); core 3 (PU 12); core 4 (PU 14); "
                  "core 1 (PU 5); core 3 (PU 13); core 4 (PU 15)");
    expect_places(machine, "numa", 4,
                  "NUMA node 0 (PU 1); NUMA node 1 (PU 4-5); NUMA node 2 (PU 10); NUMA node 3 (PU 12-15)");
    expect_places(machine, "packages", 0,
                  "package 0 (PU 1,4-5); package 0 (PU 1,4-5); "
                  "package 1 (PU 10,12-15); package 1 (PU 10,12-15); package 1 (PU 10,12-15)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(indexes_count_what_is_ours)
{
    struct pl_topology *machine = synthetic_machine(smt_machine, "1,4-5,10");
    expect_places(machine, "core:1-2", 0, "core 1 (PU 4-5); core 2 (PU 10)");
    expect_places(machine, "package:1.core:0", 0, "core 2 (PU 10)");
    expect_refusal(machine, "core:3", 0, PARALLEL_EPLACE, "3 of them are ours");
    expect_refusal(machine, "0x33", 0, PARALLEL_EPLACE, "PU 0 is not ours (PU 1,4-5,10 are)");
    expect_places(machine, "0x32", 0, "mask (PU 1,4-5)");
    expect_places(machine, "0xf...f", 0, "mask (PU 1,4-5,10)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(counts_tell_ours_and_the_machines)
{
    struct pl_topology *machine = synthetic_machine(smt_machine, "1,4-5,10");
    parallel_topology counts;
    pl_topology_describe(machine, &counts);
    ck_assert_uint_eq(counts.package_count, 2);
    ck_assert_uint_eq(counts.numa_count, 3);
    ck_assert_uint_eq(counts.l3_count, 3);
    ck_assert_uint_eq(counts.core_count, 3);
    ck_assert_uint_eq(counts.pu_count, 4);
    ck_assert_uint_eq(counts.machine_core_count, 8);
    ck_assert_uint_eq(counts.machine_pu_count, 16);
    ck_assert_int_eq(counts.is_this_machine, 0);
    ck_assert_str_eq(counts.cpus, "1,4-5,10");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_mask_without_any_pu_of_the_machine_is_an_error)
{
    struct pl_topology *machine = NULL;
    struct pl_cpu_set mask = cpus_of("100");
    ck_assert_int_eq(pl_topology_create_synthetic("core:2 pu:1", &mask, &machine), PARALLEL_ETOPOLOGY);
    ck_assert_ptr_null(machine);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "0-1"));
}
PROPERTY_END

PROPERTY(what_hwloc_cannot_read_is_an_error_that_names_it)
{
    struct pl_topology *machine = NULL;
    ck_assert_int_eq(pl_topology_create_synthetic("core:x", NULL, &machine), PARALLEL_ETOPOLOGY);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "core:x"));
    ck_assert_int_eq(pl_topology_create_xml("/nonexistent/machine.xml", NULL, &machine), PARALLEL_ETOPOLOGY);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "/nonexistent/machine.xml"));
    ck_assert_int_eq(pl_topology_create_synthetic("core:1 pu:1(indexes=9000)", NULL, &machine), PARALLEL_ETOPOLOGY);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "9000"));
    ck_assert_int_eq(pl_topology_create_xml("/dev/null", NULL, &machine), PARALLEL_ETOPOLOGY);
    ck_assert_ptr_null(machine);
}
PROPERTY_END

PROPERTIES(holes_in_the_allowed_set_are_left_out, the_mask_cuts_what_is_allowed, holes_in_the_mask_are_left_out,
           indexes_count_what_is_ours, counts_tell_ours_and_the_machines,
           a_mask_without_any_pu_of_the_machine_is_an_error, what_hwloc_cannot_read_is_an_error_that_names_it)
