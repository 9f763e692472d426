/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/machine/machines.h"

static struct pl_topology *machine;

static void open_machine(void)
{
    machine = synthetic_machine("package:2 l3:2 l2:2 core:1 pu:2", NULL); /* 8 cores, 16 PUs */
}

PROPERTY(indexes_in_every_form)
{
    open_machine();
    expect_places(machine, "core:3", 0, "core 3 (PU 6-7)");
    expect_places(machine, "core:1-2", 0, "core 1 (PU 2-3); core 2 (PU 4-5)");
    expect_places(machine, "core:6-", 0, "core 6 (PU 12-13); core 7 (PU 14-15)");
    expect_places(machine, "core:7:2", 0, "core 7 (PU 14-15); core 0 (PU 0-1)");
    expect_places(machine, "package:odd", 0, "package 1 (PU 8-15)");
    expect_places(machine, "l3:even", 0, "L3 0 (PU 0-3); L3 2 (PU 8-11)");
    expect_places(machine, "L3:all", 0, "L3 0 (PU 0-3); L3 1 (PU 4-7); L3 2 (PU 8-11); L3 3 (PU 12-15)");
    expect_places(machine, "pu:5", 0, "core 2 (PU 5)");
    expect_places(machine, "numa:0", 0, "NUMA node 0 (PU 0-15)");
    expect_places(machine, "machine:0", 0, "Machine 0 (PU 0-15)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(chains_count_inside_the_object_before)
{
    open_machine();
    expect_places(machine, "package:1.core:0", 0, "core 4 (PU 8-9)");
    expect_places(machine, "package:all.l3:1.pu:0", 0, "core 2 (PU 4); core 6 (PU 12)");
    expect_places(machine, "package:0-1.core:0-1", 0,
                  "core 0 (PU 0-1); core 1 (PU 2-3); core 4 (PU 8-9); core 5 (PU 10-11)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(masks_name_cpus_by_the_kernels_numbers)
{
    open_machine();
    expect_places(machine, "0xf0", 0, "mask (PU 4-7)");
    expect_places(machine, "0x3 0xc", 0, "mask (PU 0-1); mask (PU 2-3)");
    expect_places(machine, "0x0,0x3", 0, "mask (PU 0-1)");
    expect_places(machine, "0xf...f", 0, "mask (PU 0-15)");
    expect_places(machine, "all", 2, "machine (PU 0-15); machine (PU 0-15)");
    pl_topology_destroy(machine);
    machine = synthetic_machine("core:80 pu:1", NULL);
    expect_places(machine, "0xff000000000000000000", 0, "mask (PU 72-79)");
    expect_places(machine, "0xff00,,", 0, "mask (PU 72-79)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_list_keeps_its_order_and_may_mix_kinds)
{
    open_machine();
    expect_places(machine, " core:7\tpackage:0  0x100 ", 0,
                  "core 7 (PU 14-15); package 0 (PU 0-7); mask (PU 8)");
    expect_places(machine, "core:2 core:0", 3, "core 2 (PU 4-5); core 2 (PU 4-5); core 0 (PU 0-1)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(what_is_outside_the_machine_is_named)
{
    open_machine();
    static const struct {
        const char *list;
        const char *part;
    } outside[] = {
        {"core:8", "core:8"},
        {"core:0 core:99999", "99999"},
        {"core:99999999999999999999999", "99999"},
        {"core:4-8", "4-8"},
        {"core:8-", "8-"},
        {"core:0:9", "0:9"},
        {"package:1.core:4", "package:1.core:4"},
        {"package:0.package:1", "package:0.package:1"},
        {"core:0.package:0", "core:0.package:0"},
        {"package:0.numa:0", "package:0.numa:0"}, /* the node is larger than the package */
        {"0x10000", "PU 16"},
        {"0xffffffffffffffffffffffffffffffff", "PU 16"},
        {"machine:odd", "machine:odd"},
        {"l4:0", "l4"},
        {"group:0", "group"},
    };
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        expect_refusal(machine, outside[i].list, 0, PARALLEL_EPLACE, outside[i].part);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(what_is_malformed_is_named)
{
    open_machine();
    static const struct {
        const char *list;
        const char *part;
    } malformed[] = {
        {"", "empty"},
        {"  ", "empty"},
        {"corez", "\"corez\""},
        {"Cores", "\"Cores\""},
        {"core", "\"core\""},
        {"core:", "no index: \"\""},
        {"core:x", "\"x\""},
        {"core:-1", "\"-1\""},
        {"core:1-x", "\"1-x\""},
        {"core:3-2", "\"3-2\""},
        {"core:1,2", "\"1,2\""},
        {"core:0:0", "\"0:0\""},
        {"core3:0", "\"core3\""},
        {":0", "no type"},
        {"core:0.", "\"\""},
        {"core:0..pu:0", "\"\""},
        {"bridge:0", "\"bridge\""},
        {"misc:0", "\"misc\""},
        {"0-3", "pu:0-3"},
        {"5:0", "\"5:0\""},
        {"0x", "\"0x\""},
        {"0x0", "empty"},
        {"0xfg", "\"0xfg\""},
        {"~core:0", "\"~\""},
        {"^core:0", "\"^\""},
        {"core:0 ~0x1", "\"~\""},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:0", "aaaaaaaaaa"},
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        expect_refusal(machine, malformed[i].list, 0, PARALLEL_ESPECIFICATION, malformed[i].part);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(groups_at_several_depths_need_a_digit)
{
    machine = synthetic_machine("group:2 group:2 group:2 core:1 pu:1", NULL);
    expect_refusal(machine, "group:0", 0, PARALLEL_ESPECIFICATION, "digit");
    expect_places(machine, "group0:1", 0, "Group0 1 (PU 4-7)");
    expect_places(machine, "group1:1", 0, "Group1 1 (PU 2-3)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(an_endless_chain_is_refused)
{
    open_machine();
    char list[100000] = "machine:0";
    for (size_t length = strlen(list); length + 10 < sizeof list; length += 10)
        memcpy(list + length, ".machine:0", 11);
    expect_refusal(machine, list, 0, PARALLEL_ESPECIFICATION, "too many parts");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(indexes_in_every_form, chains_count_inside_the_object_before, masks_name_cpus_by_the_kernels_numbers,
           a_list_keeps_its_order_and_may_mix_kinds, what_is_outside_the_machine_is_named,
           what_is_malformed_is_named, groups_at_several_depths_need_a_digit, an_endless_chain_is_refused)
