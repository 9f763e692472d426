/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A machine of 4 slow cores and 2 fast ones. The fast ones have two threads and an L3 cache, and are last in
 * hwloc's order. The test writes it as hwloc's XML, since synthetic descriptions are regular and know no
 * kinds of cores. */
#include <unistd.h>

#include "tests/machine/machines.h"

static void open_object(FILE *xml, const char *type, unsigned os_index, unsigned cpus, const char *more)
{
    static unsigned serial;
    fprintf(xml,
            "<object type=\"%s\" os_index=\"%u\" gp_index=\"%u\" cpuset=\"0x%x\" complete_cpuset=\"0x%x\" "
            "nodeset=\"0x1\" complete_nodeset=\"0x1\" %s>\n",
            type, os_index, ++serial, cpus, cpus, more);
}

static void close_object(FILE *xml)
{
    fprintf(xml, "</object>\n");
}

static void write_core(FILE *xml, unsigned core, unsigned first_pu, unsigned pu_count)
{
    open_object(xml, "Core", core, ((1U << pu_count) - 1) << first_pu, "");
    for (unsigned pu = first_pu; pu < first_pu + pu_count; pu++) {
        open_object(xml, "PU", pu, 1U << pu, "");
        close_object(xml);
    }
    close_object(xml);
}

static void write_machine(FILE *xml)
{
    fprintf(
        xml,
        "<?xml version=\"1.0\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology version=\"2.0\">\n");
    open_object(xml, "Machine", 0, 0xff, "allowed_cpuset=\"0xff\" allowed_nodeset=\"0x1\"");
    open_object(xml, "NUMANode", 0, 0xff, "");
    close_object(xml);
    for (unsigned core = 0; core < 4; core++)
        write_core(xml, core, core, 1);
    open_object(xml, "L3Cache", 0, 0xf0,
                "cache_size=\"1048576\" depth=\"3\" cache_linesize=\"64\" cache_associativity=\"8\" "
                "cache_type=\"0\"");
    write_core(xml, 4, 4, 2);
    write_core(xml, 5, 6, 2);
    close_object(xml);
    close_object(xml);
    fprintf(xml, "<cpukind cpuset=\"0x0f\" forced_efficiency=\"0\"/>\n"
                 "<cpukind cpuset=\"0xf0\" forced_efficiency=\"1\"/>\n</topology>\n");
}

static struct pl_topology *open_machine(const char *mask)
{
    char path[] = "/tmp/libparallel-test-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    FILE *xml = fdopen(file, "w");
    ck_assert_ptr_nonnull(xml);
    write_machine(xml);
    ck_assert_int_eq(fclose(xml), 0);
    struct pl_topology *machine = xml_machine(path, mask);
    unlink(path);
    return machine;
}

PROPERTY(cores_of_the_fastest_kind_are_taken_first)
{
    struct pl_topology *machine = open_machine(NULL);
    expect_places(machine, "cores", 3, "core 4 (PU 4-5); core 5 (PU 6-7); core 0 (PU 0)");
    expect_places(
        machine, "cores", 0,
        "core 4 (PU 4-5); core 5 (PU 6-7); core 0 (PU 0); core 1 (PU 1); core 2 (PU 2); core 3 (PU 3)");
    parallel_topology counts;
    pl_topology_describe(machine, &counts);
    ck_assert_uint_eq(counts.core_kind_count, 2);
    ck_assert_uint_eq(counts.fastest_core_count, 2);
    ck_assert_uint_eq(counts.core_count, 6);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_slow_core_comes_before_the_second_thread_of_a_fast_one)
{
    struct pl_topology *machine = open_machine(NULL);
    expect_places(machine, "pus", 0,
                  "core 4 (PU 4); core 5 (PU 6); core 0 (PU 0); core 1 (PU 1); core 2 (PU 2); core 3 (PU 3); "
                  "core 4 (PU 5); core 5 (PU 7)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(cores_without_the_object_of_the_policy_are_not_lost)
{
    struct pl_topology *machine = open_machine(NULL);
    expect_places(machine, "l3", 3, "L3 0 (PU 4-7); L3 0 (PU 4-7); cores without L3 (PU 0-3)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(one_kind_that_is_left_counts_as_the_fastest)
{
    struct pl_topology *machine = open_machine("1-2");
    expect_places(machine, "cores", 0, "core 0 (PU 1); core 1 (PU 2)");
    expect_refusal(machine, "l3", 0, PARALLEL_EPLACE, "l3");
    parallel_topology counts;
    pl_topology_describe(machine, &counts);
    ck_assert_uint_eq(counts.core_kind_count, 1);
    ck_assert_uint_eq(counts.fastest_core_count, 2);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(cores_of_the_fastest_kind_are_taken_first,
           a_slow_core_comes_before_the_second_thread_of_a_fast_one,
           cores_without_the_object_of_the_policy_are_not_lost, one_kind_that_is_left_counts_as_the_fastest)
