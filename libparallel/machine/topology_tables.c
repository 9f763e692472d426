/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Flattens hwloc's tree into the tables of PUs and cores that all else works with. */
#include "libparallel/machine/topology_private.h"

#include <stdlib.h>

#include "libparallel/base/error.h"

hwloc_obj_type_t pl_topology_core_type(hwloc_topology_t hwloc)
{
    return hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_CORE) > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
}

static int32_t index_of(hwloc_obj_t object)
{
    return object != NULL ? (int32_t)object->logical_index : -1;
}

static int32_t efficiency_of(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
    int efficiency = 0;
    int kind = hwloc_cpukinds_get_by_cpuset(hwloc, pu->cpuset, 0);
    if (kind < 0 || hwloc_cpukinds_get_info(hwloc, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0) != 0)
        return 0;
    return efficiency > 0 ? efficiency : 0; /* -1: hwloc cannot rank the kinds */
}

/* Level 0 is the PU's own; the machine at the top, which holds everything, is left out. */
static void fill_ancestors(struct pl_pu *pu, hwloc_obj_t object)
{
    int pu_depth = object->depth;
    for (size_t level = 0; level < PL_PLACE_LEVELS; level++)
        pu->ancestors[level] = -1;
    for (; object != NULL && object->depth > 0; object = object->parent) {
        int level = pu_depth - object->depth;
        if (level < PL_PLACE_LEVELS)
            pu->ancestors[level] = (int32_t)object->logical_index;
    }
}

/* Each PU belongs to the smallest NUMA node that it is in: where a package has memory of several kinds, the
 * nodes overlap or coincide, and a place must not be counted twice. */
static void fill_numa(struct pl_topology *topology)
{
    for (size_t i = 0; i < topology->pu_count; i++) {
        struct pl_pu *pu = &topology->pus[i];
        int smallest = 0;
        hwloc_obj_t node = NULL;
        while ((node = hwloc_get_next_obj_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE, node)) != NULL) {
            int weight = hwloc_bitmap_weight(node->cpuset);
            if (hwloc_bitmap_isset(node->cpuset, pu->cpu) && (pu->numa < 0 || weight < smallest)) {
                pu->numa = (int32_t)node->logical_index;
                pu->memory_node = topology->numa_node_count > 1 ? (int32_t)node->os_index : -1;
                smallest = weight;
            }
        }
    }
}

static int32_t largest_efficiency_below(const struct pl_topology *topology, int32_t bound)
{
    int32_t largest = -1;
    for (size_t i = 0; i < topology->core_count; i++) {
        int32_t efficiency = topology->cores[i].efficiency;
        if (efficiency < bound && efficiency > largest)
            largest = efficiency;
    }
    return largest;
}

/* One sweep for each kind of core; a machine has two or three. */
static void sort_cores(struct pl_topology *topology)
{
    size_t sorted = 0;
    for (int32_t kind = INT32_MAX; sorted < topology->core_count;) {
        kind = largest_efficiency_below(topology, kind);
        for (size_t i = 0; i < topology->core_count; i++) {
            if (topology->cores[i].efficiency == kind)
                topology->fastest_first[sorted++] = (uint32_t)i;
        }
    }
}

/* The PUs of a core are neighbours in logical order, so a core begins where the object above the PU
 * changes. */
static void fill_tables(struct pl_topology *topology)
{
    hwloc_topology_t hwloc = topology->hwloc;
    hwloc_obj_type_t type = pl_topology_core_type(hwloc);
    hwloc_obj_t object = NULL;
    hwloc_obj_t last_core = NULL;
    for (size_t i = 0; i < topology->pu_count; i++) {
        object = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_PU, object);
        hwloc_obj_t core_object =
            type == HWLOC_OBJ_CORE ? hwloc_get_ancestor_obj_by_type(hwloc, type, object) : object;
        if (core_object == NULL)
            core_object = object; /* a machine of which only a part shows its cores */
        if (core_object != last_core) {
            topology->cores[topology->core_count++] =
                (struct pl_core){.label = (int32_t)core_object->logical_index, .first_pu = (uint32_t)i};
            last_core = core_object;
        }
        struct pl_core *core = &topology->cores[topology->core_count - 1];
        int32_t efficiency = efficiency_of(hwloc, object);
        if (efficiency > core->efficiency)
            core->efficiency = efficiency;
        struct pl_pu *pu = &topology->pus[i];
        pu->cpu = object->os_index;
        pu->sibling = core->pu_count++;
        pu->core = (int32_t)topology->core_count - 1;
        pu->l3 = index_of(hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_L3CACHE, object));
        pu->package = index_of(hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_PACKAGE, object));
        pu->numa = pu->memory_node = -1;
        fill_ancestors(pu, object);
    }
}

int pl_topology_flatten(struct pl_topology *topology)
{
    topology->pu_count = (size_t)hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PU);
    topology->pus = calloc(topology->pu_count, sizeof *topology->pus);
    topology->cores = calloc(topology->pu_count, sizeof *topology->cores);
    topology->fastest_first = calloc(topology->pu_count, sizeof *topology->fastest_first);
    if (topology->pus == NULL || topology->cores == NULL || topology->fastest_first == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "topology: out of memory for %zu PUs", topology->pu_count);
    topology->package_count = (size_t)hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PACKAGE);
    topology->l3_count = (size_t)hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_L3CACHE);
    topology->numa_node_count = (size_t)hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE);
    fill_tables(topology);
    fill_numa(topology);
    sort_cores(topology);
    return 0;
}
