/* SPDX-License-Identifier: BSD-3-Clause
 *
 * On the real machine. What the kernel grants less than it is asked for is forced by linking with
 * --wrap=sched_setaffinity and --wrap=sched_getaffinity. */
#include "libparallel/machine/binding.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "libparallel/machine/initial_mask.h"

#include "tests/machine/machines.h"

static int refusal;                     /* the errno with which binding fails, or 0 */
static const struct pl_cpu_set *granted; /* what the next reading after a binding tells, or NULL */
static bool has_bound;

int __real_sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *mask);
int __wrap_sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *mask);
int __real_sched_getaffinity(pid_t thread, size_t size, cpu_set_t *mask);
int __wrap_sched_getaffinity(pid_t thread, size_t size, cpu_set_t *mask);

int __wrap_sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *mask)
{
    has_bound = true;
    if (refusal == 0)
        return __real_sched_setaffinity(thread, size, mask);
    errno = refusal;
    return -1;
}

int __wrap_sched_getaffinity(pid_t thread, size_t size, cpu_set_t *mask)
{
    if (granted == NULL || !has_bound)
        return __real_sched_getaffinity(thread, size, mask);
    memcpy(mask, granted, size);
    granted = NULL;
    return 0;
}

static struct pl_placement *own_placement(const char *policy)
{
    const struct pl_topology *topology = NULL;
    ck_assert_int_eq(pl_topology_get(&topology), 0);
    return placement_on(topology, policy, 0);
}

static void expect_mask(const struct pl_cpu_set *expected)
{
    struct pl_cpu_set mask;
    ck_assert_int_eq(pl_binding_get(&mask), 0);
    ck_assert(pl_cpu_set_is_equal(&mask, expected));
}

PROPERTY(a_thread_is_where_its_place_says)
{
    struct pl_placement *placement = own_placement("pus");
    for (size_t worker = 0; worker < placement->count; worker++) {
        const struct pl_place *place = pl_placement_place(placement, worker);
        for (int again = 0; again < 2; again++)
            ck_assert_msg(pl_binding_enter(place) == 0, "%s", parallel_last_error()->message);
        expect_mask(&place->cpus);
        ck_assert_int_eq(sched_getcpu(), (int)pl_cpu_set_next(&place->cpus, 0));
    }
    ck_assert_int_eq(pl_binding_restore(NULL), 0);
    expect_mask(pl_initial_mask());
    pl_placement_destroy(placement);
}
PROPERTY_END

PROPERTY(none_frees_a_bound_thread_and_inherit_leaves_it)
{
    struct pl_placement *cores = own_placement("cores");
    struct pl_placement *none = own_placement("none");
    struct pl_placement *inherit = own_placement("inherit");
    const struct pl_place *core = pl_placement_place(cores, 0);
    ck_assert_int_eq(pl_binding_enter(core), 0);
    ck_assert_int_eq(pl_binding_enter(pl_placement_place(inherit, 0)), 0);
    expect_mask(&core->cpus);
    ck_assert_int_eq(pl_binding_enter(pl_placement_place(none, 0)), 0);
    expect_mask(pl_initial_mask());
    pl_placement_destroy(cores);
    pl_placement_destroy(none);
    pl_placement_destroy(inherit);
}
PROPERTY_END

PROPERTY(a_mask_is_given_back)
{
    struct pl_placement *placement = own_placement("cores");
    size_t last = placement->count - 1;
    ck_assert_int_eq(pl_binding_enter(pl_placement_place(placement, last)), 0);
    struct pl_cpu_set before;
    ck_assert_int_eq(pl_binding_get(&before), 0);
    ck_assert_int_eq(pl_binding_enter(pl_placement_place(placement, 0)), 0);
    ck_assert_int_eq(pl_binding_restore(&before), 0);
    expect_mask(&pl_placement_place(placement, last)->cpus);
    pl_placement_destroy(placement);
}
PROPERTY_END

PROPERTY(what_the_kernel_granted_instead_is_an_error)
{
    struct pl_placement *placement = own_placement("cores");
    struct pl_place elsewhere = *pl_placement_place(placement, 0);
    struct pl_cpu_set less = cpus_of("4000");
    memset(&elsewhere.cpus, 0, sizeof elsewhere.cpus);
    pl_cpu_set_add(&elsewhere.cpus, pl_cpu_set_next(pl_initial_mask(), 0));
    pl_cpu_set_add(&elsewhere.cpus, 4001); /* so that it is not where the thread is already */
    has_bound = false;
    granted = &less;
    ck_assert_int_eq(pl_binding_enter(&elsewhere), PARALLEL_EPLACE);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "4000"));
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, elsewhere.name));
    expect_mask(pl_initial_mask());
    pl_placement_destroy(placement);
}
PROPERTY_END

PROPERTY(what_the_kernel_refuses_is_an_error_that_knows_a_way_out)
{
    struct pl_placement *placement = own_placement("cores");
    struct pl_place elsewhere = *pl_placement_place(placement, 0);
    memset(&elsewhere.cpus, 0, sizeof elsewhere.cpus);
    pl_cpu_set_add(&elsewhere.cpus, 4000);
    refusal = EPERM;
    ck_assert_int_eq(pl_binding_enter(&elsewhere), PARALLEL_ESYSTEM);
    ck_assert_int_eq(parallel_last_error()->system_errno, EPERM);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "places=none"));
    refusal = 0;
    expect_mask(pl_initial_mask());
    pl_placement_destroy(placement);
}
PROPERTY_END

PROPERTY(a_place_of_another_machine_cannot_be_entered)
{
    struct pl_topology *machine = synthetic_machine("core:2 pu:1", NULL);
    struct pl_placement *placement = placement_on(machine, "cores", 0);
    ck_assert_int_eq(pl_binding_enter(pl_placement_place(placement, 0)), PARALLEL_EPLACE);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "HWLOC_XMLFILE"));
    expect_mask(pl_initial_mask());
    pl_placement_destroy(placement);
    pl_topology_destroy(machine);
}
PROPERTY_END

PROPERTIES(a_thread_is_where_its_place_says, none_frees_a_bound_thread_and_inherit_leaves_it,
           a_mask_is_given_back, what_the_kernel_granted_instead_is_an_error,
           what_the_kernel_refuses_is_an_error_that_knows_a_way_out,
           a_place_of_another_machine_cannot_be_entered)
