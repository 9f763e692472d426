/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/machine/machines.h"

PROPERTY(more_workers_than_linux_can_have)
{
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    expect_refusal(machine, "cores", PL_WORKER_COUNT_LIMIT + 1, PARALLEL_ERANGE, "4194305");
    expect_refusal(machine, "none", SIZE_MAX, PARALLEL_ERANGE, "18446744073709551615");
    expect_refusal(machine, "none", (size_t)-3, PARALLEL_ERANGE, "workers");
    pl_placement_destroy(placement_on(machine, "none", PL_WORKER_COUNT_LIMIT));
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(nothing_is_written_on_failure)
{
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    struct pl_placement *placement = (struct pl_placement *)machine; /* any value that is not NULL */
    ck_assert_int_eq(pl_placement_create(machine, "cores", SIZE_MAX, &placement), PARALLEL_ERANGE);
    ck_assert_ptr_eq(placement, machine);
    pl_placement_destroy(NULL);
    pl_topology_destroy(NULL);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(more_workers_than_linux_can_have, nothing_is_written_on_failure)
