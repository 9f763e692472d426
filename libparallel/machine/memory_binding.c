/* SPDX-License-Identifier: BSD-3-Clause
 *
 * By the system call itself, of which hwloc's binding would be made too: hwloc would have to be loaded in each worker. The
 * node is preferred and no more, so that one that is full makes memory slower and not unavailable. */
#include "libparallel/machine/memory_binding.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libparallel/base/error.h"

enum {
    NODE_LIMIT = 1024, /* of the kernel */
    WORD_BITS = 8 * sizeof(unsigned long),
};

int pl_memory_binding_enter(const struct pl_place *place)
{
    if (!place->is_this_machine || place->kind != PL_PLACE_BOUND || place->memory_node < 0 ||
        place->memory_node >= NODE_LIMIT)
        return 0;
    unsigned long nodes[NODE_LIMIT / WORD_BITS] = {0};
    nodes[place->memory_node / WORD_BITS] = 1ul << place->memory_node % WORD_BITS;
    /* The kernel reads one bit less than it is told. */
    if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, nodes, (unsigned long)NODE_LIMIT + 1) != 0)
        return pl_error_set(PARALLEL_ESYSTEM, errno, "%s: memory cannot be bound to NUMA node %d", place->name,
                            place->memory_node);
    return 0;
}
