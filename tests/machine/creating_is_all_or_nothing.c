/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/machine/machines.h"
#include "tests/support/failing_allocation.h"

static struct pl_topology *machine;

static int create_placement(void *context)
{
    struct pl_placement *placement = NULL;
    int error = pl_placement_create(machine, context, 0, &placement);
    pl_placement_destroy(placement);
    return error;
}

static int create_topology(void *context)
{
    struct pl_topology *topology = NULL;
    int error = pl_topology_create_synthetic(context, NULL, &topology);
    pl_topology_destroy(topology);
    return error;
}

PROPERTY(a_placement)
{
    machine = synthetic_machine("package:2 l3:2 core:8 pu:2", NULL);
    static const char *const policies[] = {"cores", "pus",     "l3",           "numa", "packages",
                                           "none",  "inherit", "core:all 0x1", "all"};
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        char policy[32];
        snprintf(policy, sizeof policy, "%s", policies[i]);
        const char *wrong = fail_each_allocation(create_placement, policy);
        ck_assert_msg(wrong == NULL, "%s: %s", policies[i], wrong);
    }
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_topology)
{
    char description[] = "package:2 core:2 pu:2";
    const char *wrong = fail_each_allocation(create_topology, description);
    ck_assert_msg(wrong == NULL, "%s", wrong);
}
PROPERTY_END

PROPERTIES(a_placement, a_topology)
