/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/machine/machines.h"

/* The number of workers at each place, in the order of the places. */
static void expect_shares(const struct pl_topology *machine, const char *policy, size_t count,
                          const size_t expected[], size_t place_count)
{
    struct pl_placement *placement = placement_on(machine, policy, count);
    ck_assert_uint_eq(placement->place_count, place_count);
    size_t shares[16] = {0};
    for (size_t worker = 0; worker < placement->count; worker++) {
        shares[placement->place_of[worker]]++;
        ck_assert(worker == 0 || placement->place_of[worker] >= placement->place_of[worker - 1]);
    }
    for (size_t place = 0; place < place_count; place++)
        ck_assert_msg(shares[place] == expected[place], "%zu workers, %s %zu: %zu workers instead of %zu",
                      count, policy, place, shares[place], expected[place]);
    pl_placement_destroy(placement);
}

PROPERTY(unequal_places_take_one_worker_a_core)
{
    /* Packages with 4, 2 and 1 usable cores. */
    struct pl_topology *machine = synthetic_machine("package:3 core:4 pu:1", "0-5,8");
    expect_shares(machine, "packages", 1, (const size_t[]){1, 0, 0}, 3);
    expect_shares(machine, "packages", 3, (const size_t[]){1, 1, 1}, 3);
    expect_shares(machine, "packages", 5, (const size_t[]){2, 2, 1}, 3);
    expect_shares(machine, "packages", 7, (const size_t[]){4, 2, 1}, 3);
    expect_shares(machine, "packages", 0, (const size_t[]){4, 2, 1}, 3);
    expect_shares(machine, "packages", 10, (const size_t[]){5, 3, 2}, 3);
    expect_shares(machine, "packages", 14, (const size_t[]){8, 4, 2}, 3);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(cores_are_shared_evenly_when_there_are_too_few)
{
    struct pl_topology *machine = synthetic_machine("core:3 pu:2", NULL);
    expect_shares(machine, "cores", 7, (const size_t[]){3, 2, 2}, 3);
    expect_shares(machine, "pus", 6, (const size_t[]){1, 1, 1, 1, 1, 1}, 6);
    expect_shares(machine, "pus", 8, (const size_t[]){2, 2, 1, 1, 1, 1}, 6);
    expect_shares(machine, "core:2 core:0", 3, (const size_t[]){2, 1}, 2);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(unequal_places_take_one_worker_a_core, cores_are_shared_evenly_when_there_are_too_few)
