/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where somebody wishes a call to run. hwloc asks the kernel where a page lies, for which it is loaded again, and stays. */
#include "libparallel/machine/whereabouts.h"

#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/machine/place_private.h"
#include "libparallel/machine/topology_private.h"

int pl_whereabouts_of_places(const struct pl_topology *topology, const char *list, struct pl_cpu_set *cpus)
{
    struct pl_places places = {0};
    int code = pl_places_parse(&places, topology, list);
    memset(cpus, 0, sizeof *cpus);
    for (size_t i = 0; code == 0 && i < places.count; i++)
        for (size_t cpu = 0; (cpu = pl_cpu_set_next(&places.items[i].cpus, cpu)) < PL_CPU_LIMIT; cpu++)
            pl_cpu_set_add(cpus, cpu);
    free(places.items);
    return code;
}

int pl_whereabouts_of_data(const struct pl_topology *topology, const void *data, struct pl_cpu_set *cpus)
{
    *cpus = topology->cpus;
    if (!topology->is_this_machine || topology->numa_node_count < 2)
        return 0;
    hwloc_topology_t hwloc;
    int code = pl_topology_tree(topology, &hwloc);
    if (code != 0)
        return code;
    hwloc_bitmap_t nodes = hwloc_bitmap_alloc(), there = hwloc_bitmap_alloc();
    if (nodes == NULL || there == NULL) {
        code = pl_error_set(PARALLEL_ENOMEMORY, 0, "near: out of memory");
    } else if (hwloc_get_area_memlocation(hwloc, data, 1, nodes, HWLOC_MEMBIND_BYNODESET) == 0) {
        hwloc_cpuset_from_nodeset(hwloc, there, nodes);
        struct pl_cpu_set found;
        if (!hwloc_bitmap_iszero(there) && pl_cpu_set_from_hwloc(there, &found) == 0)
            *cpus = found;
    }
    hwloc_bitmap_free(nodes);
    hwloc_bitmap_free(there);
    return code;
}
