/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The environment is read once a process, so each property sets it before anything else. */
#include "libparallel/machine/limit.h"

#include "tests/machine/machines.h"

static const struct pl_topology *own_machine(void)
{
    const struct pl_topology *topology = NULL;
    ck_assert_msg(pl_topology_get(&topology) == 0, "%s", parallel_last_error()->message);
    return topology;
}

static void expect_count(const char *policy, size_t count, size_t expected)
{
    struct pl_placement *placement = placement_on(own_machine(), policy, count);
    ck_assert_msg(placement->count == expected, "%s: %zu workers instead of %zu", policy, placement->count,
                  expected);
    pl_placement_destroy(placement);
}

PROPERTY(the_policy_in_force_is_the_settings)
{
    setenv("PARALLEL_PLACES", "core:1 core:0", 1);
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    expect_places(machine, NULL, 0, "core 1 (PU 1); core 0 (PU 0)");
    expect_places(machine, "cores", 0, "core 0 (PU 0); core 1 (PU 1)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(without_a_setting_it_is_cores)
{
    unsetenv("PARALLEL_PLACES");
    struct pl_topology *machine = synthetic_machine("core:2 pu:2", NULL);
    expect_places(machine, NULL, 0, "core 0 (PU 0-1); core 1 (PU 2-3)");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_malformed_setting_is_named)
{
    setenv("PARALLEL_PLACES", "corez", 1);
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    expect_refusal(machine, NULL, 0, PARALLEL_ESETTING, "PARALLEL_PLACES");
    expect_refusal(machine, NULL, 0, PARALLEL_ESETTING, "\"corez\"");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_setting_outside_the_machine_is_named)
{
    setenv("PARALLEL_PLACES", "core:7", 1);
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    expect_refusal(machine, NULL, 0, PARALLEL_EPLACE, "PARALLEL_PLACES: places: core:7");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(the_cap_cuts_default_numbers_alone)
{
    setenv("PARALLEL_WORKERS", "1", 1);
    expect_count("cores", 0, 1);
    expect_count("pus", 0, 1);
    expect_count("numa", 0, 1);
    expect_count("none", 0, 1);
    expect_count("pu:all", 0, 1);
    expect_count("cores", 3, 3); /* whoever names a count is not cut here */
}
PROPERTY_END

PROPERTY(openmps_number_does_not_cut_a_list)
{
    unsetenv("PARALLEL_WORKERS");
    setenv("OMP_NUM_THREADS", "1", 1);
    expect_count("cores", 0, 1);
    expect_count("pus", 0, 1);
    expect_count("all all all", 0, 3);
}
PROPERTY_END

PROPERTY(a_share_of_the_machine_is_not_bound_unless_asked)
{
    setenv("HWLOC_SYNTHETIC", "core:4 pu:1", 1);
    setenv("SLURM_CPUS_PER_TASK", "2", 1);
    unsetenv("PARALLEL_WORKERS");
    unsetenv("PARALLEL_PLACES");
    unsetenv("OMP_NUM_THREADS");
    expect_places(own_machine(), NULL, 0, "any CPU of the process; any CPU of the process");
    expect_places(own_machine(), NULL, 1, "any CPU of the process");
    expect_places(own_machine(), "cores", 0, "core 0 (PU 0); core 1 (PU 1)");
}
PROPERTY_END

PROPERTY(a_wish_of_the_users_is_bound)
{
    setenv("HWLOC_SYNTHETIC", "core:4 pu:1", 1);
    setenv("OMP_NUM_THREADS", "2", 1);
    unsetenv("SLURM_CPUS_PER_TASK");
    unsetenv("PARALLEL_WORKERS");
    unsetenv("PARALLEL_PLACES");
    expect_places(own_machine(), NULL, 0, "core 0 (PU 0); core 1 (PU 1)");
}
PROPERTY_END

PROPERTY(a_malformed_cap_is_an_error_for_whoever_needs_it)
{
    setenv("PARALLEL_WORKERS", "many", 1);
    parallel_limit limit = {.count = 77};
    ck_assert_int_eq(parallel_worker_limit(&limit), PARALLEL_ESETTING);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "many"));
    ck_assert_uint_eq(limit.count, 77);
    expect_refusal(own_machine(), "cores", 0, PARALLEL_ESETTING, "PARALLEL_WORKERS");
    expect_count("cores", 1, 1);
}
PROPERTY_END

PROPERTY(a_described_machine_is_not_cut_by_this_ones_mask)
{
    setenv("HWLOC_SYNTHETIC", "package:2 core:40 pu:2", 1);
    parallel_topology counts;
    pl_topology_describe(own_machine(), &counts);
    ck_assert_uint_eq(counts.core_count, 80);
    ck_assert_int_eq(counts.is_this_machine, 0);
    parallel_limit limit;
    unsetenv("PARALLEL_WORKERS");
    unsetenv("OMP_NUM_THREADS");
    unsetenv("SLURM_CPUS_PER_TASK");
    ck_assert_int_eq(parallel_worker_limit(&limit), 0);
    ck_assert_str_eq(limit.reason, "80: 80 cores in a machine that is not this one");
}
PROPERTY_END

PROPERTIES(the_policy_in_force_is_the_settings, without_a_setting_it_is_cores, a_malformed_setting_is_named,
           a_setting_outside_the_machine_is_named, the_cap_cuts_default_numbers_alone,
           openmps_number_does_not_cut_a_list, a_malformed_cap_is_an_error_for_whoever_needs_it,
           a_share_of_the_machine_is_not_bound_unless_asked, a_wish_of_the_users_is_bound,
           a_described_machine_is_not_cut_by_this_ones_mask)
