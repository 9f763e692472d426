/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/machine/cgroup.h"
#include "libparallel/machine/limit.h"
#include "libparallel/machine/topology_private.h"

#include "tests/machine/machines.h"

/* Machines in tests are not this one, so no quota of this one's would apply: pretend. */
static struct pl_topology *own_machine(const char *description, const char *mask)
{
    struct pl_topology *topology = synthetic_machine(description, mask);
    topology->is_this_machine = true;
    return topology;
}

static void expect_limit(struct pl_limit_sources sources, const char *reason)
{
    struct pl_limit limit;
    pl_limit_compute(&sources, &limit);
    ck_assert_str_eq(limit.text.reason, reason);
    ck_assert_uint_eq(limit.text.count, strtoul(reason, NULL, 10));
}

PROPERTY(the_machine_alone)
{
    struct pl_topology *machine = own_machine("package:2 core:32 pu:2", NULL);
    expect_limit((struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0}, "64: 64 cores in machine");
    pl_topology_destroy(machine);
    machine = own_machine("core:1 pu:1", NULL);
    expect_limit((struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0}, "1: 1 core in machine");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(every_reason_the_tightest_first)
{
    struct pl_topology *machine = own_machine("core:64 pu:1", "0-1");
    expect_limit((struct pl_limit_sources){machine, 4000, NULL, NULL, 0},
                 "2: affinity mask 0-1; cgroup quota 4.0; 64 cores in machine");
    expect_limit((struct pl_limit_sources){machine, 1000, "8", "16,4", 63},
                 "1: cgroup quota 1.0; affinity mask 0-1; SLURM_CPUS_PER_TASK 8; OMP_NUM_THREADS 16; "
                 "PARALLEL_WORKERS 63; 64 cores in machine");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(what_is_no_tighter_than_the_machine_is_not_told)
{
    struct pl_topology *machine = own_machine("core:4 pu:1", NULL);
    expect_limit((struct pl_limit_sources){machine, 4000, "5", "4", 4194304}, "4: 4 cores in machine");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_core_of_which_one_pu_is_ours_counts)
{
    struct pl_topology *machine = own_machine("core:8 pu:2", "0-3,5,9");
    expect_limit((struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0},
                 "4: affinity mask 0-3,5,9 (4 cores); 8 cores in machine");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(quotas_are_rounded_down_and_shown_in_full)
{
    struct pl_topology *machine = own_machine("core:16 pu:1", NULL);
    expect_limit((struct pl_limit_sources){machine, 2500, NULL, NULL, 0},
                 "2: cgroup quota 2.5; 16 cores in machine");
    expect_limit((struct pl_limit_sources){machine, 3999, NULL, NULL, 0},
                 "3: cgroup quota 3.999; 16 cores in machine");
    expect_limit((struct pl_limit_sources){machine, 250, NULL, NULL, 0},
                 "1: cgroup quota 0.25; 16 cores in machine");
    expect_limit((struct pl_limit_sources){machine, 0, NULL, NULL, 0},
                 "1: cgroup quota 0.0; 16 cores in machine");
    expect_limit((struct pl_limit_sources){machine, 10000, NULL, NULL, 0},
                 "10: cgroup quota 10.0; 16 cores in machine");
    expect_limit((struct pl_limit_sources){machine, UINT64_MAX - 1, NULL, NULL, 0},
                 "16: 16 cores in machine");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(what_others_wrote_wrongly_is_ignored_and_told)
{
    struct pl_topology *machine = own_machine("core:4 pu:1", NULL);
    expect_limit(
        (struct pl_limit_sources){machine, PL_NO_QUOTA, "two", "-1", 0},
        "4: 4 cores in machine; SLURM_CPUS_PER_TASK \"two\" ignored; OMP_NUM_THREADS \"-1\" ignored");
    expect_limit((struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, "0", 2},
                 "2: PARALLEL_WORKERS 2; 4 cores in machine; OMP_NUM_THREADS \"0\" ignored");
    expect_limit((struct pl_limit_sources){machine, PL_NO_QUOTA, "", "99999999999999999999999999999999", 0},
                 "4: 4 cores in machine; OMP_NUM_THREADS \"999999999999999999999999\" ignored");
    expect_limit((struct pl_limit_sources){machine, PL_NO_QUOTA, " 3", "3 ", 0},
                 "3: SLURM_CPUS_PER_TASK 3; OMP_NUM_THREADS 3; 4 cores in machine");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(long_masks_are_cut)
{
    struct pl_topology *machine =
        own_machine("core:64 pu:1", "0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32");
    expect_limit((struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0},
                 "17: affinity mask 0,2,4,6,8,10,12,14,16,18,20,... (17 cores); 64 cores in machine");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(this_machines_quota_says_nothing_about_another)
{
    struct pl_topology *machine = synthetic_machine("core:64 pu:1", NULL);
    expect_limit((struct pl_limit_sources){machine, 2000, "32", NULL, 0},
                 "32: SLURM_CPUS_PER_TASK 32; 64 cores in a machine that is not this one");
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(caps_for_placement_leave_the_cores_out)
{
    struct pl_topology *machine = own_machine("core:4 pu:2", NULL);
    struct pl_limit limit;
    pl_limit_compute(&(struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0}, &limit);
    ck_assert_uint_eq(limit.cap, SIZE_MAX);
    ck_assert_uint_eq(limit.workers, SIZE_MAX);
    pl_limit_compute(&(struct pl_limit_sources){machine, 6000, NULL, "7", 0}, &limit);
    ck_assert_uint_eq(limit.cap, 6);
    ck_assert_uint_eq(limit.workers, SIZE_MAX);
    pl_limit_compute(&(struct pl_limit_sources){machine, 6000, NULL, "x", 5}, &limit);
    ck_assert_uint_eq(limit.cap, 5);
    ck_assert_uint_eq(limit.workers, 5);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTY(a_share_is_fewer_cpus_than_cores_and_not_said_which)
{
    struct pl_topology *machine = own_machine("core:8 pu:2", NULL);
    struct pl_limit limit;
    pl_limit_compute(&(struct pl_limit_sources){machine, PL_NO_QUOTA, NULL, NULL, 0}, &limit);
    ck_assert(!limit.is_share);
    pl_limit_compute(&(struct pl_limit_sources){machine, 8000, "8", "2", 3}, &limit);
    ck_assert_msg(!limit.is_share, "the user's own wish is no share");
    pl_limit_compute(&(struct pl_limit_sources){machine, 7999, NULL, NULL, 0}, &limit);
    ck_assert(limit.is_share);
    pl_limit_compute(&(struct pl_limit_sources){machine, PL_NO_QUOTA, "7", NULL, 0}, &limit);
    ck_assert(limit.is_share);
    pl_limit_compute(&(struct pl_limit_sources){machine, PL_NO_QUOTA, "seven", NULL, 0}, &limit);
    ck_assert(!limit.is_share);
    pl_topology_destroy(machine);
    machine = own_machine("core:8 pu:2", "0-7"); /* Slurm's usual way: 8 CPUs, and the mask says which 4 cores */
    pl_limit_compute(&(struct pl_limit_sources){machine, PL_NO_QUOTA, "8", NULL, 0}, &limit);
    ck_assert(!limit.is_share);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(a_share_is_fewer_cpus_than_cores_and_not_said_which, the_machine_alone,
           every_reason_the_tightest_first, what_is_no_tighter_than_the_machine_is_not_told,
           a_core_of_which_one_pu_is_ours_counts, quotas_are_rounded_down_and_shown_in_full,
           what_others_wrote_wrongly_is_ignored_and_told, long_masks_are_cut,
           this_machines_quota_says_nothing_about_another, caps_for_placement_leave_the_cores_out)
