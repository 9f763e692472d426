/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The inside of a topology, for the files of this folder alone: the only header that knows hwloc. hwloc's
 * tree is flattened once into two tables, so that placement is arithmetic on tables; the tree itself is for
 * place lists in hwloc's syntax and for where memory lies. */
#ifndef LIBPARALLEL_MACHINE_TOPOLOGY_PRIVATE_H
#define LIBPARALLEL_MACHINE_TOPOLOGY_PRIVATE_H

#include <hwloc.h>

#include "libparallel/machine/place.h"
#include "libparallel/machine/topology.h"

/* One usable PU. Indexes are logical, -1 for none. */
struct pl_pu {
    unsigned cpu;     /* the kernel's number */
    unsigned sibling; /* 0 for the first usable PU of its core, 1 for the second, ... */
    int32_t core;     /* index into cores[] */
    int32_t l3;
    int32_t numa;
    int32_t memory_node; /* as of a place */
    int32_t package;
    int32_t ancestors[PL_PLACE_LEVELS];
};

/* One core with at least one usable PU; where the system shows no cores, each PU is one. */
struct pl_core {
    int32_t label;         /* hwloc's logical index of the core, or of the PU in its stead */
    int32_t efficiency;    /* of its fastest PU; larger is faster; 0 where nothing is known */
    uint32_t first_pu;     /* its usable PUs are contiguous in pus[] */
    uint32_t pu_count;
};

/* Invariant: sum of cores[].pu_count == pu_count; cpus == the set of pus[].cpu. */
struct pl_topology {
    hwloc_topology_t hwloc; /* the tree, see pl_topology_tree(); NULL: there is none at hand */
    bool is_this_machine;
    bool is_of_process;
    size_t pu_count;
    struct pl_pu *pus; /* in hwloc's logical order */
    size_t core_count;
    struct pl_core *cores;  /* in hwloc's logical order */
    uint32_t *fastest_first; /* indexes into cores[]: by efficiency, equals in logical order */
    struct pl_cpu_set cpus;
    struct pl_cpu_set allowed;   /* before the mask was applied */
    size_t machine_core_count;
    size_t machine_pu_count;
    size_t allowed_core_count; /* cores with a PU in `allowed` */
    size_t package_count;
    size_t l3_count;
    size_t numa_node_count; /* also those without PUs of ours */
};

/* Copies hwloc's bitmap. PARALLEL_ETOPOLOGY if it has a CPU beyond PL_CPU_LIMIT. */
int pl_cpu_set_from_hwloc(hwloc_const_bitmap_t bitmap, struct pl_cpu_set *out);

/* hwloc's tree of the topology, cut to what is ours. Nobody writes it, for hwloc allows concurrent reading then. That of the
 * process is let go when its tables are filled, loaded again at the first call of this, and kept from then on. Any
 * thread. 0 or an error of pl_topology_get(). */
int pl_topology_tree(const struct pl_topology *topology, hwloc_topology_t *out);

/* What counts as a core: a PU, where the system shows no cores. */
hwloc_obj_type_t pl_topology_core_type(hwloc_topology_t hwloc);

/* Fills the tables from the tree, which is cut to what is ours. 0 or PARALLEL_ENOMEMORY. */
int pl_topology_flatten(struct pl_topology *topology);

#endif
