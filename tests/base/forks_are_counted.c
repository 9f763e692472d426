/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/fork.h"

#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"

static void be_a_grandchild(void *forks_before)
{
    if (pl_fork_count() != *(uint32_t *)forks_before + 2)
        _exit(1);
}

static void be_a_child(void *forks_before)
{
    if (pl_fork_count() != *(uint32_t *)forks_before + 1)
        _exit(1);
    struct child_outcome outcome = run_in_child(be_a_grandchild, forks_before);
    if (!ended_well(&outcome) || pl_fork_count() != *(uint32_t *)forks_before + 1)
        _exit(2);
}

/* The number is that of the generation: the parent's never changes, and no ancestor of a process has its own. */
PROPERTY(in_the_child_alone)
{
    uint32_t before = pl_fork_count();
    for (int i = 0; i < 3; i++) {
        struct child_outcome outcome = run_in_child(be_a_child, &before);
        ck_assert_msg(ended_well(&outcome), "status %x: %s", (unsigned)outcome.status, outcome.complaint);
        ck_assert_uint_eq(pl_fork_count(), before);
    }
}
PROPERTY_END

PROPERTIES(in_the_child_alone)
