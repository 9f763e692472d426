/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Without HWLOC_MEMBIND_STRICT, so that a node that is full makes memory slower and not unavailable. */
#include "libparallel/machine/memory_binding.h"

#include <errno.h>

#include "libparallel/base/error.h"
#include "libparallel/machine/topology_private.h"

static hwloc_obj_t node_of(const struct pl_topology *topology, const struct pl_place *place)
{
    if (place->kind != PL_PLACE_BOUND || place->numa < 0 ||
        hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE) < 2)
        return NULL;
    return hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE, (unsigned)place->numa);
}

int pl_memory_binding_node(const struct pl_topology *topology, const struct pl_place *place)
{
    hwloc_obj_t node = node_of(topology, place);
    return node != NULL ? (int)node->os_index : -1;
}

int pl_memory_binding_enter(const struct pl_place *place)
{
    const struct pl_topology *topology;
    if (!place->is_this_machine)
        return 0;
    int code = pl_topology_get(&topology);
    if (code != 0)
        return code;
    hwloc_obj_t node = node_of(topology, place);
    if (node == NULL)
        return 0;
    if (hwloc_set_membind(topology->hwloc, node->nodeset, HWLOC_MEMBIND_BIND,
                          HWLOC_MEMBIND_THREAD | HWLOC_MEMBIND_BYNODESET) != 0)
        return pl_error_set(PARALLEL_ESYSTEM, errno, "%s: memory cannot be bound to NUMA node %u", place->name,
                            node->os_index);
    return 0;
}
